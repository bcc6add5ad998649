"""How much a bone or a soft part weakens the beam at a point: closed forms of the point's place in millimetres.

A solid's *depth* e is 0 on its outline and 1 in its middle; the beam's path through it is its thickness times
sqrt(e (2 - e)), which is exact for an elliptic cylinder. Bone is a cortical shell around trabecular bone, which is the
same solid shrunk by the cortical thickness. All lesions act on outline, shell or density.
"""

from __future__ import annotations

from types import SimpleNamespace

import jax.numpy as jnp

from outcomenet.arrays import Array, Float
from outcomenet.simulation.rendering.layout import Layout
from outcomenet.simulation.rendering.limbs import OUTLINE_WAVES
from outcomenet.simulation.rendering.texture import value_noise

# Linear attenuation in 1/mm near 40 keV (NIST XCOM: water 0.268 cm2/g, cortical bone 0.665 cm2/g at 1.92 g/cm3); bone
# counts by its excess over the soft tissue it replaces, trabecular bone as about a quarter of cortical bone by volume.
SOFT_TISSUE = 0.028
CORTICAL_EXCESS = 0.110
TRABECULAR_EXCESS = 0.026

OSTEOPENIA_REACH_MM = 13.0

LONG_BONE = Layout(
    {
        "origin": 2, "axis": 2, "length": 1, "half_width": 3, "narrowing_rate": 2, "hold": 2, "shift": 2, "bend": 1,
        "base": 3, "head": 3, "rise_rate": 2, "inset": 2, "collapse": 2, "spur": 4, "cortex": 2, "aspect": 1,
        "marrow": 1, "mineral": 1, "plate": 2, "plate_rate": 2, "osteopenia": 2, "micro": 2, "bites": 24, "seed": 1,
    }
)  # fmt: skip
ROUND_BONE = Layout(
    {
        "centre": 2, "radius": 17, "rise_rate": 1, "depth": 1, "shell": 1, "mineral": 1, "plate": 1, "plate_rate": 1,
        "osteopenia": 1, "micro": 1, "collapse": 1, "contacts": 24, "bites": 16, "seed": 1,
    }
)  # fmt: skip
SOFT_PART = Layout({"start": 2, "axis": 2, "length": 1, "radius": 2, "flatness": 1, "swelling": 2})


