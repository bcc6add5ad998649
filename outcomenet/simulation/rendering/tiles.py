"""Draws square tiles of pixels, each from the few shapes that lie near it; films and crops are made of such tiles.

Which shapes a tile evaluates depends on anatomy and pose but never on lesions, and shapes add up in a fixed order, so
that a lesion changes the pixels around it and no other bit.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import UInt

from outcomenet.arrays import Array, Float, Int, UInt16
from outcomenet.simulation.rendering.scanners import MAXIMUM, REFERENCE_ATTENUATION, SHOULDER
from outcomenet.simulation.rendering.shapes import LimbShapes, Shapes
from outcomenet.simulation.rendering.solids import (
    LONG_BONE,
    ROUND_BONE,
    SOFT_PART,
    SOFT_TISSUE,
    long_bone,
    round_bone,
    soft_part,
)
from outcomenet.simulation.rendering.texture import gaussian

TILE = 32  # pixels on a side
CHUNK = 128  # tiles per call of the compiled kernel, half a megabyte per array: it stays in the cache


class Tiles(NamedTuple):
    """Where tiles lie in the canonical frame of their limb, and what their pixels are made with.

    Pixel (row, column) of a tile lies at `origin + row * down + column * right` (mm).
    """

    film: Int[np.ndarray, "tile"]  # row of the limb's shapes
    origin: Float[np.ndarray, "tile 2"]  # centre of the first pixel
    right: Float[np.ndarray, "tile 2"]
    down: Float[np.ndarray, "tile 2"]
    response: Float[np.ndarray, "tile 5"]  # `Scanner.response`
    seed: UInt[np.ndarray, "tile"]  # of the noise
    counter: UInt[np.ndarray, "tile 2"]  # noise counter of the first pixel, and its step from row to row


def draw_tiles(tiles: Tiles, shapes: LimbShapes) -> UInt16[np.ndarray, "tile height width"]:
    """12-bit pixels of every tile, brighter = more bone."""
    drawn = np.empty((len(tiles.film), TILE, TILE), np.uint16)
    pending = []
    for rows, arguments in _chunks(tiles, shapes):
        pending.append((rows, _paint(*arguments)))
        if len(pending) > 2:  # let the next chunk be prepared while the last one computes, no more
            _collect(drawn, *pending.pop(0))
    for rows, pixels in pending:
        _collect(drawn, rows, pixels)
    return drawn


def tile_attenuation(tiles: Tiles, shapes: LimbShapes) -> tuple[np.ndarray, np.ndarray]:
    """Attenuation of each pixel by soft tissue and by bone (dimensionless), before noise and tone curve."""
    soft, bone = (np.empty((len(tiles.film), TILE, TILE), np.float32) for _ in range(2))
    for rows, arguments in _chunks(tiles, shapes):
        affine, _, _, response, *lists = arguments
        layers = _attenuation(affine, response, *lists)
        for whole, layer in zip((soft, bone), layers, strict=True):
            _collect(whole, rows, layer)
    return soft, bone


def _collect(whole: np.ndarray, rows: np.ndarray, chunk: Array) -> None:
    whole[rows] = np.asarray(chunk)[: len(rows)]


def _chunks(tiles: Tiles, shapes: LimbShapes) -> Iterator[tuple[np.ndarray, tuple]]:
    """Groups tiles with equally many shapes into chunks and gathers the numbers that each needs."""
    near = [_near(tiles, kind) for kind in shapes]
    order = np.lexsort([counts for _, counts in (near[2], near[1], near[0])])
    affine = np.concatenate([tiles.origin, tiles.right, tiles.down], axis=-1).astype(np.float32)
    for start in range(0, len(order), CHUNK):
        rows = order[start : start + CHUNK]
        padded = np.resize(rows, CHUNK)
        lists = [
            _gather(kind, tiles.film[padded], places[padded], counts[padded])
            for kind, (places, counts) in zip(shapes, near, strict=True)
        ]
        fixed = (affine[padded], tiles.counter[padded], tiles.seed[padded], tiles.response[padded].astype(np.float32))
        yield rows, (*fixed, *lists)


def _near(tiles: Tiles, kind: Shapes) -> tuple[np.ndarray, np.ndarray]:
    """For each tile the shapes' places, those that may touch it first in ascending order, and how many they are."""
    half = 0.5 * (TILE - 1)
    centre = tiles.origin + half * (tiles.right + tiles.down)
    corner = half * np.maximum(
        np.linalg.norm(tiles.right + tiles.down, axis=-1), np.linalg.norm(tiles.right - tiles.down, axis=-1)
    )
    start, end = kind.start[tiles.film], kind.end[tiles.film]
    span = end - start
    offset = centre[:, None] - start
    length_squared = np.maximum((span**2).sum(-1), 1e-9)
    share = np.clip((offset * span).sum(-1) / length_squared, 0.0, 1.0)
    distance = np.linalg.norm(offset - share[..., None] * span, axis=-1)
    near = distance < kind.reach[tiles.film] + corner[:, None]
    return np.argsort(~near, axis=1, kind="stable"), near.sum(1)


