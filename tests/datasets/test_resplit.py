"""Divisions that cannot be made are refused in a sentence."""

from __future__ import annotations

import pytest

from outcomenet.datasets.resplit import SplitConfig
from outcomenet.errors import UsageError


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"folds": 4, "leave_site_out": "A"}, "divide the patients in two ways; choose one"),
        ({"folds": 2}, "split.folds is 0 or at least 3, got 2"),
        ({"folds": 4, "fold": 4}, "goes from 0 to split.folds - 1 = 3, got 4"),
        ({"fold": 1}, "goes from 0 to split.folds - 1 = 0, got 1"),
    ],
)
def test_a_division_that_contradicts_itself_is_refused(settings, sentence):
    with pytest.raises(UsageError, match=sentence):
        SplitConfig(**settings)
