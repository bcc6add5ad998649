"""Batches with named axes from examples on disk; order and augmentation are a pure function of (seed, step, example)."""
