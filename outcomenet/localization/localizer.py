"""From a film's pixels to its limbs' landmarks, each with its error and, where it is not to be seen, the reason."""

from __future__ import annotations

import numpy as np

from outcomenet.anatomy import landmarks_of
from outcomenet.arrays import Bool, Float, Shaped
from outcomenet.localization.finding import LimbGuess
from outcomenet.localization.forward import CompiledLocalizer
from outcomenet.localization.found import FoundFilm, FoundLandmark, FoundLimb, State
from outcomenet.localization.frames import LENGTHS_MM, PATCH, PATCH_PX, LimbFrame, Pyramid, window_matrix
from outcomenet.localization.shape_model import ShapeModel
from outcomenet.localization.weights import LocalizerWeights, load_weights

# Certainty of dark bones from which on both polarities are tried. Before they were, a real hand askew on a white sheet had
# 12 of 29 landmarks, 8 % off (docs/localization).
SURELY_BRIGHT = 0.1
# A landmark is given where it is seen with at least this share of certainty and its standard error is at most this share
# of the limb's length; else its joint is masked.
LEAST_VISIBLE, WORST_ERROR = 0.5, 0.03
# How far along one axis a person places a landmark from where the simulation has it, as a share of the limb's length: four
# real films (docs/localization). It is part of every standard error.
PLACING_SHARE = 0.003
# Share of its landmarks without which there is no limb.
LEAST_SHOWN = 0.25
# Beyond this many standard errors from where the other landmarks say it must be, a landmark is impossible; so
# many at most are looked for.
IMPOSSIBLE, MOST_IMPOSSIBLE = 4.0, 4
# Metal: share of a patch's pixels within a hair of the film's brightest.
METAL_SHARE = 0.3


