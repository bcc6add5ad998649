"""Change of a damage score (SvdH units, may be negative): a skewed, heavy-tailed location-scale likelihood.

Student's t with 4 degrees of freedom (Lange, Little & Taylor, JASA 1989) whose halves below and above the location
have scales scale / skew and scale x skew (Fernandez & Steel, JASA 1998). A higher location means more new damage.

Why t and not a normal: a few patients change by ten standard deviations, and their pull on the location is bounded.
Why not ordinal bins: a change has units, and reader and model are compared in them. Why 4 degrees of freedom: its
distribution function is algebraic, F(t) = (1 + u)^2 (2 - u) / 4 with u = t / sqrt(4 + t^2), and so is its inverse
(Shaw, J Comput Finance 2006). The likelihood is that of the reader's rounding interval, never a density: half of the
patients change by exactly 0, and a density there would grow without bound as the scale shrinks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from outcomenet.arrays import Array, Float
from outcomenet.errors import UsageError
from outcomenet.likelihoods.likelihood import OutcomeFeature, value_as_feature
from outcomenet.likelihoods.ordinal import known
from outcomenet.losses.reduction import LossPart
from outcomenet.outcomes import OutcomeSpec

NOTHING = -1e30  # log of a probability of 0; minus infinity would make NaN gradients


class ChangeDistribution(NamedTuple):
    """Of every patient: `location` and `scale` in SvdH units, `skew` above 1 for a longer tail to more damage."""

    location: Float[Array, "batch"]
    scale: Float[Array, "batch"]
    skew: Float[Array, "batch"]


@dataclass(frozen=True)
class Change:
    """Free numbers: the four of `change_distribution`."""

    spec: OutcomeSpec

    def start(self) -> Float[np.ndarray, "4"]:
        """Location, slope and scale in steps of the outcome's grid; the latter two through a softplus."""
        # of the SvdH change 1, 1.3 and 2.15 units; a log skew of 0.5 has the longer tail towards damage
        slope, scale = (np.log(np.expm1(steps * self.spec.step)) for steps in (2.6, 4.3))
        return np.array([2 * self.spec.step, slope, scale, 0.5], np.float32)

    def loss(self, eta: Float[Array, "batch"], free: Float[Array, "4"], batch: Mapping[str, Array]) -> LossPart:
        value, width = (batch[field] for field in self.spec.fields)
        return change_loss(change_distribution(eta, free), value, width)

    def expected(self, eta: Float[Array, "batch"], free: Float[Array, "4"]) -> Float[Array, "batch"]:
        return expected_change(change_distribution(eta, free))

    def variance(self, eta: Float[Array, "batch"], free: Float[Array, "4"]) -> Float[Array, "batch"]:
        return change_variance(change_distribution(eta, free))

    def as_feature(self, batch: Mapping[str, Array]) -> OutcomeFeature:
        return value_as_feature(self.spec, batch)


def change_distribution(eta: Float[Array, "batch"], free: Float[Array, "4"]) -> ChangeDistribution:
    """Distribution of each patient's change: location + slope eta, with one scale and one skew for all.

    Args:
        eta: latent damage, higher for more.
        free: unconstrained location, slope, scale and log skew; slope and scale become positive.
    """
    one = jnp.ones_like(eta)
    location = free[0] + jax.nn.softplus(free[1]) * eta
    return ChangeDistribution(location, jax.nn.softplus(free[2]) * one, jnp.exp(free[3]) * one)


def change_loss(
    distribution: ChangeDistribution, value: Float[Array, "batch"], half_width: Float[Array, "batch"]
) -> LossPart:
    """Negative log-likelihood of changes that are known to within an interval.

    Args:
        distribution: of each patient.
        value: change in SvdH units; NaN is missing.
        half_width: of the interval around it: 0.5 for one reader's totals, 0.25 for the mean of two; NaN is missing.

    Returns:
        A value per patient; those without a change are masked.
    """
    mask = known(value) & known(half_width)
    location, scale, skew = distribution
    # masked rows get a change of 0 +- 0.5: any finite one will do, NaN would reach the gradient through `where`
    offset = jnp.where(mask, value, 0.0) - location
    half = jnp.where(mask, half_width, 0.5)
    below = _log_half(-(offset + half), -(offset - half), 2 * half, scale / skew)
    above = _log_half(offset - half, offset + half, 2 * half, scale * skew)
    share = 1 / (1 + skew**2)
    return LossPart(-jnp.logaddexp(below + jnp.log(2 * share), above + jnp.log(2 * (1 - share))), mask)


