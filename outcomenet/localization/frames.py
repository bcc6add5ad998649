"""A limb's own coordinates on a film: millimetres of an average limb, thumb or big toe on the right, fingers up.

Everything that looks for joints works in this frame, so that left and right, turned and mirrored films look alike. The
scale is the limb's, not the film's: the frame needs no pixel spacing. A hand is 185 mm from middle finger tip to
radiocarpal joint, a foot 110 mm from big toe's tip to first metatarsal's base, whatever their true length.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import cv2
import numpy as np

from outcomenet.anatomy import Region
from outcomenet.arrays import Float, Shaped


class LimbFrame(NamedTuple):
    """Film point = matrix @ (x towards thumb, y distal; mm of the average limb) + offset; film x right, y down."""

    matrix: Float[np.ndarray, "2 2"]
    offset: Float[np.ndarray, "2"]

    @property
    def px_per_mm(self) -> float:
        """Film pixels of one millimetre of the average limb."""
        return float(np.sqrt(abs(np.linalg.det(self.matrix))))

    @property
    def thumb_right(self) -> bool:
        """Whether, fingers up, thumb or big toe are on the right: an unmirrored left limb."""
        return bool(np.linalg.det(self.matrix) < 0)

    @property
    def turned_degrees(self) -> float:
        """How far the limb is turned clockwise on the film, -180 to 180; 0 = fingers or toes up."""
        up = self.matrix[:, 1]
        return float(np.degrees(np.arctan2(up[0], -up[1])))

    def about(self, place: Float[np.ndarray, "2"], turn: float = 0.0) -> LimbFrame:
        """The frame turned clockwise in limb coordinates (radians), its origin at a film point."""
        cos, sin = np.cos(turn), np.sin(turn)
        return LimbFrame(self.matrix @ np.array([[cos, sin], [-sin, cos]]), place)

    def to_film(self, points: Float[np.ndarray, "*point 2"]) -> Float[np.ndarray, "*point 2"]:
        """Limb coordinates, mm, as film pixels."""
        return points @ self.matrix.T + self.offset

    def to_limb(self, points: Float[np.ndarray, "*point 2"]) -> Float[np.ndarray, "*point 2"]:
        """Film pixels as limb coordinates, mm."""
        return (points - self.offset) @ np.linalg.inv(self.matrix).T


NO_FRAME = LimbFrame(np.eye(2), np.zeros(2))  # of a limb whose landmarks do not tell how it lies


def frame_of(
    centre: Shaped[np.ndarray, "2"], turned: float, px_per_mm: float, thumb_right: bool, anchor: Float[np.ndarray, "2"]
) -> LimbFrame:
    """The frame of a limb that is known by one point, its turn and its size.

    Args:
        centre: Where `anchor` lies on the film, pixels.
        turned: Radians clockwise on the film, 0 = fingers or toes up.
        px_per_mm: Film pixels of one millimetre of the average limb.
        thumb_right: Whether, fingers up, thumb or big toe are on the right.
        anchor: A point of the limb, mm of the average limb.
    """
    cos, sin = np.cos(turned), np.sin(turned)
    sign = 1.0 if thumb_right else -1.0
    matrix = px_per_mm * np.array([[sign * cos, sin], [sign * sin, -cos]])
    return LimbFrame(matrix, centre - matrix @ anchor)


def fitted_frame(
    limb: Float[np.ndarray, "point 2"],
    film: Float[np.ndarray, "point 2"],
    weight: Float[np.ndarray, "point"],
    thumb_right: bool,
) -> LimbFrame:
    """The similarity of given handedness that brings limb points nearest to film points.

    Umeyama, IEEE Trans Pattern Anal Mach Intell 1991;13:376, with weights.

    Args:
        limb: Points in limb coordinates, mm of the average limb.
        film: The same points on the film, pixels.
        weight: 0 or more per point, in any unit; two or more of different places must count.
        thumb_right: Whether, fingers up, thumb or big toe are on the right.
    """
    weight = weight / weight.sum()
    flip = np.array([1.0, -1.0]) if thumb_right else np.array([-1.0, -1.0])
    source = limb * flip  # now without reflection
    from_mean, to_mean = weight @ source, weight @ film
    a, b = source - from_mean, film - to_mean
    cross = (weight[:, None] * b).T @ a
    c, s = cross[0, 0] + cross[1, 1], cross[1, 0] - cross[0, 1]
    variance = float(weight @ (a**2).sum(1))
    turn = np.array([[c, -s], [s, c]]) / variance
    return LimbFrame(turn * flip, to_mean - turn @ from_mean)


@dataclass(frozen=True)
class Window:
    """A rectangle of limb coordinates that a network looks at: centre and mm a pixel, rows and columns."""

    centre: tuple[float, float]
    mm_per_px: float
    rows: int
    columns: int

    def to_limb(self, pixels: Float[np.ndarray, "*point 2"]) -> Float[np.ndarray, "*point 2"]:
        """(column, row) counted from the window's corner, to millimetres."""
        middle = np.array([self.columns, self.rows]) / 2
        return np.asarray(self.centre) + (pixels - middle) * self.mm_per_px * (1.0, -1.0)

    def to_pixels(self, points: Float[np.ndarray, "*point 2"]) -> Float[np.ndarray, "*point 2"]:
        middle = np.array([self.columns, self.rows]) / 2
        return (points - np.asarray(self.centre)) / self.mm_per_px * (1.0, -1.0) + middle


