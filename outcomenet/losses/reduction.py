"""The training objective: parts of the loss, their weights, and the one reduction to weighted masked means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, make_dataclass
from typing import NamedTuple

import jax.numpy as jnp

from outcomenet.arrays import Array, Bool, Float
from outcomenet.outcomes import OUTCOMES
from outcomenet.ranges import NotNegative, check_ranges


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
    """The sum of weight x masked mean over the parts.

    Args:
        parts: of the loss, by name.
        weights: by name of a part; 1 for those that are not named.

    Returns:
        The sum, and the mean of each part without its weight.
    """
    means = {name: masked_mean(part) for name, part in parts.items()}
    # from a float32 zero, so that no part at all gives an array too
    total = sum((weights.get(name, 1.0) * mean for name, mean in means.items()), jnp.float32(0.0))
    return total, means


# A setting for every outcome, so that `--loss-weights.<outcome>` is typed, ranged and known by name on the command line.
_OutcomeWeights: type = make_dataclass(
    "_OutcomeWeights", [(spec.name, NotNegative, spec.loss_weight) for spec in OUTCOMES.values()], frozen=True
)


@dataclass(frozen=True)
class LossWeights(_OutcomeWeights):
    """Weight of each part of a network's loss; each part is a mean negative log-likelihood. 0 switches a part off.

    The outcomes come first, in the order of `outcomes.OUTCOMES` and with the weights declared there.
    """

    osteoarthritis: NotNegative = 4.0
    svdh: NotNegative = 4.0

    def __post_init__(self) -> None:
        check_ranges(self)
