"""Reason codes of a limb that the networks found (see `films.quality_flags`), from what they say and from its pixels."""

from __future__ import annotations

from outcomenet.anatomy import Region, View
from outcomenet.films.burnt_in_text import text_boxes
from outcomenet.films.quality_flags import FLAGS, UNCUTTABLE, UNSCORABLE
from outcomenet.localization.cast import is_wrapped
from outcomenet.localization.film_quality import (
    LEAST_DETAIL,
    SMALL_PX,
    TURNED_DEGREES,
    detail,
    is_narrow_hand,
    is_nearly_black,
)
from outcomenet.localization.found import DARK, FoundFilm, FoundLimb, State
from outcomenet.localization.frames import Pyramid
from outcomenet.localization.wrist_bones import looks_like_a_child

__all__ = ["FLAGS", "UNCUTTABLE", "UNSCORABLE", "flags_of"]


def flags_of(limb: FoundLimb, found: FoundFilm, pyramid: Pyramid, declared: str = "") -> list[str]:
    """Reason codes of one limb of a film; `declared` is the side that a file or table names (L, R or "").

    `pyramid` is of the film as it was read: where bones were dark, with grey levels reversed.
    """
    states = {point.state for point in limb.landmarks.values()}
    said = {
        "few_joints": 2 * len(limb.visible) < len(limb.landmarks),
        **_view_flags(limb),
        "doubtful": limb.doubtful,
        "turned": abs(limb.frame.turned_degrees) > TURNED_DEGREES,
        "dark_bones": found.dark_bones > DARK,
        "cut_off": State.OFF_FILM in states,
        "amputated": State.AMPUTATED in states,
        "metal": State.METAL in states,
        "unsure_joints": bool(states & {State.UNSURE, State.IMPOSSIBLE}),
        "washed_out": detail(limb.frame, limb.region, pyramid) < LEAST_DETAIL,
        "nearly_black": is_nearly_black(pyramid, limb.frame, limb.region),
        "small": limb.length_px < SMALL_PX,
        "several_limbs": len(found.limbs) > 1,
        "other_side": bool(declared) and declared != limb.side.laterality,
        "child_like": looks_like_a_child(limb, pyramid),
        "cast": limb.region is Region.HAND and is_wrapped(limb.frame, pyramid),
        "burnt_in_text": bool(text_boxes(pyramid.levels[0])),
    }
    return [flag for flag, present in said.items() if present]


def _view_flags(limb: FoundLimb) -> dict[str, bool]:
    likely = max(limb.views, key=lambda view: limb.views[view]) if limb.views else View.PA
    narrow = is_narrow_hand(limb.visible, limb.region)
    oblique = likely is View.OBLIQUE if narrow is None else narrow
    lateral = likely is View.LATERAL
    return {"lateral_view": lateral, "oblique_view": oblique and not lateral}
