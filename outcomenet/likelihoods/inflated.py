"""Pain on a bounded scale with point masses at both ends and a logit-normal distribution in between.

One latent `eta` (higher = worse) drives all three parts as in ordered beta regression (Kubinec, Political Analysis
2022): P(above the floor) = sigmoid(eta - floor_cut), P(at the ceiling) = sigmoid(eta - ceiling_cut), and in between
logit(value) ~ Normal(location + slope eta, spread^2) (Aitchison & Shen, Biometrika 1980). As slope > 0 and the cuts
are ordered, P(value > x) rises with eta for every x.

Why not the beta distribution: a value is known to the millimetre only, so the likelihood needs the distribution
function. That of the logit-normal and its inverse are closed and keep their digits in both tails; the incomplete beta
function has no derivative in its parameters in JAX. A value at a bound is the point mass or whatever rounds to it, so
that the probabilities of 0, 1, ..., 100 mm sum to one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import log_ndtr, logit, ndtri

from outcomenet.arrays import Array, Float
from outcomenet.errors import UsageError
from outcomenet.likelihoods.likelihood import OutcomeFeature, value_as_feature
from outcomenet.likelihoods.ordinal import interval_log_likelihood, known
from outcomenet.losses.reduction import LossPart
from outcomenet.outcomes import OutcomeSpec

NEAREST_TO_BOUND = 1e-6  # share of the scale; logit(0) has no gradient
LEAST_SPREAD = 0.04  # a millimetre at the middle of the scale, on the logit scale: no data can show less
# probabilists' Gauss-Hermite nodes: the weights sum to sqrt(2 pi) and are divided by their sum where they are used
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(32)


class InflatedParameters(NamedTuple):
    """What all patients share, each a scalar: `floor_cut` < `ceiling_cut`; `slope` and `spread` are positive."""

    floor_cut: Float[Array, ""]
    ceiling_cut: Float[Array, ""]
    location: Float[Array, ""]
    slope: Float[Array, ""]
    spread: Float[Array, ""]


@dataclass(frozen=True)
class Inflated:
    """Free numbers: the five of `inflated_parameters`."""

    spec: OutcomeSpec

    @property
    def _bounds(self) -> tuple[float, float]:
        return self.spec.lower, self.spec.upper

    def start(self) -> Float[np.ndarray, "5"]:
        # one patient in twenty at either end, sigmoid(-3), before anything is learned
        return np.array([-3.0, 6.0, -0.5, 0.5, 0.5], np.float32)

    def loss(self, eta: Float[Array, "batch"], free: Float[Array, "5"], batch: Mapping[str, Array]) -> LossPart:
        value, width = (batch[field] for field in self.spec.fields)
        return inflated_loss(eta, inflated_parameters(free), value, width, bounds=self._bounds)

    def expected(self, eta: Float[Array, "batch"], free: Float[Array, "5"]) -> Float[Array, "batch"]:
        return expected_value(eta, inflated_parameters(free), bounds=self._bounds)

    def variance(self, eta: Float[Array, "batch"], free: Float[Array, "5"]) -> Float[Array, "batch"]:
        return value_variance(eta, inflated_parameters(free), bounds=self._bounds)

    def as_feature(self, batch: Mapping[str, Array]) -> OutcomeFeature:
        return value_as_feature(self.spec, batch)


def inflated_parameters(free: Float[Array, "5"]) -> InflatedParameters:
    """Parameters from five unconstrained numbers, in the order of the fields."""
    positive = jax.nn.softplus(free)
    return InflatedParameters(free[0], free[0] + positive[1], free[2], positive[3], LEAST_SPREAD + positive[4])


def inflated_loss(
    eta: Float[Array, "batch"],
    parameters: InflatedParameters,
    value: Float[Array, "batch"],
    half_width: Float[Array, "batch"],
    *,
    bounds: tuple[float, float],
) -> LossPart:
    """Negative log-likelihood of values that are known to within an interval.

    Args:
        eta: latent pain, higher for more.
        parameters: what all patients share.
        value: on the scale; NaN is missing.
        half_width: of the interval around it: 0.5 for millimetres, 5 for a numeric rating scale times 10.
        bounds: floor and ceiling of the scale.

    Returns:
        A value per patient; missing ones are masked.

    Raises:
        UsageError: the floor is not below the ceiling.
    """
    low, high = bounds
    if not low < high:
        raise UsageError(f"A bounded scale goes from its floor to its ceiling; got bounds ({low:g}, {high:g}).")
    mask = known(value) & known(half_width)
    value, half = jnp.where(mask, value, low), jnp.where(mask, half_width, high - low) / (high - low)
    place = (value - low) / (high - low)
    floor, between, ceiling = _log_probabilities(eta, parameters)
    # a bound that is not reached gets the standard score of the interval's other end: harmless, and not selected
    below, above = _standard_score(eta, parameters, place - half), _standard_score(eta, parameters, place + half)
    inside = between + _log_normal_interval(below, above)
    at_floor = jnp.logaddexp(floor, between + log_ndtr(above))
    at_ceiling = jnp.logaddexp(ceiling, between + log_ndtr(-below))
    return LossPart(-jnp.where(value <= low, at_floor, jnp.where(value >= high, at_ceiling, inside)), mask)


def inflated_probabilities(eta: Float[Array, "batch"], parameters: InflatedParameters) -> Float[Array, "batch part"]:
    """P(at the floor), P(in between), P(at the ceiling).

    Args:
        eta: latent pain, higher for more.
        parameters: what all patients share.

    Returns:
        Three columns that sum to 1.
    """
    return jnp.exp(jnp.stack(_log_probabilities(eta, parameters), -1))


def expected_value(
    eta: Float[Array, "batch"], parameters: InflatedParameters, *, bounds: tuple[float, float]
) -> Float[Array, "batch"]:
    """Expected value; the logit-normal's mean has no closed form and is a Gauss-Hermite sum.

    Args:
        eta: latent pain, higher for more.
        parameters: what all patients share.
        bounds: floor and ceiling of the scale.

    Returns:
        In the scale's unit.
    """
    return bounds[0] + (bounds[1] - bounds[0]) * _moment(eta, parameters, 1)


def value_variance(
    eta: Float[Array, "batch"], parameters: InflatedParameters, *, bounds: tuple[float, float]
) -> Float[Array, "batch"]:
    """Variance of the value.

    Args:
        eta: latent pain, higher for more.
        parameters: what all patients share.
        bounds: floor and ceiling of the scale.

    Returns:
        In the scale's unit squared.
    """
    first, second = _moment(eta, parameters, 1), _moment(eta, parameters, 2)
    return (bounds[1] - bounds[0]) ** 2 * (second - jnp.square(first))


def _moment(eta: Array, parameters: InflatedParameters, power: int) -> Array:
    """Expected power of the value's place on the scale, 0 to 1."""
    centre = parameters.location + parameters.slope * eta
    inner = jax.nn.sigmoid(centre[:, None] + parameters.spread * jnp.asarray(_NODES, eta.dtype)[None, :])
    weights = jnp.asarray(_WEIGHTS / _WEIGHTS.sum(), eta.dtype)
    _, between, ceiling = inflated_probabilities(eta, parameters).T
    return ceiling + between * (inner**power * weights[None, :]).sum(-1)


