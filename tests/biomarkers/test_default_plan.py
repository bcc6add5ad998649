"""The plan that is made where nobody wrote one, and the ledger of plans."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from outcomenet.biomarkers.analysis_plan import AnalysisPlan, Outcome, plan_text, read_plan
from outcomenet.biomarkers.default_plan import default_plan, ladder, left_out_of_plan
from outcomenet.biomarkers.directed_graph import DirectedGraph
from outcomenet.biomarkers.plan_ledger import freeze, ledger_file
from outcomenet.errors import DataRefused


def visits() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    rows = 40
    return pd.DataFrame(
        {
            "patient_id": [f"P{at // 2}" for at in range(rows)],
            "visit_id": ["a", "b"] * (rows // 2),
            "score": rng.normal(size=rows),
            "human_total": rng.normal(size=rows),
            "haq": rng.normal(size=rows),
            "progression": [0.0, 1.0] * (rows // 2),
            "age": rng.normal(size=rows),
            "sex": ["F", "M"] * (rows // 2),
            "acpa": [np.nan] * 30 + [0.0, 1.0] * 5,
            "site": "A",
            "fm": [0.0, 1.0] * (rows // 2),
            "may_be_used": True,
        }
    )


def test_a_plan_asks_what_the_columns_can_answer():
    plan = default_plan(visits())

    assert [outcome.column for outcome in plan.outcomes] == ["haq", "progression"]
    # three quarters of ACPA are missing, and there is one hospital
    assert [rung.columns for rung in plan.adjustment] == [
        (),
        ("age", "sex"),
        ("age", "sex", "fm"),
        ("age", "sex", "fm", "human_total"),
    ]
    assert plan.columns.site == ""
    assert plan.subgroups == ("sex", "fm")
    assert DirectedGraph.of(plan.graph).minimal_adjustment_sets("score", "haq", observed=["age", "sex", "fm"]) == [
        ("age", "sex")
    ]
    assert read_plan(plan_text(plan)) == plan


def test_columns_that_answer_nothing_are_refused():
    with pytest.raises(DataRefused, match="no 'score' that differs between rows. Did you mean score_x"):
        default_plan(visits().rename(columns={"score": "score_x"}))
    with pytest.raises(DataRefused, match="no 'haq'"):
        default_plan(visits().drop(columns=["haq", "progression"]))


def test_a_further_plan_on_the_same_data_is_known_as_one(tmp_path: Path):
    first, second, third = AnalysisPlan(), AnalysisPlan(outcomes=(Outcome("pain"),)), AnalysisPlan(seed=1)

    numbers = [freeze(tmp_path / "run", plan, "abc", "2026-01-01T00:00:00Z") for plan in (first, second, first)]
    other_data = [freeze(tmp_path / "run", plan, "def", "2026-01-02T00:00:00Z") for plan in (first, third)]

    assert [*numbers, *other_data] == [1, 2, 1, 1, 3]  # a column more does not close the outcomes again
    ledger = pd.read_csv(ledger_file(tmp_path / "run"))
    assert ledger["plan_sha256"].tolist() == [first.sha256, second.sha256, first.sha256, third.sha256]
    assert ledger["note"].tolist()[1] == "the second plan on these data: outcomes had been opened before"


def test_what_a_default_plan_does_not_use_is_told():
    table = visits().rename(columns={"human_total": "human_totl"}).assign(male=1.0)

    told = left_out_of_plan(table, default_plan(table))

    assert told == ["human_total (not there; is human_totl meant?)", "male (one value)", "acpa (75% missing)"]


def test_arms_are_compared_where_the_run_says_that_they_were_drawn_by_lot():
    table = visits()
    arms = table["patient_id"].map(lambda name: "placebo" if name.endswith(("1", "3", "5", "7", "9")) else "active")

    assert default_plan(table.assign(treatment=arms), randomised=True).trial.arms == ("active", "placebo")
    assert default_plan(table.assign(treatment=arms)).trial.arms == ()
    three = arms.where(table["patient_id"] != table["patient_id"].iloc[0], "third")
    assert default_plan(table.assign(treatment=three), randomised=True).trial.arms == ()


def test_own_columns_have_a_rung_before_the_human_score():
    assert [rung.name for rung in ladder(["age", "human_total"], ["smokes"])] == [
        "crude",
        "age, sex",
        "and smokes",
        "and SvdH",
    ]
