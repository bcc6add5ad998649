"""Exposure of the detector: from attenuation to 12-bit pixels, by quantum noise and tone curve."""

from __future__ import annotations

import math
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from outcomenet.arrays import Array, Float, UInt, UInt16
from outcomenet.simulation.rendering.scanners import MAXIMUM, REFERENCE_ATTENUATION, SHOULDER
from outcomenet.simulation.rendering.texture import gaussian


def exposed(
    soft_tissue: Float[Array, "tile pixel"],
    bone: Float[Array, "tile pixel"],
    response: Float[Array, "tile number"],
    seed: UInt[Array, "tile"],
    count: UInt[Array, "tile pixel"],
) -> UInt16[Array, "tile pixel"]:
    """Pixel values for the attenuation by soft tissue and by bone.

    Args:
        soft_tissue: Attenuation (dimensionless, as in Beer and Lambert).
        bone: The same by bone and implants.
        response: Of the scanner, see `Scanner.response`.
        seed: Seed of the film's noise.
        count: Number of each pixel in the film, which with the seed chooses its noise.

    Returns:
        0..4095, brighter = more bone.
    """
    _, noise, gamma, contrast, fog, equalisation = (response[:, n, None] for n in range(6))
    grain = gaussian(count, jnp.broadcast_to(seed[:, None], count.shape))
    # the detector counts quanta: relative noise grows as their number falls, with half the attenuation
    counted = noise * _exp_half(soft_tissue + bone) * grain
    shown = soft_tissue / (1.0 + equalisation * soft_tissue) + bone + counted
    share = jnp.maximum(shown * (1.0 / REFERENCE_ATTENUATION), 1e-7)
    share = _exp2(gamma * _log2(share))
    tone = 1.0 - _exp2(-SHOULDER * math.log2(math.e) * share)
    signal = fog + contrast * tone * (1.0 / (1.0 - math.exp(-SHOULDER)))
    # the film base's own grain keeps air from being a flat zero
    signal = signal + 0.25 * noise * grain
    return jnp.clip(MAXIMUM * signal + 0.5, 0.0, MAXIMUM).astype(jnp.uint16)


# XLA's exponential and logarithm are exact to the last bit, with all special cases, and would take a fifth of a crop's
# time. These are good to 4e-6, a sixtieth of a grey level.


def _exp_half(x: Array) -> Array:
    """About exp(x / 2), as (1 + y + y^2 / 2)^4 with y = x / 8: within 1 % up to 2, 6 % too little in metal."""
    y = 0.125 * x
    root = 1.0 + y * (1.0 + 0.5 * y)
    square = root * root
    return square * square


def _polynomial(function: Callable[[np.ndarray], np.ndarray], low: float, high: float, degree: int) -> list[float]:
    """Coefficients of the interpolation at Chebyshev's points, the highest power first."""
    fitted = np.polynomial.Chebyshev.interpolate(function, degree, domain=[low, high])
    return [float(term) for term in fitted.convert(kind=np.polynomial.Polynomial).coef[::-1]]


_LOG2 = _polynomial(lambda x: np.log2(1.0 + x) / x, math.sqrt(0.5) - 1.0, math.sqrt(2.0) - 1.0, 6)
_EXP2 = _polynomial(np.exp2, -0.5, 0.5, 4)
_SQUARE_ROOT_OF_HALF = 0x3F3504F3  # as the bits of a float


def _log2(x: Array) -> Array:
    """Logarithm of a normal number above 0: its exponent, and a polynomial in its mantissa (0.7 to 1.4) minus 1."""
    bits = jax.lax.bitcast_convert_type(x, jnp.int32)
    exponent = (bits - _SQUARE_ROOT_OF_HALF) >> 23
    fraction = jax.lax.bitcast_convert_type(bits - (exponent << 23), jnp.float32) - 1.0
    return exponent.astype(jnp.float32) + fraction * _horner(_LOG2, fraction)


def _exp2(x: Array) -> Array:
    """Two to the power of -100..100: a polynomial in what is left of the nearest whole number, which is the exponent."""
    whole = jnp.round(x)
    bits = jax.lax.bitcast_convert_type(_horner(_EXP2, x - whole), jnp.int32)
    return jax.lax.bitcast_convert_type(bits + (whole.astype(jnp.int32) << 23), jnp.float32)


def _horner(coefficients: list[float], x: Array) -> Array:
    value = jnp.full_like(x, coefficients[0])
    for coefficient in coefficients[1:]:
        value = value * x + coefficient
    return value
