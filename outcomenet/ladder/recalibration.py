"""Recalibrated risks of the networks, and calibration before and after, apart from discrimination."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from outcomenet.errors import DataRefused
from outcomenet.ladder.calibrators import Calibrators, fit_calibrators
from outcomenet.metrics.resampling import bootstrap_weights, estimate
from outcomenet.metrics.risk import brier, risk_calibration_intercept, risk_calibration_slope
from outcomenet.outcomes import OUTCOMES
from outcomenet.predictors import NETWORKS

MEASURES = {
    "calibration_slope": risk_calibration_slope,
    "calibration_intercept": risk_calibration_intercept,
    "brier": brier,
}
RISKS = ["outcome", "horizon", "predictor", "patient_id", "visit_id", "target", "none", "platt", "isotonic"]
COLUMNS = ["predictor", "outcome", "horizon", "calibrator", "metric", "value", "lower", "upper", "n", "events"]


@dataclass(frozen=True)
class Recalibration:
    """`calibrators` by outcome and network; `risks` of held-out visits, one column per calibrator (`none`: the network's
    own); `quality` of these, with intervals; `notes` on networks that could not be recalibrated."""

    calibrators: dict[str, dict[str, Calibrators]]
    risks: pd.DataFrame
    quality: pd.DataFrame
    notes: list[str]


def recalibrate(predictions: pd.DataFrame, *, resamples: int, seed: int) -> Recalibration:
    """Fits on the validation rows of a prediction table and judges on its test rows. The table itself is left alone.

    Args:
        predictions: a prediction table.
        resamples: bootstrap resamples of patients.
        seed: of the resamples.
    """
    calibrators: dict[str, dict[str, Calibrators]] = {}
    risks, quality, notes = [], [], []
    of_networks = predictions[predictions["predictor"].isin(NETWORKS)]
    for keys, rows in of_networks.groupby(["outcome", "horizon", "predictor"], sort=False):
        (name, network), horizon = (str(keys[0]), str(keys[2])), keys[1]
        if not OUTCOMES[name].kind.is_event:
            continue
        # patients that the network did not learn from and that are not judged
        known = rows[(rows["split"] == "validation") & rows["observed"]]
        try:
            fitted = fit_calibrators(known["target"].to_numpy(), known["prediction"].to_numpy())
        except DataRefused as reason:
            notes.append(f"{network} for {OUTCOMES[name].title} is not recalibrated: {reason}")
            continue
        calibrators.setdefault(name, {})[network] = fitted
        held_out = rows[rows["split"] == "test"].assign(none=lambda r: r["prediction"])
        predicted = held_out["prediction"].to_numpy()
        held_out = held_out.assign(**{kind: map_.apply(predicted) for kind, map_ in fitted.named().items()})
        risks.append(held_out[RISKS])
        quality += [(network, name, horizon, *row) for row in _quality(held_out, resamples, seed)]
    return Recalibration(
        calibrators,
        pd.concat(risks, ignore_index=True) if risks else pd.DataFrame(columns=RISKS),
        pd.DataFrame(quality, columns=COLUMNS),
        notes,
    )


def _quality(held_out: pd.DataFrame, resamples: int, seed: int) -> list[tuple]:
    """A row per calibrator and measure; NaN where a measure or its interval is undefined."""
    rows = held_out[held_out["observed"]]
    if rows.empty:
        return []
    weights, target = bootstrap_weights(rows["patient_id"], resamples, seed), rows["target"].to_numpy()
    measured = []
    for calibrator in ("none", "platt", "isotonic"):
        for name, measure in MEASURES.items():
            values = measure(target, rows[calibrator].to_numpy(), weights)
            measured.append((calibrator, name, *estimate(values), len(rows), float(target.sum())))
    return measured
