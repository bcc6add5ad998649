"""Comparison of the landmarks that the localiser gives with the true ones: how far it is off."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from outcomenet.anatomy import Side, landmarks_of
from outcomenet.localization.found import State
from outcomenet.localization.frames import LENGTHS_MM
from outcomenet.localization.localizer import Localizer
from outcomenet.localizer_training.held_out_films import HeldOutFilm


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
