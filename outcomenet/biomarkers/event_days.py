"""Cox regression, where time is known well enough for it."""

from __future__ import annotations

import warnings
from collections.abc import Mapping

import numpy as np
import pandas as pd
from lifelines import CoxPHFitter
from lifelines.exceptions import ConvergenceError, ConvergenceWarning
from lifelines.statistics import proportional_hazard_test

from outcomenet.biomarkers.follow_up_study import CENSORED, FollowUpStudy
from outcomenet.biomarkers.linear_fit import Term
from outcomenet.biomarkers.log_ratios import as_ratio
from outcomenet.biomarkers.number_words import p_words, sentence
from outcomenet.biomarkers.section import Section, estimates_frame
from outcomenet.errors import UndefinedMetric
from outcomenet.metrics.incidence import SEEN_ON_FILMS

# Patients with fewer films have their event, or none, on the day of the one later film.
FEWEST_FILMS = 3
HAZARD_RATIO, PROPORTIONAL = "Cox hazard ratio per SD", "test of proportional hazards"


def cox_refusal(data: FollowUpStudy, films: pd.Series | None) -> str:
    """Why a Cox model of the event would be an artefact of the calendar; empty where it would not be.

    Args:
        data: The patients.
        films: Number of each patient's films, None where it is not known.
    """
    if data.event != SEEN_ON_FILMS:
        return ""
    start = f"A Cox model of {data.outcome} was refused: a film's date is not the event's date"
    if films is None:
        return f"{start}, and film dates are all there is. Give the number of films per patient as `films` where there are several."
    enough = int((films >= FEWEST_FILMS).sum())
    if enough < len(films) / 2:
        return (
            f"{start}, and only {enough} of {len(films)} patients have {FEWEST_FILMS} films or more, so that the day of the second film "
            "would decide. Read the hazard ratio at planned visits."
        )
    return ""


def cox(data: FollowUpStudy, films: pd.Series | None) -> Section:
    """Cox hazard ratio per SD of each score with a test of proportional hazards, or the sentence that refuses it.

    Time of an event that films show is counted in planned visits since the first film, tied events by Efron; of death and
    operations in days since symptom onset, with late entry. Without late entry proportional hazards are tested by
    scaled Schoenfeld residuals against the rank of time (Grambsch & Therneau, Biometrika 1994;81:515). `lifelines` fits both.

    Args:
        data: The patients.
        films: Number of each patient's films, None where it is not known.
    """
    refusal = cox_refusal(data, films)
    if refusal:
        return Section(estimates_frame([]), refusals=(refusal,))
    times = _times(data)
    counts = {"n_visits": len(times), "n_patients": len(times), "events": int(times["event"].sum())}
    rows, sentences, refusals = [], [], []
    for score in data.scores:
        for adjustment, columns in data.adjustments(score).items():
            how = "days, late entry" if "entry" in times else "planned visits, Efron"
            entries = {"measure": score, "adjustment": adjustment, "method": f"Cox, {how}"} | counts
            try:
                rows += _fit(data, times, data.design([score], columns), score, entries, sentences)
            except UndefinedMetric as error:
                rows.append(data.row(**entries, term=HAZARD_RATIO, unit="hazard ratio", note=str(error)))
                refusals.append(f"{HAZARD_RATIO} of {data.title(score)} ({adjustment}): {error}")
    return Section(estimates_frame(rows), tuple(sentences), refusals=tuple(refusals))


def _times(data: FollowUpStudy) -> pd.DataFrame:
    """`time`, `event` and, in days, `entry` of those who were watched for any time."""
    happened = (data.table["cause"] == data.event).astype(int)
    if data.event == SEEN_ON_FILMS:
        times = pd.DataFrame({"time": data.visits.last.astype(float), "event": happened.to_numpy()})
        return times[times["time"] > 0]
    end = data.table["interval_end_days"].where(data.table["cause"] != CENSORED, data.table["interval_start_days"])
    times = pd.DataFrame({"time": end, "event": happened, "entry": data.table["entry_days"]}).reset_index(drop=True)
    return times[times["time"] > times["entry"]].astype(float)


def _fit(
    data: FollowUpStudy,
    times: pd.DataFrame,
    design: pd.DataFrame,
    score: str,
    entries: Mapping[str, object],
    sentences: list[str],
) -> list[dict[str, object]]:
    names = {name: f"x{at}" for at, name in enumerate(design.columns)}
    table = times.join(design.rename(columns=names))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", ConvergenceWarning)
        try:
            fitted = CoxPHFitter(alpha=1 - data.level).fit(
                table, "time", "event", entry_col="entry" if "entry" in times else None
            )
            tested = _proportional(fitted, table, names[score])
        except (ConvergenceError, ConvergenceWarning, np.linalg.LinAlgError, ValueError) as error:
            raise UndefinedMetric(f"The Cox model has no solution on these rows ({type(error).__name__}).") from None
    name = names[score]
    value, p = (float(fitted.summary[column].to_dict()[name]) for column in ("coef", "p"))
    lower, upper = fitted.confidence_intervals_.loc[[name]].to_numpy(float)[0]
    statistic, p_proportional, note = tested
    if p_proportional < 0.05:
        words = f"the hazard ratio of {data.title(score)} changes over time ({p_words(p_proportional)}): one number does not tell it"
        sentences.append(sentence(words))
    ratio = as_ratio(Term(value, float(lower), float(upper), p))
    return [
        data.row(**entries, term=HAZARD_RATIO, unit="hazard ratio", **ratio._asdict()),
        data.row(**entries, term=PROPORTIONAL, unit="chi2", estimate=statistic, p=p_proportional, note=note),
    ]


def _proportional(fitted: CoxPHFitter, table: pd.DataFrame, name: str) -> tuple[float, float, str]:
    """Statistic, p, and why there is none."""
    if "entry" in table:
        return np.nan, np.nan, "no test with late entry"
    tested = proportional_hazard_test(fitted, table, time_transform="rank").summary
    statistic, p = (float(tested[column].to_dict()[name]) for column in ("test_statistic", "p"))
    return statistic, p, ""
