"""A limb of a film with its landmarks, judged before it is cut: polarity, scale and flags, each decided once.

No JAX here: decoding workers import this module.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from outcomenet.anatomy import Region, Side
from outcomenet.arrays import UInt16
from outcomenet.errors import DataRefused
from outcomenet.films.burnt_in_text import TextBox, text_boxes
from outcomenet.films.film import Film
from outcomenet.films.quality_flags import listed, present_flags
from outcomenet.localization.crops import NoScale, Scale, Spacing, film_scale, joints_on_film
from outcomenet.localization.film_quality import (
    has_few_joints,
    is_film_nearly_black,
    is_implausible,
    is_narrow_hand,
    placed_flags,
)
from outcomenet.localization.geometry import LimbLengths, is_left_as_displayed, limb_length_px
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
        "nearly_black": is_film_nearly_black(film.pixels),
        "burnt_in_text": bool(text) or film.header.text_declared,
    }
    return SeenLimb(film.pixels, None, listed([*present_flags(present), *film.header.remarks]), text)


def _scale_of(limb: LandmarkedLimb, spacing: Spacing, lengths: LimbLengths | None) -> Scale | None:
    try:
        return film_scale(spacing, limb.landmarks, limb.region, lengths)
    except NoScale:
        return None


def _judged(film: Film, limb: LandmarkedLimb, scale: Scale | None, present: Mapping[str, bool]) -> SeenLimb:
    """The limb with bright bones; flags of its pixels join those of its landmarks, `present`."""
    pixels = reversed_levels(film.pixels) if limb.dark_bones else film.pixels
    text = tuple(text_boxes(pixels))
    flags = [*limb.flags, *present_flags({"dark_bones": limb.dark_bones, **present})]
    if limb.placed and scale is not None:
        flags += present_flags(placed_flags(pixels, limb.landmarks, limb.region, scale.mm_per_px))
    flags += present_flags({"burnt_in_text": bool(text) or film.header.text_declared})
    return SeenLimb(pixels, scale, listed([*flags, *film.header.remarks]), text)
