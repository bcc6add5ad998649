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
from outcomenet.simulation.states import JointStates

VISITS = 2
SPACING_MM = (0.1, 0.2)  # of the scanners: a finer one has more noise in each of its pixels
GAP = (0.6, 1.5)  # factor of a joint's full cartilage thickness; people's is 0.75 to 1.25
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
        gap=rng.uniform(*GAP, (1, len(Side), 1)) * anatomy.gap, onset=_onsets(rng, anatomy.onset.shape)
    )


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
