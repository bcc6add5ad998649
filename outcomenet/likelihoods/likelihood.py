"""Likelihood contract: loss, expected value and variance of an outcome, whatever its kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol, runtime_checkable

import jax.numpy as jnp
import numpy as np

from outcomenet.arrays import Array, Bool, Float, Shaped
from outcomenet.likelihoods.ordinal import known
from outcomenet.losses.reduction import LossPart
from outcomenet.outcomes import OutcomeSpec


class OutcomeFeature(NamedTuple):
    """An outcome as something else may learn from it: `value` as a share of its range, and whether it is `known`."""

    value: Float[Array, "batch"]
    known: Bool[Array, "batch"]


@runtime_checkable
class Likelihood(Protocol):
    """The distribution of one outcome given a latent `eta`, higher is worse.

    `free` are the unconstrained numbers that all patients share; a network learns them. `batch` holds the outcome's
    `fields`, NaN where missing. All are differentiable and traced by JAX, but for `start`.
    """

    @property
    def spec(self) -> OutcomeSpec:
        """The outcome that it is of."""
        ...

    def start(self) -> Float[np.ndarray, "*shape"]:
        """Where the free numbers start, before the warm start."""
        ...

    def loss(self, eta: Float[Array, "batch"], free: Float[Array, "*shape"], batch: Mapping[str, Array]) -> LossPart:
        """Negative log-likelihood per visit; visits where the outcome is not known are masked and have no gradient."""
        ...

    def expected(self, eta: Float[Array, "batch"], free: Float[Array, "*shape"]) -> Float[Array, "batch"]:
        """Expected value in the outcome's unit, or the event's cumulative incidence at the horizon; rises with eta."""
        ...

    def variance(self, eta: Float[Array, "batch"], free: Float[Array, "*shape"]) -> Float[Array, "batch"]:
        """Variance of the outcome itself, in its unit squared, as one network says it: what no more films would take away."""
        ...

    def as_feature(self, batch: Mapping[str, Array]) -> OutcomeFeature:
        """What a conditional adversary is told of the outcome."""
        ...


def value_as_feature(spec: OutcomeSpec, batch: Mapping[str, Shaped[Array, "batch ..."]]) -> OutcomeFeature:
    """The feature of an outcome that is one number.

    Args:
        spec: the outcome.
        batch: holds it under its name, NaN where missing.
    """
    value = batch[spec.name]
    return OutcomeFeature((value - spec.lower) / (spec.upper - spec.lower), known(value))


def variance_on_grid(spec: OutcomeSpec, probabilities: Float[Array, "batch point"]) -> Float[Array, "batch"]:
    """Variance of an outcome whose values are evenly spaced points of its range.

    Args:
        spec: gives the range.
        probabilities: of the points, from the lowest to the highest; each row sums to 1.

    Returns:
        In the outcome's unit squared.
    """
    grid = jnp.linspace(spec.lower, spec.upper, probabilities.shape[-1])
    mean = probabilities @ grid
    return (probabilities * jnp.square(grid[None, :] - mean[:, None])).sum(-1)
