"""What a person should know of a film before its joints are scored: reason codes, each with one sentence.

Flags drop nothing by themselves. `UNSCORABLE` are those with which a film must not be scored.
"""

from __future__ import annotations

import cv2
import numpy as np

from outcomenet.anatomy import Region, View
from outcomenet.localization.found import DARK, FoundFilm, FoundLimb, State
from outcomenet.localization.frames import LIMB_WINDOWS, Pyramid, window_matrix

FLAGS = {
    "no_limb": "No hand or foot was found.",
    "few_joints": "Fewer than half of the joints were found.",
    "oblique_view": "The hand or foot is seen obliquely.",
    "lateral_view": "The hand or foot is seen from the side.",
    "doubtful": "It reads as no adult hand from above or foot from above (another view, a child, a cast, a deformed limb).",
    "turned": "The limb is turned by more than 45 degrees; it was read turned back.",
    "dark_bones": "Bones are darker than their surroundings; the film was read with its grey levels reversed.",
    "cut_off": "Part of the limb lies outside the film.",
    "amputated": "At least one joint is missing as if amputated.",
    "metal": "At least one joint is hidden by metal.",
    "unsure_joints": "At least one joint was not found surely enough.",
    "washed_out": "The limb shows hardly any edges: washed out, blurred or nearly black.",
    "small": "The limb is less than 200 pixels long; errors are larger.",
    "several_limbs": "More than one hand or foot was found; each has rows of its own.",
    "other_side": "The shape is that of the other side than declared, or the film is mirrored.",
}
UNSCORABLE = frozenset({"no_limb", "few_joints", "oblique_view", "lateral_view", "doubtful", "washed_out"})

# A hand's width over its length (MCP2-MCP5 over TIP3-RC): 0.31 and 0.35 on two PA films, 0.24 on an oblique one of the
# first hand; 0.31 +- 0.02 in the simulated cohort. Below this a hand lies obliquely.
# Where MCP2 is masked MCP3-MCP5 serves: 0.20 and 0.21 on the PA films, 0.15 on the oblique one.
NARROW_HAND = {"MCP2": 0.27, "MCP3": 0.174}
TURNED_DEGREES = 45.0
SMALL_PX = 200.0
# Standard deviation of the Laplacian at about 1.5 mm, as a share of the film's range: 0.015 to 0.032 on eleven films that can be
# read, 0.0036 on a washed-out one.
LEAST_DETAIL = 0.007


def flags_of(limb: FoundLimb, found: FoundFilm, pyramid: Pyramid, declared: str = "") -> list[str]:
    """Reason codes of one limb of a film; `declared` is the side that a file or table names (L, R or "")."""
    states = [point.state for point in limb.landmarks.values()]
    flags = []
    if 2 * len(limb.visible) < len(limb.landmarks):
        flags.append("few_joints")
    flags += _view_flags(limb)
    if limb.doubtful:
        flags.append("doubtful")
    if abs(limb.frame.turned_degrees) > TURNED_DEGREES:
        flags.append("turned")
    if found.dark_bones > DARK:
        flags.append("dark_bones")
    for state, flag in ((State.OFF_FILM, "cut_off"), (State.AMPUTATED, "amputated"), (State.METAL, "metal")):
        if state in states:
            flags.append(flag)
    if State.UNSURE in states or State.IMPOSSIBLE in states:
        flags.append("unsure_joints")
    if detail(limb, pyramid) < LEAST_DETAIL:
        flags.append("washed_out")
    if limb.length_px < SMALL_PX:
        flags.append("small")
    if len(found.limbs) > 1:
        flags.append("several_limbs")
    if declared and declared != limb.side.laterality:
        flags.append("other_side")
    return flags


def _view_flags(limb: FoundLimb) -> list[str]:
    likely = max(limb.views, key=lambda view: limb.views[view]) if limb.views else View.PA
    if likely is View.LATERAL:
        return ["lateral_view"]
    seen = limb.visible
    first = next((name for name in NARROW_HAND if name in seen), "")
    if limb.region is Region.HAND and first and {"MCP5", "TIP3", "RC"} <= seen.keys():
        width = np.hypot(*np.subtract(seen[first], seen["MCP5"]))
        length = np.hypot(*np.subtract(seen["TIP3"], seen["RC"]))
        return ["oblique_view"] if width < NARROW_HAND[first] * length else []
    return ["oblique_view"] if likely is View.OBLIQUE else []


def detail(limb: FoundLimb, pyramid: Pyramid) -> float:
    """How strong edges are in the limb's window (see `LEAST_DETAIL`); 0 for a film of one grey level."""
    window = LIMB_WINDOWS[limb.region]
    pixels, on_film = pyramid.cut(window_matrix(limb.frame, window), window.rows, window.columns)
    whole = float(np.ptp(pyramid.levels[0]))
    if not on_film.any() or whole == 0:
        return 0.0
    edges = cv2.Laplacian(cv2.GaussianBlur(pixels / np.float32(whole), (0, 0), 1.0), cv2.CV_32F)
    return float(edges[on_film].std())
