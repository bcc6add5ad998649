"""Disability and HAQ items from joint damage, activity, osteoarthritis, fibromyalgia, age and sex.

disability = level + damage + activity + osteoarthritis + fibromyalgia + covariates + person + visit; each HAQ item is a
graded response to it (Samejima 1969). Fibromyalgia enters here and in `symptoms`, and nowhere else: it leaves no trace on
film.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import ndtr

from outcomenet.arrays import Bool, Float, Int
from outcomenet.haq import HAQ_CATEGORIES
from outcomenet.scoring import SVDH
from outcomenet.simulation.disease import by_joint
from outcomenet.simulation.exogenous import Exogenous
from outcomenet.simulation.states import JointStates
from outcomenet.simulation.world import World

# What damage of a joint costs in function, relative: wrist and MCP carry grip, MTP carry walking.
_FUNCTION_WEIGHT = {
    "IP1": 0.8, "DIP": 0.4, "PIP": 0.9, "MCP": 1.3, "MCP1": 1.4, "CMC1": 1.2, "CMC": 0.7, "multangular": 1.0,
    "navicular": 1.3, "lunate": 1.3, "radius": 1.5, "ulna": 0.7, "MTP": 1.2, "MTP1": 1.3,
}  # fmt: skip


def function_weight(world: World) -> Float[np.ndarray, "joint"]:
    """What damage of each joint costs in function, relative to the others."""
    return by_joint(_FUNCTION_WEIGHT, 0.0, world.function_weight)


# Means and SDs of the default world's burdens, so that coefficients are per SD; frozen, since a coefficient must not
# change its meaning with the cohort at hand.
DAMAGE_POWER = 0.8  # keeps the correlation of damage with function low in early disease; calibrated
DAMAGE_BURDEN = (0.113, 0.105)
HIDDEN_BURDEN = (0.209, 0.093)
OA_BURDEN = (0.034, 0.050)
SCORE_BURDEN = (0.28, 0.14)  # of the square root of the share of the highest possible SvdH total

# Latent disability at which a category's middle item becomes hard, and the three steps of an item around it; calibrated
# to the HAQ's median and zeros.
CATEGORY_DIFFICULTY = (0.25, 0.15, 0.10, 0.20, 0.0, -0.05, -0.05, -0.15)
ITEM_DIFFICULTY = np.concatenate(
    [
        centre + 0.45 * (np.arange(count) - (count - 1) / 2)
        for centre, count in zip(CATEGORY_DIFFICULTY, HAQ_CATEGORIES.values(), strict=True)
    ]
)
ITEM_CUTS = (-0.3, 1.2, 2.7)
AID_CHANCE = np.array([0.0, 0.12, 0.35, 0.6])  # by the category's worst item
ITEM_CATEGORY = np.repeat(np.arange(len(HAQ_CATEGORIES)), list(HAQ_CATEGORIES.values()))


class DisabilityParts(NamedTuple):
    """Additive parts of latent disability at each visit; higher is worse."""

    damage: Float[np.ndarray, "patient visit"]  # rheumatoid, the hidden signal included
    activity: Float[np.ndarray, "patient visit"]
    osteoarthritis: Float[np.ndarray, "patient visit"]
    fibromyalgia: Float[np.ndarray, "patient visit"]
    covariates: Float[np.ndarray, "patient visit"]


def damage_burden(world: World, joints: JointStates) -> Float[np.ndarray, "*visit"]:
    """Function-weighted mean of rheumatoid joint damage to the power 0.8: first lesions count a little more.

    Args:
        world: Function weights, and the share of lost function that an implant gives back.
        joints: Joint states; erosion and narrowing count half each, luxation and fusion as much as they took.

    Returns:
        0 (no joint is damaged) to 1.
    """
    lost = 0.5 * joints.erosion + 0.5 * joints.narrowing
    lost = np.maximum(lost, np.maximum(joints.subluxation, joints.ankylosis)) * (
        1 - world.implant_relief * joints.prosthesis
    )
    weight = function_weight(world)
    return ((weight * lost).sum(-1) / weight.sum()) ** DAMAGE_POWER


def hidden_burden(world: World, joints: JointStates) -> Float[np.ndarray, "*visit"]:
    """Function-weighted mean of what SvdH does not score: swelling, osteopenia and micro-erosion.

    Args:
        world: Function weights.
        joints: Joint states.

    Returns:
        0 to 1.
    """
    hidden = 0.6 * joints.swelling + 0.2 * joints.osteopenia + 0.2 * joints.micro_erosion
    weight = function_weight(world)
    return (weight * hidden).sum(-1) / weight.sum()


def oa_burden(world: World, joints: JointStates) -> Float[np.ndarray, "*visit"]:
    """Function-weighted mean of osteoarthritis: osteophytes and osteoarthritic narrowing, half each.

    Args:
        world: Function weights.
        joints: Joint states.

    Returns:
        0 to 1.
    """
    weight = function_weight(world)
    return (weight * (0.5 * joints.osteophyte + 0.5 * joints.oa_narrowing)).sum(-1) / weight.sum()


def disability_parts(
    world: World,
    joints: JointStates,
    score: Float[np.ndarray, "patient visit"],
    *,
    activity: Float[np.ndarray, "patient visit"],
    fibromyalgia: Bool[np.ndarray, "patient"],
    male: Bool[np.ndarray, "patient"],
    age: Float[np.ndarray, "patient visit"],
) -> DisabilityParts:
    """Additive parts of latent disability.

    Args:
        world: Coefficients, each per SD of its burden in the default world.
        joints: Joint states, axes patient, visit, joint.
        score: The readers' mean SvdH total, used only where `outcome_source` is `score_as_read`.
        activity: Disease activity, SDs.
        fibromyalgia: Whether the patient has it, at all visits.
        male: Sex.
        age: Years at each visit.

    Returns:
        The parts, in units of the logistic item response; higher is worse.
    """
    if world.outcome_source == "score_as_read":
        damage = world.disability_damage * _standard(np.sqrt(score / SVDH.maximum), SCORE_BURDEN)
    else:
        hidden = world.hidden_signal * world.hidden_function * _standard(hidden_burden(world, joints), HIDDEN_BURDEN)
        damage = world.disability_damage * _standard(damage_burden(world, joints), DAMAGE_BURDEN) + hidden
    return DisabilityParts(
        damage=damage,
        activity=world.disability_activity * activity,
        osteoarthritis=world.disability_oa * oa_burden_in_sd(world, joints),
        fibromyalgia=world.disability_fibromyalgia * np.broadcast_to(fibromyalgia[:, None], activity.shape),
        covariates=world.disability_age * (age - 56.0) + world.disability_male * male[:, None],
    )


def oa_burden_in_sd(world: World, joints: JointStates) -> Float[np.ndarray, "*visit"]:
    """`oa_burden` around its mean, in SDs of the default world.

    Args:
        world: Function weights.
        joints: Joint states.
    """
    return _standard(oa_burden(world, joints), OA_BURDEN)


def _standard(value: np.ndarray, scale: tuple[float, float]) -> np.ndarray:
    return (value - scale[0]) / scale[1]


def haq_answers(
    world: World, disability: Float[np.ndarray, "patient visit"], noise: Exogenous
) -> tuple[Int[np.ndarray, "patient visit item"], Bool[np.ndarray, "patient visit category"]]:
    """Answers to the 20 items by a graded response model (Samejima 1969), and aids where a category is hard.

    Grip and activities are hard early, dressing late; the worst item makes a category's score.

    Args:
        world: SD of the noise of one answer.
        disability: Latent disability, higher is worse.
        noise: Noise of items and aids.

    Returns:
        (answers 0-3 in the order of `haq.HAQ_ITEM_COLUMNS`, whether an aid is used in each category).
    """
    latent = disability[..., None] - ITEM_DIFFICULTY + world.item_noise * noise.item
    items = sum((latent > cut).astype(int) for cut in ITEM_CUTS)
    aids = noise.aid < AID_CHANCE[_worst_item(np.asarray(items))]
    return np.asarray(items), aids


def haq_index(
    items: Int[np.ndarray, "*visit item"], aids: Bool[np.ndarray, "*visit category"]
) -> Float[np.ndarray, "*visit"]:
    """HAQ-DI of complete answers, as `haq.haq_disability_index` scores them one by one.

    Args:
        items: Answers 0-3; none may be missing.
        aids: Whether an aid is used, which lifts a category to at least 2.

    Returns:
        Mean of the eight categories, 0-3.
    """
    worst = _worst_item(items)
    return np.where(aids, np.maximum(worst, 2), worst).mean(-1)


def _worst_item(items: Int[np.ndarray, "*visit item"]) -> Int[np.ndarray, "*visit category"]:
    return np.stack([items[..., ITEM_CATEGORY == c].max(-1) for c in range(len(HAQ_CATEGORIES))], -1)


def expected_haq(world: World, explained: Float[np.ndarray, "*visit"], nodes: int = 21) -> Float[np.ndarray, "*visit"]:
    """Expected HAQ-DI at a given explained disability, over person, visit and item noise.

    A category's worst item is at most k when all of its items are: a product of normal probabilities. Person and visit
    noise are integrated by Gauss-Hermite quadrature.

    Args:
        world: SDs of the noises.
        explained: Latent disability without person and visit noise.
        nodes: Nodes of the quadrature.

    Returns:
        0-3, interpolated between 221 places of -5 to 6.
    """
    at, weight = np.polynomial.hermite_e.hermegauss(nodes)
    grid = np.linspace(-5.0, 6.0, 221)
    latent = grid[:, None] + np.hypot(world.disability_visit, world.disability_person) * at
    index = np.zeros_like(latent)
    for category in range(len(HAQ_CATEGORIES)):
        difficulty = ITEM_DIFFICULTY[ITEM_CATEGORY == category]
        at_most = [
            ndtr((cut + difficulty - latent[..., None]) / world.item_noise).prod(-1) for cut in ITEM_CUTS
        ]  # P(worst item <= 0), <= 1, <= 2
        share = np.diff([np.zeros_like(latent), *at_most, np.ones_like(latent)], axis=0)
        score = np.arange(4.0)
        with_aid = np.where(score < 2, score + AID_CHANCE * (2 - score), score)
        index += np.tensordot(with_aid, share, 1) / len(HAQ_CATEGORIES)
    return np.interp(explained, grid, index @ (weight / weight.sum()))
