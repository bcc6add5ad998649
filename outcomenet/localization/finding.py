"""Limbs of a film from the finder's output: place, turn, length, side and view of each hand and foot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from scipy.special import expit

from outcomenet.anatomy import Region, View
from outcomenet.arrays import Float, Shaped
from outcomenet.localization.appearance import appearance
from outcomenet.localization.frames import ANCHORS, LENGTHS_MM, LimbFrame, frame_of
from outcomenet.localization.networks import FINDER_CELL, VIEWS

LEAST_SHARE = 0.2  # of certainty that a cell is a limb's middle
LEAST_AGREED = 0.15  # the same, averaged over the ways in which a film is shown
OWN_ROOM = 0.5  # of its length: no second limb of the film has its middle nearer than that
MOST_LIMBS = 6  # of one film: two hands and two feet, with room; training shows at most three


class LimbGuess(NamedTuple):
    """A limb as the finder sees it. `certainty`, `thumb_right` and the views are shares from 0 to 1."""

    region: Region
    certainty: float
    centre: Float[np.ndarray, "2"]  # film pixels
    turned: float  # radians clockwise, 0 = fingers or toes up
    length_px: float
    thumb_right: float
    views: dict[View, float]

    def frame(self, thumb_right: bool | None = None) -> LimbFrame:
        right = self.thumb_right >= 0.5 if thumb_right is None else thumb_right
        scale = self.length_px / LENGTHS_MM[self.region]
        return frame_of(self.centre, self.turned, scale, right, ANCHORS[self.region])


@dataclass(frozen=True)
class FinderView:
    """A film as the finder sees it: two channels, and finder pixels per film pixel."""

    image: Float[np.ndarray, "row column 2"]
    scale: float


def finder_view(pixels: Shaped[np.ndarray, "height width"], size: int) -> FinderView:
    """Shrinks a film for the finder and lays it into the upper left of a square.

    Args:
        pixels: The film, brighter = more bone, in any unit: `appearance` stretches grey levels.
        size: Side of the square in finder pixels, which the film's longer side fills.

    Returns:
        The square, 0 beside the film.
    """
    height, width = pixels.shape
    scale = size / max(height, width)
    small_size = max(1, round(width * scale)), max(1, round(height * scale))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    small = cv2.resize(pixels, small_size, interpolation=way).astype(np.float32)
    canvas, on_film = np.zeros((size, size), np.float32), np.zeros((size, size), bool)
    canvas[: small.shape[0], : small.shape[1]] = small
    on_film[: small.shape[0], : small.shape[1]] = True
    return FinderView(appearance(canvas, on_film), scale)


def decode_limbs(
    cells: Mapping[str, Float[np.ndarray, "row column channel"]], scale: float, mirrored_width: float | None = None
) -> list[LimbGuess]:
    """Limbs of one film from the finder's output: cells that are surer than their eight neighbours.

    Args:
        cells: The finder's output per cell, by the names of `FINDER_FIELDS`.
        scale: Finder pixels per film pixel.
        mirrored_width: Width in finder pixels of a film that was shown mirrored, so that places and sides are turned back;
            None: it was shown as it is.

    Returns:
        At most `MOST_LIMBS` guesses in film pixels, surest first; none lies in another's room.
    """
    share = expit(cells["region"])
    peaks = share == cv2.dilate(share, np.ones((3, 3), np.uint8))
    guesses: list[LimbGuess] = []
    for flat in np.argsort(-share, axis=None)[:40]:
        row, column, kind = np.unravel_index(flat, share.shape)
        if share[row, column, kind] < LEAST_SHARE or not peaks[row, column, kind]:
            continue
        place = (np.array([column, row]) + 0.5 + cells["place"][row, column]) * FINDER_CELL
        direction = cells["direction"][row, column]
        turned = float(np.arctan2(direction[0], -direction[1]))
        right = float(expit(cells["thumb_right"][row, column, 0]))
        if mirrored_width is not None:
            place[0], turned, right = mirrored_width - place[0], -turned, 1.0 - right
        # of 64 pixels; 5 to 473 are far beyond what training shows (26 to 105), and the exponential stays finite
        length = float(np.exp(np.clip(cells["log_length"][row, column, 0], -2.5, 2.0)) * 64.0 / scale)
        centre = place / scale
        if any(np.hypot(*(centre - g.centre)) < OWN_ROOM * max(length, g.length_px) for g in guesses):
            continue
        logits = cells["view"][row, column]
        odds = np.exp(logits - logits.max())
        views: dict[View, float] = {v: float(s) for v, s in zip(VIEWS, odds / odds.sum(), strict=True)}
        region = list(Region)[int(kind)]
        guesses.append(LimbGuess(region, float(share[row, column, kind]), centre, turned, length, right, views))
        if len(guesses) == MOST_LIMBS:
            break
    return guesses


def agreed(seen: Sequence[Sequence[LimbGuess]]) -> list[LimbGuess]:
    """Limbs that several ways of showing the film agree on: certainties and sides averaged, the surest's place.

    Where a place is a hand to some and a foot to others both are kept: their landmarks will tell.
    """
    pool = sorted((guess for guesses in seen for guess in guesses), key=lambda g: -g.certainty)
    limbs: list[LimbGuess] = []
    while pool:
        best = pool[0]
        same = [g for g in pool if np.hypot(*(g.centre - best.centre)) < OWN_ROOM * max(g.length_px, best.length_px)]
        pool = [g for g in pool if not any(g is other for other in same)]
        for region in Region:
            alike = [g for g in same if g.region is region]
            certainty = min(sum(g.certainty for g in alike) / len(seen), 1.0)
            if certainty >= LEAST_AGREED:
                right = float(np.mean([g.thumb_right for g in alike]))
                views: dict[View, float] = {view: float(np.mean([g.views[view] for g in alike])) for view in VIEWS}
                limbs.append(alike[0]._replace(certainty=certainty, thumb_right=right, views=views))
    return sorted(limbs, key=lambda g: -g.certainty)
