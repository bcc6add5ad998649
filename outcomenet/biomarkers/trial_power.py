"""Size of a trial with each measure as its endpoint, and what baseline values, readers and enrichment change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd

from outcomenet.biomarkers import trial_words
from outcomenet.biomarkers.analysed import titled
from outcomenet.biomarkers.change_verdict import Contrast
from outcomenet.biomarkers.change_words import pairs_sentence
from outcomenet.biomarkers.number_words import sentence
from outcomenet.biomarkers.patient_changes import FEWEST_PATIENTS, PatientChanges, human_among, patient_changes
from outcomenet.biomarkers.power_plot import power_plot
from outcomenet.biomarkers.resampled import all_over_resamples, noted, numbers
from outcomenet.biomarkers.section import Section, estimates_frame, expect_columns
from outcomenet.biomarkers.trial_effects import Effect, TreatmentEffects
from outcomenet.biomarkers.trial_sizes import effect_of, per_arm_term, size_rows
from outcomenet.errors import UndefinedMetric
from outcomenet.metrics.resampling import Estimate

Row = dict[str, object]


def trial_power(
    table: pd.DataFrame,
    *,
    measures: Sequence[str],
    outcome: str | None = None,
    patient: str = "patient_id",
    visit: str | None = None,
    years: str | None = "years",
    planned: Sequence[object] = (),
    interval_years: float = 1.0,
    arm: str | None = None,
    arms: Sequence[object] = (),
    reduction: float = 0.5,
    powers: Sequence[float] = (0.8, 0.9),
    human: str | None = None,
    readers: int = 2,
    reader_columns: Sequence[str] = (),
    drop_out: float = 0.15,
    truth: str | None = None,
    predicted: str | None = None,
    titles: Mapping[str, str] | None = None,
    resamples: int = 1000,
    seed: int = 0,
    level: float = 0.95,
) -> Section:
    """Patients per arm of a trial of two equal arms with each measure's change as its endpoint, two-sided 5 %.

    n is that of the t test (Cohen, Statistical Power Analysis, 1988) for d = the observed difference of two randomised arms in SDs
    within arms or, where there are none, reduction x mean / SD of the change. With first values as covariates d is divided by
    sqrt(1 - r2) (Borm, J Clin Epidemiol 2007;60:1234), r2 adjusted and within arms. A human score's variance with k readers is that
    between patients + their error / k. Drop-out: n / (1 - drop-out). Enrichment takes the third with the highest predicted
    progression; those to be screened are both arms over the share that enters. Intervals are those of d over resamples of patients,
    turned into n; where the interval of d holds 0, n has no upper bound.

    Args:
        table: one row per patient and visit.
        measures: number columns; the first is the one that is judged. Higher is worse.
        outcome: column whose change is an endpoint too, such as the HAQ, and for which the measures at baseline are covariates.
        patient: column of the patient.
        visit: column of the planned visit.
        years: column of the time of a visit, in years.
        planned: two planned visits between which a change is taken, earlier first; empty: the first visit and the one nearest to
            `interval_years` later.
        interval_years: time between the visits.
        arm: column of the treatment.
        arms: its two values that were drawn by lot, reference first; empty: none were.
        reduction: share of the mean change that the treatment takes away, where there are no arms; above 0, at most 1.
        powers: of the trial.
        human: column of the human score, one of the measures; None: the second measure.
        readers: of whom the human score is the mean.
        reader_columns: scores of single readers, two or more, for the size by number of readers.
        drop_out: share of patients lost.
        truth: column of the true damage, in a simulated cohort alone.
        predicted: column of the predicted progression at the first visit, which selects for enrichment; None: the first measure does.
        titles: words for columns.
        resamples: bootstrap resamples of patients.
        seed: of the resamples.
        level: of the intervals.

    Returns:
        Section "trial_power". d above 0: the treated change less (with arms), or the mean change is a worsening (without). The row
        `verdict` says in its note whether a trial with the first measure is smaller.

    Raises:
        UndefinedMetric: a column is missing or holds text, fewer than ten patients have both visits (ten in each arm), or a setting is
            out of range.

    >>> rng = np.random.default_rng(0)
    >>> table = pd.DataFrame({"patient_id": np.repeat(range(400), 2), "years": [0.0, 1.0] * 400})
    >>> table["svdh"] = np.where(table["years"] > 0, np.repeat(rng.normal(1.7, 5.0, 400), 2), 0.0)
    >>> section = trial_power(table, measures=["svdh"], resamples=200)
    >>> section.estimates.query("term == 'n per arm, 80 % power' and adjustment == ''")[["estimate", "lower", "upper"]].values.tolist()
    [[679.0, 392.0, 1430.0]]
    """
    _check(reduction, drop_out, powers, arm, arms)
    measures, words = list(dict.fromkeys(measures)), partial(titled, titles)
    rivals = [*measures, *([outcome] if outcome and outcome not in measures else [])]
    endpoints = [*rivals, *([truth] if truth and truth not in rivals else [])]
    chosen, other_arms = _of_arms(table, arm, arms)
    changes = patient_changes(
        chosen, measures=endpoints, others=[*reader_columns, *([predicted] if predicted else [])], patient=patient, years=years,
        visit=visit, planned=planned, interval_years=interval_years, kept=[str(arm)] if arms else [],
    )  # fmt: skip
    changes = replace(changes, note=noted(other_arms, changes.note))
    treated = _treated(changes, str(arm), arms) if arms else None
    of, selector = TreatmentEffects(changes, reduction, treated), predicted or measures[0]
    rival = human_among(measures, human) or (outcome if outcome in rivals[1:] else "")
    human = human_among(measures, human) or measures[0]
    effects = [of.plain(name) for name in endpoints]
    effects += [of.adjusted(name, [name]) for name in endpoints]
    effects += [of.adjusted(outcome, [outcome, name]) for name in measures if outcome and name != outcome]
    effects += list(of.by_readers(human, reader_columns, readers)) if len(reader_columns) > 1 else []
    effects += [of.enriched(name, selector, words(selector)) for name in endpoints]
    shares = {
        name: partial(of.explained, outcome, [name], [outcome]) for name in measures if outcome and name != outcome
    }
    functions = [effect.values for effect in effects if effect.values] + list(shares.values())
    drawn = iter(all_over_resamples(functions, changes.patients, resamples=resamples, seed=seed))
    values = [next(drawn) if effect.values else np.array([np.nan]) for effect in effects]
    assumed, rows = _assumed(treated, arms, reduction), []
    for effect, resampled in zip(effects, values, strict=True):
        d = effect_of(resampled, level)
        warned = effect._replace(note=noted(effect.note, _warning(effect, d, treated is not None, truth)))
        rows += size_rows(warned, d, powers=powers, drop_out=drop_out, level=level, assumed=assumed)
    for name, resampled in zip(shares, drawn, strict=True):
        rows += _saved(trial_words.Found(rows), str(outcome), name, resampled, powers, level)
    of_endpoint = dict(zip(endpoints, values, strict=False))  # the plain effects come first
    ours = np.abs(of_endpoint[measures[0]])
    contrasts = {name: Contrast.of(words(name), ours, np.abs(of_endpoint[name]), level) for name in rivals[1:]}
    rows += [
        contrast.row(measures[0], name, "difference of |d|", contrast.note) for name, contrast in contrasts.items()
    ]
    found = trial_words.Found(rows)
    verdict = trial_words.trial_verdict(found, contrasts, measures[0], powers[0], words)
    if rival:
        rows.append(contrasts[rival].row(measures[0], rival, "verdict", verdict))
    said = trial_words.trial_sentences(
        found, measures=measures, endpoints=endpoints, outcome=outcome, human=human, truth=truth, third=effects[-1].design,
        power=powers[0], words=words,
    )  # fmt: skip
    common = {"section": "trial_power", "method": assumed, **changes.counts}
    return Section(
        estimates_frame({**common, **row, "note": _with_left_out(row, changes)} for row in rows),
        (*filter(None, [verdict]), sentence(assumed), *said, pairs_sentence(changes)),
        (partial(power_plot, {words(name): float(of_endpoint[name][0]) for name in endpoints}, powers, assumed),),
        {"Patients per arm": trial_words.printed_sizes(found, endpoints, powers, drop_out, words)},
    )


def _with_left_out(row: Row, changes: PatientChanges) -> str:
    # the verdict is one sentence; whoever was left out stands in the other rows
    return str(row["note"]) if row["term"] == "verdict" else noted(row["note"], changes.note)


def _of_arms(table: pd.DataFrame, arm: str | None, arms: Sequence[object]) -> tuple[pd.DataFrame, str]:
    """Rows of the two arms, and how many are of others."""
    if not arms or arm is None:
        return table, ""
    expect_columns(table, arm)
    there = list(table[arm].dropna().unique())
    absent = [value for value in arms if value not in there]
    if absent:
        raise UndefinedMetric(
            f"Column {arm!r} has no arm {absent[0]!r}; it has {', '.join(map(str, there)) or 'no value'}."
        )
    chosen = table[table[arm].isin(list(arms))]
    left = len(table) - len(chosen)
    return chosen, f"{left} of {len(table)} rows left out: neither arm {arms[0]} nor {arms[1]}" if left else ""


def _check(reduction: float, drop_out: float, powers: Sequence[float], arm: str | None, arms: Sequence[object]) -> None:
    if not 0 < reduction <= 1:
        raise UndefinedMetric(
            f"`reduction` is the share of the mean change that a treatment takes away, above 0 and at most 1; got {reduction:g}."
        )
    if not 0 <= drop_out < 1:
        raise UndefinedMetric(f"`drop_out` is a share of patients, 0 or more and below 1; got {drop_out:g}.")
    if not powers or not all(0.05 < power < 1 for power in powers):
        raise UndefinedMetric(f"`powers` are chances between 0.05 and 1; got {list(powers)}.")
    if arms and (len(arms) != 2 or arm is None):
        raise UndefinedMetric(
            f"`arms` are two values of the column `arm`, reference first; got {list(arms)} of column {arm!r}."
        )


def _treated(changes: PatientChanges, arm: str, arms: Sequence[object]) -> np.ndarray:
    treated = (changes.first[arm] == arms[1]).to_numpy(bool)
    if min(treated.sum(), (~treated).sum()) < FEWEST_PATIENTS:
        raise UndefinedMetric(
            f"Arms {arms[0]!r} and {arms[1]!r} of column {arm!r} have {int((~treated).sum())} and {int(treated.sum())} patients with a "
            f"change; at least {FEWEST_PATIENTS} in each are needed."
        )
    return treated


def _assumed(treated: np.ndarray | None, arms: Sequence[object], reduction: float) -> str:
    if treated is None:
        return f"the effect is assumed: a treatment takes away {100 * reduction:g} % of the mean change"
    return f"the effect is the observed difference between arms {arms[0]} ({int((~treated).sum())}) and {arms[1]} ({int(treated.sum())})"


def _warning(effect: Effect, d: Estimate, with_arms: bool, truth: str | None) -> str:
    """What a reader must know of an effect before taking its number of patients."""
    known = "true damage, known in a simulation alone" if effect.measure == truth else ""
    if d.value >= 0 or not np.isfinite(d.value):
        return known
    return noted(
        "the treated change more than the reference"
        if with_arms
        else "on average it falls: a smaller fall is no benefit",
        known,
    )


def _saved(
    found: trial_words.Found, outcome: str, name: str, values: np.ndarray, powers: Sequence[float], level: float
) -> Iterator[Row]:  # fmt: skip
    """What a measure at baseline saves for the outcome's endpoint, beyond the outcome at baseline."""
    base: Row = {
        "measure": outcome,
        "adjustment": f"{name} at baseline",
        "method": f"analysis of covariance, beyond {outcome} at baseline",
    }
    yield {**base, "note": "", **numbers(values, level), "term": trial_words.SAVED, "unit": "share"}
    for power in powers:
        alone, both = (
            found.rows[outcome, per_arm_term(power), f"{', '.join(of)} at baseline"]
            for of in ([outcome], [outcome, name])
        )
        saved, note = float(str(alone["estimate"])) - float(str(both["estimate"])), "the interval is that of the share"
        if not np.isfinite(float(str(alone["upper"]))) and len(values) > 1:
            saved, note = (
                np.nan,
                "the effect on the outcome was not told from 0: a share is saved, of an unknown number",
            )
        yield {
            **base,
            "term": f"patients per arm saved, {100 * power:g} % power",
            "estimate": saved,
            "unit": "patients",
            "note": note,
        }