# Length of the average limb (see `geometry.limb_length_px`) and its middle, by which a rough frame is given.
LENGTHS_MM = {Region.HAND: 185.0, Region.FOOT: 110.0}
ANCHORS = {Region.HAND: np.array([8.0, 92.0]), Region.FOOT: np.array([-18.0, 45.0])}

# What the landmark network sees: the whole limb with room for a rough frame.
LIMB_WINDOWS = {
    Region.HAND: Window((15.0, 88.0), 1.5, 160, 128),
    Region.FOOT: Window((-19.0, 42.0), 1.0, 160, 128),
}
# What the refiner sees around one landmark: 32 mm. With 24 mm the radiocarpal landmark of a real hand was off by 4.0 % of
# the hand's length, with 32 by 1.2 to 2.1 % (docs/localization).
PATCH_PX, PATCH_MM_PER_PX = 64, 0.5
PATCH = Window((0.0, 0.0), PATCH_MM_PER_PX, PATCH_PX, PATCH_PX)


class Pyramid:
    """A film and its halves, so that windows are cut from the level that does not alias."""

    def __init__(self, pixels: np.ndarray):
        self.levels = [np.ascontiguousarray(pixels)]
        while min(self.levels[-1].shape) >= 64 and len(self.levels) < 7:
            height, width = self.levels[-1].shape
            self.levels.append(cv2.resize(self.levels[-1], (width // 2, height // 2), interpolation=cv2.INTER_AREA))

    @cached_property
    def brightest(self) -> float:
        """All but a thousandth of the pixels are darker."""
        return float(np.quantile(self.levels[min(2, len(self.levels) - 1)], 0.999))

    @property
    def shape(self) -> tuple[int, int]:
        return self.levels[0].shape[0], self.levels[0].shape[1]

    def cut(self, matrix: Float[np.ndarray, "2 3"], rows: int, columns: int) -> tuple[np.ndarray, np.ndarray]:
        """The pixels at film points matrix @ (column, row, 1), corner based, and which of them lie on the film."""
        step = np.sqrt(abs(np.linalg.det(matrix[:, :2])))
        # a window's pixel covers 0.84 to 1.68 pixels of its level: less would blur, more would alias
        level = int(np.clip(np.floor(np.log2(max(step, 1.0)) + 0.25), 0, len(self.levels) - 1))
        source = self.levels[level]
        ratio = np.array([source.shape[1] / self.shape[1], source.shape[0] / self.shape[0]])
        # OpenCV counts from pixel centres on both sides
        centred = matrix.copy()
        centred[:, 2] += matrix[:, :2] @ (0.5, 0.5)
        centred = centred * ratio[:, None]
        centred[:, 2] -= 0.5
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        cut = cv2.warpAffine(source, centred, (columns, rows), flags=flags, borderMode=cv2.BORDER_CONSTANT)
        # a window's pixel is on the film where its centre is
        column, row = np.meshgrid(np.arange(columns) + 0.5, np.arange(rows) + 0.5)
        x, y = (m[0] * column + m[1] * row + m[2] for m in matrix)
        on_film = (x >= 0) & (x <= self.shape[1]) & (y >= 0) & (y <= self.shape[0])
        return cut.astype(np.float32), on_film


def window_matrix(frame: LimbFrame, window: Window) -> Float[np.ndarray, "2 3"]:
    """Affine map from a window to the film.

    Args:
        frame: Where the limb lies on the film.
        window: The part of the limb that is looked at.

    Returns:
        Film point = matrix @ (column, row, 1), both counted in pixels from the upper left corner.
    """
    corners = frame.to_film(window.to_limb(np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])))
    return np.column_stack([corners[1] - corners[0], corners[2] - corners[0], corners[0]])
