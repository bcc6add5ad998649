"""What the ledger says of readings that lack sites: whose total was made nevertheless, and whose was not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from outcomenet.cohorts.cohort import read_cohort
from outcomenet.cohorts.ledger import Ledger
from outcomenet.datasets.visit_table import visit_table
from outcomenet.scoring import UnreadablePolicy


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        # two first readings lack a site and have nothing before them; one later reading has
        ("carry_last", {"their last grades carried on into the total": 1, "so no total": 2}),
        ("missing", {"so no total": 3}),
        ("exclude", {"the total sums the others": 3}),
    ],
)
def test_a_reading_counts_as_carried_only_where_something_was_carried(small_cohort, policy, expected):
    cohort = read_cohort(small_cohort)
    scores = cohort.scores.fillna({"score": 0.0})
    svdh = scores[(scores["scheme"] == "svdh") & (scores["reader"] == scores["reader"].min())]
    visits = svdh.groupby("patient_id")["visit_id"].unique()
    twice = visits[visits.map(len) > 1].map(sorted)
    for patient, visit in ((twice.index[0], 0), (twice.index[1], 0), (twice.index[2], 1)):
        of_visit = svdh[(svdh["patient_id"] == patient) & (svdh["visit_id"] == twice[patient][visit])]
        scores.loc[of_visit.index[0], "score"] = np.nan
    ledger = Ledger()
    meta = replace(cohort.meta, unreadable_joints=UnreadablePolicy(policy))
    visit_table(replace(cohort, scores=scores, meta=meta), ledger)
    said = {
        str(row.reason): row.count
        for row in ledger.to_frame().query("step == 'scores'").itertuples(index=False, name="Entry")
    }
    assert len(said) == len(expected)
    for words, count in expected.items():
        assert [n for reason, n in said.items() if words in reason and policy in reason] == [count]
    assert ledger.count("scores") == 0  # nothing of them was left out of the data set
