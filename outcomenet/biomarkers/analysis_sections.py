"""The sections of an analysis in their order: which public function each is, and which columns of the plan it takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import skew

from outcomenet.biomarkers import population
from outcomenet.biomarkers.added_value import added_value
from outcomenet.biomarkers.analysis_answer import primary_covariates
from outcomenet.biomarkers.analysis_plan import AnalysisPlan, Outcome, read_plan
from outcomenet.biomarkers.analysis_rows import analysis_rows, covariates_of
from outcomenet.biomarkers.association import association
from outcomenet.biomarkers.bland_altman import limits_of_agreement
from outcomenet.biomarkers.calibration import calibration
from outcomenet.biomarkers.confounding import confounding
from outcomenet.biomarkers.decision_curve import decision_curve
from outcomenet.biomarkers.directed_graph import DirectedGraph
from outcomenet.biomarkers.measurement_error import measurement_error
from outcomenet.biomarkers.prognosis import prognosis
from outcomenet.biomarkers.question import question
from outcomenet.biomarkers.recalibrated import predicted
from outcomenet.biomarkers.reliability import Readings, reliability
from outcomenet.biomarkers.responsiveness import responsiveness
from outcomenet.biomarkers.section import Section, estimate_rows, estimates_frame, joined
from outcomenet.biomarkers.stored_error import reliability_of_sem
from outcomenet.biomarkers.subgroups import subgroups
from outcomenet.biomarkers.table_one import Characteristic
from outcomenet.biomarkers.trial_power import trial_power
from outcomenet.csv_files import as_numbers
from outcomenet.errors import UndefinedMetric

PLAN, VISITS, FOLLOW_UP, STEPS, ESTIMATES = (
    "analysis.toml",
    "visits.parquet",
    "follow_up.parquet",
    "flow.csv",
    "estimates.csv",
)
# Beyond this skewness a mean and an SD describe a number badly.
SKEWED = 1.0
# Numbers over a shorter range than this need a second decimal: the HAQ's smallest step is an eighth.
SHORT_RANGE = 5.0


@dataclass(frozen=True)
class Inputs:
    """What every section is made from."""

    plan: AnalysisPlan
    visits: pd.DataFrame
    """Rows that may be used, one per patient and visit."""
    steps: pd.DataFrame
    """Flow of rows, see `population.flow`."""
    follow_up: pd.DataFrame | None = None
    """One row per patient whose progression was followed on films (docs/intake/follow_up.md)."""

    @property
    def titles(self) -> dict[str, str]:
        """Every column that is used, in words."""
        return {str(name): self.plan.title(str(name)) for name in self.visits.columns}


@dataclass(frozen=True)
class SectionKind:
    """One section: its title, the question that it answers, and how it is made."""

    title: str
    asks: str
    make: Callable[[Inputs], Section]


def inputs_of(folder: Path) -> Inputs:
    """The inputs of an analysis folder, from its files alone.

    Args:
        folder: That `outcomenet analyse` wrote.
    """
    plan = read_plan((folder / PLAN).read_text(encoding="utf-8"))
    rows = analysis_rows(pd.read_parquet(folder / VISITS), plan)
    follow_up = pd.read_parquet(folder / FOLLOW_UP) if (folder / FOLLOW_UP).is_file() else None
    return Inputs(plan, rows.table, rows.steps, follow_up)


def made(kind: SectionKind, inputs: Inputs) -> Section:
    """A section; one that these data do not allow is a refusal in words, and the others go on.

    Args:
        kind: Of `SECTIONS`.
        inputs: Of the analysis.
    """
    try:
        return kind.make(inputs)
    except UndefinedMetric as reason:
        return Section(estimates_frame([]), refusals=(f"{kind.title}: {reason}",))


def characteristics_of(inputs: Inputs) -> list[Characteristic]:
    """What Table 1 shows: covariates, activity, outcomes and measures, each as its values are."""
    plan = inputs.plan
    columns = [
        *covariates_of(plan),
        plan.osteoarthritis,
        plan.fibromyalgia,
        *plan.activity,
        plan.columns.treatment,
        plan.columns.years,
    ]
    columns += [of.column for of in plan.outcomes if not of.negative_control]
    columns += [plan.measures.score, plan.measures.human, plan.measures.damage]
    units = {of.column: of.unit for of in plan.outcomes}
    shown = dict.fromkeys(name for name in columns if name and name in inputs.visits)
    return [_characteristic(inputs.visits[name], name, plan.title(name), units.get(name, "")) for name in shown]


def _characteristic(values: pd.Series, name: str, title: str, unit: str) -> Characteristic:
    words = f"{title} ({unit})" if unit else title
    known = values.dropna()
    if not pd.api.types.is_numeric_dtype(values):
        return Characteristic(name, words, "named")
    if known.isin([0, 1]).all():
        return Characteristic(name, words, "yes_no")
    decimals = 2 if known.max() - known.min() < SHORT_RANGE else 1
    return Characteristic(name, words, "skewed" if abs(float(skew(known))) > SKEWED else "number", decimals)


def _question(inputs: Inputs) -> Section:
    plan = inputs.plan
    facts = (
        f"Question: {plan.question}",
        f"Time zero is {plan.time_zero}; one row is {plan.unit}.",
    )
    if not plan.graph.strip():
        return Section(
            estimates_frame([]),
            facts,
            refusals=("The plan has no graph of causes, so no adjustment set is told from one.",),
        )
    observed = [str(name) for name in inputs.visits.columns]
    told = question(
        DirectedGraph.of(plan.graph),
        exposure=plan.measures.score,
        outcomes=[of.column for of in plan.outcomes if not of.negative_control],
        rungs={rung.name: rung.columns for rung in plan.adjustment},
        observed=observed,
        titles=inputs.titles,
    )
    return joined([Section(estimates_frame([]), facts), told])


def _flow(inputs: Inputs) -> Section:
    plan = inputs.plan
    used = [*covariates_of(plan), *(of.column for of in plan.outcomes), plan.measures.score, plan.measures.human]
    columns = [name for name in dict.fromkeys(used) if name]
    missing = population.missing_data(inputs.visits, columns, patient=plan.columns.patient, titles=inputs.titles)
    return joined([population.flow(inputs.steps), missing])


def _table_one(inputs: Inputs) -> Section:
    of = inputs.plan.columns
    by = {of.treatment: "treatment", of.site: "hospital", of.split: "split"}
    there = {
        name: title
        for name, title in by.items()
        if name and name in inputs.visits and inputs.visits[name].nunique() > 1
    }
    characteristics = characteristics_of(inputs)
    visits = inputs.visits
    if of.years and of.years in visits:
        visits = visits.assign(_followed=visits.groupby(of.patient)[of.years].transform("max"))
        characteristics.append(Characteristic("_followed", "Followed up (years)", "skewed"))
    return population.table_one(
        visits, characteristics=characteristics, score=inputs.plan.measures.score, by=there, patient=of.patient, years=of.years
    )  # fmt: skip


def _distribution(inputs: Inputs) -> Section:
    plan = inputs.plan
    by = {outcome.column: outcome.words for outcome in plan.outcomes}
    if plan.columns.site:
        by[plan.columns.site] = "Hospital"
    return population.distribution(
        inputs.visits, score=plan.measures.score, by=by, patient=plan.columns.patient, titles=inputs.titles
    )


def _reliability(inputs: Inputs) -> Section:
    plan, of = inputs.plan, inputs.plan.columns
    parts = []
    if len(plan.measures.readers) > 1:
        visits = (
            inputs.visits if of.visit else inputs.visits.assign(visit=0)
        )  # a table without visits has one of each patient
        keys = [of.patient, of.visit or "visit"]
        names = {name: plan.title(name) for name in plan.measures.readers}
        table = visits[[*keys, *names]]
        readings = table.melt(keys, list(names), "reader", plan.measures.human or "human score").replace(
            {"reader": names}
        )
        common = {
            "value": plan.measures.human or "human score",
            "reading": "reader",
            "patient": of.patient,
            "visit": of.visit or "visit",
            "titles": inputs.titles,
            "resamples": plan.resamples,
            "seed": plan.seed,
        }
        parts += [
            reliability(readings, kind=Readings.READERS, averaged=len(names), **common),
            limits_of_agreement(readings, **common),
        ]
    if plan.measures.score_sem:
        with_freedom = inputs.visits.assign(_freedom=plan.measures.score_sem_freedom)
        parts.append(
            reliability_of_sem(
                with_freedom,
                score=plan.measures.score,
                sem=plan.measures.score_sem,
                sem_df="_freedom",
                patient=of.patient,
                titles=inputs.titles,
                resamples=plan.resamples,
                seed=plan.seed,
            )
        )
    if not parts:
        raise UndefinedMetric(
            "the plan names neither readers (measures.readers) nor the SD of one reading (measures.score_sem)"
        )
    return joined(parts)


def _responsiveness(inputs: Inputs) -> Section:
    plan, of = inputs.plan, inputs.plan.columns
    if not of.years or of.years not in inputs.visits:
        raise UndefinedMetric("the plan names no column of time (columns.years), so that no two visits make a change")
    haq = next((outcome for outcome in plan.outcomes if outcome.minimal_difference and outcome.kind != "event"), None)
    return responsiveness(
        inputs.visits,
        measures=[name for name in (plan.measures.score, plan.measures.damage, plan.measures.human) if name],
        patient=of.patient,
        visit=of.visit or None,
        years=of.years,
        interval_years=plan.follow_up.horizon_years,
        other=[*(outcome.column for outcome in _on_a_scale(plan)), *plan.activity],
        detectable=_detectable(inputs),
        anchor=haq.column if haq else None,
        minimal_difference=haq.minimal_difference if haq else 0.22,
        arm=of.treatment if plan.trial.arms else None,
        reference=plan.trial.arms[0] if plan.trial.arms else None,
        titles=inputs.titles,
        resamples=plan.resamples,
        seed=plan.seed,
    )


def _detectable(inputs: Inputs) -> dict[str, float]:
    """Smallest detectable changes that section reliability told, by measure."""
    rows = estimate_rows(made(SECTIONS["reliability"], inputs).estimates)
    return {row.measure: row.estimate for row in rows if row.term == "SDC (95 %)" and np.isfinite(row.estimate)}


def _prognosis(inputs: Inputs) -> Section:
    plan, of = inputs.plan, inputs.plan.columns
    if inputs.follow_up is None or inputs.follow_up.empty:
        raise UndefinedMetric("there is no table of follow-up on films (docs/intake/follow_up.md)")
    table = inputs.follow_up
    table = table[table[of.usable].astype(bool)] if of.usable in table else table
    there = [name for name in primary_covariates(plan) if name in table]
    return prognosis(
        table.reset_index(drop=True),
        scores=[name for name in _both(inputs) if name in table],
        covariates=there,
        clinical=[name for name in plan.follow_up.covariates if name in table],
        event=plan.follow_up.event,
        horizon_years=plan.follow_up.horizon_years,
        visits_every_days=plan.follow_up.visits_every_days,
        patient=of.patient,
        titles=inputs.titles,
        resamples=plan.resamples,
        seed=plan.seed,
        fewest_events_per_parameter=plan.follow_up.fewest_events_per_parameter,
    )


def _models(inputs: Inputs) -> dict[str, list[str]]:
    """Columns of the models whose predictions are judged: covariates alone, with the human score, with the score."""
    plan = inputs.plan
    clinic = list(primary_covariates(plan))
    base = "covariates" if clinic else "nothing"
    start = "covariates and " if clinic else ""
    models = {base: clinic} if clinic else {}
    return models | {f"{start}{plan.title(name)}": [*clinic, name] for name in _both(inputs)}


def _with_predictions(inputs: Inputs, of: Outcome, models: Mapping[str, list[str]]) -> pd.DataFrame:
    """Rows that know the outcome and all models' columns, with a column of predictions by each, of patients not fitted to."""
    plan = inputs.plan
    wanted = list(dict.fromkeys([of.column, *(name for columns in models.values() for name in columns)]))
    rows = inputs.visits.dropna(subset=wanted).reset_index(drop=True)
    kind = "event" if of.kind == "event" else "number"
    made_by = {
        words: predicted(
            rows, scores=columns, outcome=of.column, kind=kind, patient=plan.columns.patient, seed=plan.seed
        )
        for words, columns in models.items()
    }
    return rows.assign(**made_by)


