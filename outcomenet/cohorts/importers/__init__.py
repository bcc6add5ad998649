"""Importers of known public data sets: each writes a cohort folder."""
