"""Programs that JAX compiles while something runs."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager

import jax

LOGGER = "jax._src.interpreters.pxla"


@contextmanager
def compiled_programs() -> Iterator[list[str]]:
    """Names of the functions that are compiled inside, one entry a program."""
    names: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: names.extend(re.findall(r"^Compiling (?:jit\()?(\w+)", record.getMessage()))
    logger = logging.getLogger(LOGGER)
    logger.addHandler(handler)
    try:
        with jax.log_compiles():
            yield names
    finally:
        logger.removeHandler(handler)
