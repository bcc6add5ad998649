"""Analysis data sets of a run: one row per visit, and one per patient's follow-up, with outcomes, covariates and the score.

Every column has one name in all tables of a run, and cells of one visit agree between them, so that a merge by all columns that two
tables share loses no row and doubles no column.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from outcomenet.confounders import CONFOUNDERS
from outcomenet.csv_files import read_csv
from outcomenet.datasets.dataset import READINGS, Dataset
from outcomenet.datasets.pairs import KEYS
from outcomenet.datasets.planned_visits import PLANNED, PLANNED_SOURCE, with_planned_visits
from outcomenet.datasets.visit_table import LABEL_SOURCES, LATER_VISIT
from outcomenet.evaluation.cohort_truth import read_true_course, read_true_damage
from outcomenet.intake.account.follow_up_table import FOLLOW_UP
from outcomenet.outcome_kinds import EVENT_CAUSES
from outcomenet.outcomes import DAYS_PER_YEAR, NEGATIVE_CONTROLS, OUTCOMES, PROGRESSION
from outcomenet.predictors import HUMAN_TOTAL

# Names that say more than those of the visit table do.
RENAMED = {"duration": "duration_years", "svdh_total": HUMAN_TOTAL, "source": "films_source"}
CENSORED = "censored"
READER_TOTAL = "human_total_reader_{}"
TRUTH = (
    "expected_haq", "expected_pain", "expected_fatigue", "ra_part", "activity_part", "oa_part", "fm_part", "covariate_part",
    "activity", "svdh_without_error",
)  # fmt: skip
TRUE_DAMAGE = "true_damage"
# Of the biomarker table, what the analysis sets have: numbers of a visit, not those of its joints.
SCORES = (
    "score", "score_z", "score_haq", "score_haq_sem", "score_sem", "score_lower", "score_upper", "damage_score", "damage_sem",
    "activity_score", "activity_sem", "oa_score", "oa_sem",
)  # fmt: skip
_MARKS = ("fold", "may_be_used")
EVENTS = (
    "entry_days", "last_film_without_days", "interval_start_days", "interval_end_days", "cause", "event",
)  # fmt: skip


def visits_set(dataset: Dataset, biomarkers: pd.DataFrame | None, fold: int) -> pd.DataFrame:
    """visits.parquet of a run: one row per patient and visit, all of the data set, those without films too.

    Args:
        dataset: the data set, divided as the run divides it.
        biomarkers: the biomarker table with its scales; None where the run has no network.
        fold: which patients the run's networks did not learn from.

    Returns:
        Keys, planned visit, `years` since the patient's first visit, site, treatment, split, `fold`, `may_be_used` (True for
        everybody where no network learned), covariates, outcomes, `human_total` and each reader's, scores, and, of a simulated
        cohort, its truth as `true_...`. An event that was never seen has an empty end.
    """
    table = dataset.visits
    table = table if PLANNED_SOURCE in table else with_planned_visits(table)
    table = table.assign(years=table["days"] / DAYS_PER_YEAR, **_progression(table)).rename(columns=RENAMED)
    marked = table["split"].isin(["validation", "test"]) if biomarkers is not None else True
    table = table.assign(fold=fold, may_be_used=marked)
    table = _joined(table[_columns(table)], _reader_totals(dataset))
    if biomarkers is not None:
        table = _joined(table, biomarkers[[*KEYS, *(name for name in SCORES if name in biomarkers)]])
    return _joined(table, _truth(dataset)).reset_index(drop=True)


def follow_up_set(dataset: Dataset, visits: pd.DataFrame) -> pd.DataFrame:
    """follow_up.parquet of a run: one row per patient, the first event after the first graded film.

    Args:
        dataset: the data set, whose follow-up table gives the events.
        visits: as `visits_set` gives it; split, covariates and score are those of the first graded film.

    Returns:
        Keys, the events' columns (days since symptom onset), and every column of `visits` but those of later visits' outcomes.
    """
    file = dataset.folder / FOLLOW_UP
    events = read_csv(file, dtype=dict.fromkeys([*KEYS, "cause"], str))[[*KEYS, *EVENTS]]
    later = {LATER_VISIT, "years", *(name for name in visits if str(name).startswith("progression"))}
    later |= {spec.name for spec in OUTCOMES.values() if spec.horizon_days}
    kept = [name for name in visits if name not in later]
    return events.merge(visits[kept], on=KEYS, how="left", validate="one_to_one")


def _columns(table: pd.DataFrame) -> list[str]:
    """Columns of the visit table that analyses use, in their order, as far as they are there."""
    covariates = [RENAMED.get(name, name) for name in CONFOUNDERS if name not in OUTCOMES]
    outcomes = [spec.name for spec in OUTCOMES.values() if not spec.kind.is_event]
    wanted = [
        *KEYS, PLANNED, PLANNED_SOURCE, "years", "site", "treatment", "split", *_MARKS, "has_films", "films_source", "device",
        *covariates, *LABEL_SOURCES, "haq_answered", *outcomes, *_of_progression(), LATER_VISIT, *NEGATIVE_CONTROLS, HUMAN_TOTAL,
    ]  # fmt: skip
    # the categories' index is the HAQ again
    return [name for name in dict.fromkeys(wanted) if name in table and name != "haq_by_category"]


def _of_progression() -> tuple[str, ...]:
    name = PROGRESSION.name
    return (name, f"{name}_start_days", f"{name}_end_days", f"{name}_cause")


def _progression(table: pd.DataFrame) -> dict[str, pd.Series]:
    """Whether rapid progression came within a year (1, 0, missing), and the days and cause of the first event after the visit."""
    name = PROGRESSION.name
    if f"{name}_start" not in table:
        return {}
    cause, end = table[f"{name}_cause"].to_numpy(float), table[f"{name}_end"]
    known = np.isfinite(cause)
    words = np.array([*EVENT_CAUSES, CENSORED], object)[np.where(known, cause, -1).astype(int)]  # -1 is the last one
    status = PROGRESSION.kind.target(table, name, PROGRESSION.horizon_days)
    values = (
        pd.Series(status, table.index),
        table[f"{name}_start"],
        end.where(np.isfinite(end)),
        pd.Series(words, table.index).where(known),
    )
    return dict(zip(_of_progression(), values, strict=True))


def _reader_totals(dataset: Dataset) -> pd.DataFrame | None:
    """A column per reader, in the order of their names."""
    if not (dataset.folder / READINGS).is_file():
        return None
    readings = read_csv(dataset.folder / READINGS, dtype=dict.fromkeys([*KEYS, "reader"], str))
    wide = readings.pivot(index=KEYS, columns="reader", values="total")
    wide.columns = [READER_TOTAL.format(number) for number in range(1, wide.shape[1] + 1)]
    return wide.reset_index()


def _truth(dataset: Dataset) -> pd.DataFrame | None:
    """What is true of each simulated visit, as `true_...`; None for a real cohort."""
    course = read_true_course(dataset, TRUTH)
    damage = read_true_damage(dataset)
    if course is None:
        return None
    named = course.rename(columns={name: f"true_{name}" for name in course if name not in KEYS})
    if damage is None:
        return named
    return named.merge(damage.rename(columns={"lost": TRUE_DAMAGE}), left_on=KEYS, right_index=True, how="left")


def _joined(table: pd.DataFrame, other: pd.DataFrame | None) -> pd.DataFrame:
    return table if other is None else table.merge(other, on=KEYS, how="left", validate="one_to_one")
