"""Checks of measurements: each is within the range of its name, and stands in one file only."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from jaxtyping import Bool

from outcomenet.cohorts.cells import Number, accepted
from outcomenet.cohorts.contracts import MEASUREMENT_RULES
from outcomenet.cohorts.faults import Fault, printable

Tables = Mapping[str, pd.DataFrame]


def impossible_measurements(tables: Tables) -> list[Fault]:
    """Measurements out of their name's range, or of a covariate that another file gives already."""
    table = tables["measurements.csv"].dropna(subset=["patient_id", "visit_id", "name"])
    faults = []
    for name, rows in table.groupby("name", sort=False):
        rule = MEASUREMENT_RULES.get(str(name), Number(0))
        text = rows["value"].dropna().map("{:.12g}".format)
        wrong = text[~accepted(text, rule)]
        faults += [
            Fault("measurements.csv", int(row), "value", printable("value", value), f"{rule.expected} for {name}", complaint.remedy,
                  complaint.rule)
            for row, value in zip(wrong.index, wrong, strict=True)
            for complaint in [rule.complaint(value)]
        ]  # fmt: skip
        for file, repeated in _stated_elsewhere(tables, str(name), rows).items():
            faults += [
                Fault("measurements.csv", int(row), "name", f"{name!r}, which {file} gives too", "one value",
                      "Remove one of them.", "given_twice")
                for row in rows.index[repeated]
            ]  # fmt: skip
    return faults


def _stated_elsewhere(tables: Tables, name: str, rows: pd.DataFrame) -> dict[str, Bool[np.ndarray, "row"]]:
    """By file: which of the measurements `rows` stand in its column too (duration follows from symptom_onset)."""
    column = "symptom_onset" if name == "duration" else name
    stated = {}
    for file, key in (("visits.csv", ["patient_id", "visit_id"]), ("patients.csv", ["patient_id"])):
        if column in tables[file]:
            known = pd.MultiIndex.from_frame(tables[file].dropna(subset=[*key, column])[key])
            stated[file] = pd.MultiIndex.from_frame(rows[key]).isin(known)
    return stated
