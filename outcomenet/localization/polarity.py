"""Polarity of a film: bones darker than what lies beside them, told from landmarks and pixels without a network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from outcomenet.anatomy import Region
from outcomenet.arrays import Float, UInt16

Points = Mapping[str, tuple[float, float]]

# Of shafts that must be darker than their sides. Four real films with placed landmarks have 0 to 0.17, reversed 0.83 to 1.
DARK_SHARE = 0.6
LEAST_SHAFTS = 3
_ALONG = (0.3, 0.4, 0.5, 0.6, 0.7)  # of a shaft: its ends are joints
# From a shaft's middle to its sides, mm: soft tissue or air, where a shaft is 8 to 10 mm wide and rays lie 18 mm (hand) and 13 mm (foot) apart.
_BESIDE_MM = {Region.HAND: 9.0, Region.FOOT: 6.5}
_BEHIND_MM = {Region.HAND: 35.0, Region.FOOT: 30.0}  # from a metacarpal's or metatarsal's head along its shaft
_SPOT_MM = 1.5  # side of the square whose grey levels are averaged, so that noise of a pixel decides nothing


def bones_are_dark(
    pixels: UInt16[np.ndarray, "height width"], landmarks: Points, region: Region, mm_per_px: float
) -> bool:
    """Whether most shafts of the limb's long bones are darker than both of their sides.

    Never where fewer than `LEAST_SHAFTS` lie on the film: what is not known is left as the file declares it.

    Args:
        pixels: The film as it was decoded.
        landmarks: Film pixels.
        region: Hand or foot.
        mm_per_px: Scale of the film.
    """
    darker = [step < 0 for step in shaft_steps(pixels, landmarks, region, mm_per_px)]
    return len(darker) >= LEAST_SHAFTS and sum(darker) > DARK_SHARE * len(darker)


def reversed_levels(pixels: UInt16[np.ndarray, "height width"]) -> UInt16[np.ndarray, "height width"]:
    """The film with its grey levels reversed, 0 to 65535."""
    return np.uint16(65_535) - pixels


def shaft_steps(
    pixels: UInt16[np.ndarray, "height width"], landmarks: Points, region: Region, mm_per_px: float
) -> list[float]:
    """Contrast of each long bone's shaft with its sides.

    Args:
        pixels: The film.
        landmarks: Film pixels.
        region: Hand or foot.
        mm_per_px: Scale of the film.

    Returns:
        Grey levels by which a shaft is brighter; none for a shaft that is not on the film or does not differ.
    """
    places = []
    for start, end in _shafts(landmarks, region, mm_per_px):
        along = end - start
        length = float(np.hypot(*along))
        if length == 0:
            continue
        beside = np.array([-along[1], along[0]]) / length * _BESIDE_MM[region] / mm_per_px
        middle = start + np.array(_ALONG)[:, None] * along
        places.append([middle, middle - beside, middle + beside])
    if not places:
        return []
    grey = _spots(pixels, np.array(places), mm_per_px)
    on_film = np.isfinite(grey).all((1, 2))
    inner, outer = grey[on_film, 0], grey[on_film, 1:].reshape(-1, 2 * len(_ALONG))
    steps = np.median(inner, axis=1) - np.median(outer, axis=1)
    return [float(step) for step in steps if step]


def _shafts(landmarks: Points, region: Region, mm_per_px: float) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Both ends of phalanges, and of metacarpals or metatarsals as far as the rays' direction tells."""
    at = {name: np.array(place, float) for name, place in landmarks.items()}
    if region is Region.FOOT:
        pairs = [("IP1", "MTP1"), ("MTP1", "BASE1")]
        heads = [("BASE1", "MTP1", f"MTP{n}") for n in range(2, 6)]
    else:
        pairs = [pair for n in range(2, 6) for pair in ((f"DIP{n}", f"PIP{n}"), (f"PIP{n}", f"MCP{n}"))]
        heads = [(f"MCP{n}", f"PIP{n}", f"MCP{n}") for n in range(2, 6)]
    for one, other in pairs:
        if one in at and other in at:
            yield at[one], at[other]
    for proximal, distal, head in heads:
        if {proximal, distal, head} <= at.keys():
            direction = at[proximal] - at[distal]
            yield (
                at[head],
                at[head] + direction / max(float(np.hypot(*direction)), 1e-6) * _BEHIND_MM[region] / mm_per_px,
            )


def _spots(
    pixels: UInt16[np.ndarray, "height width"], places: Float[np.ndarray, "*place 2"], mm_per_px: float
) -> Float[np.ndarray, "*place"]:
    """Mean grey levels about places (x, y), NaN off the film."""
    half = max(1, round(_SPOT_MM / 2 / mm_per_px))
    column, row = np.moveaxis(np.floor(places), -1, 0)
    inside = (row >= half) & (row < pixels.shape[0] - half) & (column >= half) & (column < pixels.shape[1] - half)
    away = np.arange(-half, half + 1)
    rows = np.where(inside, row, half).astype(int)[..., None, None] + away[:, None]
    columns = np.where(inside, column, half).astype(int)[..., None, None] + away
    if not inside.any():
        return np.full(inside.shape, np.nan)
    # those off the film look at a corner, which may not be there on a strip: never read past it
    rows, columns = np.minimum(rows, pixels.shape[0] - 1), np.minimum(columns, pixels.shape[1] - 1)
    return np.where(inside, pixels[rows, columns].mean((-2, -1)), np.nan)
