"""Prognosis: what scores say of an event to come, that films show only between two visits and others may forestall."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np
import pandas as pd

from outcomenet.biomarkers.design_matrix import as_numbers
from outcomenet.biomarkers.event_days import cox
from outcomenet.biomarkers.follow_up_study import follow_up_study
from outcomenet.biomarkers.horizon_discrimination import horizon_discrimination
from outcomenet.biomarkers.incidence_by_third import incidence_by_third
from outcomenet.biomarkers.interval_censored import interval_fits
from outcomenet.biomarkers.section import Section, estimates_frame, expect_columns, joined
from outcomenet.biomarkers.visit_hazards import visit_hazards
from outcomenet.errors import UndefinedMetric
from outcomenet.metrics.incidence import SEEN_ON_FILMS
from outcomenet.outcomes import DAYS_PER_YEAR


def prognosis(
    follow_up: pd.DataFrame,
    *,
    scores: str | Sequence[str],
    covariates: Sequence[str] = (),
    clinical: Sequence[str] = (),
    event: str = SEEN_ON_FILMS,
    horizon_years: float = 1.0,
    visits_every_days: float = DAYS_PER_YEAR,
    patient: str = "patient_id",
    films: str | int | None = None,
    titles: Mapping[str, str] | None = None,
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
    fewest_events_per_parameter: float = 10,
) -> Section:
    """Hazard, time, incidence and risk of an event by scores that are known when the watch begins.

    Five views of the same patients. (1) Discrete time: the hazard at planned visits, log(-log(1 - p)) = visit + score
    (Prentice & Gloeckler, Biometrics 1978;34:57), crude and adjusted, and cause-specific for death and operations. (2) A
    Weibull model of time since symptom onset in which the event lies between two films and patients enter late. (3) Cumulative
    incidence by third of the score, other events competing, with numbers at risk at each visit. (4) AUROC and Brier score at
    the horizon, scores and clinical matrix as rivals, on patients not seen in fitting. (5) Cox, only where time is more
    than the date of one film. With few events for each slope Firth's estimate (Biometrika 1993;80:27) stands beside (1).

    Args:
        follow_up: One row per patient (docs/intake/follow_up.md): `entry_days`, `last_film_without_days`, `interval_start_days`,
            `interval_end_days` since symptom onset, `cause` (censored, progression, death, joint_surgery), scores and covariates.
        scores: Number column or columns whose prognosis is asked about: the score, a human score.
        covariates: Adjusted for; text is dummy coded.
        clinical: Columns of the clinical matrix, such as the human score, RF, ACPA and CRP at entry.
        event: Cause of interest.
        horizon_years: Horizon of discrimination, years after the first film; a window of a quarter around it.
        visits_every_days: Days between planned visits.
        patient: Column of the patient.
        films: Number of films per patient, or the column that holds it; None where it is not known.
        titles: Words for columns and causes.
        resamples: Bootstrap resamples of patients; 10,000 or more for a primary contrast.
        level: Of the intervals.
        seed: Of folds and resamples.
        fewest_events_per_parameter: Events for each slope below which a warning and Firth's estimate are given.

    Returns:
        Rows of sections "prognosis", "incidence" and "discrimination". Hazard ratios above 1, and time ratios below 1, mean that
        the event comes sooner with a higher score.

    Raises:
        UndefinedMetric: A column is missing or cannot be used, a patient has two rows, times contradict each other, or nobody
            had the event.

    >>> rng = np.random.default_rng(0)
    >>> table = pd.DataFrame({"patient_id": range(200), "score": rng.normal(size=200), "entry_days": 400.0})
    >>> progressed = rng.random(200) < 0.25 + 0.15 * table["score"]
    >>> table["last_film_without_days"] = table["interval_start_days"] = np.where(progressed, 400.0, 765.0)
    >>> table["interval_end_days"] = np.where(progressed, 765.0, np.nan)
    >>> table["cause"] = np.where(progressed, "progression", "censored")
    >>> section = prognosis(table, scores=["score"], resamples=100)
    >>> section.sentences[1]
    'One SD more of score multiplies the hazard of progression between planned visits by 2.13 (1.60 to 2.84), without adjustment (p < 0.001).'
    """
    names = [scores] if isinstance(scores, str) else scores
    data = follow_up_study(
        follow_up, scores=names, covariates=covariates, clinical=clinical, event=event, horizon_years=horizon_years,
        visits_every_days=visits_every_days, patient=patient, titles=titles, level=level,
    )  # fmt: skip
    count = _films(data.table, films)
    views: Sequence[tuple[str, Callable[[], Section]]] = (
        ("The hazard at planned visits", partial(visit_hazards, data, fewest_events_per_parameter)),
        ("The interval-censored model", partial(interval_fits, data)),
        ("The incidence", partial(incidence_by_third, data, resamples=resamples, seed=seed)),
        ("Discrimination", partial(horizon_discrimination, data, resamples=resamples, seed=seed)),
        ("Cox", partial(cox, data, count)),
    )
    return joined([_view(name, view) for name, view in views])


def _films(follow_up: pd.DataFrame, films: str | int | None) -> pd.Series | None:
    if isinstance(films, str):
        expect_columns(follow_up, films)
        return as_numbers(follow_up, films)
    return None if films is None else pd.Series(np.full(len(follow_up), float(films)))


def _view(name: str, view: Callable[[], Section]) -> Section:
    """A view that these patients do not allow is a refusal, and the others stand."""
    try:
        return view()
    except UndefinedMetric as error:
        return Section(estimates_frame([]), refusals=(f"{name} was not computed: {error}",))
