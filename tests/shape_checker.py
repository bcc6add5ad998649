"""The run-time checker of shapes and types under test: beartype, with whole numbers allowed where numbers are."""

from beartype import BeartypeConf, beartype

check = beartype(conf=BeartypeConf(is_pep484_tower=True))
