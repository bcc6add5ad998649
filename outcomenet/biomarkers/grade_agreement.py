"""Agreement of readers on grades: kappa of every pair of readers with an interval that keeps patients together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from outcomenet.biomarkers.analysed import complete_rows, titled, wide
from outcomenet.biomarkers.resampled import in_words, noted, numbers, over_resamples
from outcomenet.biomarkers.section import Section, estimates_frame
from outcomenet.errors import UndefinedMetric
from outcomenet.metrics.agreement import Disagreement, grade_counts, kappa_of_counts

METHODS = {
    Disagreement.QUADRATIC: "kappa, quadratic weights",
    Disagreement.LINEAR: "kappa, linear weights",
    Disagreement.PLAIN: "kappa, unweighted",
}


def grade_agreement(
    grades: pd.DataFrame,
    *,
    grade: str,
    reader: str,
    target: Sequence[str] = ("visit_id",),
    patient: str = "patient_id",
    titles: Mapping[str, str] | None = None,
    resamples: int = 1000,
    seed: int = 0,
    level: float = 0.95,
) -> Section:
    """Kappa of every pair of readers, with quadratic, linear and no weights.

    kappa = 1 - observed / expected disagreement (Cohen, Psychol Bull 1968;70:213; quadratic weights: Fleiss & Cohen, Educ Psychol
    Meas 1973;33:613). Intervals are percentiles over resamples of patients with all their visits and joints.

    Args:
        grades: a row per patient, target and reader.
        grade: column of the grade, a number whose distances mean something.
        reader: column of the reader.
        target: columns that, with the patient, name what was graded: the visit, and the joint where joints are graded.
        patient: column of the patient.
        titles: what columns and readers are called.
        resamples: bootstrap resamples of patients.
        seed: of the resamples.
        level: of the intervals.

    Returns:
        Estimates of section `agreement`; 1 is perfect, 0 what chance gives.

    Raises:
        UndefinedMetric: a column is missing or holds text, a grade stands twice, or no two readers share a target.

    >>> table = pd.DataFrame({"patient_id": list("aabbccdd"), "visit_id": 0, "reader": [1, 2] * 4, "grade": [0, 0, 0, 0, 1, 1, 1, 0]})
    >>> grade_agreement(table, grade="grade", reader="reader", resamples=0).estimates["estimate"].tolist()
    [0.5, 0.5, 0.5]
    """
    used = complete_rows(grades, [grade], patient=patient, keys=[reader, *target])
    table = wide(used.rows, index=["patient_id", *target], columns=reader, values=grade)
    entries = []
    for pair in combinations(table.columns, 2):
        both = table[list(pair)].dropna()
        names = " and ".join(titled(titles, str(name)) for name in pair)
        if len(both):
            found = _kappas(both, resamples=resamples, seed=seed, level=level)
            entries += [{**row, "term": f"{row['method']}, {names}"} for row in found]
    if not entries:
        raise UndefinedMetric(
            f"No two readers in column {reader!r} graded the same target; kappa needs a row per patient, {', '.join(target)} and reader."
        )
    common = {"section": "agreement", "measure": grade}
    estimates = estimates_frame({**common, **row, "note": noted(row.get("note"), used.note)} for row in entries)
    first = estimates.iloc[0]
    sentence = (
        f"{titled(titles, grade)}: readers agree on grades with {METHODS[Disagreement.QUADRATIC]}, of "
        f"{in_words(first['estimate'], first['lower'], first['upper'])} ({first['n_visits']} targets of {first['n_patients']} patients)."
    )
    return Section(estimates, (sentence,))


def _kappas(both: pd.DataFrame, *, resamples: int, seed: int, level: float) -> list[dict]:
    names, codes = np.unique(both.index.get_level_values(0).to_numpy(str), return_inverse=True)
    first, second = both.to_numpy(float).T
    values, counts = grade_counts(first, second, codes, len(names))
    drawn = over_resamples(lambda weights: weights @ counts, pd.Series(names), resamples=resamples, seed=seed)
    counted = {"n_visits": len(both), "n_patients": len(names)}
    rows = []
    for disagreement, method in METHODS.items():
        kappa = numbers(kappa_of_counts(drawn, values, disagreement), level)
        alone = "" if len(values) > 1 else "one single grade throughout: kappa is undefined"
        rows.append({**counted, **kappa, "method": method, "note": noted(alone, kappa.get("note"))})
    return rows
