"""The first page of an analysis: the primary contrast in words, the main numbers in one table, and what the measure is not."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from outcomenet.biomarkers.added_value import verdict_in
from outcomenet.biomarkers.analysis_plan import AnalysisPlan
from outcomenet.biomarkers.clustered_fits import MIXED, ROBUST
from outcomenet.biomarkers.number_words import with_interval
from outcomenet.biomarkers.plan_ledger import ordinal
from outcomenet.biomarkers.section import EstimateRow, Section, estimate_rows
from outcomenet.metrics.verdict import Verdict

HEADLINES = {
    Verdict.BETTER: "On these patients {score} told more about {what} than {human}.",
    Verdict.WORSE: "On these patients {score} told less about {what} than {human}.",
    Verdict.BORDERLINE: "Borderline: whether {score} told more about {what} than {human} hangs on which resamples were drawn.",
    Verdict.UNDECIDED: "On these patients no difference was shown between {score} and {human} in what they tell about {what}.",
    Verdict.ABSENT: "Whether {score} tells more about {what} than a human score was not computed.",
}
METRIC_WORDS = {"number": "R2", "ordinal": "R2", "event": "AUROC"}
# Further lines of the first page: section, term and the question that they answer.
FURTHER = (
    ("reliability", "ICC(1,1) of status", "How well does one reading of the films repeat another?"),
    ("responsiveness", "SRM", "How large is its change beside the change's own spread (SRM)?"),
)
PER_ARM = "n per arm, 80 % power"


@dataclass(frozen=True)
class MainNumber:
    """One line of the first page's table."""

    asks: str
    answer: str
    row: EstimateRow


@dataclass(frozen=True)
class Answer:
    """What stands on the first page."""

    verdict: Verdict
    headline: str
    sentences: Sequence[str]
    numbers: Sequence[MainNumber]
    is_not: Sequence[str]


def answer_of(plan: AnalysisPlan, sections: Mapping[str, Section], number: int) -> Answer:
    """What the first page says.

    Args:
        plan: That was frozen.
        sections: Finished sections by name.
        number: Which plan on these data it is; a later one is exploratory, and the page says so.
    """
    words = {
        "score": plan.title(plan.measures.score),
        "human": plan.title(plan.measures.human) if plan.measures.human else "a human score",
        "what": plan.primary_outcome.words,
    }
    main = primary_row(plan, sections)
    verdict = Verdict.ABSENT if main is None else verdict_in(main.note)
    headline = HEADLINES[verdict].format(**words)
    numbers = list(_numbers(plan, sections, main))
    return Answer(
        verdict,
        headline[0].upper() + headline[1:],
        list(_paragraph(plan, main, number)),
        numbers,
        list(_is_not(plan, sections, number)),
    )


def primary_row(plan: AnalysisPlan, sections: Mapping[str, Section]) -> EstimateRow | None:
    """The primary contrast's row of the estimates: score in the place of the human score, beside the same covariates.

    Args:
        plan: Names outcome, measures and adjustment.
        sections: Finished sections by name.
    """
    metric = METRIC_WORDS[plan.primary_outcome.kind]
    start = "covariates and " if plan.primary_covariates else ""
    with_score, with_human = (f"{start}{plan.title(name)}" for name in (plan.measures.score, plan.measures.human))
    rows = _rows(sections, "added_value", term=f"difference of {metric}", outcome=plan.primary_outcome.column)
    return next((row for row in rows if row.measure == with_score and row.adjustment == f"minus {with_human}"), None)


def _rows(sections: Mapping[str, Section], section: str, **wanted: str) -> list[EstimateRow]:
    known = [row for name in sections for row in estimate_rows(sections[name].estimates) if row.section == section]
    return [row for row in known if all(getattr(row, key) == value for key, value in wanted.items())]


def _paragraph(plan: AnalysisPlan, main: EstimateRow | None, number: int) -> Iterator[str]:
    metric = METRIC_WORDS[plan.primary_outcome.kind]
    if main is None:
        yield "The plan names no human score, or the contrast could not be computed; the appendix says why."
    else:
        beside = ", ".join(map(plan.title, plan.primary_covariates)) or "nothing"
        difference = with_interval(main.estimate, main.lower, main.upper)
        yield (
            f"Adjusted for {beside}, the difference of {metric} on patients that the models had not seen is {difference} "
            f"({plan.primary.resamples:,} resamples of {main.n_patients:,.0f} patients; {main.note})."
        )
    if number > 1:
        yield f"This is the {ordinal(number)} plan on these data: outcomes had been opened before, so that it explores and does not confirm."


def _numbers(plan: AnalysisPlan, sections: Mapping[str, Section], main: EstimateRow | None) -> Iterator[MainNumber]:
    if main is not None:
        yield MainNumber(
            f"Does it tell more about {plan.primary_outcome.words} than {plan.title(plan.measures.human)}?",
            main.note.split(";")[0],
            main,
        )
    for outcome in plan.outcomes:
        slopes = _fitted(
            _rows(sections, "association", outcome=outcome.column, measure=plan.measures.score, term="slope per SD")
        )
        for row in [row for row in slopes if row.adjustment == plan.primary_rung.name][:1]:
            kind = (
                "a negative control: an association is a sign of confounding"
                if outcome.negative_control
                else f"per SD of the score; adjustment up to the rung {row.adjustment!r}"
            )
            yield MainNumber(f"How does {outcome.words} go with it?", kind, row)
    for section, term, asks in FURTHER:
        for row in _rows(sections, section, measure=plan.measures.score, term=term)[:1]:
            yield MainNumber(asks, row.method, row)
    for name in filter(None, (plan.measures.score, plan.measures.damage, plan.measures.human)):
        for row in _rows(sections, "trial_power", measure=name, term=PER_ARM, adjustment="")[:1]:
            yield MainNumber(
                f"Patients per arm of a trial that is judged by the change of {plan.title(name)}",
                "80 % power, two-sided 5 %",
                row,
            )


def _fitted(slopes: Sequence[EstimateRow]) -> list[EstimateRow]:
    """Those of the mixed model; where each patient has one visit, those of least squares, which the figure shows then too."""
    for method in (MIXED, ROBUST):
        if of_method := [row for row in slopes if row.method.startswith(method) and math.isfinite(row.estimate)]:
            return of_method
    return []


def _is_not(plan: AnalysisPlan, sections: Mapping[str, Section], number: int) -> Iterator[str]:
    score = plan.title(plan.measures.score)
    yield f"It is no diagnosis: intervals are of groups, and one patient's {score} errs by its own standard error."
    yield "An association is no effect unless the assumed causes hold; what is missing from the graph is assumed away."
    yield "Nothing here says that treating by it helps anybody: that takes a trial."
    blind = [row for row in _rows(sections, "responsiveness", term="verdict") if row.note]
    yield from (f"Change: {row.note}" for row in blind)
    if plan.measures.truth:
        yield "The patients are simulated: the numbers tell how the method behaves in a world whose truth is known, and nothing of real patients."
    refused = [refusal for section in sections.values() for refusal in section.refusals]
    if refused:
        yield f"{len(refused)} models or numbers could not be had on these data; the appendix says which, and why."
