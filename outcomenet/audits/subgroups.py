"""Metrics in subgroups of the held-out patients: described, not tested, and no number from too few patients."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from outcomenet.audits.contract import AuditInputs, AuditResult
from outcomenet.audits.findings import Finding, absent, finding, finding_or_absent
from outcomenet.errors import UndefinedMetric
from outcomenet.metrics.resampling import bootstrap_weights, percentile_interval
from outcomenet.metrics.table import COLUMNS, metrics_of
from outcomenet.outcomes import HAQ, OUTCOMES
from outcomenet.predictors import IN_SUBGROUPS

METRICS = ("r2", "mae", "calibration_intercept", "auroc")
AGE_BANDS = (("age under 50", 0, 50), ("age 50 to 64", 50, 65), ("age 65 and over", 65, np.inf))
DURATION_BANDS = (
    ("symptoms under 2 years", 0, 2), ("symptoms 2 to 10 years", 2, 10), ("symptoms 10 years and more", 10, np.inf),
)  # fmt: skip
HAQ_MATTERS = 0.22  # smallest difference in HAQ-DI that patients notice (MCID)


def audit(inputs: AuditInputs) -> AuditResult:
    """Metrics of the held-out visits by subgroup: further rows of metrics.csv and undefined_metrics.csv."""
    keys = ["patient_id", "visit_id"]
    held_out = inputs.predictions.loc[inputs.predictions["split"] == "test", keys].drop_duplicates()
    rows, undefined = subgroup_metrics(
        inputs.predictions, inputs.visits.merge(held_out, on=keys), least_visits=inputs.sizes.subgroup_visits,
        least_patients=inputs.sizes.subgroup_patients, **inputs.chance,
    )  # fmt: skip
    spec = inputs.outcome
    if spec.unit == HAQ.unit:
        judged = finding_or_absent("subgroups", lambda: subgroups_finding(rows, inputs.judged, spec.name))
    else:
        judged = absent("subgroups", f"What matters to patients is known for HAQ-DI; metrics.csv has {spec.title}.")
    return AuditResult([judged], {"metrics.csv": rows, "undefined_metrics.csv": undefined})


def subgroups_of(visits: pd.DataFrame) -> dict[str, pd.Series]:
    """Rows of each subgroup by name: sex, age, hospital, duration, rheumatoid factor, tertile of the human total."""
    groups: dict[str, pd.Series] = {}
    for column, names in (("male", ("women", "men")), ("rf", ("RF negative", "RF positive"))):
        if column in visits:
            groups |= {name: visits[column] == value for value, name in enumerate(names)}
    for column, bands in (("age", AGE_BANDS), ("duration", DURATION_BANDS)):
        if column in visits:
            groups |= {name: (visits[column] >= low) & (visits[column] < high) for name, low, high in bands}
    groups |= {f"hospital {site}": visits["site"] == site for site in sorted(visits["site"].dropna().unique())}
    total = visits["svdh_total"]
    if total.nunique() >= 3:
        low, high = total.quantile([1 / 3, 2 / 3])
        groups |= {
            "human total: lowest third": total <= low,
            "human total: middle third": (total > low) & (total <= high),
            "human total: highest third": total > high,
        }
    return groups


def subgroup_metrics(
    predictions: pd.DataFrame,
    visits: pd.DataFrame,
    *,
    resamples: int,
    seed: int,
    least_visits: int,
    least_patients: int,
    metrics: Sequence[str] = METRICS,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows of metrics.csv with `subgroup` filled, and rows of undefined_metrics.csv with the reasons.

    A subgroup with fewer than `least_visits` visits or `least_patients` patients of known outcome has rows without a
    number. `visits` are the held-out visits with columns of the visit table.

    Args:
        predictions: a prediction table.
        visits: held-out visits with columns of the visit table.
        resamples: bootstrap resamples of patients.
        seed: of the resamples.
        least_visits: visits that a number needs.
        least_patients: patients that it needs.
        metrics: names of the metrics.
    """
    held_out = predictions[(predictions["split"] == "test") & predictions["predictor"].isin(IN_SUBGROUPS)]
    keys = ["patient_id", "visit_id"]
    rows, undefined = [], []
    for name, member in subgroups_of(visits).items():
        inside = held_out.merge(visits.loc[member.to_numpy(bool), keys], on=keys)
        for (outcome, _, predictor), table in inside.groupby(["outcome", "horizon", "predictor"], sort=False):
            horizon, table = int(table["horizon"].iloc[0]), table[table["observed"]]
            few = _too_few(name, table, least_visits, least_patients)
            no_weights = np.empty((0, len(table)))
            weights = no_weights if few else bootstrap_weights(table["patient_id"], resamples, seed)
            timed = OUTCOMES[str(outcome)].kind.is_event
            events = float(table["target"].sum()) if timed else np.nan
            for metric, computed in metrics_of(str(outcome), horizon).items():
                if metric not in metrics or (metric == "calibration_intercept" and timed):
                    continue
                values = (np.nan,) * 3
                try:
                    if few:
                        raise UndefinedMetric(few)
                    values = _with_interval(computed.resampled(table, weights)[0], name)
                except UndefinedMetric as reason:
                    undefined.append((predictor, outcome, metric, str(reason)))
                rows.append((predictor, outcome, horizon, name, metric, *values, len(table), events))
    reasons = pd.DataFrame(undefined, columns=["predictor", "outcome", "metric", "reason"])
    return pd.DataFrame(rows, columns=COLUMNS), reasons


