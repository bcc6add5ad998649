"""Bank of joints: pairs of films of one skeleton, drawn anew from (seed, index), with all that is known of each joint."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from outcomenet.arrays import Bool, Float, Int8, UInt16
from outcomenet.localization.geometry import CropGeometry
from outcomenet.pretraining.measured_joints import bite_sizes, joint_spaces
from outcomenet.pretraining.scenes import VISITS, Scene, SceneVariety, draw_scene, joined
from outcomenet.ranges import Count, Seed, check_ranges
from outcomenet.simulation.exogenous import draw_exogenous
from outcomenet.simulation.readers import grade, perceive, true_grades
from outcomenet.simulation.rendering import present_joints, render_crops, select
from outcomenet.simulation.states import JointStates
from outcomenet.simulation.world import World

SCHEMES = ("svdh", "kellgren_lawrence")  # that the films are graded by


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
    scenes: SceneVariety = field(default_factory=SceneVariety)
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
        states, anatomy, pose = (joined(records) for records in list(zip(*scenes, strict=True))[:3])
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

    def _scene(self, index: int) -> Scene:
        if not 0 <= index < self.pairs:
            raise IndexError(f"The bank's pairs are numbered from 0 to {self.pairs - 1:,}; got {index:,}.")
        # a stream apart from that of the readers, who take (seed, index) in `draw_exogenous`
        return draw_scene(np.random.default_rng([self.seed, index, 1]), self.scenes)

    def _grades(self, states: JointStates, indices: Sequence[int]) -> dict[str, Int8[np.ndarray, "pair *site"]]:
        noise = draw_exogenous(self.seed, indices, VISITS, len(self.readers.readers))
        perceived = perceive(self.readers, states, noise)
        read = {name: grade(name, perceived, states) for name in SCHEMES}
        read |= {f"true_{name}": true_grades(name, states) for name in SCHEMES}
        return {name: grades.astype(np.int8) for name, grades in read.items()}
