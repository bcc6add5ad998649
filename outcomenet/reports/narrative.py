"""The report's answer in sentences: the outcome-direct measure against the human score on these patients."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from outcomenet.metrics.verdict import Verdict
from outcomenet.outcomes import HAQ_TODAY, outcome
from outcomenet.predictors import DIRECT_ADJUSTED, FAIR_RIVALS, HUMAN_TOTAL, ORACLE, in_ladder_order, predictor
from outcomenet.reports.measures import (
    R_SQUARED,
    digits_of,
    measure,
    outcome_phrase,
    verdict_on,
)
from outcomenet.reports.numbers import count, counted, decimal, interval, listed, signed
from outcomenet.reports.rows import Comparison, MetricValue
from outcomenet.reports.run_folder import RunFolder
from outcomenet.typed_rows import typed_rows


@dataclass(frozen=True)
class Answer:
    """`headline` is the verdict on the run's main outcome, `paragraph` the numbers behind it, `against` what did not hold and
    stands in the same box, `beside` what else bears on it."""

    verdict: Verdict
    headline: str
    paragraph: str
    against: list[str]
    beside: list[str]


HEADLINES = {
    Verdict.BETTER: "On these patients the outcome-direct measure told more about {what} than the human score.",
    Verdict.WORSE: "On these patients the outcome-direct measure told less about {what} than the human score.",
    Verdict.BORDERLINE: (
        "Borderline: whether the outcome-direct measure told more about {what} than the human score hangs on which "
        "resamples were drawn."
    ),
    Verdict.UNDECIDED: (
        "On these patients no difference was shown between the outcome-direct measure and the human score in what they "
        "tell about {what}."
    ),
    Verdict.ABSENT: "This run cannot say whether an outcome-direct measure beats the human score.",
}


def answer(folder: RunFolder) -> Answer:
    """The verdict on the main outcome (see `outcomes.main_outcome`) first, then the others, then the comparisons that tell
    where a gain comes from."""
    name = folder.main_outcome
    metric = outcome(name).headline_metric
    main = paired(folder.comparisons, name, metric, DIRECT_ADJUSTED, HUMAN_TOTAL)
    reading = Verdict.ABSENT if main is None else verdict_on(main)
    headline = HEADLINES[reading].format(what=_headline_phrase(name))
    if main is None or reading is Verdict.ABSENT:
        return Answer(reading, headline, _why_absent(folder, name, main), _audits_against(folder), [])
    sentences = [
        _who(folder),
        difference_sentence(folder.metrics, main),
        _how_sure_the_bounds_are(main),
        _what_the_interval_allows(main, reading),
        _worse_than_average(folder.metrics, name),
    ]
    beside = [*_other_outcomes(folder, name), *_where_from(folder, name)]
    against = [*_rivals_against(folder, name), *_error_against(folder, name), *_audits_against(folder)]
    return Answer(reading, headline, " ".join(filter(None, sentences)), against, beside)


def _headline_phrase(name: str) -> str:
    return "function (HAQ-DI)" if name in HAQ_TODAY else outcome_phrase(name)


def paired(
    comparisons: pd.DataFrame, outcome_name: str, metric: str, predictor: str, reference: str
) -> Comparison | None:
    """One row of comparisons.csv, at the outcome's declared horizon where there are several; None if there is none.

    Args:
        comparisons: comparisons.csv.
        outcome_name: the outcome.
        metric: name of the metric.
        predictor: the first.
        reference: the second.
    """
    rows = comparisons[
        (comparisons["outcome"] == outcome_name)
        & (comparisons["metric"] == metric)
        & (comparisons["predictor"] == predictor)
        & (comparisons["reference"] == reference)
    ]
    return next(iter(typed_rows(at_declared_horizon(rows, outcome_name), Comparison)), None)


def reached(metrics: pd.DataFrame, outcome_name: str, metric: str, predictor: str) -> MetricValue | None:
    """One row of metrics.csv over all held-out patients; None if there is none.

    Args:
        metrics: metrics.csv.
        outcome_name: the outcome.
        metric: name of the metric.
        predictor: the predictor.
    """
    rows = metrics[
        (metrics["outcome"] == outcome_name)
        & (metrics["metric"] == metric)
        & (metrics["predictor"] == predictor)
        & (metrics["subgroup"] == "all")
    ]
    return next(iter(typed_rows(at_declared_horizon(rows, outcome_name), MetricValue)), None)


def at_declared_horizon(rows: pd.DataFrame, outcome_name: str) -> pd.DataFrame:
    """Rows at the horizon that an outcome declares.

    Args:
        rows: of metrics.csv or comparisons.csv, all of one outcome.
        outcome_name: the outcome.

    Returns:
        All rows where none is at that horizon: a run may have been judged at another one.
    """
    declared = rows[rows["horizon"] == outcome(outcome_name).horizon_days]
    return rows if declared.empty else declared


def difference_sentence(metrics: pd.DataFrame, row: Comparison) -> str:
    """A paired difference in words: which did better, if any, both values, the difference and its interval.

    Args:
        metrics: metrics.csv.
        row: of comparisons.csv.
    """
    spec, words = outcome(row.outcome), measure(row.metric)
    digits = digits_of(row.metric, row.outcome) + 1
    first = reached(metrics, row.outcome, row.metric, row.predictor)
    other = reached(metrics, row.outcome, row.metric, row.reference)
    names = f"{predictor(row.predictor).phrase} and {predictor(row.reference).phrase}"
    values = ""
    if first is not None and other is not None:
        values = f" ({words.title} {decimal(first.value, digits)} and {decimal(other.value, digits)})"
    ends = interval(row.lower, row.upper, digits)
    gap = f"{signed(row.difference, digits)}, 95\N{NO-BREAK SPACE}% interval {ends}"
    outcome_words = outcome_phrase(row.outcome)
    reading = verdict_on(row)
    if reading in (Verdict.UNDECIDED, Verdict.BORDERLINE):
        shown = "no difference was shown" if reading is Verdict.UNDECIDED else "a difference is borderline"
        return f"For {outcome_words}, {shown} between {names}{values}: the difference in {words.title} was {gap}."
    if reading is Verdict.ABSENT:
        return f"For {outcome_words}, the difference in {words.title} between {names} is not defined on these patients."
    verb = "did better than" if reading is Verdict.BETTER else "did worse than"
    what = spec.kind.deed
    return (
        f"{_capitalised(predictor(row.predictor).phrase)} {verb} {predictor(row.reference).phrase} {what} {outcome_words}"
        f"{values}: difference in {words.title} {gap}."
    )


def _who(folder: RunFolder) -> str:
    held_out = folder.held_out
    kind = {True: "simulated ", False: "", None: ""}[folder.simulated]
    patients = counted(held_out["patient_id"].nunique(), f"held-out {kind}patient")
    visits = counted(len(held_out[["patient_id", "visit_id"]].drop_duplicates()), "visit")
    return f"The comparison rests on {patients} ({visits}), none of whom the models had seen."


def _how_sure_the_bounds_are(row: Comparison) -> str:
    digits = digits_of(row.metric, row.outcome) + 2
    bounds = ("lower", row.lower, row.lower_margin), ("upper", row.upper, row.upper_margin)
    nearest, bound, margin = min(bounds, key=lambda end: abs(end[1]))
    return (
        f"With other resamples of the same patients the {nearest} bound would move by up to "
        f"{decimal(margin, digits)} (Monte Carlo error of {count(row.resamples)} resamples, "
        f"95\N{NO-BREAK SPACE}% certainty; the bound is {signed(bound, digits)})."
    )


def _rivals_against(folder: RunFolder, name: str) -> list[str]:
    """Fair rivals that the outcome-direct measure was not shown to beat."""
    sentences = []
    for reference in FAIR_RIVALS:
        row = paired(folder.comparisons, name, outcome(name).headline_metric, DIRECT_ADJUSTED, reference)
        if row is not None and verdict_on(row) is not Verdict.BETTER:
            sentences.append(_not_shown(row))
    return sentences


def _error_against(folder: RunFolder, name: str) -> list[str]:
    """The same contrast in the error's own unit: who ranks better may still be as far off."""
    error = outcome(name).kind.error_metric
    row = paired(folder.comparisons, name, error, DIRECT_ADJUSTED, HUMAN_TOTAL)
    return [_not_shown(row)] if row is not None and verdict_on(row) is not Verdict.BETTER else []


