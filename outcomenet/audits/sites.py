"""Accuracy and calibration of predictions hospital by hospital, before and after recalibration."""

from __future__ import annotations

import numpy as np
import pandas as pd

from outcomenet.arrays import Float
from outcomenet.audits.contract import AuditInputs, AuditResult
from outcomenet.audits.findings import Finding, absent, finding, finding_or_absent
from outcomenet.errors import UndefinedMetric
from outcomenet.metrics.regression import calibration_intercept, calibration_slope, r2
from outcomenet.metrics.resampling import bootstrap_weights, estimate
from outcomenet.outcomes import HAQ

COLUMNS = ["site", "predictor", "learned_at", "metric", "value", "lower", "upper", "patients", "n"]
FEWEST_PATIENTS, FEWEST_VISITS = 15, 30
HAQ_MATTERS = 0.22  # smallest difference in HAQ-DI that patients notice (MCID)


def audit(inputs: AuditInputs) -> AuditResult:
    """Predictions of the main outcome hospital by hospital: audit_sites.csv."""
    spec = inputs.outcome
    if spec.kind.is_event:
        reason = f"It is computed for a bounded outcome; this run is about {spec.title}."
        return AuditResult([absent("sites", reason)])
    table = audit_sites(inputs.predictions_by_site(), **inputs.chance)
    if spec.unit == HAQ.unit:
        judged = finding_or_absent("sites", lambda: sites_finding(table))
    else:
        judged = absent("sites", f"What matters to patients is known for HAQ-DI; audit_sites.csv has {spec.title}.")
    return AuditResult([judged], {"audit_sites.csv": table})


def r2_recalibrated(
    target: Float[np.ndarray, "row"], prediction: Float[np.ndarray, "row"], weights: Float[np.ndarray, "resample row"]
) -> Float[np.ndarray, "resample"]:
    """R2 after intercept and slope were refitted on the very rows: the squared correlation, what ranking alone is worth.

    Args:
        target: observed outcome.
        prediction: predicted outcome, in the same unit.
        weights: how often each row counts in each resample, see `resampling.bootstrap_weights`.

    Returns:
        0 to 1, one value per resample; NaN where nothing varies.
    """
    slope = calibration_slope(target, prediction, weights)
    n = weights.sum(1)

    def variance(values: np.ndarray) -> np.ndarray:
        return weights @ values**2 / n - (weights @ values / n) ** 2

    with np.errstate(divide="ignore", invalid="ignore"):
        return slope**2 * variance(prediction) / variance(target)


METRICS = {
    "r2": r2,
    "r2_recalibrated": r2_recalibrated,
    "calibration_intercept": calibration_intercept,
    "calibration_slope": calibration_slope,
}


def audit_sites(predictions: pd.DataFrame, *, resamples: int, seed: int) -> pd.DataFrame:
    """audit_sites.csv from held-out predictions of one bounded outcome: patient_id, site, predictor, learned_at
    (`other sites`: the site was left out; `all sites`), prediction, target.

    A site with fewer than 15 patients or 30 visits has one row per predictor without numbers.

    Args:
        predictions: the columns named above; rows without a target are left out.
        resamples: bootstrap resamples of patients.
        seed: of the resamples.

    Returns:
        site, predictor, learned_at, metric, value, lower, upper, patients, n.
    """
    rows = []
    for (site, predictor, learned_at), part in predictions.dropna(subset=["target"]).groupby(
        ["site", "predictor", "learned_at"], sort=False
    ):
        counts = part["patient_id"].nunique(), len(part)
        if counts[0] < FEWEST_PATIENTS or counts[1] < FEWEST_VISITS:
            rows.append((site, predictor, learned_at, "too few patients", np.nan, np.nan, np.nan, *counts))
            continue
        weights = bootstrap_weights(part["patient_id"], resamples, seed)
        for name, metric in METRICS.items():
            values = metric(part["target"].to_numpy(float), part["prediction"].to_numpy(float), weights)
            rows.append((site, predictor, learned_at, name, *estimate(values), *counts))
    return pd.DataFrame(rows, columns=COLUMNS).sort_values(["site"], kind="stable", ignore_index=True)


def sites_finding(table: pd.DataFrame, limit: float = HAQ_MATTERS, *, retrained: bool = False) -> Finding:
    """An alarm where predictions at some site are off on average by more than `limit` (HAQ units), beyond chance.

    Unless `retrained`, networks were not trained again without a site: for them a site is one that they have seen.

    Args:
        table: what `audit_sites` gives.
        limit: HAQ units.
        retrained: whether networks, too, were trained without the site that judges them.

    Raises:
        UndefinedMetric: fewer than two hospitals have enough held-out patients.
    """
    known = table[table["metric"] == "calibration_intercept"]
    if known["site"].nunique() < 2:
        raise UndefinedMetric(
            f"Fewer than two hospitals have {FEWEST_PATIENTS} held-out patients and {FEWEST_VISITS} visits."
        )
    off = known[(known["value"].abs() > limit) & ((known["lower"] > 0) | (known["upper"] < 0))]
    left_out = table[(table["metric"] == "r2") & (table["learned_at"] == "other sites")]
    seen = table[(table["metric"] == "r2") & (table["learned_at"] == "all sites")]
    lost = seen.merge(left_out, on=["site", "predictor"])
    worst = f" At most {max((lost['value_x'] - lost['value_y']).max(), 0):.2f} of R² is lost." if len(lost) else ""
    note = (
        " Networks, too, were trained without the site that judges them."
        if retrained
        else " Networks were not trained again without a site; theirs are results at sites that they had seen."
    )
    if off.empty:
        return finding("sites", False, f"No prediction is off by {limit} HAQ units on average.{worst}{note}")
    words = "; ".join(
        f"{row.predictor} at {row.site} ({row.learned_at}) by {row.value:+.2f} ({row.lower:+.2f} to {row.upper:+.2f})"
        for row in off.itertuples()
    )
    return finding("sites", True, f"Predictions are off on average: {words}.{worst}{note}")
