"""Measures of damage at the held-out visits with their repeated readings: the film score, and the human total."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from outcomenet.arrays import Float
from outcomenet.datasets.dataset import Dataset, visit_key
from outcomenet.datasets.pairs import KEYS, paired_visits
from outcomenet.datasets.visit_table import LATER_VISIT, reading_totals
from outcomenet.evaluation.biomarker import reread_scores
from outcomenet.evaluation.cohort_truth import read_true_course, read_true_damage
from outcomenet.predictions import NetworkOutput
from outcomenet.scoring import SVDH, UnreadablePolicy

REREAD = "the same films cut and toned again; films taken again would differ more, so that this is the least it can be"


@dataclass(frozen=True)
class Measured:
    """One measure at every visit, and what is known of its repeatability."""

    status: pd.Series  # by (patient_id, visit_id)
    readings: pd.DataFrame  # single readings of it, [visit, reading]; NaN where a visit was not read
    averaged: float  # how many readings the status is the mean of, the median over visits
    kind: str  # what kind of readings these are, in words

    def change(self, pairs: pd.DataFrame) -> Float[np.ndarray, "pair"]:
        """Later minus earlier visit of each pair, in the measure's unit; NaN where either is missing."""
        return change_between(self.status, pairs)

    def changes_read(self, pairs: pd.DataFrame) -> Float[np.ndarray, "pair reading"]:
        """The same of every single reading."""
        return change_between(self.readings, pairs)


@dataclass(frozen=True)
class ReadTogether:
    """A change that is read off two films at once: a measure of change without a status at either visit."""

    values: pd.Series  # by (patient_id, visit_id) of the earlier visit
    again: pd.DataFrame  # further readings of the same, [pair, reading]
    kind: str  # what kind of readings these are, in words
    averaged: float = 1

    @property
    def readings(self) -> pd.DataFrame:
        """Of status: none."""
        return self.again.iloc[:0]

    def change(self, pairs: pd.DataFrame) -> Float[np.ndarray, "pair"]:
        """Later minus earlier visit of each pair; NaN where it was not read."""
        return self.values.reindex(pd.MultiIndex.from_frame(pairs[KEYS])).to_numpy(float)

    def changes_read(self, pairs: pd.DataFrame) -> Float[np.ndarray, "pair reading"]:
        """The same of every further reading."""
        return self.again.reindex(pd.MultiIndex.from_frame(pairs[KEYS])).to_numpy(float)


def held_out_pairs(dataset: Dataset) -> pd.DataFrame:
    """Pairs of held-out visits with films, a year apart: patient_id, visit_id, later_visit_id and the rest of their rows."""
    return paired_visits(dataset.visits[dataset.visits["split"] == "test"])


def film_score(biomarker: pd.DataFrame, rereadings: Sequence[NetworkOutput], outcome: int) -> Measured:
    """The network's score; its readings are those of the same films, cut and toned again.

    Args:
        biomarker: the biomarker table.
        rereadings: outputs for perturbed films of the held-out visits; fewer than two tell nothing.
        outcome: number of the outcome that the score is of.
    """
    status = biomarker.set_index(KEYS)["score"]
    if len(rereadings) < 2:
        return Measured(status, pd.DataFrame(index=status.index), 1, "")
    index = pd.MultiIndex.from_tuples(rereadings[0].ids, names=KEYS)
    return Measured(status, pd.DataFrame(reread_scores(rereadings, outcome).T, index=index), 1, REREAD)


def human_total(dataset: Dataset) -> Measured:
    """The human total with the totals of the two readers who have most held-out visits in common."""
    rows = dataset.visits[dataset.visits["split"] == "test"]
    status = rows.set_index(KEYS)["svdh_total"].astype(float)
    table, readers = _reader_totals(dataset, rows), dataset.manifest.readers
    if len(readers) < 2:
        return Measured(status, table.iloc[:, :0], 1, "")
    per_visit = table.notna().sum(axis=1)
    averaged = float(per_visit[per_visit > 0].median()) if per_visit.any() else 1.0
    two = max(combinations(readers, 2), key=lambda pair: len(table[list(pair)].dropna()))
    kind = f"two of {len(readers)} readers; a held-out visit has the totals of {averaged:g} (median)"
    return Measured(status, table[list(two)], averaged, kind)


