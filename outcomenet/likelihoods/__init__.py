"""Distributions of outcomes, one per kind: losses, expected values, variances."""
