"""The score without its PIP joints, where rheumatoid and osteoarthritic narrowing cannot be told apart on film."""

from __future__ import annotations

import numpy as np
import pandas as pd

from outcomenet.audits.contract import AuditInputs, AuditResult
from outcomenet.audits.findings import Finding, finding
from outcomenet.audits.sites import r2_recalibrated
from outcomenet.errors import UndefinedMetric
from outcomenet.metrics.resampling import bootstrap_weights, percentile_interval
from outcomenet.scoring import SVDH

COLUMNS = ["what", "value", "lower", "upper", "patients", "n"]
FEWEST_PATIENTS = 30
DAMAGED = 0.5  # mean grade over the readers from which a site counts as damaged
GRADED = tuple(f"svdh_{site.name}" for site in SVDH.sites)  # no other column, svdh_change_half_width is none
# "mostly": more than half of the summed grades; with noise in the readings hardly anybody is damaged at one place only
PLACES = ("none", "PIP only", "PIP mostly", "elsewhere")
LARGEST_LOSS = 0.25  # share of what the score tells that may hang on the PIP joints


def audit(inputs: AuditInputs) -> AuditResult:
    """The score with and without its PIP joints: audit_pip.csv."""
    table = audit_pip_joints(inputs.trained.held_out(), **inputs.chance)
    return AuditResult([pip_finding(table)], {"audit_pip.csv": table})


def is_pip(column: str) -> bool:
    """Whether a column `joint_<side>_<site>` or `svdh_<side>_<site>_<feature>` is of a PIP joint.

    >>> is_pip("joint_LH_PIP2"), is_pip("svdh_RH_PIP5_erosion"), is_pip("joint_LH_DIP2")
    (True, True, False)
    """
    return column.split("_")[2].startswith("PIP")


def audit_pip_joints(table: pd.DataFrame, *, resamples: int, seed: int) -> pd.DataFrame:
    """audit_pip.csv: squared correlation of HAQ with the score, the score without PIP joints and the PIP joints alone;
    and the mean score, in SD, of visits by where human readers see damage.

    Args:
        table: held-out visits with patient_id, haq, score, joint_<side>_<site> and grades
            svdh_<side>_<site>_<feature>, which may be missing.
        resamples: bootstrap resamples of patients.
        seed: of the resamples.

    Returns:
        what, value (0 to 1, or SD of the score), lower, upper, patients, n.

    Raises:
        UndefinedMetric: fewer than 30 patients.
    """
    rows = table.dropna(subset=["haq", "score"])
    patients = rows["patient_id"]
    if patients.nunique() < FEWEST_PATIENTS:
        raise UndefinedMetric(f"At least {FEWEST_PATIENTS} patients are needed, there are {patients.nunique()}.")
    weights = bootstrap_weights(patients, resamples, seed)
    joints = [name for name in map(str, rows) if name.startswith("joint_")]
    pip = rows[[name for name in joints if is_pip(name)]].sum(axis=1).to_numpy(float)
    score, haq = rows["score"].to_numpy(float), rows["haq"].to_numpy(float)
    whole, without, alone = (r2_recalibrated(haq, part, weights) for part in (score, score - pip, pip))
    curves = {"score": whole, "score without PIP": without, "PIP alone": alone, "loss without PIP": whole - without}
    counts = patients.nunique(), len(rows)
    measured = [(name, values[0], *_interval(values), *counts) for name, values in curves.items()]
    return pd.DataFrame([*measured, *_by_damage(rows, score)], columns=COLUMNS)


def _interval(values: np.ndarray) -> tuple[float, float]:
    return percentile_interval(values[1:])


def damage_place(rows: pd.DataFrame) -> pd.Series:
    """Where human readers see damage at each visit, one of `PLACES`; None without a reading."""
    graded = [name for name in GRADED if name in rows]
    pip, others = [n for n in graded if is_pip(n)], [n for n in graded if not is_pip(n)]
    at_pip, elsewhere = ((rows[names] >= DAMAGED).any(axis=1) for names in (pip, others))
    mostly = rows[pip].sum(axis=1) > rows[others].sum(axis=1)
    place = np.select([~at_pip & ~elsewhere, ~elsewhere, mostly], PLACES[:3], PLACES[3])
    known = rows[graded].notna().any(axis=1) if graded else pd.Series(False, rows.index)
    return pd.Series(place, rows.index, object).where(known, None)


def _by_damage(rows: pd.DataFrame, score: np.ndarray) -> list[tuple]:
    place, measured = damage_place(rows), []
    standard = (score - score.mean()) / score.std()
    for name in PLACES:
        at = (place == name).to_numpy()
        value = standard[at].mean() if at.any() else np.nan
        # by patients, not visits, which are alike within a patient
        spread = (
            1.96 * standard[at].std(ddof=1) / np.sqrt(rows.loc[at, "patient_id"].nunique()) if at.sum() > 1 else np.nan
        )
        counts = rows.loc[at, "patient_id"].nunique(), int(at.sum())
        measured.append((f"mean score in SD, damage: {name}", value, value - spread, value + spread, *counts))
    return measured


def pip_finding(table: pd.DataFrame) -> Finding:
    """An alarm where more than a quarter of what the score tells about HAQ hangs on the PIP joints, beyond chance."""
    rows = table.set_index("what")
    whole, loss = rows.loc["score"], rows.loc["loss without PIP"]
    alarm = bool(loss["lower"] > 0 and loss["value"] > LARGEST_LOSS * whole["value"])
    words = "It loses much" if alarm else "It does"
    at_pip = [_mean_score(rows, place) for place in PLACES[1:3]]
    return finding(
        "pip", alarm,
        f"{words}: R² with HAQ-DI {whole['value']:.2f}, and {rows.loc['score without PIP', 'value']:.2f} without them. "
        f"Damage at {' and '.join(at_pip)}.",
    )  # fmt: skip


def _mean_score(rows: pd.DataFrame, place: str) -> str:
    row = rows.loc[[f"mean score in SD, damage: {place}"]].iloc[0]
    mean = f", mean score {row['value']:+.2f} SD" if np.isfinite(row["value"]) else ""
    return f"{place}: {int(row['n'])} visits{mean}"
