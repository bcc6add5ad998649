"""Where the joints are on a film, and the crop cut around each."""
