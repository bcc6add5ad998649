"""Drawn films of healthy limbs, and the same films with a lesion of stated size in many joints: what is planted into real ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from outcomenet.anatomy import JOINT_COUNT, JOINT_INDEX, Joint, Side, joints_of
from outcomenet.localization.geometry import CropGeometry
from outcomenet.pretraining.drawn_states import StateVariety
from outcomenet.pretraining.measured_joints import bite_sizes, joint_spaces
from outcomenet.pretraining.scenes import Scene, SceneVariety, draw_scene, joined
from outcomenet.simulation.rendering import present_joints, render_crops
from outcomenet.simulation.rendering.template import TEMPLATES
from outcomenet.simulation.states import JointStates
from tests.planting import EROSION_MM, LOST_SPACE_MM, SITES

HEALTHY = SceneVariety(states=StateVariety(healthy=1.0, implants=0.0, amputations=0.0, unchanged=1.0))
WIDEST_HALF_MM = 8.0  # the renderer's erosions grow with a bone end up to this half width
MARGINS = [0, 1, 3, 4]  # bites that are not in the surface, see `bite_sizes`
DEGREES = np.linspace(0.02, 0.6, 59)  # of erosion; beyond, the surface recedes as well
PLANTED = np.array(
    [JOINT_INDEX[Joint(side, site).name] for side in Side for site in SITES if site in joints_of(side.region)]
)


@dataclass(frozen=True)
class DrawnFilms:
    """People's four limbs, once each; crops are 16-bit, as those of real films."""

    scenes: list[Scene]
    geometry: CropGeometry

    def crops(self, states: JointStates) -> np.ndarray:
        """Films of these people in other states of their joints: skeleton, pose, exposure and noise are the same.

        Args:
            states: Axes person, joint.
        """
        anatomy, pose = (first_visits(records) for records in list(zip(*self.scenes, strict=True))[1:3])
        scanners = [scene.scanners[0] for scene in self.scenes]
        noise = np.array([scene.noise[0] for scene in self.scenes], np.uint32)
        return 16 * render_crops(states, anatomy, pose, scanners, self.geometry, noise)

    @property
    def healthy(self) -> JointStates:
        """States of joints without any lesion."""
        return first_visits([scene.states for scene in self.scenes])

    @property
    def eroded(self) -> JointStates:
        """Erosions whose largest bite at a margin is 2.5 to 4 mm across; NaN where no degree gives that."""
        anatomy = first_visits([scene.anatomy for scene in self.scenes])
        wanted = np.random.default_rng(1).uniform(*EROSION_MM, (len(self.scenes), JOINT_COUNT))
        widths = half_widths(anatomy)
        erosion = np.full(wanted.shape, np.nan)
        for degree in DEGREES[::-1]:
            states = self.healthy._replace(erosion=np.full(wanted.shape, degree))
            radius = bite_sizes(states, anatomy) * np.repeat(widths, 3, axis=-1)
            erosion = np.where(2 * radius[..., MARGINS].max(-1) >= wanted, degree, erosion)
        return self.healthy._replace(erosion=self._planted(erosion))

    @property
    def narrowed(self) -> JointStates:
        """Joint spaces 1.2 mm smaller, or closed where they were smaller than that; NaN where there is no space."""
        anatomy, pose = (first_visits(records) for records in list(zip(*self.scenes, strict=True))[1:3])
        space = joint_spaces(self.healthy, anatomy, pose.magnification)
        return self.healthy._replace(narrowing=self._planted(np.minimum(1.0, LOST_SPACE_MM / space)))

    def _planted(self, degrees: np.ndarray) -> np.ndarray:
        """The degrees of joints that lesions are planted into; 0 elsewhere."""
        everywhere = np.zeros_like(degrees)
        everywhere[:, PLANTED] = degrees[:, PLANTED]
        return everywhere

    @property
    def present(self) -> np.ndarray:
        """Joints that the films show."""
        return present_joints(self.healthy)


def drawn_films(count: int, seed: int, geometry: CropGeometry) -> DrawnFilms:
    """People of the bank's kind without lesions.

    Args:
        count: How many.
        seed: Of their series; a bank of the same seed has other people.
        geometry: Of the crops.
    """
    return DrawnFilms([draw_scene(np.random.default_rng([seed, n, 4]), HEALTHY) for n in range(count)], geometry)


def first_visits(records):
    """The first visit of each record, as one record."""
    return joined([type(record)(*(np.asarray(values)[:1] for values in record)) for record in records])


def half_widths(anatomy) -> np.ndarray:
    """Half width in mm of the distal and the proximal bone's end at each joint, as far as erosions grow with it.

    Args:
        anatomy: Axes person, side.
    """
    widths = np.full((len(anatomy.scale), JOINT_COUNT, 2), np.nan)
    for number, side in enumerate(Side):
        for row, bone in enumerate(TEMPLATES[side.region].long_bones):
            factor = anatomy.scale[:, number] * anatomy.width[:, number, row]
            for point, end, place in ((bone.proximal, 0, 0), (bone.distal, 1, 2)):
                if point in joints_of(side.region):
                    half = np.minimum(factor * bone.half_width[place], WIDEST_HALF_MM)
                    widths[:, JOINT_INDEX[Joint(side, point).name], end] = half
    return widths
