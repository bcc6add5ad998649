"""Change between two films as the score and the human total see it, in words and as tables."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd

from outcomenet.outcomes import OUTCOMES
from outcomenet.pages.page import Row, Table
from outcomenet.predictors import HUMAN_TOTAL, predictor
from outcomenet.reports.numbers import NOT_DEFINED, count, counted, decimal, signed, with_interval
from outcomenet.reports.rows import ChangeStatistic, PairStatistic
from outcomenet.typed_rows import typed_rows

SCORE = "score"
# Measures of score_change.csv in the order of the table; runs whose network tells no joint states lack the middle two.
_OF_JOINTS = {
    "damage_change": "Change of damage, joints weighted by the outcome",
    "joint_change": "Change of bone and cartilage lost, all joints alike",
}
_MEASURES = {SCORE: "Score of the films", **_OF_JOINTS, HUMAN_TOTAL: predictor(HUMAN_TOTAL).title}
_STATISTICS = {
    "mean_change": "Mean change", "sd_change": "SD of the change", "srm": "Standardised response mean (SRM)",
    "srm_difference": "SRM, measure minus human", "sdc": "Smallest detectable change (SDC, 95 %)",
    "sdc_in_sd": "SDC in SDs of the change", "icc_a1": "ICC(2,1) of status", "icc_a1_change": "ICC(2,1) of the change",
    "arm_difference_in_sd": "Difference between the trial's arms, SDs",
    "n_per_arm_of_trial_80": "Patients per arm of this trial, power 80 %",
    "n_per_arm_of_trial_90": "Patients per arm of this trial, power 90 %",
    "n_per_arm_ratio": "Patients per arm, measure over human", "scale": "Scale of the sum",
    "n_per_arm_80": "Patients per arm, power 80 %", "n_per_arm_90": "Patients per arm, power 90 %",
    "correlation": "Correlation of the change with that of",
    "rank_correlation": "Rank correlation of the change with that of",
}  # fmt: skip
TRUE_ACTIVITY = "true activity"  # as score_change.csv names it where patients were simulated
_DIFFERENCE = "_difference"
NOT_FOR_CHANGE = "The score cannot be used as an outcome of change."


def not_for_change(table: pd.DataFrame | None) -> str:
    """Why, with both measures' numbers on the same patients where the run has them."""
    why = f"It was learned to tell state, and activity of today {_moves(table)} it as well as damage."
    if table is None:
        return f"{why} How it sees change was not computed in this run."
    rows = typed_rows(table, ChangeStatistic)
    by_statistic = {(row.measure, row.statistic): row for row in rows}
    score, human = (by_statistic[name, "srm"] for name in (SCORE, HUMAN_TOTAL))
    return (
        f"{why} On {counted(score.patients, 'held-out patient')} seen twice a year apart its standardised response mean "
        f"was {with_interval(score.value, score.lower, score.upper, 2)}, that of the human total "
        f"{with_interval(human.value, human.lower, human.upper, 2)}. {_trial(by_statistic)}{_goes_with(rows, SCORE)}"
    )


def change_in_words(table: pd.DataFrame) -> list[str]:
    """Whether the films show change, a paragraph for each way of reading them, also where people see more.

    Args:
        table: score_change.csv.
    """
    rows = typed_rows(table, ChangeStatistic)
    by_statistic = {(row.measure, row.statistic): row for row in rows}
    paragraphs = [f"{NOT_FOR_CHANGE} {not_for_change(table)}"]
    for name, title in _OF_JOINTS.items():
        if (name, "srm") in by_statistic:
            paragraphs.append(f"{title}: {_against_human(by_statistic, name)}{_goes_with(rows, name)}")
    return paragraphs


def _goes_with(rows: Sequence[ChangeStatistic], measure: str) -> str:
    """What a measure's change went with: response alone does not tell damage from disease activity."""
    told = [
        f"{row.against} at {signed(row.value, 2)}"
        for row in rows
        if (row.measure, row.statistic) == (measure, "correlation")
    ]
    return f" Its change went with that of {', '.join(told)} (correlation)." if told else ""


def _against_human(by_statistic: dict[tuple[str, str], ChangeStatistic], name: str) -> str:
    """A measure's response and number of patients beside the human total's, on the same patients."""
    srm, human = by_statistic[name, "srm"], by_statistic[HUMAN_TOTAL, "srm"]
    sentences = [
        f"standardised response mean {with_interval(srm.value, srm.lower, srm.upper, 2)}, of the human total "
        f"{with_interval(human.value, human.lower, human.upper, 2)}."
    ]
    ratio = by_statistic.get((name, "n_per_arm_ratio"))
    if ratio is not None and math.isfinite(ratio.value):
        sentences.append(
            f"This trial would need {with_interval(ratio.value, ratio.lower, ratio.upper, 2)} times the patients per arm "
            f"that it needs with the human total: {_fewer_or_more(ratio)}."
        )
    elif (difference := by_statistic.get((name, "srm_difference"))) is not None and math.isfinite(difference.value):
        seen = "no difference can be told" if _holds(difference, 0.0) else "more" if difference.value > 0 else "less"
        sentences.append(
            f"Beside the human total it sees {seen}."
            if seen != "no difference can be told"
            else f"Between the two {seen}."
        )
    return " ".join(sentences)


