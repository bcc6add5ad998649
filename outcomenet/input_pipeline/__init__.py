"""From examples on disk to batches with named axes; order and augmentation are a pure function of (seed, step, example)."""
