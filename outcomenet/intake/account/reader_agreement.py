"""Agreement of a cohort's readers: intraclass correlations, kappas and limits of agreement, at intake."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np
import pandas as pd

from outcomenet.arrays import Float, Int, Shaped
from outcomenet.cohorts.cohort import Cohort
from outcomenet.cohorts.ledger import Ledger
from outcomenet.datasets.visit_table import READING_MODES, reading_totals, site_readings
from outcomenet.errors import UndefinedMetric
from outcomenet.metrics.agreement import (
    FORMS,
    Disagreement,
    difference_sums,
    grade_counts,
    icc_of_sums,
    kappa_of_counts,
    limits_of_sums,
    rating_sums,
)
from outcomenet.metrics.resampling import bootstrap_weights, expanded_level, percentile_interval
from outcomenet.scoring import SCHEMES, Scheme

COLUMNS = (
    "scheme", "reading_mode", "measure", "readers", "statistic", "value", "lower", "upper", "n", "patients", "note",
)  # fmt: skip
_KAPPAS = {
    "kappa": Disagreement.PLAIN,
    "kappa_linear": Disagreement.LINEAR,
    "kappa_quadratic": Disagreement.QUADRATIC,
}
RESAMPLES = 2000  # each bound's own error is then about 2 % of the interval's width
SEED = 0  # the same cohort has the same account
FEWEST_PATIENTS = 6  # of five patients there are 126 different resamples, too few to cut 2.5 % from either end

Row = tuple[object, ...]


def reader_agreement(cohort: Cohort) -> pd.DataFrame:
    """Every statistic of every scheme and reading mode that two or more readers used; `COLUMNS`.

    `measure` is `total`, `all sites` or a site; `readers` names those compared, with " - " between two. ICCs of the
    total take visits that all the named readers read, under the cohort's policy for unreadable sites: icc_1 (1,1),
    icc_a1 (2,1) absolute agreement, icc_c1 (3,1) consistency. Bias and limits are first reader minus second. Kappas
    compare grades site by site. `n` counts visits, for kappas pairs of grades, of so many `patients`. Every interval
    comes from drawing patients with all their visits and joints, which are alike within a patient. A statistic or an
    interval that is undefined has no value and a note that says why.
    """
    rows: list[Row] = []
    for scheme in SCHEMES.values():
        of_scheme = cohort.scores[cohort.scores["scheme"] == scheme.name]
        for mode in READING_MODES:
            if of_scheme.loc[of_scheme["reading_mode"] == mode, "reader"].nunique() > 1:
                readings = site_readings(cohort, scheme, Ledger(), mode)
                totals = reading_totals(readings, scheme, cohort.meta.unreadable_joints)
                statistics = [*_of_totals(totals), *_of_grades(readings, scheme)]
                rows += [(scheme.name, mode, *row) for row in statistics]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _of_totals(totals: pd.DataFrame) -> Iterator[Row]:
    wide = totals.pivot(index=["patient_id", "visit_id"], columns="reader", values="total")
    readers = list(wide.columns)
    # of two readers all together are the pair itself
    groups = [tuple(readers)] if len(readers) > 2 else []
    for group in (*groups, *combinations(readers, 2)):
        both = wide[list(group)].dropna()
        named = ", ".join(group) if len(group) > 2 else " - ".join(group)
        ratings = both.to_numpy(float)
        patients, codes = np.unique(both.index.get_level_values("patient_id").to_numpy(str), return_inverse=True)
        if not len(patients):
            continue
        # drawn anew for each pair: patients differ between pairs, and names alone decide the draws
        weights = _weights(patients)
        counted = (len(both), len(patients))
        of_patients = weights @ _by_patient(rating_sums(ratings), codes)
        for form in FORMS:
            yield "total", named, form, *_estimate(icc_of_sums(form, of_patients), *counted)
        if len(group) == 2:
            limits = limits_of_sums(weights @ _by_patient(difference_sums(*ratings.T), codes))
            for name in ("bias", "lower_limit", "upper_limit"):
                yield "total", named, name, *_estimate(getattr(limits, name), *counted)
            yield "total", named, "sd_of_differences", *_estimate(limits.sd, *counted)


def _of_grades(readings: pd.DataFrame, scheme: Scheme) -> Iterator[Row]:
    """Kappas over all sites together, and of each site over its sides."""
    columns: dict[str, list[str]] = {"all sites": [site.name for site in scheme.sites]}
    for site in scheme.sites:
        columns.setdefault(f"{site.definition.region} {site.definition.site} {site.definition.feature}", []).append(
            site.name
        )
    by_reader = {
        str(reader): rows.set_index(["patient_id", "visit_id"]).drop(columns="reader")
        for reader, rows in readings.groupby("reader")
    }
    for first, second in combinations(sorted(by_reader), 2):
        one, two = by_reader[first].align(by_reader[second], join="inner")
        patients, codes = np.unique(one.index.get_level_values("patient_id").to_numpy(str), return_inverse=True)
        if not len(patients):
            continue
        weights = _weights(patients)
        for measure, names in columns.items():
            a, b = one[names].to_numpy(float).ravel(), two[names].to_numpy(float).ravel()
            graded = ~(np.isnan(a) | np.isnan(b))
            if not graded.any():
                continue
            of_rows = np.repeat(codes, len(names))[graded]
            grades, counts = grade_counts(a[graded], b[graded], of_rows, len(patients))
            for name, disagreement in _KAPPAS.items():
                values = kappa_of_counts(weights @ counts, grades, disagreement)
                counted = (int(graded.sum()), len(np.unique(of_rows)))
                yield measure, f"{first} - {second}", name, *_estimate(values, *counted)


def _weights(patients: Shaped[np.ndarray, "patient"]) -> Float[np.ndarray, "resample patient"]:
    return bootstrap_weights(pd.Series(patients), RESAMPLES, SEED)


def _by_patient(
    rows: Float[np.ndarray, "row number"], codes: Int[np.ndarray, "row"]
) -> Float[np.ndarray, "patient number"]:
    """Sums of the rows of each patient."""
    sums = np.zeros((codes.max() + 1, rows.shape[1]))
    np.add.at(sums, codes, rows)
    return sums


def _estimate(values: Float[np.ndarray, "resample"], n: int, patients: int) -> Row:
    """value, lower, upper, n, patients and note from the statistic of the sample (first) and of each resample."""
    value = float(values[0])
    if not np.isfinite(value):
        why = "undefined: fewer than two visits or patients, or no variation, such as the same grade throughout"
        return np.nan, np.nan, np.nan, n, patients, why
    if patients < FEWEST_PATIENTS:
        return (
            value,
            np.nan,
            np.nan,
            n,
            patients,
            f"no interval: {patients} patients, at least {FEWEST_PATIENTS} needed",
        )
    try:
        lower, upper = percentile_interval(values[1:], expanded_level(patients))
    except UndefinedMetric as undefined:
        return value, np.nan, np.nan, n, patients, f"no interval: {undefined}"
    return value, lower, upper, n, patients, ""
