"""Attenuation by a bone or a soft part at a point: closed forms of the point's place in millimetres.

A solid's *depth* e is 0 on its outline and 1 in its middle; the beam's path through it is its thickness times
sqrt(e (2 - e)), which is exact for an elliptic cylinder. Bone is a cortical shell around trabecular bone, which is the
same solid shrunk by the cortical thickness. All lesions act on outline, shell or density.
"""

from __future__ import annotations

from functools import reduce
from types import SimpleNamespace

import jax.numpy as jnp

from outcomenet.arrays import Array, Float
from outcomenet.simulation.rendering.curves import (
    Softness,
    flares,
    fourier_series,
    smooth_minimum,
    soft_positive,
    step,
    window,
    window_squared,
)
from outcomenet.simulation.rendering.layout import Layout
from outcomenet.simulation.rendering.texture import value_noise

# Linear attenuation in 1/mm near 40 keV (NIST XCOM: water 0.268 cm2/g, cortical bone 0.665 cm2/g at 1.92 g/cm3); bone
# counts by its excess over the soft tissue it replaces, trabecular bone as about three tenths of cortical bone by volume.
SOFT_TISSUE = 0.028
CORTICAL_EXCESS = 0.110
TRABECULAR_EXCESS = 0.034

OSTEOPENIA_REACH_MM = 13.0
SPUR_RATE = 0.33  # 1 / the length (mm) of a bone end's margin over which an osteophyte stands out

LONG_BONE = Layout(
    {
        "origin": 2, "axis": 2, "length": 1, "half_width": 3, "narrowing_rate": 2, "hold": 2, "shift": 2, "bend": 1,
        "tubercle": 4, "rim": 2,
        "base": 3, "head": 3, "rise_rate": 2, "inset": 2, "collapse": 2, "spur": 4, "cortex": 2, "aspect": 1,
        "marrow": 2, "mineral": 1, "plate": 2, "plate_rate": 2, "osteopenia": 2, "micro": 2, "fusion": 2,
        "bites": 24, "grain": 2, "seed": 1,
    }
)  # fmt: skip
ROUND_BONE = Layout(
    {
        "centre": 2, "radius": 17, "rise_rate": 1, "depth": 1, "shell": 1, "mineral": 1, "plate": 1, "plate_rate": 1,
        "osteopenia": 1, "micro": 1, "collapse": 1, "contacts": 24, "bites": 16, "grain": 2, "seed": 1,
    }
)  # fmt: skip
SOFT_PART = Layout({"start": 2, "axis": 2, "length": 1, "radius": 2, "flatness": 1, "swelling": 2})


