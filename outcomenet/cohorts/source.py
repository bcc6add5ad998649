"""How a visit's films came in, as data sets and reports name it."""

FILMS = "films"  # as files with a film's pixels
CROPS = "simulated crops"  # simulated straight to joint crops: no film was read and no joint was looked for
NO_FILMS = "no films"
