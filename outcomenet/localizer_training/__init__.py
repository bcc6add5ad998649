"""Training of the localiser's networks: varied simulated films, changed further at every look, and three losses."""
