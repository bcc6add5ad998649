"""Visits as a data set: a table of everything but pixels, and TFDS ArrayRecord files with the crops."""
