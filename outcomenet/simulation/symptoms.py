"""Symptoms that patients mark on a line of 100 mm: pain, fatigue and every other reported outcome, as logit-normal answers.

Each follows damage, activity, osteoarthritis and fibromyalgia by coefficients of its own (`world.World`: `pain_level`,
`pain_spread` and so on), and causes nothing itself.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import expit

from outcomenet.arrays import Bool, Float
from outcomenet.outcomes import REPORTED
from outcomenet.simulation.disability import DisabilityParts, oa_burden_in_sd
from outcomenet.simulation.exogenous import Exogenous
from outcomenet.simulation.states import JointStates
from outcomenet.simulation.world import SYMPTOM_COEFFICIENTS, World

# The person's part of a symptom is in part that of disability: who reports more of one reports more of the other.
SHARED_WITH_DISABILITY = 0.5


class Symptom(NamedTuple):
    """Logit of the answer / 100; higher is worse."""

    explained: Float[np.ndarray, "patient visit"]  # without what person and visit add
    logit: Float[np.ndarray, "patient visit"]

    @property
    def points(self) -> Float[np.ndarray, "patient visit"]:
        """The answer, 0-100."""
        return 100 * expit(self.logit)


def symptoms(
    world: World,
    noise: Exogenous,
    parts: DisabilityParts,
    joints: JointStates,
    *,
    activity: Float[np.ndarray, "patient visit"],
    fibromyalgia: Bool[np.ndarray, "patient"],
) -> dict[str, Symptom]:
    """Every reported symptom of every patient.

    Args:
        world: Coefficients.
        noise: Standard normal noise of person and visit.
        parts: Parts of disability; a symptom takes that of damage.
        joints: Joint states, for osteoarthritis.
        activity: Disease activity, SDs.
        fibromyalgia: Whether the patient has it.

    Returns:
        By name of the outcome.
    """
    causes = {
        "disability": parts.damage,
        "activity": activity,
        "oa": oa_burden_in_sd(world, joints),
        "fibromyalgia": fibromyalgia[:, None],
    }
    answers = {}
    for name in (spec.name for spec in REPORTED):
        of = coefficients(world, name)
        level = np.full_like(activity, of["level"])
        explained = of["spread"] * sum((of[cause] * value for cause, value in causes.items()), start=level)
        shared = SHARED_WITH_DISABILITY * noise.static["person"]
        person = shared + np.sqrt(1 - SHARED_WITH_DISABILITY**2) * noise.static[f"{name}_person"]
        added = of["spread"] * (of["person"] * person[:, None] + of["visit"] * noise.visit[name])
        answers[name] = Symptom(explained, explained + added)
    return answers


def expected_points(
    world: World, name: str, explained: Float[np.ndarray, "*visit"], nodes: int = 15
) -> Float[np.ndarray, "*visit"]:
    """Expected answer at an explained logit, over person and visit noise (Gauss-Hermite quadrature).

    Args:
        world: SDs of the noises.
        name: Of the symptom.
        explained: Logit of the answer / 100 without person and visit noise.
        nodes: Nodes of the quadrature.

    Returns:
        0-100.
    """
    of = coefficients(world, name)
    spread = of["spread"] * np.hypot(of["person"], of["visit"])
    at, weight = np.polynomial.hermite_e.hermegauss(nodes)
    return 100 * (expit(explained[..., None] + spread * at) @ (weight / weight.sum()))


def coefficients(world: World, name: str) -> dict[str, float]:
    """The coefficients of one symptom.

    Args:
        world: The world.
        name: The symptom's outcome.

    Returns:
        By their names without the symptom's.
    """
    return {part: getattr(world, f"{name}_{part}") for part in SYMPTOM_COEFFICIENTS}
