"""Checks of values: grades within the range of their site, measurements within that of their name, each given once."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from jaxtyping import Bool

from outcomenet.anatomy import Side
from outcomenet.cohorts.cells import Number, accepted
from outcomenet.cohorts.contracts import MEASUREMENT_RULES
from outcomenet.cohorts.faults import Fault, printable
from outcomenet.errors import did_you_mean
from outcomenet.scoring import SCHEMES, Scheme

Tables = Mapping[str, pd.DataFrame]
# Words in the column `site` of tables that hold totals among the grades.
_TOTALS = frozenset({"total", "overall", "sum", "all", "hands", "feet", "hand", "foot", "subtotal"})


def impossible_grades(tables: Tables) -> list[Fault]:
    """Sites that the scheme does not grade, and grades outside a site's range."""
    scores = tables["scores.csv"].dropna(subset=["scheme", "side", "site", "feature"])
    faults = []
    for graded_site, rows in scores.groupby(["scheme", "side", "site", "feature"], sort=False):
        name, side, site, feature = map(str, graded_site)
        scheme = SCHEMES[name]
        graded = scheme.by_key().get((side, site, feature))
        if graded is None:
            faults.append(_no_such_site(scheme, Side(side), site, feature, int(rows.index[0])))
            continue
        minimum, maximum = graded.definition.minimum, graded.definition.maximum
        outside = rows.loc[(rows["score"] > maximum) | (rows["score"] < minimum), "score"]
        faults += [
            Fault("scores.csv", int(row), "score", f"{grade:g}",
                  f"a {scheme.title} grade from {minimum} to {maximum} for {feature} of {site} on {side}",
                  "Correct the grade, or leave it empty where the site could not be read.", "grade_range")
            for row, grade in zip(outside.index, outside, strict=True)
        ]  # fmt: skip
    return faults


def _no_such_site(scheme: Scheme, side: Side, site: str, feature: str, row: int) -> Fault:
    here = [definition for definition in scheme.definitions if definition.region is side.region]
    expected = f"a site that {scheme.title} grades on {side}"
    features = [definition.feature for definition in here if definition.site == site]
    if features:
        return Fault(
            "scores.csv", row, "feature", f"{printable('feature', feature, features)} of {site}", expected,
            f"{scheme.title} grades {' and '.join(features)} of {site}, and no {feature}; remove such rows."
            if any(definition.feature == feature for definition in here)
            else did_you_mean(feature, features),
            "no_such_feature",
        )  # fmt: skip
    sites = [definition.site for definition in here if definition.feature == feature] or [d.site for d in here]
    remedy = did_you_mean(site, dict.fromkeys(sites))
    if site.lower() in _TOTALS:
        remedy = "Remove such rows: the table holds the grades of single sites, and totals are summed from them."
    return Fault("scores.csv", row, "site", printable("site", site, sites), expected, remedy, "no_such_site")


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
