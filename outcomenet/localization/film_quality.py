"""Measures behind the quality flags that pixels and landmarks give without a network; `landmarked_limbs` raises them."""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np

from outcomenet.anatomy import Region
from outcomenet.arrays import Bool, Float, Int, Shaped, UInt16
from outcomenet.localization.frames import LENGTHS_MM, LIMB_WINDOWS, LimbFrame, Pyramid, Window, frame_of, window_matrix
from outcomenet.localization.geometry import crop_frames, is_left_as_displayed, limb_length_px

# A hand's width over its length (MCP2-MCP5 over TIP3-RC): 0.31 and 0.35 on two PA films, 0.24 on an oblique one of the
# first hand; 0.31 +- 0.02 in the simulated cohort. Below this a hand lies obliquely.
# Where MCP2 is masked MCP3-MCP5 serves: 0.20 and 0.21 on the PA films, 0.15 on the oblique one.
NARROW_HAND = {"MCP2": 0.27, "MCP3": 0.174}
TURNED_DEGREES = 45.0  # beyond it a limb lies more on its side, or upside down, than upright
SMALL_PX = 200.0  # length of a limb, below which the landmarks' errors are larger
# Standard deviation of the Laplacian at about 1.5 mm, as a share of the film's range: 0.015 to 0.032 on eleven films that can be
# read, 0.0036 on a washed-out one.
LEAST_DETAIL = 0.007
# Of the 65,536 grey levels: the limb's (without one the film's) 95th percentile. The real films have half of them and more.
NEARLY_BLACK = 65_536 / 8
# Length of the limb in millimetres (TIP3-RC, TIP1-BASE1) outside which an adult film's spacing is doubted.
PLAUSIBLE_LENGTH_MM = {Region.HAND: (140.0, 240.0), Region.FOOT: (90.0, 160.0)}
EDGE_MM = 4.0  # a joint nearer to the film's edge is cut through: a finger's joint is 8 to 11 mm in radius
# Wrapped wrists: the outline is broader than the palm's, which no bare wrist's is.
_WRIST = Window((-12.0, -10.0), 1.0, 76, 200)  # y from 28 to -48 mm of the average hand, RC at 0
_PALM_MM = (14.0, 23.0)  # middle of the carpus
_FOREARM_MM = (-44.0, -7.0)
_FOREARM_ROWS = 12  # of the forearm that must be on the film
AIR_SHARE = 0.2  # of the step from air to the limb's brightest tenth, beyond which there is tissue
# Forearm over palm, and the forearm's width in mm of the average hand. The one real cast has 1.14 and 89; bare real wrists
# seen from above 0.73 to 0.96 and at most 68, 168 simulated hands at most 1.02 and 75.
BROAD, BROAD_MM = 1.08, 80.0
_FINGERS = tuple((f"MCP{n}", f"PIP{n}", f"DIP{n}", f"TIP{n}") for n in range(2, 6))


def placed_flags(
    pixels: UInt16[np.ndarray, "height width"],
    landmarks: Mapping[str, tuple[float, float]],
    region: Region,
    mm_per_px: float,
) -> dict[str, bool]:
    """Which flags the pixels of a limb with placed landmarks raise.

    Args:
        pixels: The film, with bright bones.
        landmarks: Film pixels.
        region: Hand or foot.
        mm_per_px: Scale at which the joints are cut.

    Raises:
        DataRefused: The landmarks do not tell how the limb lies.
    """
    pyramid = Pyramid(pixels)
    joints = crop_frames(landmarks, region)
    length_px = limb_length_px(landmarks, region) or LENGTHS_MM[region] / mm_per_px
    edge_px = EDGE_MM / mm_per_px
    return {
        "cut_off": is_cut_off(landmarks, joints.centre[joints.present], pyramid.shape, edge_px),
        **frame_flags(placed_frame(landmarks, region, mm_per_px), region, pyramid, length_px),
    }


def frame_flags(frame: LimbFrame, region: Region, pyramid: Pyramid, length_px: float) -> dict[str, bool]:
    """Which flags the pixels in a limb's frame raise.

    Args:
        frame: Where the limb lies.
        region: Hand or foot.
        pyramid: Of the film, with bright bones.
        length_px: TIP3 to RC of a hand, TIP1 to BASE1 of a foot.
    """
    return {
        "turned": abs(frame.turned_degrees) > TURNED_DEGREES,
        "washed_out": detail(frame, region, pyramid) < LEAST_DETAIL,
        "nearly_black": is_nearly_black(pyramid, frame, region),
        "small": length_px < SMALL_PX,
        "cast": region is Region.HAND and is_wrapped(frame, pyramid),
    }


