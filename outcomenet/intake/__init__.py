"""Makes a data set of a cohort: films are decoded, joints found and cut, and the account of it all is written."""