def _reader_totals(dataset: Dataset, rows: pd.DataFrame) -> pd.DataFrame:
    """Each reader's total [visit, reader] of held-out visits with films; NaN: he did not read it, or it has no total.

    The data set keeps grades and the mean total, not the cohort's policy for unreadable sites: it is the one under which
    the readers' totals have that mean at most visits (carried grades of visits without films are not kept).
    """
    grades = {}
    for example in dataset.examples("test"):
        of_readers = np.asarray(example["svdh"])
        grades[visit_key(example)] = np.where(of_readers < 0, np.nan, of_readers)
    keys = [key for key in zip(rows["patient_id"], rows["visit_id"], strict=True) if key in grades]
    readers = list(dataset.manifest.readers)
    readings = pd.DataFrame(
        [
            (*key, reader, *graded)
            for key in keys  # a patient's visits in the order of their dates
            for reader, graded in zip(readers, grades[key], strict=True)
            if np.isfinite(graded).any()
        ],
        columns=[*KEYS, "reader", *(site.name for site in SVDH.sites)],
    )
    index = pd.MultiIndex.from_tuples(keys, names=KEYS)
    mean = rows.set_index(KEYS)["svdh_total"].reindex(index).to_numpy(float)

    def under(policy: UnreadablePolicy) -> pd.DataFrame:
        totals = reading_totals(readings, SVDH, policy).astype({"total": float})
        return totals.pivot(index=KEYS, columns="reader", values="total").reindex(index=index, columns=readers)

    if not readings.isna().any(axis=None):
        return under(UnreadablePolicy.MISSING)
    tables = [under(policy) for policy in UnreadablePolicy]
    return max(tables, key=lambda table: np.isclose(table.mean(axis=1), mean, atol=1e-3, equal_nan=True).sum())


def changes_beside(dataset: Dataset, pairs: pd.DataFrame) -> dict[str, Float[np.ndarray, "pair"]]:
    """Changes that a measure's change may go with: of what patients feel and, where simulated, of what is true.

    Args:
        dataset: the data set.
        pairs: patient_id, visit_id and later_visit_id.

    Returns:
        Later minus earlier visit in each one's unit, NaN where either is missing; only those with two pairs or more.
    """
    visits = dataset.visits.set_index(KEYS)
    sources: list[tuple[pd.DataFrame, tuple[tuple[str, str], ...]]] = [
        (visits, (("HAQ-DI", "haq"), ("DAS28", "das28")))
    ]
    truth = read_true_course(dataset, ("activity", "svdh_without_error"))
    if truth is not None:
        sources.append((truth.set_index(KEYS), (("true activity", "activity"), ("true SvdH", "svdh_without_error"))))
    damage = read_true_damage(dataset)
    if damage is not None:
        sources.append((damage, (("true damage", "lost"),)))
    changes = {
        name: change_between(table[column].astype(float), pairs)
        for table, named in sources
        for name, column in named
        if column in table
    }
    return {name: change for name, change in changes.items() if np.isfinite(change).sum() > 1}


def change_between(values: pd.Series | pd.DataFrame, pairs: pd.DataFrame) -> Float[np.ndarray, "pair *reading"]:
    """Values at the later visit of each pair minus those at the earlier one.

    Args:
        values: by (patient_id, visit_id), one column or several.
        pairs: patient_id, visit_id and later_visit_id.

    Returns:
        In the values' unit; NaN where either visit has none.
    """
    later, earlier = (
        values.reindex(pd.MultiIndex.from_arrays([pairs["patient_id"], pairs[visit]])).to_numpy(float)
        for visit in (LATER_VISIT, "visit_id")
    )
    return later - earlier