def long_bone(
    bone: SimpleNamespace, x: Float[Array, "tile row column"], y: Float[Array, "tile row column"], blur: Array
) -> Float[Array, "tile row column"]:
    """Attenuation by a bone with a shaft (`LONG_BONE` fields); x, y and blur in mm."""
    dx, dy = x - bone.origin[0], y - bone.origin[1]
    along = dx * bone.axis[0] + dy * bone.axis[1]
    across = dx * bone.axis[1] - dy * bone.axis[0]
    from_head = bone.length - along
    base_share = _flare(jnp.maximum(along - bone.hold[0], 0.0) * bone.narrowing_rate[0])
    head_share = _flare(jnp.maximum(from_head - bone.hold[1], 0.0) * bone.narrowing_rate[1])
    middle = jnp.clip(along / bone.length, 0.0, 1.0)
    across = across - (
        bone.shift[0] * base_share + bone.shift[1] * head_share + bone.bend * 4.0 * middle * (1.0 - middle)
    )
    base_half, shaft_half, head_half = bone.half_width
    width = shaft_half + (base_half - shaft_half) * base_share + (head_half - shaft_half) * head_share
    thumbwards = across > 0.0
    base_spur = jnp.where(thumbwards, bone.spur[0], bone.spur[1])
    head_spur = jnp.where(thumbwards, bone.spur[2], bone.spur[3])
    beak = base_spur * _window(along * 0.33) + head_spur * _window(from_head * 0.33)
    flank = width + beak
    x1 = jnp.clip(across / flank, -1.3, 1.3)
    x2 = x1 * x1

    coarse = value_noise(along * 0.62, across * 0.62, bone.seed)
    lip = 0.4 * x2 * x2
    base_depth = along - (bone.base[0] * x1 + bone.base[1] * x2 + bone.base[2] * x2 * x2 + bone.inset[0])
    base_depth = base_depth + lip * base_spur - bone.collapse[0] * (0.35 + 1.3 * coarse)
    head_depth = from_head + (bone.head[0] * x1 + bone.head[1] * x2 + bone.head[2] * x2 * x2 - bone.inset[1])
    head_depth = head_depth + lip * head_spur - bone.collapse[1] * (0.35 + 1.3 * coarse)
    end = jnp.minimum(base_depth * bone.rise_rate[0], head_depth * bone.rise_rate[1])
    whole = _smooth_minimum(1.0 - jnp.abs(x1), end, 0.5)
    bitten = jnp.minimum(whole, _bites(bone.bites, along, across, coarse) / flank)

    base_near, head_near = _window(along / OSTEOPENIA_REACH_MM), _window(from_head / OSTEOPENIA_REACH_MM)
    thinned = bone.osteopenia[0] * base_near + bone.osteopenia[1] * head_near
    margin = _window(along * 0.14) * bone.micro[0] + _window(from_head * 0.14) * bone.micro[1]
    breaks = jnp.maximum(
        1.0 - 0.8 * margin * _step(value_noise(along * 1.5, across * 1.5, bone.seed + 7), 0.5, 0.7), 0.0
    )
    end_share = jnp.maximum(base_share, head_share)
    shaft_share = (1.0 - base_share) * (1.0 - head_share)
    shell = bone.cortex[1] + (bone.cortex[0] - bone.cortex[1]) * shaft_share * shaft_share
    shell = jnp.minimum(shell * (1.0 - 0.45 * thinned) / width, 0.7)

    softness = 2.0 * blur / width
    outer = _path(whole, bitten, softness)
    inner_whole, inner_bitten = ((e - shell) / (1.0 - shell) for e in (whole, bitten))
    inner = (1.0 - shell) * _path(inner_whole, inner_bitten, softness)
    chord = 2.0 * bone.aspect * width
    grain = _grain(along, across, bone.seed)
    density = bone.marrow + (1.0 - bone.marrow) * jnp.sqrt(end_share)
    trabecular = inner * density * (1.0 - 0.6 * thinned) * (1.0 + (0.85 + 0.3 * thinned) * grain)
    plate = bone.plate[0] * _line(base_depth, bone.plate_rate[0]) + bone.plate[1] * _line(
        head_depth, bone.plate_rate[1]
    )
    cortical = chord * (outer - inner) + plate * outer * (1.0 - 0.35 * thinned)
    return bone.mineral * (CORTICAL_EXCESS * breaks * cortical + TRABECULAR_EXCESS * chord * trabecular)


def round_bone(
    bone: SimpleNamespace, x: Float[Array, "tile row column"], y: Float[Array, "tile row column"], blur: Array
) -> Float[Array, "tile row column"]:
    """Attenuation by a carpal, tarsal or sesamoid bone (`ROUND_BONE` fields), its outline a Fourier series of angle."""
    dx, dy = x - bone.centre[0], y - bone.centre[1]
    distance = jnp.sqrt(dx * dx + dy * dy + 1e-6)
    cos, sin = dx / distance, dy / distance
    outline, c, s = bone.radius[0], cos, sin
    for wave in range(1, OUTLINE_WAVES + 1):
        outline = outline + bone.radius[2 * wave - 1] * c + bone.radius[2 * wave] * s
        c, s = c * cos - s * sin, s * cos + c * sin
    for px, py, rate, amount in _rows(bone.contacts, 4):
        outline = outline + amount * _window_squared(((dx - px) ** 2 + (dy - py) ** 2) * rate)
    coarse = value_noise(dx * 0.62, dy * 0.62, bone.seed)
    depth = outline - distance - bone.collapse * (0.35 + 1.3 * coarse)
    whole = depth * bone.rise_rate
    bitten = jnp.minimum(whole, _bites(bone.bites, dx, dy, coarse) * bone.rise_rate)
    softness = 2.0 * blur * bone.rise_rate
    outer = _path(whole, bitten, softness)
    shell = bone.shell * (1.0 - 0.45 * bone.osteopenia)
    inner = _path(whole - shell * bone.rise_rate, bitten - shell * bone.rise_rate, softness)
    margin = _window(depth * 0.4)
    breaks = 1.0 - 0.8 * bone.micro * margin * _step(value_noise(dx * 1.5, dy * 1.5, bone.seed + 7), 0.5, 0.7)
    grain = _grain(dy, dx, bone.seed)
    trabecular = bone.depth * inner * (1.0 - 0.6 * bone.osteopenia) * (1.0 + (0.8 + 0.3 * bone.osteopenia) * grain)
    cortical = bone.depth * 0.5 * (outer - inner) + bone.plate * _line(depth, bone.plate_rate) * outer
    return bone.mineral * (CORTICAL_EXCESS * breaks * cortical + TRABECULAR_EXCESS * trabecular)