def has_few_joints(present: Bool[np.ndarray, "joint"]) -> bool:
    """Whether fewer than half of a limb's joints are on the film and have a landmark."""
    return bool(2 * present.sum() < len(present))


def placed_frame(landmarks: Mapping[str, tuple[float, float]], region: Region, mm_per_px: float) -> LimbFrame:
    """The limb's frame from its axis and its middle.

    Args:
        landmarks: Film pixels.
        region: Hand or foot.
        mm_per_px: Scale of the film.

    Raises:
        DataRefused: The landmarks do not tell how the limb lies.
    """
    frames = crop_frames(landmarks, region)
    along = frames.up[frames.present].mean(axis=0)
    origin, anchor = _origin(landmarks, frames.centre[frames.present], region)
    turned = float(np.arctan2(along[0], -along[1]))
    return frame_of(origin, turned, 1.0 / mm_per_px, is_left_as_displayed(landmarks, region), anchor)


def _origin(
    landmarks: Mapping[str, tuple[float, float]], centres: Float[np.ndarray, "joint 2"], region: Region
) -> tuple[Float[np.ndarray, "2"], Float[np.ndarray, "2"]]:
    """A film point and the same in mm of the average limb: RC or BASE1, else the middle of the joints."""
    name = "RC" if region is Region.HAND else "BASE1"
    if name in landmarks:
        return np.array(landmarks[name], float), np.zeros(2)
    return centres.mean(axis=0), np.array(LIMB_WINDOWS[region].centre)


def is_narrow_hand(landmarks: Mapping[str, tuple[float, float]], region: Region) -> bool | None:
    """Whether a hand is too narrow for its length to be seen from above.

    Args:
        landmarks: Film pixels; MCP5, TIP3, RC and one of MCP2 and MCP3 tell.
        region: Hand or foot.

    Returns:
        None where the landmarks do not tell, and of feet.
    """
    first = next((name for name in NARROW_HAND if name in landmarks), "")
    if region is not Region.HAND or not first or not {"MCP5", "TIP3", "RC"} <= landmarks.keys():
        return None
    width = np.hypot(*np.subtract(landmarks[first], landmarks["MCP5"]))
    length = np.hypot(*np.subtract(landmarks["TIP3"], landmarks["RC"]))
    return bool(width < NARROW_HAND[first] * length)


def is_cut_off(
    landmarks: Mapping[str, tuple[float, float]],
    joints: Float[np.ndarray, "joint 2"],
    shape: tuple[int, int],
    edge_px: float,
) -> bool:
    """Whether a joint lies at the film's edge or beyond, or a finger's next joint, which was not placed, must.

    Args:
        landmarks: Film pixels.
        joints: Centres of the joints that have one, film pixels.
        shape: Rows and columns of the film.
        edge_px: A joint nearer to the edge than this is cut through.
    """
    height, width = shape

    def beyond(point: np.ndarray, margin: float) -> bool:
        return not (margin <= point[0] <= width - margin and margin <= point[1] <= height - margin)

    if any(beyond(joint, edge_px) for joint in joints):
        return True
    for finger in _FINGERS:
        placed = [np.array(landmarks[name], float) for name in finger if name in landmarks]
        if 2 <= len(placed) < 4 and finger[len(placed)] not in landmarks and finger[0] in landmarks:
            # a phalanx is about 0.6 times as long as the next proximal one
            if beyond(placed[-1] + 0.6 * (placed[-1] - placed[-2]), 0.0):
                return True
    return False


def is_implausible(length_px: float | None, spacing_mm: float | None, region: Region) -> bool:
    """Whether the limb's length is no adult's; never where length or spacing is not known.

    Args:
        length_px: TIP3 to RC of a hand, TIP1 to BASE1 of a foot.
        spacing_mm: Of the film or a table, never one that comes from the limb's length.
        region: Hand or foot.
    """
    if length_px is None or not spacing_mm:
        return False
    low, high = PLAUSIBLE_LENGTH_MM[region]
    return not low <= length_px * spacing_mm <= high


def is_film_nearly_black(pixels: UInt16[np.ndarray, "height width"]) -> bool:
    """Whether even the bright parts of a film on which no limb was found lie in the darkest eighth of the grey levels."""
    return _is_nearly_black(_quarter(Pyramid(pixels)))


def is_nearly_black(pyramid: Pyramid, frame: LimbFrame, region: Region) -> bool:
    """Whether even the bright parts of the limb lie in the darkest eighth of the grey levels.

    Args:
        pyramid: Of the film, with bright bones.
        frame: Where the limb lies; where that is off the film, the film as a whole is judged.
        region: Hand or foot.
    """
    window = LIMB_WINDOWS[region]
    pixels, on_film = pyramid.cut(window_matrix(frame, window), window.rows, window.columns)
    return _is_nearly_black(pixels[on_film] if on_film.any() else _quarter(pyramid))


