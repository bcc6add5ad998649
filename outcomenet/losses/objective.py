"""The one reduction: weighted masked means of the parts of the loss."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import jax.numpy as jnp

from outcomenet.arrays import Array, Bool, Float


class LossPart(NamedTuple):
    """Loss values with the mask of those that count; masked values may be anything, NaN included."""

    value: Float[Array, "*example"]
    mask: Bool[Array, "*example"]
    weight: Float[Array, "*example"] | None = None  # how much each example counts; None: all alike


def masked_mean(part: LossPart) -> Float[Array, ""]:
    """Weighted mean over the unmasked values, 0 where there is none; masked NaNs reach neither value nor gradient.

    The caller must have made masked inputs harmless before a NaN-producing function: `where` shields the value, not
    the gradient, of what was computed from them.
    """
    counts = part.mask.astype(part.value.dtype) if part.weight is None else jnp.where(part.mask, part.weight, 0.0)
    total = (counts * jnp.where(part.mask, part.value, 0.0)).sum()
    # no example at all gives 0; weights are around 1, so that a sum below 1e-6 means none
    return total / jnp.where(counts.sum() > 1e-6, counts.sum(), 1.0)


def reduce_losses(
    parts: Mapping[str, LossPart], weights: Mapping[str, float]
) -> tuple[Float[Array, ""], dict[str, Float[Array, ""]]]:
    """The training objective: sum of weight x masked mean over the parts, and every part's own mean."""
    means = {name: masked_mean(part) for name, part in parts.items()}
    total = sum((weights.get(name, 1.0) * mean for name, mean in means.items()), jnp.float32(0.0))
    return total, means