def _calibration(inputs: Inputs) -> Section:
    plan = inputs.plan
    site = plan.columns.site
    models = {
        words: columns
        for words, columns in _models(inputs).items()
        if columns[-1:] in ([name] for name in _both(inputs))
    }
    return joined(
        [
            _one_outcome(
                lambda of: calibration(
                    _with_predictions(inputs, of, models),
                    predictions=list(models),
                    outcome=of.column,
                    kind="event" if of.kind == "event" else "number",
                    site=site if site and inputs.visits[site].nunique() > 1 else None,
                    patient=plan.columns.patient,
                    resamples=plan.resamples,
                    titles=inputs.titles,
                    seed=plan.seed,
                ),
                of,
            )
            for of in plan.outcomes
            if not of.negative_control
        ]
    )


def _decision_curve(inputs: Inputs) -> Section:
    plan = inputs.plan
    events = [of for of in plan.outcomes if of.kind == "event"]
    if not events or not plan.thresholds:
        raise UndefinedMetric("the plan names no event, or no thresholds, so that there is no decision to be curved")
    models = _models(inputs)
    return joined(
        [
            _one_outcome(
                lambda of: decision_curve(
                    _with_predictions(inputs, of, models),
                    risks=list(models),
                    outcome=of.column,
                    thresholds=plan.thresholds,
                    patient=plan.columns.patient,
                    resamples=plan.resamples,
                    titles=inputs.titles,
                    seed=plan.seed,
                ),
                of,
            )
            for of in events
        ]
    )


