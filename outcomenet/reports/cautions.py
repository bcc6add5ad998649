"""Cautions: what may and may not be concluded from a run, shown before any number."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from outcomenet.confounders import CONFOUNDERS
from outcomenet.films.film import FROM_CROPS, FROM_FILMS
from outcomenet.outcomes import HAQ, HAQ_TODAY, OUTCOMES, outcome
from outcomenet.predictors import DIRECT_ADJUSTED, FROM_FILM, HUMAN_TOTAL, in_ladder_order, predictor
from outcomenet.reports.change_section import NOT_FOR_CHANGE, not_for_change
from outcomenet.reports.measures import R_SQUARED, measure, outcome_phrase
from outcomenet.reports.narrative import reached
from outcomenet.reports.numbers import counted, decimal, listed
from outcomenet.reports.run_folder import RunFolder

# Films explain about a quarter of disability in established RA, so that more than half of HAQ from real films points
# to a leak or an error before it points to a discovery.
HAQ_R2_ALARM = 0.5
FEW_EVENTS = 50  # below this an AUROC's interval is wide and unstable; the usual rule of thumb of 50-100 events
FEW_PATIENTS = 100


@dataclass(frozen=True)
class Caution:
    """`alarm` marks what should stop a reader."""

    title: str
    text: str
    alarm: bool = False


def cautions(folder: RunFolder) -> list[Caution]:
    """In the order in which a reader should meet them; alarms first."""
    cautions = [
        _simulated(folder),
        _held_out(folder),
        *_no_outcome_of_change(folder),
        *_few_events(folder),
        _one_split(folder),
        _many_comparisons(folder),
        *_too_good(folder),
        *_straight_to_crops(folder),
        *_confounders_known(folder.probes),
        _not_for_care(),
        *_uncommitted(folder),
    ]
    return sorted(cautions, key=lambda caution: not caution.alarm)


def _simulated(folder: RunFolder) -> Caution:
    if folder.simulated is True:
        return Caution(
            "These patients are simulated.",
            "Their outcomes follow equations that the authors of the simulation wrote, so this run shows what the "
            "method can and cannot find in a world whose truth is known. It is not evidence about patients: no number "
            "here may be quoted as performance in the clinic.",
        )
    if folder.simulated is False:
        return Caution(
            "These are real patients, seen as they came.",
            "The results hold for patients like these, filmed and scored as these were. They say what a film measure "
            "goes together with, not what treating the joints would change.",
        )
    return Caution(
        "The record does not say whether the patients are simulated.",
        "Until that is known, treat every number here as coming from a simulation, which is not evidence about "
        "patients.",
    )


def _held_out(folder: RunFolder) -> Caution:
    held_out = folder.held_out
    patients = held_out["patient_id"].nunique()
    observed = held_out[held_out["observed"].astype(bool)]
    parts = [
        f"{counted(observed.loc[observed['outcome'] == name, 'patient_id'].nunique(), 'patient')} for "
        f"{outcome_phrase(name)}"
        for name in dict.fromkeys(folder.metrics["outcome"])
    ]
    small = " With fewer than 100 of them, only large differences can be told from chance." * (patients < FEW_PATIENTS)
    return Caution(
        f"All results are from {counted(patients, 'held-out patient')}.",
        f"Nobody among them was used for training or for choosing settings. Known outcomes: {listed(parts)}.{small}",
    )


def _no_outcome_of_change(folder: RunFolder) -> list[Caution]:
    """Of a run whose score is of single visits; that of two visits' films is a change."""
    if folder.biomarkers is None or folder.responsiveness is not None:
        return []
    return [Caution(NOT_FOR_CHANGE, not_for_change(folder.score_change))]


def _few_events(folder: RunFolder) -> list[Caution]:
    cautions = []
    for name in dict.fromkeys(folder.metrics["outcome"]):
        if not outcome(name).kind.is_event:
            continue
        rows = folder.metrics[(folder.metrics["outcome"] == name) & (folder.metrics["subgroup"] == "all")]
        events = rows["events"].max()
        if events < FEW_EVENTS:
            cautions.append(
                Caution(
                    f"Every number on {outcome_phrase(name)} rests on {counted(events, 'event')}.",
                    "With so few, a handful of patients decides the result, and the intervals may be too narrow.",
                )
            )
    return cautions


def _one_split(folder: RunFolder) -> Caution:
    held_out = folder.held_out
    folds, seeds = held_out["fold"].nunique(), held_out["seed"].nunique()
    if folds <= 1 and seeds <= 1:
        return Caution(
            "One split, one training run.",
            "The 95\N{NO-BREAK SPACE}% intervals come from drawing the held-out patients again with replacement (a "
            "patient bootstrap). They do not include how results would vary had the network been trained again or the "
            "patients been divided otherwise; the true uncertainty is larger than shown.",
        )
    return Caution(
        f"{counted(folds, 'fold')} and {counted(seeds, 'training seed')}.",
        "The 95\N{NO-BREAK SPACE}% intervals come from drawing the held-out patients again with replacement (a patient "
        "bootstrap); variation from training again enters only as far as these repetitions show it.",
    )


