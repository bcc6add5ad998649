"""What the score and the human total see of change, in words and as a table."""

from __future__ import annotations

import math

import pandas as pd

from outcomenet.reports.numbers import count, counted, decimal, interval, signed, with_interval
from outcomenet.reports.tables import Row, Table

_MEASURES = {"score": "Score of the films", "human_total": "Human total score"}
_STATISTICS = {
    "mean_change": "Mean change", "sd_change": "SD of the change", "srm": "Standardised response mean (SRM)",
    "srm_difference": "SRM, score minus human", "sdc": "Smallest detectable change (SDC, 95 %)",
    "sdc_in_sd": "SDC in SDs of the change", "icc_a1": "ICC(2,1) of status", "icc_a1_change": "ICC(2,1) of the change",
    "n_per_arm_80": "Patients per arm, power 80 %", "n_per_arm_90": "Patients per arm, power 90 %",
    "correlation": "Correlation of the change with that of",
    "rank_correlation": "Rank correlation of the change with that of",
}  # fmt: skip
NOT_FOR_CHANGE = "The score cannot be used as an outcome of change."


def not_for_change(table: pd.DataFrame | None) -> str:
    """Why, with both measures' numbers on the same patients where the run has them."""
    why = "It was learned to tell state, and activity of today moves it as well as damage."
    if table is None:
        return f"{why} How it sees change was not computed in this run."
    rows = {(row.measure, row.statistic): row for row in table.itertuples()}
    score, human = (rows[name, "srm"] for name in ("score", "human_total"))
    size, other = (rows[name, "n_per_arm_80"].value for name in ("score", "human_total"))
    with_what = "".join(
        f" Its change went with that of {row.against} at {signed(row.value, 2)} (correlation)."
        for row in table[(table["measure"] == "score") & (table["statistic"] == "correlation")].itertuples()
    )
    return (
        f"{why} On {counted(score.patients, 'held-out patient')} seen twice a year apart its standardised response mean "
        f"was {decimal(score.value, 2)} ({interval(score.lower, score.upper, 2)}), that of the human total "
        f"{decimal(human.value, 2)} ({interval(human.lower, human.upper, 2)}). A trial of a treatment that halves the "
        f"mean change needs {_patients(size)} per arm with the score and {_patients(other)} with the human total "
        f"(two-sided t test at 5 %, power 80 %).{with_what}"
    )


def score_change_table(frame: pd.DataFrame) -> Table:
    """One row per statistic, both measures side by side."""
    rows = []
    for (statistic, against), part in frame.groupby(["statistic", "against"], sort=False):
        title = _STATISTICS.get(statistic, statistic)
        by_measure = {row.measure: _value(row) for row in part.itertuples()}
        label = f"{title} {against}" if statistic.endswith("correlation") else title
        cells = [by_measure.get(name, "not computed") for name in _MEASURES]
        rows.append(Row([label, *cells] if statistic != "srm_difference" else [title, cells[0], ""]))
    return Table(
        f"Change between two visits a year apart, {counted(frame['patients'].max(), 'held-out patient')} with both measures, "
        "each in its own unit. What repeated readings are, and what a trial is taken to be, stands in score_change.csv.",
        ["Statistic", *_MEASURES.values()],
        rows,
        words=(0,),
    )


def _value(row) -> str:
    if row.statistic.startswith("n_per_arm"):
        return f"{_patients(row.value, '')} ({_patients(row.lower, '')} to {_patients(row.upper, '')})"
    if math.isnan(row.lower):
        return decimal(row.value, 2)
    return with_interval(row.value, row.lower, row.upper, 2)


def _patients(number: float, noun: str = " patients") -> str:
    return f"{count(number)}{noun}" if math.isfinite(number) else "no number of patients" if noun else "no number"
