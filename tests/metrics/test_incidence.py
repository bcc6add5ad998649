"""Incidence at planned visits: hand calculations, lifelines' Aalen-Johansen and Turnbull, and a simulated truth."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from lifelines import AalenJohansenFitter, KaplanMeierFitter

from outcomenet.errors import UndefinedMetric, UsageError
from outcomenet.metrics.incidence import incidence_at_visits

YEAR = 365.25
(RECIPE,) = re.findall(r"```r\n(.*?)```", (Path(__file__).parents[2] / "docs/intake/follow_up.md").read_text(), re.S)


def rows(*courses: tuple[float, float, str]) -> pd.DataFrame:
    """Rows of follow_up.csv from (years without, years of the event, cause) since the first film, entered on day 1000."""
    without, end, cause = zip(*courses, strict=True)
    end = np.array(end, float)
    table = pd.DataFrame({"entry_days": 1000.0, "last_film_without_days": 1000.0 + YEAR * np.array(without, float)})
    exact = np.isin(cause, ("death", "joint_surgery"))
    table["interval_start_days"] = np.where(exact, 1000.0 + YEAR * end, table["last_film_without_days"])
    return table.assign(interval_end_days=1000.0 + YEAR * end, cause=list(cause))


def simulated(n: int, visits: int, missed: float, seed: int) -> pd.DataFrame:
    """Exponential progression (0.12 a year) and death (0.05), films at planned visits three weeks early or late."""
    rng = np.random.default_rng(seed)
    progression, death = rng.exponential(1 / 0.12, n), rng.exponential(1 / 0.05, n)
    courses = []
    for k in range(n):
        free, course = 0.0, None
        for visit in range(1, visits + 1):
            if death[k] < visit:
                # who had progressed unseen by then has died without a film that shows it
                course = (free, death[k], "death")
                break
            if visit < visits and rng.random() < missed:
                continue
            film = visit + rng.uniform(-0.06, 0.06)
            if progression[k] < visit:
                course = (free, film, "progression")
                break
            free = film
        courses.append(course or (free, np.nan, "censored"))
    return rows(*courses)


def incidences(table: pd.DataFrame, **options) -> list[float]:
    return incidence_at_visits(table, resamples=20, **options)["incidence"].tolist()


def by_film_dates(table: pd.DataFrame) -> float:
    """The last value of Aalen-Johansen where the film's date is taken for the event's: what must not be done."""
    day = table["interval_end_days"].fillna(table["interval_start_days"]) - table["entry_days"]
    cause = table["cause"].map({"censored": 0, "progression": 1, "death": 2, "joint_surgery": 3})
    return float(AalenJohansenFitter(calculate_variance=False).fit(day, cause, 1).cumulative_density_.iloc[-1, 0])


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_two_films_give_the_share_whatever_their_dates(seed):
    rng = np.random.default_rng(seed)
    films = rng.uniform(346, 385, 300) / YEAR
    event = rng.random(300) < 0.12
    table = rows(
        *[(0.0, f, "progression") if e else (f, np.nan, "censored") for f, e in zip(films, event, strict=True)]
    )
    assert incidences(table) == pytest.approx([event.mean()])
    assert by_film_dates(table) > 1.5 * event.mean()  # the trap


def test_without_missed_visits_it_is_aalen_johansen_in_visits():
    table = simulated(400, visits=4, missed=0.0, seed=3)
    end = (table["interval_end_days"].fillna(table["interval_start_days"]) - 1000) / YEAR
    visit = np.where(table["cause"] == "death", np.ceil(end), np.rint(end))
    cause = table["cause"].map({"censored": 0, "progression": 1, "death": 2})
    for number, name in ((1, "progression"), (2, "death")):
        theirs = AalenJohansenFitter(calculate_variance=False).fit(visit, cause, number).cumulative_density_.iloc[:, 0]
        assert incidences(table, cause=name) == pytest.approx(theirs.loc[1:].tolist(), abs=1e-5)


def test_with_missed_visits_it_is_turnbulls_estimate_of_lifelines():
    table = simulated(300, visits=4, missed=0.4, seed=4)
    table = table[table["cause"] != "death"]
    ours = incidences(table)
    # lifelines' intervals hold both ends; nothing can happen on a visit that shows nothing
    lower = np.rint((table["last_film_without_days"] - 1000) / YEAR) + 0.5
    upper = np.rint((table["interval_end_days"] - 1000) / YEAR).fillna(np.inf)
    theirs = KaplanMeierFitter().fit_interval_censoring(lower, upper, tol=1e-9)
    survival = theirs.survival_function_["NPMLE_estimate_lower"]
    at_visits = [1 - float(survival[survival.index <= k].iloc[-1]) for k in (1.0, 2.0, 3.0, 4.0)]
    assert ours == pytest.approx(at_visits, abs=1e-3)


def test_a_simulated_truth_is_found_through_missed_visits_and_deaths():
    table = simulated(6000, visits=3, missed=0.3, seed=5)
    truth = [0.12 / 0.17 * (1 - np.exp(-0.17 * k)) for k in (1, 2, 3)]
    # progression that no film showed before death counts as death, a little more the more visits are missed
    assert incidences(table) == pytest.approx(truth, abs=0.017)


def test_under_a_tenth_left_nothing_is_said():
    table = rows(
        *[(1.0, np.nan, "censored")] * 45,
        *[(0.0, 1.0, "progression")] * 5,
        (2.0, np.nan, "censored"),
        (1.0, 2.0, "progression"),
    )
    found = incidence_at_visits(table, resamples=20)
    assert found["incidence"].iloc[0] == pytest.approx(5 / 52)
    assert np.isnan(found["incidence"].iloc[1])
    assert found["watched"].tolist() == [52, 2]
    assert found["note"].iloc[1] == "under a tenth of 52 patients is watched"


def test_nobody_at_the_first_visit_is_refused():
    with pytest.raises(UndefinedMetric, match=r"Of 3 patients 0 were watched to the first planned visit, day 365\.25"):
        incidence_at_visits(rows(*[(0.1, np.nan, "censored")] * 3).assign(cause="death", interval_end_days=np.nan))


def test_films_off_the_schedule_are_refused_and_fit_their_own():
    half = rows(*[(0.5, np.nan, "censored")] * 8, *[(0.0, 0.5, "progression")] * 2)
    with pytest.raises(
        UndefinedMetric, match="The last films of 8 of 10 patients, all without an event, lie more than"
    ):
        incidence_at_visits(half)
    assert incidences(half, every_days=YEAR / 2) == pytest.approx([0.2])


def test_few_last_films_off_schedule_without_an_event_do_not_count():
    on = [(1.0, np.nan, "censored")] * 90 + [(0.0, 1.0, "progression")] * 10
    found = incidence_at_visits(rows(*on, *[(0.5, np.nan, "censored")] * 5), resamples=20)
    assert found["incidence"].tolist() == pytest.approx([0.1])
    assert found["note"].tolist() == [""]


def test_progressions_on_half_yearly_films_count_between_the_yearly_visits_around_them():
    shown = [(end - 0.5, end, "progression") for end in (1.0, 1.5, 2.0, 2.5)]
    table = rows(*shown * 6, *[(3.0, np.nan, "censored")] * 176)
    found = incidence_at_visits(table, resamples=20)
    # nobody is lost: 6, 18 and 24 of 200
    assert found["incidence"].tolist() == pytest.approx([0.03, 0.09, 0.12], abs=1e-6)
    assert found["events"].tolist() == [6, 12, 6]
    assert found["note"].iloc[0] == ""
    assert found["note"].iloc[2].startswith("12 of 24 progressions so far were first seen on films more than a quarter")
    by_halves = incidences(table, every_days=YEAR / 2)
    assert by_halves == pytest.approx([0.0, 0.03, 0.06, 0.09, 0.12, 0.12], abs=1e-6)


def test_progressions_on_films_for_a_flare_count_by_the_next_visit():
    flares = [(0.0, 0.65, "progression")] * 7 + [(0.0, 0.1, "progression")] * 2
    table = rows(*flares, *[(0.0, 1.0, "progression")] * 5, *[(1.0, np.nan, "censored")] * 86)
    found = incidence_at_visits(table, resamples=20)
    assert found["incidence"].tolist() == pytest.approx([14 / 100])
    assert found["note"].iloc[0].startswith("9 of 14 progressions so far")


def test_a_flare_after_a_missed_visit_is_spread_over_both_visits():
    table = rows((0.0, 1.6, "progression"), (0.0, 1.0, "progression"), *[(2.0, np.nan, "censored")] * 8)
    # all that is known to fall in one year falls in the first, so that the flare's share goes there too
    assert incidences(table) == pytest.approx([0.2, 0.2], abs=1e-3)


@pytest.mark.parametrize("cause", ["death", "joint_surgery"])
def test_an_event_with_a_day_counts_by_the_next_visit_however_long_ago_the_last_film_was(cause):
    table = rows(*[(1.0, 2.2, cause)] * 10, *[(3.0, np.nan, "censored")] * 90)
    assert incidences(table, cause=cause) == pytest.approx([0.0, 0.0, 0.1], abs=1e-6)
    # a film some weeks early stands for the visit, and the day after it is still before the visit; day 0 is in the first
    early = rows((0.9, 0.95, cause), (0.0, 0.0, cause), (1.0, 2.0, cause), *[(2.0, np.nan, "censored")] * 7)
    assert incidences(early, cause=cause) == pytest.approx([0.2, 0.3], abs=1e-6)


def test_an_unknown_cause_is_named():
    with pytest.raises(UsageError, match="Did you mean joint_surgery"):
        incidence_at_visits(rows((1.0, np.nan, "censored")), cause="surgery")


def test_the_interval_is_that_of_a_proportion():
    found = incidence_at_visits(
        rows(*[(1.0, np.nan, "censored")] * 180, *[(0.0, 1.0, "progression")] * 20), resamples=2000
    )
    half = 1.96 * np.sqrt(0.1 * 0.9 / 200)
    assert found[["lower", "upper"]].iloc[0].tolist() == pytest.approx([0.1 - half, 0.1 + half], abs=0.007)


@pytest.mark.skipif(not shutil.which("Rscript"), reason="there is no R here")
def test_the_recipe_in_r_counts_films_off_schedule_by_the_same_visits(tmp_path):
    """Worked by hand: a progression of year 0.4 or 0.6 counts by visit 1, of 1.4 by visit 2; a last film of 1.6 stands for visit 1."""
    table = rows(
        *[(0.0, end, "progression") for end in (0.4, 0.6, 0.8, 1.2)],
        *[(1.0, end, "progression") for end in (1.3, 1.4, 1.6, 1.9, 2.2)],
        *[(free, end, "death") for free, end in ((0.0, 0.1), (0.0, 1.0), (1.0, 1.1), (1.0, 1.9))],
        (1.0, 1.2, "joint_surgery"),
        *[(free, np.nan, "censored") for free in (0.8, 1.2, 1.6, 1.9, *[2.1] * 20)],
    )
    by_hand = [1, 1, 1, 1, 2, 2, 2, 2, 2, 1, 1, 2, 2, 2, 1, 1, 1, 2, *[2] * 20]
    table.to_csv(tmp_path / "follow_up.csv", index=False)
    more = 'cat("\\n", visit, "\\n", summary(survfit(Surv(visit, first) ~ 1), times = 1:2)$pstate[, 2], "\\n")'
    code = f"{RECIPE.replace('DATASET/', f'{tmp_path}/')}\n{more}"
    said = subprocess.run(["Rscript", "-e", code], capture_output=True, text=True, check=True).stdout
    visit, incidence = (list(map(float, line.split())) for line in said.splitlines()[-2:])
    assert visit == by_hand
    assert incidence == pytest.approx(incidences(table), abs=1e-5)


def test_an_unknown_cause_is_answered_with_the_nearest():
    with pytest.raises(UsageError, match="'deaths' is no cause of the follow-up table. Did you mean death"):
        incidence_at_visits(rows((1, np.inf, "")), cause="deaths")
