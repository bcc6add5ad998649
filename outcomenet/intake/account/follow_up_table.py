"""Follow-up table for survival analysis in lifelines or R, one row per patient, with late entry, intervals and competing events."""

from __future__ import annotations

import numpy as np
import pandas as pd

from outcomenet.codebooks import YES_NO, ColumnWords
from outcomenet.cohorts.cohort import Cohort
from outcomenet.cohorts.ledger import Ledger
from outcomenet.confounders import CONFOUNDERS
from outcomenet.datasets.planned_visits import PLANNED
from outcomenet.outcome_kinds import EVENT_CAUSES

FOLLOW_UP = "follow_up.csv"
CENSORED = "censored"
FOLLOW_UP_WORDS = {
    "visit_id": ColumnWords("The patient's first graded film, from which follow-up counts"),
    "entry_days": ColumnWords("Day of the first graded film, since symptom onset: before it nobody watched (late entry)", "days"),
    "last_film_without_days": ColumnWords("Last film without rapid progression, since symptom onset", "days"),
    "interval_start_days": ColumnWords("The event came after this day since symptom onset", "days"),
    "interval_end_days": ColumnWords("The event had come by this day since symptom onset; empty: none was seen", "days"),
    "cause": ColumnWords("First event: progression, death, joint_surgery, or censored"),
    "event": ColumnWords("Whether there was an event", values=YES_NO),
}  # fmt: skip
COLUMNS = (
    "patient_id", "visit_id", "site", "entry_days", "last_film_without_days", "interval_start_days", "interval_end_days",
    "cause", "event", "split", "treatment", PLANNED, "age", "male", "duration", "rf", "acpa", "fm", "oa", "das28", "crp", "haq",
    "svdh_total",
)  # fmt: skip


def follow_up_table(cohort: Cohort, visits: pd.DataFrame, ledger: Ledger) -> pd.DataFrame:
    """The first event after each patient's first graded film; days since symptom onset.

    Args:
        cohort: Its patients' symptom onset is the origin of time.
        visits: The visit table.
        ledger: Counts patients who cannot have a row, each reason with them; they stay in the data set.

    Returns:
        `COLUMNS`, and further covariates that the cohort has. `entry_days` is the day of the first graded film: before it
        the patient was not watched, and had the event come earlier would not be in the cohort (left truncation). The event
        lies after `interval_start_days`, the last film without rapid progression since the first one, and by
        `interval_end_days`, the first film with it; empty where none was seen until then (right-censored). A death or
        operation has its day in both; whether it was progression-free is known only until the film before it,
        `last_film_without_days`. `cause` is progression, death, joint_surgery or censored, `event` 1 unless censored. Split,
        treatment, planned visit and covariates are those of the first graded film.
    """
    scored = visits[visits["svdh_total"].notna()].sort_values(["patient_id", "date", "visit_id"])
    first = scored.drop_duplicates("patient_id").reset_index(drop=True)
    onset = first["patient_id"].map(cohort.patients.set_index("patient_id")["symptom_onset"])
    entry = (first["date"] - onset).dt.days.astype(float)
    watched = first["progression_start"].notna()
    without = sorted(set(visits["patient_id"]) - set(first["patient_id"]))
    for reason, patients in (
        ("no scored film", without),
        ("no symptom onset, from which time is counted", first.loc[onset.isna(), "patient_id"]),
        ("first scored film before symptom onset", first.loc[entry < 0, "patient_id"]),
        ("no later film, death or operation", first.loc[(entry >= 0) & ~watched, "patient_id"]),
    ):
        ledger.flag("follow-up table", "patient", f"no row in {FOLLOW_UP}: {reason}", list(patients))
    kept = first[(entry >= 0) & watched]
    entry = entry[kept.index]
    cause = kept["progression_cause"].astype(int)
    names = np.array([*EVENT_CAUSES, CENSORED], object)  # -1 is the last one
    end = entry + kept["progression_end"]
    table = kept.assign(
        entry_days=entry,
        last_film_without_days=entry + _last_film_without(scored, kept),
        interval_start_days=entry + kept["progression_start"],
        interval_end_days=end.where(np.isfinite(end)),
        cause=names[cause],
        event=(cause >= 0).astype(int),
    )
    others = [name for name in CONFOUNDERS if name in table and name not in COLUMNS]
    return table.reindex(columns=[*COLUMNS, *others]).reset_index(drop=True)


def _last_film_without(scored: pd.DataFrame, kept: pd.DataFrame) -> pd.Series:
    """Days from the first scored film to the last one by `progression_start`, in the order of `kept`; 0: the first one."""
    first = kept.set_index("patient_id")
    since = scored["days"] - scored["patient_id"].map(first["days"])
    known = since <= scored["patient_id"].map(first["progression_start"])
    return kept["patient_id"].map(since[known].groupby(scored["patient_id"]).max())
