"""Lesions of the two bones that meet in a joint, in millimetres and shares, from the joint's latent states."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from outcomenet.anatomy import JOINT_INDEX, Joint, Side, joints_of
from outcomenet.arrays import Bool, Float
from outcomenet.simulation.rendering.amputations import missing_points, point_of
from outcomenet.simulation.rendering.limb_anatomy import LimbAnatomy
from outcomenet.simulation.rendering.template import JOINT_GAPS
from outcomenet.simulation.states import JointStates

# The largest bite's radius over the half width of its bone end (4 mm at a metacarpal head).
BITE_SHARE = 0.58
# Erosion state from which the joint surface itself recedes, and by how many mm at state 1.
COLLAPSE_ONSET, COLLAPSE_MM = 0.5, 3.5
# Bone ends of an ankylosed joint reach this far into each other, mm.
FUSION_MM = 0.15
# Longest osteophyte in mm on a bone end of 6 mm half width.
SPUR_MM = 2.1
# Radius (mm) that synovitis adds to the soft tissue around a finger joint.
SWELLING_MM = 2.8
NO_BITE = (0.0, 0.0, -1e4, 1.0)
# What was cut away with the joint cannot be seen at an implant.
REPLACED_FEATURES = (
    "erosion", "narrowing", "micro_erosion", "osteophyte", "oa_narrowing", "sclerosis", "subluxation", "ankylosis",
)  # fmt: skip
# Bone cut away for an implant at the base and at the head of a bone, over the half width of that end.
RESECTED = (0.35, 0.95)
# Implants of silicone among those of finger and toe joints; the others are of metal. Assumed.
SILICONE_SHARE = 0.5
# Bone cut away at a stump, over the half width of the bone end.
STUMP = 1.3


@dataclass(frozen=True)
class JointLesions:
    """States and individual traits of one limb's joints, looked up by site; unknown sites are healthy.

    Arrays have a leading film axis; `row` is the joint's place in `joints_of(region)`.
    """

    side: Side
    states: JointStates  # [film, joint] with joints in `anatomy.JOINTS` order
    limb: LimbAnatomy

    @cached_property
    def missing(self) -> dict[str, Bool[np.ndarray, "film"]]:
        """Which named points of the limb were amputated."""
        return missing_points(self.states, self.side)

    def state(self, feature: str, site: str | None) -> Float[np.ndarray, "film"]:
        """0 (healthy) to 1; zeros where no scored joint is."""
        if site not in joints_of(self.side.region):
            return np.zeros(len(self.limb.scale))
        column = JOINT_INDEX[Joint(self.side, site).name]
        values = np.clip(np.asarray(getattr(self.states, feature), float)[:, column], 0.0, 1.0)
        if feature in REPLACED_FEATURES:
            return values * (np.asarray(self.states.prosthesis)[:, column] <= 0)
        return values

    def gone(self, point: str) -> Bool[np.ndarray, "film"]:
        """Whether a named point of the limb was amputated."""
        return self.missing[point]

    def row(self, site: str | None) -> int:
        """The joint's place in `joints_of(region)`; 0 for a site without a joint, whose states are all 0."""
        sites = joints_of(self.side.region)
        return sites.index(site) if site in sites else 0

    def gap(self, point: str) -> Float[np.ndarray, "film"]:
        """Full cartilage thickness between the bones at a point, mm."""
        millimetres = JOINT_GAPS.get(point, JOINT_GAPS.get(point.rstrip("12345"), 0.0))
        trait = self.limb.gap[:, self.row(point)] if point in joints_of(self.side.region) else 1.0
        return millimetres * trait * self.limb.scale

    def cartilage(self, site: str | None) -> Float[np.ndarray, "film"]:
        """Share of cartilage left."""
        if site not in joints_of(self.side.region):
            return np.ones(len(self.limb.scale))
        return (
            1.0
            - self.state("narrowing", site)
            - (1.0 - self.state("narrowing", site)) * self.state("oa_narrowing", site)
        )

    def bite_radii(self, site: str | None, end: int, half_width: np.ndarray) -> Float[np.ndarray, "film 3"]:
        """Radii in mm of the three bites on the distal (`end` 0) or proximal (1) bone, 0 before their onset."""
        bites = np.s_[:, self.row(site), 3 * end : 3 * end + 3]
        traits, mean = self.limb.bite[bites], self.limb.onset[bites]
        onset = np.where(mean > 0, mean + 0.15 * (traits[..., 2] - 0.5), 0.0)
        erosion = self.state("erosion", site)[:, None]
        grown = np.clip((erosion - onset) / (1.0 - onset), 0.0, 1.0) ** 0.7
        return BITE_SHARE * (0.75 + 0.5 * traits[..., 1]) * np.reshape(half_width, (-1, 1)) * grown

    def bite_places(self, site: str | None, end: int) -> Float[np.ndarray, "film 3"]:
        """Uniform 0..1 trait that says where along the margin each bite lies."""
        return self.limb.bite[:, self.row(site), 3 * end : 3 * end + 3, 0]

    def collapse(self, site: str | None) -> Float[np.ndarray, "film"]:
        """How far the joint surface has receded, mm."""
        beyond = np.clip((self.state("erosion", site) - COLLAPSE_ONSET) / (1.0 - COLLAPSE_ONSET), 0.0, 1.0)
        return COLLAPSE_MM * beyond**1.3

    def resected(self, site: str | None, end: int, half_width: np.ndarray) -> Float[np.ndarray, "film"]:
        """Bone cut away at the base (`end` 0) or head (1) of a bone for an implant or with an amputated joint, mm."""
        replaced = RESECTED[end] * half_width * self.state("prosthesis", site)
        if end == 0 or site not in joints_of(self.side.region):
            return replaced
        return np.where(self.gone(point_of(site)), STUMP * half_width, replaced)

    def spurs(self, site: str | None, end: int, half_width: np.ndarray) -> Float[np.ndarray, "film 2"]:
        """Length in mm of the osteophytes at the two margins of a bone end, thumb side first."""
        traits = np.clip(self.limb.spur[:, self.row(site), 2 * end : 2 * end + 2], 0.4, 1.8)
        length = SPUR_MM * np.sqrt(half_width / 6.0) * self.state("osteophyte", site)
        return length[:, None] * traits


def bite(
    x: Float[np.ndarray, "film"], y: Float[np.ndarray, "film"], radius: Float[np.ndarray, "film"]
) -> Float[np.ndarray, "film 4"]:
    """Numbers of an erosion's bite for the tile kernel.

    Args:
        x: Place in the bone's own frame, mm: along a long bone, towards the thumb in a round one.
        y: Place across a long bone, or distal in a round one, mm.
        radius: mm; 0 where there is no bite.

    Returns:
        Place, radius squared and 1 / (2 radius); a bite far away, which changes nothing, where the radius is 0.
    """
    there = radius > 1e-3
    safe = np.where(there, radius, 1.0)
    return np.where(
        there[:, None],
        np.stack(np.broadcast_arrays(x, y, safe**2, 0.5 / safe), axis=-1),
        np.asarray(NO_BITE),
    )
