"""Films that tie patients of two splits together: one examination, one picture, or joints that look the same."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from outcomenet.datasets.dataset import FILMS, SAME_FILMS, Dataset
from outcomenet.errors import DataRefused

TIES = ("accession", "pixels")  # facts
ALIKE = "alike"  # a judgement, see `intake.alike_films`


def tied_patients(films: pd.DataFrame, ties: Sequence[str] = TIES) -> pd.Series:
    """Groups of patients whom a chain of equal entries ties together (connected components of the graph of equal entries).

    Args:
        films: One row per film, with patient_id and the columns `ties`; "" is no entry and ties nobody.
        ties: Columns whose equal entries tie two patients.

    Returns:
        A number per patient, indexed by patient_id and equal for patients of one group.
    """
    patients = pd.Index(films["patient_id"].unique(), name="patient_id")
    if patients.empty:
        return pd.Series([], index=patients, dtype=int)
    place = pd.Series(np.arange(len(patients)), index=patients)
    edges = []
    for tie in ties:
        known = films[films[tie] != ""]
        # joining everybody to the first is enough: components need no edge between all pairs
        first = known.groupby(tie)["patient_id"].transform("first")
        edges.append(np.column_stack([place[known["patient_id"]], place[first]]))
    joined = np.concatenate(edges) if edges else np.empty((0, 2), int)
    graph = coo_matrix((np.ones(len(joined)), (joined[:, 0], joined[:, 1])), shape=(len(patients),) * 2)
    return pd.Series(connected_components(graph, directed=False)[1], index=patients)


def leaking_patients(films: pd.DataFrame, split: pd.Series, ties: Sequence[str] = TIES) -> pd.DataFrame:
    """Patients whom a film ties to a patient of another split.

    Args:
        films: One row per film, with patient_id and the columns `ties` ("" is no entry).
        split: Each patient's split, indexed by patient_id.
        ties: Columns whose equal entries tie two patients.

    Returns:
        One row per such patient: group (see `tied_patients`), patient_id, split; sorted by group and patient.
    """
    group = tied_patients(films, ties)
    table = pd.DataFrame({"group": group, "split": split.reindex(group.index)}).reset_index()
    return table[table.groupby("group")["split"].transform("nunique") > 1].sort_values(["group", "patient_id"])


def refuse_leaks(dataset: Dataset, *, accept_alike: bool = False) -> int:
    """Refuses a data set in which a film ties a patient that is learned from to one that is held out.

    Args:
        dataset: As it is divided for the run.
        accept_alike: Whether films that merely look alike may lie in several splits; somebody looked at them.

    Returns:
        The number of patients whose films look like those of another split and were accepted.

    Raises:
        DataRefused: Patients of several splits share an examination or a picture, or, if not accepted, look alike.
    """
    path = dataset.folder / FILMS
    if not path.is_file():  # no visit has films
        return 0
    films = pd.read_parquet(path)
    split = dataset.visits.groupby("patient_id")["split"].first()
    if len(leaking := leaking_patients(films, split)):
        raise DataRefused(
            f"{_groups(leaking)} share an examination or a picture across {_splits(leaking)}, so that a network would be "
            f"judged on films it learned from. {SAME_FILMS} in {dataset.folder} names the films; correct patient_id or path in films.csv and take "
            "the cohort in again."
        )
    alike = leaking_patients(films, split, (ALIKE,))
    if len(alike) and not accept_alike:
        raise DataRefused(
            f"{_groups(alike)} across {_splits(alike)} have films whose joints look the same, as copies of one film do "
            f"(mirrored, turned, cut, compressed) or one person under two names. {SAME_FILMS} in {dataset.folder} names the films: "
            "look at them, and correct films.csv or leave one out; if they are two people's, train with "
            "split.accept_alike_films=True (--split.accept-alike-films True)."
        )
    return len(alike)


def alike_notes(patients: int) -> list[str]:
    """Notes for a run whose data set `refuse_leaks` accepted with so many patients; none where there are none."""
    if not patients:
        return []
    return [
        f"{patients} patients have films whose joints look like those of a patient of another split; "
        "split.accept_alike_films accepts that, and held-out results may be flattered by it."
    ]


def _groups(leaking: pd.DataFrame) -> str:
    return f"{len(leaking)} patients in {leaking['group'].nunique()} groups"


def _splits(leaking: pd.DataFrame) -> str:
    return " and ".join(sorted(leaking["split"].unique()))
