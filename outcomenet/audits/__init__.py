"""Audits of what a measure rests on: registry, contract and the statistics that need no JAX."""
