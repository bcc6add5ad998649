"""Pretraining of the joint encoder on simulated pairs of films whose every joint's state is known."""
