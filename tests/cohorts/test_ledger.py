"""The ledger counts what was lost and what was noted, by reason."""

from __future__ import annotations

import pytest

from outcomenet.cohorts.ledger import Ledger
from outcomenet.errors import UsageError


def test_counts_of_one_reason_add_up():
    ledger = Ledger()
    ledger.add("linkage", "film", "too far", 2)
    ledger.add("linkage", "film", "too far", ["F7"])
    frame = ledger.to_frame()
    assert list(frame.columns) == ["step", "unit", "reason", "count"]
    assert frame.to_numpy().tolist() == [["linkage", "film", "too far", 3]]


def test_ids_stay_in_memory_and_out_of_the_table():
    ledger = Ledger()
    ledger.add("linkage", "film", "too far", ["F7", "F9"])
    assert ledger.ids("linkage", "film", "too far") == ["F7", "F9"]
    assert "F7" not in ledger.to_frame().to_string()


def test_what_was_kept_is_noted_but_not_counted_as_lost():
    ledger = Ledger()
    ledger.add("films", "film", "oblique", 1)
    ledger.flag("films", "film", "no spacing", 5)
    assert ledger.count("films") == 1
    assert ledger.to_frame()["unit"].tolist() == ["film", "film (kept)"]


def test_nothing_lost_leaves_no_row():
    ledger = Ledger()
    ledger.add("films", "film", "oblique", [])
    assert ledger.to_frame().empty


def test_rows_cannot_be_given_back():
    with pytest.raises(UsageError, match="counts rows upwards"):
        Ledger().add("films", "film", "oblique", -1)
