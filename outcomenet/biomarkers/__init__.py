"""Analyses of a biomarker beside a human score: each section one function, tables in, a data frame and a figure out.

Statistics import no JAX. Every function works on any data frame with a row per patient and visit; columns are named by the caller.
"""
