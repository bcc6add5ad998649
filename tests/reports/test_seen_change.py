"""Responsiveness in words: which measure, against what, and beside the human change."""

from __future__ import annotations

import numpy as np

from outcomenet.evaluation.pair_responsiveness import responsiveness
from outcomenet.predictors import HUMAN_TOTAL
from outcomenet.reports.change_section import seen_change


def test_each_measure_stands_beside_the_human_change():
    import pandas as pd

    rng = np.random.default_rng(0)
    truth = rng.normal(1, 1, 60)
    measures = {HUMAN_TOTAL: truth + rng.normal(0, 1, 60), "direct_adjusted (haq_change)": truth}
    patients = pd.Series([f"P{k}" for k in range(60)])
    against = {"haq_change": truth + rng.normal(0, 1, 60), "true SvdH change": truth}
    rows = seen_change(responsiveness(measures, against, patients, resamples=50, seed=0)).rows
    assert [row.cells[0] for row in rows[:1]] == ["Change of the human total"]
    assert len(rows) == 6
    assert rows[0].cells[3] == ""
    best = next(r for r in rows if "for HAQ-DI change" in r.cells[0] and "true SvdH change" in r.cells[1])
    assert best.cells[2].startswith("1.00 (")
    assert best.cells[3] != ""
    assert {row.cells[1] for row in rows} >= {
        "Standardised response mean",
        "Rank correlation with HAQ-DI change in a year",
    }
