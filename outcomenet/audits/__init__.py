"""Audits: is it the joints or something else? No JAX."""
