"""Deletion curves: change of the score by the number of joints hidden, most important first or at random.

After Petsiuk, BMVC 2018 (deletion), by joints instead of pixels. A hidden joint is one that is not on the film: its crop
is blanked and the network gives it what such a joint is worth on average, as it learned when joints were hidden in
training. In an additive network the order is right by construction as long as that worth is; in one with attention it
is not.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from outcomenet.arrays import Float, Int
from outcomenet.audits.contract import AuditInputs, AuditResult
from outcomenet.audits.findings import Finding, finding
from outcomenet.errors import UndefinedMetric
from outcomenet.metrics.resampling import bootstrap_weights, percentile_interval

HIDDEN = (1, 2, 4, 8, 16, 32)
COLUMNS = ["order", "hidden", "change_in_sd", "lower", "upper", "n"]


def audit(inputs: AuditInputs) -> AuditResult:
    """Changes of the score by hidden joints: audit_deletion.csv."""
    network = inputs.trained
    # the visits as they are, and in both orders whole and at every step of the curve
    inputs.progress.start("inferences", 1 + 2 * (1 + len(HIDDEN)), "hide joints")

    def contributions(hidden: np.ndarray | None = None) -> np.ndarray:
        inputs.progress.advance()
        return network.contributions(hidden)

    table, judged = audit_deletion(
        lambda hidden: contributions(hidden).sum(1), contributions(), network.explained_patients(), **inputs.chance
    )
    inputs.progress.finish()
    return AuditResult([judged], {"audit_deletion.csv": table})


def importance(contributions: Float[np.ndarray, "visit joint"]) -> Float[np.ndarray, "visit joint"]:
    """Distance of each contribution from the mean of that joint: a constant tells nothing about a patient."""
    return np.abs(contributions - contributions.mean(0))


def deletion_changes(
    score_without: Callable[[np.ndarray], np.ndarray],
    order: Int[np.ndarray, "visit joint"],
    hidden: tuple[int, ...] = HIDDEN,
) -> Float[np.ndarray, "step visit"]:
    """|change of the score| with the first k joints of `order` hidden, for each k; `score_without` takes a mask
    [visit, joint] of hidden joints and gives the visits' scores.

    Args:
        score_without: scores of the visits with joints hidden.
        order: numbers of each visit's joints, first to be hidden first.
        hidden: numbers of joints to hide.
    """
    # the inverse of each permutation: the place of every joint in its visit's order
    place = np.argsort(order, axis=1)
    whole = score_without(np.zeros(order.shape, bool))
    return np.stack([np.abs(score_without(place < k) - whole) for k in hidden])


def audit_deletion(
    score_without: Callable[[np.ndarray], np.ndarray],
    contributions: Float[np.ndarray, "visit joint"],
    patients: pd.Series,
    *,
    resamples: int,
    seed: int,
) -> tuple[pd.DataFrame, Finding]:
    """audit_deletion.csv: mean change in SD of the score by order and number of hidden joints, and the finding.

    Args:
        score_without: scores of the visits with joints hidden, from a mask [visit, joint].
        contributions: of each visit's joints, none hidden.
        patients: patient of each row; a patient's rows are kept together.
        resamples: bootstrap resamples of patients.
        seed: of resamples and of the random order.

    Returns:
        order, hidden, change_in_sd, lower, upper, n; and the finding.

    Raises:
        UndefinedMetric: the score is the same at every visit.
    """
    spread = contributions.sum(1).std()
    # changes are told in SDs of the score, of which a constant has none
    if spread < 1e-9:
        raise UndefinedMetric("The score is the same at every visit, so that no joint can matter.")
    rng = np.random.default_rng(seed)
    orders = {
        "contribution": np.argsort(-importance(contributions), axis=1),
        "random": rng.permuted(np.tile(np.arange(contributions.shape[1]), (len(contributions), 1)), axis=1),
    }
    weights = bootstrap_weights(patients, resamples, seed)
    weights /= weights.sum(1, keepdims=True)
    rows, changes = [], {}
    for name, order in orders.items():
        changes[name] = deletion_changes(score_without, order) / spread
        for k, change in zip(HIDDEN, changes[name], strict=True):
            curve = weights @ change
            rows.append((name, k, curve[0], *percentile_interval(curve[1:]), len(change)))
    gap = weights @ (changes["contribution"] - changes["random"]).mean(0)
    lower, upper = percentile_interval(gap[1:])
    table = pd.DataFrame(rows, columns=COLUMNS)
    words = "They do" if lower > 0 else "They do not"
    return table, finding(
        "deletion", not lower > 0,
        f"{words}: hiding joints in the order of their contributions moves the score {gap[0]:+.2f} SD further than in "
        f"random order ({lower:+.2f} to {upper:+.2f}), over 1 to {HIDDEN[-1]} hidden joints.",
    )  # fmt: skip