def _too_few(name: str, table: pd.DataFrame, least_visits: int, least_patients: int) -> str:
    patients = table["patient_id"].nunique()
    if len(table) >= least_visits and patients >= least_patients:
        return ""
    return (
        f"Subgroup '{name}' has {len(table)} visits of {patients} patients with a known outcome; "
        f"{least_visits} visits and {least_patients} patients are needed for a number."
    )


def _with_interval(values: np.ndarray, name: str) -> tuple[float, float, float]:
    if not np.isfinite(values[0]):
        raise UndefinedMetric(f"Subgroup '{name}' holds one class only, or no variation.")
    return float(values[0]), *percentile_interval(values[1:])


def subgroups_finding(table: pd.DataFrame, predictor: str, outcome: str, limit: float = HAQ_MATTERS) -> Finding:
    """An alarm where a subgroup's HAQ is predicted too high or too low on average by more than `limit`, beyond chance.

    Tertiles of the human total are left out: they are made of what the measure is compared with.

    Args:
        table: rows that `subgroup_metrics` gives.
        predictor: whose predictions are judged.
        outcome: an outcome in HAQ units.
        limit: HAQ units.

    Raises:
        UndefinedMetric: no subgroup has a number.
    """
    rows = table[(table["predictor"] == predictor) & (table["outcome"] == outcome)]
    rows = rows[(rows["metric"] == "calibration_intercept") & ~rows["subgroup"].str.startswith("human total")]
    known = rows[rows["value"].notna()]
    if known.empty:
        raise UndefinedMetric("No subgroup has enough held-out patients for a number.")
    off = known[(known["value"].abs() > limit) & ((known["lower"] > 0) | (known["upper"] < 0))]
    few = len(rows) - len(known)
    note = f" {few} subgroups were too small for a number." if few else ""
    if off.empty:
        return finding(
            "subgroups",
            False,
            f"In none of {len(known)} subgroups is HAQ-DI off by {limit} on average beyond chance.{note}",
        )
    words = "; ".join(
        f"{row.subgroup} by {row.value:+.2f} ({row.lower:+.2f} to {row.upper:+.2f})" for row in off.itertuples()
    )
    return finding(
        "subgroups",
        True,
        f"Of {len(known)} subgroups, HAQ-DI is predicted too low (+) or too high (-) in: {words}.{note}",
    )