def _many_comparisons(folder: RunFolder) -> Caution:
    comparisons, main = folder.comparisons, folder.main_outcome
    asked = (
        f"The one question asked in advance is {measure(outcome(main).headline_metric).title} for {outcome_phrase(main)}, "
        f"{predictor(DIRECT_ADJUSTED).phrase} against "
        f"{predictor(HUMAN_TOTAL).phrase}."
    )
    if comparisons.empty:
        return Caution("No paired comparison was made.", asked)
    return Caution(
        "One question was asked in advance; the rest is description.",
        f"{asked} {counted(len(comparisons), 'paired difference')} were computed without correction for their "
        "number: about one in twenty intervals misses 0 where there is nothing.",
    )


def _too_good(folder: RunFolder) -> list[Caution]:
    values = {
        name: max(row.value for row in rows)
        for name in in_ladder_order(set(folder.metrics["predictor"]) & set(FROM_FILM))
        if (rows := [r for haq in HAQ_TODAY if (r := reached(folder.metrics, haq, "r2", name)) is not None])
    }
    if not values:
        return []
    rule = (
        f"In established disease films explain about a quarter of disability, so an {R_SQUARED} above {HAQ_R2_ALARM} "
        "for HAQ-DI from real films would be a sign of a leak or an error, not of a discovery."
    )
    high = listed(
        [f"{predictor(name).phrase} ({decimal(value, 2)})" for name, value in values.items() if value > HAQ_R2_ALARM]
    )
    if not high:
        return [Caution(f"The bug alarm for HAQ-DI ({R_SQUARED} above {HAQ_R2_ALARM}) did not go off.", rule)]
    if folder.simulated is True:
        return [
            Caution(
                f"{R_SQUARED} above {HAQ_R2_ALARM} for HAQ-DI, which real films do not reach.",
                f"{rule} This simulated world is easier than the clinic: the limit was passed by {high}.",
            )
        ]
    return [
        Caution(
            f"Too good to be true: {R_SQUARED} above {HAQ_R2_ALARM} for HAQ-DI.",
            f"{rule} Here it was passed by {high}. Look for patients in two splits, outcomes among the inputs and "
            "burned-in text before believing anything below.",
            alarm=True,
        )
    ]


def _straight_to_crops(folder: RunFolder) -> list[Caution]:
    sources = folder.data.get("patients_by_source") or {}
    direct = sources.get(FROM_CROPS, 0)
    if not direct:
        return []
    through_films = sources.get(FROM_FILMS, 0)
    return [
        Caution(
            "Not every patient took the whole way through the software.",
            f"{counted(direct, 'patient')} were simulated straight to joint crops and "
            f"{counted(through_films, 'patient')} came from film files. Reading films and cutting joints are tested "
            "only by the latter.",
        )
    ]


def _confounders_known(probes: pd.DataFrame | None) -> list[Caution]:
    if probes is None:
        return [
            Caution(
                "What the model knows about confounders was not computed.",
                "Whether the measure leans on osteoarthritis, fibromyalgia or the hospital is therefore open.",
            )
        ]
    # given an outcome its causes go together without any shortcut, so those probes accuse nobody
    of_outcome = {HAQ.title, *OUTCOMES}
    alone = probes["given"].map(lambda given: of_outcome.isdisjoint(str(given).split(", ")))
    known = probes.loc[alone & (probes["auroc"] > probes["null_upper"]), "target"]
    hidden = [target for target in dict.fromkeys(known) if target not in CONFOUNDERS or not CONFOUNDERS[target].on_film]
    if not hidden:
        return []
    return [
        Caution(
            f"The model still knows more than joints: {listed([target_phrase(target) for target in hidden])}.",
            "This can be read beyond chance from its internal description of the films, where it should leave no "
            "trace, and may have helped the prediction; see the section on what the model still knows.",
        )
    ]


# Probe targets inside a sentence; an unlisted one is named as the file names it.
_TARGET_PHRASES = {
    "fm": "fibromyalgia", "oa": "hand osteoarthritis", "site": "the hospital", "male": "sex",
    "device": "the X-ray device", "marker": "whether films bear a marker", "age": "age",
}  # fmt: skip


def target_phrase(target: str) -> str:
    return _TARGET_PHRASES.get(target, target)


def _not_for_care() -> Caution:
    return Caution(
        "Not for the care of a patient.",
        "A group-level gain says little about one person: read the average error beside it. Nothing here has been "
        "validated on another cohort.",
    )


def _uncommitted(folder: RunFolder) -> list[Caution]:
    if not folder.record.get("dirty"):
        return []
    return [
        Caution(
            "The code had changes that were not committed.",
            "The commit named below does not fully describe what ran; the record holds the difference.",
        )
    ]
