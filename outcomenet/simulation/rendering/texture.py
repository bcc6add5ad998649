"""Random fields that are functions of place alone: trabecular texture in bone coordinates and counter-based noise.

Lattice values come from an integer hash (the multiply-xorshift finaliser `lowbias32`, C. Wellons 2018), so a film can
be drawn in any order and in any number of pieces.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jaxtyping import UInt

from outcomenet.arrays import Array, Float


def value_noise(x: Float[Array, "*grid"], y: Float[Array, "*grid"], seed: UInt[Array, "*grid"]) -> Array:
    """Smooth noise in 0..1 that takes independent uniform values at whole-numbered places."""
    column, row = jnp.floor(x), jnp.floor(y)
    u, v = _fade(x - column), _fade(y - row)
    a = column.astype(jnp.int32).astype(jnp.uint32) * jnp.uint32(0x9E3779B1) + seed
    b = row.astype(jnp.int32).astype(jnp.uint32) * jnp.uint32(0x85EBCA77)
    right, up = a + jnp.uint32(0x9E3779B1), b + jnp.uint32(0x85EBCA77)
    bottom = _mix(uniform(a ^ b), uniform(right ^ b), u)
    top = _mix(uniform(a ^ up), uniform(right ^ up), u)
    return _mix(bottom, top, v)


def gaussian(counter: UInt[Array, "*grid"], seed: UInt[Array, "*grid"]) -> Array:
    """Nearly normal numbers (sum of four uniforms, mean 0, SD 1), one per counter and seed."""
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


def uniform(h: UInt[Array, "*grid"]) -> Array:
    """A number in 0..1 for each hash input."""
    return jax.lax.convert_element_type((scramble(h) >> 8).astype(jnp.int32), jnp.float32) * (2.0**-24)


def _fade(t: Array) -> Array:
    return t * t * (3.0 - 2.0 * t)


def _mix(a: Array, b: Array, share: Array) -> Array:
    return a + (b - a) * share
