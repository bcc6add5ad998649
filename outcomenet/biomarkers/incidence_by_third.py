"""Cumulative incidence at planned visits in each third of a score, with the numbers at risk at each visit."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from outcomenet.biomarkers.follow_up_study import CENSORED, FollowUpStudy
from outcomenet.biomarkers.number_words import sentence, with_interval
from outcomenet.biomarkers.population import TERTILES, tertile
from outcomenet.biomarkers.resampled import noted, over_resamples, paired_difference
from outcomenet.biomarkers.section import Draw, Section, estimates_frame
from outcomenet.errors import UndefinedMetric
from outcomenet.metrics.incidence import incidence_at_visits, weighted_incidence
from outcomenet.outcomes import DAYS_PER_YEAR
from outcomenet.pages.figures import PALE, Drawing, Layout

COLOURS = {"lowest": "#56B4E9", "middle": "#009E73", "highest": "#D55E00"}
LINES = {"lowest": ":", "middle": "--", "highest": "-"}
METHOD = "nonparametric maximum likelihood at planned visits, other events compete; patients resampled"
DIFFERENCE = "difference of cumulative incidence, highest minus lowest third"


def incidence_by_third(data: FollowUpStudy, *, resamples: int, seed: int) -> Section:
    """Cumulative incidence of the event at each planned visit by third of each score.

    Death and operations, where they come first, end the chance of the event (Aalen-Johansen in planned visits). The number at
    risk at a visit is that of patients without any event before it who are watched at it, those whose event it shows and
    those who had another one since the visit before included.

    Args:
        data: The patients.
        resamples: Bootstrap resamples of patients.
        seed: Of the resamples.

    Returns:
        Rows of section "incidence": the incidence and the number at risk at each visit, and the difference of the outer thirds
        at the horizon's visit; a figure and a table for each score.
    """
    rows, sentences, refusals, draws, tables = [], [], [], [], {}
    for score in data.scores:
        thirds = tertile(data.table[score]).to_numpy()
        curves: dict[str, pd.DataFrame] = {}
        for third in TERTILES:
            table = data.table[thirds == third]
            try:
                curves[third] = _curve(data, table, resamples, seed)
            except UndefinedMetric as error:
                refusals.append(f"Incidence in the {third} third of {data.title(score)}: {error}")
        rows += [row for third, curve in curves.items() for row in _rows(data, score, third, curve)]
        difference = _difference(data, score, thirds, resamples, seed)
        rows.append(difference)
        if curves:
            sentences.append(_words(data, score, curves, difference))
            draws.append(_drawer(data, score, curves))
            tables[f"{data.title(data.event)} by third of {data.title(score)}".capitalize()] = _printed(curves)
    return Section(estimates_frame(rows), tuple(sentences), tuple(draws), tables, tuple(refusals))


def _curve(data: FollowUpStudy, table: pd.DataFrame, resamples: int, seed: int) -> pd.DataFrame:
    """A row per planned visit from 0, where all are at risk and nobody has had the event."""
    if table.empty:
        raise UndefinedMetric("nobody is in it.")
    found = incidence_at_visits(
        table, cause=data.event, every_days=data.every_days, resamples=resamples, seed=seed, level=data.level
    )
    start = {
        "visit": 0,
        "day": 0.0,
        "watched": len(table),
        "events": 0,
        "incidence": 0.0,
        "lower": 0.0,
        "upper": 0.0,
        "note": "",
    }
    curve = pd.concat([pd.DataFrame([start]), found], ignore_index=True)
    return curve.assign(patients=len(table), other=_others(data, table, len(curve)))


def _others(data: FollowUpStudy, table: pd.DataFrame, visits: int) -> list[int]:
    """How many had another event first by each visit."""
    competes = ~table["cause"].isin([data.event, CENSORED]).to_numpy()
    at = data.visits.last[table.index]
    return [int((competes & (at == visit)).sum()) for visit in range(visits)]


def _rows(data: FollowUpStudy, score: str, third: str, curve: pd.DataFrame) -> list[dict[str, object]]:
    entry = partial(data.row, section="incidence", measure=score, adjustment=f"{third} third")
    rows = []
    for line in curve.to_dict("records"):
        counts = {"n_patients": line["patients"], "n_visits": line["watched"], "events": line["events"]}
        rows.append(
            entry(
                term=f"at risk at visit {line['visit']}",
                estimate=float(line["watched"]),
                unit="patients",
                method="count",
                **counts,
            )
        )
        if line["visit"]:
            rows.append(
                entry(
                    term=f"cumulative incidence at visit {line['visit']}",
                    estimate=line["incidence"],
                    lower=line["lower"],
                    upper=line["upper"],
                    unit="share of patients",
                    method=METHOD,
                    note=line["note"],
                    **counts,
                )  # fmt: skip
            )
    return rows


def _difference(data: FollowUpStudy, score: str, thirds: np.ndarray, resamples: int, seed: int) -> dict[str, object]:
    high, low = ((thirds == third).astype(float) for third in (TERTILES[-1], TERTILES[0]))
    visit = data.horizon_visit

    def statistic(weights: np.ndarray) -> np.ndarray:
        return weighted_incidence(data.visits, weights * high, visit) - weighted_incidence(
            data.visits, weights * low, visit
        )

    values = paired_difference(
        over_resamples(statistic, data.population.patients, resamples=resamples, seed=seed), data.level
    )
    # which way is better is not asked here: the note keeps the Monte Carlo error alone
    note = str(values.pop("note")).split("; ")[-1] if np.isfinite(float(str(values["lower"]))) else ""
    few = (
        ""
        if np.isfinite(float(str(values["estimate"])))
        else "under a tenth of a third is watched at the horizon's visit"
    )
    return data.row(
        section="incidence", measure=score, term=f"{DIFFERENCE} at visit {visit}", unit="share of patients", method=METHOD,
        events=int((data.table["cause"] == data.event).sum()), **{**values, "note": noted(few, note)},
    )  # fmt: skip


def _words(
    data: FollowUpStudy, score: str, curves: Mapping[str, pd.DataFrame], difference: Mapping[str, object]
) -> str:
    visit = data.horizon_visit
    parts = []
    for third, curve in curves.items():
        if visit < len(curve) and np.isfinite(curve["incidence"][visit]):
            numbers = curve[["incidence", "lower", "upper"]].to_numpy(float)[visit]
            parts.append(f"{with_interval(*map(float, numbers))} in the {third} third")
    if not parts:
        return sentence(
            f"the incidence of {data.outcome} by thirds of {data.title(score)} is not defined at visit {visit}"
        )
    numbers = with_interval(*(float(str(difference[key])) for key in ("estimate", "lower", "upper")))
    return sentence(
        f"by planned visit {visit} the share with {data.outcome} is {', '.join(parts)} of {data.title(score)}; highest minus lowest "
        f"{numbers}"
    )


def _printed(curves: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    lines = [
        {
            "Third": third, "Visit": str(line["visit"]), "At risk": f"{line['watched']:,}", "Events": f"{line['events']:,}",
            "Other events": f"{line['other']:,}", "Incidence": with_interval(line["incidence"], line["lower"], line["upper"]),
        }
        for third, curve in curves.items()
        for line in curve.to_dict("records")
        if line["visit"]
    ]  # fmt: skip
    return pd.DataFrame(lines)


def _drawer(data: FollowUpStudy, score: str, curves: Mapping[str, pd.DataFrame]) -> Draw:
    return partial(_draw, data, score, curves)


def _draw(
    data: FollowUpStudy, score: str, curves: Mapping[str, pd.DataFrame], *, layout: Layout = Layout.PAGE
) -> Drawing | None:
    """Steps above, numbers at risk below, all placed in inches so that nothing can run into anything."""
    page = layout is Layout.PAGE
    width, left, right = layout.value, 1.15 if page else 0.95, 0.3
    table_height, panel = 0.3 + 0.2 * len(curves), 3.0 if page else 2.5
    height = 0.35 + panel + 0.55 + table_height
    figure = Figure(figsize=(width, height))
    axis = figure.add_axes((left / width, (0.55 + table_height) / height, 1 - (left + right) / width, panel / height))
    below = figure.add_axes((left / width, 0.02 / height, 1 - (left + right) / width, table_height / height))
    last = max(int(curve.loc[curve["incidence"].notna(), "visit"].max()) for curve in curves.values())
    years = data.every_days / DAYS_PER_YEAR
    shown = range(0, last + 1, last // (12 if page else 6) + 1)  # more numbers would run into each other
    for place, (third, curve) in enumerate(curves.items()):
        known = curve[curve["incidence"].notna()]
        _steps(axis, known, years, third)
        _at_risk(below, curve[curve["visit"].isin(shown)], years, third, place)
    _finish(axis, below, shown, last, years, len(curves))
    axis.set_ylabel(layout.wrapped(f"share with {data.outcome}", 24))
    lines = pd.concat([curve.assign(third=third) for third, curve in curves.items()], ignore_index=True)
    return Drawing(
        f"incidence_{data.event}_{score}",
        figure,
        lines,
        f"Cumulative incidence of {data.outcome} at planned visits by third of {data.title(score)}, with {data.level:.0%} intervals "
        "from resampling patients; death and operations compete. Below: patients at risk at each visit.",
        f"Steps of cumulative incidence by third of {data.title(score)}; the table beside it gives the same numbers.",
    )


def _steps(axis: Axes, curve: pd.DataFrame, years: float, third: str) -> None:
    time = np.append(curve["visit"] * years, (curve["visit"].iloc[-1] + 0.25) * years)
    extended = {name: np.append(curve[name], curve[name].iloc[-1]) for name in ("incidence", "lower", "upper")}
    axis.step(
        time,
        extended["incidence"],
        where="post",
        color=COLOURS[third],
        linestyle=LINES[third],
        linewidth=2,
        label=f"{third} third",
    )
    axis.fill_between(
        time, extended["lower"], extended["upper"], step="post", color=COLOURS[third], alpha=0.15, linewidth=0
    )


def _at_risk(axis: Axes, curve: pd.DataFrame, years: float, third: str, place: int) -> None:
    for line in curve.to_dict("records"):
        axis.text(line["visit"] * years, place + 1, f"{line['watched']:,}", ha="center", va="center", fontsize=8.5)
    _beside(axis, place + 1, third, color=COLOURS[third], fontweight="bold")


def _beside(axis: Axes, y: float, text: str, color: str = "#333333", fontweight: str = "normal") -> None:
    """A label left of the panel, as far from it on a phone as on a page."""
    axis.annotate(
        text, (0, y), (-20, 0), xycoords=axis.get_yaxis_transform(), textcoords="offset points", ha="right", va="center",
        fontsize=8.5, annotation_clip=False, color=color, fontweight=fontweight,
    )  # fmt: skip


def _finish(axis: Axes, below: Axes, shown: range, last: int, years: float, thirds: int) -> None:
    ends = (-0.06 * years * max(last, 1), (last + 0.3) * years)
    for one in (axis, below):
        one.set_xlim(*ends)
    axis.set_xticks([visit * years for visit in shown], [f"{visit * years:.2g}" for visit in shown])
    axis.set_ylim(bottom=0.0)
    axis.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    axis.set_xlabel("years since the first film (planned visits)")
    axis.legend(loc="upper left", fontsize=8.5)
    axis.grid(axis="y", color=PALE, linewidth=0.7)
    below.set_ylim(thirds + 0.6, -0.5)
    _beside(below, 0, "at risk")
    below.axis("off")
