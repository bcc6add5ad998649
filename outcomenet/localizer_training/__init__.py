"""How the localiser's networks are made: varied simulated films, changed further at every look, and three losses."""
