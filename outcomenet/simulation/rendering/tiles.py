"""Square tiles of pixels, each drawn from the few shapes that touch it; films and crops are made of such tiles.

A tile leaves out a shape only where it adds exactly nothing, and shapes add up in a fixed order, so that a lesion
changes the pixels around it and no other bit, and a tile's bits do not depend on its company.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from outcomenet.arrays import Array, Float, Int, UInt, UInt16
from outcomenet.simulation.rendering.culling import (
    TileBoxes,
    bits,
    implants_near,
    long_bones_near,
    round_bones_near,
    soft_parts_near,
)
from outcomenet.simulation.rendering.exposure import exposed
from outcomenet.simulation.rendering.implants import IMPLANT, implant
from outcomenet.simulation.rendering.layout import Layout
from outcomenet.simulation.rendering.shapes import LimbShapes, ShapeTables
from outcomenet.simulation.rendering.solids import (
    LONG_BONE,
    ROUND_BONE,
    SOFT_PART,
    SOFT_TISSUE,
    long_bone,
    round_bone,
    soft_part,
)

TILE = 16  # pixels on a side: a smaller one meets fewer shapes, a larger one has fewer numbers to look up
PIXELS = TILE * TILE
BLOCK = 4096  # tiles for one call of the compiled kernel: its own cost is small against theirs
GROUP = 64  # tiles that are computed together: their arrays of 64 KiB stay in the cache
BLOCKS_AT_ONCE = 2  # while Python prepares or takes one block, the other computes
# Tables of shapes are padded to these sizes, so that hands, feet, crops and films share one compiled kernel.
FILMS, SHAPES = 64, 24

# XLA asks LLVM for half of the widest vectors, and has minimum and maximum hand on NaNs, of which there are none here.
CPU_OPTIONS = {"xla_cpu_prefer_vector_width": 512, "xla_cpu_enable_fast_min_max": True}


class Tiles(NamedTuple):
    """Where tiles lie in the canonical frame of their limb, and what their pixels are made with.

    Pixel (row, column) of a tile lies at `origin + row * down + column * right` (mm).
    """

    film: Int[np.ndarray, "tile"]  # row of the limb's shapes
    origin: Float[np.ndarray, "tile 2"]  # centre of the first pixel
    right: Float[np.ndarray, "tile 2"]
    down: Float[np.ndarray, "tile 2"]
    response: Float[np.ndarray, "tile 6"]  # `Scanner.response`
    seed: UInt[np.ndarray, "tile"]  # of the noise
    counter: UInt[np.ndarray, "tile 2"]  # noise counter of the first pixel, and its step from row to row


class _Kind(NamedTuple):
    """Shapes of one kind: their numbers, what they add to a pixel, and which tiles they can touch."""

    layout: Layout
    solid: Callable[..., Array]
    near: Callable[..., Array]


KernelTables = LimbShapes[Float[Array, "film shape number"]]
NearShapes = LimbShapes[UInt[Array, "tile"]]  # bit n: whether shape n may change the tile
KINDS = LimbShapes(
    long=_Kind(LONG_BONE, long_bone, long_bones_near),
    round=_Kind(ROUND_BONE, round_bone, round_bones_near),
    soft=_Kind(SOFT_PART, soft_part, soft_parts_near),
    implant=_Kind(IMPLANT, implant, implants_near),
)


def draw_tiles(tiles: Tiles, shapes: ShapeTables) -> UInt16[np.ndarray, "tile height width"]:
    """Draws tiles as the scanner stores them.

    Args:
        tiles: Where they lie and how they are exposed.
        shapes: Tables of the limbs' shapes; `Tiles.film` names the row of each tile's limb.

    Returns:
        12-bit pixels, brighter = more bone.
    """
    drawn = np.empty((len(tiles.film), TILE, TILE), np.uint16)
    for rows, pixels in _blocks(_paint, tiles, shapes):
        drawn[rows] = pixels
    return drawn


def tile_attenuation(
    tiles: Tiles, shapes: ShapeTables
) -> tuple[Float[np.ndarray, "tile height width"], Float[np.ndarray, "tile height width"]]:
    """Attenuation of each pixel before noise and tone curve.

    Args:
        tiles: Where they lie.
        shapes: Tables of the limbs' shapes.

    Returns:
        (by soft tissue, by bone and implants), dimensionless.
    """
    soft, bone = (np.empty((len(tiles.film), TILE, TILE), np.float32) for _ in range(2))
    for rows, layers in _blocks(_measure, tiles, shapes):
        soft[rows], bone[rows] = layers[:, 0], layers[:, 1]
    return soft, bone


def _blocks(kernel: Callable[..., Array], tiles: Tiles, shapes: ShapeTables) -> Iterator[tuple[slice, np.ndarray]]:
    """Runs a compiled kernel over all tiles; yields the rows of each block and its result."""
    count = len(tiles.film)
    tables = LimbShapes(*(jnp.asarray(_padded(kind)) for kind in shapes))
    listed = np.array([kind.shape[1] for kind in shapes], np.int32)
    reals = np.concatenate([tiles.origin, tiles.right, tiles.down, tiles.response], axis=-1).astype(np.float32)
    wholes = np.concatenate([tiles.film[:, None], tiles.seed[:, None], tiles.counter], axis=-1).astype(np.uint32)

    def run(start: int) -> tuple[slice, np.ndarray]:
        rows = slice(start, min(start + BLOCK, count))
        filled = rows.stop - rows.start
        block = (np.resize(numbers[rows], (BLOCK, numbers.shape[1])) for numbers in (reals, wholes))
        return rows, np.asarray(_compiled(kernel)(np.int32(filled), listed, tables, *block))[:filled]

    with ThreadPoolExecutor(BLOCKS_AT_ONCE) as pool:
        pending: deque[Future[tuple[slice, np.ndarray]]] = deque()
        for start in range(0, count, BLOCK):
            pending.append(pool.submit(run, start))
            if len(pending) > BLOCKS_AT_ONCE:  # bounds memory
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()


def _padded(numbers: Float[np.ndarray, "film shape number"]) -> Float[np.ndarray, "films shapes number"]:
    films, shapes, width = numbers.shape
    padded = np.zeros((-(-films // FILMS) * FILMS, SHAPES, width), np.float32)
    padded[:films, :shapes] = numbers
    return padded


@cache
def _compiled(kernel: Callable[..., Array]) -> Callable[..., Array]:
    return jax.jit(kernel, compiler_options=CPU_OPTIONS if jax.default_backend() == "cpu" else None)


def _paint(
    count: Int[Array, ""],
    listed: Int[Array, "kind"],
    tables: KernelTables,
    reals: Float[Array, "tile 12"],
    wholes: UInt[Array, "tile 4"],
) -> UInt16[Array, "tile height width"]:
    """12-bit pixels."""
    row, column = (part.astype(jnp.uint32)[None] for part in jnp.divmod(jnp.arange(PIXELS), TILE))

    def finish(soft: Array, bone: Array, place: Array, numbers: Array) -> Array:
        counter = numbers[:, 2, None] + numbers[:, 3, None] * row + column
        return exposed(soft, bone, place[:, 6:], numbers[:, 1], counter)

    return _draw(count, listed, tables, reals, wholes, finish, jnp.zeros((BLOCK, PIXELS), jnp.uint16))


def _measure(
    count: Int[Array, ""],
    listed: Int[Array, "kind"],
    tables: KernelTables,
    reals: Float[Array, "tile 12"],
    wholes: UInt[Array, "tile 4"],
) -> Float[Array, "tile layer height width"]:
    """Attenuation by soft tissue and by bone."""
    layers = jnp.zeros((BLOCK, 2, PIXELS), jnp.float32)
    return _draw(count, listed, tables, reals, wholes, lambda soft, bone, *_: jnp.stack([soft, bone], 1), layers)


def _draw(
    count: Int[Array, ""],
    listed: Int[Array, "kind"],
    tables: KernelTables,
    reals: Float[Array, "tile 12"],
    wholes: UInt[Array, "tile 4"],
    finish: Callable[..., Array],
    drawn: Array,
) -> Array:
    """Draws the first `count` tiles of a block, sorted by what there is to draw so that a group's tiles are alike."""
    half = 0.5 * (TILE - 1)
    right, down = half * reals[:, 2:4], half * reals[:, 4:6]
    boxes = TileBoxes(wholes[:, 0].astype(jnp.int32), reals[:, :2] + right + down, right, down, reals[:, 6])
    near = LimbShapes(
        *(bits(kind.near(table, boxes), shapes) for kind, table, shapes in zip(KINDS, tables, listed, strict=True))
    )
    amount = LimbShapes(*(jax.lax.population_count(kind) for kind in near))
    work = (amount.implant << 15) + (amount.long << 10) + (amount.round << 5) + amount.soft
    order = jnp.argsort(jnp.where(jnp.arange(BLOCK) < count, work, jnp.uint32(2**32 - 1)))

    def draw(group: Array, drawn: Array) -> Array:
        rows = jax.lax.dynamic_slice_in_dim(order, group * GROUP, GROUP)
        place, numbers = reals[rows], wholes[rows]
        soft, bone = _attenuation(place, boxes.film[rows], tables, LimbShapes(*(kind[rows] for kind in near)))
        return drawn.at[rows].set(finish(soft, bone, place, numbers), unique_indices=True)

    drawn = jax.lax.fori_loop(0, (count + GROUP - 1) // GROUP, draw, drawn)
    return drawn.reshape(*drawn.shape[:-1], TILE, TILE)


def _attenuation(
    place: Float[Array, "tile 12"], film: Int[Array, "tile"], tables: KernelTables, near: NearShapes
) -> tuple[Float[Array, "tile pixel"], Float[Array, "tile pixel"]]:
    """Attenuation by soft tissue and by bone, arrays [tile, pixel]."""
    row, column = (part.astype(jnp.float32)[None, None] for part in jnp.divmod(jnp.arange(PIXELS), TILE))
    x, y = (
        place[:, axis, None, None] + column * place[:, 2 + axis, None, None] + row * place[:, 4 + axis, None, None]
        for axis in (0, 1)
    )
    blur = place[:, 6, None, None]
    nothing = jnp.zeros((GROUP, 1, PIXELS), jnp.float32)
    bone, half_thickness = nothing, nothing
    for name in ("long", "round", "implant"):
        bone = _add_shapes(bone, name, tables, film, near, x, y, blur)
    half_thickness = _add_shapes(half_thickness, "soft", tables, film, near, x, y, blur)
    return 2.0 * SOFT_TISSUE * jnp.sqrt(jnp.sqrt(jnp.sqrt(half_thickness[:, 0]))), bone[:, 0]


def _add_shapes(
    total: Float[Array, "tile 1 pixel"],
    name: str,
    tables: KernelTables,
    film: Int[Array, "tile"],
    near: NearShapes,
    x: Float[Array, "tile 1 pixel"],
    y: Float[Array, "tile 1 pixel"],
    blur: Float[Array, "tile 1 1"],
) -> Float[Array, "tile 1 pixel"]:
    """Adds each tile's shapes of one kind, those of the lowest bits of `near` first."""
    kind, table = getattr(KINDS, name), getattr(tables, name)

    def add(state: tuple[Array, Array]) -> tuple[Array, Array]:
        total, left = state
        lowest = left & (jnp.uint32(0) - left)
        shape = jax.lax.population_count(lowest - jnp.uint32(1)).astype(jnp.int32)
        fields = kind.layout.unpack(table[film, jnp.minimum(shape, SHAPES - 1)])
        if hasattr(fields, "seed"):
            fields.seed = fields.seed.astype(jnp.int32).astype(jnp.uint32)
        added = jnp.where((lowest > 0)[:, None, None], kind.solid(fields, x, y, blur), 0.0)
        return total + added, left ^ lowest

    return jax.lax.while_loop(lambda state: (state[1] > 0).any(), add, (total, getattr(near, name)))[0]
