"""Cumulative-link likelihood for ordinal and bounded scales, with values that lie on different grids.

A latent logistic variable with location `eta` is cut by increasing thresholds: P(Y <= k) = sigmoid(theta_k - eta), so
a higher `eta` means a higher (worse) grade (McCullagh, J R Stat Soc B 1980). A value that is known only as "between
two edges" (HAQ on the 1/7 grid, a VAS in whole millimetres) has the likelihood of that interval.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

from outcomenet.arrays import Array, Bool, Float, Int

# Stands for an infinite cut: far enough for sigmoid to be 0 or 1 exactly, near enough for gradients to be 0, not NaN.
FAR = 1e4


def increasing_thresholds(free: Float[Array, "*group threshold"]) -> Float[Array, "*group threshold"]:
    """Strictly increasing thresholds from unconstrained numbers: the first as it is, then softplus steps."""
    first, steps = free[..., :1], jax.nn.softplus(free[..., 1:])
    return jnp.concatenate([first, first + jnp.cumsum(steps, -1)], -1)


def interval_log_likelihood(
    eta: Float[Array, "*batch"], lower: Float[Array, "*batch"], upper: Float[Array, "*batch"]
) -> Float[Array, "*batch"]:
    """log P(lower < latent <= upper) for a logistic latent variable.

    sigmoid(a) - sigmoid(b) = sigmoid(a) sigmoid(-b) (1 - exp(b - a)), which keeps its digits in both tails.

    Args:
        eta: location of the latent variable.
        lower: cut; -FAR for an open end.
        upper: cut above it; FAR for an open end.
    """
    a, b = upper - eta, lower - eta
    # at least 1e-6 wide: equal cuts would have log 0
    return -jax.nn.softplus(-a) - jax.nn.softplus(b) + jnp.log(-jnp.expm1(jnp.minimum(b - a, -1e-6)))


def grade_negative_log_likelihood(
    eta: Float[Array, "*batch"], thresholds: Float[Array, "*batch threshold"], grade: Int[Array, "*batch"]
) -> Float[Array, "*batch"]:
    """Negative log-likelihood of integer grades.

    Args:
        eta: location of the latent grade.
        thresholds: rising along the last axis.
        grade: 0 to the number of thresholds. A negative one means missing: its value here is that of grade 0, and the
            caller must mask it.
    """
    padding = jnp.full((*thresholds.shape[:-1], 1), FAR, thresholds.dtype)
    cuts = jnp.concatenate([-padding, thresholds, padding], -1)
    grade = jnp.clip(grade, 0, thresholds.shape[-1])[..., None]
    lower = jnp.take_along_axis(cuts, grade, -1)[..., 0]
    upper = jnp.take_along_axis(cuts, grade + 1, -1)[..., 0]
    return -interval_log_likelihood(eta, lower, upper)


def expected_grade(eta: Float[Array, "*batch"], thresholds: Float[Array, "*batch threshold"]) -> Float[Array, "*batch"]:
    """Expected grade, the sum over k of P(Y > k).

    Args:
        eta: location of the latent grade.
        thresholds: rising along the last axis.

    Returns:
        Between 0 and the number of thresholds.
    """
    return jax.nn.sigmoid(eta[..., None] - thresholds).sum(-1)


def most_probable_grade(
    eta: Float[Array, "*batch"], thresholds: Float[Array, "*batch threshold"]
) -> Float[Array, "*batch"]:
    """Grade with the highest probability, the lower one of two alike: what a person who must name one would name.

    Args:
        eta: location of the latent grade.
        thresholds: rising along the last axis.

    Returns:
        Whole numbers from 0 to the number of thresholds.
    """
    at_most = jax.nn.sigmoid(thresholds - eta[..., None])
    each = jnp.diff(jnp.concatenate([at_most, jnp.ones_like(at_most[..., :1])], -1), axis=-1, prepend=0.0)
    return each.argmax(-1).astype(eta.dtype)


def bounded_negative_log_likelihood(
    eta: Float[Array, "batch"],
    thresholds: Float[Array, "threshold"],
    value: Float[Array, "batch"],
    half_width: Float[Array, "batch"],
    *,
    bounds: tuple[float, float],
) -> Float[Array, "batch"]:
    """Negative log-likelihood of values on a bounded scale, each known to within +-`half_width`.

    The thresholds lie half-way between the points of the scale's own grid (their number is that of its steps); between
    and beyond them the cut is linear in the value. The floor and the ceiling are points of their own: a value at a
    bound is open to that side, so that exact zeros have their probability.

    Args:
        eta: location of the latent value.
        thresholds: rising.
        value: on the scale; NaN gives NaN, mask it before.
        half_width: of the interval in which the value is known.
        bounds: floor and ceiling of the scale.
    """
    low, high = bounds
    lower = jnp.where(value <= low, -FAR, cut_at(value - half_width, thresholds, bounds=bounds))
    upper = jnp.where(value >= high, FAR, cut_at(value + half_width, thresholds, bounds=bounds))
    return -interval_log_likelihood(eta, lower, upper)


def cut_at(
    edge: Float[Array, "batch"], thresholds: Float[Array, "threshold"], *, bounds: tuple[float, float]
) -> Float[Array, "batch"]:
    """The latent cut at any point of the scale, linear between the thresholds at the middles of its steps.

    Args:
        edge: points of the scale.
        thresholds: rising; at least two.
        bounds: floor and ceiling of the scale.
    """
    count = thresholds.shape[0]
    step = (bounds[1] - bounds[0]) / count
    position = (edge - bounds[0]) / step - 0.5
    # clipped to the outermost pair: beyond it the line through that pair goes on
    below = jnp.clip(jnp.floor(position), 0, count - 2).astype(jnp.int32)
    share = position - below.astype(position.dtype)
    return thresholds[below] + share * (thresholds[below + 1] - thresholds[below])


def grid_probabilities(
    eta: Float[Array, "batch"], thresholds: Float[Array, "threshold"]
) -> Float[Array, "batch point"]:
    """Probability of each point of the scale's own grid.

    Args:
        eta: location of the latent value.
        thresholds: rising; one fewer than points.

    Returns:
        Rows that sum to 1.
    """
    at_most = jax.nn.sigmoid(thresholds[None, :] - eta[:, None])
    edges = jnp.concatenate([jnp.zeros_like(at_most[:, :1]), at_most, jnp.ones_like(at_most[:, :1])], -1)
    return jnp.diff(edges, axis=-1)


def known(value: Float[Array, "*batch"]) -> Bool[Array, "*batch"]:
    """Which values are there (not NaN)."""
    return ~jnp.isnan(value)
