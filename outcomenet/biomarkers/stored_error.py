"""Reliability of a score from the standard error that stands beside it, where no re-readings were kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd
from scipy.stats import chi2

from outcomenet.biomarkers.analysed import complete_rows, titled
from outcomenet.biomarkers.reliability import DETECTABLE, Readings, reliability_sentence
from outcomenet.biomarkers.resampled import noted, numbers, over_resamples
from outcomenet.biomarkers.section import Section, estimates_frame
from outcomenet.errors import UndefinedMetric
from outcomenet.metrics.detectable import Z


def reliability_of_sem(
    table: pd.DataFrame,
    *,
    score: str,
    sem: str,
    sem_df: str,
    patient: str = "patient_id",
    averaged: float = 1.0,
    titles: Mapping[str, str] | None = None,
    resamples: int = 1000,
    seed: int = 0,
    level: float = 0.95,
) -> Section:
    """Reliability from the standard error that stands beside each score, where no re-readings were kept.

    Error variance: the squares of `sem`, pooled by their degrees of freedom. ICC(1,1) = 1 - error variance / variance of the score,
    both of a single reading; SDD = z sqrt(2) SEM / sqrt(k), and SDC the same where the errors of two visits are independent (from Bland & Altman,
    BMJ 1996;313:744; Bruynesteyn, Ann Rheum Dis 2005;64:179). Where `sem` is the same in every row it was pooled before: its interval is that of
    chi square with `sem_df`.

    Args:
        table: a row per patient and visit.
        score: column of the score.
        sem: column of its standard error, in the score's unit.
        sem_df: column of the standard error's degrees of freedom.
        patient: column of the patient.
        averaged: readings of which the score that is analysed is the mean; `sem` and the ICC are of one.
        titles: what columns are called.
        resamples: bootstrap resamples of patients.
        seed: of the resamples.
        level: of the intervals.

    Returns:
        Estimates of section `reliability`.

    Raises:
        UndefinedMetric: a column is missing or holds text, a standard error is negative or its freedom is not positive, or the score
            does not vary.

    >>> table = pd.DataFrame({"patient_id": list("abc"), "score": [1.0, 2.0, 3.0], "sem": 0.5, "df": 30})
    >>> section = reliability_of_sem(table, score="score", sem="sem", sem_df="df", resamples=0)
    >>> print(section.estimates.set_index("term")["estimate"]["ICC(1,1) of status"])
    0.75
    """
    used = complete_rows(table, [score, sem, sem_df], patient=patient)
    values, errors, freedom = used.rows[[score, sem, sem_df]].to_numpy(float).T
    _refuse_what_tells_nothing(values, errors, freedom, sem)

    def both(weights: np.ndarray) -> np.ndarray:
        n = weights.sum(1)
        mean = weights @ values / n
        error = weights @ (freedom * errors**2) / (weights @ freedom)
        return np.column_stack([error, (weights @ values**2 - n * mean**2) / (n - 1)])

    with np.errstate(divide="ignore", invalid="ignore"):
        error, spread = over_resamples(both, used.rows["patient_id"], resamples=resamples, seed=seed).T
        icc = numbers(1 - error / spread, level)
    root = numbers(np.sqrt(error), level)
    if np.ptp(errors) < 1e-9 * errors.max():
        root |= _pooled_before(errors[0], freedom[0], level)
    common = {"section": "reliability", "measure": score, "method": f"pooled variance of {sem} (re-acquired films)"}
    entries = [
        {"term": "ICC(1,1) of status", **icc},
        {"term": "SEM, agreement, of status", **root, "unit": "unit of the score"},
        *_detectable(root, averaged, level),
    ]
    estimates = estimates_frame(
        {**common, **used.counts, **row, "note": noted(row.get("note"), used.note)} for row in entries
    )
    return Section(estimates, (reliability_sentence(estimates, titled(titles, score), Readings.FILMS),))


def _refuse_what_tells_nothing(values: np.ndarray, errors: np.ndarray, freedom: np.ndarray, sem: str) -> None:
    if (errors < 0).any() or (freedom <= 0).any() or not (errors > 0).any() or np.ptp(values) == 0:
        raise UndefinedMetric(
            f"Reliability from {sem!r} needs standard errors above 0 with degrees of freedom above 0 and a score that varies; the "
            f"smallest are {errors.min():g} and {freedom.min():g}. A standard error of 0 says that no film was re-acquired."
        )


def _pooled_before(sem: float, freedom: float, level: float) -> dict[str, object]:
    """The interval of one pooled standard error; resamples of patients would leave it as it is."""
    tails = chi2.ppf([0.5 + level / 2, 0.5 - level / 2], freedom)
    lower, upper = (float(sem * np.sqrt(freedom / tail)) for tail in tails)
    return {"lower": lower, "upper": upper, "level": level, "note": f"chi square with {freedom:g} degrees of freedom"}


def _detectable(root: dict[str, object], averaged: float, level: float) -> Iterator[dict[str, object]]:
    bounds = {name: float(str(root.get(name, np.nan))) for name in ("estimate", "lower", "upper")}
    for share, label in DETECTABLE:
        scaled = {name: value * Z[share] * np.sqrt(2 / averaged) for name, value in bounds.items()}
        for name, note in (("SDD", ""), ("SDC", "errors of two visits taken as independent")):
            yield {"term": f"{name} ({label})", **scaled, "level": level, "note": note, "unit": "unit of the score"}