def long_bone(
    bone: SimpleNamespace, x: Float[Array, "tile row column"], y: Float[Array, "tile row column"], blur: Array
) -> Float[Array, "tile row column"]:
    """Attenuation by a bone with a shaft.

    Args:
        bone: Fields of `LONG_BONE`.
        x: Place across the limb, mm.
        y: Place along the limb, mm.
        blur: Half width of the edge response, mm.

    Returns:
        Dimensionless; exactly 0 outside of the bone and its blur.
    """
    dx, dy = x - bone.origin[0], y - bone.origin[1]
    along = dx * bone.axis[0] + dy * bone.axis[1]
    across = dx * bone.axis[1] - dy * bone.axis[0]
    from_head = bone.length - along
    base_root, head_root = flares(
        jnp.maximum(along - bone.hold[0], 0.0) * bone.narrowing_rate[0],
        jnp.maximum(from_head - bone.hold[1], 0.0) * bone.narrowing_rate[1],
    )
    base_share, head_share = base_root * base_root, head_root * head_root
    middle = jnp.clip(along * (1.0 / bone.length), 0.0, 1.0)
    tubercle = window((from_head - bone.tubercle[1]) * bone.tubercle[2])
    across = across - (
        bone.shift[0] * base_share
        + bone.shift[1] * head_share
        + bone.bend * 4.0 * middle * (1.0 - middle)
        + bone.tubercle[3] * tubercle
    )
    base_half, shaft_half, head_half = bone.half_width
    width = shaft_half + (base_half - shaft_half) * base_share + (head_half - shaft_half) * head_share
    width = width + bone.tubercle[0] * tubercle
    thumbwards = across > 0.0
    base_spur = jnp.where(thumbwards, bone.spur[0], bone.spur[1])
    head_spur = jnp.where(thumbwards, bone.spur[2], bone.spur[3])
    beak = base_spur * window(along * SPUR_RATE) + head_spur * window(from_head * SPUR_RATE)
    flank = width + beak
    # one division for two: next to instructions of one cycle, divisions and roots are what a pixel costs
    both = 1.0 / (flank * width)
    per_flank, per_width = both * width, both * flank
    x1 = jnp.clip(across * per_flank, -1.3, 1.3)
    x2 = x1 * x1

    coarse = value_noise(along * 0.62, across * 0.62, bone.seed)
    lip = 0.4 * x2 * x2
    base_depth = along - (bone.base[0] * x1 + bone.base[1] * x2 + bone.base[2] * x2 * x2 + bone.inset[0])
    base_depth = base_depth + lip * base_spur - bone.collapse[0] * (0.35 + 1.3 * coarse)
    head_depth = from_head + (bone.head[0] * x1 + bone.head[1] * x2 + bone.head[2] * x2 * x2 - bone.inset[1])
    head_depth = head_depth + lip * head_spur - bone.collapse[1] * (0.35 + 1.3 * coarse)
    base_depth, base_weight = _fused(base_depth, along, bone.fusion[0], x1, bone.rise_rate[0])
    head_depth, head_weight = _fused(head_depth, from_head, bone.fusion[1], x1, bone.rise_rate[1])
    end = jnp.minimum(base_depth * bone.rise_rate[0], head_depth * bone.rise_rate[1])
    whole = smooth_minimum(1.0 - jnp.abs(x1), end, 0.5)
    bitten = jnp.minimum(whole, _bites(bone.bites, along, across, coarse) * per_flank)

    base_near, head_near = (window(depth * (1.0 / OSTEOPENIA_REACH_MM)) for depth in (along, from_head))
    thinned = bone.osteopenia[0] * base_near + bone.osteopenia[1] * head_near
    margin = window(along * 0.14) * bone.micro[0] + window(from_head * 0.14) * bone.micro[1]
    end_share = jnp.maximum(base_share, head_share)
    shaft_share = (1.0 - base_share) * (1.0 - head_share)
    shell = bone.cortex[1] + (bone.cortex[0] - bone.cortex[1]) * shaft_share * shaft_share
    shell = jnp.minimum(shell * (1.0 - 0.45 * thinned) * per_width, 0.7)

    softness = Softness(2.0 * blur * per_width, width * (0.125 / blur))
    outer = _path(whole, bitten, softness)
    inside = 1.0 - shell
    per_inside = 1.0 / inside
    inner = inside * _path((whole - shell) * per_inside, (bitten - shell) * per_inside, softness)
    chord = 2.0 * bone.aspect * width
    grain, patchy = _grain(along * bone.grain[0], across * bone.grain[0], bone.seed, end_share)
    grain = grain * bone.grain[1]
    breaks = jnp.maximum(1.0 - 0.8 * margin * step(patchy, 0.5, 0.7), 0.0)
    shaft, base = bone.marrow
    density = shaft + jnp.maximum((base - shaft) * base_root, (1.0 - shaft) * head_root)
    trabecular = (
        inner
        * density
        * (1.0 - 0.6 * thinned)
        * (1.0 + (0.58 + 0.3 * thinned) * (5.0 / bone.aspect) * per_width * grain)
    )
    # a hollow surface shows its floor and, deeper in the bone, its rim
    plate = bone.plate[0] * _double_line(base_depth, bone.rim[0] * (1.0 - x2), bone.plate_rate[0])
    plate = plate + bone.plate[1] * _double_line(head_depth, bone.rim[1] * (1.0 - x2), bone.plate_rate[1])
    cortical = chord * (outer - inner) + plate * outer * (1.0 - 0.35 * thinned)
    weight = bone.mineral * base_weight * head_weight
    return weight * (CORTICAL_EXCESS * breaks * cortical + TRABECULAR_EXCESS * chord * trabecular)


