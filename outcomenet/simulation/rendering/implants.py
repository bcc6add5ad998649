"""Joint implants: a hinge with a stem in either bone, of metal or of silicone with metal grommets."""

from __future__ import annotations

from types import SimpleNamespace

import jax.numpy as jnp

from outcomenet.arrays import Array, Float
from outcomenet.simulation.rendering.layout import Layout

# Attenuation of the beam through the middle of an implant (dimensionless). Cobalt-chrome lets next to nothing through
# (more than 1 / mm near 40 keV, NIST XCOM); silicone of 6 mm is a little denser than the soft tissue it displaces.
METAL = 3.6
SILICONE = 0.42

IMPLANT = Layout({"middle": 2, "axes": 4, "stem": 2, "mouth": 2, "body": 2, "attenuation": 1, "grommet": 1})


def implant(
    part: SimpleNamespace, x: Float[Array, "tile row column"], y: Float[Array, "tile row column"], blur: Array
) -> Float[Array, "tile row column"]:
    """Attenuation by an implant; the machined edge is sharp, so that only the detector blurs it.

    Args:
        part: Fields of `IMPLANT`, mm. `axes` are the unit vectors along the two bones away from the joint, `stem` and
            `mouth` the lengths and half widths of the stems, `body` the half length and half width of the hinge, which
            has a waist, `grommet` the attenuation of the metal rings around the mouths of the stems.
        x: Place across the limb, mm.
        y: Place along the limb, mm.
        blur: Half width of the edge response, mm.

    Returns:
        Dimensionless.
    """
    dx, dy = x - part.middle[0], y - part.middle[1]
    half_length, half_width = part.body
    insides, rings = [], []
    for side in range(2):
        ax, ay = part.axes[2 * side : 2 * side + 2]
        along, across = dx * ax + dy * ay, jnp.abs(dx * ay - dy * ax)
        beyond = along - half_length
        taper = part.mouth[side] * (1.0 - 0.6 * jnp.maximum(beyond, 0.0) / part.stem[side])
        stem = jnp.minimum(jnp.minimum(taper - across, part.stem[side] - beyond), along + 0.5)
        waist = half_width * (0.62 + 0.38 * jnp.minimum((along / half_length) ** 2, 1.0))
        hinge = jnp.minimum(jnp.minimum(half_length - along, waist - across), along + half_length)
        insides.append(jnp.maximum(stem, hinge))
        rings.append(jnp.minimum(0.45 - jnp.abs(beyond), part.mouth[side] + 1.8 - across))
    return part.attenuation * _covered(jnp.maximum(*insides), blur) + part.grommet * _covered(jnp.maximum(*rings), blur)


def _covered(depth: Array, blur: Array) -> Array:
    """Share of a pixel that an edge covers whose depth is 0 at its middle, by a smooth step over the blur."""
    share = jnp.clip(0.5 + 0.5 * depth / blur, 0.0, 1.0)
    return share * share * (3.0 - 2.0 * share)
