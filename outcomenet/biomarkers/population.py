"""Who is analysed: flow of rows, missing data and their pattern, Table 1, and the score's distribution."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
import pandas as pd

from outcomenet.biomarkers.section import Section, estimates_frame, expect_columns, joined
from outcomenet.biomarkers.table_one import Characteristic, largest_difference, table_one_of
from outcomenet.csv_files import as_numbers
from outcomenet.pages.figures import GREY, PALE, Drawing, Layout, without_y_axis

INK = "#1b6ca8"
# With fewer rows a box of quartiles is drawn from too little; the points are shown alone.
FEWEST_FOR_BOX = 8
TERTILES = ("lowest", "middle", "highest")
MOST_PATTERNS = 12
MOST_PANELS = 3  # side by side on a page


def flow(steps: pd.DataFrame) -> Section:
    """Rows left after each step, from films to analysis, with the reasons.

    Args:
        steps: `step`, `n_visits`, `n_patients`, `reason` in their order (`analysis_rows.AnalysisRows.steps`).

    Example:
        >>> steps = pd.DataFrame({"step": ["read", "scored"], "n_visits": [5, 4], "n_patients": [3, 3], "reason": ["", "1 blurred"]})
        >>> flow(steps).estimates["estimate"].tolist()
        [5.0, 4.0]
    """
    rows = [
        {
            "section": "flow", "term": str(step), "estimate": float(visits), "n_visits": visits, "n_patients": patients, "unit": "visits",
            "method": "count", "note": reason,
        }
        for step, visits, patients, reason in steps[["step", "n_visits", "n_patients", "reason"]].itertuples(index=False)
    ]  # fmt: skip
    first, last = rows[0], rows[-1]
    sentence = (
        f"Of {first['n_visits']:,} visits of {first['n_patients']:,} patients, {last['n_visits']:,} visits of "
        f"{last['n_patients']:,} patients have all that the last step asks for ({last['term']})."
    )
    shown = steps.rename(
        columns={"step": "Step", "n_visits": "Visits", "n_patients": "Patients", "reason": "Left out before it"}
    )
    return Section(estimates_frame(rows), (sentence,), tables={"Flow": shown.astype(str)})


def missing_data(
    table: pd.DataFrame, columns: Sequence[str], *, patient: str = "patient_id", titles: Mapping[str, str] | None = None
) -> Section:
    """How often each column is missing, and which columns are missing together.

    Args:
        table: One row per patient and visit.
        columns: Columns that the analysis uses.
        patient: Column of the patient.
        titles: Columns in words.

    Returns:
        A row per column (share of rows missing), a table of patterns (which columns together), most frequent first.

    Example:
        >>> table = pd.DataFrame({"patient_id": ["a", "b"], "haq": [1.0, None]})
        >>> missing_data(table, ["haq"]).estimates[["term", "estimate"]].values.tolist()
        [['missing: haq', 0.5]]
    """
    expect_columns(table, patient, *columns)
    words = titles or {}
    absent = table[list(columns)].isna()
    rows = [
        {
            "section": "flow", "term": f"missing: {name}", "estimate": float(absent[name].mean()), "n_visits": int(absent[name].sum()),
            "n_patients": int(table.loc[absent[name], patient].nunique()), "unit": "share of rows", "method": "count",
        }
        for name in columns
    ]  # fmt: skip
    patterns = absent.value_counts()
    shown = pd.DataFrame(
        {
            "Missing together": [
                ", ".join(words.get(name, name) for name, gone in zip(columns, np.atleast_1d(key), strict=True) if gone)
                or "nothing"
                for key in patterns.index[:MOST_PATTERNS]
            ],
            "Rows": [f"{count:,}" for count in patterns.iloc[:MOST_PATTERNS]],
            "Share": [f"{count / len(table):.1%}" for count in patterns.iloc[:MOST_PATTERNS]],
        }
    )
    by_column = pd.DataFrame(
        {
            "Column": [words.get(name, name) for name in columns],
            "Missing": [f"{int(absent[name].sum()):,} of {len(table):,}" for name in columns],
            "Share": [f"{absent[name].mean():.1%}" for name in columns],
        }
    )
    whole = int((~absent.any(axis=1)).sum())
    sentence = f"{whole:,} of {len(table):,} rows ({whole / len(table):.0%}) know every column that the analysis uses."
    return Section(
        estimates_frame(rows), (sentence,), tables={"Missing data": by_column, "Patterns of missing data": shown}
    )


def tertile(values: pd.Series) -> pd.Series:
    """Third of each value: `lowest`, `middle`, `highest`; missing stays missing.

    Ties stay together, so that thirds can differ in size.

    Args:
        values: One number per patient, of which three or more differ.

    >>> tertile(pd.Series([1.0, 2, 3])).tolist()
    ['lowest', 'middle', 'highest']
    """
    share = values.rank(method="average", pct=True) - 0.5 / max(int(values.notna().sum()), 1)
    third = (share * 3).floordiv(1)
    return third.map(dict(enumerate(TERTILES)))


def table_one(
    table: pd.DataFrame,
    *,
    characteristics: Sequence[Characteristic],
    score: str,
    by: Mapping[str, str],
    patient: str = "patient_id",
    years: str = "",
) -> Section:
    """Table 1 of patients at their first visit, by tertile of the score and by further groups.

    Args:
        table: One row per patient and visit; a patient's first row in time is his baseline.
        characteristics: What is shown, with titles and units.
        score: Column of the biomarker, whose tertiles are groups.
        by: Further columns of groups (arm, hospital, split) and their titles.
        patient: Column of the patient.
        years: Column of time, by which the first visit is told; empty: rows are in order.

    Returns:
        A printed table for each grouping; in the estimates the largest absolute SMD of each characteristic.

    Example:
        >>> table = pd.DataFrame({"patient_id": list("abcdef"), "score": [0.1, 0.2, 0.5, 0.6, 0.8, 0.9], "age": [50.0, 52, 60, 61, 70, 73]})
        >>> section = table_one(table, characteristics=[Characteristic("age", "Age (years)", "number")], score="score", by={})
        >>> section.tables["Table 1 by tertile of the score"]["highest"].tolist()
        ['2', '71.5 (2.1)']
    """  # fmt: skip
    expect_columns(table, patient, score, *by)
    ordered = table.sort_values([patient, years]) if years and years in table else table
    first = ordered.drop_duplicates(patient, ignore_index=True)
    groupings = {"tertile of the score": tertile(first[score])} | {title: first[name] for name, title in by.items()}
    sections = []
    for title, groups in groupings.items():
        known = first.assign(_group=groups)[groups.notna()]
        if known["_group"].nunique() < 2:
            continue
        order = TERTILES if title == "tertile of the score" else ()
        made = largest_difference(table_one_of(known, characteristics, "_group", order))
        sections.append(Section(_differences(made, title, len(known)), tables={f"Table 1 by {title}": _printed(made)}))
    return joined(sections)


def _printed(made: pd.DataFrame) -> pd.DataFrame:
    """The index as a first column: a level stands behind its variable."""
    names = [
        f"{variable}: {level}" if str(level).strip() and level != "yes" else str(variable)
        for variable, level in made.index
    ]
    return (
        made.reset_index(drop=True)
        .set_axis(made.columns, axis=1)
        .assign(**{"Characteristic": names})[["Characteristic", *made.columns]]
    )


def _differences(made: pd.DataFrame, title: str, patients: int) -> pd.DataFrame:
    if "Largest SMD" not in made:
        return estimates_frame([])
    rows = []
    variables = made.index.get_level_values(0)
    for variable, cell in zip(variables, made["Largest SMD"], strict=True):
        number = as_numbers(pd.Series([str(cell).lstrip("<")]))[0]
        if str(cell).strip():
            rows.append(
                {
                    "section": "table_one",
                    "term": str(variable),
                    "adjustment": f"by {title}",
                    "estimate": number,
                    "n_patients": patients,
                    "unit": "SMD, largest of two groups",
                    "method": "Cohen's d; Yang & Dalton 2012 for proportions",
                    "note": "" if np.isfinite(number) else "no spread, or too few patients in a group",
                }  # fmt: skip
            )
    return estimates_frame(rows)


def distribution(
    table: pd.DataFrame,
    *,
    score: str,
    by: Mapping[str, str],
    patient: str = "patient_id",
    titles: Mapping[str, str] | None = None,
) -> Section:
    """The score's distribution in each class of outcome, in each hospital and of each negative control.

    Van Calster et al. (Lancet Digital Health 2025;7:100916) ask for the distribution in each outcome class beside every measure
    of performance.

    Args:
        table: One row per patient and visit.
        score: Column of the biomarker, higher is worse.
        by: Columns and titles; one with more than six numbers is cut into its thirds.
        patient: Column of the patient.
        titles: Columns in words.

    Returns:
        Median and quartiles of the score in each class; a figure with a panel per column.

    Example:
        >>> table = pd.DataFrame({"patient_id": list("abcd"), "score": [0.1, 0.2, 0.6, 0.8], "progressed": ["no", "no", "yes", "yes"]})
        >>> distribution(table, score="score", by={"progressed": "Progressed"}).estimates["estimate"].round(2).tolist()
        [0.15, 0.7]
    """
    expect_columns(table, patient, score, *by)
    rows, panels = [], {}
    for column, title in by.items():
        classes = _classes(table[column])
        panels[title] = panel = [(name, table.loc[classes == name]) for name in _in_order(classes)]
        rows += [_of_class(part, score, column, name, patient) for name, part in panel]
    words, names = (titles or {}).get(score, score), list(panels)
    parts = [names[at : at + MOST_PANELS] for at in range(0, len(names), MOST_PANELS)]
    draws = tuple(
        partial(_draw, {name: panels[name] for name in part}, score, words, f"score_distribution_{at + 1}")
        for at, part in enumerate(parts)
    )
    return Section(estimates_frame(rows), draws=draws)


def _classes(column: pd.Series) -> pd.Series:
    if pd.api.types.is_numeric_dtype(column) and column.nunique() > 6:
        return tertile(column).map(lambda third: third if pd.isna(third) else f"{third} third")
    return column.map(lambda cell: cell if pd.isna(cell) else f"{cell:g}" if isinstance(cell, float) else str(cell))


def _in_order(classes: pd.Series) -> list[str]:
    thirds = [f"{third} third" for third in TERTILES]
    there = set(classes.dropna())
    return [third for third in thirds if third in there] if there <= set(thirds) else sorted(there)


def _of_class(part: pd.DataFrame, score: str, column: str, name: str, patient: str) -> dict[str, object]:
    values = part[score].dropna()
    lower, middle, upper = np.quantile(values, [0.25, 0.5, 0.75]) if len(values) else (np.nan,) * 3
    return {
        "section": "discrimination", "outcome": column, "measure": score, "term": f"median where {column} is {name}", "estimate": middle,
        "lower": lower, "upper": upper, "n_visits": len(values), "n_patients": int(part.loc[values.index, patient].nunique()),
        "unit": f"unit of {score}", "method": "median with quartiles", "note": "bounds are quartiles, no interval of the median",
    }  # fmt: skip


def _draw(
    panels: Mapping[str, list[tuple[str, pd.DataFrame]]], score: str, words: str, name: str, *, layout: Layout
) -> Drawing | None:
    if not panels:
        return None
    most = max(len(panel) for panel in panels.values())
    figure, axes = layout.panels(len(panels), 1.1 + 0.38 * most, sharex=layout is Layout.PHONE)
    for axis, (title, panel) in zip(axes, panels.items(), strict=True):
        for y, (_, part) in enumerate(panel):
            values = part[score].dropna().to_numpy()
            shown = np.random.default_rng(y).permutation(values)[
                :400
            ]  # more points hide each other and make the file large
            jitter = np.random.default_rng(y + 1).uniform(-0.22, 0.22, len(shown))
            axis.plot(shown, y + jitter, ".", color=INK, alpha=0.25, markersize=3, zorder=2, rasterized=True)
            if len(values) >= FEWEST_FOR_BOX:
                lower, middle, upper = np.quantile(values, [0.25, 0.5, 0.75])
                axis.plot([lower, upper], [y, y], color=GREY, linewidth=6, alpha=0.6, solid_capstyle="butt", zorder=3)
                axis.plot(middle, y, "|", color="#111111", markersize=12, markeredgewidth=2, zorder=4)
        axis.set_yticks(
            range(len(panel)), [layout.wrapped(f"{name} ({len(part):,})") for name, part in panel], fontsize=8.5
        )
        axis.set_ylim(len(panel) - 0.5, -0.5)
        axis.set_title(layout.wrapped(title, 34), fontsize=9.5)
        axis.set_xlabel(words)
        axis.grid(axis="x", color=PALE, linewidth=0.7)
        axis.locator_params(axis="x", nbins=4)
        without_y_axis(axis)
    data = pd.concat(
        [part[[score]].assign(panel=title, group=name) for title, panel in panels.items() for name, part in panel],
        ignore_index=True,
    )
    return Drawing(
        name,
        figure,
        data,
        f"{words} in each class: a point per visit (at most 400 are drawn), quartiles in grey, the median as a bar; number of visits in brackets.",
        "Distribution of the score by class of outcome, hospital and negative control; the table beside it has medians and quartiles.",
    )
