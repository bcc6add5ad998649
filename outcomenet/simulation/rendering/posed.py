"""Limb as it lies on its film: pose, subluxations, amputations and lesions put together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from outcomenet.anatomy import Side, joints_of
from outcomenet.arrays import Bool
from outcomenet.errors import UsageError
from outcomenet.simulation.rendering.lesions import JointLesions
from outcomenet.simulation.rendering.limb_anatomy import LimbAnatomy
from outcomenet.simulation.rendering.posing import (
    FilmPose,
    Placement,
    Points,
    joint_points,
    landmarks_px,
    moved_onto_film,
    place_on_film,
)
from outcomenet.simulation.rendering.shapes import ShapeTables, limb_shapes
from outcomenet.simulation.rendering.subluxation import displaced_points
from outcomenet.simulation.states import JointStates


class PosedLimb(NamedTuple):
    """One side of each film: where its points lie (canonical frame, mm), what is drawn, and how it lies on the film."""

    side: Side
    points: Points
    missing: dict[str, Bool[np.ndarray, "film"]]
    shapes: ShapeTables
    placement: Placement

    def landmarks(self, spacing_mm: float) -> list[dict[str, tuple[float, float]]]:
        """The landmarks of each film in pixels from its top left corner; 1.0 gives millimetres."""
        return landmarks_px(self.points, self.placement, self.side.region, spacing_mm, self.missing)


def check_rows(
    seeds: str,
    count: int,
    states: JointStates,
    anatomy: LimbAnatomy,
    pose: FilmPose,
    scanners: Sequence[object] | None = None,
) -> None:
    """Refuses what is not for as many films or visits as there are noise seeds.

    Args:
        seeds: What there is a noise seed for each of, with its number.
        count: That number.
        states: Joint states, axes film, joint.
        anatomy: Axis film first.
        pose: Axis film first.
        scanners: One for each film; None: one for all.

    Raises:
        UsageError: One has another number of rows; it is named.
    """
    lengths = {"states": len(states.erosion), "anatomy": len(anatomy.scale), "pose": len(pose.spread)}
    if scanners is not None:
        lengths["scanner"] = len(scanners)
    for name, length in lengths.items():
        if length != count:
            raise UsageError(f"There is one noise seed for each of {seeds}, but `{name}` has {length} rows.")


def posed_limb(states: JointStates, limb: LimbAnatomy, pose: FilmPose, side: Side) -> PosedLimb:
    """Poses one side of each film.

    Args:
        states: Joint states, axes film, joint.
        limb: Anatomy of this side (see `limb_anatomy.of_side`), axis film.
        pose: Axis film.
        side: The limb.

    Returns:
        Its points, its shapes, and how it lies on the film.
    """
    healthy = joint_points(limb, pose, side.region)
    lesions = JointLesions(side, states, limb)
    points = displaced_points(healthy, lesions)
    # the limb lies on the film as it would without subluxations, so that they move nothing that does not hang on them,
    # unless a finger would leave the film
    placement = place_on_film(healthy, pose, side)
    displaced = np.any([lesions.state("subluxation", site) > 0 for site in joints_of(side.region)], axis=0)
    if displaced.any():
        moved = moved_onto_film(placement, points, side.region)
        placement = placement._replace(offset=np.where(displaced[:, None], moved.offset, placement.offset))
    return PosedLimb(side, points, lesions.missing, limb_shapes(points, lesions), placement)
