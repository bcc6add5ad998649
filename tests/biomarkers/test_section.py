"""Estimates of a section: one tidy row per number."""

from __future__ import annotations

import numpy as np
import pytest

from outcomenet.biomarkers.section import COLUMNS, Section, estimates_frame, joined


def test_estimates_have_the_fixed_columns_and_no_infinite_number():
    table = estimates_frame(
        [
            {"section": "association", "term": "score", "estimate": 1, "upper": np.inf, "n_patients": 3},
            {"section": "prognosis", "term": "score", "note": "few events", "lower": -np.inf},
        ]
    )

    assert tuple(table.columns) == COLUMNS
    assert table["n_patients"].tolist()[0] == 3
    assert table["n_patients"].isna().tolist() == [False, True]
    assert table["upper"].isna().all()
    assert table["lower"].isna().all()
    assert table["note"].tolist() == ["not finite", "few events; not finite"]


def test_an_unknown_column_or_section_is_a_mistake():
    with pytest.raises(ValueError, match="beta"):
        estimates_frame([{"section": "association", "beta": 1.0}])
    with pytest.raises(ValueError, match="magic"):
        estimates_frame([{"section": "magic", "term": "score"}])


def test_results_are_joined_in_their_order():
    one = Section(estimates_frame([{"section": "flow", "term": "films"}]), ("One.",))
    two = Section(estimates_frame([{"section": "flow", "term": "visits"}]), ("Two.",), refusals=("No.",))

    both = joined([one, two])

    assert both.estimates["term"].tolist() == ["films", "visits"]
    assert both.sentences == ("One.", "Two.")
    assert both.refusals == ("No.",)
