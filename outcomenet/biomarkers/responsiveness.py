"""Responsiveness: how well measures see change, on the same patients."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import combinations
from typing import NamedTuple

import numpy as np
import pandas as pd

from outcomenet.biomarkers.analysed import titled
from outcomenet.biomarkers.change_plot import change_plot
from outcomenet.biomarkers.change_verdict import Contrast
from outcomenet.biomarkers.change_words import PEARSON, change_sentence, change_verdict, pairs_sentence, printed_changes
from outcomenet.biomarkers.patient_changes import FEWEST_PATIENTS, PatientChanges, human_among, patient_changes
from outcomenet.biomarkers.resampled import all_over_resamples, noted, numbers
from outcomenet.biomarkers.section import Section, estimates_frame
from outcomenet.metrics.correlation import weighted_correlation, weighted_rank_correlation
from outcomenet.metrics.proportions import wilson
from outcomenet.metrics.responsiveness import change_spread, guyatt_responsiveness, response_mean

NO_VARIATION = "every patient changes by the same amount"
CORRELATIONS = {PEARSON: weighted_correlation, "Spearman correlation of the changes": weighted_rank_correlation}


class _Statistic(NamedTuple):
    """A row of the estimates and what it takes from the weights of resamples; None where its number is written already."""

    row: dict[str, object]
    values: Callable[[np.ndarray], np.ndarray] | None = None


def responsiveness(
    table: pd.DataFrame,
    *,
    measures: Sequence[str],
    patient: str = "patient_id",
    visit: str | None = None,
    years: str | None = "years",
    planned: Sequence[object] = (),
    interval_years: float = 1.0,
    human: str | None = None,
    other: Sequence[str] = (),
    detectable: Mapping[str, float] | None = None,
    anchor: str | None = None,
    minimal_difference: float = 0.22,
    arm: str | None = None,
    reference: object = None,
    titles: Mapping[str, str] | None = None,
    resamples: int = 1000,
    seed: int = 0,
    level: float = 0.95,
) -> Section:
    """Change of each measure between two visits of the same patients, and which measure sees it best.

    SRM = mean / SD of the change (Liang, Med Care 1990;28:632); Guyatt's responsiveness = mean change of all over the SD of the change
    in stable patients (J Chronic Dis 1987;40:171); share beyond the smallest detectable change (Bruynesteyn, Ann Rheum Dis
    2005;64:179) with Wilson's interval; correlations of the changes. All other intervals are percentiles over resamples of patients,
    the same for all measures, so that the difference of two |SRM| is paired. The figure is the cumulative probability plot
    (Landewé & van der Heijde, Curr Opin Rheumatol 2004;16:212).

    Args:
        table: one row per patient and visit.
        measures: number columns; the first is the one that is judged, the others those that it is compared with. Higher is worse.
        patient: column of the patient.
        visit: column of the planned visit.
        years: column of the time of a visit, in years.
        planned: two planned visits between which a change is taken, earlier first; empty: a patient's first visit with all measures
            and the one nearest to `interval_years` later.
        interval_years: time between the visits; the later one may lie a quarter of it before or after.
        human: the human score among the measures, beside which the verdict stands; None: the second measure.
        other: number columns whose change is set beside that of the measures, such as HAQ, DAS28 and CRP; they may have gaps.
        detectable: smallest detectable change by measure, in its unit.
        anchor: column whose change tells who is stable, such as the HAQ; None for none.
        minimal_difference: of the anchor: a smaller change is none. 0.22 is that of the HAQ.
        arm: column of the treatment; None for none.
        reference: value of the arm whose patients are stable in Guyatt's sense, such as placebo.
        titles: words for columns.
        resamples: bootstrap resamples of patients; 10,000 or more for a primary contrast.
        seed: of the resamples.
        level: of the intervals.

    Returns:
        Section "responsiveness". Changes are later minus earlier: above 0 means worse. The row `verdict` says in its note how the first
        measure stands beside the others.

    Raises:
        UndefinedMetric: a column is missing or holds text, or fewer than ten patients have both visits.

    >>> rng = np.random.default_rng(0)
    >>> damage = np.cumsum(rng.gamma(1.0, 2.0, (200, 2)), axis=1)
    >>> table = pd.DataFrame({"patient_id": np.repeat(range(200), 2), "years": [0.0, 1.0] * 200})
    >>> table["svdh"], table["score"] = (damage.ravel() + rng.normal(0, sd, 400) for sd in (3.0, 1.0))
    >>> section = responsiveness(table, measures=["score", "svdh"], resamples=500)
    >>> print(section.sentences[0])
    Score sees more change than svdh (|SRM| 0.87 against 0.48, difference 0.39 (0.21 to 0.59)).
    """
    measures, sdc, words = list(dict.fromkeys(measures)), detectable or {}, partial(titled, titles)
    changes = patient_changes(
        table, measures=measures, others=[*other, *([anchor] if anchor else [])], kept=[arm] if arm else [], patient=patient,
        years=years, visit=visit, planned=planned, interval_years=interval_years,
    )  # fmt: skip
    statistics: list[_Statistic] = []
    for name in measures:
        statistics += _of_change(changes, name)
        statistics += _guyatt(changes, name, anchor, minimal_difference, words) if anchor else []
        statistics += _guyatt_of_arm(changes, name, arm, reference) if arm and reference is not None else []
        statistics += [_Statistic(row) for row in _beyond(changes, name, sdc.get(name), level)]
    pairs = list(combinations(measures, 2)) + [(name, of) for name in measures for of in other if of not in measures]
    statistics += [_correlation(changes, *pair, term) for pair in pairs for term in CORRELATIONS]
    rows, sizes = _resampled(changes, statistics, measures, resamples, seed, level)
    contrasts = {name: Contrast.of(words(name), sizes[measures[0]], sizes[name], level) for name in measures[1:]}
    for name, contrast in contrasts.items():
        rows.append(contrast.row(measures[0], name, "difference of |SRM|", contrast.note))
    rival = human_among(measures, human)
    verdict = change_verdict(rows, measures, rival, other, list(contrasts.values()), words)
    if rival:
        rows.append(contrasts[rival].row(measures[0], rival, "verdict", verdict))
    common = {"section": "responsiveness", "method": changes.how, **changes.counts}
    estimates = estimates_frame({**common, **row, "note": _with_left_out(row, changes)} for row in rows)
    return Section(
        estimates,
        tuple(
            filter(
                None,
                [verdict, *(change_sentence(estimates, name, words) for name in measures), pairs_sentence(changes)],
            )
        ),
        (partial(change_plot, changes.change[measures], words, sdc, changes.how),),
        {"Change of each measure on the same patients": printed_changes(estimates, measures, words)},
        tuple(
            _refusals(
                [words(name) for name in measures if name not in sdc], bool(anchor or (arm and reference is not None))
            )
        ),
    )


def _with_left_out(row: Mapping[str, object], changes: PatientChanges) -> str:
    # the verdict is one sentence; whoever was left out stands in the other rows
    return str(row["note"]) if row["term"] == "verdict" else noted(row.get("note"), changes.note)


def _refusals(without_sdc: Sequence[str], stable_known: bool) -> Iterator[str]:
    if without_sdc:
        yield f"Change beyond the smallest detectable change: none was given for {', '.join(without_sdc)}."
    if not stable_known:
        yield "Guyatt's responsiveness: neither an anchor nor an arm tells who is stable."


def _resampled(
    changes: PatientChanges, statistics: Sequence[_Statistic], measures: Sequence[str], resamples: int, seed: int, level: float
) -> tuple[list[dict[str, object]], dict[str, np.ndarray]]:  # fmt: skip
    """Rows with their numbers, and the |SRM| of every measure in the sample and in each resample."""
    absolute = [partial(response_mean, changes.change[name].to_numpy()) for name in measures]
    functions = [one.values for one in statistics if one.values] + absolute
    columns = iter(all_over_resamples(functions, changes.patients, resamples=resamples, seed=seed))
    rows = []
    for one in statistics:
        values = numbers(next(columns), level, patients=int(changes.patients.nunique())) if one.values else {}
        if one.values and np.isnan(float(str(values["estimate"]))):
            values = {"note": NO_VARIATION}
        rows.append({**one.row, **values, "note": noted(one.row.get("note"), values.get("note"))})
    return rows, {name: np.abs(next(columns)) for name in measures}


def _of_change(changes: PatientChanges, name: str) -> Iterator[_Statistic]:
    change, unit = changes.change[name].to_numpy(), f"unit of {name}"
    yield _Statistic({"measure": name, "term": "mean change", "unit": unit}, lambda w: w @ change / w.sum(1))
    yield _Statistic({"measure": name, "term": "SD of change", "unit": unit}, partial(change_spread, change))
    yield _Statistic(
        {
            "measure": name,
            "term": "SRM",
            "unit": "SD of the change",
            "method": f"mean / SD of the change: {changes.how}",
        },
        partial(response_mean, change),
    )


def _guyatt(
    changes: PatientChanges, name: str, anchor: str, difference: float, words: Callable[[str], str]
) -> Iterator[_Statistic]:
    moved = changes.change[anchor].to_numpy(float)
    stable = np.abs(moved) < difference - 1e-9  # a change of exactly the minimal difference is one
    who = f"whose {words(anchor)} changed by less than {difference:g}"
    gaps = int(np.isnan(moved).sum())
    yield _guyatt_row(
        changes,
        name,
        stable,
        who,
        f"{gaps} patients without a change of {anchor} are in the mean alone" if gaps else "",
    )


def _guyatt_of_arm(changes: PatientChanges, name: str, arm: str, reference: object) -> Iterator[_Statistic]:
    stable = (changes.first[arm] == reference).to_numpy(bool, na_value=False)
    yield _guyatt_row(changes, name, stable, f"of arm {reference}", "")


def _guyatt_row(changes: PatientChanges, name: str, stable: np.ndarray, who: str, note: str) -> _Statistic:
    count = int(stable.sum())
    row: dict[str, object] = {
        "measure": name, "term": "Guyatt's responsiveness", "unit": "SD of stable change", "note": note,
        "method": f"mean change of all over the SD of change in the {count} patients {who}",
    }  # fmt: skip
    if count < FEWEST_PATIENTS:
        return _Statistic(
            {**row, "note": noted(f"{count} stable patients, at least {FEWEST_PATIENTS} are needed", note)}
        )
    return _Statistic(row, partial(guyatt_responsiveness, changes.change[name].to_numpy(), stable))


def _beyond(changes: PatientChanges, name: str, sdc: float | None, level: float) -> Iterator[dict[str, object]]:
    """Share of patients whose change exceeds the SDC, in either direction; one row per patient, as Wilson's interval wants."""
    change = changes.change[name].to_numpy()
    for direction, beyond in (("worse", 1), ("better", -1)):
        row: dict[str, object] = {"measure": name, "term": f"share {direction} beyond the SDC", "unit": "share"}
        if sdc is None or not (np.isfinite(sdc) and sdc > 0):
            why = (
                "no SDC was given"
                if sdc is None
                else f"an SDC of {sdc:g} is a false zero or no number: it needs re-acquired films"
            )
            yield {**row, "note": why}
            continue
        share = wilson(int((beyond * change > sdc).sum()), len(change), level)
        yield {
            **row, "estimate": share.value, "lower": share.lower, "upper": share.upper, "level": level, "events": share.counted,
            "method": f"Wilson; change {'above' if beyond > 0 else 'below minus'} the SDC of {sdc:.4g}: {changes.how}",
        }  # fmt: skip


def _correlation(changes: PatientChanges, name: str, of: str, term: str) -> _Statistic:
    pair = changes.change[[name, of]].to_numpy(float)
    known = ~np.isnan(pair).any(axis=1)
    count = int(known.sum())
    row: dict[str, object] = {
        "outcome": of,
        "measure": name,
        "term": term,
        "unit": "r",
        "n_visits": 2 * count,
        "n_patients": count,
    }
    if count < FEWEST_PATIENTS:
        return _Statistic({**row, "note": f"{count} patients with both changes, at least {FEWEST_PATIENTS} are needed"})
    first, second = pair[known].T
    left = len(pair) - count
    note = f"{left} of {len(pair)} patients left out: no change of {of}" if left else ""
    return _Statistic(
        {**row, "note": note}, lambda w: CORRELATIONS[term](first, second, w if known.all() else w[:, known])
    )
