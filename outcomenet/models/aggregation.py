"""Aggregation of joint embeddings to a patient's score, a sum of joint contributions that a person can look at.

Of embeddings in two ways: *additive*, where each joint's contribution depends on that joint alone, and *attention*, where the
other joints decide how much a joint counts. Of the states that a pretrained network tells: *states*, see `state_score`. In all
of them the score is exactly the sum of the contributions, and an unseen joint
contributes what such a joint is worth on average, learned by hiding joints at random in training.
"""

from __future__ import annotations

from enum import StrEnum

import jax
import jax.numpy as jnp
from flax import nnx

from outcomenet.anatomy import JOINT_KIND_INDEX, JOINT_KINDS
from outcomenet.arrays import Array, Bool, Float


class Aggregation(StrEnum):
    """How joints become a score, see the module."""

    AUTO = "auto"  # states where the encoder is pretrained, else additive; resolved before training
    ADDITIVE = "additive"
    ATTENTION = "attention"
    STATES = "states"

    def build(self, embedding: int, outcomes: int, rngs: nnx.Rngs) -> AdditiveAggregation | AttentionAggregation:
        """Makes that of embeddings of `embedding` numbers and so many outcomes, parameters drawn from `rngs`."""
        cls = AttentionAggregation if self is Aggregation.ATTENTION else AdditiveAggregation
        return cls(embedding, outcomes, rngs)


# A score sums 58 joints that share their weights: one optimiser step would move it 58 times as far as a single joint.
CONTRIBUTION_SCALE = 1 / 16


class AdditiveAggregation(nnx.Module):
    """contribution of joint j = scale x ((shared + kind-specific weights) . embedding of j + the kind's bias)."""

    def __init__(self, embedding: int, outcomes: int, rngs: nnx.Rngs):
        kinds = len(JOINT_KINDS)
        # small at the start: the score grows out of what the films teach
        self.shared = nnx.Param(0.02 * jax.random.normal(rngs.params(), (embedding, outcomes)))
        self.by_kind = nnx.Param(jnp.zeros((kinds, embedding, outcomes)))
        self.bias = nnx.Param(jnp.zeros((kinds, outcomes)))
        self.unseen = nnx.Param(jnp.zeros((kinds, outcomes)))

    def __call__(
        self, embeddings: Float[Array, "batch joint feature"], visible: Bool[Array, "batch joint"]
    ) -> Float[Array, "batch joint outcome"]:
        """Contribution of each joint to each outcome; that of an unseen joint is what its kind is worth on average."""
        kind = jnp.asarray(JOINT_KIND_INDEX)
        weights = self.shared[...][None] + self.by_kind[...][kind]
        seen = jnp.einsum("bjf,jfo->bjo", embeddings, weights) + self.bias[...][kind][None]
        return CONTRIBUTION_SCALE * jnp.where(visible[..., None], seen, self.unseen[...][kind][None])


class AttentionAggregation(nnx.Module):
    """contribution of joint j = number of joints x attention of j among the visible x additive value of j."""

    def __init__(self, embedding: int, outcomes: int, rngs: nnx.Rngs):
        self.value = AdditiveAggregation(embedding, outcomes, rngs)
        # zeros: attention starts equal, which is the additive way
        self.query = nnx.Linear(embedding, outcomes, use_bias=False, kernel_init=nnx.initializers.zeros, rngs=rngs)

    def __call__(
        self, embeddings: Float[Array, "batch joint feature"], visible: Bool[Array, "batch joint"]
    ) -> Float[Array, "batch joint outcome"]:
        """Contribution of each joint to each outcome; that of an unseen joint is what its kind is worth on average."""
        values = self.value(embeddings, visible)
        # not minus infinity: a visit without any visible joint would become NaN
        logits = jnp.where(visible[..., None], self.query(embeddings), -1e9)
        attention = jax.nn.softmax(logits, axis=1)
        seen = visible.sum(-1)[:, None, None].astype(values.dtype)
        # times their number, so that equal attention leaves every contribution as it is
        return jnp.where(visible[..., None], values * attention * seen, values)