def _fewer_or_more(ratio: ChangeStatistic) -> str:
    if _holds(ratio, 1.0):
        return "whether fewer or more cannot be told from so few"
    return "fewer" if ratio.value < 1 else "more"


def _holds(row: ChangeStatistic, value: float) -> bool:
    """Whether an interval holds a value, or there is none."""
    return not (row.lower > value or row.upper < value)


def _moves(table: pd.DataFrame | None) -> str:
    """Whether activity moves the score is known only where the patients' true activity is."""
    if table is None:
        return "may move"
    with_activity = table[
        (table["measure"] == "score") & (table["statistic"] == "correlation") & (table["against"] == TRUE_ACTIVITY)
    ]
    return "moves" if (with_activity["lower"] > 0).any() else "may move"


def _trial(by_statistic: dict[tuple[str, str], ChangeStatistic]) -> str:
    """How many patients a trial needs with either measure; of one without a response mean that there is no number."""
    needed, unknown = [], []
    for name, title in ((SCORE, "the score"), (HUMAN_TOTAL, "the human total")):
        if math.isnan(by_statistic[name, "srm"].value):
            unknown.append(
                f"No number of patients per arm can be given for {title}, whose response mean is not defined."
            )
        else:
            size = by_statistic[name, "n_per_arm_80"].value
            patients = f"{count(size)} patients" if math.isfinite(size) else "more patients than any number"
            needed.append(f"{patients} per arm with {title}")
    trial = f"A trial of a treatment that halves the mean change needs {' and '.join(needed)} (two-sided t test at 5 %, power 80 %)."
    return " ".join([trial] * bool(needed) + unknown)


def score_change_table(frame: pd.DataFrame) -> Table:
    """One row per statistic, the measures side by side."""
    there = {name: title for name, title in _MEASURES.items() if (frame["measure"] == name).any()}
    rows = []
    for keys, part in frame[frame["statistic"] != "scale"].groupby(["statistic", "against"], sort=False):
        statistic, against = map(str, keys)
        title = _STATISTICS.get(statistic, statistic)
        by_measure = {row.measure: _value(row) for row in typed_rows(part, ChangeStatistic)}
        label = f"{title} {against}" if statistic.endswith("correlation") else title
        # compared with the human total itself, which has no such number
        without = "" if against == HUMAN_TOTAL else "not computed"
        rows.append(Row([label, *(by_measure.get(name, without) for name in there)]))
    return Table(
        f"Change between two visits a year apart, {counted(frame['patients'].max(), 'held-out patient')} with every measure, "
        "each in its own unit. What repeated readings are, and what a trial is taken to be, stands in score_change.csv.",
        ["Statistic", *there.values()],
        rows,
        words=(0,),
    )


def _value(row: ChangeStatistic) -> str:
    if row.statistic.startswith("n_per_arm") and row.statistic != "n_per_arm_ratio":
        return _patients_needed(row)
    if math.isnan(row.lower):
        return decimal(row.value, 2)
    return with_interval(row.value, row.lower, row.upper, 2)


def _patients_needed(row: ChangeStatistic) -> str:
    """`7 024 (856 to more than any number)`: an SRM whose interval holds 0 sets no limit."""
    value, lower, upper = (
        count(n) if math.isfinite(n) else NOT_DEFINED if math.isnan(n) else "more than any number"
        for n in (row.value, row.lower, row.upper)
    )
    return NOT_DEFINED if math.isnan(row.value) else value if lower == upper else f"{value} ({lower} to {upper})"


def seen_change(responsiveness: pd.DataFrame) -> Table:
    """One row per measure and statistic; beside it the difference to the human change on the same pairs."""
    frame = responsiveness.fillna({"against": ""})
    differences = frame[frame["statistic"].str.endswith(_DIFFERENCE)]
    # differences stand in rows of their own; the table shows them beside the value
    keyed = {
        (row.measure, row.statistic.removesuffix(_DIFFERENCE), row.against): row
        for row in typed_rows(differences, PairStatistic)
    }
    rows = []
    for row in typed_rows(frame[~frame["statistic"].str.endswith(_DIFFERENCE)], PairStatistic):
        other = keyed.get((row.measure, row.statistic, row.against))
        rows.append(
            Row(
                [
                    _measure(row.measure),
                    _statistic(row.statistic, row.against),
                    with_interval(row.value, row.lower, row.upper, 2),
                    "" if other is None else with_interval(other.value, other.lower, other.upper, 2),
                    count(row.n),
                ]
            )
        )
    return Table(
        "How well each measure's yearly change is seen on the held-out pairs of films. The standardised response mean is "
        "mean over SD of the change: further from 0 means fewer patients in a trial.",
        ["Measure", "Statistic", "Value (95 % interval)", "Minus human change (95 % interval)", "n"],
        rows,
        words=(0, 1),
    )


def _measure(name: str) -> str:
    """`direct_adjusted (haq_change)` is the film's change as the network trained on that outcome gives it."""
    measured_by, _, outcome = name.removesuffix(")").partition(" (")
    return f"{predictor(measured_by).title}, for {OUTCOMES[outcome].title}" if outcome else "Change of the human total"


def _statistic(name: str, against: str) -> str:
    if name == "srm":
        return "Standardised response mean"
    title = OUTCOMES[against].title if against in OUTCOMES else against
    return f"Rank correlation with {title}"
