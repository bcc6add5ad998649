"""Shift of the score when one cause is set by hand and everything else stays, in simulated cohorts."""

from __future__ import annotations

import numpy as np
import pandas as pd

from outcomenet.arrays import Float
from outcomenet.audits.contract import AuditInputs, AuditResult
from outcomenet.audits.findings import Finding, absent, finding
from outcomenet.errors import UndefinedMetric
from outcomenet.metrics.resampling import bootstrap_weights, percentile_interval

USUAL = "usual"
DAMAGE = "ra_damage"
COLUMNS = ["intervention", "value", "shift", "lower", "upper", "share_of_damage_shift", "patients", "n"]
FEWEST_PATIENTS = 10


def audit(inputs: AuditInputs) -> AuditResult:
    """Shifts of the score of held-out patients drawn again under each intervention: audit_interventions.csv."""
    table = audit_interventions(inputs.trained.scores_under_interventions(), **inputs.chance)
    findings = intervention_findings(table, inputs.sizes.largest_shift)
    return AuditResult(findings, {"audit_interventions.csv": table})


def shift_in_sd(
    usual: Float[np.ndarray, "row"], changed: Float[np.ndarray, "row"], weights: Float[np.ndarray, "resample row"]
) -> Float[np.ndarray, "resample"]:
    """Mean of changed - usual over the SD of usual, in every resample; above 0 the intervention raises the score.

    Args:
        usual: scores in the world as it was.
        changed: scores of the same rows under the intervention.
        weights: how often each row counts in each resample, see `resampling.bootstrap_weights`.

    >>> shift_in_sd(np.array([0.0, 2.0]), np.array([1.0, 3.0]), np.ones((1, 2)))
    array([1.])
    """
    n = weights.sum(1)
    mean = weights @ usual / n
    # mean of squares minus squared mean may be a rounding error below 0
    spread = np.sqrt(np.maximum(weights @ usual**2 / n - mean**2, 0.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(spread > 1e-9, weights @ (changed - usual) / n / spread, np.nan)


def audit_interventions(scores: pd.DataFrame, *, resamples: int, seed: int) -> pd.DataFrame:
    """audit_interventions.csv from `scores`: patient_id, visit_id, intervention, value, score.

    The intervention `usual` is the world as it was. `share_of_damage_shift` sets each shift beside that of all
    rheumatoid damage there is in the audit (its highest value minus its lowest).

    Args:
        scores: one row per visit and intervention.
        resamples: bootstrap resamples of patients.
        seed: of the resamples.

    Returns:
        intervention, value, shift (SD of the usual score), lower, upper, share_of_damage_shift, patients, n.

    Raises:
        UndefinedMetric: fewer than 10 patients, or a score that is the same for all.
    """
    usual = scores[scores["intervention"] == USUAL]
    if usual["patient_id"].nunique() < FEWEST_PATIENTS:
        raise UndefinedMetric(
            f"At least {FEWEST_PATIENTS} held-out patients are needed, there are {usual['patient_id'].nunique()}."
        )
    keys = ["patient_id", "visit_id"]
    weights = bootstrap_weights(usual["patient_id"], resamples, seed)
    rows = []
    for (name, value), changed in scores[scores["intervention"] != USUAL].groupby(
        ["intervention", "value"], sort=False
    ):
        paired = usual[keys + ["score"]].merge(changed[keys + ["score"]], on=keys, how="left", validate="one_to_one")
        shift = shift_in_sd(paired["score_x"].to_numpy(float), paired["score_y"].to_numpy(float), weights)
        if not np.isfinite(shift[0]):
            raise UndefinedMetric("The score is the same for all patients, so that it has no SD to measure a shift by.")
        rows.append((name, value, shift[0], *percentile_interval(shift[1:]), np.nan))
    table = pd.DataFrame(rows, columns=COLUMNS[:6])
    damage = table.loc[table["intervention"] == DAMAGE, "shift"]
    if len(damage):
        table["share_of_damage_shift"] = table["shift"] / (damage.max() - damage.min())
    return table.assign(patients=usual["patient_id"].nunique(), n=len(usual))[COLUMNS]


def intervention_findings(table: pd.DataFrame, largest_shift: float) -> list[Finding]:
    """Alarms where the score moves by more than `largest_shift` SD, beyond chance, and should stay; or stays and should
    move (rheumatoid damage).

    Args:
        table: what `audit_interventions` gives.
        largest_shift: SD of the score.
    """
    findings = []
    for name in ("oa", "site", "scanner"):
        rows = table[table["intervention"] == name]
        if rows.empty:
            findings.append(absent(f"do_{name}", "It was not set in this run."))
            continue
        moved = rows[(rows["shift"].abs() > largest_shift) & ((rows["lower"] > 0) | (rows["upper"] < 0))]
        words = "It moves" if len(moved) else f"It stays within {largest_shift} SD, or within chance"
        findings.append(finding(f"do_{name}", bool(len(moved)), f"{words}: {_shifts(rows)}."))
    rows = table[table["intervention"] == DAMAGE]
    if rows.empty:
        return [*findings, absent(f"do_{DAMAGE}", "It was not set in this run.")]
    by_dose = rows.assign(value=rows["value"].astype(float)).sort_values("value")
    least, most = by_dose.iloc[0], by_dose.iloc[-1]
    rises = bool(most["lower"] > least["upper"])
    words = "It rises with it" if rises else "It does not rise with it beyond chance"
    return [*findings, finding(f"do_{DAMAGE}", not rises, f"{words}: {_shifts(rows)}.")]


def _shifts(rows: pd.DataFrame) -> str:
    # the value first: behind a semicolon a sign begins a formula for some spreadsheets
    return "; ".join(
        f"at {row.value} by {row.shift:+.2f} SD ({row.lower:+.2f} to {row.upper:+.2f})" for row in rows.itertuples()
    )
