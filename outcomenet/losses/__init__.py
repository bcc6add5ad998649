"""The single reduction of losses over examples and outcomes, and the penalties that are no likelihood."""
