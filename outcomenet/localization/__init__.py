"""Localisation of joints on films, and the crop cut around each."""
