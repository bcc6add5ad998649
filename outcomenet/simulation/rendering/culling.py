"""Bounds of the closed forms in `solids`: which shapes can change a tile's pixels at all, never too few.

A shape that is left out of a tile must add exactly nothing there, whatever lesions it has; `test_culling` holds it.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from outcomenet.arrays import Array, Bool, Float, Int, UInt
from outcomenet.simulation.rendering.implants import IMPLANT
from outcomenet.simulation.rendering.layout import Layout
from outcomenet.simulation.rendering.limb_anatomy import OUTLINE_WAVES
from outcomenet.simulation.rendering.solids import (
    BLEND_MM,
    LONG_BONE,
    ROUND_BONE,
    SOFT_PART,
    SPUR_RATE,
    SWELLING_REACH_MM,
)

ROUNDING_MM = 0.02  # room for single precision
ANGLES = 32  # at which a round bone's outline is looked at

Table = Float[Array, "film shape number"]
Near = Bool[Array, "tile shape"]


class TileBoxes(NamedTuple):
    """Squares that hold the centres of all pixels of a tile, canonical frame, mm."""

    film: Int[Array, "tile"]
    centre: Float[Array, "tile 2"]
    right: Float[Array, "tile 2"]  # from the centre to the right edge
    down: Float[Array, "tile 2"]
    blur: Float[Array, "tile"]


def long_bones_near(table: Table, boxes: TileBoxes) -> Near:
    """Tiles that overlap a long bone's widest flank and its longest ends.

    Args:
        table: Numbers of the bones, `solids.LONG_BONE`.
        boxes: Tiles.

    Returns:
        False only where a bone adds exactly nothing to a tile.
    """
    bone = _spread(LONG_BONE, table, boxes)
    from_base, end, across = _along_and_across(boxes, bone.origin, bone.axis)
    from_head, before_head = bone.length - end, bone.length - from_base
    shares = [
        1.0 / (1.0 + (jnp.maximum(depth - hold, 0.0) * rate) ** 2) ** 2
        for depth, hold, rate in zip((from_base, from_head), bone.hold, bone.narrowing_rate, strict=True)
    ]
    base_half, shaft_half, head_half = bone.half_width
    thinnest = jnp.minimum(jnp.minimum(base_half, head_half), shaft_half)
    spurs = [jnp.maximum(*bone.spur[:2]), jnp.maximum(*bone.spur[2:])]
    flank = shaft_half
    for share, half, spur, depth in zip(shares, (base_half, head_half), spurs, (from_base, from_head), strict=True):
        flank = flank + jnp.maximum(half - shaft_half, 0.0) * share + jnp.where(depth * SPUR_RATE < 1.0, spur, 0.0)
    height, place, rate, lean = bone.tubercle
    flank = flank + jnp.where((from_head - place) * rate < 1.0, height + jnp.abs(lean), 0.0)
    bow = sum(jnp.abs(shift) * share for shift, share in zip(bone.shift, shares, strict=True)) + jnp.abs(bone.bend)
    edge = 1.0 + boxes.blur[:, None] / thinnest  # across over flank, beyond which nothing is left
    near = (across < flank * edge + bow + ROUNDING_MM) & (bone.mineral > 0.0)
    ends = zip(
        (end, before_head),
        bone.inset,
        (bone.base, bone.head),
        (-1.0, 1.0),
        spurs,
        bone.rise_rate,
        bone.fusion,
        strict=True,
    )
    for depth, inset, profile, sign, spur, rise_rate, fusion in ends:
        first, second, fourth = jnp.abs(profile[0]), *(jnp.maximum(sign * term, 0.0) for term in profile[1:])
        deepest = depth - inset + edge * (first + edge * (second + edge**2 * (fourth + 0.4 * spur)))
        fused = depth + BLEND_MM + 1.0 / rise_rate
        deepest = jnp.where(fusion > 0.0, jnp.maximum(deepest, fused), deepest)
        near = near & (deepest + ROUNDING_MM > (1.0 - edge) / rise_rate)
    return near


def round_bones_near(table: Table, boxes: TileBoxes) -> Near:
    """Tiles that come nearer to a round bone's centre than its outline does anywhere.

    Args:
        table: Numbers of the bones, `solids.ROUND_BONE`.
        boxes: Tiles.

    Returns:
        False only where a bone adds exactly nothing to a tile.
    """
    radius = table[..., _columns(ROUND_BONE, "radius")]
    angle = np.linspace(0.0, 2.0 * np.pi, ANGLES, endpoint=False)
    wave = np.arange(1, OUTLINE_WAVES + 1)
    waves = np.stack([np.cos(np.outer(angle, wave)), np.sin(np.outer(angle, wave))], -1).reshape(1, 1, ANGLES, -1)
    outline = radius[..., :1] + (radius[..., None, 1:] * waves.astype(np.float32)).sum(-1)
    # between two of the angles an outline stands out by no more than its curvature allows
    curvature = np.repeat(wave**2, 2).astype(np.float32)[None, None]
    bulge = 0.5 * (np.pi / ANGLES) ** 2 * (jnp.abs(radius[..., 1:]) * curvature).sum(-1)
    grown = jnp.maximum(table[..., _columns(ROUND_BONE, "contacts")][..., 3::4], 0.0).sum(-1)
    reach = (outline.max(-1) + bulge + grown)[boxes.film] + boxes.blur[:, None] + ROUNDING_MM
    bone = _spread(ROUND_BONE, table, boxes)
    return (_distance(boxes, bone.centre) < reach) & (bone.mineral > 0.0)


def soft_parts_near(table: Table, boxes: TileBoxes) -> Near:
    """Tiles that overlap a soft part's capsule at its widest.

    Args:
        table: Numbers of the soft parts, `solids.SOFT_PART`.
        boxes: Tiles.

    Returns:
        False only where a part adds exactly nothing to a tile.
    """
    part = _spread(SOFT_PART, table, boxes)
    low, high, across = _along_and_across(boxes, part.start, part.axis)
    length = part.length
    beyond = jnp.maximum(jnp.maximum(low - length, -high), 0.0)
    slope = (part.radius[1] - part.radius[0]) / length
    radius = part.radius[0] + jnp.maximum(*(slope * jnp.clip(end, 0.0, length) for end in (low, high)))
    from_ends = jnp.maximum(low, -high), jnp.maximum(length - high, low - length)
    for swelling, depth in zip(part.swelling, from_ends, strict=True):
        share = jnp.maximum(1.0 - (jnp.maximum(depth, 0.0) * (1.0 / SWELLING_REACH_MM)) ** 2, 0.0)
        radius = radius + swelling * share * share
    near = jnp.hypot(across, beyond) < jnp.sqrt(radius * (radius + 3.0 * boxes.blur[:, None])) + ROUNDING_MM
    return near & (part.flatness > 0.0)


def implants_near(table: Table, boxes: TileBoxes) -> Near:
    """Tiles within a circle around an implant; there are few of them, so that a coarse bound costs little.

    Args:
        table: Numbers of the implants, `implants.IMPLANT`.
        boxes: Tiles.

    Returns:
        False only where an implant adds exactly nothing to a tile.
    """
    part = _spread(IMPLANT, table, boxes)
    half_length, half_width = part.body
    stem, mouth = jnp.maximum(*part.stem), jnp.maximum(*part.mouth)
    # the rings around the mouths of the stems reach 0.45 mm along the bones and 1.8 mm across
    reach = jnp.hypot(half_length + jnp.maximum(stem, 0.45), jnp.maximum(half_width, mouth + 1.8))
    return (_distance(boxes, part.middle) < reach + 2.0 * boxes.blur[:, None] + ROUNDING_MM) & (
        part.attenuation + part.grommet > 0.0
    )


def bits(near: Near, shapes: Int[Array, ""]) -> UInt[Array, "tile"]:
    """Packs which shapes are near into the bits of one number per tile.

    Args:
        near: Which shapes are near a tile, at most 32.
        shapes: How many of the table's rows are shapes; the others are padding.

    Returns:
        Bit n is set where shape n is near.
    """
    shape = jnp.arange(near.shape[1], dtype=jnp.uint32)[None]
    listed = near & (shape < shapes.astype(jnp.uint32))
    return jnp.where(listed, jnp.uint32(1) << shape, jnp.uint32(0)).sum(1, dtype=jnp.uint32)


def _spread(layout: Layout, table: Table, boxes: TileBoxes) -> SimpleNamespace:
    """A layout's fields as arrays [tile, shape]."""

    def each(number: Array) -> Array:
        return number.reshape(table.shape[:2])[boxes.film]

    fields = layout.unpack(table.reshape(-1, table.shape[-1]))
    return SimpleNamespace(**jax.tree.map(each, vars(fields)))


