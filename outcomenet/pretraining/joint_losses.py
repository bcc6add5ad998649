"""Loss of the joint network on a batch of pairs: states, joint spaces, erosions and grades of each film, and what changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
import optax

from outcomenet.arrays import Array, Float
from outcomenet.losses.reduction import LossPart, reduce_losses
from outcomenet.models.heads import GradeHead
from outcomenet.models.joint_states import (
    CHANGES,
    GRADED_DAMAGE,
    JOINT_STATES,
    LEAST_SHARE,
    LEVELS,
    SPACE_LEVELS,
    JointChange,
    JointNet,
    level_loss,
)
from outcomenet.ranges import NotNegative, check_ranges
from outcomenet.training.single_network import Batch, Parts, Scalar

# Of the root of a share, mm, or logarithms: differences are counted in it, and beyond it by their size, not its square.
ROOT_UNIT, LOGARITHM_UNIT = 0.1, 0.3
CHANGE_UNIT = np.array([LOGARITHM_UNIT if name.startswith("log_") else ROOT_UNIT for name in CHANGES], np.float32)
BITE_UNIT = 0.1


@dataclass(frozen=True)
class JointLossWeights:
    """Weight of each part; 0 switches it off."""

    states: NotNegative = 11.0  # a mean over eleven states: each counts as much as another part
    space: NotNegative = 1.0
    bites: NotNegative = 0.5
    svdh: NotNegative = 1.0
    kellgren_lawrence: NotNegative = 1.0
    change: NotNegative = 2.0
    change_sd: NotNegative = 0.5
    agreement: NotNegative = 0.0  # embeddings of one unchanged joint in two looks
    masked: NotNegative = 0.0  # embedding of a half-hidden joint against that of the whole; costs a second reading
    distilled: NotNegative = 0.0  # states against those of the teachers, where there are any

    def __post_init__(self) -> None:
        check_ranges(self)


def joint_loss(
    network: JointNet, batch: Batch, weights: JointLossWeights, teachers: Sequence[JointNet] = ()
) -> tuple[Scalar, Parts]:
    """Loss of one batch, and its parts before weighting.

    Args:
        network: In training.
        batch: Of `PairBatches`.
        weights: Of the parts.
        teachers: Networks that have learned, on crops of the same geometry; the mean of what they tell of each state is a target.
    """
    crops = batch["crops"]
    pairs, visits = crops.shape[:2]
    films = {name: batch[name].reshape(pairs * visits, *batch[name].shape[2:]) for name in batch if name != "same"}
    present = films["present"]
    reading = network(films["crops"])
    space, bites = films["joint_space_mm"], films["bites"]
    known_space = present & ~jnp.isnan(space)
    parts = {
        "states": LossPart(
            level_loss(reading.state_logits, jnp.sqrt(films["states"]), LEVELS),
            jnp.broadcast_to(present[..., None], films["states"].shape),
        ),
        # NaN is kept from the gradient, too: by a number in its place
        "space": LossPart(
            level_loss(reading.space_logits, jnp.where(known_space, space, 0.0), SPACE_LEVELS), known_space
        ),
        "bites": LossPart(
            optax.huber_loss((reading.bites - bites) / BITE_UNIT), jnp.broadcast_to(present[..., None], bites.shape)
        ),
        "svdh": _grades(network.svdh_head, reading.svdh_eta, films["svdh"], present),
        "kellgren_lawrence": _grades(
            network.osteoarthritis_head, reading.osteoarthritis_eta, films["kellgren_lawrence"], present
        ),
    }
    earlier, later = jnp.moveaxis(reading.embeddings.reshape(pairs, visits, *reading.embeddings.shape[1:]), 1, 0)
    parts |= _change_parts(network.films(earlier, later), batch)
    apart = ((earlier - later) ** 2).mean(-1)
    parts["agreement"] = LossPart(apart, batch["present"].all(1) & (batch["same"] > 0))
    if weights.masked:  # else the second reading would be computed for nothing
        parts["masked"] = _masked_part(network, films, reading.embeddings)
    if teachers:
        parts["distilled"] = _distilled_part(films, teachers, reading.state_logits)
    return reduce_losses(parts, vars(weights))


def true_change(
    states: Float[Array, "pair visit joint state"], space: Float[Array, "pair visit joint"]
) -> Float[Array, "pair joint change"]:
    """What changed from the first film to the second, in the order of `joint_states.CHANGES`; NaN where not known.

    Args:
        states: Shares, in the order of `joint_states.JOINT_STATES`.
        space: Joint space, mm.
    """
    damage = jnp.stack([states[..., JOINT_STATES.index(name)] for name in GRADED_DAMAGE], -1)
    values = jnp.concatenate([jnp.sqrt(states), space[..., None], jnp.log(damage + LEAST_SHARE)], -1)
    return values[:, 1] - values[:, 0]


def _change_parts(stated: JointChange, batch: Batch) -> dict[str, LossPart]:
    change = true_change(batch["states"], batch["joint_space_mm"])
    known = batch["present"].all(1)[..., None] & ~jnp.isnan(change)
    off = stated.mean - jnp.where(known, change, 0.0)
    # the mean learns from all differences alike, the SD from the mean as it is: a likelihood of both lets the network give
    # up joints that it finds hard (Seitzer et al., ICLR 2022)
    likelihood = 0.5 * jax.lax.stop_gradient(off**2) / stated.sd**2 + jnp.log(stated.sd)
    return {
        "change": LossPart(optax.huber_loss(off / CHANGE_UNIT[None, None]), known),
        "change_sd": LossPart(likelihood, known),
    }


def _masked_part(network: JointNet, films: Batch, whole: Array) -> LossPart:
    # the whole joint is the target and learns nothing from it: else both could agree by telling nothing
    hidden = films["hidden"]
    cell = np.arange(films["crops"].shape[-1]) * hidden.shape[-1] // films["crops"].shape[-1]
    covered = hidden[..., cell[:, None], cell]
    half = network.encoder(jnp.where(covered, 0.0, films["crops"]))
    return LossPart(((half - jax.lax.stop_gradient(whole)) ** 2).mean(-1), films["present"])


def _distilled_part(films: Batch, teachers: Sequence[JointNet], logits: Array) -> LossPart:
    told = sum(jax.nn.softmax(teacher(films["crops"]).state_logits, -1) for teacher in teachers) / len(teachers)
    apart = -(jax.lax.stop_gradient(told) * jax.nn.log_softmax(logits, -1)).sum(-1)
    return LossPart(apart, jnp.broadcast_to(films["present"][..., None], apart.shape))


def _grades(head: GradeHead, eta: Array, grades: Array, present: Array) -> LossPart:
    return head.loss_of_readers(eta, grades, present[:, jnp.asarray(head.joint)])
