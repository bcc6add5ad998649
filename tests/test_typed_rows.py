"""Typed rows hold a table's cells as they are, and name a column that is not there."""

from __future__ import annotations

import doctest
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from outcomenet import typed_rows as module
from outcomenet.typed_rows import typed_rows


@dataclass(frozen=True)
class Value:
    count: int
    lower: float


def test_rows_keep_order_and_what_is_missing():
    first, second = typed_rows(pd.DataFrame({"lower": [np.nan, 2.5], "count": [7, 3], "more": 0}), Value)
    assert (first.count, second) == (7, Value(3, 2.5))
    assert np.isnan(first.lower)


def test_a_missing_column_is_named():
    with pytest.raises(KeyError, match="lower"):
        typed_rows(pd.DataFrame({"count": [1]}), Value)


def test_the_example_runs():
    assert doctest.testmod(module).failed == 0
