"""Joint crops drawn without the film around them: the same closed forms at the crop's own pixels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from outcomenet.anatomy import JOINT_COUNT, JOINT_INDEX, Joint, Side, joints_of
from outcomenet.arrays import UInt, UInt16
from outcomenet.localization.geometry import CropGeometry, crop_frames
from outcomenet.simulation.rendering.amputations import present_joints
from outcomenet.simulation.rendering.limb_anatomy import LimbAnatomy, of_side, select
from outcomenet.simulation.rendering.posed import check_rows, posed_limb
from outcomenet.simulation.rendering.posing import FilmPose, Placement
from outcomenet.simulation.rendering.scanners import Scanner
from outcomenet.simulation.rendering.tiles import TILE, Tiles, draw_tiles
from outcomenet.simulation.states import JointStates

# Bilinear sampling averages the noise of up to four film pixels: its SD falls to 2/3 on average over positions.
RESAMPLED_NOISE = 2.0 / 3.0
VISITS_AT_ONCE = 64  # bounds memory; the shapes of 64 limbs take hardly longer than those of one


def render_crops(
    states: JointStates,
    anatomy: LimbAnatomy,
    pose: FilmPose,
    scanner: Scanner | Sequence[Scanner],
    geometry: CropGeometry,
    noise_seed: UInt[np.ndarray, "visit"],
) -> UInt16[np.ndarray, "visit joint height width"]:
    """Crops of all 58 joints at each visit. They lie where `crop_frames` puts them on a film rendered with the same arguments.

    Args:
        states: Joint states, axes visit, joint.
        anatomy: Axes visit, side (a patient's row once per visit: `limb_anatomy.select`).
        pose: Axes visit, side.
        scanner: One for all visits or one for each.
        geometry: Size and scale of the crops.
        noise_seed: Seed of each visit's film noise.

    Returns:
        12-bit pixels (0..4095, brighter = more bone). Joints that were amputated are black: `amputations.present_joints`
        names the others.

    Raises:
        UsageError: The arguments are not for the same number of visits.
    """
    visits = len(noise_seed)
    scanners = [scanner] * visits if isinstance(scanner, Scanner) else list(scanner)
    check_rows(f"{visits} visits", visits, states, anatomy, pose, scanners)
    crops = np.empty((visits, JOINT_COUNT, geometry.size_px, geometry.size_px), np.uint16)
    for start in range(0, visits, VISITS_AT_ONCE):
        part = slice(start, start + VISITS_AT_ONCE)
        of_states, of_anatomy, of_pose = select(states, part), select(anatomy, part), select(pose, part)
        first = 0
        for side in Side:
            last = first + len(joints_of(side.region))
            _render_side(
                of_states,
                of_anatomy,
                of_pose,
                scanners[part],
                side,
                geometry,
                np.asarray(noise_seed)[part],
                crops[part, first:last],
            )
            first = last
    return crops


def _render_side(
    states: JointStates,
    anatomy: LimbAnatomy,
    pose: FilmPose,
    scanners: Sequence[Scanner],
    side: Side,
    geometry: CropGeometry,
    noise_seed: UInt[np.ndarray, "visit"],
    crops: UInt16[np.ndarray, "visit joint height width"],
) -> None:
    """Fills `crops`, a view of the whole array."""
    limb = posed_limb(states, of_side(anatomy, side), select(pose, (slice(None), list(Side).index(side))), side)
    film_mm = limb.landmarks(spacing_mm=1.0)
    present = present_joints(states)[:, [JOINT_INDEX[Joint(side, site).name] for site in joints_of(side.region)]]
    seen: list[int] = np.flatnonzero(present.any(axis=-1)).tolist()
    if not seen:
        crops[:] = 0
        return
    tiles = [
        _visit_tiles(visit, film_mm[visit], limb.placement, scanners[visit], side, geometry, noise_seed[visit])
        for visit in seen
    ]
    drawn = draw_tiles(Tiles(*(np.concatenate(column) for column in zip(*tiles, strict=True))), limb.shapes)
    drawn = drawn.reshape(len(seen), present.shape[1], -1, TILE, TILE)
    for place, visit in enumerate(seen):
        crops[visit] = _stitch(drawn[place], geometry.size_px)
    crops[~present] = 0


def _visit_tiles(
    visit: int,
    landmarks: dict[str, tuple[float, float]],
    placement: Placement,
    scanner: Scanner,
    side: Side,
    geometry: CropGeometry,
    seed: int,
) -> Tiles:
    """The tiles of one limb's crops, joint by joint, row by row."""
    frames = crop_frames(landmarks, side.region)
    inverse = np.linalg.inv(placement.matrix[visit])
    step = geometry.mm_per_px
    right, down = (direction @ inverse.T * step for direction in (frames.right, -frames.up))
    centre = (frames.centre - placement.offset[visit]) @ inverse.T
    # the last tile of a row may reach over the crop's edge; `_stitch` cuts that off
    corners = np.arange(0, geometry.size_px, TILE)
    top, left = (corner.ravel() for corner in np.meshgrid(corners, corners, indexing="ij"))
    joints, pieces = len(centre), len(top)
    middle = 0.5 * (geometry.size_px - 1)
    origin = centre[:, None] + (left - middle)[:, None] * right[:, None] + (top - middle)[:, None] * down[:, None]
    row = JOINT_INDEX[Joint(side, joints_of(side.region)[0]).name] + np.arange(joints)[:, None]
    counter = row * geometry.size_px**2 + top * geometry.size_px + left
    count = joints * pieces
    return Tiles(
        film=np.full(count, visit),
        origin=origin.reshape(count, 2),
        right=np.repeat(right, pieces, axis=0),
        down=np.repeat(down, pieces, axis=0),
        response=np.tile(scanner.response(RESAMPLED_NOISE * 0.2 / scanner.spacing_mm), (count, 1)),
        seed=np.full(count, seed, np.uint32),
        counter=np.stack([counter.ravel(), np.full(count, geometry.size_px)], -1).astype(np.uint32),
    )


def _stitch(tiles: UInt16[np.ndarray, "joint tile row column"], size: int) -> UInt16[np.ndarray, "joint height width"]:
    pieces = -(-size // TILE)
    grid = tiles.reshape(-1, pieces, pieces, TILE, TILE)
    return grid.swapaxes(2, 3).reshape(-1, pieces * TILE, pieces * TILE)[:, :size, :size]
