"""Trained networks run over visits and single films: their outputs as numpy arrays."""
