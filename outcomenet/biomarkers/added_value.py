"""Added value of a score over a human score and clinical variables, judged on patients that the models have not seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
import pandas as pd

from outcomenet.biomarkers.estimates_forest import ForestWords, estimates_forest
from outcomenet.biomarkers.measured_models import Measured, measured_models
from outcomenet.biomarkers.nested_models import Comparison, compared_models, nested_row
from outcomenet.biomarkers.number_words import p_words, sentence, with_interval
from outcomenet.biomarkers.resampled import VERDICT_WORDS, noted, paired_difference
from outcomenet.biomarkers.section import Section, estimates_frame
from outcomenet.biomarkers.study import Study, study
from outcomenet.errors import UndefinedMetric
from outcomenet.metrics.resampling import estimate
from outcomenet.metrics.verdict import Verdict
from outcomenet.pages.figures import Drawing, Layout

# Fewer events than this for each coefficient of the largest model, and its risks are not to be trusted (Peduzzi 1996).
EVENTS_PER_COEFFICIENT = 10
FEWEST_EVENTS = 10
PATIENTS_PER_SLOPE = 3  # with fewer a difference of R2 on patients not fitted to is noise of the fits


def added_value(
    table: pd.DataFrame,
    *,
    score: str | Sequence[str],
    human: str | Sequence[str],
    outcome: str,
    covariates: Sequence[str] = (),
    patient: str = "patient_id",
    visit: str | None = None,
    thresholds: Sequence[float] = (0.1, 0.2, 0.3),
    folds: int = 10,
    repeats: int = 3,
    resamples: int = 2000,
    titles: Mapping[str, str] | None = None,
    level: float = 0.95,
    seed: int = 0,
) -> Section:
    """What a score adds to the human score and clinical variables, and the human score to it.

    Four models on the same rows and with the same covariates: covariates; with the human score; with the score; with both.
    Each predicts patients on whom it was not fitted (cross-validation by patient, several times), so that more coefficients
    are no advantage. Differences of R2, or of AUROC, Brier score and net benefit, take their intervals from resamples of
    patients that all models share; the models are not refitted in them. Nested models are also compared by the likelihood
    ratio: of random intercept models for a number, of logistic models for an event; where patients have several rows of an
    event, Wald's robust F stands in its place. Net benefit is TP/n - FP/n t/(1-t) (Vickers & Elkin, Med Decis Making 2006;
    26:565). Reclassification (NRI) is left out: it rises by noise alone (Pepe, Stat Biosci 2015;7:282).

    Args:
        table: One row per patient and visit.
        score: Column or columns of the score.
        human: Column or columns of the human score: as many, so that a total stands beside a total.
        outcome: Column of numbers; with only 0 and 1 it is an event.
        covariates: Adjusted for in every model; text is dummy coded.
        patient: Column of the patient.
        visit: Column of the visit; None where there is none.
        thresholds: Risks at which net benefit is told, 0 to 1.
        folds: Of the cross-validation.
        repeats: Of the cross-validation, each with other folds; a patient's predictions are averaged.
        resamples: Bootstrap resamples of patients; 10,000 or more for a primary contrast.
        titles: Words for columns.
        level: Of the intervals.
        seed: Of folds and resamples.

    Returns:
        Section "added_value". Differences are model minus reference; for the Brier score less is better, else more.

    Raises:
        UndefinedMetric: Unequal granularity, a column that no model can use, too few patients or events.

    >>> rng = np.random.default_rng(0)
    >>> table = pd.DataFrame({"patient_id": range(200), "score": rng.normal(size=200)})
    >>> table["svdh"] = table["score"] + rng.normal(size=200)
    >>> table["haq"] = table["score"] + rng.normal(size=200)
    >>> section = added_value(table, score="score", human="svdh", outcome="haq", resamples=200)
    >>> section.sentences[0]
    'Beside svdh, score adds 0.26 (0.15 to 0.35) to R2: better. Likelihood ratio 85.8 on 1 degree of freedom, p < 0.001.'
    """
    ours, theirs = ([name] if isinstance(name, str) else list(name) for name in (score, human))
    if len(ours) != len(theirs):
        raise UndefinedMetric(
            f"The score has {len(ours)} columns and the human score {len(theirs)}: only equal granularity can be compared. "
            "Set a total beside a total, or joints beside joints."
        )
    data = study(
        table, section="added_value", scores=[*ours, *theirs], outcome=outcome, covariates=covariates, patient=patient,
        visit=visit, titles=titles, level=level,
    )  # fmt: skip
    binary = set(data.population.table[outcome].unique()) <= {0.0, 1.0}
    models, comparisons = compared_models(data, ours, theirs, list(covariates))
    _expect_patients(data, models)
    warnings = _too_few_events(data, models) if binary else []
    measured = measured_models(
        data, models, thresholds, binary=binary, folds=folds, repeats=repeats, resamples=resamples, seed=seed
    )
    how = f"cross-validated by patient ({folds} folds, {repeats} times), paired bootstrap of {resamples} resamples"
    rows = [_value_row(data, model, one, how, binary) for one in measured for model in models]
    differences = [_difference_row(data, pair, one, how, binary) for one in measured for pair in comparisons]
    tests = {pair: nested_row(data, pair, models, binary) for pair in comparisons if pair.more}
    rows += differences + list(tests.values())
    lead = differences[: len(comparisons)]
    says = [_words(pair, row, tests.get(pair), measured[0].name) for pair, row in zip(comparisons, lead, strict=True)]
    return Section(
        estimates_frame(rows),
        tuple(says),
        (partial(_forest, data, comparisons, lead, measured[0].name),),
        {f"{data.title(outcome)}: models on patients that they have not seen": _printed(models, rows)},
        tuple(warnings),
    )


def verdict_in(note: str) -> Verdict:
    """The verdict that the note of a difference begins with.

    Args:
        note: Of a row whose term is a difference.
    """
    words = note.split(";")[0]
    return next((verdict for verdict, said in VERDICT_WORDS.items() if said == words), Verdict.ABSENT)


def _expect_patients(data: Study, models: Mapping[str, Sequence[str]]) -> None:
    """Refuses a comparison of models that have about as many slopes as there are patients."""
    patients = int(data.population.patients.nunique())
    slopes = max(data.design([], columns)(data.tables[0]).shape[1] for columns in models.values())
    if patients < PATIENTS_PER_SLOPE * slopes:
        raise UndefinedMetric(
            f"{data.title(data.outcome)} is known of {patients} patients for {slopes} slopes of the largest model, and "
            f"{PATIENTS_PER_SLOPE} patients a slope are needed to compare models; adjust for less."
        )


def _too_few_events(data: Study, models: Mapping[str, Sequence[str]]) -> list[str]:
    events = int(data.population.table[data.outcome].value_counts().min())
    largest = max(data.design([], columns)(data.tables[0]).shape[1] for columns in models.values())
    if events < FEWEST_EVENTS:
        raise UndefinedMetric(
            f"{data.title(data.outcome)} has {events} rows of its rarer class, and at least {FEWEST_EVENTS} are needed to "
            "compare models."
        )
    if events >= EVENTS_PER_COEFFICIENT * largest:
        return []
    return [
        f"{data.title(data.outcome)} has {events} events for {largest} coefficients, {events / largest:.1f} each and fewer than "
        f"{EVENTS_PER_COEFFICIENT}: the largest model is fitted too closely to be trusted; adjust for less, or use Firth's "
        "likelihood."
    ]


def _events(data: Study, binary: bool) -> dict[str, object]:
    return {"events": int(data.population.table[data.outcome].sum())} if binary else {}


def _value_row(data: Study, model: str, measured: Measured, how: str, binary: bool) -> dict[str, object]:
    value, lower, upper = estimate(measured.values[model], data.level)
    entries = {"measure": model, "term": measured.name, "method": how, "unit": measured.name, "level": data.level}
    return data.row(estimate=value, lower=lower, upper=upper, **entries, **_events(data, binary))


def _difference_row(data: Study, pair: Comparison, measured: Measured, how: str, binary: bool) -> dict[str, object]:
    values = measured.values[pair.model] - measured.values[pair.reference]
    difference = paired_difference(values, data.level, higher_is_better=measured.higher_is_better)
    note = noted(difference.pop("note"), data.population.note)
    return data.row(
        measure=pair.model, adjustment=f"minus {pair.reference}", term=f"difference of {measured.name}", method=how,
        unit=measured.name, note=note, **difference, **_events(data, binary),
    )  # fmt: skip


def _words(pair: Comparison, row: Mapping[str, object], test: Mapping[str, object] | None, metric: str) -> str:
    numbers = with_interval(*(float(str(row[key])) for key in ("estimate", "lower", "upper")))
    verdict = str(row["note"]).split(";")[0]
    if not pair.more:
        return sentence(f"{pair.model} in the place of {pair.reference} changes {metric} by {numbers}: {verdict}")
    beside = "Alone" if pair.reference == "nothing" else f"Beside {pair.reference}"
    text = f"{beside}, {pair.more} adds {numbers} to {metric}: {verdict}."
    if test is None or "p" not in test:
        return text
    degrees = str(test["note"]).split(" on ", 1)[1]
    result = f"{test['term']} {float(str(test['estimate'])):.1f} on {degrees}, {p_words(float(str(test['p'])))}"
    return f"{text} {sentence(result)}"


def _forest(
    data: Study, comparisons: Sequence[Comparison], rows: Sequence[Mapping[str, object]], metric: str,
    *, layout: Layout = Layout.PAGE,
) -> Drawing | None:  # fmt: skip
    lines = pd.DataFrame(
        [
            {"label": f"minus {pair.reference}", "group": pair.model, "measure": "difference", "p": np.nan}
            | {key: row[key] for key in ("estimate", "lower", "upper")}
            for pair, row in zip(comparisons, rows, strict=True)
        ]
    )
    title = data.title(data.outcome)
    words = ForestWords(
        f"added_value_{data.outcome}",
        f"difference of {metric} for {title}",
        f"Difference of {metric} for {title} between models of the same patients, predicted for patients that the models have "
        f"not seen, with {data.level:.0%} intervals of a paired bootstrap. Right of 0 the model of the heading does better.",
        f"Forest plot of differences of {metric}; the table beside it gives the same numbers.",
    )
    return estimates_forest(lines, words, layout=layout)


def _printed(models: Mapping[str, Sequence[str]], rows: Sequence[Mapping[str, object]]) -> pd.DataFrame:
    lines = []
    for model in models:
        cells = {
            str(row["term"]): with_interval(*(float(str(row[key])) for key in ("estimate", "lower", "upper")))
            for row in rows
            if row["measure"] == model and row.get("unit") == row["term"]
        }
        lines.append({"Model": model, **cells})
    return pd.DataFrame(lines)