def _columns(layout: Layout, name: str) -> slice:
    names = list(layout.widths)
    start = sum(layout.widths[before] for before in names[: names.index(name)])
    return slice(start, start + layout.widths[name])


def _along_and_across(boxes: TileBoxes, origin: list[Array], axis: list[Array]) -> tuple[Array, Array, Array]:
    """Least and greatest place along a shape's axis, and least distance from it; arrays [tile, shape], mm."""
    dx, dy = (boxes.centre[:, n, None] - origin[n] for n in range(2))
    along, across = dx * axis[0] + dy * axis[1], jnp.abs(dx * axis[1] - dy * axis[0])
    sides = [(side[:, 0, None], side[:, 1, None]) for side in (boxes.right, boxes.down)]
    half_along = sum(jnp.abs(x * axis[0] + y * axis[1]) for x, y in sides)
    half_across = sum(jnp.abs(x * axis[1] - y * axis[0]) for x, y in sides)
    return along - half_along, along + half_along, jnp.maximum(across - half_across, 0.0)


def _distance(boxes: TileBoxes, point: list[Array]) -> Float[Array, "tile shape"]:
    """From the tile's nearest place to a point, mm."""
    dx, dy = (boxes.centre[:, n, None] - point[n] for n in range(2))
    outside = []
    for side in (boxes.right, boxes.down):
        half = jnp.sqrt(side[:, 0] ** 2 + side[:, 1] ** 2)[:, None]
        outside.append(jnp.maximum(jnp.abs(dx * side[:, 0, None] + dy * side[:, 1, None]) / half - half, 0.0))
    return jnp.hypot(*outside)
