"""Random fields that are functions of place alone: trabecular texture in bone coordinates and counter-based noise.

Lattice values come from an integer hash (the multiply-xorshift finaliser `lowbias32`, C. Wellons 2018), so a film can
be drawn in any order and in any number of pieces.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

from outcomenet.arrays import Array, Float, UInt


def value_noise(x: Float[Array, "*grid"], y: Float[Array, "*grid"], seed: UInt[Array, "*grid"]) -> Array:
    """Smooth noise that takes independent uniform values at whole-numbered places (value noise on a lattice).

    Args:
        x: Place, in lattice steps.
        y: Place, in lattice steps.
        seed: Chooses the field.

    Returns:
        0..1.
    """
    column, row = jnp.floor(x), jnp.floor(y)
    u, v = _fade(x - column), _fade(y - row)
    a = _whole(column) * jnp.uint32(0x9E3779B1) + seed
    b = _whole(row) * jnp.uint32(0x85EBCA77)
    right, up = a + jnp.uint32(0x9E3779B1), b + jnp.uint32(0x85EBCA77)
    bottom = _mix(_lattice_value(a ^ b), _lattice_value(right ^ b), u)
    top = _mix(_lattice_value(a ^ up), _lattice_value(right ^ up), u)
    return 0.5 + 2.0**-32 * _mix(bottom, top, v)


def _whole(x: Float[Array, "*grid"]) -> UInt[Array, "*grid"]:
    """A different integer for each whole number below 2^22: the float's last bits, which costs less than converting."""
    return jax.lax.bitcast_convert_type(x + 1.5 * 2.0**23, jnp.uint32)


def _lattice_value(h: UInt[Array, "*grid"]) -> Array:
    """-2^31..2^31 for each place; one round of the hash is enough for a texture, whose high bits alone are seen."""
    h = (h ^ (h >> 15)) * jnp.uint32(0x7FEB352D)
    return h.astype(jnp.int32).astype(jnp.float32)


def gaussian(counter: UInt[Array, "*grid"], seed: UInt[Array, "*grid"]) -> Array:
    """Nearly normal numbers: the sum of four uniforms, which ends at 3.46 SDs.

    Args:
        counter: Number of the pixel.
        seed: Chooses the field.

    Returns:
        Mean 0, SD 1, one per counter and seed.
    """
    first = scramble(counter * jnp.uint32(0x9E3779B1) ^ seed)
    second = scramble(first + jnp.uint32(0x85EBCA77))
    mask = jnp.uint32(0xFFFF)
    total = (first & mask) + (first >> 16) + (second & mask) + (second >> 16)
    # four uniforms on 0..65535: mean 2 * 65535, SD 65536 sqrt(4 / 12)
    return (total.astype(jnp.int32).astype(jnp.float32) - 131070.0) * (1.0 / 37837.2)


def scramble(h: UInt[Array, "*grid"]) -> UInt[Array, "*grid"]:
    """Hashes 32 bits."""
    h = (h ^ (h >> 16)) * jnp.uint32(0x7FEB352D)
    h = (h ^ (h >> 15)) * jnp.uint32(0x846CA68B)
    return h ^ (h >> 16)


def _fade(t: Array) -> Array:
    return t * t * (3.0 - 2.0 * t)


def _mix(a: Array, b: Array, share: Array) -> Array:
    return a + (b - a) * share
