"""Statistics of the prediction table; numpy, pandas, scipy and lifelines, never JAX."""