def _trial(inputs: Inputs) -> Section:
    plan, of = inputs.plan, inputs.plan.columns
    if not of.years or of.years not in inputs.visits:
        raise UndefinedMetric("the plan names no column of time (columns.years), so that no two visits make a change")
    endpoint = next(
        (outcome.column for outcome in plan.outcomes if outcome.minimal_difference and outcome.kind != "event"), None
    )
    return trial_power(
        inputs.visits,
        measures=[name for name in (plan.measures.score, plan.measures.damage, plan.measures.human) if name],
        outcome=endpoint,
        patient=of.patient,
        visit=of.visit or None,
        years=of.years,
        interval_years=plan.follow_up.horizon_years,
        arm=of.treatment if plan.trial.arms else None,
        arms=plan.trial.arms,
        reduction=plan.trial.reduction,
        powers=plan.trial.powers,
        human=plan.measures.human or None,
        readers=plan.trial.readers,
        reader_columns=plan.measures.readers if len(plan.measures.readers) > 1 else (),
        drop_out=plan.trial.drop_out,
        truth=plan.measures.truth or None,
        titles=inputs.titles,
        resamples=plan.resamples,
        seed=plan.seed,
    )


def _measurement_error(inputs: Inputs) -> Section:
    plan = inputs.plan
    if not plan.measures.score_sem:
        raise UndefinedMetric("the plan names no SD of one reading of the score (measures.score_sem)")
    return joined(
        [
            _one_outcome(
                lambda of: measurement_error(
                    inputs.visits,
                    score=plan.measures.score,
                    outcome=of.column,
                    covariates=primary_covariates(plan),
                    sem=plan.measures.score_sem,
                    sem_freedom=plan.measures.score_sem_freedom,
                    patient=plan.columns.patient,
                    visit=plan.columns.visit or None,
                    resamples=plan.resamples,
                    titles=inputs.titles,
                    unit=of.unit,
                    seed=plan.seed,
                ),
                of,
            )
            for of in _on_a_scale(plan)
        ]
    )


