"""Films that tie patients of two splits together: one examination or one picture under two names."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from outcomenet.datasets.dataset import FILMS, Dataset
from outcomenet.errors import DataRefused
from outcomenet.localization.likeness import as_words, unlikeness

# Of 560 bits. 112 simulated films at half or three quarters of their size, darker, brighter or as JPEG differ from
# themselves in at most 38 bits (99 of 100: 32), and 1,456 pairs of films of one limb of different patients in at least 62.
NEARLY_THE_SAME_BITS = 48
TIES = ("accession", "pixels")
SAME_FILMS = "same_films.csv"


def tied_patients(films: pd.DataFrame) -> pd.Series:
    """A number for each patient, equal for patients whom a chain of equal accession numbers or pixels ties together.

    `films` has a row per film: patient_id, and `TIES` ("" where there is none). The index of the result is patient_id.
    """
    patients = pd.Index(films["patient_id"].unique(), name="patient_id")
    if patients.empty:
        return pd.Series([], index=patients, dtype=int)
    place = pd.Series(np.arange(len(patients)), index=patients)
    edges = []
    for tie in TIES:
        known = films[films[tie] != ""]
        first = known.groupby(tie)["patient_id"].transform("first")
        edges.append(np.column_stack([place[known["patient_id"]], place[first]]))
    joined = np.concatenate(edges) if edges else np.empty((0, 2), int)
    graph = coo_matrix((np.ones(len(joined)), (joined[:, 0], joined[:, 1])), shape=(len(patients),) * 2)
    return pd.Series(connected_components(graph, directed=False)[1], index=patients)


def leaking_patients(films: pd.DataFrame, split: pd.Series) -> pd.DataFrame:
    """Patients tied to one of another split: columns group, patient_id, split. `split` is indexed by patient_id."""
    group = tied_patients(films)
    table = pd.DataFrame({"group": group, "split": split.reindex(group.index)}).reset_index()
    return table[table.groupby("group")["split"].transform("nunique") > 1].sort_values(["group", "patient_id"])


def same_films(films: pd.DataFrame) -> pd.DataFrame:
    """Pairs of films that are or may be one: film_id, other_film_id, patients, why (same pixels; nearly the same, with bits).

    The same pixels count wherever they turn up twice, looking nearly the same only between patients: films of one
    patient at two visits may well look alike.
    """
    films = films.drop_duplicates("film_id").reset_index(drop=True)
    rows = []
    for _, twins in films[films["pixels"] != ""].groupby("pixels", sort=False):
        rows += [_pair(twins.iloc[0], twins.iloc[k], "the same pixels", 0) for k in range(1, len(twins))]
    shown = films[films["likeness"] != ""]
    for _, alike in shown.groupby(shown["side"].str[1]):  # hands with hands
        words = np.array([as_words(text) for text in alike["likeness"]])
        patients, pixels = alike["patient_id"].to_numpy(), alike["pixels"].to_numpy()
        for k in range(len(alike) - 1):
            bits = unlikeness(words[k], words[k + 1 :])
            near = (bits <= NEARLY_THE_SAME_BITS) & (patients[k + 1 :] != patients[k]) & (pixels[k + 1 :] != pixels[k])
            rows += [
                _pair(alike.iloc[k], alike.iloc[k + 1 + j], "nearly the same picture", int(bits[j]))
                for j in np.flatnonzero(near)
            ]
    return pd.DataFrame(rows, columns=["film_id", "other_film_id", "patient_id", "other_patient_id", "why", "bits"])


def _pair(one: pd.Series, other: pd.Series, why: str, bits: int) -> tuple[str, str, str, str, str, int]:
    return one["film_id"], other["film_id"], one["patient_id"], other["patient_id"], why, bits


def refuse_leaks(dataset: Dataset) -> None:
    """Raises DataRefused where a film ties a patient that is learned from to one that is held out."""
    path = dataset.folder / FILMS
    if not path.is_file():  # no visit has films
        return
    split = dataset.visits.groupby("patient_id")["split"].first()
    leaking = leaking_patients(pd.read_parquet(path), split)
    if len(leaking):
        raise DataRefused(
            f"{len(leaking)} patients in {leaking['group'].nunique()} groups share an examination or a picture across "
            f"{' and '.join(sorted(leaking['split'].unique()))}, so that a network would be judged on films it learned "
            f"from. {SAME_FILMS} in {dataset.folder} names the films; correct patient_id or path in films.csv and take "
            "the cohort in again."
        )
