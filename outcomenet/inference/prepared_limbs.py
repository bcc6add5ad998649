"""Limbs of a film before a network is run: their rows of films.csv, their crops, and why a limb is not scored."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from outcomenet.anatomy import JOINT_COUNT, JOINT_INDEX, JOINT_NAMES, Joint, joints_of
from outcomenet.films.quality_flags import FLAGS, UNSCORABLE, refusal
from outcomenet.inference.film_risks import no_risks
from outcomenet.inference.limbs import LimbJoints, PreparedLimb
from outcomenet.inference.prediction_task import PredictionTask
from outcomenet.localization.crops import Spacing
from outcomenet.localization.landmarked_limbs import LandmarkedLimb, see_film_without_limb
from outcomenet.localization.limb_crops import LimbCrops, cut_limb
from outcomenet.localization.locating import LocatedFilm
from outcomenet.pages.contact_sheet import contact_sheet


def prepare_film(
    task: PredictionTask, film_id: str, located: LocatedFilm, spacing_mm: float | None
) -> list[PreparedLimb]:
    """Every limb of a film before the network is run.

    Args:
        task: how crops are cut, and the outcomes.
        film_id: as films.csv calls the film.
        located: the film with its limbs, or why it was refused.
        spacing_mm: millimetres per pixel; None: as the file says, else from the limb's length.

    Returns:
        One per limb, at least one: it has no joints where there is nothing to score, and says why.
    """
    row = unread_row(film_id, task.outcomes)
    if located.film is None:
        code = located.refused.code if located.refused else ""
        return [PreparedLimb(row | {"flags": refusal(code), "remark": str(located.refused)})]
    if not located.limbs:
        return [PreparedLimb(row | _not_scored(see_film_without_limb(located.film).flags))]
    spacing = Spacing(spacing_mm, "given") if spacing_mm else None
    cut = [cut_limb(located.film, limb, task.geometry, spacing=spacing, lengths=task.lengths) for limb in located.limbs]
    return [_prepare_limb(row, limb, crops) for limb, crops in zip(located.limbs, cut, strict=True)]


def unread_row(film_id: str, outcomes: Sequence[str]) -> dict[str, object]:
    """A row of films.csv before anything is known.

    Args:
        film_id: of the film.
        outcomes: names of the run's outcomes; events have columns of their own.
    """
    return {
        "film_id": film_id, "side": "", "region": "", "joints_seen": 0, "score": np.nan, "oa_score": np.nan,
        "svdh_of_film": np.nan, "scale_mm_per_px": np.nan, "scale_source": "", "flags": "", "remark": "",
        **no_risks(outcomes),
    }  # fmt: skip


def _prepare_limb(row: dict[str, object], limb: LandmarkedLimb, limb_crops: LimbCrops) -> PreparedLimb:
    cut = limb_crops.cut
    row = row | _not_scored(limb_crops.flags) | {"region": str(limb.region)}
    if cut is None:
        return PreparedLimb(row | {"side": "" if limb_crops.uncuttable == "no_direction" else str(limb.side)})
    side = limb.side
    row |= {"side": str(side), "joints_seen": int(cut.present.sum())}
    row |= {"scale_mm_per_px": round(cut.scale.mm_per_px, 5), "scale_source": cut.scale.source}
    # the network takes all joints of a visit; those of other limbs are not there
    crops = np.zeros((JOINT_COUNT, *cut.crops.shape[1:]), np.uint16)
    present = np.zeros(JOINT_COUNT, bool)
    at = [JOINT_INDEX[Joint(side, site).name] for site in joints_of(limb.region)]
    crops[at], present[at] = cut.crops, cut.present
    sheet = contact_sheet(crops, present, JOINT_NAMES, columns=6)
    if row["remark"]:
        return PreparedLimb(row, sheet)
    return PreparedLimb(row, sheet, LimbJoints(crops, present, at, cut.frames.centre))


def _not_scored(flags: Sequence[str]) -> dict[str, str]:
    """The columns `flags` and `remark`; the remark says why a limb is not scored and is empty where it is."""
    reasons = [FLAGS[flag] for flag in flags if flag in UNSCORABLE]
    return {"flags": ";".join(flags), "remark": " ".join([*reasons, "Not scored."]) if reasons else ""}
