"""Quality flags of a found limb that rest on the networks' outputs; `limb_crops` adds those that any landmarks give."""

from __future__ import annotations

from outcomenet.anatomy import View
from outcomenet.localization.film_quality import frame_flags, is_narrow_hand
from outcomenet.localization.found import FoundFilm, FoundLimb, State
from outcomenet.localization.frames import Pyramid
from outcomenet.localization.wrist_bones import looks_like_a_child


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
    return tuple(flag for flag, is_present in present.items() if is_present)


def _view_flags(limb: FoundLimb) -> dict[str, bool]:
    """The view that the networks see; whether a hand is oblique they say only where its landmarks do not tell."""
    likely = max(limb.views, key=lambda view: limb.views[view]) if limb.views else View.PA
    unknown = is_narrow_hand(limb.visible, limb.region) is None
    return {"lateral_view": likely is View.LATERAL, "oblique_view": unknown and likely is View.OBLIQUE}
