"""Check that a data set knows enough of each outcome for it to be learned and judged."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from outcomenet.errors import DataRefused
from outcomenet.outcomes import OutcomeSpec, outcome

# Below these a run goes on, with a note that the report shows.
FEW_TO_LEARN_FROM = 50  # training patients with a known outcome
FEW_EVENTS = 20  # training patients with the event
FEW_TO_JUDGE_BY = 20  # held-out patients with a known outcome


def known_rows(visits: pd.DataFrame, spec: OutcomeSpec) -> pd.Series:
    """Which rows of the visit table know an outcome: its value, or any follow-up for its event.

    Args:
        visits: Rows of the visit table.
        spec: The outcome.

    Returns:
        True per row, with the index of `visits`. A time to event is known where the patient was watched for some time, or
        where the event was seen; a right-censored row without follow-up says nothing.
    """
    return spec.kind.is_known(visits, spec.name)


def check_outcomes(outcomes: Sequence[str], learned: pd.DataFrame, held_out: pd.DataFrame) -> list[str]:
    """Notes on outcomes that few patients have.

    Args:
        outcomes: Names of outcomes.
        learned: Rows of the visit table that predictors learn from.
        held_out: Rows that they are judged by.

    Returns:
        A sentence for each outcome with few training patients, events or held-out patients.

    Raises:
        DataRefused: An outcome is known for fewer than two training patients, is the same for all of them, or is an event
            that none of them had.
    """
    notes = []
    for name in outcomes:
        spec = outcome(name)
        rows = learned[known_rows(learned, spec)]
        patients = rows["patient_id"].nunique()
        _refuse_unlearnable(spec, rows, patients)
        if patients < FEW_TO_LEARN_FROM:
            notes.append(
                f"{spec.title} is known for only {patients} training patients (under {FEW_TO_LEARN_FROM}): what was "
                "learned of it is mostly chance."
            )
        notes += _few_events(spec, rows)
        judged = held_out.loc[known_rows(held_out, spec), "patient_id"].nunique()
        if judged < FEW_TO_JUDGE_BY:
            can = "cannot be judged here" if judged < 2 else "its results are mostly chance"
            notes.append(f"{spec.title} is known for only {judged} held-out patients (under {FEW_TO_JUDGE_BY}): {can}.")
    return notes


def _refuse_unlearnable(spec: OutcomeSpec, rows: pd.DataFrame, patients: int) -> None:
    remedy = f"Take {spec.name} out of the experiment's outcomes (--outcomes ...), or add it to the cohort."
    if patients < 2:
        known = "one training patient" if patients else "no training patient"
        raise DataRefused(f"{spec.title} is known for {known}; two are the least to learn from. {remedy}")
    if not spec.kind.is_event and rows[spec.name].nunique() < 2:
        raise DataRefused(
            f"{spec.title} is {rows[spec.name].iloc[0]:g} at every visit of all {patients} training patients, so that "
            f"there is nothing to learn. {remedy}"
        )

    if spec.kind.is_event and not _with_event(spec, rows):
        raise DataRefused(
            f"{spec.title} was seen in none of {patients} training patients, so that there is nothing to learn. {remedy}"
        )


def _few_events(spec: OutcomeSpec, rows: pd.DataFrame) -> list[str]:
    if not spec.kind.is_event or (events := _with_event(spec, rows)) >= FEW_EVENTS:
        return []
    who = "one training patient" if events == 1 else f"{events} training patients"
    return [f"{spec.title} was seen in only {who} (under {FEW_EVENTS}): what was learned of it is mostly chance."]


def _with_event(spec: OutcomeSpec, rows: pd.DataFrame) -> int:
    """Patients in whom the event itself, not one that competes with it, was seen."""
    seen = rows[np.isfinite(rows[spec.fields[1]]) & (rows[spec.fields[2]] == 0)]
    return seen["patient_id"].nunique()
