"""A value on a bounded scale with exact floor and ceiling (HAQ-DI): cumulative logits over the points of its grid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np

from outcomenet.arrays import Array, Float
from outcomenet.likelihoods.likelihood import OutcomeFeature, value_as_feature, variance_on_grid
from outcomenet.likelihoods.ordinal import (
    bounded_negative_log_likelihood,
    grid_probabilities,
    increasing_thresholds,
    known,
)
from outcomenet.losses.reduction import LossPart
from outcomenet.outcomes import OutcomeSpec

_STEP_START = -1.5  # softplus: steps of about 0.2 on the latent scale


@dataclass(frozen=True)
class BoundedOrdinal:
    """Free numbers: the thresholds between the points of the outcome's grid (`ordinal.increasing_thresholds`)."""

    spec: OutcomeSpec

    def start(self) -> Float[np.ndarray, "threshold"]:
        steps = round((self.spec.upper - self.spec.lower) / self.spec.step)
        # one patient in eight at the floor, sigmoid(-2), before anything is learned
        return np.array([-2.0] + [_STEP_START] * (steps - 1), np.float32)

    def loss(self, eta: Float[Array, "batch"], free: Float[Array, "threshold"], batch: Mapping[str, Array]) -> LossPart:
        spec = self.spec
        value, width = (batch[field] for field in spec.fields)
        mask = known(value) & known(width)
        value, width = jnp.where(mask, value, spec.lower), jnp.where(mask, width, spec.step / 2)
        cuts = increasing_thresholds(free)
        return LossPart(bounded_negative_log_likelihood(eta, cuts, value, width, bounds=(spec.lower, spec.upper)), mask)

    def expected(self, eta: Float[Array, "batch"], free: Float[Array, "threshold"]) -> Float[Array, "batch"]:
        cuts = increasing_thresholds(free)
        return grid_probabilities(eta, cuts) @ jnp.linspace(self.spec.lower, self.spec.upper, cuts.shape[0] + 1)

    def variance(self, eta: Float[Array, "batch"], free: Float[Array, "threshold"]) -> Float[Array, "batch"]:
        return variance_on_grid(self.spec, grid_probabilities(eta, increasing_thresholds(free)))

    def as_feature(self, batch: Mapping[str, Array]) -> OutcomeFeature:
        return value_as_feature(self.spec, batch)
