"""A model on a split, once: the prediction table, the metrics, the biomarker."""