def quantile(
    eta: Float[Array, "batch"], parameters: InflatedParameters, level: float, *, bounds: tuple[float, float]
) -> Float[Array, "batch"]:
    """The least value with P(Y <= value) >= a level; a bound itself where its point mass covers the level.

    Args:
        eta: latent pain, higher for more.
        parameters: what all patients share.
        level: strictly between 0 and 1.
        bounds: floor and ceiling of the scale.

    Returns:
        In the scale's unit.

    Raises:
        UsageError: the level is no share.
    """
    if not 0 < level < 1:
        raise UsageError(f"A quantile's level lies between 0 and 1; got {level:g}. Divide a percentage by 100.")
    floor, between, ceiling = inflated_probabilities(eta, parameters).T
    inner = jnp.clip((level - floor) / jnp.maximum(between, NEAREST_TO_BOUND), NEAREST_TO_BOUND, 1 - NEAREST_TO_BOUND)
    place = jax.nn.sigmoid(parameters.location + parameters.slope * eta + parameters.spread * ndtri(inner))
    place = jnp.where(level <= floor, 0.0, jnp.where(level > 1 - ceiling, 1.0, place))
    return bounds[0] + (bounds[1] - bounds[0]) * place


def _log_probabilities(eta: Array, parameters: InflatedParameters) -> tuple[Array, Array, Array]:
    """Log of the three parts' probabilities, all exact in both tails."""
    floor_cut = jnp.broadcast_to(parameters.floor_cut, eta.shape)
    ceiling_cut = jnp.broadcast_to(parameters.ceiling_cut, eta.shape)
    between = interval_log_likelihood(eta, floor_cut, ceiling_cut)
    return jax.nn.log_sigmoid(floor_cut - eta), between, jax.nn.log_sigmoid(eta - ceiling_cut)


def _standard_score(eta: Array, parameters: InflatedParameters, place: Array) -> Array:
    """How many spreads the logit of a place in (0, 1) lies above the centre."""
    place = jnp.clip(place, NEAREST_TO_BOUND, 1 - NEAREST_TO_BOUND)
    return (logit(place) - parameters.location - parameters.slope * eta) / parameters.spread


def _log_normal_interval(below: Array, above: Array) -> Array:
    """log(Phi(above) - Phi(below)), turned so that the difference is taken in the lower tail, where it keeps digits."""
    turn = below + above > 0
    below, above = jnp.where(turn, -above, below), jnp.where(turn, -below, above)
    # an interval without any width would have log 0
    drop = jnp.minimum(log_ndtr(below) - log_ndtr(above), -1e-6)
    return log_ndtr(above) + jnp.log(-jnp.expm1(drop))