def expected_change(distribution: ChangeDistribution) -> Float[Array, "batch"]:
    """Expected change in SvdH units; E|t| = 1 with 4 degrees of freedom."""
    location, scale, skew = distribution
    return location + scale * (skew - 1 / skew)


def change_variance(distribution: ChangeDistribution) -> Float[Array, "batch"]:
    """Variance in SvdH units squared; E t^2 = 2 with 4 degrees of freedom (Fernandez & Steel 1998 for the skew)."""
    _, scale, skew = distribution
    second = 2 * (skew**3 + skew**-3) / (skew + 1 / skew)
    return jnp.square(scale) * (second - jnp.square(skew - 1 / skew))


def exceedance_probability(distribution: ChangeDistribution, threshold: float) -> Float[Array, "batch"]:
    """P(change > threshold).

    Args:
        distribution: of each patient.
        threshold: in SvdH units: 0.5 for any progression of whole units, the smallest detectable change, or 5 for rapid
            progression in a year.

    Returns:
        Probabilities; they rise with damage.
    """
    location, scale, skew = distribution
    offset = threshold - location
    share = 1 / (1 + skew**2)
    above = 2 * (1 - share) * _upper_tail(jnp.maximum(offset, 0.0) / (scale * skew))
    below = 2 * share * _upper_tail(jnp.maximum(-offset, 0.0) * skew / scale)
    return jnp.where(offset > 0, above, 1 - below)


def change_quantile(distribution: ChangeDistribution, level: float) -> Float[Array, "batch"]:
    """The change that a share of such patients stays below; for prediction, it has no gradient at the mode.

    Args:
        distribution: of each patient.
        level: the share, strictly between 0 and 1.

    Returns:
        SvdH units.

    Raises:
        UsageError: the level is no share.
    """
    if not 0 < level < 1:
        raise UsageError(f"A quantile's level lies between 0 and 1; got {level:g}. Divide a percentage by 100.")
    location, scale, skew = distribution
    share = 1 / (1 + skew**2)
    below = -_upper_quantile(level / (2 * share)) * scale / skew
    above = _upper_quantile((1 - level) / (2 * (1 - share))) * scale * skew
    return location + jnp.where(level < share, below, above)


def _log_half(near: Array, far: Array, width: Array, scale: Array) -> Array:
    """log P(max(near, 0) < |t| scale <= far) / 2 for t with 4 degrees of freedom, all of it above 0.

    With u = t / sqrt(4 + t^2) and v = 1 - u, P = (u_far - u_near) (3 (v_near + v_far) - v_near^2 - v_near v_far -
    v_far^2) / 4, and the difference of u is written without subtraction, so that it keeps its digits in the tail.
    """
    reached = far > 0
    far = jnp.where(reached, far, 1.0) / scale
    width = jnp.where(reached & (near > 0), width / scale, far)
    near = jnp.where(reached, jnp.maximum(near, 0.0), 0.0) / scale
    root_near, root_far = jnp.sqrt(4 + near**2), jnp.sqrt(4 + far**2)
    log_step = jnp.log(4 * width) + jnp.log(near + far) - jnp.log(far * root_near + near * root_far)
    log_step = log_step - jnp.log(root_near) - jnp.log(root_far)
    v_near, v_far = _beyond(near), _beyond(far)
    factor = 3 * (v_near + v_far) - (v_near**2 + v_near * v_far + v_far**2)
    return jnp.where(reached, log_step + jnp.log(factor / 4), NOTHING)


def _beyond(t: Array) -> Array:
    """1 - t / sqrt(4 + t^2) for t >= 0, without subtraction."""
    return 4 / ((4 + t**2) * (1 + t / jnp.sqrt(4 + t**2)))


def _upper_tail(t: Array) -> Array:
    """P(T > t) for t >= 0."""
    v = _beyond(t)
    return v**2 * (3 - v) / 4


def _upper_quantile(tail: Array) -> Array:
    """The t >= 0 with P(T > t) = tail, for tails up to 1/2."""
    alpha = jnp.clip(4 * tail * (1 - tail), 1e-12, 1.0)
    q = jnp.cos(jnp.arccos(jnp.sqrt(alpha)) / 3) / jnp.sqrt(alpha)
    return 2 * jnp.sqrt(jnp.maximum(q - 1, 0.0))
