"""metrics.csv and comparisons.csv: every metric of every predictor on held-out patients, with bootstrap intervals."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from outcomenet.arrays import Float
from outcomenet.errors import UndefinedMetric
from outcomenet.metrics.discrimination import average_precision, harrell_c, uno_c, weighted_auroc
from outcomenet.metrics.follow_up import at_planned_visits, time_and_event
from outcomenet.metrics.regression import calibration_intercept, calibration_slope, mae, r2
from outcomenet.metrics.resampling import (
    bootstrap_weights,
    monte_carlo_margins,
    percentile_interval,
    weight_blocks,
)
from outcomenet.metrics.risk import brier, risk_calibration_intercept, risk_calibration_slope
from outcomenet.outcome_kinds import HORIZON_TOLERANCE
from outcomenet.outcomes import OUTCOMES
from outcomenet.predictors import PAIRS, PREDICTORS, PRIMARY_PAIR

# The primary contrast is resampled at least so often: its verdict must not hang on the seed.
PRIMARY_RESAMPLES = 100_000
COLUMNS = ["predictor", "outcome", "horizon", "subgroup", "metric", "value", "lower", "upper", "n", "events"]
COMPARISON_COLUMNS = [
    "outcome", "horizon", "metric", "predictor", "reference", "difference", "lower", "upper", "n", "share_above_zero",
    "value", "reference_value", "resamples", "lower_margin", "upper_margin", "primary",
]  # fmt: skip
UNDEFINED = "One class only, no variation, or a risk of exactly 0 or 1, among the held-out patients."
# Metrics of outcomes on a scale, and of probabilities of an event.
OF_SCORES = {
    "r2": r2,
    "mae": mae,
    "calibration_slope": calibration_slope,
    "calibration_intercept": calibration_intercept,
}
OF_RISKS = {
    "auroc": weighted_auroc,
    "average_precision": average_precision,
    "brier": brier,
    "calibration_slope": risk_calibration_slope,
    "calibration_intercept": risk_calibration_intercept,
}


# Concordance counts time in planned visits: a quarter of the horizon each, so that films up to an eighth early and late are equal.
VISITS_IN_HORIZON = 4
# Share of the events that a second or later follow-up film must have shown before times are ranked.
SEEN_LATER = 0.1


class Contrast(NamedTuple):
    """One paired difference: `predictor` minus `reference` in a metric of an outcome."""

    outcome: str
    metric: str
    predictor: str
    reference: str


def primary_contrast(main_outcome: str) -> Contrast:
    """The one question that a run about this outcome is asked in advance."""
    return Contrast(main_outcome, OUTCOMES[main_outcome].headline_metric, *PRIMARY_PAIR)


class Metric(NamedTuple):
    """`usable` marks the rows that the metric can use, `compute` takes those rows and their resample weights, `why_not` says
    why they give no honest value; empty where they do."""

    usable: Callable[[pd.DataFrame], pd.Series]
    compute: Callable[[pd.DataFrame, np.ndarray], Float[np.ndarray, "resample"]]
    why_not: Callable[[pd.DataFrame], str] = lambda rows: ""

    def resampled(
        self, table: pd.DataFrame, weights: Float[np.ndarray, "resample row"]
    ) -> tuple[Float[np.ndarray, "resample"], int]:
        """The metric of every resample, the sample itself first, and the number of rows that it rests on.

        Args:
            table: rows of one predictor and outcome, with columns of the prediction table.
            weights: how often each row counts in each resample, see `resampling.bootstrap_weights`.
        """
        rows = self.usable(table).to_numpy()
        if not rows.any() or self.why_not(table[rows]):
            return np.full(len(weights), np.nan), 0
        with np.errstate(divide="ignore", invalid="ignore"):  # a resample may have drawn no usable row
            return self.compute(table[rows], weights if rows.all() else weights[:, rows]), int(rows.sum())


def metrics_of(outcome: str, horizon: int) -> dict[str, Metric]:
    """The metrics that an outcome is judged by.

    Args:
        outcome: name of the outcome.
        horizon: days, for events.
    """
    if not OUTCOMES[outcome].kind.is_event:
        return {name: Metric(_observed, _against_target(f)) for name, f in OF_SCORES.items()}

    def concordance(rows: pd.DataFrame, weights: np.ndarray, uno: bool) -> np.ndarray:
        day, event = _time_and_event(rows)
        interval = horizon / VISITS_IN_HORIZON
        time = at_planned_visits(day, interval)
        free = at_planned_visits(rows["interval_start"].to_numpy(), interval)
        risk = rows["prediction"].to_numpy()
        if not uno:
            return harrell_c(time, event, risk, weights, free)
        # The last day is that of the horizon's window, as for AUROC. Films near it are moved to the visit on that day, and Uno's
        # tau is strict: it lies half an interval beyond, and who was seen with the event later opens no pair.
        last_day = (1 + HORIZON_TOLERANCE) * horizon
        return uno_c(time, event & (day <= last_day), risk, weights, last_day + interval / 2, free)

    return {name: Metric(_observed, _against_target(f)) for name, f in OF_RISKS.items()} | {
        "harrell_c": Metric(_followed, lambda rows, w: concordance(rows, w, uno=False), _one_follow_up_film),
        "uno_c": Metric(_followed, lambda rows, w: concordance(rows, w, uno=True), _one_follow_up_film),
    }


def _one_follow_up_film(rows: pd.DataFrame) -> str:
    """Why rows have no concordance in time: who is followed by one film has no order of events but that of films' dates."""
    event = np.isfinite(rows["interval_end"])
    on_later_film = int((event & (rows["interval_start"] > 0)).sum())
    if on_later_film >= SEEN_LATER * event.sum():
        return ""
    return (
        f"Of {int(event.sum())} events {on_later_film} were seen on a second or later follow-up film: with one film after each visit, films' "
        "dates and not events would be ranked. AUROC says how events are told from others."
    )