def _gather(kind: Shapes, film: np.ndarray, places: np.ndarray, counts: np.ndarray) -> tuple:
    most = int(counts.max())
    shapes, width = kind.numbers.shape[1:]
    numbers = np.zeros((shapes, len(film), width), np.float32)
    for order in range(most):
        numbers[order] = kind.numbers[film, places[:, order]]
    return numbers, counts.astype(np.int32), np.int32(most)


@jax.jit
def _paint(affine, counter, seed, response, long, round_, soft) -> UInt16[Array, "tile height width"]:
    """Attenuation, quantum noise, tone curve, 12 bits."""
    soft_tissue, bone = _attenuation(affine, response, long, round_, soft)
    attenuation = soft_tissue + bone
    _, noise, gamma, contrast, fog = (response[:, n, None, None] for n in range(5))
    row, column = (jax.lax.broadcasted_iota(jnp.uint32, attenuation.shape, axis) for axis in (1, 2))
    count = counter[:, 0, None, None] + counter[:, 1, None, None] * row + column
    # the detector counts quanta: relative noise grows as their number falls, with half the attenuation
    grain = gaussian(count, jnp.broadcast_to(seed[:, None, None], count.shape))
    attenuation = attenuation + noise * jnp.exp(0.5 * attenuation) * grain
    share = jnp.maximum(attenuation, 0.0) * (1.0 / REFERENCE_ATTENUATION)
    share = jnp.exp(gamma * jnp.log(share + 1e-7))
    signal = fog + contrast * (1.0 - jnp.exp(-SHOULDER * share)) / (1.0 - math.exp(-SHOULDER))
    # the film base's own grain keeps air from being a flat zero
    signal = signal + 0.25 * noise * grain
    return jnp.clip(MAXIMUM * signal + 0.5, 0.0, MAXIMUM).astype(jnp.uint16)


@jax.jit
def _attenuation(affine, response, long, round_, soft) -> tuple[Array, Array]:
    shape = (affine.shape[0], TILE, TILE)
    row, column = (jax.lax.broadcasted_iota(jnp.float32, shape, axis) for axis in (1, 2))
    x, y = (
        affine[:, axis, None, None] + column * affine[:, 2 + axis, None, None] + row * affine[:, 4 + axis, None, None]
        for axis in (0, 1)
    )
    blur = response[:, 0, None, None]
    bone = jnp.zeros(shape, jnp.float32)
    bone = _add_shapes(bone, long_bone, LONG_BONE, long, x, y, blur)
    bone = _add_shapes(bone, round_bone, ROUND_BONE, round_, x, y, blur)
    half_thickness = _add_shapes(jnp.zeros(shape, jnp.float32), soft_part, SOFT_PART, soft, x, y, blur)
    return 2.0 * SOFT_TISSUE * jnp.sqrt(jnp.sqrt(jnp.sqrt(half_thickness))), bone


def _add_shapes(total: Array, solid, layout, listed: tuple, x: Array, y: Array, blur: Array) -> Array:
    """Adds the first `most` shapes of each tile's list, those beyond the tile's own count as nothing."""
    numbers, counts, most = listed

    def add(order: Array, total: Array) -> Array:
        fields = layout.unpack(jax.lax.dynamic_index_in_dim(numbers, order, keepdims=False))
        if hasattr(fields, "seed"):
            fields.seed = fields.seed.astype(jnp.int32).astype(jnp.uint32)
        return total + jnp.where((order < counts)[:, None, None], solid(fields, x, y, blur), 0.0)

    return jax.lax.fori_loop(0, most, add, total)
