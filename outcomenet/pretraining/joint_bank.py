"""Bank of joints: pairs of films of one skeleton, drawn anew from (seed, index), with all that is known of each joint."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from outcomenet.anatomy import JOINT_COUNT, JOINT_INDEX, Joint, Side, joints_of
from outcomenet.arrays import Bool, Float, Int8, UInt, UInt16
from outcomenet.localization.geometry import CropGeometry
from outcomenet.pretraining.drawn_states import StateVariety, draw_course
from outcomenet.ranges import Count, Seed, Share, check_ranges
from outcomenet.simulation.exogenous import draw_exogenous
from outcomenet.simulation.landmark_films import FilmVariety, varied_anatomy, varied_pose, varied_scanner
from outcomenet.simulation.readers import grade, perceive, true_grades
from outcomenet.simulation.rendering import (
    FilmPose,
    LimbAnatomy,
    Scanner,
    of_side,
    present_joints,
    render_crops,
    select,
)
from outcomenet.simulation.rendering.lesions import JointLesions
from outcomenet.simulation.rendering.limb_anatomy import BITES, ONSETS, Record
from outcomenet.simulation.states import JointStates
from outcomenet.simulation.world import World

VISITS = 2
SCHEMES = ("svdh", "kellgren_lawrence")  # that the films are graded by
SPACING_MM = (0.1, 0.2)  # of the scanners: a finer one has more noise in each of its pixels
GAP = (0.6, 1.5)  # factor of a joint's full cartilage thickness; people's is 0.75 to 1.25
ONE_BONE = 0.4  # share of the joints whose erosions begin in one of the two bones, later in the other
SECOND_BONE = (0.15, 0.4)  # erosion state from which the other bone is eroded, too
# Joints between two long bones: what faces others is a round bone with a space of its own.
_BETWEEN_LONG_BONES = ("IP", "DIP", "PIP", "MCP", "MTP")


class JointPair(NamedTuple):
    """Two films of one person's four limbs. Axis visit: before, after; axis joint: `anatomy.JOINTS`."""

    crops: UInt16[np.ndarray, "visit joint height width"]  # 0..4095, brighter = more bone; black where not present
    present: Bool[np.ndarray, "visit joint"]
    states: JointStates  # axes visit, joint
    years: float  # between the films; 0: taken again, nothing has changed
    bites: Float[np.ndarray, "visit joint bite"]  # see `bite_sizes`
    joint_space_mm: Float[np.ndarray, "visit joint"]  # see `joint_spaces`; NaN where not known
    # by two simulated readers, then without any error; sites in the scheme's order, UNREADABLE where there is no joint
    svdh: Int8[np.ndarray, "visit reader site"]
    kellgren_lawrence: Int8[np.ndarray, "visit reader site"]
    true_svdh: Int8[np.ndarray, "visit site"]
    true_kellgren_lawrence: Int8[np.ndarray, "visit site"]