def _association(inputs: Inputs) -> Section:
    plan = inputs.plan
    ladder = {rung.name: rung.columns for rung in plan.adjustment}
    imputed = plan.imputations > 0 and bool(inputs.visits[covariates_of(plan)].isna().to_numpy().any())
    return joined(
        [
            _one_outcome(
                lambda of: association(
                    inputs.visits,
                    scores=_both(inputs),
                    outcome=of.column,
                    ladder=ladder,
                    patient=plan.columns.patient,
                    visit=plan.columns.visit or None,
                    minimal_difference=of.minimal_difference or None,
                    population="imputed" if imputed else "complete",
                    imputations=max(plan.imputations, 2),
                    ordinal=of.kind == "ordinal",
                    titles=inputs.titles,
                    unit=of.unit,
                    seed=plan.seed,
                ),
                of,
            )
            for of in plan.outcomes
            if of.kind != "event"
        ]
    )


def _added_value(inputs: Inputs) -> Section:
    plan = inputs.plan
    if not plan.measures.human:
        raise UndefinedMetric("the plan names no human score (measures.human) beside which something could be added")
    return joined(
        [
            _one_outcome(
                lambda of: added_value(
                    inputs.visits,
                    score=plan.measures.score,
                    human=plan.measures.human,
                    outcome=of.column,
                    covariates=primary_covariates(plan),
                    patient=plan.columns.patient,
                    visit=plan.columns.visit or None,
                    thresholds=plan.thresholds,
                    resamples=plan.primary.resamples if of == plan.primary_outcome else plan.resamples,
                    titles=inputs.titles,
                    seed=plan.seed,
                ),
                of,
            )
            for of in plan.outcomes
            if not of.negative_control
        ]
    )


def _confounding(inputs: Inputs) -> Section:
    plan = inputs.plan
    restricted = {"PIP joints alone": plan.measures.pip, "DIP joints alone": plan.measures.dip}
    return joined(
        [
            _one_outcome(
                lambda of: confounding(
                    inputs.visits,
                    scores=_both(inputs),
                    outcome=of.column,
                    covariates=primary_covariates(plan),
                    strata=[name for name in (plan.osteoarthritis, plan.fibromyalgia) if name],
                    restricted={words: name for words, name in restricted.items() if name},
                    negative_outcomes=[negative.column for negative in plan.outcomes if negative.negative_control],
                    minimum=plan.fewest_in_group,
                    patient=plan.columns.patient,
                    visit=plan.columns.visit or None,
                    titles=inputs.titles,
                    unit=of.unit,
                ),
                of,
            )
            for of in _on_a_scale(plan)
        ]
    )


