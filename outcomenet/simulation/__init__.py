"""A simulated cohort with known causal truth: it is written as a hospital would export it."""
