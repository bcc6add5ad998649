"""Curves of one or two numbers from which the closed forms of bones and soft parts are made."""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp

from outcomenet.arrays import Array, Float


class Softness(NamedTuple):
    """How far a corner is rounded to either side."""

    reach: Float[Array, "*#place"]
    rate: Float[Array, "*#place"]  # 1 / (4 reach)


def soft_positive(q: Float[Array, "*place"], softness: Softness) -> Float[Array, "*place"]:
    """max(q, 0) with its corner rounded: the blur of the detector, and exactly 0 outside.

    Args:
        q: Any numbers.
        softness: How far to either side of 0 the corner is rounded.

    Returns:
        0 below -reach, q above reach, a parabola between.
    """
    corner = jnp.clip(q + softness.reach, 0.0, 2.0 * softness.reach)
    return corner * corner * softness.rate + jnp.maximum(q - softness.reach, 0.0)


def smooth_minimum(a: Float[Array, "*place"], b: Float[Array, "*place"], width: float) -> Float[Array, "*place"]:
    """Minimum of two values with its corner rounded (polynomial smooth minimum, I. Quilez).

    Args:
        a: Any numbers.
        b: Any numbers.
        width: Difference of the two from which on the minimum is exact.

    Returns:
        At most a quarter of `width` below the minimum.
    """
    overlap = jnp.maximum(width - jnp.abs(a - b), 0.0)
    return jnp.minimum(a, b) - overlap * overlap * (0.25 / width)


def flares(
    u: Float[Array, "*place"], v: Float[Array, "*place"]
) -> tuple[Float[Array, "*place"], Float[Array, "*place"]]:
    """1 / (1 + u^2) and 1 / (1 + v^2), by one division.

    Args:
        u: Any numbers.
        v: Any numbers.

    Returns:
        Both values, 1 at 0 and falling to either side.
    """
    for_u, for_v = 1.0 + u * u, 1.0 + v * v
    both = 1.0 / (for_u * for_v)
    return both * for_v, both * for_u


def fourier_series(
    terms: list[Float[Array, "*#place"]], cos: Float[Array, "*place"], sin: Float[Array, "*place"]
) -> Float[Array, "*place"]:
    """Fourier series a0 + a1 cos + b1 sin + a2 cos 2 ..., as the real part of a polynomial in cos + i sin (Horner).

    Args:
        terms: a0, a1, b1, a2, b2 ...
        cos: Cosine of the angle.
        sin: Sine of the angle.

    Returns:
        The sum of the series.
    """
    real, imaginary = terms[-2], -terms[-1]
    for wave in range(len(terms) // 2 - 1, 0, -1):
        real, imaginary = real * cos - imaginary * sin, real * sin + imaginary * cos
        real, imaginary = real + terms[2 * wave - 1], imaginary - terms[2 * wave]
    return terms[0] + real * cos - imaginary * sin


def window(u: Float[Array, "*place"]) -> Float[Array, "*place"]:
    """A bump of height 1 that is exactly 0 outside -1..1."""
    return window_squared(u * u)


def window_squared(u_squared: Float[Array, "*place"]) -> Float[Array, "*place"]:
    """`window` of a number of which the square is known."""
    root = jnp.maximum(1.0 - u_squared, 0.0)
    return root * root


def step(value: Float[Array, "*place"], low: float, high: float) -> Float[Array, "*place"]:
    """Smooth step: 3 s^2 - 2 s^3 of the share s of the way from `low` to `high`.

    Args:
        value: Any numbers.
        low: Where the step begins.
        high: Where it ends.

    Returns:
        0 below `low`, 1 above `high`.
    """
    share = jnp.clip((value - low) * (1.0 / (high - low)), 0.0, 1.0)
    return share * share * (3.0 - 2.0 * share)
