"""Landmarks: of a known film, with a name of its region, on the film."""

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
    for row, name in landmarks["landmark"].dropna().items():
        if isinstance(region[row], str) and name not in landmarks_of(region[row]):
            faults.append(
                Fault("landmarks.csv", int(row), "landmark", printable("landmark", name, landmarks_of(region[row])), f"a {region[row]} landmark",
                      did_you_mean(name, landmarks_of(region[row])), "unknown_landmark")
            )  # fmt: skip
    return faults


def landmarks_outside(landmarks: pd.DataFrame, films: pd.DataFrame) -> list[Fault]:
    """Landmarks that lie outside their film; films need `rows` and `columns`, those of crops are passed over."""
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
