"""Gradients into updates; model, optimiser, step, key and data position saved as one record."""
