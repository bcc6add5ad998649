"""Statistics of readings, predictions and follow-up; numpy, pandas and scipy, never JAX."""
