"""Reliability of a score: intraclass correlations by name, error of measurement and smallest detectable change.

Readings are of two kinds. Of re-acquired films none is always the second: one-way forms. Readers keep their names: two-way
forms. A network that sees the same pixels twice agrees with itself perfectly, so that its readings must come from re-acquired or
perturbed films, crops and seeds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from functools import partial

import numpy as np
import pandas as pd

from outcomenet.arrays import Float
from outcomenet.biomarkers.analysed import complete_rows, titled, visit_order, wide
from outcomenet.biomarkers.resampled import in_words, noted, numbers, over_resamples
from outcomenet.biomarkers.section import Section, estimates_frame
from outcomenet.errors import UndefinedMetric
from outcomenet.metrics.agreement import icc_of_sums, rating_sums
from outcomenet.metrics.measurement_error import (
    agreement_sem,
    consistency_sem,
    detectable_change,
    detectable_difference,
)

# Shrout & Fleiss's names: (model, raters of which a rating is the mean).
ICC_NAMES = {
    "icc_1": ("ICC(1,1)", "one-way random, one reading"),
    "icc_a1": ("ICC(2,1)", "two-way random, absolute agreement, one reading"),
    "icc_c1": ("ICC(3,1)", "two-way mixed, consistency, one reading"),
    "icc_1k": ("ICC(1,k)", "one-way random, mean of k readings"),
    "icc_ak": ("ICC(2,k)", "two-way random, absolute agreement, mean of k readings"),
    "icc_ck": ("ICC(3,k)", "two-way mixed, consistency, mean of k readings"),
}
DETECTABLE = ((0.95, "95 %"), (0.80, "80 %"))


class Readings(Enum):
    """What is repeated, and the ICC that is named first."""

    FILMS = "re-acquired films"
    READERS = "readers"

    @property
    def headline(self) -> str:
        return "ICC(1,1)" if self is Readings.FILMS else "ICC(2,1)"


def reliability(
    readings: pd.DataFrame,
    *,
    value: str,
    reading: str,
    kind: Readings,
    patient: str = "patient_id",
    visit: str = "visit_id",
    averaged: float = 1.0,
    titles: Mapping[str, str] | None = None,
    resamples: int = 1000,
    seed: int = 0,
    level: float = 0.95,
) -> Section:
    """All six ICC forms, SEM and smallest detectable values, of status and of the change between a patient's visits.

    ICC (Shrout & Fleiss, Psychol Bull 1979;86:420); SEM (de Vet, J Clin Epidemiol 2006;59:1033); SDD = z SD_d / sqrt(k)
    of two status scores (Lassere, J Rheumatol 1999) and SDC = z SD_d / (sqrt(2) sqrt(k)) of a change (Bruynesteyn, Ann Rheum Dis
    2005;64:179), SD_d over patients of the difference between two readings (SDC: of two readings' changes), k = `averaged`.
    Intervals are percentiles over resamples of patients, who bring all their visits.

    Args:
        readings: a row per patient, visit and reading.
        value: column of the score, in its own unit.
        reading: column of the reader, or of the number of the re-acquired film.
        kind: whether films or readers are repeated; it says which form is named in words.
        patient: column of the patient.
        visit: column of the visit; text is ordered by the numbers in it.
        averaged: readings of which the score that is analysed is the mean.
        titles: what columns are called.
        resamples: bootstrap resamples of patients.
        seed: of the resamples.
        level: of the intervals.

    Returns:
        Estimates of section `reliability`. Visits without all readings are left out and counted; a change is that from a
        patient's visit to the next.

    Raises:
        UndefinedMetric: a column is missing or holds text, a reading stands twice, there are fewer than two readings or fewer than
            two visits that have them all.

    >>> table = pd.DataFrame({"patient_id": list("aabbcc"), "visit_id": 0, "reader": [1, 2] * 3, "total": [1, 2, 5, 7, 9, 9]})
    >>> section = reliability(table, value="total", reading="reader", kind=Readings.READERS, resamples=0)
    >>> print(section.estimates.set_index("term")["estimate"].round(2)["ICC(2,1) of status"])
    0.94
    """
    used = complete_rows(readings, [value], patient=patient, keys=[reading, visit])
    rows = used.rows.assign(order=visit_order(used.rows[visit]))
    table = wide(rows, index=["patient_id", "order"], columns=reading, values=value)
    whole = table.dropna()
    if table.shape[1] < 2 or len(whole) < 2:
        raise UndefinedMetric(
            f"Reliability needs two readings or more of two visits or more; column {reading!r} has {table.shape[1]} readings, and "
            f"{len(whole)} visits have all of them. Give a row per patient, visit and reading."
        )
    left = len(table) - len(whole)
    note = noted(
        used.note, f"{left} of {len(table)} visits without all {table.shape[1]} readings left out" if left else ""
    )
    change = whole.groupby(level=0).diff().dropna()
    common = {"section": "reliability", "measure": value, "level": level}
    draw = partial(_sums, resamples=resamples, seed=seed)
    entries, refusals = [], []
    for what, scores in (("status", whole), ("change", change)):
        counts = {"n_visits": len(scores), "n_patients": scores.index.get_level_values(0).nunique()}
        try:
            found = _rows(draw(scores), what, averaged, partial(numbers, level=level, patients=counts["n_patients"]))
            entries += [{**common, **counts, **row, "note": noted(row.get("note"), note)} for row in found]
        except UndefinedMetric as error:
            refusals.append(f"{titled(titles, value)}, {what}, {kind.value}: {error}")
            entries.append({**common, **counts, "term": f"{kind.headline} of {what}", "note": noted(error, note)})
    estimates = estimates_frame({**row, "method": f"{row.get('method', '')} ({kind.value})".strip()} for row in entries)
    return Section(estimates, (reliability_sentence(estimates, titled(titles, value), kind),), refusals=tuple(refusals))


def _sums(scores: pd.DataFrame, *, resamples: int, seed: int) -> Float[np.ndarray, "resample sum"]:
    """Sums of `rating_sums` over the rows of every resample of patients."""
    if len(scores) < 2:
        raise UndefinedMetric(f"{len(scores)} visits or changes have all readings; at least 2 are needed.")
    ratings = scores.to_numpy(float)
    if np.ptp(ratings, axis=1).max() == 0:
        raise UndefinedMetric(
            "all readings of every visit are the same, which would make the smallest detectable change a false zero. Give readings of "
            "re-acquired or perturbed films."
        )
    of_patient = pd.DataFrame(rating_sums(ratings), index=scores.index.get_level_values(0)).groupby(level=0).sum()
    sums = of_patient.to_numpy(float)
    return over_resamples(lambda weights: weights @ sums, of_patient.index.to_series(), resamples=resamples, seed=seed)


def _rows(
    sums: Float[np.ndarray, "resample sum"], what: str, averaged: float, told: Callable[..., dict[str, object]]
) -> Iterator[dict]:
    readings = sums.shape[1] - 3
    for form, (name, method) in ICC_NAMES.items():
        yield {"term": f"{name} of {what}", **told(icc_of_sums(form, sums)), "method": method}
    freedom = int(sums[0, 0]) * (readings - 1)
    for term, statistic, method in (
        ("SEM, agreement", agreement_sem, f"within targets, pooled over them, {freedom} degrees of freedom"),
        ("SEM, consistency", consistency_sem, "readings' systematic difference left out"),
    ):
        values = told(statistic(sums))
        yield {"term": f"{term}, of {what}", **values, "method": method, "unit": "unit of the score"}
    name, detectable = ("SDD", detectable_difference) if what == "status" else ("SDC", detectable_change)
    for share, label in DETECTABLE:
        values = detectable(sums, averaged=averaged, level=share)
        method = f"of the mean of {averaged:g} readings"
        yield {"term": f"{name} ({label})", **told(values), "method": method, "unit": "unit of the score"}


def reliability_sentence(estimates: pd.DataFrame, title: str, kind: Readings) -> str:
    """ICC of status and of change and the smallest detectable change in words; what has no number is not mentioned.

    Args:
        estimates: rows of section `reliability` of one measure.
        title: what the measure is called.
        kind: what was repeated.
    """
    by_term = {str(row["term"]): row for row in estimates.to_dict("records")}
    parts = []
    for term, digits in ((f"{kind.headline} of status", 2), (f"{kind.headline} of change", 2), ("SDC (95 %)", 2)):
        row = by_term.get(term)
        if row is not None and np.isfinite(row["estimate"]):
            parts.append(f"{term} {in_words(row['estimate'], row['lower'], row['upper'], digits)}")
    if not parts:
        return f"{title}, {kind.value}: no reliability could be computed."
    return f"{title}, {kind.value}: {', '.join(parts)}."
