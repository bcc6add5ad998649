"""Found limbs as they are cut: the networks' landmarks, with the quality flags that rest on the networks' outputs."""

from __future__ import annotations

import cv2
import numpy as np

from outcomenet.anatomy import Region, View
from outcomenet.arrays import Bool, Float
from outcomenet.films.film import Film
from outcomenet.films.quality_flags import present_flags
from outcomenet.localization.film_quality import frame_flags, is_narrow_hand
from outcomenet.localization.found import DARK, FoundFilm, FoundLimb, State
from outcomenet.localization.frames import Pyramid, Window, window_matrix
from outcomenet.localization.landmarked_limbs import LandmarkedLimb
from outcomenet.localization.polarity import reversed_levels

# Young children's wrists: hardly any edges where an adult has eight carpal bones.
_WINDOW = Window((-2.0, 46.0), 0.62, 190, 180)  # carpus and metacarpals, 300 pixels for a hand's length
_CARPUS = ("CMC2", "CMC3", "CMC4", "CMC5", "multangular", "navicular", "lunate", "RC")
_CARPAL_LANDMARKS = ("CMC1", "CMC2", "CMC3", "CMC4", "CMC5", "multangular", "navicular", "lunate")
# The shafts' middle third stands for bone of the same film: its edges' median strength is the unit.
_SHAFT_BEGINS, _SHAFT_ENDS = 0.35, 0.65
# The one child's film (2 years) has 0.43 of the shafts' edges in its carpus and places carpal landmarks with a standard error
# of 0.93 to 1.06 % of the hand's length; real adults seen from above have 0.72 to 1.27 and, undisturbed, 0.37 to 0.52
# (0.76 with lines printed over the joints). Both must speak for a child: simulated wrists destroyed to one smooth
# bone have few edges, too, but surely placed landmarks.
FEW_EDGES, UNSURE_SHARE = 0.57, 0.0075


def found_limbs(film: Film, found: FoundFilm) -> tuple[LandmarkedLimb, ...]:
    """The limbs that the networks found, as they are cut; the file's side counts on a film of one limb.

    Args:
        film: As it was decoded.
        found: What `Localizer.locate` gives of its pixels.
    """
    dark = found.dark_bones > DARK
    pyramid = Pyramid(reversed_levels(film.pixels) if dark else film.pixels)
    declared = film.header.laterality if len(found.limbs) == 1 else ""
    return tuple(
        LandmarkedLimb(limb.region, limb.visible, False, declared, dark, network_flags(limb, found, pyramid))
        for limb in found.limbs
    )


def network_flags(limb: FoundLimb, found: FoundFilm, pyramid: Pyramid) -> tuple[str, ...]:
    """Flags that states, views and agreement of the networks give, and the pixels in the limb's frame.

    Args:
        limb: One limb of `found`.
        found: Every limb of the film.
        pyramid: Of the film with bright bones: where they were dark, its grey levels are reversed.

    Returns:
        Codes of `films.quality_flags.FLAGS`.
    """
    states = {point.state for point in limb.landmarks.values()}
    present = {
        **_view_flags(limb),
        "doubtful": limb.doubtful,
        "cut_off": State.OFF_FILM in states,
        "amputated": State.AMPUTATED in states,
        "metal": State.METAL in states,
        "unsure_joints": bool(states & {State.UNSURE, State.IMPOSSIBLE}),
        "several_limbs": len(found.limbs) > 1,
        "child_like": looks_like_a_child(limb, pyramid),
        **frame_flags(limb.frame, limb.region, pyramid, limb.length_px),
    }
    return tuple(present_flags(present))


def _view_flags(limb: FoundLimb) -> dict[str, bool]:
    """The view that the networks see; whether a hand is oblique they say only where its landmarks do not tell."""
    likely = max(limb.views, key=lambda view: limb.views[view]) if limb.views else View.PA
    unknown = is_narrow_hand(limb.visible, limb.region) is None
    return {"lateral_view": likely is View.LATERAL, "oblique_view": unknown and likely is View.OBLIQUE}


def looks_like_a_child(limb: FoundLimb, pyramid: Pyramid) -> bool:
    """Whether a hand's wrist is that of a young child. Weak: told from one child's film.

    From about school age on carpal bones fill the wrist and nothing is noticed.

    Args:
        limb: Landmarks with their standard errors; of a doubtful limb nothing is said.
        pyramid: Of the film, with bright bones.
    """
    if limb.region is not Region.HAND or limb.doubtful:
        return False
    # a person's landmarks have no error
    return carpal_error(limb) > UNSURE_SHARE and carpal_edges(limb, pyramid) < FEW_EDGES


def carpal_error(limb: FoundLimb) -> float:
    """Median standard error of the carpal landmarks as a share of the hand's length."""
    return float(np.median([limb.landmarks[name].error_px for name in _CARPAL_LANDMARKS])) / limb.length_px


def carpal_edges(limb: FoundLimb, pyramid: Pyramid) -> float:
    """Strength of the edges in the carpus, in units of that in the metacarpal shafts of the same film.

    Args:
        limb: A hand with all its landmarks, visible or not.
        pyramid: Of the film, with bright bones.

    Returns:
        Ratio of the medians; infinity where the shafts have no edges, or the film ends before them.
    """
    pixels, on_film = pyramid.cut(window_matrix(limb.frame, _WINDOW), _WINDOW.rows, _WINDOW.columns)
    smooth = cv2.GaussianBlur(pixels, (0, 0), 1.0)
    strength = np.hypot(cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1))
    points = {
        name: _WINDOW.to_pixels(limb.frame.to_limb(np.array([point.x_px, point.y_px])))
        for name, point in limb.landmarks.items()
    }
    bases = np.array([points[f"CMC{n}"] for n in range(2, 6)])
    heads = np.array([points[f"MCP{n}"] for n in range(2, 6)])
    shafts = np.concatenate([heads + share * (bases - heads) for share in (_SHAFT_BEGINS, _SHAFT_ENDS)])
    ulnar = 0.6 * points["DRUJ_U"] + 0.4 * points["CMC5"]
    carpus = np.array([*(points[name] for name in _CARPUS), ulnar])
    inside = [strength[_hull(corners) & on_film] for corners in (carpus, shafts)]
    if not all(part.size for part in inside) or np.median(inside[1]) == 0:
        return float("inf")
    return float(np.median(inside[0]) / np.median(inside[1]))


def _hull(corners: Float[np.ndarray, "corner 2"]) -> Bool[np.ndarray, "row column"]:
    """True inside the corners' convex hull, in the window."""
    filled = np.zeros((_WINDOW.rows, _WINDOW.columns), np.uint8)
    cv2.fillConvexPoly(filled, cv2.convexHull(corners.round().astype(np.int32)), 1)
    return filled.astype(bool)