def soft_part(
    part: SimpleNamespace, x: Float[Array, "tile row column"], y: Float[Array, "tile row column"], blur: Array
) -> Float[Array, "tile row column"]:
    """Half thickness (mm) to the eighth power of a capsule (`SOFT_PART` fields); parts join as an 8-norm, smoothly."""
    dx, dy = x - part.start[0], y - part.start[1]
    along = dx * part.axis[0] + dy * part.axis[1]
    across = dx * part.axis[1] - dy * part.axis[0]
    inside = jnp.clip(along, 0.0, part.length)
    radius = part.radius[0] + (part.radius[1] - part.radius[0]) * inside / part.length
    reach = 1.0 / SWELLING_REACH_MM
    radius = radius + part.swelling[0] * _window(along * reach)
    radius = radius + part.swelling[1] * _window((part.length - along) * reach)
    beyond = along - inside
    q = _soft_positive(1.0 - (across * across + beyond * beyond) / (radius * radius), 3.0 * blur / radius)
    half_squared = q * (radius * part.flatness) ** 2
    return (half_squared * half_squared) ** 2


SWELLING_REACH_MM = 15.0


def _path(whole: Array, bitten: Array, softness: Array) -> Array:
    """Share of the full thickness at depth e; an erosion takes four fifths of the thickness where it bites."""
    return 0.2 * _chord(whole, softness) + 0.8 * _chord(bitten, softness)


def _chord(e: Array, softness: Array) -> Array:
    e = jnp.minimum(e, 1.0)
    return jnp.sqrt(_soft_positive(e * (2.0 - e), softness))


def _soft_positive(q: Array, softness: Array) -> Array:
    """max(q, 0) with its corner rounded over +- softness: the blur of the detector, and exactly 0 outside."""
    corner = jnp.clip(q + softness, 0.0, 2.0 * softness)
    return corner * corner / (4.0 * softness) + jnp.maximum(q - softness, 0.0)


def _smooth_minimum(a: Array, b: Array, width: float) -> Array:
    overlap = jnp.maximum(width - jnp.abs(a - b), 0.0)
    return jnp.minimum(a, b) - overlap * overlap * (0.25 / width)


def _bites(bites: list[Array], x: Array, y: Array, coarse: Array) -> Array:
    """Distance in mm outside the nearest bite, each given by its place, radius squared and 1 / (2 radius)."""
    nearest = None
    roughness = 0.35 + 1.3 * coarse
    for px, py, radius_squared, rate in _rows(bites, 4):
        outside = (((x - px) ** 2 + (y - py) ** 2) * roughness - radius_squared) * rate
        nearest = outside if nearest is None else jnp.minimum(nearest, outside)
    return nearest


def _grain(along: Array, across: Array, seed: Array) -> Array:
    """Trabecular pattern, about -1..1: a net of struts that lean to both sides of the bone's axis."""
    first = value_noise(0.75 * (along + 0.32 * across), 2.3 * (across - 0.32 * along), seed + 1)
    second = value_noise(0.8 * (along - 0.36 * across), 2.6 * (across + 0.36 * along), seed + 3)
    return 0.45 - 1.5 * jnp.abs(first - second) + 0.45 * (first + second - 1.0)


def _line(depth: Array, rate: Array) -> Array:
    """A band just under an outline: 1 at its middle, 1 / rate wide to either side."""
    return _window((depth * rate) - 1.0)


def _flare(u: Array) -> Array:
    share = 1.0 / (1.0 + u * u)
    return share * share


def _window(u: Array) -> Array:
    """A bump of height 1 that is exactly 0 outside -1..1."""
    return _window_squared(u * u)


def _window_squared(u_squared: Array) -> Array:
    rest = jnp.maximum(1.0 - u_squared, 0.0)
    return rest * rest


def _step(value: Array, low: float, high: float) -> Array:
    share = jnp.clip((value - low) / (high - low), 0.0, 1.0)
    return share * share * (3.0 - 2.0 * share)


def _rows(columns: list[Array], width: int) -> list[list[Array]]:
    return [columns[start : start + width] for start in range(0, len(columns), width)]
