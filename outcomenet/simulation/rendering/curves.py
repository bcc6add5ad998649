"""Curves of one or two numbers from which the closed forms of bones and soft parts are made."""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp

from outcomenet.arrays import Array


class Softness(NamedTuple):
    """How far a corner is rounded to either side."""

    reach: Array
    rate: Array  # 1 / (4 reach)


def soft_positive(q: Array, softness: Softness) -> Array:
    """max(q, 0) with its corner rounded over +- softness: the blur of the detector, and exactly 0 outside."""
    corner = jnp.clip(q + softness.reach, 0.0, 2.0 * softness.reach)
    return corner * corner * softness.rate + jnp.maximum(q - softness.reach, 0.0)


def smooth_minimum(a: Array, b: Array, width: float) -> Array:
    overlap = jnp.maximum(width - jnp.abs(a - b), 0.0)
    return jnp.minimum(a, b) - overlap * overlap * (0.25 / width)


def flares(u: Array, v: Array) -> tuple[Array, Array]:
    """1 / (1 + u^2) and 1 / (1 + v^2), by one division."""
    for_u, for_v = 1.0 + u * u, 1.0 + v * v
    both = 1.0 / (for_u * for_v)
    return both * for_v, both * for_u


def fourier_series(terms: list[Array], cos: Array, sin: Array) -> Array:
    """Fourier series a0 + a1 cos + b1 sin + a2 cos 2 ..., as the real part of a polynomial in cos + i sin (Horner)."""
    real, imaginary = terms[-2], -terms[-1]
    for wave in range(len(terms) // 2 - 1, 0, -1):
        real, imaginary = real * cos - imaginary * sin, real * sin + imaginary * cos
        real, imaginary = real + terms[2 * wave - 1], imaginary - terms[2 * wave]
    return terms[0] + real * cos - imaginary * sin


def window(u: Array) -> Array:
    """A bump of height 1 that is exactly 0 outside -1..1."""
    return window_squared(u * u)


def window_squared(u_squared: Array) -> Array:
    rest = jnp.maximum(1.0 - u_squared, 0.0)
    return rest * rest


def step(value: Array, low: float, high: float) -> Array:
    share = jnp.clip((value - low) * (1.0 / (high - low)), 0.0, 1.0)
    return share * share * (3.0 - 2.0 * share)
