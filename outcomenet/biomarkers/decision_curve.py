"""Decision curve: net benefit of treating by predicted risks, against treating all and treating nobody."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from outcomenet.biomarkers.design_matrix import Population, as_numbers, complete_rows, is_factor
from outcomenet.biomarkers.estimates_forest import COLOURS
from outcomenet.biomarkers.follow_up_study import DAYS, refuse_impossible
from outcomenet.biomarkers.number_words import number, sentence, with_interval
from outcomenet.biomarkers.recalibrated import EVENT, outcome_of
from outcomenet.biomarkers.resampled import VERDICT_WORDS, noted, numbers, over_resamples, paired_difference
from outcomenet.biomarkers.section import Section, estimates_frame, expect_columns
from outcomenet.errors import UndefinedMetric
from outcomenet.metrics.incidence import in_planned_visits, weighted_incidence
from outcomenet.metrics.risk import net_benefit
from outcomenet.metrics.verdict import Verdict
from outcomenet.outcomes import DAYS_PER_YEAR
from outcomenet.pages.figures import GREY, PALE, Drawing, Layout

ALL, NONE = "treat all", "treat none"
LINES = ("-", "--", "-.", ":")
PLAIN = "TP/n - FP/n t/(1-t); patients resampled"
COMPETING = (
    "incidence at the horizon's planned visit among those above the threshold, other events compete; patients resampled"
)

# Net benefit of each resample at a threshold, for risks of the rows.
Benefit = Callable[[np.ndarray, float, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class _Curves:
    """Net benefit of each strategy at each threshold, in the sample and in each resample."""

    population: Population
    outcome: str
    events: int
    thresholds: tuple[float, ...]
    values: Mapping[str, np.ndarray]
    """Of each strategy, resample by threshold."""
    titles: Mapping[str, str]
    method: str
    level: float

    def title(self, name: str) -> str:
        return self.titles.get(name, name)

    @property
    def models(self) -> list[str]:
        return [name for name in self.values if name not in (ALL, NONE)]


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
        population, events, benefit = _of_column(table, names, outcome, patient)
        method = PLAIN
    else:
        visit = max(1, round(horizon_years * DAYS_PER_YEAR / visits_every_days))
        population, events, benefit = _of_follow_up(table, names, outcome, patient, visit, visits_every_days)
        method = COMPETING
    risk_of = {name: _risk(population.table, name) for name in names}
    values = _resampled(population, risk_of, thresholds, benefit, resamples, seed)
    curves = _Curves(population, outcome, events, tuple(thresholds), values, titles or {}, method, level)
    rows = [row for name in curves.values for row in _rows(curves, name)]
    differences = [row for name in curves.models for row in _against_defaults(curves, name)]
    return Section(
        estimates_frame([*rows, *differences]),
        tuple(_words(curves, name, differences) for name in curves.models),
        (partial(_draw, curves),),
        {f"Net benefit for {curves.title(outcome)}": _printed(curves)},
    )


def _refuse_thresholds(thresholds: Sequence[float]) -> None:
    wrong = [threshold for threshold in thresholds if not 0 < threshold < 1]
    if wrong or not len(thresholds):
        raise UndefinedMetric(f"Thresholds are risks above 0 and below 1; {wrong or 'none'} was given.")


def _of_column(table: pd.DataFrame, risks: list[str], outcome: str, patient: str) -> tuple[Population, int, Benefit]:
    population = complete_rows(table, [outcome, *risks], patient=patient)
    target = outcome_of(population.table, outcome, EVENT)
    return (
        population,
        int(target.sum()),
        lambda risk, threshold, weights: net_benefit(target, risk, weights, threshold=threshold),
    )


def _of_follow_up(
    table: pd.DataFrame, risks: list[str], event: str, patient: str, visit: int, every_days: float
) -> tuple[Population, int, Benefit]:
    expect_columns(table, patient, *DAYS, "cause")
    refuse_impossible(table, event, patient)
    population = complete_rows(table, risks, patient=patient)
    visits = in_planned_visits(population.table, event, every_days)
    if not np.isfinite(weighted_incidence(visits, np.ones((1, len(population.table))), visit)[0]):
        raise UndefinedMetric(
            f"Under a tenth of {len(population.table)} patients is watched at planned visit {visit}: choose another horizon."
        )

    def benefit(risk: np.ndarray, threshold: float, weights: np.ndarray) -> np.ndarray:
        above = weights * (risk >= threshold)
        share = above.sum(1) / weights.sum(1)
        # nobody above the threshold: nobody is treated
        rightly = np.where(share > 0, share * weighted_incidence(visits, above, visit), 0.0)
        return rightly - (share - rightly) * threshold / (1 - threshold)

    events = visits.of_interest & (visits.first_with > 0) & (visits.first_with <= visit)
    return population, int(events.sum()), benefit


def _risk(table: pd.DataFrame, name: str) -> np.ndarray:
    if is_factor(table, name):
        raise UndefinedMetric(f"Column {name!r} is text, but a risk is a number from 0 to 1.")
    values = as_numbers(table, name).to_numpy(float)
    outside = (values < 0) | (values > 1)
    if outside.any():
        raise UndefinedMetric(
            f"Column {name!r} should hold risks from 0 to 1, but {int(outside.sum())} of {len(values)} rows do not, the first is "
            f"{values[outside][0]:g}. `recalibrated.predicted` makes risks of a score."
        )
    return values


def _resampled(
    population: Population,
    risks: Mapping[str, np.ndarray],
    thresholds: Sequence[float],
    benefit: Benefit,
    resamples: int,
    seed: int,
) -> dict[str, np.ndarray]:
    strategies = {**risks, ALL: np.ones(len(population.table))}

    def statistic(weights: np.ndarray) -> np.ndarray:
        return np.stack(
            [[benefit(risk, threshold, weights) for threshold in thresholds] for risk in strategies.values()]
        ).transpose(2, 0, 1)

    values = over_resamples(statistic, population.patients, resamples=resamples, seed=seed)
    by_name = {name: values[:, at] for at, name in enumerate(strategies)}
    return {**by_name, NONE: np.zeros_like(values[:, 0])}


def _entry(curves: _Curves, name: str, term: str, **values: object) -> dict[str, object]:
    filled = {
        "section": "decision_curve",
        "outcome": curves.outcome,
        "measure": name,
        "term": term,
        "method": curves.method,
    }
    row: dict[str, object] = {
        **filled,
        **curves.population.counts,
        "events": curves.events,
        "unit": "true positives per patient",
        **values,
    }
    return row | {"note": noted(values.get("note", ""), curves.population.note)}


def _rows(curves: _Curves, name: str) -> list[dict[str, object]]:
    if name == NONE:
        return [
            _entry(curves, name, f"net benefit at {t:g}", estimate=0.0, note="by definition") for t in curves.thresholds
        ]
    return [
        _entry(curves, name, f"net benefit at {threshold:g}", **numbers(column, curves.level))
        for threshold, column in zip(curves.thresholds, curves.values[name].T, strict=True)
    ]


def _against_defaults(curves: _Curves, name: str) -> list[dict[str, object]]:
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


def _words(curves: _Curves, name: str, differences: Sequence[Mapping[str, object]]) -> str:
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


def _printed(curves: _Curves) -> pd.DataFrame:
    lines = []
    for at, threshold in enumerate(curves.thresholds):
        line = {"Threshold": f"{threshold:g}"}
        for name, values in curves.values.items():
            found = numbers(values[:, at], curves.level)
            cells = [float(str(found.get(key, np.nan))) for key in ("estimate", "lower", "upper")]
            line[curves.title(name)] = number(0.0) if name == NONE else with_interval(*cells)
        lines.append(line)
    return pd.DataFrame(lines)


def _draw(curves: _Curves, *, layout: Layout = Layout.PAGE) -> Drawing | None:
    figure, (axis,) = layout.panels(1, 3.6, width=6.6, further=0.5)
    x = np.array(curves.thresholds)
    data = []
    for place, (name, values) in enumerate(curves.values.items()):
        colour = {ALL: GREY, NONE: "#222222"}.get(name, COLOURS[place % len(COLOURS)])
        found = pd.DataFrame([numbers(column, curves.level) for column in values.T]).reindex(
            columns=["estimate", "lower", "upper"]
        )
        style = {ALL: "-", NONE: "-"}.get(name, LINES[place % len(LINES)])
        axis.plot(
            x,
            found["estimate"],
            color=colour,
            linestyle=style,
            linewidth=1.2 if name in (ALL, NONE) else 2,
            label=curves.title(name),
            zorder=3,
        )
        if name not in (ALL, NONE):
            axis.fill_between(
                x,
                found["lower"].to_numpy(float),
                found["upper"].to_numpy(float),
                color=colour,
                alpha=0.14,
                linewidth=0,
                zorder=2,
            )
        data.append(found.assign(strategy=name, threshold=x))
    _finish(axis, curves, layout)
    figure.legend(loc="outside lower left", ncols=1 if layout is Layout.PHONE else 4, fontsize=8.5)
    return Drawing(
        f"decision_curve_{curves.outcome}",
        figure,
        pd.concat(data, ignore_index=True),
        f"Decision curve for {curves.title(curves.outcome)}: net benefit of treating all whose risk is at least the threshold, with "
        f"{curves.level:.0%} intervals from resampling patients. Higher is better; a risk is of use where it lies above both treating all "
        "and treating nobody.",
        "Decision curves; the table beside it gives the same numbers.",
    )


def _finish(axis: Axes, curves: _Curves, layout: Layout) -> None:
    """Treating all falls without end towards high thresholds: what lies far below zero is not shown."""
    tops = [np.nanmax(values[0]) for values in curves.values.values()]
    top = max(float(max(tops)), 0.01)
    axis.set_ylim(-0.35 * top, 1.35 * top)
    axis.set_xlabel(layout.wrapped("threshold: risk from which on one would treat", 34))
    axis.set_ylabel("net benefit")
    axis.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    axis.grid(color=PALE, linewidth=0.7)
    axis.set_axisbelow(True)
