"""Score from joint states: each joint contributes by its damage, its disease activity and its osteoarthritis, each apart."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from outcomenet.anatomy import JOINT_KIND_INDEX, JOINT_KINDS
from outcomenet.arrays import Array, Bool, Float
from outcomenet.models.joint_states import (
    ACTIVITY_STATES,
    DAMAGE_STATES,
    JOINT_STATES,
    LEVELS,
    OSTEOARTHRITIS_STATES,
)

# Parts of a score, in the order of its axis `part`: what lasts, what comes and goes, what osteoarthritis does.
PARTS: dict[str, tuple[str, ...]] = {
    "damage": DAMAGE_STATES,
    "activity": ACTIVITY_STATES,
    "oa": OSTEOARTHRITIS_STATES,
}
_IN_PART = np.array([[state in states for state in JOINT_STATES] for states in PARTS.values()], np.float32)


# A score sums 58 joints that share their weights, most of them nearly healthy. On a cohort of 500 patients scales of 1/4 and 1
# were tried: with the smaller one 300 steps at the usual learning rate stop half-way (R2 of HAQ .41 against .46).
STATE_SCALE = 1.0
# What is learned of one kind of joint alone counts so much less than what all share: a cohort of some hundred patients tells the
# shared weights, and has far too few joints of each kind for weights of their own: a ridge regression of the same 500 patients'
# HAQ on the states summed over all joints has R2 .51 on held-out patients, on sums by kind of joint it explains nothing.
OWN_SHARE = 0.15


class StateAggregation(nnx.Module):
    """contribution of joint j = scale x sum over its states of (shared + own share x kind's weights) . (root, share).

    A healthy joint contributes nothing. Weights on the root of a share tell early damage, those on the share late damage.
    """

    def __init__(self, outcomes: int, rngs: nnx.Rngs):
        kinds, states = len(JOINT_KINDS), len(JOINT_STATES)
        # small at the start: the score grows out of what the films teach
        self.shared = nnx.Param(0.02 * jax.random.normal(rngs.params(), (states, 2, outcomes)))
        self.by_kind = nnx.Param(jnp.zeros((kinds, states, 2, outcomes)))
        self.unseen = nnx.Param(jnp.zeros((kinds, len(PARTS), outcomes)))

    def __call__(
        self, levels: Float[Array, "batch joint state level"], visible: Bool[Array, "batch joint"]
    ) -> Float[Array, "batch joint part outcome"]:
        """Parts of each joint's contribution; those of an unseen joint are what its kind is worth on average.

        Args:
            levels: probability of each of `joint_states.LEVELS`.
            visible: joints that the films show.
        """
        parts = self._of(state_scales(levels))
        unseen = self.unseen[...][jnp.asarray(JOINT_KIND_INDEX)]
        return jnp.where(visible[..., None, None], parts, STATE_SCALE * unseen[None])

    def of_change(
        self,
        levels: Float[Array, "batch joint state level"],
        later: Float[Array, "batch joint state level"],
        change: Float[Array, "batch joint state"],
        visible: Bool[Array, "batch joint"],
    ) -> Float[Array, "batch joint part outcome"]:
        """Parts of each joint's contribution to a change; 0 where nothing has changed, or where a film does not show it.

        Args:
            levels: of the earlier film.
            later: of the later film.
            change: of each state's root, as both films together tell it.
            visible: joints that both films show.
        """
        # the share is the square of its root: it changes by twice the mean root times the change
        middle = 0.5 * (levels + later) @ jnp.asarray(LEVELS)
        parts = self._of(jnp.stack([change, 2.0 * middle * change], -1))
        return jnp.where(visible[..., None, None], parts, 0.0)

    def _of(self, scales: Float[Array, "batch joint state 2"]) -> Float[Array, "batch joint part outcome"]:
        weights = self.shared[...][None] + OWN_SHARE * self.by_kind[...][jnp.asarray(JOINT_KIND_INDEX)]
        return STATE_SCALE * jnp.einsum("bjsf,jsfo,ps->bjpo", scales, weights, jnp.asarray(_IN_PART))


def state_scales(levels: Float[Array, "batch joint state level"]) -> Float[Array, "batch joint state 2"]:
    """Mean of each state's root, and of its share.

    Args:
        levels: probability of each of `joint_states.LEVELS`.
    """
    return levels @ jnp.stack([jnp.asarray(LEVELS), jnp.asarray(LEVELS**2)], -1)