def round_bone(
    bone: SimpleNamespace, x: Float[Array, "tile row column"], y: Float[Array, "tile row column"], blur: Array
) -> Float[Array, "tile row column"]:
    """Attenuation by a carpal, tarsal or sesamoid bone, its outline a Fourier series of the angle.

    Args:
        bone: Fields of `ROUND_BONE`.
        x: Place across the limb, mm.
        y: Place along the limb, mm.
        blur: Half width of the edge response, mm.

    Returns:
        Dimensionless; exactly 0 outside of the bone and its blur.
    """
    dx, dy = x - bone.centre[0], y - bone.centre[1]
    distance = jnp.sqrt(dx * dx + dy * dy + 1e-6)
    outline = fourier_series(bone.radius, dx * (1.0 / distance), dy * (1.0 / distance))
    for px, py, rate, amount in _rows(bone.contacts, 4):
        outline = outline + amount * window_squared(((dx - px) ** 2 + (dy - py) ** 2) * rate)
    coarse = value_noise(dx * 0.62, dy * 0.62, bone.seed)
    depth = outline - distance - bone.collapse * (0.35 + 1.3 * coarse)
    whole = depth * bone.rise_rate
    bitten = jnp.minimum(whole, _bites(bone.bites, dx, dy, coarse) * bone.rise_rate)
    softness = Softness(2.0 * blur * bone.rise_rate, 0.125 / (blur * bone.rise_rate))
    outer = _path(whole, bitten, softness)
    shell = bone.shell * (1.0 - 0.45 * bone.osteopenia) * bone.rise_rate
    inner = _path(whole - shell, bitten - shell, softness)
    margin = window(depth * 0.4)
    grain, patchy = _grain(dy * bone.grain[0], dx * bone.grain[0], bone.seed, 1.0)
    grain = grain * bone.grain[1]
    breaks = 1.0 - 0.8 * bone.micro * margin * step(patchy, 0.5, 0.7)
    trabecular = bone.depth * inner * (1.0 - 0.6 * bone.osteopenia) * (1.0 + (0.28 + 0.3 * bone.osteopenia) * grain)
    cortical = bone.depth * 0.5 * (outer - inner) + bone.plate * _line(depth, bone.plate_rate) * outer
    return bone.mineral * (CORTICAL_EXCESS * breaks * cortical + TRABECULAR_EXCESS * trabecular)


def soft_part(
    part: SimpleNamespace, x: Float[Array, "tile row column"], y: Float[Array, "tile row column"], blur: Array
) -> Float[Array, "tile row column"]:
    """Half thickness of a capsule to the eighth power: summed over parts, they join as an 8-norm, smoothly.

    Args:
        part: Fields of `SOFT_PART`.
        x: Place across the limb, mm.
        y: Place along the limb, mm.
        blur: Half width of the edge response, mm.

    Returns:
        mm^8; exactly 0 outside of the part and its blur.
    """
    dx, dy = x - part.start[0], y - part.start[1]
    along = dx * part.axis[0] + dy * part.axis[1]
    across = dx * part.axis[1] - dy * part.axis[0]
    inside = jnp.clip(along, 0.0, part.length)
    radius = part.radius[0] + ((part.radius[1] - part.radius[0]) / part.length) * inside
    reach = 1.0 / SWELLING_REACH_MM
    radius = radius + part.swelling[0] * window(along * reach)
    radius = radius + part.swelling[1] * window((part.length - along) * reach)
    beyond = along - inside
    softness = 3.0 * blur * radius
    q = soft_positive(radius * radius - across * across - beyond * beyond, Softness(softness, 0.25 / softness))
    half_squared = q * (part.flatness * part.flatness)
    return (half_squared * half_squared) ** 2


