"""Bias of the effect of the score on HAQ-DI, with fibromyalgia and osteoarthritis left out on purpose.

In a simulated cohort the true effect is known. The score is brought to the unit of the true rheumatoid part of
disability by regression calibration (Carroll, Measurement Error in Nonlinear Models, 2006, ch. 4), so that noise in the
score does not count as bias: what remains is what the score carries beyond rheumatoid disease.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from outcomenet.arrays import Float
from outcomenet.audits.contract import AuditInputs, AuditResult
from outcomenet.audits.findings import Finding, finding, finding_or_absent
from outcomenet.errors import UndefinedMetric
from outcomenet.metrics.resampling import bootstrap_weights, percentile_interval

ALWAYS = ("age", "male")  # in every set: both change films and disability by themselves
# Each confounder is left out once, so that the table shows what it would have hidden.
SETS: tuple[tuple[str, ...], ...] = ((), ("oa",), ("fm",), ("fm", "oa"))
OTHER_PARTS = ("oa_part", "fm_part", "covariate_part")  # of disability, besides the rheumatoid one
COLUMNS = ["adjusted_for", "effect", "truth", "bias", "lower", "upper", "relative_bias", "patients", "n"]
FEWEST_PATIENTS = 30
WIDEST = 2.0  # width of the interval, in true effects, beyond which a bias is not judged


def audit(inputs: AuditInputs) -> AuditResult:
    """The effect of the score on HAQ-DI beside the true one: audit_bias.csv."""
    table = audit_bias(inputs.trained.held_out(), **inputs.chance)
    judged = finding_or_absent("bias", lambda: bias_finding(table, inputs.sizes.largest_bias))
    return AuditResult([judged], {"audit_bias.csv": table})


def calibrated_effect(
    score: Float[np.ndarray, "row"],
    exposure: Float[np.ndarray, "row"],
    outcome: Float[np.ndarray, "row"],
    terms: Float[np.ndarray, "row term"],
    weights: Float[np.ndarray, "row"],
) -> float:
    """Slope of the outcome on the score over slope of the exposure on the score, both with the same terms: the outcome's
    change per unit of exposure, as the score sees it.

    Args:
        score: score of the network.
        exposure: true rheumatoid part of disability, in logits.
        outcome: HAQ-DI.
        terms: columns that are adjusted for.
        weights: how often each row counts.

    Returns:
        HAQ units per logit; NaN where the score does not go with the exposure.
    """
    design = np.column_stack([score, terms, np.ones(len(score))])
    # least squares of rows that are repeated as often as they were drawn
    root = np.sqrt(weights)[:, None]
    slopes = np.linalg.lstsq(root * design, root * np.column_stack([outcome, exposure]), rcond=None)[0][0]
    return float(slopes[0] / slopes[1]) if abs(slopes[1]) > 1e-12 else np.nan


def audit_bias(table: pd.DataFrame, *, resamples: int, seed: int) -> pd.DataFrame:
    """audit_bias.csv: one row per set of confounders that is adjusted for, beside age and sex.

    `table` holds score, haq, expected_haq, age, male, fm, oa, and the parts of latent disability of truth/visits.csv.
    The exposure is the rheumatoid part, damage and activity together, in logits of latent disability: films show both.
    `effect` is HAQ units per logit; `truth` the same with the noise-free HAQ and every other part given; `bias` =
    effect - truth with its patient-bootstrap interval.

    Args:
        table: held-out visits with patient_id, score, haq, expected_haq, age, male, fm, oa and the parts of latent
            disability; rows with a gap are left out.
        resamples: bootstrap resamples of patients.
        seed: of the resamples.

    Returns:
        adjusted_for, effect, truth, bias, lower, upper, relative_bias, patients, n.

    Raises:
        UndefinedMetric: fewer than 30 patients, or a score that does not go with the exposure.
    """
    needed = ["score", "haq", "expected_haq", "ra_part", "activity_part", *OTHER_PARTS, *ALWAYS, *SETS[-1]]
    rows = table.dropna(subset=needed)
    patients = rows["patient_id"]
    if patients.nunique() < FEWEST_PATIENTS:
        raise UndefinedMetric(f"At least {FEWEST_PATIENTS} patients are needed, there are {patients.nunique()}.")
    weights = bootstrap_weights(patients, resamples, seed)
    score, haq, expected = (rows[name].to_numpy(float) for name in ("score", "haq", "expected_haq"))
    exposure = (rows["ra_part"] + rows["activity_part"]).to_numpy(float)
    others = rows[list(OTHER_PARTS)].to_numpy(float)
    # with the exposure itself as score, no noise in HAQ and every other part given, nothing is left to bias it
    truth = np.array([calibrated_effect(exposure, exposure, expected, others, w) for w in weights])
    rows_of_sets = []
    for adjusted in SETS:
        terms = rows[[*ALWAYS, *adjusted]].to_numpy(float)
        effect = np.array([calibrated_effect(score, exposure, haq, terms, w) for w in weights])
        bias = effect - truth
        if not np.isfinite(bias[0]):
            raise UndefinedMetric(
                "The score does not go together with rheumatoid disease, so it has no effect to compare."
            )
        interval = percentile_interval(bias[1:])
        label = " and ".join(adjusted) or "neither"
        rows_of_sets.append(
            (label, effect[0], truth[0], bias[0], *interval, bias[0] / truth[0], patients.nunique(), len(rows))
        )
    return pd.DataFrame(rows_of_sets, columns=COLUMNS)


def bias_finding(table: pd.DataFrame, largest_bias: float) -> Finding:
    """An alarm where the bias with both confounders adjusted for is beyond chance and above `largest_bias` of the truth.

    UndefinedMetric where the interval is wider than twice the true effect: then nothing can be said.

    Args:
        table: what `audit_bias` gives.
        largest_bias: share of the true effect.
    """
    rows = table.set_index("adjusted_for")
    full, bare = (rows.loc[[name]].iloc[0] for name in ("fm and oa", "neither"))
    if full["upper"] - full["lower"] > WIDEST * abs(full["truth"]):
        raise UndefinedMetric(
            f"The bias is {_percent(full)} of the true effect, too uncertain to say anything: the score tells too little "
            f"of rheumatoid disease, or {int(full['patients'])} held-out patients are too few."
        )
    beyond = full["lower"] > 0 or full["upper"] < 0
    alarm = bool(beyond and abs(full["relative_bias"]) > largest_bias)
    words = "It is not" if alarm else "No large bias was shown"
    return finding(
        "bias", alarm,
        f"{words}: {_percent(full)} of the true effect of {full['truth']:.2f} HAQ per logit with fibromyalgia and "
        f"osteoarthritis adjusted for, {_percent(bare)} with both left out.",
    )  # fmt: skip


def _percent(row: pd.Series) -> str:
    ends: Sequence[float] = [100 * row[name] / row["truth"] for name in ("lower", "upper")]
    return f"{100 * row['relative_bias']:+.0f} % ({ends[0]:+.0f} to {ends[1]:+.0f} %)"
