"""Whole simulated radiographs, one limb on each, with their exact landmarks."""

from __future__ import annotations

import numpy as np

from outcomenet.anatomy import Side
from outcomenet.arrays import UInt, UInt16
from outcomenet.simulation.rendering.limb_anatomy import LimbAnatomy, of_side, select
from outcomenet.simulation.rendering.markers import stamp
from outcomenet.simulation.rendering.posed import check_rows, posed_limb
from outcomenet.simulation.rendering.posing import FILM_SIZE_MM, FilmPose, Placement
from outcomenet.simulation.rendering.scanners import Scanner
from outcomenet.simulation.rendering.tiles import TILE, Tiles, draw_tiles
from outcomenet.simulation.states import JointStates

Landmarks = dict[str, tuple[float, float]]


def render_films(
    states: JointStates,
    anatomy: LimbAnatomy,
    pose: FilmPose,
    scanner: Scanner,
    side: Side,
    noise_seed: UInt[np.ndarray, "film"],
) -> tuple[UInt16[np.ndarray, "film height width"], list[Landmarks]]:
    """Films of one side. A hand's film is 190 x 260 mm, a foot's 130 x 200 mm (`posing.FILM_SIZE_MM`).

    Args:
        states: Axes film, joint (all 58 in `anatomy.JOINTS` order).
        anatomy: Axes film, side (give a patient's row once per film: `limb_anatomy.select`).
        pose: Axis film.
        scanner: Of all films.
        side: Limb.
        noise_seed: Seed of each film's noise.

    Returns:
        (12-bit pixels, 0..4095, brighter = more bone; landmarks of each film in pixels). Landmarks are measured from the
        top left corner of the image, so that the first pixel's centre is (0.5, 0.5); what was amputated has none.

    Raises:
        UsageError: The arguments are not for the same number of films.
    """
    films = len(noise_seed)
    check_rows(f"{films} films", films, states, anatomy, pose)
    # one film at a time: the tiles of a film fill the kernel, and more films would only take more memory
    parts = [
        _render_one(select(states, one), select(anatomy, one), select(pose, one), scanner, side, noise_seed[one])
        for one in (slice(n, n + 1) for n in range(films))
    ]
    return np.concatenate([pixels for pixels, _ in parts]), [landmarks for _, each in parts for landmarks in each]


def film_shape(side: Side, spacing_mm: float) -> tuple[int, int]:
    """Size of a film.

    Args:
        side: Limb.
        spacing_mm: Millimetres per pixel.

    Returns:
        (height, width) in pixels.
    """
    width, height = FILM_SIZE_MM[side.region]
    return round(height / spacing_mm), round(width / spacing_mm)


def film_tiles(placement: Placement, side: Side, scanner: Scanner, noise_seed: UInt[np.ndarray, "film"]) -> Tiles:
    """The tiles that cover one film, row by row; the last of a row or column may reach over its edge.

    Args:
        placement: How the limb lies on the film; one film.
        side: Limb; its noise differs from that of the other limbs of a visit.
        scanner: Its spacing and response.
        noise_seed: Seed of the film's noise, one number.

    Returns:
        Tiles in the limb's canonical frame.
    """
    height, width = film_shape(side, scanner.spacing_mm)
    rows, columns = (np.arange(0, extent, TILE) for extent in (height, width))
    top, left = (corner.ravel() for corner in np.meshgrid(rows, columns, indexing="ij"))
    count = len(top)
    inverse = np.linalg.inv(placement.matrix[0])
    first_mm = scanner.spacing_mm * (np.stack([left, top], -1) + 0.5)
    return Tiles(
        film=np.zeros(count, int),
        origin=(first_mm - placement.offset[0]) @ inverse.T,
        right=np.tile(inverse[:, 0] * scanner.spacing_mm, (count, 1)),
        down=np.tile(inverse[:, 1] * scanner.spacing_mm, (count, 1)),
        response=np.tile(scanner.response(0.2 / scanner.spacing_mm), (count, 1)),
        seed=np.full(count, (int(noise_seed[0]) + (list(Side).index(side) + 1) * 0x9E3779B9) % 2**32, np.uint32),
        counter=np.stack([top * width + left, np.full(count, width)], -1).astype(np.uint32),
    )


def stitch(
    tiles: UInt16[np.ndarray, "tile row column"], side: Side, spacing_mm: float
) -> UInt16[np.ndarray, "height width"]:
    """Puts the tiles of one film together.

    Args:
        tiles: Tiles in the order of `film_tiles`.
        side: Limb.
        spacing_mm: Millimetres per pixel.

    Returns:
        The film, without what the last tiles have over.
    """
    height, width = film_shape(side, spacing_mm)
    rows, columns = -(-height // TILE), -(-width // TILE)
    whole = tiles.reshape(rows, columns, TILE, TILE).swapaxes(1, 2).reshape(rows * TILE, columns * TILE)
    return whole[:height, :width]


def _render_one(
    states: JointStates,
    anatomy: LimbAnatomy,
    pose: FilmPose,
    scanner: Scanner,
    side: Side,
    noise_seed: UInt[np.ndarray, "film"],
) -> tuple[UInt16[np.ndarray, "film height width"], list[Landmarks]]:
    limb = posed_limb(states, of_side(anatomy, side), pose, side)
    tiles = film_tiles(limb.placement, side, scanner, noise_seed)
    pixels = stitch(draw_tiles(tiles, limb.shapes), side, scanner.spacing_mm)
    return stamp(pixels, side, scanner)[None], limb.landmarks(scanner.spacing_mm)
