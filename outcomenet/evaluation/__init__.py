"""Evaluation of a run on its held-out patients: prediction table, metrics, biomarker, change, pooled runs."""