_NOT_BETTER = {
    Verdict.UNDECIDED: "no difference was shown from",
    Verdict.BORDERLINE: "the difference is borderline from",
    Verdict.WORSE: "it was worse than",
    Verdict.ABSENT: "no difference is defined from",
}


def _not_shown(row: Comparison) -> str:
    digits = digits_of(row.metric, row.outcome) + 1
    ends = interval(row.lower, row.upper, digits)
    return (
        f"{measure(row.metric).title}: {_NOT_BETTER[verdict_on(row)]} {predictor(row.reference).phrase} "
        f"({signed(row.difference, digits)}, {ends})."
    )


def _audits_against(folder: RunFolder) -> list[str]:
    if folder.audits is None or folder.audits.empty:
        return ["No audit was run."]
    alarms = folder.audits[folder.audits["judgement"] == "alarm"]
    absent = int((folder.audits["judgement"] == "not computed").sum())
    missing = f" {counted(absent, 'audit')} could not be computed." if absent else ""
    if alarms.empty:
        return [missing.strip()] if missing else []
    raise_ = "raises" if len(alarms) == 1 else "raise"
    return [f"{len(alarms)} of {counted(len(folder.audits), 'audit')} {raise_} an alarm (see below).{missing}"]


def _what_the_interval_allows(row: Comparison, reading: Verdict) -> str:
    if reading is not Verdict.UNDECIDED:
        return ""
    return (
        "The interval holds 0, which is not proof that the two are equal: these patients are compatible with a loss of "
        f"{decimal(abs(row.lower), 3)} and with a gain of {decimal(abs(row.upper), 3)}."
    )


