"""Mask of the hand or foot on a film: everything else is wiped before anything is cut, drawn or kept.

Side markers, names and stamps stand beside the limb. What lies farther from its bones than soft tissue and a margin
reach is replaced by one grey level, so that none of it can leave the film, whatever it says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import cv2
import numpy as np

from outcomenet.anatomy import Region
from outcomenet.arrays import Bool, UInt16
from outcomenet.localization.geometry import crop_frames

# Half an adult's finger is 8 to 11 mm wide (general anthropometry); 3 mm more are the margin. A palm's or foot's edge
# lies at most 13 mm outside the outermost bone's axis.
FINGER_RADIUS_MM = 14.0
PALM_RADIUS_MM = 16.0
# Where a ray's end was not placed: from its last joint to within a strip's round end of the skin (a finger's skin lies
# about 25 mm beyond its end joint, a thumb's 32 mm beyond IP1, lesser toes' 48 to 35 mm beyond MTP2 to MTP5). From wrist
# and foot base the strips go as far up as the crops there reach.
FINGER_END_MM, THUMB_END_MM, PROXIMAL_MM = 14.0, 21.0, 14.0
TOE_END_MM = {2: 36.0, 3: 32.0, 4: 28.0, 5: 24.0}
_STEP_MM = 1.0  # the mask is drawn at about this resolution
_AIR_PERCENTILE = 5.0  # not the least: a single dead pixel would set the level


@dataclass(frozen=True)
class AnatomyMask:
    """Where the limb is, on a grid of `step` x `step` film pixels, and the grey level that the rest gets.

    `air` is the 5th percentile inside the mask, so that it, too, depends on nothing outside.
    """

    cells: Bool[np.ndarray, "row column"]
    step: int
    air: int

    def wiped(self, pixels: UInt16[np.ndarray, "height width"]) -> UInt16[np.ndarray, "height width"]:
        """The film with all that lies outside set to `air`."""
        return np.where(self.on_film(pixels.shape), pixels, np.uint16(self.air))

    def on_film(self, shape: tuple[int, ...]) -> Bool[np.ndarray, "height width"]:
        """True for each film pixel inside."""
        return self.cells.repeat(self.step, axis=0)[: shape[0]].repeat(self.step, axis=1)[:, : shape[1]]

    def shrunk(self, film_px: float) -> AnatomyMask:
        """The mask without cells less than `film_px` from its edge, for pictures whose pixels blend that far."""
        reach = 1 + int(np.ceil(film_px / self.step))
        kernel = np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)
        # what lies beyond the film's edge is not outside the limb
        inner = cv2.erode(self.cells.astype(np.uint8), kernel, borderType=cv2.BORDER_CONSTANT, borderValue=(1,) * 4)
        return replace(self, cells=inner.astype(bool))


def anatomy_mask(
    pixels: UInt16[np.ndarray, "height width"],
    landmarks: Mapping[str, tuple[float, float]],
    region: Region | str,
    mm_per_px: float,
) -> AnatomyMask:
    """What lies within soft tissue and margin of the limb's bones: rays as rounded strips, palm or forefoot as a hull.

    Args:
        pixels: The film, with bright bones.
        landmarks: Film pixels.
        region: Hand or foot.
        mm_per_px: Scale of the film.

    Raises:
        DataRefused: The landmarks do not tell how the limb lies.
    """
    step = max(1, round(_STEP_MM / mm_per_px))
    canvas = np.zeros((-(-pixels.shape[0] // step), -(-pixels.shape[1] // step)), np.uint8)
    mm = 1.0 / (mm_per_px * step)  # cells per millimetre
    rays, hull = _outline(landmarks, Region(region), 1.0 / mm_per_px)
    for start, end in rays:
        _strip(canvas, start / step, end / step, FINGER_RADIUS_MM * mm)
    palm = np.round(np.array(hull) / step).astype(np.int32)
    if len(palm) > 2:
        cv2.fillConvexPoly(canvas, cv2.convexHull(palm), 1)
    for place in range(len(palm)):
        _strip(canvas, palm[place], palm[place], PALM_RADIUS_MM * mm)
        _strip(canvas, palm[place - 1], palm[place], PALM_RADIUS_MM * mm)
    cells = canvas.astype(bool)
    middle = _middles(pixels, step)
    inside = middle[cells[: middle.shape[0], : middle.shape[1]]]
    return AnatomyMask(cells, step, int(np.percentile(inside, _AIR_PERCENTILE)) if inside.size else 0)


def _middles(pixels: np.ndarray, step: int) -> np.ndarray:
    return pixels[step // 2 :: step, step // 2 :: step]


def _strip(canvas: np.ndarray, start: np.ndarray, end: np.ndarray, radius: float) -> None:
    """A line of round ends, `radius` to each side."""
    (x1, y1), (x2, y2) = ends = [(round(float(x)), round(float(y))) for x, y in (start, end)]
    cv2.line(canvas, (x1, y1), (x2, y2), 1, max(1, round(2 * radius)))
    for centre in ends:
        cv2.circle(canvas, centre, max(1, round(radius)), 1, -1)


def _outline(
    landmarks: Mapping[str, tuple[float, float]], region: Region, px_per_mm: float
) -> tuple[list[tuple[np.ndarray, np.ndarray]], list[np.ndarray]]:
    """Bones as pairs of ends, and the palm's (or forefoot's) corners in order around it; film pixels."""
    frames = crop_frames(landmarks, region)
    axis = frames.up[frames.present].mean(axis=0)
    axis = axis / np.linalg.norm(axis)
    points = {name: np.asarray(point, float) for name, point in landmarks.items()}
    if region is Region.HAND:
        return _hand(points, axis * px_per_mm)
    return _foot(points, axis * px_per_mm)


def _hand(
    points: dict[str, np.ndarray], mm: np.ndarray
) -> tuple[list[tuple[np.ndarray, np.ndarray]], list[np.ndarray]]:
    rays = []
    for n in range(1, 6):
        names = ["CMC1", "MCP1", "IP1", "TIP1"] if n == 1 else [f"MCP{n}", f"PIP{n}", f"DIP{n}", f"TIP{n}"]
        chain = [points[name] for name in names if name in points]
        if len(chain) > 1:
            length = float(np.linalg.norm(mm)) * (THUMB_END_MM if n == 1 else FINGER_END_MM)
            rays += _chain(chain, 0.0 if names[-1] in points else length)
    wrist = [points[name] for name in ("DRUJ_U", "RC") if name in points]
    rays += [(point, point - PROXIMAL_MM * mm) for point in wrist]
    corners = ("MCP2", "MCP3", "MCP4", "MCP5", "CMC5", "DRUJ_U", "RC", "CMC1", "MCP1")
    return rays, [points[name] for name in corners if name in points]


def _foot(
    points: dict[str, np.ndarray], mm: np.ndarray
) -> tuple[list[tuple[np.ndarray, np.ndarray]], list[np.ndarray]]:
    first = [points[name] for name in ("BASE1", "MTP1", "IP1", "TIP1") if name in points]
    rays = (
        _chain(first, 0.0 if "TIP1" in points else float(np.linalg.norm(mm)) * FINGER_END_MM) if len(first) > 1 else []
    )
    rays += [(points[f"MTP{n}"], points[f"MTP{n}"] + end * mm) for n, end in TOE_END_MM.items() if f"MTP{n}" in points]
    if "BASE1" in points:
        rays.append((points["BASE1"], points["BASE1"] - PROXIMAL_MM * mm))
    corners = [points[name] for name in ("MTP1", "MTP2", "MTP3", "MTP4", "MTP5") if name in points]
    if corners and "BASE1" in points and "MTP1" in points:
        corners += [corners[-1] + (points["BASE1"] - points["MTP1"]) * 0.8, points["BASE1"]]
    return rays, corners


def _chain(chain: list[np.ndarray], beyond: float) -> list[tuple[np.ndarray, np.ndarray]]:
    """The bones of a ray, proximal first; the last one goes on for `beyond` film pixels."""
    bones = list(zip(chain[:-1], chain[1:], strict=True))
    direction = chain[-1] - chain[-2]
    length = np.linalg.norm(direction)
    if beyond and length > 0:
        bones.append((chain[-1], chain[-1] + direction / length * beyond))
    return bones
