"""Data cards of a data set: Croissant for machines, Markdown for people."""