class Localizer:
    """Finds the limbs of films and their landmarks; made once for many films."""

    def __init__(self, weights: LocalizerWeights | None = None):
        self.weights = weights or load_weights()
        self.networks = CompiledLocalizer(self.weights)

    def locate(self, pixels: Shaped[np.ndarray, "height width"]) -> FoundFilm:
        """Every hand and foot of a film, pixels of any integer or float type, brighter = more bone.

        Bones that are darker than their surroundings are recognised and taken as if they were bright: where the finder is not
        sure that they are bright, both polarities are tried and the one that shows a limb better is taken.
        """
        pixels = np.asarray(pixels, np.float32)
        guesses, dark = self.networks.find(pixels)
        limbs = self._limbs(pixels, guesses)
        if dark < SURELY_BRIGHT:
            return FoundFilm(limbs, dark)
        turned = pixels.max() - pixels
        others = self._limbs(turned, self.networks.find(turned)[0])
        bright, dim = (max(map(_worth, shown), default=0.0) for shown in (limbs, others))
        return FoundFilm(others, 1.0) if dim > bright else FoundFilm(limbs, 0.0)

    def _limbs(self, pixels: np.ndarray, guesses: list[LimbGuess]) -> list[FoundLimb]:
        pyramid = Pyramid(pixels)
        limbs = [limb for guess in guesses if (limb := self._limb(pyramid, guess)) is not None]
        return _apart([limb for limb in limbs if len(limb.visible) >= LEAST_SHOWN * len(limb.landmarks)])

    def _limb(self, pyramid: Pyramid, guess: LimbGuess) -> FoundLimb | None:
        raw = self.networks.infer(pyramid, guess)
        if raw is None:
            return None
        region, frame, fine = guess.region, raw.frame, raw.places
        shape = self.weights.shapes[region]
        by_hand = PLACING_SHARE * LENGTHS_MM[region] * frame.px_per_mm
        error = np.hypot(self.weights.calibration.error_factor * raw.error_px, by_hand)
        certainty = self.weights.calibration.certainty(raw.seen_logit, raw.there_logit)
        points = frame.to_limb(fine)
        error_mm = error / frame.px_per_mm
        worst_mm = WORST_ERROR * LENGTHS_MM[region]
        # what the refiner moves that far it has not found: it took the edge of a plate or a ring for it
        together = np.hypot(*(fine - raw.coarse).T) / frame.px_per_mm <= worst_mm
        known = (certainty >= LEAST_VISIBLE) & (error_mm <= worst_mm) & together
        possible, expected, away = _possible(shape, points, error_mm, known)
        visible = known & possible
        # away is a distance of two axes: half its square is the mean square along one
        distance = float(np.sqrt(np.mean(away[visible] ** 2) / 2)) if visible.any() else np.inf
        places = np.where(visible[:, None], fine, frame.to_film(expected))
        landmarks = {}
        for n, name in enumerate(landmarks_of(region)):
            state = State.VISIBLE
            if not visible[n]:
                state = self._reason(pyramid, frame, places[n], float(certainty[n]), bool(possible[n]))
            x_px, y_px = map(float, places[n])
            landmarks[name] = FoundLandmark(x_px, y_px, float(error[n]), float(certainty[n]), state)
        doubtful = self.weights.calibration.doubts(region, raw.agreement, distance)
        return FoundLimb(region, frame, raw.agreement, doubtful, guess.views, landmarks, distance)

    def _reason(self, pyramid: Pyramid, frame: LimbFrame, place: np.ndarray, certainty: float, possible: bool) -> State:
        height, width = pyramid.shape
        margin = 2.0 * frame.px_per_mm  # a landmark nearer to the edge shows no surroundings to judge it by
        if not (margin < place[0] < width - margin and margin < place[1] < height - margin):
            return State.OFF_FILM
        pixels, _ = pyramid.cut(window_matrix(frame.about(place), PATCH), PATCH_PX, PATCH_PX)
        middle = pixels[PATCH_PX // 4 : -PATCH_PX // 4, PATCH_PX // 4 : -PATCH_PX // 4]
        if np.ptp(middle) == 0:  # an unexposed or printed margin
            return State.OFF_FILM
        if (middle >= 0.97 * pyramid.brightest).mean() > METAL_SHARE:
            return State.METAL
        if not possible:
            return State.IMPOSSIBLE
        return State.AMPUTATED if certainty < 0.5 else State.UNSURE


def _possible(
    shape: ShapeModel,
    points: Float[np.ndarray, "landmark 2"],
    error_mm: Float[np.ndarray, "landmark"],
    known: Bool[np.ndarray, "landmark"],
) -> tuple[Bool[np.ndarray, "landmark"], Float[np.ndarray, "landmark 2"], Float[np.ndarray, "landmark"]]:
    """Landmarks that lie where the others say they may; the places that the others say, mm; and how far each known one is
    from there, in standard errors."""
    possible = np.ones(len(points), bool)
    while True:  # the worst offender goes first, and may clear the others
        expected, spread = shape.expected(points, error_mm, known & possible)
        away = np.hypot(*(points - expected).T) / np.hypot(spread, error_mm)
        away = np.where(known & possible, away, 0.0)
        worst = int(away.argmax())
        if away[worst] <= IMPOSSIBLE:
            return possible, expected, away
        possible[worst] = False
        if (~possible).sum() == MOST_IMPOSSIBLE:
            return possible, expected, away


def _worth(limb: FoundLimb) -> float:
    """How much of a limb is seen, and how surely, from 0 to 1."""
    return limb.agreement * len(limb.visible) / len(limb.landmarks)


def _apart(limbs: list[FoundLimb]) -> list[FoundLimb]:
    """Limbs in order of how much of them is seen, and how surely; one that lies on a better one is left out."""
    limbs = sorted(limbs, key=_worth, reverse=True)
    kept: list[FoundLimb] = []
    for limb in limbs:
        middle = _middle(limb)
        if all(np.hypot(*(middle - _middle(k))) > 0.35 * max(limb.length_px, k.length_px) for k in kept):
            kept.append(limb)
    return kept


def _middle(limb: FoundLimb) -> np.ndarray:
    return np.mean([(p.x_px, p.y_px) for p in limb.landmarks.values()], axis=0)
