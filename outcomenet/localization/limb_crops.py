"""The only way from a film to the crops of one limb: polarity, scale, wiping, cutting and flags, each decided once.

A cohort's intake and `predict` both call `cut_limb`, so that a network meets a new film as it met those that it learned
from. `see_limb` is the part of it that `outcomenet localize` needs, which judges a limb and cuts nothing. No JAX here:
decoding workers import this module.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from outcomenet.anatomy import Region, Side
from outcomenet.arrays import UInt16
from outcomenet.errors import DataRefused
from outcomenet.films.burnt_in_text import TextBox, text_boxes
from outcomenet.films.film import Film
from outcomenet.films.quality_flags import KEPT_WHERE_PLACED, UNCUTTABLE, listed
from outcomenet.localization.anatomy_mask import AnatomyMask, anatomy_mask
from outcomenet.localization.crops import (
    FROM_LENGTH,
    JointCrops,
    NoScale,
    Scale,
    Spacing,
    cut_crops,
    film_scale,
    joints_on_film,
)
from outcomenet.localization.film_quality import (
    has_few_joints,
    is_implausible,
    is_narrow_hand,
    is_nearly_black,
    placed_flags,
)
from outcomenet.localization.frames import Pyramid
from outcomenet.localization.geometry import CropGeometry, LimbLengths, is_left_as_displayed, limb_length_px
from outcomenet.localization.polarity import bones_are_dark, reversed_levels


@dataclass(frozen=True)
class LandmarkedLimb:
    """One hand or foot of a film with its landmarks: what is known of it before it is cut."""

    region: Region
    landmarks: Mapping[str, tuple[float, float]]  # film pixels; only those that can be relied on
    placed: bool  # by a person; else found by the networks
    declared: str = ""  # side that a table, the file or a person states: L, R or ""
    dark_bones: bool = False  # of a found limb, as the networks say; of a placed one its shafts tell
    flags: tuple[str, ...] = ()  # what the networks say of it; ("no_limb",) where there is none

    @property
    def shown(self) -> str:
        """The side, L or R, that the landmarks show on an unmirrored film; DataRefused where they show none."""
        return "L" if is_left_as_displayed(self.landmarks, self.region) else "R"

    @property
    def side(self) -> Side:
        """The declared side, else the one that the landmarks show."""
        return Side.of(self.declared or self.shown, self.region)


class SeenLimb(NamedTuple):
    """A limb before it is cut. `scale` is None where the landmarks give none, or not how the limb lies."""

    pixels: UInt16[np.ndarray, "height width"]  # with bright bones
    scale: Scale | None
    flags: tuple[str, ...]  # codes of `films.quality_flags.FLAGS`
    text: tuple[TextBox, ...]  # film pixels


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


def see_limb(
    film: Film, limb: LandmarkedLimb, *, spacing: Spacing | None = None, lengths: LimbLengths | None = None
) -> SeenLimb:
    """Judges one limb of a film: which way its grey levels run, at which scale it lies, what a person should know of it.

    Args:
        film: As it was decoded.
        limb: The limb and its landmarks; without any, flags of the film as a whole are given.
        spacing: Millimetres per film pixel; None: that of the film's header.
        lengths: Lengths in mm of hand and foot; None: an adult's.

    Returns:
        Bright bones, scale and flags, those that `limb` brings among them.
    """
    spacing = spacing or Spacing.of(film.header)
    if "no_limb" in limb.flags:
        return see_film_without_limb(film)
    try:
        frames = joints_on_film(limb.landmarks, limb.region, film.pixels.shape)
    except DataRefused:
        return _judged(film, limb, None, {"no_direction": True})
    scale = _scale_of(limb, spacing, lengths)
    if limb.placed and scale is not None:
        dark = bones_are_dark(film.pixels, limb.landmarks, limb.region, scale.mm_per_px)
        limb = replace(limb, dark_bones=dark)
    present = {
        "no_scale": scale is None,
        "few_joints": has_few_joints(frames.present),
        "oblique_view": is_narrow_hand(limb.landmarks, limb.region) is True and "lateral_view" not in limb.flags,
        "implausible_size": is_implausible(limb_length_px(limb.landmarks, limb.region), spacing.mm, limb.region),
        "other_side": limb.declared not in ("", limb.shown),
    }
    return _judged(film, limb, scale, present)


def see_film_without_limb(film: Film) -> SeenLimb:
    """Flags of a film on which no limb was found."""
    text = tuple(text_boxes(film.pixels))
    present = {
        "no_limb": True,
        "nearly_black": is_nearly_black(Pyramid(film.pixels)),
        "burnt_in_text": bool(text) or film.header.text_declared,
    }
    return SeenLimb(film.pixels, None, listed([*_codes(present), *film.header.remarks]), text)


def uncuttable(flags: Iterable[str], *, placed: bool) -> str:
    """The first flag with which a limb is not cut, "" where there is none.

    Args:
        flags: Codes of the limb.
        placed: Whether a person placed its landmarks, who may place as few as he likes.
    """
    ignored = KEPT_WHERE_PLACED if placed else ()
    flags = set(flags)
    return next((flag for flag in UNCUTTABLE if flag in flags and flag not in ignored), "")


def _scale_of(limb: LandmarkedLimb, spacing: Spacing, lengths: LimbLengths | None) -> Scale | None:
    try:
        return film_scale(spacing, limb.landmarks, limb.region, lengths)
    except NoScale:
        return None


def _judged(film: Film, limb: LandmarkedLimb, scale: Scale | None, present: Mapping[str, bool]) -> SeenLimb:
    """The limb with bright bones; flags of its pixels join those of its landmarks, `present`."""
    pixels = reversed_levels(film.pixels) if limb.dark_bones else film.pixels
    text = tuple(text_boxes(pixels))
    flags = [*limb.flags, *_codes({"dark_bones": limb.dark_bones, **present})]
    if limb.placed and scale is not None:
        flags += _codes(placed_flags(Pyramid(pixels), limb.landmarks, limb.region, scale.mm_per_px))
    flags += _codes({"burnt_in_text": bool(text) or film.header.text_declared})
    return SeenLimb(pixels, scale, listed([*flags, *film.header.remarks]), text)


def _cutting_flags(limb: LandmarkedLimb, scale: Scale | None, spacing: Spacing) -> list[str]:
    """Where landmarks, side and scale of the crops come from."""
    return _codes(
        {
            "landmarks_found": not limb.placed and "no_limb" not in limb.flags,
            "side_from_shape": not limb.declared and scale is not None,
            "scale_from_limb_length": scale is not None and scale.source in FROM_LENGTH.values(),
            "spacing_refused": spacing.mm is None and spacing.source.startswith("refused"),
        }
    )


def _codes(present: Mapping[str, bool]) -> list[str]:
    return [flag for flag, is_present in present.items() if is_present]