def _against_target(metric: Callable[..., np.ndarray]) -> Callable[[pd.DataFrame, np.ndarray], np.ndarray]:
    return lambda rows, weights: metric(rows["target"].to_numpy(), rows["prediction"].to_numpy(), weights)


def _time_and_event(rows: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    return time_and_event(rows["interval_start"].to_numpy(), rows["interval_end"].to_numpy())


def _of_intervals(table: pd.DataFrame) -> dict[str, Metric]:
    """How often the 90 % interval holds the target, where a predictor has intervals at all."""
    if "lower" not in table or not table["lower"].notna().any():
        return {}
    return {"coverage": Metric(lambda rows: rows["observed"] & rows["lower"].notna(), _coverage)}


def _coverage(rows: pd.DataFrame, weights: np.ndarray) -> np.ndarray:
    within = (rows["lower"] <= rows["target"]) & (rows["target"] <= rows["upper"])
    return weights @ within.to_numpy(float) / weights.sum(1)


def _observed(rows: pd.DataFrame) -> pd.Series:
    return rows["observed"]


def _followed(rows: pd.DataFrame) -> pd.Series:
    """Rows with a later film. Those censored before the horizon count too: leaving them out would favour events."""
    return (rows["interval_start"] > 0) | np.isfinite(rows["interval_end"])


def metrics_table(
    predictions: pd.DataFrame, *, resamples: int, seed: int, level: float = 0.95
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """(metrics.csv, undefined metrics with the reason). A metric that is undefined has a row with NaN in the first.

    Args:
        predictions: a prediction table; its held-out rows are judged.
        resamples: bootstrap resamples of patients.
        seed: of the resamples.
        level: of the interval.
    """
    rows, undefined = [], []
    for outcome, horizon, weights, tables in _outcomes(predictions, resamples, seed):
        for predictor, table in tables.items():
            events = _events(table, outcome)
            for name, metric in (metrics_of(outcome, horizon) | _of_intervals(table)).items():
                values, n = metric.resampled(table, weights)
                try:
                    if not np.isfinite(values[0]):
                        raise UndefinedMetric(metric.why_not(table[metric.usable(table)]) or UNDEFINED)
                    lower, upper = percentile_interval(values[1:], level)
                except UndefinedMetric as reason:
                    undefined.append((predictor, outcome, name, str(reason)))
                    lower = upper = np.nan
                rows.append((predictor, outcome, horizon, "all", name, values[0], lower, upper, n, events))
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
    primary: Contrast | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Differences predictor - reference on the same patients and the same resamples.

    Args:
        predictions: a prediction table; its held-out rows are compared.
        resamples: bootstrap resamples of patients; the `primary` contrast takes `PRIMARY_RESAMPLES` or more.
        seed: of the resamples.
        pairs: (predictor, reference). Pairs of which one is absent, and undefined differences, have no row.
        primary: the contrast asked in advance, marked in column `primary`.
        level: of the intervals.

    Returns:
        comparisons.csv. `share_above_zero` is the share of resamples with a positive difference: for mae and brier, lower
        is better, so a share near 0 speaks for the predictor. `lower_margin` and `upper_margin` say how far the bounds
        would move with other seeds (`monte_carlo_margins`), `resamples` on how many they rest.
    """
    rows = []
    for name, horizon, weights, tables in _outcomes(predictions, resamples, seed):
        for metric_name, metric in metrics_of(name, horizon).items():
            resampled = {predictor: metric.resampled(table, weights) for predictor, table in tables.items()}
            for predictor, reference in pairs:
                if predictor not in resampled or reference not in resampled:
                    continue
                (values, n), (others, _) = resampled[predictor], resampled[reference]
                asked = primary == Contrast(name, metric_name, predictor, reference)
                if asked and resamples < PRIMARY_RESAMPLES:
                    values, others = _resampled_more(metric, tables[predictor], tables[reference], seed)
                try:
                    bounds = _difference(values, others, level)
                except UndefinedMetric:
                    continue
                difference, lower, upper, above, *margins = bounds
                row = (difference, lower, upper, n, above, values[0], others[0], len(values) - 1, *margins, asked)
                rows.append((name, horizon, metric_name, predictor, reference, *row))
    return pd.DataFrame(rows, columns=COMPARISON_COLUMNS)


def _resampled_more(
    metric: Metric, table: pd.DataFrame, other: pd.DataFrame, seed: int
) -> tuple[Float[np.ndarray, "resample"], Float[np.ndarray, "resample"]]:
    """A metric of two predictors in the primary contrast's resamples, which begin with those of the others."""
    blocks = [
        (metric.resampled(table, weights)[0], metric.resampled(other, weights)[0])
        for weights in weight_blocks(table["patient_id"], PRIMARY_RESAMPLES, seed)
    ]
    first, second = zip(*blocks, strict=True)
    return np.concatenate(first), np.concatenate(second)


def _difference(values: np.ndarray, others: np.ndarray, level: float) -> tuple[float, ...]:
    """Difference, its bounds, the share of resamples above 0, and the Monte Carlo margins of both bounds."""
    difference = values - others
    resampled = difference[1:]
    lower, upper = percentile_interval(resampled, level)
    above = float(np.mean(resampled[np.isfinite(resampled)] > 0))
    return float(difference[0]), lower, upper, above, *monte_carlo_margins(resampled, level)


def _outcomes(
    predictions: pd.DataFrame, resamples: int, seed: int
) -> Iterator[tuple[str, int, np.ndarray, dict[str, pd.DataFrame]]]:
    """Per outcome: resample weights, and every predictor's rows in one order, held out and with a known target or
    follow-up.

    Rows that not every predictor has are left out for all, so that all are judged on the same patients.
    """
    held_out = predictions[(predictions["split"] == "test") & (_observed(predictions) | _followed(predictions))]
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
    if OUTCOMES[outcome].kind.is_event:
        return float(table["target"].sum())
    return np.nan
