"""Simulated cohorts with known causal truth, written as a hospital would export them."""
