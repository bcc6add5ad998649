"""The plan that an analysis has when nobody wrote one: every question that the table's columns can answer, in the field's order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from outcomenet.biomarkers.analysis_plan import AnalysisPlan, Columns, FollowUp, Measures, Outcome, Primary, Rung, Trial
from outcomenet.errors import DataRefused, did_you_mean, meant
from outcomenet.predictors import HUMAN_TOTAL

# Minimal clinically important differences: HAQ 0.22 (Kosinski, Arthritis Rheum 2000), pain 10 of 100 (Farrar, Pain 2001).
OUTCOMES = (
    Outcome("haq", "ordinal", "HAQ-DI", "HAQ units", 0.22),
    Outcome("pain", "number", "Pain", "points of 100", 10.0),
    Outcome("fatigue", "number", "Fatigue", "points of 100", 10.0),
    Outcome("haq_change", "number", "HAQ-DI change in a year", "HAQ units a year", 0.22),
    Outcome("progression", "event", "Rapid radiographic progression within a year"),
    Outcome("control_site", "number", "Negative control of the hospital", "", 0.0, negative_control=True),
    Outcome("control_none", "number", "Negative control", "", 0.0, negative_control=True),
)
# The ladder of adjustment: each rung adds to the one before it.
LADDER = (
    ("age, sex", ("age", "male", "sex")),
    ("and RF, ACPA, duration", ("rf", "acpa", "duration_years")),
    ("and OA, FM", ("oa", "fm")),
    ("and activity", ("das28", "crp")),
    ("and treatment", ("treatment",)),
    ("and SvdH", (HUMAN_TOTAL,)),
)
# What is known to cause what in rheumatoid arthritis (docs/simulation.md); the score stands for the damage that it tells.
ARROWS = (
    ("age", "{score}"), ("age", "{outcome}"), ("age", "oa"),
    ("male", "{score}"), ("male", "{outcome}"), ("sex", "{score}"), ("sex", "{outcome}"),
    ("duration_years", "{score}"), ("duration_years", "{outcome}"), ("rf", "{score}"), ("acpa", "{score}"),
    ("oa", "{score}"), ("oa", "{outcome}"), ("fm", "{outcome}"),
    ("das28", "{score}"), ("das28", "{outcome}"), ("crp", "{score}"), ("treatment", "das28"), ("{score}", "{outcome}"),
)  # fmt: skip
TITLES = {
    "age": "Age", "sex": "Sex", "male": "Male", "rf": "RF", "acpa": "ACPA", "duration_years": "Duration", "oa": "Osteoarthritis",
    "fm": "Fibromyalgia", "das28": "DAS28", "crp": "CRP", "treatment": "Treatment", "site": "Hospital", HUMAN_TOTAL: "SvdH total",
    "split": "Split", "score": "Outcome-direct score", "damage_score": "Damage score",
}  # fmt: skip
# A column is left out of the default ladder where this share of its cells is missing.
MOST_MISSING = 0.4


def default_plan(
    visits: pd.DataFrame,
    *,
    titles: Mapping[str, str] | None = None,
    truth: str = "",
    sem_freedom: float = 100.0,
    own: Sequence[str] = (),
    randomised: bool = False,
) -> AnalysisPlan:
    """A plan made from the columns that a table has and that differ between its rows.

    Args:
        visits: One row per patient and visit, named as in a run's analysis tables.
        titles: Columns in words, in the place of the usual ones.
        truth: Column of the true damage, in a simulated cohort.
        sem_freedom: Degrees of freedom of `score_sem`.
        own: A user's further columns, which are adjusted for on a rung of their own.
        randomised: The patients' two treatments were drawn by lot; the one that comes first by name is the reference.

    Raises:
        DataRefused: There is no score, or no outcome that is known.
    """
    usable = visits[visits["may_be_used"].astype(bool)] if "may_be_used" in visits else visits
    there = [str(name) for name in usable.columns if usable[name].nunique() > 1]
    outcomes = tuple(outcome for outcome in OUTCOMES if outcome.column in there and _events_differ(usable, outcome))
    if "score" not in there or not [outcome for outcome in outcomes if not outcome.negative_control]:
        wanted = "score" if "score" not in there else "haq"
        raise DataRefused(
            f"No plan can be made from the columns of this table: it has no {wanted!r} that differs between rows. "
            f"{did_you_mean(wanted, map(str, visits.columns))} Write a plan: `outcomenet analyse --template > analysis.toml`."
        )
    known = [name for name in there if usable[name].isna().mean() <= MOST_MISSING]
    words = TITLES | dict(titles or {})
    return AnalysisPlan(
        graph=_graph(known, [outcome.column for outcome in outcomes if not outcome.negative_control]),
        columns=Columns(
            **{name: _if(known, getattr(Columns, name), always=name == "patient") for name in _column_names()},
            usable=_if(map(str, visits.columns), "may_be_used"),
        ),
        measures=Measures(
            human=_if(there, HUMAN_TOTAL), damage=_if(there, "damage_score"),
            score_sem=_if(list(map(str, visits.columns)), "score_sem"), score_sem_freedom=sem_freedom,
            readers=tuple(name for name in there if name.startswith("human_total_reader_")), pip=_if(there, "pip_score"), dip=_if(there, "dip_score"),
            truth=_if(there, truth),
        ),
        outcomes=outcomes,
        adjustment=ladder(known, own),
        primary=Primary(adjustment=[rung.name for rung in ladder(known, own) if HUMAN_TOTAL not in rung.columns][-1]),
        osteoarthritis=_if(known, "oa"),
        fibromyalgia=_if(known, "fm"),
        activity=tuple(name for name in ("das28", "crp") if name in known),
        subgroups=tuple(name for name in ("male", "sex", "acpa", "oa", "fm", "site") if name in known),
        follow_up=FollowUp(covariates=tuple(name for name in (HUMAN_TOTAL, "rf", "acpa", "crp") if name in known)),
        trial=Trial(
            arms=_arms(usable) if randomised else (),
            readers=max(len([name for name in there if name.startswith("human_total_reader_")]), 1),
        ),
        titles={name: title for name, title in words.items() if name in there},
    )  # fmt: skip


def _arms(usable: pd.DataFrame) -> tuple[str, ...]:
    treatments = sorted(usable["treatment"].dropna().unique()) if "treatment" in usable else []
    return tuple(treatments) if len(treatments) == 2 else ()


def left_out_of_plan(visits: pd.DataFrame, plan: AnalysisPlan) -> list[str]:
    """Columns that a default plan would use and does not, each with the reason in words.

    Args:
        visits: The table that the plan was made from.
        plan: Of `default_plan`.
    """
    usable = visits[visits["may_be_used"].astype(bool)] if "may_be_used" in visits else visits
    used = {
        *(name for rung in plan.adjustment for name in rung.columns),
        *(of.column for of in plan.outcomes),
        plan.measures.human,
    }
    wanted = dict.fromkeys(
        [HUMAN_TOTAL, *(of.column for of in OUTCOMES), *(name for _, names in LADDER for name in names)]
    )
    told = []
    for name in wanted:
        if name in used:
            continue
        if name in usable:
            missing = usable[name].isna().mean()
            told.append(f"{name} ({missing:.0%} missing)" if missing > MOST_MISSING else f"{name} (one value)")
        elif other := meant(name, [other for other in map(str, visits.columns) if other not in used | set(wanted)]):
            told.append(f"{name} (not there; is {other} meant?)")
    return told


def ladder(known: Iterable[str], own: Sequence[str] = ()) -> tuple[Rung, ...]:
    """The rungs of adjustment that known columns allow; each adds to the one before it.

    Args:
        known: Columns that are there.
        own: A user's further columns, which have a rung of their own before that of the human score.

    >>> [rung.columns for rung in ladder(["age", "human_total"])]
    [(), ('age',), ('age', 'human_total')]
    """
    there = set(known)
    rungs, so_far = [Rung("crude", ())], ()
    named = [*LADDER[:-1], (f"and {', '.join(own)}", tuple(own)), LADDER[-1]]
    there |= set(own)
    for name, columns in named:
        new = tuple(column for column in columns if column in there)
        if new:
            so_far += new
            rungs.append(Rung(name, so_far))
    return tuple(rungs)


def _column_names() -> tuple[str, ...]:
    return ("patient", "visit", "years", "planned_visit", "site", "treatment", "split")


def _if(names: Iterable[str], name: str, *, always: bool = False) -> str:
    return name if always or name in names else ""


def _events_differ(usable: pd.DataFrame, outcome: Outcome) -> bool:
    return outcome.kind != "event" or set(usable[outcome.column].dropna().unique()) == {0.0, 1.0}


def _graph(known: Iterable[str], outcomes: Iterable[str]) -> str:
    there = {*known, "score"}
    arrows = [
        (cause.format(score="score", outcome=outcome), effect.format(score="score", outcome=outcome))
        for outcome in outcomes
        for cause, effect in ARROWS
        # only pain that comes of damage and what feigns it; fibromyalgia reaches no film and no progression
        if not (cause == "fm" and outcome == "progression")
    ]
    drawn = dict.fromkeys(
        (cause, effect) for cause, effect in arrows if cause in there and effect in there | set(outcomes)
    )
    return "; ".join(f"{cause} -> {effect}" for cause, effect in drawn)


# What `outcomenet analyse --template` writes: every setting, with the columns of a run's tables.
TEMPLATE = AnalysisPlan(
    graph="age -> score; age -> haq; sex -> score; sex -> haq; duration_years -> score; duration_years -> haq; score -> haq",
    outcomes=OUTCOMES[:2],
    adjustment=ladder(name for _, columns in LADDER for name in columns),
    osteoarthritis="oa",
    fibromyalgia="fm",
    activity=("das28", "crp"),
    subgroups=("sex", "site"),
    follow_up=FollowUp(covariates=(HUMAN_TOTAL, "rf", "acpa", "crp")),
    titles=TITLES,
)
