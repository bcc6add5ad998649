"""Hazard ratios of scores at planned visits, crude and adjusted, for an event and for those that compete with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import pandas as pd

from outcomenet.biomarkers.discrete_time import (
    EVENT,
    SPAN,
    PersonPeriods,
    baseline,
    complementary_log_log,
    informative,
    other_causes,
    periods_of,
)
from outcomenet.biomarkers.estimates_forest import ForestWords, estimates_forest
from outcomenet.biomarkers.firth import firth_odds
from outcomenet.biomarkers.follow_up_study import FollowUpStudy
from outcomenet.biomarkers.linear_fit import Term
from outcomenet.biomarkers.log_ratios import as_ratio
from outcomenet.biomarkers.number_words import p_words, sentence, with_interval
from outcomenet.biomarkers.resampled import noted
from outcomenet.biomarkers.section import Section, estimates_frame
from outcomenet.errors import UndefinedMetric
from outcomenet.metrics.incidence import in_planned_visits
from outcomenet.pages.figures import Drawing, Layout

HAZARD_RATIO, ODDS_RATIO = "hazard ratio per SD", "Firth's odds ratio per SD"
CLOGLOG = "discrete time at planned visits, complementary log-log, robust by patient"
FIRTH = "discrete time at planned visits, logistic, Firth's penalised likelihood, profile interval"
# A competing event of fewer patients has no model of its own.
FEWEST_COMPETING = 5


@dataclass
class _Result:
    rows: list[dict[str, object]] = field(default_factory=list)
    sentences: list[str] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)


def visit_hazards(data: FollowUpStudy, fewest_events_per_parameter: float = 10) -> Section:
    """Hazard ratio per SD of each score, for the event and, cause-specific, for each competing one.

    Args:
        data: The patients.
        fewest_events_per_parameter: With fewer events for each slope Firth's estimate stands beside the hazard ratio.
    """
    result = _Result()
    periods = periods_of(data.visits, data.table[[data.population.patient]].assign(at=range(len(data.table))))
    result.sentences.append(_flow(data, periods))
    for cause in (data.event, *other_causes(data.table, data.event)):
        if cause != data.event:
            visits = in_planned_visits(data.table, cause, data.every_days)
            periods = periods_of(visits, data.table[[data.population.patient]].assign(at=range(len(data.table))))
        _of_cause(data, cause, periods, fewest_events_per_parameter, result)
    estimates = estimates_frame(result.rows)
    return Section(
        estimates,
        tuple(result.sentences),
        (partial(_forest, data, estimates),),
        refusals=tuple(dict.fromkeys(result.refusals)),
    )


def _flow(data: FollowUpStudy, periods: PersonPeriods) -> str:
    """Rows in equal rows out, in words."""
    text = (
        f"{len(data.table):,} patients give {len(periods.table):,} rows at planned visits, with {periods.events:,} patients who had "
        f"{data.outcome}"
    )
    if periods.not_watched:
        text += f"; {periods.not_watched:,} of them were not watched to the first planned visit and have no row"
    if periods.merged:
        text += f"; {periods.merged:,} missed visits share a row with the one that showed the event"
    return sentence(text)


def _of_cause(data: FollowUpStudy, cause: str, periods: PersonPeriods, fewest: float, result: _Result) -> None:
    if cause != data.event and periods.events < FEWEST_COMPETING:
        note = f"{periods.events} events: fewer than {FEWEST_COMPETING}, no model"
        result.rows += [_row(data, cause, score, "crude", HAZARD_RATIO, periods, note=note) for score in data.scores]
        return
    most = 0
    for score in data.scores:
        for adjustment, columns in data.adjustments(score).items():
            design = data.design([score], columns).iloc[periods.table["at"]].reset_index(drop=True)
            few = _few(periods.events, len(design.columns), fewest)
            most = max(most, len(design.columns) if few else 0)
            entries = partial(_row, data, cause, score, adjustment, periods=periods)
            fitted = partial(
                complementary_log_log, periods.table, design, score,
                periods.table[data.population.patient].to_numpy(), data.level,
            )  # fmt: skip
            hazard = _attempt(fitted, entries(term=HAZARD_RATIO, note=few, method=CLOGLOG), result)
            if few:
                firth = partial(_firth, periods.table, design, score, data.level)
                _attempt(firth, entries(term=ODDS_RATIO, note=few, method=FIRTH), result)
            if cause == data.event and hazard:
                result.sentences.append(_words(data, score, adjustment, hazard, few))
    if most:
        result.refusals.append(_too_few(data, cause, _few(periods.events, most, fewest), fewest))


def _few(events: int, slopes: int, fewest: float) -> str:
    """Events per slope in words where they are too few; else empty."""
    if events >= fewest * slopes:
        return ""
    return f"{events} events for {slopes} {'slope' if slopes == 1 else 'slopes'}, {events / slopes:.1f} each"


def _firth(periods: pd.DataFrame, design: pd.DataFrame, score: str, level: float) -> Term:
    rows = informative(periods)
    columns = pd.concat([baseline(periods[rows]), design[rows]], axis=1)
    offset = np.log(periods.loc[rows, SPAN].to_numpy(float))
    return firth_odds(periods.loc[rows, EVENT].to_numpy(), columns, score, level, offset)


def _attempt(fit: Callable[[], Term], entries: dict[str, object], result: _Result) -> Term | None:
    """Adds the row of a fit, or that of its refusal."""
    try:
        fitted = fit()
    except UndefinedMetric as error:
        result.rows.append({**entries, "note": noted(entries["note"], error)})
        result.refusals.append(f"{entries['term']} of {entries['measure']} ({entries['adjustment']}): {error}")
        return None
    ratio = as_ratio(fitted)
    result.rows.append({**entries, **ratio._asdict()})
    return ratio


def _row(
    data: FollowUpStudy, cause: str, score: str, adjustment: str, term: str, periods: PersonPeriods, *,
    note: str = "", method: str = CLOGLOG,
) -> dict[str, object]:  # fmt: skip
    left = f"{periods.not_watched} patients not watched to the first planned visit" if periods.not_watched else ""
    specific = "cause-specific, who had another event first leaves at his visit" if cause != data.event else ""
    return data.row(
        outcome=cause, measure=score, adjustment=adjustment, term=term, method=method, unit=term.split(" per ")[0],
        n_visits=len(periods.table), n_patients=periods.patients, events=periods.events, note=noted(note, specific, left),
    )  # fmt: skip


def _too_few(data: FollowUpStudy, cause: str, few: str, fewest: float) -> str:
    return (
        f"{sentence(data.title(cause)).rstrip('.')} has {few} in the largest model, and {fewest:g} or more are wanted: its hazard ratios may "
        "be far off. Read Firth's estimates beside them, or adjust for less."
    )


def _words(data: FollowUpStudy, score: str, adjustment: str, ratio: Term, few: str) -> str:
    where = "without adjustment" if adjustment == "crude" else f"adjusted for {adjustment}"
    numbers = with_interval(ratio.estimate, ratio.lower, ratio.upper)
    return sentence(
        f"one SD more of {data.title(score)} multiplies the hazard of {data.outcome} between planned visits by {numbers}, {where} "
        f"({p_words(ratio.p)}{f'; {few}, not to be trusted' if few else ''})"
    )


def _forest(data: FollowUpStudy, estimates: pd.DataFrame, *, layout: Layout = Layout.PAGE) -> Drawing | None:
    shown = estimates[(estimates["term"] == HAZARD_RATIO) & (estimates["outcome"] == data.event)]
    order = list(dict.fromkeys(shown["adjustment"]))
    shown = shown.sort_values("adjustment", key=lambda names: names.map(order.index), kind="stable")
    lines = pd.DataFrame(
        {
            "label": shown["measure"].map(data.title), "measure": shown["measure"],
            "group": ["Without adjustment" if name == "crude" else f"Adjusted for {name}" for name in shown["adjustment"]],
        }
    ).join(shown[["estimate", "lower", "upper", "p"]])  # fmt: skip
    return estimates_forest(
        lines.reset_index(drop=True),
        ForestWords(
            f"prognosis_{data.event}",
            f"hazard ratio of {data.outcome} per SD",
            f"Hazard ratio of {data.outcome} at planned visits per SD of each score, with {data.level:.0%} intervals that are robust "
            "to patients' several rows. Right of 1 the event comes sooner.",
            "Forest plot of hazard ratios; the table beside it gives the same numbers.",
        ),
        reference=1.0,
        layout=layout,
    )
