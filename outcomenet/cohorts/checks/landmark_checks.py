"""Checks of landmarks: each is of a known film, has a name of the film's region, and lies on the film."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from outcomenet.anatomy import landmarks_of
from outcomenet.cohorts.checks.near_names import unknown_names
from outcomenet.cohorts.faults import Fault, printable
from outcomenet.errors import did_you_mean


def unknown_landmarks(tables: Mapping[str, pd.DataFrame]) -> list[Fault]:
    """Landmarks of a film that is not listed, and names that a film's region does not have."""
    landmarks, films = tables["landmarks.csv"], tables["films.csv"]
    known = films["film_id"].dropna()
    if known.empty and len(films):  # the ids have faults of their own
        return []
    named = landmarks["film_id"].dropna()
    faults = unknown_names("landmarks.csv", "film_id", named[~named.isin(known)], known, of="a film of films.csv",
                           remedy="Add it there.", rule="unknown_film")  # fmt: skip
    region = landmarks["film_id"].map(films.drop_duplicates("film_id").set_index("film_id")["region"])
    for row, name, limb in zip(landmarks.index, landmarks["landmark"], region, strict=True):
        if not isinstance(name, str) or not isinstance(limb, str):  # empty, or of a film with a fault: reported there
            continue
        names = landmarks_of(limb)
        if name not in names:
            faults.append(
                Fault("landmarks.csv", int(row), "landmark", printable("landmark", name, names), f"a {limb} landmark",
                      did_you_mean(name, names), "unknown_landmark")
            )  # fmt: skip
    return faults


def landmarks_outside(landmarks: pd.DataFrame, films: pd.DataFrame) -> list[Fault]:
    """Landmarks that lie outside their film.

    Args:
        landmarks: landmarks.csv, typed, with line numbers as index; x right and y down, in pixels from the top left corner.
        films: films.csv with `rows`, `columns` and `format` of the headers. Crops are passed over: their film was never drawn.

    Returns:
        A fault for each coordinate beyond the film.
    """
    drawn = films[films["format"] != "crops"].drop_duplicates("film_id").set_index("film_id")
    rows, columns = (landmarks["film_id"].map(drawn[name]) for name in ("rows", "columns"))
    faults = []
    for axis, limit, size in (("x_px", columns, "wide"), ("y_px", rows, "high")):
        faults += [
            Fault("landmarks.csv", int(row), axis, f"{landmarks.at[row, axis]:g}",
                  f"a point on its film, which is {limit[row]:.0f} pixels {size}",
                  "Place the landmark on the film as stored, origin at its top left corner.", "off_film")
            for row in landmarks.index[landmarks[axis] > limit]
        ]  # fmt: skip
    return faults
