"""Decision curve: net benefit of treating by predicted risks, against treating all and treating nobody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
import pandas as pd

from outcomenet.biomarkers.decision_curve_figure import draw_decision_curve
from outcomenet.biomarkers.net_benefits import ALL, NONE, Curves, of_column, of_follow_up, resampled_benefits
from outcomenet.biomarkers.number_words import number, sentence, with_interval
from outcomenet.biomarkers.resampled import VERDICT_WORDS, noted, numbers, paired_difference
from outcomenet.biomarkers.section import Section, estimates_frame
from outcomenet.errors import UndefinedMetric
from outcomenet.metrics.verdict import Verdict
from outcomenet.outcomes import DAYS_PER_YEAR

PLAIN = "TP/n - FP/n t/(1-t); patients resampled"
COMPETING = (
    "incidence at the horizon's planned visit among those above the threshold, other events compete; patients resampled"
)
FEW_WATCHED = "under a tenth of those above the threshold is watched at the horizon's visit"


def decision_curve(
    table: pd.DataFrame,
    *,
    risks: str | Sequence[str],
    outcome: str = "progression",
    thresholds: Sequence[float] = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4),
    horizon_years: float | None = None,
    visits_every_days: float = DAYS_PER_YEAR,
    patient: str = "patient_id",
    resamples: int = 1000,
    titles: Mapping[str, str] | None = None,
    level: float = 0.95,
    seed: int = 0,
) -> Section:
    """What deciding by a risk is worth, in true positives per patient, when unneeded treatments are charged for.

    TP/n - FP/n t/(1-t) where all with a risk of t or more are treated (Vickers & Elkin, Med Decis Making 2006;26:565). With a
    horizon, TP/n is the share above the threshold times their cumulative incidence at the horizon's planned visit, death and
    operations competing (Vickers et al., BMC Med Inform Decis Mak 2008;8:53). A threshold is chosen by what treatment costs a
    patient, never by the curve.

    Args:
        table: One row per patient, or per patient and visit; with a horizon a follow-up table (docs/intake/follow_up.md).
        risks: Columns of predicted risks, 0 to 1; `recalibrated.predicted` makes one of a score.
        outcome: Column of 0 and 1; with a horizon the cause of interest.
        thresholds: Risks from which on one would treat, above 0 and below 1.
        horizon_years: Horizon of the follow-up table; None where `outcome` is a column.
        visits_every_days: Days between planned visits.
        patient: Column of the patient.
        resamples: Bootstrap resamples of patients.
        titles: Words for columns.
        level: Of the intervals.
        seed: Of the resamples.

    Returns:
        Section "decision_curve": net benefit of each risk, of treating all and of treating nobody at each threshold, and each
        risk minus the better of the two.

    Raises:
        UndefinedMetric: A column is missing or cannot be used, a risk or threshold outside its range, nobody or everybody with
            the event.

    >>> table = pd.DataFrame({"patient_id": range(20), "risk": np.linspace(0.05, 0.95, 20)})
    >>> table["event"] = (table["risk"] > 0.5).astype(float)
    >>> section = decision_curve(table, risks="risk", outcome="event", thresholds=[0.3], resamples=100)
    >>> section.estimates["estimate"].round(3).tolist()  # 14 treated, 10 rightly: 10/20 - 4/20 x 3/7
    [0.414, 0.286, 0.0, 0.129]
    """
    names = [risks] if isinstance(risks, str) else list(risks)
    _refuse_thresholds(thresholds)
    if horizon_years is None:
        source, method = of_column(table, names, outcome, patient), PLAIN
    else:
        visit = max(1, round(horizon_years * DAYS_PER_YEAR / visits_every_days))
        source, method = of_follow_up(table, names, outcome, patient, visit, visits_every_days), COMPETING
    values = resampled_benefits(source, names, thresholds, resamples=resamples, seed=seed)
    curves = Curves(source.population, outcome, source.events, tuple(thresholds), values, titles or {}, method, level)
    rows = [row for name in curves.values for row in _rows(curves, name)]
    differences = [row for name in curves.models for row in _against_defaults(curves, name)]
    return Section(
        estimates_frame([*rows, *differences]),
        tuple(_words(curves, name, differences) for name in curves.models),
        (partial(draw_decision_curve, curves),),
        {f"Net benefit for {curves.title(outcome)}": _printed(curves)},
    )


def _refuse_thresholds(thresholds: Sequence[float]) -> None:
    wrong = [threshold for threshold in thresholds if not 0 < threshold < 1]
    if wrong or not len(thresholds):
        raise UndefinedMetric(f"Thresholds are risks above 0 and below 1; {wrong or 'none'} was given.")


def _entry(curves: Curves, name: str, term: str, **values: object) -> dict[str, object]:
    few = "" if np.isfinite(float(str(values["estimate"]))) else FEW_WATCHED
    filled = {
        "section": "decision_curve", "outcome": curves.outcome, "measure": name, "term": term, "method": curves.method,
        "events": curves.events, "unit": "true positives per patient",
    }  # fmt: skip
    note = noted(values.get("note", ""), few, curves.population.note)
    return {**filled, **curves.population.counts, **values, "note": note}


def _rows(curves: Curves, name: str) -> list[dict[str, object]]:
    if name == NONE:
        return [
            _entry(curves, name, f"net benefit at {t:g}", estimate=0.0, note="by definition") for t in curves.thresholds
        ]
    return [
        _entry(curves, name, f"net benefit at {threshold:g}", **numbers(column, curves.level))
        for threshold, column in zip(curves.thresholds, curves.values[name].T, strict=True)
    ]


def _against_defaults(curves: Curves, name: str) -> list[dict[str, object]]:
    """A risk minus the better of treating all and treating nobody, which of them is better being settled in the sample."""
    rows = []
    for at, threshold in enumerate(curves.thresholds):
        best = ALL if curves.values[ALL][0, at] > 0 else NONE
        difference = paired_difference(curves.values[name][:, at] - curves.values[best][:, at], curves.level)
        rows.append(
            _entry(
                curves, name, f"difference of net benefit at {threshold:g}", adjustment=f"minus {best}", **difference
            )
        )
    return rows


def _words(curves: Curves, name: str, differences: Sequence[Mapping[str, object]]) -> str:
    found = [row for row in differences if row["measure"] == name]
    useful = [
        threshold
        for threshold, row in zip(curves.thresholds, found, strict=True)
        if str(row["note"]).split(";")[0] == VERDICT_WORDS[Verdict.BETTER]
    ]
    title = curves.title(name)
    if not useful:
        return sentence(
            f"at no threshold was deciding by {title} shown to be better than treating all or treating nobody"
        )
    best = found[curves.thresholds.index(useful[0])]
    gain = with_interval(*(float(str(best[key])) for key in ("estimate", "lower", "upper")))
    return sentence(
        f"deciding by {title} is better than treating all and treating nobody at {_listed(useful)}; at {useful[0]:g} by {gain} true positives "
        "per patient"
    )


def _listed(thresholds: Sequence[float]) -> str:
    words = [f"{threshold:g}" for threshold in thresholds]
    if len(words) == 1:
        return f"a threshold of {words[0]}"
    return f"thresholds of {', '.join(words[:-1])} and {words[-1]}"


def _printed(curves: Curves) -> pd.DataFrame:
    lines = []
    for at, threshold in enumerate(curves.thresholds):
        line = {"Threshold": f"{threshold:g}"}
        for name, values in curves.values.items():
            found = numbers(values[:, at], curves.level)
            cells = [float(str(found.get(key, np.nan))) for key in ("estimate", "lower", "upper")]
            line[curves.title(name)] = number(0.0) if name == NONE else with_interval(*cells)
        lines.append(line)
    return pd.DataFrame(lines)
