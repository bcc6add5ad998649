"""Calibration of the localiser on films whose landmarks are known, and the measurement of how far it is off."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from outcomenet.anatomy import Side, landmarks_of
from outcomenet.errors import UndefinedMetric
from outcomenet.localization.finding import LimbGuess
from outcomenet.localization.found import State
from outcomenet.localization.frames import LENGTHS_MM, Pyramid
from outcomenet.localization.localizer import Localizer
from outcomenet.localization.reading import FilmReader
from outcomenet.localization.weights import Calibration, LocalizerWeights
from outcomenet.localizer_training.held_out import HeldOutFilm

# The radius that holds nine in ten of a two-dimensional normal, in standard errors along one axis: sqrt(2 ln 10).
NINE_IN_TEN, NORMAL_RADIUS = 0.9, 2.146
# Limits of doubt: what this share of simulated limbs keeps, with room for real limbs, which differ from simulated ones
# (chosen on a dozen real films, of which the usable ones keep within it: docs/localization).
KEPT, ROOM = 0.99, 1.3


def calibrated(weights: LocalizerWeights, films: Sequence[HeldOutFilm]) -> Calibration:
    """How stated errors and certainties become true ones, and what 99 of 100 limbs keep.

    The error factor makes 90 % of the errors lie within the radius that holds 90 % of a normal with that standard error; the
    certainty is a logistic regression on the two networks' logits, as if visible and missing landmarks were equally
    frequent (how many are missing in the simulation says nothing). Films whose limb was taken for another, or lies wrong,
    count for neither.

    Args:
        weights: Trained networks and mean shapes; their calibration is not looked at.
        films: Films that no network learned from.

    Returns:
        Error factor, coefficients of the certainty, and limits of agreement and shape by region.

    Raises:
        UndefinedMetric: The films on which limbs are found do not show both visible and missing landmarks.
    """
    from sklearn.linear_model import LogisticRegression

    networks = FilmReader(weights)
    z, logits, visible = [], [], []
    for film in films:
        guess, pixels = _shown(networks, film)
        raw = networks.read(Pyramid(pixels), guess) if guess else None
        if raw is None or raw.frame.thumb_right != film.frame.thumb_right:
            continue
        off = (raw.places - film.points) / raw.error_px[:, None]
        near = np.hypot(*(raw.places - film.points).T) < 0.1 * LENGTHS_MM[film.region] * film.frame.px_per_mm
        z.append(np.hypot(*off[film.visible & near].T))
        logits.append(np.stack([raw.seen_logit, raw.there_logit], -1))
        visible.append(film.visible)
    if not z or len(np.unique(np.concatenate(visible))) < 2:
        raise UndefinedMetric(
            f"Calibration needs films on which limbs are found, with visible and missing landmarks; there are {len(z)}. "
            "Train longer or draw more calibration_films."
        )
    model = LogisticRegression(C=10.0, class_weight="balanced").fit(np.concatenate(logits), np.concatenate(visible))
    factor = float(np.quantile(np.concatenate(z), NINE_IN_TEN)) / NORMAL_RADIUS
    of_landmarks, of_refiner = map(float, model.coef_[0])
    calibration = Calibration(factor, (float(model.intercept_[0]), of_landmarks, of_refiner))
    return _with_limits(replace(weights, calibration=calibration), films)


def _with_limits(weights: LocalizerWeights, films: Sequence[HeldOutFilm]) -> Calibration:
    """Adds what 99 of 100 limbs that were found where they are keep of agreement and shape."""
    localizer = Localizer(weights)
    agreement: dict[str, list[float]] = {}
    shape: dict[str, list[float]] = {}
    for film in films:
        for limb in localizer.locate(film.pixels).limbs:
            at = limb.frame.to_film(weights.shapes[film.region].mean)
            off = np.hypot(*(at - film.points).T).mean() / (LENGTHS_MM[film.region] * film.frame.px_per_mm)
            if limb.region is film.region and limb.frame.thumb_right is film.frame.thumb_right and off < 0.15:
                agreement.setdefault(str(film.region), []).append(limb.agreement)
                shape.setdefault(str(film.region), []).append(min(limb.shape_distance, 99.0))
    return replace(
        weights.calibration,
        least_agreement={
            region: 1 - ROOM * (1 - float(np.quantile(values, 1 - KEPT))) for region, values in agreement.items()
        },
        worst_shape={region: ROOM * float(np.quantile(values, KEPT)) for region, values in shape.items()},
    )


def _shown(networks: FilmReader, film: HeldOutFilm) -> tuple[LimbGuess | None, np.ndarray]:
    """The finder's surest guess of the film's region, and the film with bright bones."""
    pixels = film.pixels.max() - film.pixels if film.dark_bones else film.pixels
    guesses, _ = networks.find(pixels)
    return next((g for g in guesses if g.region is film.region), None), pixels


def compared(localizer: Localizer, films: Iterable[HeldOutFilm]) -> pd.DataFrame:
    """Landmarks of the localiser beside the true ones.

    Args:
        localizer: With its calibration.
        films: Films with true landmarks.

    Returns:
        One row per film and landmark: film, region, landmark, visible (truth), state, certainty, error and standard error
        in percent of the limb's length. State "no limb", and no numbers, where none of its region, or a mirrored one, was
        found.
    """
    rows = []
    for number, film in enumerate(films):
        located = localizer.locate(film.pixels)
        side = Side.of("L" if film.frame.thumb_right else "R", film.region)
        limb = next((limb for limb in located.limbs if limb.side is side), None)
        percent = 100 / (LENGTHS_MM[film.region] * film.frame.px_per_mm)
        for n, name in enumerate(landmarks_of(film.region)):
            row = {"film": number, "region": str(film.region), "landmark": name, "visible": bool(film.visible[n])}
            if limb is None:
                rows.append(row | {"state": "no limb"})
                continue
            point = limb.landmarks[name]
            error = float(np.hypot(point.x_px - film.points[n, 0], point.y_px - film.points[n, 1])) * percent
            rows.append(
                row
                | {"state": str(point.state), "certainty": point.certainty, "error": error}
                | {"standard_error": point.error_px * percent}
            )
    return pd.DataFrame(rows)


def summary(table: pd.DataFrame) -> dict[str, float]:
    """Figures of a table of `compared`; errors are those of landmarks that are visible and were placed as such."""
    placed = table[table["visible"] & (table["state"] == State.VISIBLE)]
    hidden = table[~table["visible"] & (table["state"] != "no limb")]
    seen = table[table["visible"] & (table["state"] != "no limb")]
    return {
        "films": table["film"].nunique(),
        "films_without_limb": table[table["state"] == "no limb"]["film"].nunique(),
        "median_error_percent": float(placed["error"].median()),
        "within_2_percent": float((table[table["visible"]]["error"] <= 2.0).mean()),
        "within_2_percent_of_given": float((placed["error"] <= 2.0).mean()),
        "given_of_visible": float((seen["state"] == State.VISIBLE).mean()),
        "missing_sensitivity": float((hidden["state"] != State.VISIBLE).mean()),
        "missing_specificity": float((seen["certainty"] >= 0.5).mean()),
        # the circle that holds 95 % of a two-dimensional normal: sqrt(2 ln 20) standard errors along one axis
        "within_2_standard_errors": float((placed["error"] <= 2.447 * placed["standard_error"]).mean()),
    }
