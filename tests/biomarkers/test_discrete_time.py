"""Person-periods by hand, hazards against R and against their own likelihood, Firth's estimate by hand and by scipy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize
from scipy.special import expit

from outcomenet.biomarkers.discrete_time import complementary_log_log, person_period
from outcomenet.biomarkers.firth import firth_odds
from outcomenet.errors import UndefinedMetric
from tests.metrics.test_incidence import rows

TABLE = Path(__file__).parent / "r/prognosis.csv"


def follow_up() -> pd.DataFrame:
    return pd.read_csv(TABLE, dtype={"patient_id": str})


def test_every_patient_leaves_at_his_own_visit():
    table = rows(
        (0.0, 1.0, "progression"), (2.0, np.nan, "censored"), (1.0, 1.4, "death"), (0.0, 2.6, "joint_surgery"),
        (0.1, np.nan, "censored"), (1.0, 3.0, "progression"), *[(1.0, np.nan, "censored")] * 5,
    ).assign(patient_id=list("abcdefghijk"))  # fmt: skip
    found = person_period(table)

    by_patient = found.table.groupby("patient_id")["visit"].agg(list)
    assert by_patient["a"] == [1]
    assert by_patient["b"] == [1, 2]
    assert by_patient["c"] == [1, 2]  # died on day 1.4 years, counts by visit 2
    assert by_patient["d"] == [1, 2, 3]
    assert by_patient["f"] == [1, 3]  # the missed visit 2 shares a row with visit 3
    assert found.table.loc[found.table["patient_id"] == "f", "visits_spanned"].tolist() == [1, 2]
    assert found.table.loc[found.table["event"] == 1, "patient_id"].tolist() == ["a", "f"]
    # rows in = rows out: 1 + 2 + 2 + 3 + 0 + 3 + 5 visits watched, of which one is merged; nobody is lost
    assert len(found.table) + found.merged == 16
    assert (found.patients, found.not_watched, found.merged, found.events) == (10, 1, 1, 2)
    assert found.patients + found.not_watched == len(table)


def test_deaths_are_the_event_where_they_are_asked_for():
    table = rows((1.0, 1.4, "death"), (0.0, 1.0, "progression"), (0.0, 2.0, "progression")).assign(patient_id=[1, 2, 3])
    found = person_period(table, event="death").table
    assert found["event"].tolist() == [0, 1, 0, 0, 0]
    assert (found["visits_spanned"] == 1).all()  # who progressed after a missed visit was alive at it


@pytest.mark.parametrize(
    ("event", "columns", "slope", "error"),
    [
        # prognosis.R: glm(binomial("cloglog")), sandwich 3.0.2 vcovCL(~id, type = "HC1")
        ("progression", ["z"], 0.7839930414, 0.1321651226),
        ("progression", ["z", "age"], 0.7819687923, 0.1316807421),
        ("death", ["z"], -0.1724223904, 0.1337499073),
    ],
)
def test_hazards_and_their_robust_errors_are_those_of_r(event, columns, slope, error):
    table = follow_up()
    table["z"] = table["score"] / table["score"].std()
    found = person_period(table, event=event, columns=["z", "age"])
    assert len(found.table) == 654  # R counts as many
    term = complementary_log_log(found.table, found.table[columns], "z", found.table["patient_id"].to_numpy())

    assert term.estimate == pytest.approx(slope, abs=1e-5)
    assert (term.upper - term.lower) / 2 / 1.959964 == pytest.approx(error, rel=1e-4)


def test_an_event_after_missed_visits_has_the_likelihood_of_its_interval():
    rng = np.random.default_rng(5)
    n = 400
    score, patience = rng.normal(size=n), rng.random((n, 4)) < 0.7
    happens = np.ceil(rng.exponential(1 / (0.25 * np.exp(0.6 * score))))
    courses = []
    for k in range(n):
        seen = [visit for visit in (1, 2, 3, 4) if patience[k, visit - 1] or visit == 4]
        free = max((visit for visit in seen if visit < happens[k]), default=0)
        later = [visit for visit in seen if visit >= happens[k]]
        courses.append((free, later[0], "progression") if later else (free, np.nan, "censored"))
    table = rows(*courses).assign(patient_id=range(n), score=score)
    found = person_period(table, columns=["score"])
    assert found.merged > 50
    slope = complementary_log_log(
        found.table, found.table[["score"]], "score", found.table["patient_id"].to_numpy()
    ).estimate

    free, end = (np.array([course[place] for course in courses], float) for place in (0, 1))

    def deviance(values: np.ndarray) -> float:
        """One hazard for all visits: P(free < T <= end) directly."""
        rate = np.exp(values[0] + values[1] * score)
        until = np.where(np.isfinite(end), np.exp(-rate * np.nan_to_num(end)), 0.0)
        return -np.log((np.exp(-rate * free) - until).clip(1e-300)).sum()

    assert slope == pytest.approx(minimize(deviance, [0.0, 0.0], method="BFGS").x[1], abs=0.03)
    assert slope == pytest.approx(0.6, abs=0.2)


def test_firth_of_a_two_by_two_table_adds_a_half_to_each_cell():
    # Heinze & Schemper 2002: 7 of 10 and 0 of 10, log of (7.5 / 3.5) / (0.5 / 10.5)
    columns = pd.DataFrame({"baseline": 1.0, "exposed": np.repeat([1.0, 0.0], 10)})
    outcome = np.array([1] * 7 + [0] * 13)
    term = firth_odds(outcome, columns, "exposed")
    assert term.estimate == pytest.approx(np.log(7.5 / 3.5 * 10.5 / 0.5), abs=1e-4)
    assert term.lower > 0
    assert term.p < 0.01


def test_firth_is_the_maximum_of_its_penalised_likelihood():
    rng = np.random.default_rng(1)
    x = np.column_stack([np.ones(40), rng.normal(size=(40, 2))])
    outcome = (rng.random(40) < expit(-1.8 + x[:, 1])).astype(int)
    offset = np.log(rng.integers(1, 4, 40))

    def penalised(values: np.ndarray) -> float:
        risk = expit(x @ values + offset)
        information = (x * (risk * (1 - risk))[:, None]).T @ x
        return -(np.log(np.where(outcome == 1, risk, 1 - risk)).sum() + np.linalg.slogdet(information)[1] / 2)

    best = minimize(penalised, np.zeros(3), method="BFGS", options={"gtol": 1e-8})
    term = firth_odds(outcome, pd.DataFrame(x, columns=["one", "a", "b"]), "a", offset=offset)
    assert term.estimate == pytest.approx(best.x[1], abs=1e-4)

    def profile(value: float) -> float:
        rest = minimize(lambda other: penalised(np.array([other[0], value, other[1]])), best.x[[0, 2]], method="BFGS")
        return 2 * (rest.fun - best.fun)

    assert profile(term.lower) == pytest.approx(3.8415, abs=0.01)
    assert profile(term.upper) == pytest.approx(3.8415, abs=0.01)


def test_a_score_that_tells_the_classes_apart_has_no_hazard_ratio():
    periods = pd.DataFrame({"visit": 1, "visits_spanned": 1, "event": [0] * 10 + [1] * 10})
    design = pd.DataFrame({"score": np.arange(20.0)})
    with pytest.raises(UndefinedMetric, match="no finite estimate"):
        complementary_log_log(periods, design, "score", np.arange(20))
    with pytest.raises(UndefinedMetric, match="one is given by the others"):
        complementary_log_log(periods, design.assign(twice=2 * design["score"]), "score", np.arange(20))
    with pytest.raises(UndefinedMetric, match="No planned visit shows both"):
        complementary_log_log(periods.assign(event=1), design, "score", np.arange(20))
