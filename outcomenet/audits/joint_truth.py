"""Rank correlation of joint contributions with the true state of their joints, in simulated cohorts."""

from __future__ import annotations

import pandas as pd

from outcomenet.anatomy import JOINT_KINDS, JOINTS
from outcomenet.audits.contract import AuditInputs, AuditResult
from outcomenet.audits.findings import Finding, finding, finding_or_absent
from outcomenet.errors import UndefinedMetric
from outcomenet.metrics.correlation import weighted_rank_correlation
from outcomenet.metrics.resampling import bootstrap_weights, estimate

COLUMNS = ["joint", "spearman_damage", "lower", "upper", "spearman_osteophyte", "patients", "n"]


def audit(inputs: AuditInputs) -> AuditResult:
    """Contributions beside the true state of their joints: audit_joint_truth.csv."""
    network = inputs.trained
    table = audit_joint_truth(network.held_out(), network.true_joints(), **inputs.chance)
    judged = finding_or_absent("joint_truth", lambda: joint_truth_finding(table))
    return AuditResult([judged], {"audit_joint_truth.csv": table})


def audit_joint_truth(biomarker: pd.DataFrame, truth: pd.DataFrame, *, resamples: int, seed: int) -> pd.DataFrame:
    """audit_joint_truth.csv: one row per kind of joint, left and right together.

    `biomarker` has patient_id, visit_id and joint_<side>_<site>; `truth` is truth/joints.csv. Damage is the mean of the
    shares of bone and cartilage lost to rheumatoid arthritis.

    Args:
        biomarker: patient_id, visit_id and a column joint_<side>_<site> for each joint; NaN where it was not seen.
        truth: truth/joints.csv: erosion, narrowing and osteophyte as shares, 0 to 1.
        resamples: bootstrap resamples of patients.
        seed: of the resamples.

    Returns:
        joint, spearman_damage, lower, upper, spearman_osteophyte, patients, n; kinds of joints without damage have no
        row.
    """
    states = truth.assign(damage=0.5 * (truth["erosion"] + truth["narrowing"]))
    columns = ["patient_id", "visit_id", "side", "site", "damage", "osteophyte"]
    long = _long(biomarker).merge(states[columns], on=columns[:4], validate="one_to_one").dropna()
    rows = []
    for kind in JOINT_KINDS:
        part = long[long["kind"] == kind]
        # finger end joints that rheumatoid arthritis never reaches have no ranks to follow
        if part["damage"].nunique() < 2:
            continue
        weights = bootstrap_weights(part["patient_id"], resamples, seed)
        contribution = part["contribution"].to_numpy(float)
        values = weighted_rank_correlation(contribution, part["damage"].to_numpy(float), weights)
        oa = weighted_rank_correlation(contribution, part["osteophyte"].to_numpy(float), weights[:1])[0]
        rows.append((kind, *estimate(values), oa, part["patient_id"].nunique(), len(part)))
    return pd.DataFrame(rows, columns=COLUMNS)


def _long(biomarker: pd.DataFrame) -> pd.DataFrame:
    """One row per visit and joint."""
    keys = biomarker[["patient_id", "visit_id"]]
    parts = [
        keys.assign(side=str(j.side), site=j.site, kind=j.kind, contribution=biomarker[f"joint_{j.name}"])
        for j in JOINTS
    ]
    return pd.concat(parts, ignore_index=True)


def joint_truth_finding(table: pd.DataFrame) -> Finding:
    """An alarm unless more than half of the kinds of joints, DIP left out, follow their true damage beyond chance."""
    known = table.dropna(subset=["spearman_damage", "lower"])
    known = known[~known["joint"].str.startswith("hand_DIP")]  # rheumatoid arthritis hardly reaches them
    if known.empty:
        raise UndefinedMetric("No joint's true damage and contribution both vary between the held-out visits.")
    follow = int((known["lower"] > 0).sum())
    alarm = follow <= len(known) / 2
    # following damage the wrong way round is no following, and osteophytes need only beat 0 then
    misled = int((known["spearman_osteophyte"] > known["spearman_damage"].clip(lower=0)).sum())
    words = "Most do not" if alarm else "Most do"
    return finding(
        "joint_truth", alarm,
        f"{words}: {follow} of {len(known)} kinds of joints follow their true damage beyond chance (median Spearman "
        f"{known['spearman_damage'].median():.2f}); {misled} follow osteophytes more.",
    )  # fmt: skip
