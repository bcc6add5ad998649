"""metrics.csv and comparisons.csv: every metric of every predictor on held-out patients, with bootstrap intervals."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pandas as pd

from outcomenet.arrays import Float
from outcomenet.errors import UndefinedMetric
from outcomenet.metrics.discrimination import weighted_auroc
from outcomenet.metrics.regression import calibration_slope, mae, r2
from outcomenet.metrics.resampling import bootstrap_weights, percentile_interval
from outcomenet.metrics.survival import harrell_c, time_and_event, uno_c
from outcomenet.outcomes import OUTCOMES, OutcomeKind
from outcomenet.predictions import PREDICTORS

PAIRS = (
    ("direct_adjusted", "human_total"),
    ("direct_adjusted", "human_joints"),
    ("direct_adjusted", "score_mediated"),
    ("direct_adjusted", "covariates"),
    ("direct_adjusted", "direct"),
    ("oracle", "direct_adjusted"),
)
COLUMNS = ["predictor", "outcome", "horizon", "subgroup", "metric", "value", "lower", "upper", "n", "events"]
Metric = Callable[[pd.DataFrame, np.ndarray], Float[np.ndarray, "resample"]]


def metrics_of(outcome: str, horizon: int) -> dict[str, Metric]:
    """The metrics that an outcome is judged by; each takes rows and resample weights."""
    if OUTCOMES[outcome].kind is OutcomeKind.BOUNDED_ORDINAL:
        simple = {"r2": r2, "mae": mae, "calibration_slope": calibration_slope}
        return {
            name: lambda rows, w, f=f: f(rows["target"].to_numpy(), rows["prediction"].to_numpy(), w)
            for name, f in simple.items()
        }
    tau = 1.25 * horizon  # the horizon with the leeway that films a year apart have

    def concordance(rows: pd.DataFrame, weights: np.ndarray, uno: bool) -> np.ndarray:
        time, event = time_and_event(rows["interval_start"].to_numpy(), rows["interval_end"].to_numpy())
        risk = rows["prediction"].to_numpy()
        return uno_c(time, event, risk, weights, tau) if uno else harrell_c(time, event, risk, weights)

    return {
        "auroc": lambda rows, w: weighted_auroc(rows["target"].to_numpy(), rows["prediction"].to_numpy(), w),
        "harrell_c": lambda rows, w: concordance(rows, w, uno=False),
        "uno_c": lambda rows, w: concordance(rows, w, uno=True),
    }


def metrics_table(
    predictions: pd.DataFrame, *, resamples: int, seed: int, level: float = 0.95
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """(metrics.csv, undefined metrics with the reason). A metric that is undefined has a row with NaN in the first."""
    rows, undefined = [], []
    for outcome, horizon, weights, tables in _outcomes(predictions, resamples, seed):
        for predictor, table in tables.items():
            for name, metric in metrics_of(outcome, horizon).items():
                values = metric(table, weights)
                try:
                    if not np.isfinite(values[0]):
                        raise UndefinedMetric("One class only, or no variation, among the held-out patients.")
                    lower, upper = percentile_interval(values[1:], level)
                except UndefinedMetric as reason:
                    undefined.append((predictor, outcome, name, str(reason)))
                    lower = upper = np.nan
                rows.append(
                    (
                        predictor,
                        outcome,
                        horizon,
                        "all",
                        name,
                        values[0],
                        lower,
                        upper,
                        len(table),
                        _events(table, outcome),
                    )
                )
    return (
        pd.DataFrame(rows, columns=COLUMNS),
        pd.DataFrame(undefined, columns=["predictor", "outcome", "metric", "reason"]),
    )


def comparisons_table(
    predictions: pd.DataFrame,
    *,
    resamples: int,
    seed: int,
    pairs: Sequence[tuple[str, str]] = PAIRS,
    level: float = 0.95,
) -> pd.DataFrame:
    """Differences predictor - reference on the same patients and the same resamples.

    `share_above_zero` is the share of resamples with a positive difference: for mae, lower is better, so a share near
    0 speaks for the predictor. Pairs of which one is absent, and undefined differences, have no row.
    """
    rows = []
    for outcome, horizon, weights, tables in _outcomes(predictions, resamples, seed):
        for name, metric in metrics_of(outcome, horizon).items():
            values = {predictor: metric(table, weights) for predictor, table in tables.items()}
            for predictor, reference in pairs:
                if predictor not in values or reference not in values:
                    continue
                difference = values[predictor] - values[reference]
                try:
                    lower, upper = percentile_interval(difference[1:], level)
                except UndefinedMetric:
                    continue
                above = float(np.mean(difference[1:][np.isfinite(difference[1:])] > 0))
                n = len(tables[predictor])
                rows.append((outcome, horizon, name, predictor, reference, difference[0], lower, upper, n, above))
    columns = [
        "outcome", "horizon", "metric", "predictor", "reference", "difference", "lower", "upper", "n", "share_above_zero",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def _outcomes(
    predictions: pd.DataFrame, resamples: int, seed: int
) -> Iterator[tuple[str, int, np.ndarray, dict[str, pd.DataFrame]]]:
    """Per outcome: resample weights, and every predictor's rows in one order, held out and with a known target only.

    Rows that not every predictor has are left out for all, so that all are judged on the same patients.
    """
    held_out = predictions[(predictions["split"] == "test") & predictions["observed"]]
    for (outcome, horizon), rows in held_out.groupby(["outcome", "horizon"], sort=False):
        tables = {
            predictor: rows[rows["predictor"] == predictor].set_index(["patient_id", "visit_id"]).sort_index()
            for predictor in PREDICTORS
            if (rows["predictor"] == predictor).any()
        }
        common = None
        for table in tables.values():
            common = table.index if common is None else common.intersection(table.index)
        if common is None or not len(common):
            continue
        tables = {predictor: table.loc[common].reset_index() for predictor, table in tables.items()}
        patients = next(iter(tables.values()))["patient_id"]
        yield str(outcome), int(horizon), bootstrap_weights(patients, resamples, seed), tables  # pyright: ignore[reportArgumentType]


def _events(table: pd.DataFrame, outcome: str) -> float:
    if OUTCOMES[outcome].kind is OutcomeKind.TIME_TO_EVENT:
        return float(table["target"].sum())
    return np.nan
