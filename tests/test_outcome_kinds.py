"""What each kind of outcome reads from the visit table, by hand, and that no other module asks which kind one is."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import outcomenet
from outcomenet.outcome_kinds import KINDS
from outcomenet.outcomes import HAQ, HAQ_BY_CATEGORY, OUTCOMES, PROGRESSION

ROOT = Path(outcomenet.__file__).parent
EVENTS = pd.DataFrame(
    {
        "progression_start": [0.0, 370.0, np.nan, 0.0, 200.0],
        "progression_end": [360.0, np.inf, np.nan, np.inf, 200.0],
        "progression_cause": [0.0, -1.0, np.nan, -1.0, 1.0],
    }
)


def test_an_event_is_read_by_hand():
    """Seen within a year; free for a year; never seen; followed for no day; died first."""
    kind = PROGRESSION.kind
    assert kind.target(EVENTS, "progression", 365) == pytest.approx([1, 0, np.nan, np.nan, 0], nan_ok=True)
    assert list(kind.is_known(EVENTS, "progression")) == [True, True, False, False, True]
    assert list(kind.observed(EVENTS, "progression")) == [1, 0, 0, 0, 0]
    start, end = kind.interval(EVENTS, "progression")
    assert start == pytest.approx([0, 370, np.nan, 0, 200], nan_ok=True)
    assert end == pytest.approx([360, np.inf, np.nan, np.inf, np.inf], nan_ok=True)  # death censors the event itself
    assert kind.column("progression") == "progression_start"


@pytest.mark.parametrize("spec", [HAQ, HAQ_BY_CATEGORY], ids=lambda spec: spec.name)
def test_a_value_is_its_column(spec):
    visits = pd.DataFrame({spec.name: [1.25, np.nan]})
    assert spec.kind.target(visits, spec.name, 0) == pytest.approx([1.25, np.nan], nan_ok=True)
    assert list(spec.kind.is_known(visits, spec.name)) == [True, False]
    assert np.isnan(spec.kind.interval(visits, spec.name)).all()
    assert spec.kind.column(spec.name) == spec.name


def test_kinds_are_judged_by_their_own_metrics():
    assert {kind.name: (kind.headline_metric, kind.error_metric) for kind in KINDS} == {
        "bounded_ordinal": ("r2", "mae"), "inflated": ("r2", "mae"), "categories": ("r2", "mae"),
        "change": ("r2", "mae"), "time_to_event": ("auroc", "brier"),
    }  # fmt: skip


@pytest.mark.parametrize("spec", OUTCOMES.values(), ids=lambda spec: spec.name)
def test_every_field_has_words_and_none_is_left_open(spec):
    for field in spec.fields:
        words = spec.field_words(field)
        assert (words == "") == (field == spec.name)
        assert "{" not in words


def test_windows_of_later_visits_are_sentences():
    assert HAQ.window == ""
    assert "film by 1.25 years shows it, and has not if a film from 0.75 years on" in PROGRESSION.window
    assert "nearest to 1 year, 0.875 to 1.125 years after" in OUTCOMES["future_haq"].window


def test_only_the_tables_of_kinds_name_a_kind():
    """Elsewhere a kind is asked for what it says (`is_event`, `target`), so that a new one needs no other module."""
    kinds = {kind.name.upper() for kind in KINDS}
    named = {
        str(file.relative_to(ROOT))
        for file in ROOT.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.alias) and node.name in kinds
    }
    assert named == {"outcomes.py", "likelihoods/registry.py"}
