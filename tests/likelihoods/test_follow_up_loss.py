"""What impossible follow-up is told."""

from __future__ import annotations

import numpy as np
import pytest

from outcomenet.errors import DataRefused
from outcomenet.likelihoods.first_event import check_follow_up

GOOD = [(0, 180, 360, 0), (30, 400, np.inf, -1), (0, 90, 90, 1), (0, 0, 90, 2), (np.nan, np.nan, np.nan, -1)]


def check(*rows):
    entry, start, end, cause = np.array(rows, np.float64).T
    check_follow_up(entry, start, end, cause.astype(int))


def test_intervals_censoring_known_days_and_missing_rows_pass():
    check(*GOOD)


@pytest.mark.parametrize(
    ("row", "text"),
    [
        ((50, 40, np.inf, -1), r"row 5 \(entry 50, start 40\) enters after its start; expected entry at or before"),
        ((0, 180, 360, -1), r"row 5 .* is censored but has an end.*censoring column is turned round"),
        ((0, 180, np.inf, 0), r"row 5 .* has an event that no day shows.*censoring column is turned round"),
        ((0, 180, 90, 0), r"row 5 \(entry 0, start 180, end 90\) ends before it starts.*films are in the wrong order"),
        ((0, 0, 0, 1), r"row 5 .*event from before the film"),
        ((-10, 180, 360, 0), r"row 5 \(entry -10\) is watched since before its film.*counted from diagnosis"),
        ((0, 180, 360, 3), r"row 5 \(cause 3\) has an unknown cause; .*progression, death, joint_surgery.*subtract 1"),
        ((0, 180, np.nan, -1), r"row 5 has some of its days but not all.*joined on the wrong visit"),
        ((0, np.nan, 360, 0), r"row 5 has some of its days but not all"),
    ],
)
def test_impossible_follow_up_is_refused_with_its_row_and_the_usual_reason(row, text):
    with pytest.raises(DataRefused, match=text):
        check(*GOOD, row)


def test_the_refusal_counts_the_rows_like_it():
    with pytest.raises(DataRefused, match=r"row 0 .* Rows like it: 2 of 3\."):
        check((50, 40, np.inf, -1), (0, 40, np.inf, -1), (60, 40, np.inf, -1))
