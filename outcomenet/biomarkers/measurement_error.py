"""Slope of an outcome on a score that is measured with error: as observed, and corrected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
import pandas as pd

from outcomenet.biomarkers.design_matrix import as_numbers, coded
from outcomenet.biomarkers.number_words import number, with_interval
from outcomenet.biomarkers.section import Section, estimates_frame, expect_columns
from outcomenet.biomarkers.simex import ADDED, DEGREES, Slopes, extrapolated, slopes_under_error
from outcomenet.biomarkers.study import Study, study
from outcomenet.errors import UndefinedMetric
from outcomenet.metrics.resampling import Estimate, estimate
from outcomenet.pages.figures import GREY, PALE, Drawing, Layout

NAIVE, CALIBRATED = "as observed", "regression calibration"
ASSUMES = "classical error, independent between visits, patients and covariates"


def measurement_error(
    table: pd.DataFrame,
    *,
    score: str,
    outcome: str,
    covariates: Sequence[str] = (),
    sem: float | str | None = None,
    reliability: float | None = None,
    sem_freedom: float | None = None,
    patient: str = "patient_id",
    visit: str | None = None,
    remeasurements: int = 100,
    resamples: int = 1000,
    titles: Mapping[str, str] | None = None,
    unit: str = "",
    level: float = 0.95,
    seed: int = 0,
) -> Section:
    """How much flatter error of measurement makes a slope, by regression calibration and by SIMEX.

    The model is linear, over all visits. Regression calibration divides the slope by the reliability given the covariates, 1 -
    SEM^2 / var(score | covariates), which is right in linear models only (Carroll et al., Measurement Error in Nonlinear
    Models, 2nd ed. 2006, ch. 4). SIMEX adds error and follows the slope back to where there is none (Cook & Stefanski, J Am
    Stat Assoc 1994;89:1314), by a quadratic, which corrects too little where there is much error, and by a cubic. Both take the
    error as classical: of mean 0, independent of all else. A reader who is too high by habit is no such error.

    Args:
        table: One row per patient and visit.
        score: Number column with the error.
        outcome: Number column on a scale.
        covariates: Adjusted for, taken as free of error; text is dummy coded.
        sem: Standard error of measurement in the score's unit, from re-acquired films or from readers; or the column that has
            it row by row, of which the root mean square is used.
        reliability: In its place the share of the score's variance over these rows that is no error, as an ICC, 0 to 1.
        sem_freedom: Degrees of freedom of the SEM, which the intervals then hold too; None takes it as known.
        patient: Column of the patient.
        visit: Column of the visit; None where there is none.
        remeasurements: Draws of added error.
        resamples: Bootstrap resamples of patients.
        titles: Words for columns.
        unit: Of the outcome.
        level: Of the intervals.
        seed: Of draws and resamples.

    Returns:
        Section "measurement_error": slopes per SD of the score as observed, in one unit so that they can be compared.

    Raises:
        UndefinedMetric: Not exactly one of `sem` and `reliability` is given, or it leaves no variance that is no error.

    >>> rng = np.random.default_rng(0)
    >>> true = rng.normal(size=3000)
    >>> table = pd.DataFrame({"patient_id": range(3000), "score": true + rng.normal(size=3000), "haq": true})
    >>> section = measurement_error(table, score="score", outcome="haq", reliability=0.5, resamples=50)
    >>> section.estimates.set_index("term")["estimate"].round(1)[["as observed", "regression calibration"]].tolist()
    [0.7, 1.4]
    """
    data = study(
        table, section="measurement_error", scores=[score], outcome=outcome, covariates=covariates, patient=patient,
        visit=visit, titles=titles, unit=unit, level=level,
    )  # fmt: skip
    if data.population.table[outcome].nunique() < 3:
        raise UndefinedMetric(
            f"Outcome {outcome!r} has two values, and both corrections here are of a line on a scale."
        )
    error = _sem_of(data, score, table, sem, reliability)
    slopes = _slopes(data, score, covariates, error, sem_freedom, remeasurements, resamples, seed)
    if slopes.reliability[0] <= 0:
        raise UndefinedMetric(
            f"A SEM of {number(error)} is more than the spread that {score!r} has beside the covariates: nothing is left to "
            "correct. Check its unit, or adjust for less."
        )
    estimates = {NAIVE: estimate(slopes.naive, level), CALIBRATED: estimate(slopes.calibrated, level)}
    estimates |= {f"SIMEX, {word}": estimate(extrapolated(slopes.simulated, k), level) for word, k in DEGREES.items()}
    how = f"least squares; {ASSUMES}; {resamples} resamples of patients"
    adjusted = ", ".join(covariates) or "crude"
    per_sd = f"{unit or outcome} per SD ({number(data.deviations[score])}) of {score} as observed"
    shares = {
        "reliability": Estimate(1 - (error / data.deviations[score]) ** 2, np.nan, np.nan),
        "reliability, covariates given": estimate(slopes.reliability, level),
    }
    rows = [_row(data, score, adjusted, term, value, how, per_sd) for term, value in estimates.items()]
    rows += [_row(data, score, adjusted, term, value, how, "share") for term, value in shares.items()]
    return Section(
        estimates_frame(rows),
        (_sentence(data, score, adjusted, estimates, shares, error),),
        (partial(_figure, data, score, slopes, estimates),),
    )


def _sem_of(data: Study, score: str, table: pd.DataFrame, sem: float | str | None, reliability: float | None) -> float:
    if (sem is None) == (reliability is None):
        raise UndefinedMetric("Give either the standard error of measurement (sem) or the reliability, one of them.")
    if isinstance(sem, str):
        expect_columns(table, sem)
        values = as_numbers(table, sem).dropna()
        if values.empty or (values < 0).any():
            raise UndefinedMetric(f"Column {sem!r} should hold standard errors, 0 or more; it is empty or has others.")
        return float(np.sqrt(np.mean(np.square(values))))
    if sem is not None:
        if sem < 0:
            raise UndefinedMetric(f"A standard error of measurement is 0 or more, not {sem:g}.")
        return float(sem)
    assert reliability is not None
    if not 0 < reliability <= 1:
        raise UndefinedMetric(f"A reliability lies above 0 and up to 1; {reliability:g} does not.")
    return data.deviations[score] * (1 - reliability) ** 0.5


def _slopes(
    data: Study, score: str, covariates: Sequence[str], error: float, freedom: float | None, remeasurements: int,
    resamples: int, seed: int,
) -> Slopes:  # fmt: skip
    """Slopes per SD of the score; the first of each is of the sample itself."""
    (table,) = data.tables
    draws, added = np.random.default_rng(seed).spawn(2)
    names, codes = np.unique(data.population.patients.to_numpy(), return_inverse=True)
    counts = draws.multinomial(len(names), np.full(len(names), 1 / len(names)), size=resamples).astype(float)
    counts = np.concatenate([np.ones((1, len(names))), counts])
    sem = np.full(len(counts), error / data.deviations[score])
    if freedom:
        sem[1:] *= np.sqrt(freedom / draws.chisquare(freedom, size=resamples))
    return slopes_under_error(
        as_numbers(table, data.outcome).to_numpy(float), data.standardised(table, [score])[score].to_numpy(float),
        coded(table, [name for name in covariates if name != score]).to_numpy(float), codes, counts, sem,
        remeasurements=remeasurements, rng=added,
    )  # fmt: skip


def _row(data: Study, score: str, adjusted: str, term: str, value: Estimate, how: str, unit: str) -> dict[str, object]:
    bounded = bool(np.isfinite(value.lower))
    lost = "" if bounded or term == "reliability" else "no interval: the error may be all of the score's spread"
    return data.row(
        measure=score, adjustment=adjusted, term=term, estimate=value.value, lower=value.lower, upper=value.upper,
        level=data.level if bounded else np.nan, method=how, unit=unit,
        note="; ".join(part for part in (lost, data.population.note) if part),
    )  # fmt: skip


def _sentence(
    data: Study,
    score: str,
    adjusted: str,
    estimates: Mapping[str, Estimate],
    shares: Mapping[str, Estimate],
    error: float,
) -> str:
    quadratic = estimates["SIMEX, quadratic"]
    return (
        f"Per SD of {data.title(score)} as observed, {data.title(data.outcome)} is {with_interval(*estimates[NAIVE])} higher "
        f"({adjusted}); without its error of measurement (SEM {number(error)}, reliability "
        f"{number(shares['reliability'].value)}, covariates given {number(shares['reliability, covariates given'].value)}) it "
        f"would be {with_interval(*estimates[CALIBRATED])} by regression calibration, which holds in linear models only, and "
        f"{with_interval(*quadratic)} by SIMEX."
    )


def _figure(
    data: Study, score: str, slopes: Slopes, estimates: Mapping[str, Estimate], *, layout: Layout = Layout.PAGE
) -> Drawing:
    """The slope against the error that was added, followed back to where there is none."""
    figure, (axis,) = layout.panels(1, 3.2, width=5.6)
    points = slopes.simulated[:1]
    along = np.linspace(-1.0, ADDED[-1], 61)
    data_rows = [pd.DataFrame({"kind": "with added error", "added": ADDED, "slope": points[0]})]
    for (word, degree), style, colour in zip(DEGREES.items(), ("-", "--"), ("#0072B2", "#D55E00"), strict=True):
        curve = np.array([float(extrapolated(points, degree, float(at))[0]) for at in along])
        axis.plot(along, curve, style, color=colour, linewidth=1.6, label=f"SIMEX, {word}", zorder=2)
        data_rows.append(pd.DataFrame({"kind": f"SIMEX, {word}", "added": along, "slope": curve}))
    axis.plot(ADDED, points[0], "o", color="#333333", markersize=5.5, label="with added error", zorder=4)
    at = estimates[CALIBRATED]
    axis.errorbar(
        [-1.0], [at.value], yerr=[[at.value - at.lower], [at.upper - at.value]], fmt="D", color="#009E73", markersize=6,
        capsize=3, label="regression calibration", zorder=3,
    )  # fmt: skip
    axis.axvline(0.0, color=GREY, linewidth=0.8, zorder=1)
    axis.set_xticks([-1, 0, 1, 2], ["none", "as it is", "twice", "three times"])
    axis.set_xlabel("error variance of the score")
    axis.set_ylabel(layout.wrapped(f"{data.title(data.outcome)} per SD", 26))
    axis.grid(color=PALE, linewidth=0.7, zorder=0)
    figure.legend(loc="outside lower center", ncols=2 if layout is Layout.PAGE else 1, fontsize=8.5)
    data_rows.append(pd.DataFrame({"kind": [CALIBRATED], "added": [-1.0], "slope": [at.value]}))
    return Drawing(
        f"measurement_error_{data.outcome}",
        figure,
        pd.concat(data_rows, ignore_index=True),
        f"Slope of {data.title(data.outcome)} on {data.title(score)} with more error than it has (dots), followed back to none "
        "(curves), beside regression calibration with its interval.",
        f"The slope falls as error is added; without error it would be {number(at.value)} by regression calibration.",
    )
