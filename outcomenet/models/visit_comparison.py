"""Comparison of two visits' films of the same joints: what changed at each joint.

The three ways are those in which people read films (van der Heijde, J Rheumatol 1999). In all of them identical films
have changed by exactly nothing.
"""

from __future__ import annotations

from enum import StrEnum

import jax
import jax.numpy as jnp
from flax import nnx

from outcomenet.arrays import Array, Bool, Float
from outcomenet.models.aggregation import AdditiveAggregation, AttentionAggregation


class PairReading(StrEnum):
    """How the films of two visits are compared; `off`: the network takes one visit."""

    OFF = "off"
    SINGLE = "single"  # each film on its own, then the difference
    PAIRED = "paired"  # side by side with the order hidden: films swapped, the change has the other sign
    CHRONOLOGICAL = "chronological"  # side by side in their order: new damage and repair may weigh differently


class PairComparison(nnx.Module):
    """Difference of a joint's two embeddings, and what side-by-side reading adds to it (nothing at the start).

    What the films' order adds to paired reading is one factor a feature, 0 at the start: a comparison that was pretrained on
    pairs without order is exactly what chronological reading begins with.
    """

    def __init__(self, mode: PairReading, embedding: int, rngs: nnx.Rngs):
        self.mode = mode
        beside = mode is not PairReading.SINGLE
        self.mix = nnx.Linear(2 * embedding, 2 * embedding, rngs=rngs) if beside else None
        zeros = nnx.initializers.zeros
        self.out = (
            nnx.Linear(2 * embedding, embedding, kernel_init=zeros, use_bias=False, rngs=rngs) if beside else None
        )
        self.order = nnx.Param(jnp.zeros(embedding)) if mode is PairReading.CHRONOLOGICAL else None

    def __call__(
        self, earlier: Float[Array, "batch joint feature"], later: Float[Array, "batch joint feature"]
    ) -> Float[Array, "batch joint feature"]:
        """Zeros where both embeddings are the same."""
        difference = later - earlier
        if self.mode is PairReading.SINGLE:
            return difference
        forth, back = self._beside(earlier, difference), self._beside(later, -difference)
        paired = difference + 0.5 * (forth - back)
        if self.order is None:
            return paired
        nothing = jnp.zeros_like(difference)
        at_rest = self._beside(earlier, nothing) + self._beside(later, nothing)
        return paired + 0.5 * self.order[...][None, None] * (forth + back - at_rest)

    def _beside(self, film: Array, difference: Array) -> Array:
        assert self.mix is not None
        assert self.out is not None
        return self.out(jax.nn.gelu(self.mix(jnp.concatenate([film, difference], -1))))


def changes(
    aggregation: AdditiveAggregation | AttentionAggregation,
    compared: Float[Array, "batch joint feature"],
    visible: Bool[Array, "batch joint"],
    years: Float[Array, "batch"],
) -> Float[Array, "batch joint outcome"]:
    """Contributions of the joints to a yearly change.

    It is the odd part of the aggregation, so that what has not changed, and what is not seen, contributes 0.

    Args:
        aggregation: of single visits.
        compared: what `PairComparison` gives.
        visible: joints that both films show.
        years: between the two visits.
    """
    return 0.5 * (aggregation(compared, visible) - aggregation(-compared, visible)) / years[:, None, None]