def _worse_than_average(metrics: pd.DataFrame, name: str) -> str:
    row = reached(metrics, name, "r2", DIRECT_ADJUSTED)
    if row is None or not row.value < 0:
        return ""
    return (
        f"An {R_SQUARED} below 0 means that the outcome-direct measure did worse than giving every patient the average "
        f"{outcome_phrase(name)}."
    )


def _other_outcomes(folder: RunFolder, main: str) -> list[str]:
    sentences = []
    for name in dict.fromkeys(folder.metrics["outcome"]):
        if name == main:
            continue
        row = paired(folder.comparisons, name, outcome(name).headline_metric, DIRECT_ADJUSTED, HUMAN_TOTAL)
        if row is None:
            sentences.append(f"For {outcome_phrase(name)}, this comparison was not computed.")
        else:
            sentences.append(difference_sentence(folder.metrics, row))
    return sentences


def _where_from(folder: RunFolder, name: str) -> list[str]:
    """What tells a gain of a better target from a gain of a finer or less noisy reading."""
    sentences, metric = [], outcome(name).headline_metric
    for reference in FAIR_RIVALS:
        row = paired(folder.comparisons, name, metric, DIRECT_ADJUSTED, reference)
        if row is not None:
            sentences.append(f"{predictor(reference).fair_because} {difference_sentence(folder.metrics, row)}")
    oracle = reached(folder.metrics, name, metric, ORACLE)
    if oracle is not None and folder.simulated:
        sentences.append(
            f"An oracle that knows every joint’s true state, which exists only in a "
            f"simulation, reached an {measure(metric).title} of {decimal(oracle.value, 3)}: no reading of joints can be "
            "expected to go beyond it."
        )
    return sentences


def _why_absent(folder: RunFolder, name: str, main: Comparison | None) -> str:
    what = f"{measure(outcome(name).headline_metric).title} for {outcome_phrase(name)}"
    if main is not None:
        return (
            f"The paired difference in {what} between the outcome-direct measure and the human total "
            "is not defined on these patients."
        )
    rungs = [predictor(name).phrase for name in in_ladder_order(set(folder.metrics["predictor"]))]
    return (
        f"No paired difference in {what} between the outcome-direct measure and the human total was "
        f"computed; of the ladder of predictors this run holds {listed(rungs)}. What it does hold is reported below."
    )


def _capitalised(phrase: str) -> str:
    return phrase[0].upper() + phrase[1:]
