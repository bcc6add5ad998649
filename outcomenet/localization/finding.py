"""Hands and feet on a film: where, how turned, mirrored, which view, and whether bones are dark."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from scipy.special import expit

from outcomenet.anatomy import Region, View
from outcomenet.arrays import Float
from outcomenet.localization.appearance import appearance
from outcomenet.localization.frames import ANCHORS, LENGTHS_MM, LimbFrame, frame_of
from outcomenet.localization.networks import FINDER_CELL, VIEWS

LEAST_SHARE = 0.2  # of certainty that a cell is a limb's middle
LEAST_AGREED = 0.15  # the same, averaged over the ways in which a film is shown
OWN_ROOM = 0.5  # of its length: no second limb of the film has its middle nearer than that
MOST_LIMBS = 6


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


def finder_view(pixels: np.ndarray, size: int) -> FinderView:
    """The film shrunk so that its longer side is `size` pixels, in the upper left of a square."""
    height, width = pixels.shape
    scale = size / max(height, width)
    small_size = max(1, round(width * scale)), max(1, round(height * scale))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    small = cv2.resize(pixels, small_size, interpolation=way).astype(np.float32)
    canvas, on_film = np.zeros((size, size), np.float32), np.zeros((size, size), bool)
    canvas[: small.shape[0], : small.shape[1]] = small
    on_film[: small.shape[0], : small.shape[1]] = True
    return FinderView(appearance(canvas, on_film), scale)


def read_finder(found: dict[str, np.ndarray], scale: float, mirrored_width: float | None = None) -> list[LimbGuess]:
    """Limbs of one film from the finder's outputs (without the film axis), surest first.

    `mirrored_width` is the width in finder pixels of a film that was shown mirrored: places and sides are turned back.
    """
    share = expit(found["region"])
    peaks = share == cv2.dilate(share, np.ones((3, 3), np.uint8))
    guesses: list[LimbGuess] = []
    for flat in np.argsort(-share, axis=None)[:40]:
        row, column, kind = np.unravel_index(flat, share.shape)
        if share[row, column, kind] < LEAST_SHARE or not peaks[row, column, kind]:
            continue
        place = (np.array([column, row]) + 0.5 + found["place"][row, column]) * FINDER_CELL
        direction = found["direction"][row, column]
        turned = float(np.arctan2(direction[0], -direction[1]))
        right = float(expit(found["thumb_right"][row, column, 0]))
        if mirrored_width is not None:
            place[0], turned, right = mirrored_width - place[0], -turned, 1.0 - right
        length = float(np.exp(np.clip(found["log_length"][row, column, 0], -2.5, 2.0)) * 64.0 / scale)
        centre = place / scale
        if any(np.hypot(*(centre - g.centre)) < OWN_ROOM * max(length, g.length_px) for g in guesses):
            continue
        logits = found["view"][row, column]
        odds = np.exp(logits - logits.max())
        views = dict(zip(VIEWS, (odds / odds.sum()).tolist(), strict=True))
        region = list(Region)[int(kind)]
        guesses.append(LimbGuess(region, float(share[row, column, kind]), centre, turned, length, right, views))
        if len(guesses) == MOST_LIMBS:
            break
    return guesses


def agreed(seen: list[list[LimbGuess]]) -> list[LimbGuess]:
    """Limbs that several ways of showing the film agree on: certainties and sides averaged, the surest's place.

    Where a place is a hand to some and a foot to others both are kept, to be read.
    """
    pool = sorted((guess for guesses in seen for guess in guesses), key=lambda g: -g.certainty)
    limbs: list[LimbGuess] = []
    while pool:
        best = pool[0]
        same = [g for g in pool if np.hypot(*(g.centre - best.centre)) < OWN_ROOM * max(g.length_px, best.length_px)]
        pool = [g for g in pool if not any(g is other for other in same)]
        for region in Region:
            own = [g for g in same if g.region is region]
            certainty = min(sum(g.certainty for g in own) / len(seen), 1.0)
            if certainty >= LEAST_AGREED:
                right = float(np.mean([g.thumb_right for g in own]))
                views = {view: float(np.mean([g.views[view] for g in own])) for view in VIEWS}
                limbs.append(own[0]._replace(certainty=certainty, thumb_right=right, views=views))
    return sorted(limbs, key=lambda g: -g.certainty)