SWELLING_REACH_MM = 15.0
# Two fused bones give way to each other over this distance to either side of their joint, mm.
BLEND_MM = 1.6


def _fused(depth: Array, along: Array, share: Array, x1: Array, rise_rate: Array) -> tuple[Array, Array]:
    """Depth under a bone end of which ankylosis bridges `share` of the width, and the weight of this bone's part.

    Where it is bridged the bone has no surface: it goes on at full thickness while its weight falls from 1 to 0 as
    that of the bone on the other side rises.
    """
    bridged = jnp.clip((1.5 * share - 0.5 * (x1 + 1.0)) * 2.0, 0.0, 1.0) * jnp.minimum(20.0 * share, 1.0)
    without_end = along + BLEND_MM + 1.0 / rise_rate
    weight = jnp.clip(0.5 + along * (0.5 / BLEND_MM), 0.0, 1.0)
    # where it is bridged in part both bones reach beyond the joint already: the weight is shared out sooner
    shared = jnp.minimum(4.0 * bridged, 1.0)
    return depth + bridged * (without_end - depth), 1.0 - shared * (1.0 - weight)


def _path(whole: Array, bitten: Array, softness: Softness) -> Array:
    """Share of the full thickness at depth e; an erosion takes four fifths of the thickness where it bites."""
    return 0.2 * _chord(whole, softness) + 0.8 * _chord(bitten, softness)


def _chord(e: Array, softness: Softness) -> Array:
    e = jnp.minimum(e, 1.0)
    return jnp.sqrt(soft_positive(e * (2.0 - e), softness))


def _bites(bites: list[Array], x: Array, y: Array, coarse: Array) -> Array:
    """Distance in mm outside the nearest bite, each given by its place, radius squared and 1 / (2 radius)."""
    roughness = 0.35 + 1.3 * coarse
    outside = [
        (((x - px) ** 2 + (y - py) ** 2) * roughness - radius_squared) * rate
        for px, py, radius_squared, rate in _rows(bites, 4)
    ]
    return reduce(jnp.minimum, outside)


def _grain(along: Array, across: Array, seed: Array, netted: Array | float) -> tuple[Array, Array]:
    """Trabecular pattern, about -1..1, and a noise of 0..1 that breaks the cortex.

    Bright struts run where two noises meet: along the lines of load, and where `netted` (0..1) is high across them too.
    """
    first = value_noise(0.55 * (along + 0.3 * across), 2.2 * (across - 0.12 * along), seed + 1)
    second = value_noise(0.7 * (along - 0.3 * across), 2.5 * (across + 0.15 * along), seed + 3)
    third = value_noise(1.9 * (along + 0.25 * across), 0.7 * (across - 0.25 * along), seed + 7)
    struts = jnp.maximum(1.0 - 2.2 * jnp.abs(first - second), 0.0)
    cross = jnp.maximum(1.0 - 2.2 * jnp.abs(first - third), 0.0) * netted
    return struts * struts + cross * cross + 0.2 * (second + third) - 0.6 - 0.35 * netted, third


def _line(depth: Array, rate: Array) -> Array:
    """A band just under an outline: 1 at its middle, 1 / rate wide to either side."""
    return window((depth * rate) - 1.0)


def _double_line(depth: Array, apart: Array, rate: Array) -> Array:
    """A line under an outline and a fainter, broader one `apart` mm deeper."""
    return jnp.maximum(_line(depth, rate), 0.4 * _line(depth - apart, 0.6 * rate))


def _rows(columns: list[Array], width: int) -> list[list[Array]]:
    return [columns[start : start + width] for start in range(0, len(columns), width)]
