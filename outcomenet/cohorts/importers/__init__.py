"""Known public data sets, each turned into a cohort folder."""
