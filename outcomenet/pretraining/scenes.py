"""Scenes of the bank: a skeleton that nobody has, its joints at two visits, and how either film was taken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from outcomenet.anatomy import Side
from outcomenet.arrays import Float, UInt
from outcomenet.pretraining.drawn_states import StateVariety, draw_course
from outcomenet.ranges import Share, check_ranges
from outcomenet.simulation.landmark_films import FilmVariety, varied_anatomy, varied_pose, varied_scanner
from outcomenet.simulation.rendering import FilmPose, LimbAnatomy, Scanner, select
from outcomenet.simulation.rendering.limb_anatomy import ONSETS, Record
from outcomenet.simulation.rendering.template import TEMPLATES
from outcomenet.simulation.states import JointStates

VISITS = 2
SPACING_MM = (0.1, 0.2)  # of the scanners: a finer one has more noise in each of its pixels
GAP = (0.5, 1.5)  # factor of a joint's full cartilage thickness; people's is 0.75 to 1.25
SOFT_TISSUE = (0.8, 1.6)  # factor of its attenuation, beyond that of the landmark films
GRAIN = (0.7, 1.6), (0.15, 1.2)  # factors of the trabeculae's fineness and contrast: those of films are often finer
# mm of the surfaces of finger and toe joints, terms x, x^2 and x^4 across the bone: both bones of a joint share the SD's part,
# each has a tenth of it of its own, and a base may hang over its head at both margins.
RELIEF_SD, OVERHANG_MM = (0.35, 0.9, 0.9), 1.8
ONE_BONE = 0.4  # share of the joints whose erosions begin in one of the two bones, later in the other
SECOND_BONE = (0.15, 0.4)  # erosion state from which the other bone is eroded, too


@dataclass(frozen=True)
class SceneVariety:
    """How far joints, skeletons and scanners reach."""

    states: StateVariety = field(default_factory=StateVariety)
    films: FilmVariety = field(default_factory=FilmVariety)
    same_scanner: Share = 0.3  # pairs whose two films one scanner took; noise and pose differ all the same

    def __post_init__(self) -> None:
        check_ranges(self)


class Scene(NamedTuple):
    """All that the two films of one person's limbs are drawn from; the first axis of each array is the visit."""

    states: JointStates
    anatomy: LimbAnatomy
    pose: FilmPose
    scanners: list[Scanner]
    noise: UInt[np.ndarray, "visit"]
    years: float  # between the films; 0: nothing has changed


def draw_scene(rng: np.random.Generator, variety: SceneVariety) -> Scene:
    """One person's joints and films.

    Args:
        rng: Draws all of it.
        variety: How widely.

    Returns:
        Two visits of one skeleton, posed and exposed anew.
    """
    course = draw_course(rng, variety.states)
    skeleton = _draw_skeleton(rng, variety.films)
    poses = [_four_limbs([varied_pose(rng, side, variety.films) for side in Side]) for _ in range(VISITS)]
    scanners = [varied_scanner(rng, rng.uniform(*SPACING_MM), variety.films) for _ in range(VISITS)]
    if rng.random() < variety.same_scanner:
        scanners[1] = scanners[0]
    noise = rng.integers(0, 2**32, VISITS, dtype=np.uint32)
    return Scene(course.states, select(skeleton, [0] * VISITS), joined(poses), scanners, noise, course.years)


def _draw_skeleton(rng: np.random.Generator, variety: FilmVariety) -> LimbAnatomy:
    """Four limbs of one person, whom nobody resembles: wide joint spaces and narrow ones, erosions at any margin first."""
    anatomy = _four_limbs([varied_anatomy(rng, side, variety) for side in Side])
    return anatomy._replace(
        gap=rng.uniform(*GAP, (1, len(Side), 1)) * anatomy.gap,
        soft=rng.uniform(*SOFT_TISSUE) * anatomy.soft,
        onset=_onsets(rng, anatomy.onset.shape),
        relief=_relief(rng, anatomy.relief.shape),
        grain=np.stack([rng.uniform(*bounds, anatomy.scale.shape) for bounds in GRAIN], -1),
    )


def _relief(rng: np.random.Generator, shape: tuple[int, ...]) -> Float[np.ndarray, "patient side long end 3"]:
    """Surfaces of bone ends that fit each other as those of a joint do, in forms that the average skeleton lacks."""
    relief = np.zeros(shape)
    for number, side in enumerate(Side):
        bones = TEMPLATES[side.region].long_bones
        heads = {bone.distal: row for row, bone in enumerate(bones)}
        for row, bone in enumerate(bones):
            if bone.proximal not in heads:  # it faces a round bone
                continue
            both = RELIEF_SD * rng.standard_normal((shape[0], 3))
            own = 0.1 * np.array(RELIEF_SD) * rng.standard_normal((2, shape[0], 3))
            hang = np.array([0.0, 0.0, -OVERHANG_MM]) * rng.random((shape[0], 1))
            # x^2 and x^4 work against each other: a wave of two condyles rather than one bowl
            both[:, 2] -= both[:, 1]
            relief[:, number, row, 0] = both + own[0] + hang
            relief[:, number, heads[bone.proximal], 1] = both + own[1]
    return relief


def _onsets(rng: np.random.Generator, shape: tuple[int, ...]) -> Float[np.ndarray, "patient side joint bite"]:
    """At which erosion state each bite opens: the three of a bone in any order, one bone first or both together."""
    orders = rng.permuted(np.broadcast_to(ONSETS, (*shape[:-1], 2, len(ONSETS))), axis=-1)
    later = rng.uniform(*SECOND_BONE, shape[:-1]) * (rng.random(shape[:-1]) < ONE_BONE)
    second = rng.integers(0, 2, shape[:-1])
    return (orders + (later[..., None] * np.eye(2)[second])[..., None]).reshape(shape)


def _four_limbs(limbs: Sequence[Record]) -> Record:
    """One record of a person's limbs, axes patient, side, from a record of each, axis patient."""
    return type(limbs[0])(*(np.stack(sides, 1) for sides in zip(*limbs, strict=True)))


def joined(records: Sequence[Record]) -> Record:
    """One record of several, joined along their first axis."""
    return type(records[0])(*(np.concatenate(rows) for rows in zip(*records, strict=True)))
