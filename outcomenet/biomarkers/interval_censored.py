"""Weibull model of an event that may be known only between two films, of patients who entered late."""

from __future__ import annotations

import warnings
from typing import NamedTuple

import numpy as np
import pandas as pd
from lifelines import WeibullAFTFitter
from lifelines.exceptions import ConvergenceError, ConvergenceWarning

from outcomenet.biomarkers.follow_up_study import CENSORED, FollowUpStudy
from outcomenet.biomarkers.linear_fit import Term
from outcomenet.biomarkers.log_ratios import as_ratio, wald
from outcomenet.biomarkers.number_words import sentence, with_interval
from outcomenet.biomarkers.resampled import noted
from outcomenet.biomarkers.section import Section, estimates_frame
from outcomenet.errors import UndefinedMetric
from outcomenet.metrics.incidence import SEEN_ON_FILMS
from outcomenet.outcomes import DAYS_PER_YEAR

METHOD = "Weibull, late entry, time since symptom onset"
TIME_RATIO, HAZARD_RATIO = "time ratio per SD", "Weibull hazard ratio per SD"
# Time zero has no logarithm; nobody has the event within the first hour.
SOONEST = 1e-4  # years


def intervals(follow_up: pd.DataFrame, event: str) -> pd.DataFrame:
    """Between which days each patient's event lies, in years since symptom onset.

    An event that films show lies after the last film without it; death and operations have their day. Whoever had another
    event first is censored: at the last film where films show the event of interest, else on the last day that is known.

    Args:
        follow_up: Rows of a follow-up table.
        event: Cause of interest.

    Returns:
        `entry`, `lower`, `upper` (infinite where it was never seen), in the order of the rows.

    >>> table = pd.DataFrame({"entry_days": [0.0], "last_film_without_days": 365.25, "interval_start_days": 365.25})
    >>> intervals(table.assign(interval_end_days=730.5, cause="progression"), "progression").values.tolist()
    [[0.0, 1.0, 2.0]]
    """
    happened = follow_up["cause"] == event
    if event == SEEN_ON_FILMS:
        lower = follow_up["last_film_without_days"]
    else:
        lower = follow_up["interval_end_days"].where(follow_up["cause"] != CENSORED, follow_up["interval_start_days"])
    upper = follow_up["interval_end_days"].where(happened, np.inf)
    days = pd.DataFrame({"entry": follow_up["entry_days"], "lower": lower, "upper": upper}).astype(float)
    return days / DAYS_PER_YEAR


class WeibullSlopes(NamedTuple):
    """One column in a Weibull model, on the log scale, and the model's shape: below 1 the hazard falls with time."""

    time_ratio: Term
    """Above 0 where the event comes later."""
    hazard_ratio: Term
    """Above 0 where it comes sooner."""
    shape: float


def weibull_slopes(times: pd.DataFrame, design: pd.DataFrame, term: str, level: float = 0.95) -> WeibullSlopes:
    """Log time ratio and log hazard ratio of one column in a Weibull model.

    log T = x'b + error / shape, so that the hazard ratio is exp(-b shape) (Kalbfleisch & Prentice 2002, ch. 2; Collett 2015,
    ch. 9). The likelihood of a patient is [S(lower) - S(upper)] / S(entry); `lifelines` maximises it.

    Args:
        times: `entry`, `lower`, `upper` in years.
        design: Covariates of each row, without an intercept.
        term: Column whose slope is wanted.
        level: Of the interval.

    Returns:
        Log time ratio, log hazard ratio, and shape.

    Raises:
        UndefinedMetric: The likelihood has no maximum on these rows.
    """
    names = {name: f"x{at}" for at, name in enumerate(design.columns)}
    # centred and of one size, without which the search loses its way; the column of interest keeps its unit
    size = design.std(ddof=0).where(design.columns != term, 1.0)
    table = times.assign(lower=times["lower"].clip(lower=SOONEST), upper=times["upper"].clip(lower=SOONEST))
    table = table.join(((design - design.mean()) / size).rename(columns=names))
    # whoever was censored on entering says nothing: S(lower) / S(entry) = 1
    table = table[(table["upper"] < np.inf) | (table["lower"] > table["entry"])]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", ConvergenceWarning)
        try:
            fitted = WeibullAFTFitter().fit_interval_censoring(table, "lower", "upper", entry_col="entry")
        except (ConvergenceError, ConvergenceWarning, np.linalg.LinAlgError, ValueError) as error:
            raise UndefinedMetric(
                f"The Weibull likelihood has no maximum on these rows ({type(error).__name__})."
            ) from None
    slope, shape = ("lambda_", names[term]), ("rho_", "Intercept")
    value, rho = float(fitted.params_[slope]), float(np.exp(fitted.params_[shape]))
    covariance = fitted.variance_matrix_.loc[[slope, shape], [slope, shape]].to_numpy(float)
    along = np.array([-rho, -value * rho])  # derivatives of -b exp(log shape)
    errors = float(covariance[0, 0]) ** 0.5, float(along @ covariance @ along) ** 0.5
    return WeibullSlopes(wald(value, errors[0], term, level), wald(-value * rho, errors[1], term, level), rho)


def interval_fits(data: FollowUpStudy) -> Section:
    """Time ratio and hazard ratio per SD of each score, crude and adjusted.

    Args:
        data: The patients.
    """
    times = intervals(data.table, data.event)
    rows, sentences, refusals = [], [], []
    idle = int(((times["upper"] == np.inf) & (times["lower"] <= times["entry"])).sum())
    note = f"{idle} patients without a film after entry that shows no event say nothing" if idle else ""
    counts = {
        "events": int((times["upper"] < np.inf).sum()),
        "n_patients": len(times) - idle,
        "n_visits": len(times) - idle,
    }
    for score in data.scores:
        for adjustment, columns in data.adjustments(score).items():
            entries = {"measure": score, "adjustment": adjustment, "method": f"{METHOD}; {_known(data)}"} | counts
            try:
                slopes = weibull_slopes(times, data.design([score], columns), score, data.level)
            except UndefinedMetric as error:
                rows.append(data.row(**entries, term=TIME_RATIO, unit="time ratio", note=noted(note, error)))
                refusals.append(f"{TIME_RATIO} of {data.title(score)} ({adjustment}): {error}")
                continue
            shape = f"Weibull shape {slopes.shape:.2f}"
            for term, slope in ((TIME_RATIO, slopes.time_ratio), (HAZARD_RATIO, slopes.hazard_ratio)):
                rows.append(
                    data.row(
                        **entries,
                        **as_ratio(slope)._asdict(),
                        term=term,
                        unit=term.removesuffix(" per SD"),
                        note=noted(shape, note),
                    )
                )
            if adjustment == "crude":
                sentences.append(_words(data, score, slopes.time_ratio))
    return Section(estimates_frame(rows), tuple(sentences), refusals=tuple(refusals))


def _known(data: FollowUpStudy) -> str:
    return "the event known only between two films" if data.event == SEEN_ON_FILMS else "the day of the event known"


def _words(data: FollowUpStudy, score: str, slope: Term) -> str:
    ratio = with_interval(*as_ratio(slope)[:3])
    return sentence(
        f"with {_known(data)}, one SD more of {data.title(score)} multiplies the time from symptom onset "
        f"to {data.outcome} by {ratio}: below 1 is sooner"
    )
