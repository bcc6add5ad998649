"""The only way from a film to the crops of one limb: judged, wiped and cut, the same for every film.

A cohort's intake and `predict` both call `cut_limb`, so that a network meets a new film as it met those that it learned
from. No JAX here: decoding workers import this module.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from outcomenet.arrays import UInt16
from outcomenet.films.burnt_in_text import TextBox
from outcomenet.films.film import Film
from outcomenet.films.quality_flags import listed, present_flags, uncuttable
from outcomenet.localization.anatomy_mask import AnatomyMask, anatomy_mask
from outcomenet.localization.crops import FROM_LENGTH, JointCrops, Scale, Spacing, cut_crops
from outcomenet.localization.geometry import CropGeometry, LimbLengths
from outcomenet.localization.landmarked_limbs import LandmarkedLimb, see_limb


class LimbCrops(NamedTuple):
    """The crops of one limb with all that was decided on the way; `cut` and `mask` are None where nothing was cut."""

    pixels: UInt16[np.ndarray, "height width"]  # with bright bones
    cut: JointCrops | None
    mask: AnatomyMask | None
    flags: tuple[str, ...]  # codes of `films.quality_flags.FLAGS`, each once
    text: tuple[TextBox, ...]  # film pixels
    uncuttable: str  # the flag for which nothing was cut, else ""


def cut_limb(
    film: Film,
    limb: LandmarkedLimb,
    geometry: CropGeometry,
    *,
    spacing: Spacing | None = None,
    lengths: LimbLengths | None = None,
) -> LimbCrops:
    """Cuts the joints of one limb out of a film.

    Args:
        film: As it was decoded: bones may be dark where the file has lost its polarity.
        limb: The limb and its landmarks.
        geometry: Size and scale of the crops.
        spacing: Millimetres per film pixel of a table or a command line; None: that of the film's header.
        lengths: Lengths in mm of hand and foot, from which a film without a spacing gets its scale; None: an adult's.

    Returns:
        Crops in the order of `anatomy.joints_of(limb.region)`, or the flag for which there are none: joints that cannot
        be relied on are not cut, since what lies beside them could not be wiped either.
    """
    spacing = spacing or Spacing.of(film.header)
    seen = see_limb(film, limb, spacing=spacing, lengths=lengths)
    flags = listed([*seen.flags, *_cutting_flags(limb, seen.scale, spacing)])
    reason = uncuttable(flags, placed=limb.placed)
    if reason or seen.scale is None:
        return LimbCrops(seen.pixels, None, None, flags, seen.text, reason)
    mask = anatomy_mask(seen.pixels, limb.landmarks, limb.region, seen.scale.mm_per_px)
    cut = cut_crops(seen.pixels, limb.landmarks, limb.region, seen.scale, geometry, mask)
    return LimbCrops(seen.pixels, cut, mask, flags, seen.text, "")


def _cutting_flags(limb: LandmarkedLimb, scale: Scale | None, spacing: Spacing) -> list[str]:
    """Where landmarks, side and scale of the crops come from."""
    return present_flags(
        {
            "landmarks_found": not limb.placed and "no_limb" not in limb.flags,
            "side_from_shape": not limb.declared and scale is not None,
            "scale_from_limb_length": scale is not None and scale.source in FROM_LENGTH.values(),
            "spacing_refused": spacing.mm is None and spacing.source.startswith("refused"),
        }
    )
