"""Hazard of an event at planned visits: complementary log-log regression of person-periods."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import statsmodels.api as sm
from statsmodels.tools.sm_exceptions import ConvergenceWarning, PerfectSeparationWarning

from outcomenet.biomarkers.follow_up_study import CENSORED
from outcomenet.biomarkers.linear_fit import Term
from outcomenet.biomarkers.log_ratios import refuse_dependent_columns, wald
from outcomenet.biomarkers.section import expect_columns
from outcomenet.errors import UndefinedMetric
from outcomenet.metrics.incidence import PlannedVisits, in_planned_visits
from outcomenet.outcomes import DAYS_PER_YEAR

VISIT, SPAN, EVENT = "visit", "visits_spanned", "event"


class PersonPeriods(NamedTuple):
    """Rows at risk, and the count that shows that no patient is lost."""

    table: pd.DataFrame
    patients: int
    """With at least one row."""
    not_watched: int
    """Not watched to the first planned visit: without a row."""
    merged: int
    """Visits missed before an event seen on films, which share a row with the visit that shows it."""

    @property
    def events(self) -> int:
        """Patients with the event."""
        return int(self.table[EVENT].sum())


def person_period(
    follow_up: pd.DataFrame,
    *,
    event: str = "progression",
    columns: Sequence[str] = (),
    visits_every_days: float = DAYS_PER_YEAR,
    patient: str = "patient_id",
) -> PersonPeriods:
    """One row per patient and planned visit at which he is watched, up to his event or his last visit without one.

    Whoever had the event, died or was operated on is at risk at the visit by which it counts, with `event` 1 if it is the one
    of interest, and leaves there; whoever was censored leaves at the last visit that a film stands for. An event that is
    first seen after missed visits may have happened at any of them: they are one row, dated to the visit that shows it, with
    their number in `visits_spanned` (the complementary log-log of a row that spans k visits of one hazard is larger by log k).

    Args:
        follow_up: One row per patient, see `follow_up_study`.
        event: Cause of interest.
        columns: To be carried along.
        visits_every_days: Days between planned visits.
        patient: Column of the patient.

    Returns:
        The rows with `patient`, `visit` (1 is the first after entry), `visits_spanned`, `event`, `columns`; with counts.

    Raises:
        UndefinedMetric: Films follow another rhythm, or a column is missing.

    >>> table = pd.DataFrame({"patient_id": ["a", "b"], "entry_days": 0.0, "last_film_without_days": [365.0, 0.0]})
    >>> table["interval_end_days"], table["cause"] = [730.0, 366.0], ["progression", "progression"]
    >>> person_period(table).table[["patient_id", "visit", "event"]].values.tolist()
    [['a', 1, 0], ['a', 2, 1], ['b', 1, 1]]
    """
    expect_columns(follow_up, patient, "cause", *columns)
    visits = in_planned_visits(follow_up, event, visits_every_days)
    return periods_of(visits, follow_up[[patient, *columns]])


def periods_of(visits: PlannedVisits, patients: pd.DataFrame) -> PersonPeriods:
    """Person-periods of courses that are counted in planned visits.

    Args:
        visits: Course of each patient.
        patients: A row for each, carried along.
    """
    last = visits.last
    at = np.repeat(np.arange(len(last)), last)
    visit = np.concatenate([np.arange(1, count + 1) for count in last]) if len(at) else np.zeros(0, int)
    ends = visit == last[at]
    seen = visits.on_film & visits.of_interest
    kept = ~(seen[at] & (visit > visits.free[at]) & ~ends)
    spanned = np.where(ends & seen[at], last[at] - visits.free[at], 1)
    table = patients.iloc[at].assign(
        **{VISIT: visit, SPAN: spanned, EVENT: (ends & visits.of_interest[at]).astype(int)}
    )
    return PersonPeriods(
        table[kept].reset_index(drop=True), int((last > 0).sum()), int((last == 0).sum()), int((~kept).sum())
    )


def complementary_log_log(
    periods: pd.DataFrame, design: pd.DataFrame, term: str, patients: np.ndarray, level: float = 0.95
) -> Term:
    """Log hazard ratio of one column, with an interval that is robust to patients' repeated rows.

    log(-log(1 - P(event at visit | not before))) = visit + design: the hazard ratio of a proportional hazards model whose
    events are known up to the visit (Prentice & Gloeckler, Biometrics 1978;34:57; Singer & Willett 2003, ch. 10-12). Visits
    without an event, or with nothing else, say nothing of it and are left out.

    Args:
        periods: `visit`, `visits_spanned`, `event` of each row.
        design: Covariates of each row, without an intercept.
        term: Column whose coefficient is wanted.
        patients: Patient of each row.
        level: Of the interval.

    Returns:
        Estimate and bounds on the log scale, above 0 where the event comes sooner; p by the normal distribution.

    Raises:
        UndefinedMetric: No visit shows the event beside patients without it, or the slope has no finite value.
    """
    rows = informative(periods)
    columns = pd.concat([baseline(periods[rows]), design[rows]], axis=1)
    refuse_dependent_columns(columns)
    model = sm.GLM(
        periods.loc[rows, EVENT].to_numpy(float), columns.to_numpy(float),
        family=sm.families.Binomial(link=sm.families.links.CLogLog()), offset=np.log(periods.loc[rows, SPAN].to_numpy(float)),
    )  # fmt: skip
    groups = pd.factorize(patients[rows])[0]
    with warnings.catch_warnings():
        warnings.simplefilter("error", PerfectSeparationWarning)
        warnings.simplefilter("error", ConvergenceWarning)
        warnings.simplefilter("ignore", RuntimeWarning)
        try:
            fit = model.fit(tol=1e-10)
        except (PerfectSeparationWarning, ConvergenceWarning, np.linalg.LinAlgError) as error:
            raise UndefinedMetric(
                f"The hazard of {term!r} has no finite estimate on these rows ({type(error).__name__})."
            ) from None
    at = list(columns.columns).index(term)
    bread = np.asarray(fit.normalized_cov_params)
    errors = _robust_errors(model.score_obs(fit.params), bread, groups)
    return wald(float(fit.params[at]), float(errors[at]), term, level)


def _robust_errors(scores: np.ndarray, bread: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """As `sandwich::vcovCL` of a glm in R: expected information, times G/(G-1) x (N-1)/(N-K)."""
    n, k = scores.shape
    sums = np.zeros((int(groups.max()) + 1, k))
    np.add.at(sums, groups, scores)
    correction = len(sums) / (len(sums) - 1) * (n - 1) / (n - k)
    return np.sqrt(np.diag(correction * bread @ (sums.T @ sums) @ bread))


def informative(periods: pd.DataFrame) -> np.ndarray:
    """Rows of visits at which some had the event and some had not.

    Args:
        periods: `visit` and `event` of each row.

    Raises:
        UndefinedMetric: There is no such visit.
    """
    share = periods.groupby(VISIT)[EVENT].transform("mean").to_numpy(float)
    rows = (share > 0) & (share < 1)
    if not rows.any():
        raise UndefinedMetric("No planned visit shows both patients with the event and patients without it.")
    return rows


def baseline(periods: pd.DataFrame) -> pd.DataFrame:
    """A column for each visit: the hazard of each is free.

    Args:
        periods: `visit` of each row.
    """
    return pd.get_dummies(periods[VISIT], prefix=VISIT, dtype=float)


def other_causes(follow_up: pd.DataFrame, event: str) -> list[str]:
    """Competing causes that somebody had, the most frequent first.

    Args:
        follow_up: `cause` of each patient.
        event: The cause of interest.
    """
    return [str(cause) for cause in follow_up["cause"].value_counts().index if cause not in (event, CENSORED)]
