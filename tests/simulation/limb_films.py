"""One patient's films and crops for tests: healthy but for what a test damages."""

from __future__ import annotations

import numpy as np

from outcomenet.anatomy import JOINT_INDEX, JOINT_NAMES, Side
from outcomenet.localization.geometry import CropGeometry
from outcomenet.simulation.rendering import (
    Scanner,
    draw_anatomy,
    draw_pose,
    of_side,
    render_crops,
    render_films,
    select,
)
from outcomenet.simulation.rendering.posed import posed_limb
from outcomenet.simulation.rendering.rendered_films import film_tiles, stitch
from outcomenet.simulation.rendering.tiles import tile_attenuation
from outcomenet.simulation.states import JointStates

QUIET = Scanner(noise=0.0, marker=False)
GEOMETRY = CropGeometry(64, 0.375)
SEED = np.array([7], np.uint32)


def generators(count: int, stream: int = 0) -> list[np.random.Generator]:
    return [np.random.default_rng([11, stream, patient]) for patient in range(count)]


ANATOMY = draw_anatomy(generators(3), np.array([False, True, False]))
POSE = draw_pose(generators(3, 1), 2)


def states(visits: int = 1, **damage: dict[str, float]) -> JointStates:
    """Healthy joints but for `feature={joint: state}`."""
    arrays = {feature: np.zeros((visits, len(JOINT_NAMES))) for feature in JointStates._fields}
    for feature, joints in damage.items():
        for joint, state in joints.items():
            arrays[feature][:, JOINT_INDEX[joint]] = state
    return JointStates(**arrays)


def crops(scanner: Scanner = QUIET, **damage: dict[str, float]) -> np.ndarray:
    pixels = render_crops(states(**damage), select(ANATOMY, [0]), select(POSE, ([0], [0])), scanner, GEOMETRY, SEED)
    return pixels[0].astype(float)


def film(side: Side, scanner: Scanner = QUIET, **damage: dict[str, float]):
    pose = select(POSE, ([0], [0], list(Side).index(side)))
    pixels, landmarks = render_films(states(**damage), select(ANATOMY, [0]), pose, scanner, side, SEED)
    return pixels[0].astype(float), landmarks[0]


def layers(side: Side, scanner: Scanner = QUIET, **damage: dict[str, float]) -> tuple[np.ndarray, np.ndarray]:
    """Attenuation by soft tissue and by bone on a whole film."""
    pose = select(POSE, ([0], [0], list(Side).index(side)))
    limb = posed_limb(states(**damage), of_side(select(ANATOMY, [0]), side), pose, side)
    tiles = film_tiles(limb.placement, side, scanner, SEED)
    soft, bone = (stitch(layer, side, scanner.spacing_mm) for layer in tile_attenuation(tiles, limb.shapes))
    return soft, bone


def crop_of(pixels: np.ndarray, joint: str) -> np.ndarray:
    return pixels[JOINT_INDEX[joint]]
