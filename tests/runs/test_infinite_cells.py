"""Infinite numbers: an empty cell and a word in the file, and the number again when it is read."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from outcomenet.csv_files import read_csv, write_csv
from outcomenet.runs.infinite_cells import named_infinities, restored_infinities

TABLE = pd.DataFrame(
    {"statistic": ["a", "b", "c"], "value": [7.0, np.inf, np.nan], "upper": [np.inf, np.inf, np.nan], "n": [1, 2, 3]}
)


def test_they_come_back_from_the_file(tmp_path):
    write_csv(named_infinities(TABLE), tmp_path / "t.csv")
    assert "inf" not in (tmp_path / "t.csv").read_text()
    pd.testing.assert_frame_equal(restored_infinities(read_csv(tmp_path / "t.csv")), TABLE)


def test_a_table_of_before_is_left_as_it_is():
    assert restored_infinities(TABLE) is TABLE


def test_minus_infinity_has_no_word():
    with pytest.raises(ValueError, match="-inf has no word"):
        named_infinities(TABLE.assign(lower=-np.inf))