def _is_nearly_black(levels: Shaped[np.ndarray, "*pixel"]) -> bool:
    return bool(np.percentile(levels, 95) < NEARLY_BLACK)


def _quarter(pyramid: Pyramid) -> np.ndarray:
    """The film at a quarter of its size, where single hot pixels have no weight."""
    return pyramid.levels[min(2, len(pyramid.levels) - 1)]


def detail(frame: LimbFrame, region: Region, pyramid: Pyramid) -> float:
    """Strength of the edges in the limb's window, by which a washed-out film is told (see `LEAST_DETAIL`).

    Args:
        frame: Where the limb lies.
        region: Hand or foot.
        pyramid: Of the film.

    Returns:
        Standard deviation of the Laplacian at about 1.5 mm as a share of the film's range; 0 for a film of one grey level.
    """
    window = LIMB_WINDOWS[region]
    pixels, on_film = pyramid.cut(window_matrix(frame, window), window.rows, window.columns)
    whole = float(np.ptp(pyramid.levels[0]))
    if not on_film.any() or whole == 0:
        return 0.0
    edges = cv2.Laplacian(cv2.GaussianBlur(pixels / np.float32(whole), (0, 0), 1.0), cv2.CV_32F)
    return float(edges[on_film].std())


def is_wrapped(frame: LimbFrame, pyramid: Pyramid) -> bool:
    """Whether a hand's wrist is in a cast, a splint or a bandage. Weak: told from one real cast.

    Args:
        frame: Where the hand lies.
        pyramid: Of the film, with bright bones; without 12 mm of the forearm on it nothing is noticed.
    """
    forearm, palm = wrist_widths_mm(frame, pyramid)
    return bool(palm > 0 and forearm >= BROAD_MM and forearm >= BROAD * palm)


def wrist_widths_mm(frame: LimbFrame, pyramid: Pyramid) -> tuple[float, float]:
    """Median widths of forearm and palm.

    What is air is told from each row by itself, because the ground of many films is uneven.

    Args:
        frame: Where the hand lies.
        pyramid: Of the film, with bright bones.

    Returns:
        (forearm, palm) in mm of the average hand; 0 where too little is on the film.
    """
    pixels, on_film = pyramid.cut(window_matrix(frame, _WRIST), _WRIST.rows, _WRIST.columns)
    middle = slice(_WRIST.columns * 3 // 8, _WRIST.columns * 5 // 8)
    if not on_film[:, middle].any():
        return 0.0, 0.0
    smooth = cv2.GaussianBlur(pixels, (0, 0), 1.0)
    bright = float(np.percentile(smooth[:, middle][on_film[:, middle]], 90))
    widths = _tissue_widths(smooth, on_film, bright) * _WRIST.mm_per_px
    y_mm = _WRIST.to_limb(np.column_stack([np.zeros(_WRIST.rows), np.arange(_WRIST.rows) + 0.5]))[:, 1]

    def median(low: float, high: float, least: int) -> float:
        rows = widths[(y_mm >= low) & (y_mm <= high) & (widths > 0)]
        return float(np.median(rows)) if len(rows) >= least else 0.0

    return median(*_FOREARM_MM, _FOREARM_ROWS), median(*_PALM_MM, 4)


def _tissue_widths(
    rows: Float[np.ndarray, "row column"], on_film: Bool[np.ndarray, "row column"], bright: float
) -> Int[np.ndarray, "row"]:
    """Pixels of the run of tissue that holds each row's middle; 0 where that is air, or has no air on both sides."""
    half = rows.shape[1] // 2
    # the 5th percentile of what is on the film, of all rows at once: it is air
    ordered = np.sort(np.where(on_film, rows, np.inf), axis=1)
    place = 0.05 * np.maximum(on_film.sum(1) - 1, 0)
    below = place.astype(int)
    each = np.arange(len(rows))
    low, high = ordered[each, below], ordered[each, np.minimum(below + 1, np.maximum(on_film.sum(1) - 1, 0))]
    with np.errstate(invalid="ignore"):  # a row that is not on the film at all is infinite, and no tissue
        air = low + (place - below) * (high - low)
        tissue = rows > (air + AIR_SHARE * (bright - air))[:, None]
    is_air = ~tissue & on_film
    left, right = is_air[:, :half], is_air[:, half:]
    last_left = half - 1 - np.argmax(left[:, ::-1], axis=1)
    first_right = half + np.argmax(right, axis=1)
    whole = on_film[:, half] & tissue[:, half] & left.any(1) & right.any(1)
    return np.where(whole, first_right - last_left - 1, 0)
