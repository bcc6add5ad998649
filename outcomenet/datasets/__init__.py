"""Data sets: the visit table, TFDS ArrayRecord files with the crops, the manifest, pairs of visits, folds, leaks."""
