"""A patient's split depends on the patient and the salt alone."""

from __future__ import annotations

import hashlib
from collections import Counter

import pytest

from outcomenet.cohorts.splits import fold_of, split_of
from outcomenet.errors import UsageError


def test_the_split_follows_from_sha256():
    share = int(hashlib.sha256(b"salt\0P17").hexdigest()[:16], 16) / 2**64
    expected = "train" if share < 0.7 else "validation" if share < 0.8 else "test"
    assert split_of("P17", "salt") == expected


def test_shares_are_close_to_what_was_asked_for():
    counts = Counter(split_of(f"P{n}", "salt") for n in range(10_000))
    # three standard errors of a share of 0.7 among 10,000 are 0.014
    assert counts["train"] / 10_000 == pytest.approx(0.7, abs=0.014)
    assert counts["test"] / 10_000 == pytest.approx(0.2, abs=0.012)


def test_another_salt_gives_another_split():
    assert [split_of(f"P{n}", "a") for n in range(50)] != [split_of(f"P{n}", "b") for n in range(50)]


def test_a_split_of_share_nought_stays_empty():
    assert {split_of(f"P{n}", "a", {"train": 1.0, "test": 0.0}) for n in range(200)} == {"train"}


def test_shares_must_sum_to_one():
    with pytest.raises(UsageError, match="sum to 1"):
        split_of("P1", "a", {"train": 0.7, "test": 0.2})


def test_folds_are_even_and_stable():
    folds = Counter(fold_of(f"P{n}", "salt", 5) for n in range(5_000))
    assert sorted(folds) == [0, 1, 2, 3, 4]
    # three standard errors of a share of 0.2 among 5,000 are 0.017
    assert all(count / 5_000 == pytest.approx(0.2, abs=0.017) for count in folds.values())
    assert fold_of("P7", "salt", 5) == fold_of("P7", "salt", 5)
