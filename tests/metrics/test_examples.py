"""The examples in the docstrings run."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import outcomenet.metrics


@pytest.mark.parametrize("name", [module.name for module in pkgutil.iter_modules(outcomenet.metrics.__path__)])
def test_examples_print_what_they_say(name):
    module = importlib.import_module(f"outcomenet.metrics.{name}")
    assert doctest.testmod(module).failed == 0