def _subgroups(inputs: Inputs) -> Section:
    plan = inputs.plan
    site = plan.columns.site
    return joined(
        [
            _one_outcome(
                lambda of: subgroups(
                    inputs.visits,
                    score=plan.measures.score,
                    outcome=of.column,
                    groups=[name for name in plan.subgroups if name != site],
                    hospital=site if site and inputs.visits[site].nunique() > 1 else None,
                    covariates=primary_covariates(plan),
                    minimum=plan.fewest_in_group,
                    patient=plan.columns.patient,
                    visit=plan.columns.visit or None,
                    titles=inputs.titles,
                    unit=of.unit,
                ),
                of,
            )
            for of in _on_a_scale(plan)
        ]
    )


def _on_a_scale(plan: AnalysisPlan) -> list[Outcome]:
    return [of for of in plan.outcomes if of.kind != "event" and not of.negative_control]


def _one_outcome(make: Callable[[Outcome], Section], of: Outcome) -> Section:
    """A section of one outcome; where it cannot be had, a refusal, so that the other outcomes are still told."""
    try:
        return make(of)
    except UndefinedMetric as reason:
        return Section(estimates_frame([]), refusals=(f"{of.words}: {reason}",))


def _both(inputs: Inputs) -> list[str]:
    return [name for name in (inputs.plan.measures.score, inputs.plan.measures.human) if name]


# fmt: off
SECTIONS: Mapping[str, SectionKind] = {
    "question": SectionKind("Question and refusals", "What is estimated, and which adjustment do the assumed causes allow?", _question),
    "flow": SectionKind("Flow and missing data", "Who is analysed, and what is missing?", _flow),
    "table_one": SectionKind("Table 1", "Who are the patients?", _table_one),
    "distribution": SectionKind("Distribution of the score", "How does the score lie in each class of outcome?", _distribution),
    "reliability": SectionKind("Reliability and agreement", "How well does one reading repeat another?", _reliability),
    "responsiveness": SectionKind("Can it see change?", "How many patients does a trial need that is judged by its change?", _responsiveness),
    "association": SectionKind("Association", "How do outcomes go with the score, and what is left of it on each rung?", _association),
    "added_value": SectionKind("Added value", "What does the score tell that the human score and the clinic do not?", _added_value),
    "prognosis": SectionKind("Prognosis", "What does it tell of progression to come, and what do its rivals?", _prognosis),
    "calibration": SectionKind("Calibration", "Is what is predicted what is observed, in each hospital too?", _calibration),
    "decision_curve": SectionKind("Decision curve", "Is deciding by it worth more than treating all or none?", _decision_curve),
    "trial": SectionKind("Trial", "How many patients per arm, with each measure?", _trial),
    "measurement_error": SectionKind("Measurement error", "How much flatter does error of the score make its slope?", _measurement_error),
    "confounding": SectionKind("Confounding", "What of it is owed to osteoarthritis, fibromyalgia or something unmeasured?", _confounding),
    "subgroups": SectionKind("Subgroups and hospitals", "Is it the same in every group and hospital?", _subgroups),
}
# fmt: on


def estimates_of(sections: Mapping[str, Section]) -> pd.DataFrame:
    """estimates.csv: the rows of all sections in their order.

    Args:
        sections: Finished sections by name.
    """
    return pd.concat([section.estimates for section in sections.values()], ignore_index=True)


def first_difference(one: pd.DataFrame, other: pd.DataFrame, tolerance: float = 1e-9) -> str:
    """Where two tables of estimates differ, in words; empty where they do not.

    Args:
        one: Estimates.
        other: Estimates, such as those of a file.
        tolerance: Relative, for numbers.
    """
    if len(one) != len(other):
        return f"{len(one)} rows against {len(other)}"
    for name in one.columns:
        left, right = one[name].to_numpy(), other[name].to_numpy()
        if pd.api.types.is_numeric_dtype(one[name]):
            left, right = (as_numbers(of[name]).to_numpy() for of in (one, other))
            same = np.isclose(left, right, rtol=tolerance, atol=tolerance, equal_nan=True)
        else:
            same = (
                pd.Series(left).fillna("").astype(str).to_numpy() == pd.Series(right).fillna("").astype(str).to_numpy()
            )
        if not same.all():
            at = int(np.flatnonzero(~same)[0])
            return f"row {at}, {name}: {left[at]} against {right[at]}"
    return ""
