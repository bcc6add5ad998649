"""What is kept so that a datum can take the same journey again: the run's record and the manifest of its files."""