@dataclass(frozen=True)
class JointBank:
    """A sequence of `JointPair`s that keeps nothing: pair `n` depends on the seed and `n` alone.

    Worker processes read it by pickling it; it is small.
    """

    seed: Seed = 0
    pairs: Count = 1_000_000
    geometry: CropGeometry = field(default_factory=CropGeometry)
    states: StateVariety = field(default_factory=StateVariety)
    films: FilmVariety = field(default_factory=FilmVariety)
    same_scanner: Share = 0.3  # pairs whose two films one scanner took; noise and pose differ all the same
    readers: World = field(default_factory=World)  # whose readers, errors and reading mode grade the films

    def __post_init__(self) -> None:
        check_ranges(self)

    def __len__(self) -> int:
        return self.pairs

    def __getitem__(self, index: int) -> JointPair:
        return self.draw([index])[0]

    def draw(self, indices: Sequence[int]) -> list[JointPair]:
        """Several pairs at once, the same as one by one: a limb's shapes take as long for 64 films as for two.

        Args:
            indices: Numbers of the pairs; 32 at a time are fast, more only take memory.

        Returns:
            A pair for each.

        Raises:
            IndexError: The bank has no pair of that number.
        """
        scenes = [self._scene(index) for index in indices]
        states, anatomy, pose = (_joined(records) for records in list(zip(*scenes, strict=True))[:3])
        scanners = [scanner for scene in scenes for scanner in scene.scanners]
        noise = np.concatenate([scene.noise for scene in scenes])
        films = {
            "crops": render_crops(states, anatomy, pose, scanners, self.geometry, noise),
            "present": present_joints(states),
            "bites": bite_sizes(states, anatomy),
            "joint_space_mm": joint_spaces(states, anatomy, pose.magnification),
        }
        by_pair = {name: values.reshape(len(scenes), VISITS, *values.shape[1:]) for name, values in films.items()}
        by_pair |= self._grades(select(states, np.arange(VISITS * len(scenes)).reshape(-1, VISITS)), indices)
        return [
            JointPair(states=scene.states, years=scene.years, **{name: values[n] for name, values in by_pair.items()})
            for n, scene in enumerate(scenes)
        ]

    def _scene(self, index: int) -> _Scene:
        if not 0 <= index < self.pairs:
            raise IndexError(f"The bank's pairs are numbered from 0 to {self.pairs - 1:,}; got {index:,}.")
        rng = np.random.default_rng([self.seed, index])
        course = draw_course(rng, self.states)
        skeleton = _draw_skeleton(rng, self.films)
        poses = [_four_limbs([varied_pose(rng, side, self.films) for side in Side]) for _ in range(VISITS)]
        scanners = [varied_scanner(rng, rng.uniform(*SPACING_MM), self.films) for _ in range(VISITS)]
        if rng.random() < self.same_scanner:
            scanners[1] = scanners[0]
        noise = rng.integers(0, 2**32, VISITS, dtype=np.uint32)
        return _Scene(course.states, select(skeleton, [0] * VISITS), _joined(poses), scanners, noise, course.years)

    def _grades(self, states: JointStates, indices: Sequence[int]) -> dict[str, Int8[np.ndarray, "pair *site"]]:
        noise = draw_exogenous(self.seed, indices, VISITS, len(self.readers.readers))
        perceived = perceive(self.readers, states, noise)
        read = {name: grade(name, perceived, states) for name in SCHEMES}
        read |= {f"true_{name}": true_grades(name, states) for name in SCHEMES}
        return {name: grades.astype(np.int8) for name, grades in read.items()}


class _Scene(NamedTuple):
    """All that one pair's films are drawn from, axis visit."""

    states: JointStates
    anatomy: LimbAnatomy
    pose: FilmPose
    scanners: list[Scanner]
    noise: UInt[np.ndarray, "visit"]
    years: float


def bite_sizes(states: JointStates, anatomy: LimbAnatomy) -> Float[np.ndarray, "visit joint bite"]:
    """Radius of each erosion over the half width of its bone end: where erosions are, as the renderer draws them.

    Args:
        states: Axes visit, joint.
        anatomy: Axes visit, side.

    Returns:
        0 where a bite has not opened. Bites 0 to 2 lie on the distal bone, at the margin towards the thumb or big toe, at
        the other margin and in the surface, 3 to 5 likewise on the proximal bone. Around carpal bones only 0, 1, 3
        and 4 are drawn, near the place where the joint's erosions gather.
    """
    sizes = np.zeros((len(states.erosion), JOINT_COUNT, BITES))
    for side, lesions in _limbs(states, anatomy):
        for site in joints_of(side.region):
            row = JOINT_INDEX[Joint(side, site).name]
            unit = np.ones(len(sizes))
            sizes[:, row] = np.concatenate([lesions.bite_radii(site, end, unit) for end in (0, 1)], axis=-1)
    return sizes


def joint_spaces(
    states: JointStates, anatomy: LimbAnatomy, magnification: Float[np.ndarray, "visit side"]
) -> Float[np.ndarray, "visit joint"]:
    """Distance of the two bones as the film shows it, where two long bones face each other.

    Args:
        states: Axes visit, joint.
        anatomy: Axes visit, side.
        magnification: Size on the film over true size.

    Returns:
        mm on the film; NaN in the wrist, and where a joint has slipped, was replaced or is not there.
    """
    spaces = np.full(states.erosion.shape, np.nan)
    unknown = (states.subluxation > 0) | (states.prosthesis > 0) | ~present_joints(states)
    for side, lesions in _limbs(states, anatomy):
        magnified = magnification[:, list(Side).index(side)]
        for site in joints_of(side.region):
            if site.rstrip("12345") in _BETWEEN_LONG_BONES:
                row = JOINT_INDEX[Joint(side, site).name]
                spaces[:, row] = lesions.gap(site) * lesions.cartilage(site) * magnified
    return np.where(unknown, np.nan, spaces)


def _limbs(states: JointStates, anatomy: LimbAnatomy) -> list[tuple[Side, JointLesions]]:
    return [(side, JointLesions(side, states, of_side(anatomy, side))) for side in Side]


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


def _joined(records: Sequence[Record]) -> Record:
    """One record of several, joined along their first axis."""
    return type(records[0])(*(np.concatenate(rows) for rows in zip(*records, strict=True)))
