"""Records of what was found on a film: limbs, and each landmark's place, error and state."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from outcomenet.anatomy import Region, Side, View
from outcomenet.localization.frames import LENGTHS_MM, LimbFrame

# Certainty beyond which bones are taken to be darker than their surroundings.
DARK = 0.5


class State(StrEnum):
    """Why a landmark has a place, or none."""

    VISIBLE = "visible"
    OFF_FILM = "cut off"  # its place is outside the film or in an unexposed margin
    AMPUTATED = "amputated"
    METAL = "hidden by metal"
    UNSURE = "unsure"
    IMPOSSIBLE = "impossible place"
    NOT_PLACED = "not placed"  # by the person who placed the others


class FoundLandmark(NamedTuple):
    """Film pixels, standard error along one axis, certainty that it is to be seen. The place of a landmark that is not
    visible is where the others say it should be."""

    x_px: float
    y_px: float
    error_px: float
    certainty: float
    state: State


@dataclass(frozen=True)
class FoundLimb:
    """One hand or foot of a film."""

    region: Region
    frame: LimbFrame
    agreement: float  # of several ways of looking at it, from 0 to 1
    doubtful: bool  # less agreement, or a stranger shape, than 99 of 100 simulated limbs with some room
    views: dict[View, float]
    landmarks: dict[str, FoundLandmark]
    shape_distance: float  # root mean square of the visible landmarks' standardised distances from what the others say

    @property
    def side(self) -> Side:
        """As displayed: the film is taken to be unmirrored."""
        return Side.of("L" if self.frame.thumb_right else "R", self.region)

    @property
    def length_px(self) -> float:
        return self.frame.px_per_mm * LENGTHS_MM[self.region]

    @property
    def visible(self) -> dict[str, tuple[float, float]]:
        """Landmarks that can be relied on, film pixels."""
        return {n: (p.x_px, p.y_px) for n, p in self.landmarks.items() if p.state is State.VISIBLE}


@dataclass(frozen=True)
class FoundFilm:
    """All limbs of a film, surest first, and whether its bones are dark."""

    limbs: list[FoundLimb]
    dark_bones: float  # share of certainty, 0 to 1; beyond DARK the limbs were read with grey levels reversed
