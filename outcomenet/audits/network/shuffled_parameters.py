"""Parameter randomisation (Adebayo, NeurIPS 2018): contributions must depend on what was learned.

Each array of parameters keeps its numbers and loses their places, so that the network keeps its scale and knows
nothing. Contributions that survive this come from the pictures' brightness and the architecture, not from learning.
"""

from __future__ import annotations

import jax
import numpy as np
import pandas as pd

from outcomenet.arrays import Float
from outcomenet.audits.contract import AuditInputs, AuditResult
from outcomenet.audits.findings import Finding, finding
from outcomenet.errors import UndefinedMetric
from outcomenet.training.rungs import Parameters

LARGEST_CORRELATION = 0.5


def audit(inputs: AuditInputs) -> AuditResult:
    """Contributions of the trained network beside those of shuffled ones: audit_shuffled.csv."""
    network, shuffles = inputs.trained, inputs.sizes.shuffled_networks
    inputs.progress.start("networks", shuffles, "shuffle parameters")
    untaught = []
    for number in range(shuffles):
        untaught.append(network.shuffled_contributions(number))
        inputs.progress.advance()
    inputs.progress.finish()
    table, judged = audit_shuffled(network.contributions(), untaught)
    return AuditResult([judged], {"audit_shuffled.csv": table})


def shuffled(parameters: Parameters, key: jax.Array) -> Parameters:
    """The same numbers in every array, in other places.

    Args:
        parameters: arrays of the network.
        key: of the permutations.
    """
    leaves, tree = jax.tree.flatten(parameters)
    keys = jax.random.split(key, len(leaves))
    moved = [
        jax.random.permutation(k, leaf.reshape(-1)).reshape(leaf.shape) for k, leaf in zip(keys, leaves, strict=True)
    ]
    return jax.tree.unflatten(tree, moved)


def correlation_within_joints(
    first: Float[np.ndarray, "visit joint"], second: Float[np.ndarray, "visit joint"]
) -> float:
    """Pearson correlation over visits, each joint by itself, as the mean over joints of its absolute value.

    Joints whose contribution does not vary are left out. 0: nothing in common, 1: the same but for scale and sign.

    Args:
        first: contributions.
        second: contributions of the same visits by another network.

    Raises:
        UndefinedMetric: no joint's contribution varies in both.
    """
    a, b = first - first.mean(0), second - second.mean(0)
    spread = np.sqrt((a**2).sum(0) * (b**2).sum(0))
    # a joint that nobody's film shows, or that contributes a constant, has no correlation
    varies = spread > 1e-12
    if not varies.any():
        raise UndefinedMetric("No joint's contribution varies between visits in both networks.")
    return float(np.abs((a * b).sum(0)[varies] / spread[varies]).mean())


def chance_correlation(visits: int) -> float:
    """Mean absolute correlation of unrelated numbers over so many visits: sqrt(2 / (pi (visits - 1)))."""
    return float(np.sqrt(2 / (np.pi * max(visits - 1, 1))))


def audit_shuffled(
    trained: Float[np.ndarray, "visit joint"], untaught: list[Float[np.ndarray, "visit joint"]]
) -> tuple[pd.DataFrame, Finding]:
    """audit_shuffled.csv: the correlation with each shuffled network, and the finding on their mean.

    Args:
        trained: contributions of the trained network.
        untaught: those of each shuffled one.

    Returns:
        shuffle, correlation, chance, n; and the finding.
    """
    values = [correlation_within_joints(trained, other) for other in untaught]
    chance = chance_correlation(len(trained))
    table = pd.DataFrame({"shuffle": range(len(values)), "correlation": values, "chance": chance, "n": len(trained)})
    mean = float(np.mean(values))
    alarm = mean > LARGEST_CORRELATION
    words = "Hardly" if alarm else "They do"
    return table, finding(
        "shuffled", alarm,
        f"{words}: contributions of {len(values)} networks with shuffled parameters correlate {mean:.2f} with the trained "
        f"network's (unrelated numbers: {chance:.2f}; alarm above {LARGEST_CORRELATION}).",
    )  # fmt: skip
