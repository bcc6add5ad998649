"""Negative-control outcomes: cross-fitted prediction of numbers that no film may predict."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from outcomenet.arrays import Float
from outcomenet.audits.contract import AuditInputs, AuditResult, embedding_of
from outcomenet.audits.cross_fitting import CrossFit, permuted_patients
from outcomenet.audits.findings import Finding, absent, finding
from outcomenet.errors import UndefinedMetric
from outcomenet.metrics.regression import r2
from outcomenet.metrics.resampling import bootstrap_weights, percentile_interval
from outcomenet.outcomes import NEGATIVE_CONTROLS

FEWEST_PATIENTS = 30
COLUMNS = ["control", "source", "r2", "lower", "upper", "null_upper", "n", "patients", "reading"]


def audit(inputs: AuditInputs) -> AuditResult:
    """What embedding and score tell about each negative control: audit_controls.csv."""
    held_out = inputs.trained.held_out()
    table, findings = audit_controls(held_out, embedding_of(held_out), **inputs.null)
    return AuditResult(findings, {"audit_controls.csv": table})


class Prediction(NamedTuple):
    """Cross-fitted R2 (0: nothing is known), its interval, and what permuted patients reach at most (97.5 %)."""

    r2: float
    lower: float
    upper: float
    null_upper: float

    @property
    def above_chance(self) -> bool:
        return self.r2 > max(self.null_upper, 0.0)


def predict_control(
    features: Float[np.ndarray, "row feature"],
    control: Float[np.ndarray, "row"],
    patients: pd.Series,
    *,
    resamples: int,
    permutations: int,
    seed: int,
) -> Prediction:
    """R2 of a ridge regression of `control` on `features`, cross-fitted by patient (Lipsitch, Epidemiology 2010).

    Args:
        features: embedding or score.
        control: the negative control; no gaps.
        patients: patient of each row; a patient's rows are kept together.
        resamples: bootstrap resamples of patients.
        permutations: how often targets are handed to other patients.
        seed: of resamples and permutations.

    Raises:
        UndefinedMetric: fewer than 30 patients, or one value only.
    """
    if patients.nunique() < FEWEST_PATIENTS:
        raise UndefinedMetric(
            f"A negative control needs at least {FEWEST_PATIENTS} patients, there are {patients.nunique()}."
        )
    regression = CrossFit(features, patients)
    values = r2(control, regression.predict(control[:, None])[:, 0], bootstrap_weights(patients, resamples, seed))
    if not np.isfinite(values[0]):
        raise UndefinedMetric("The negative control has one value only, so there is nothing to predict.")
    # the same regression on targets of other patients: what chance reaches with as many visits per patient
    shuffled = control[permuted_patients(patients, permutations, seed)].T
    ones, prediction = np.ones((1, len(control))), regression.predict(shuffled)
    null = [r2(shuffled[:, k], prediction[:, k], ones)[0] for k in range(permutations)]
    return Prediction(float(values[0]), *percentile_interval(values[1:]), float(np.quantile(null, 0.975)))


def audit_controls(
    table: pd.DataFrame,
    embedding: Float[np.ndarray, "row feature"],
    *,
    resamples: int,
    permutations: int,
    seed: int,
) -> tuple[pd.DataFrame, list[Finding]]:
    """audit_controls.csv and one finding per control; `table` has patient_id, score and the controls' columns.

    Args:
        table: patient_id, score and the controls' columns of held-out visits.
        embedding: of the same rows.
        resamples: bootstrap resamples of patients.
        permutations: how often targets are handed to other patients.
        seed: of resamples and permutations.

    Returns:
        control, source, r2, lower, upper, null_upper, n, patients, reading; a control that the cohort lacks is an
        absent finding.
    """
    sources = {"embedding": embedding, "score": table[["score"]].to_numpy(float)}
    rows, findings = [], []
    for control in NEGATIVE_CONTROLS:
        if control not in table or table[control].isna().all():
            findings.append(absent(control, f"The cohort has no column {control}."))
            continue
        known = table[control].notna().to_numpy()
        try:
            predictions = {
                source: predict_control(
                    features[known], table.loc[known, control].to_numpy(float), table.loc[known, "patient_id"],
                    resamples=resamples, permutations=permutations, seed=seed,
                )
                for source, features in sources.items()
            }  # fmt: skip
        except UndefinedMetric as reason:
            findings.append(absent(control, reason))
            continue
        for source, prediction in predictions.items():
            verdict = "above chance" if prediction.above_chance else "as by chance"
            counts = int(known.sum()), table.loc[known, "patient_id"].nunique()
            rows.append((control, source, *prediction, *counts, verdict))
        findings.append(_finding(control, predictions))
    return pd.DataFrame(rows, columns=COLUMNS), findings


def _finding(control: str, predictions: dict[str, Prediction]) -> Finding:
    values = " and ".join(f"{prediction.r2:.2f} from the {source}" for source, prediction in predictions.items())
    leaks = [source for source, prediction in predictions.items() if prediction.above_chance]
    if not leaks:
        return finding(control, False, f"It does not, beyond chance: R² {values}.")
    meaning = "the hospital leaks into the measure" if control == "control_site" else "something leaks that has no name"
    return finding(control, True, f"It does, from the {' and the '.join(leaks)}: R² {values}; {meaning}.")
