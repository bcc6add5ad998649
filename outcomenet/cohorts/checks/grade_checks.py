"""Checks of grades: each is of a site that the scheme has, within the site's range."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from outcomenet.anatomy import Side
from outcomenet.cohorts.faults import Fault, printable
from outcomenet.errors import did_you_mean
from outcomenet.scoring import SCHEMES, Scheme

# Words in the column `site` of tables that hold totals among the grades.
_TOTALS = frozenset({"total", "overall", "sum", "all", "hands", "feet", "hand", "foot", "subtotal"})


def impossible_grades(tables: Mapping[str, pd.DataFrame]) -> list[Fault]:
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
