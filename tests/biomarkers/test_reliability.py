"""Reliability: ICC forms, error of measurement and detectable change, of status and of change.

Recorded numbers: R 4.2.2, psych 2.2.9 (tests/biomarkers/r/readings.R). The table was drawn once with default_rng(4): a patient's total
is gamma(1.5, 12), later more by exponential(4); readers add 0, 1.5 and -1 and a normal error of SD 3.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from outcomenet.biomarkers.reliability import Readings, reliability
from outcomenet.biomarkers.section import COLUMNS
from outcomenet.biomarkers.stored_error import reliability_of_sem
from outcomenet.errors import UndefinedMetric
from outcomenet.metrics.detectable import smallest_detectable_change, smallest_detectable_difference

READINGS = pd.read_csv(Path(__file__).parent / "r" / "readings.csv")
FORMS = ["ICC(1,1)", "ICC(2,1)", "ICC(3,1)", "ICC(1,k)", "ICC(2,k)", "ICC(3,k)"]
# Shrout & Fleiss, Psychol Bull 1979;86:420, table 2
SHROUT_FLEISS = np.array([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]])


def of(readings: pd.DataFrame, resamples: int = 0, **settings):
    settings = {"value": "total", "reading": "reader", "kind": Readings.READERS, **settings}
    return reliability(readings, resamples=resamples, **settings)


def by_term(section) -> pd.DataFrame:
    return section.estimates.set_index("term")


def long(ratings: np.ndarray, visit: int = 0) -> pd.DataFrame:
    rows = [(f"p{i}", visit, k, x) for i, row in enumerate(ratings.tolist()) for k, x in enumerate(row)]
    return pd.DataFrame(rows, columns=["patient_id", "visit_id", "reader", "total"])


def test_shrout_and_fleiss_published_these():
    found = by_term(of(long(SHROUT_FLEISS)))["estimate"]

    assert [round(found[f"{form} of status"], 2) for form in FORMS] == [0.17, 0.29, 0.71, 0.44, 0.62, 0.91]


@pytest.mark.parametrize(
    ("what", "icc", "sem", "sd_d"),
    [
        ("status", [0.9452955326, 0.9454622500, 0.9541861870, 0.9810749891, 0.9811348411, 0.9842476110], [3.1402627279, 2.8649769331], 4.0516892346),
        ("change", [0.6227188616, 0.6219489578, 0.6181645604, 0.8319788010, 0.8315203915, 0.8292579406], [3.6483786353, 3.6778001135], 5.2011948003),
    ],
)  # fmt: skip
def test_psych_in_r_says_the_same(what, icc, sem, sd_d):
    found = by_term(of(READINGS, averaged=2))["estimate"]

    assert [found[f"{form} of {what}"] for form in FORMS] == pytest.approx(icc, abs=1e-9)
    assert [found[f"SEM, {name}, of {what}"] for name in ("agreement", "consistency")] == pytest.approx(sem, abs=1e-9)
    term, root = ("SDD", np.sqrt(2)) if what == "status" else ("SDC", 2)
    assert found[f"{term} (95 %)"] == pytest.approx(1.96 * sd_d / root, abs=1e-9)
    assert found[f"{term} (80 %)"] == pytest.approx(1.28 * sd_d / root, abs=1e-9)


def test_of_two_readers_it_is_the_detectable_change_of_the_intake():
    two = READINGS[READINGS["reader"] != "reader 3"]
    status = two.pivot(index=["patient_id", "visit_id"], columns="reader", values="total")
    change = (status.xs(1, level=1) - status.xs(0, level=1)).to_numpy()
    found = by_term(of(two, averaged=2))["estimate"]

    assert found["SDD (95 %)"] == pytest.approx(smallest_detectable_difference(status.to_numpy()))
    assert found["SDC (95 %)"] == pytest.approx(smallest_detectable_change(change))


def test_intervals_keep_a_patients_visits_together():
    alike = pd.concat([READINGS.assign(visit_id=READINGS["visit_id"] + 10 * k) for k in range(5)])
    once, copied = by_term(of(READINGS, 400)), by_term(of(alike, 400))
    term = "ICC(2,1) of status"

    # five copies of every visit tell nothing new: an interval of rows would shrink by the root of five
    assert copied["upper"][term] - copied["lower"][term] == pytest.approx(
        once["upper"][term] - once["lower"][term], rel=0.02
    )
    assert once["lower"][term] < once["estimate"][term] < once["upper"][term]


def test_of_films_the_one_way_form_is_named():
    section = of(READINGS, 200, kind=Readings.FILMS, titles={"total": "Score"})

    assert section.sentences[0].startswith("Score, re-acquired films: ICC(1,1) of status 0.95 (0.")
    assert "SDC (95 %) 7.2" in section.sentences[0]
    assert tuple(section.estimates.columns) == COLUMNS


def test_visits_without_all_readings_are_counted():
    gap = READINGS.copy()
    gap.loc[0, "total"] = np.nan
    section = of(gap)

    assert set(section.estimates["note"]) == {
        "1 of 240 rows left out (1 without total); 1 of 80 visits without all 3 readings left out"
    }
    assert by_term(section)["n_visits"]["ICC(2,1) of status"] == 79
    assert by_term(section)["n_patients"]["ICC(2,1) of change"] == 39


def test_a_deterministic_score_gets_no_false_zero():
    same = READINGS.assign(total=READINGS.groupby(["patient_id", "visit_id"])["total"].transform("mean"))
    section = of(same, kind=Readings.FILMS)

    assert section.estimates["estimate"].isna().all()
    assert "false zero" in section.refusals[0]


def test_one_visit_each_has_no_change():
    section = of(READINGS[READINGS["visit_id"] == 0])

    assert np.isnan(by_term(section)["estimate"]["ICC(2,1) of change"])
    assert section.refusals == (
        "total, change, readers: 0 visits or changes have all readings; at least 2 are needed.",
    )


def test_visits_named_by_text_are_ordered_by_their_number():
    named = READINGS.assign(visit_id=np.where(READINGS["visit_id"] == 0, "v2", "v10"))

    pd.testing.assert_frame_equal(of(named).estimates, of(READINGS).estimates)


def test_what_cannot_be_read_is_said():
    with pytest.raises(UndefinedMetric, match="no column 'totl'. Did you mean total"):
        of(READINGS, value="totl")
    with pytest.raises(UndefinedMetric, match=r"row 2 of 240 has '<5', and 1 rows are no numbers"):
        of(READINGS.assign(total=["1", "<5", *["3"] * 238]))
    with pytest.raises(
        UndefinedMetric, match="1 rows stand twice, the first for patient_id p00, order 0, reader reader 1"
    ):
        of(pd.concat([READINGS, READINGS.head(1)]))
    with pytest.raises(UndefinedMetric, match="has 1 readings, and 80 visits have all of them"):
        of(READINGS[READINGS["reader"] == "reader 1"])
    with pytest.raises(UndefinedMetric, match=r"No row of 240 has a value in each of total, .* \(240 without total\)"):
        of(READINGS.assign(total=np.nan))


def test_a_stored_standard_error_stands_for_re_readings():
    rng = np.random.default_rng(0)
    films = rng.normal(10, 4, 500)[:, None] + rng.normal(0, 2, (500, 3))
    table = pd.DataFrame({"patient_id": [f"p{i}" for i in range(500)], "score": films[:, 0]})
    table["sem"], table["df"] = films.std(axis=1, ddof=1), 2
    found = by_term(reliability_of_sem(table, score="score", sem="sem", sem_df="df", resamples=300))
    repeated = by_term(of(long(films), kind=Readings.FILMS))

    # the same pooled variance as from the readings themselves; the score is one of them
    sem = found["estimate"]["SEM, agreement, of status"]
    assert sem == pytest.approx(repeated["estimate"]["SEM, agreement, of status"])
    assert found["estimate"]["ICC(1,1) of status"] == pytest.approx(1 - sem**2 / films[:, 0].var(ddof=1))
    assert found["estimate"]["SDC (95 %)"] == pytest.approx(1.96 * np.sqrt(2) * sem)
    assert found["lower"]["SEM, agreement, of status"] < sem < found["upper"]["SEM, agreement, of status"]


def test_one_pooled_standard_error_has_the_interval_of_chi_square():
    table = pd.DataFrame({"patient_id": list("abcd"), "score": [1.0, 5.0, 2.0, 9.0], "sem": 2.0, "df": 10})
    row = by_term(reliability_of_sem(table, score="score", sem="sem", sem_df="df", resamples=50)).loc[
        "SEM, agreement, of status"
    ]

    # chi square with 10 degrees of freedom: 3.24697 and 20.48318 (any table)
    assert row["lower"] == pytest.approx(2 * np.sqrt(10 / 20.48318), abs=1e-5)
    assert row["upper"] == pytest.approx(2 * np.sqrt(10 / 3.24697), abs=1e-5)
    assert row["note"] == "chi square with 10 degrees of freedom"


def test_a_standard_error_of_zero_is_refused():
    table = pd.DataFrame({"patient_id": list("ab"), "score": [1.0, 5.0], "sem": 0.0, "df": 2})
    with pytest.raises(UndefinedMetric, match="says that no film was re-acquired"):
        reliability_of_sem(table, score="score", sem="sem", sem_df="df")
