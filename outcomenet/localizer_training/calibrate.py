"""Calibration of the localiser on films whose landmarks are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from outcomenet.csv_files import write_csv
from outcomenet.errors import UndefinedMetric
from outcomenet.localization.finding import LimbGuess
from outcomenet.localization.forward import CompiledLocalizer
from outcomenet.localization.frames import LENGTHS_MM, Pyramid
from outcomenet.localization.localizer import Localizer
from outcomenet.localization.weights import Calibration, LocalizerWeights
from outcomenet.localizer_training.comparison import compared, summary
from outcomenet.localizer_training.held_out_films import HeldOutFilm
from outcomenet.progress import Progress

# The radius that holds nine in ten of a two-dimensional normal, in standard errors along one axis: sqrt(2 ln 10).
NINE_IN_TEN, NORMAL_RADIUS = 0.9, 2.146
# Limits of doubt: what this share of simulated limbs keeps, with room for real limbs, which differ from simulated ones
# (chosen on a dozen real films, of which the usable ones keep within it: docs/localization).
KEPT, ROOM = 0.99, 1.3


def with_calibration(
    weights: LocalizerWeights, films: Sequence[HeldOutFilm], run: Path, progress: Progress
) -> LocalizerWeights:
    """Calibrates on every other film and says how far the localiser is off on the rest.

    Args:
        weights: Trained networks and mean shapes; their calibration is not looked at.
        films: Films that no network learned from, hands and feet.
        run: The run's folder; held_out.csv has a row per landmark of the films that were not calibrated on.
        progress: Shows how far the work is.

    Returns:
        Weights with their calibration; where it is undefined, as after a run that was only tried out, without.
    """
    progress.start("films", len(films), "calibrate and check")
    made_by = weights.made_by
    try:
        calibration = calibrated(weights, films[::2])
    except UndefinedMetric as reason:  # a run that was only tried out
        progress.say(f"Not calibrated: {reason}")
        calibration, made_by = Calibration(), made_by | {"calibrated": False}
    progress.advance(len(films[::2]))
    weights = replace(weights, calibration=calibration, made_by=made_by)
    table = compared(Localizer(weights), films[1::2])
    progress.advance(len(films[1::2]))
    progress.finish()
    write_csv(table, run / "held_out.csv")
    for region, rows in table.groupby("region"):
        numbers = ", ".join(f"{name} {value:.3f}" for name, value in summary(rows).items())
        progress.say(f"held-out {region} films: {numbers}")
    return weights


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

    networks = CompiledLocalizer(weights)
    z, logits, visible = [], [], []
    for film in films:
        guess, pixels = _shown(networks, film)
        raw = networks.infer(Pyramid(pixels), guess) if guess else None
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


def _shown(networks: CompiledLocalizer, film: HeldOutFilm) -> tuple[LimbGuess | None, np.ndarray]:
    """The finder's surest guess of the film's region, and the film with bright bones."""
    pixels = film.pixels.max() - film.pixels if film.dark_bones else film.pixels
    guesses, _ = networks.find(pixels)
    return next((g for g in guesses if g.region is film.region), None), pixels
