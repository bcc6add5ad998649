"""How far the readers of a cohort agree: intraclass correlations, kappas and limits of agreement, at intake."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations

import numpy as np
import pandas as pd

from outcomenet.cohorts.cohort import Cohort
from outcomenet.cohorts.ledger import Ledger
from outcomenet.datasets.visit_table import READING_MODES, reading_totals, site_readings
from outcomenet.errors import UndefinedMetric
from outcomenet.metrics.agreement import icc_1, icc_a1, icc_c1
from outcomenet.metrics.bland_altman import limits_of_agreement
from outcomenet.metrics.kappa import Disagreement, kappa
from outcomenet.scoring import SCHEMES, Scheme

COLUMNS = ("scheme", "reading_mode", "measure", "readers", "statistic", "value", "lower", "upper", "n", "note")
_ICCS = {"icc_1": icc_1, "icc_a1": icc_a1, "icc_c1": icc_c1}
_KAPPAS = {
    "kappa": Disagreement.PLAIN,
    "kappa_linear": Disagreement.LINEAR,
    "kappa_quadratic": Disagreement.QUADRATIC,
}

Row = tuple[object, ...]


def reader_agreement(cohort: Cohort) -> pd.DataFrame:
    """Every statistic of every scheme and reading mode that two or more readers used; `COLUMNS`.

    `measure` is `total`, `all sites` or a site; `readers` names those compared, with " - " between two. ICCs of the
    total take visits that all the named readers read, under the cohort's policy for unreadable sites: icc_1 (1,1),
    icc_a1 (2,1) absolute agreement, icc_c1 (3,1) consistency. Bias and limits are first reader minus second. Kappas
    compare grades site by site. A statistic that is undefined has no value and a note that says why.
    """
    rows: list[Row] = []
    for scheme in SCHEMES.values():
        of_scheme = cohort.scores[cohort.scores["scheme"] == scheme.name]
        for mode in READING_MODES:
            if of_scheme.loc[of_scheme["reading_mode"] == mode, "reader"].nunique() > 1:
                readings = site_readings(cohort, scheme, Ledger(), mode)
                totals = reading_totals(readings, scheme, cohort.meta.unreadable_joints)
                found = [*_of_totals(totals), *_of_grades(readings, scheme)]
                rows += [(scheme.name, mode, *row) for row in found]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _of_totals(totals: pd.DataFrame) -> Iterator[Row]:
    wide = totals.pivot(index=["patient_id", "visit_id"], columns="reader", values="total")
    readers = list(wide.columns)
    groups = [tuple(readers)] if len(readers) > 2 else []
    for group in (*groups, *combinations(readers, 2)):
        both = wide[list(group)].dropna().to_numpy(float)
        named = ", ".join(group) if len(group) > 2 else " - ".join(group)
        for name, icc in _ICCS.items():
            yield _row("total", named, name, len(both), lambda both=both, icc=icc: icc(both)[1:])
        if len(group) == 2:
            yield from _limits(named, both)


def _limits(readers: str, both: np.ndarray) -> Iterator[Row]:
    try:
        found = limits_of_agreement(both[:, 0], both[:, 1])
    except UndefinedMetric as undefined:
        yield "total", readers, "bias", np.nan, np.nan, np.nan, len(both), str(undefined)
        return
    for name in ("bias", "lower_limit", "upper_limit"):
        yield "total", readers, name, *getattr(found, name), len(both), ""
    yield "total", readers, "sd_of_differences", found.sd, np.nan, np.nan, len(both), ""


def _of_grades(readings: pd.DataFrame, scheme: Scheme) -> Iterator[Row]:
    """Kappas over all sites together, and of each site over its sides."""
    columns: dict[str, list[str]] = {"all sites": [site.name for site in scheme.sites]}
    for site in scheme.sites:
        columns.setdefault(f"{site.definition.region} {site.definition.site} {site.definition.feature}", []).append(
            site.name
        )
    by_reader = {
        reader: rows.set_index(["patient_id", "visit_id"]).drop(columns="reader")
        for reader, rows in readings.groupby("reader")
    }
    for first, second in combinations(sorted(by_reader), 2):
        one, two = by_reader[first].align(by_reader[second], join="inner")
        for measure, names in columns.items():
            a, b = one[names].to_numpy(float).ravel(), two[names].to_numpy(float).ravel()
            read = ~(np.isnan(a) | np.isnan(b))
            if not read.any():
                continue
            for name, disagreement in _KAPPAS.items():
                yield _row(
                    measure, f"{first} - {second}", name, int(read.sum()),
                    lambda a=a[read], b=b[read], d=disagreement: (kappa(a, b, d), np.nan, np.nan),
                )  # fmt: skip


def _row(measure: str, readers: str, statistic: str, n: int, compute: Callable[[], tuple[float, float, float]]) -> Row:
    try:
        return measure, readers, statistic, *compute(), n, ""
    except UndefinedMetric as undefined:
        return measure, readers, statistic, np.nan, np.nan, np.nan, n, str(undefined)
