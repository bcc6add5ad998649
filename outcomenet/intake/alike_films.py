"""Search for films that are or may be one: equal pixels anywhere, and joints that look the same in two patients."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from outcomenet.datasets.leaks import ALIKE
from outcomenet.localization.likeness import JointPatterns, nearest

# `python -m tests.bench_alike_films` measures both sides; docs/intake has the numbers.
ALIKE_FROM = 0.6
# Each limb is compared with those whose spectra are most like its own, until so many do not look the same.
MISSES, MOST = 2, 30
COLUMNS = ["film_id", "other_film_id", "patient_id", "other_patient_id", "why", "agreement"]


def same_films(films: pd.DataFrame) -> pd.DataFrame:
    """Pairs of films that are or may be one: `COLUMNS`; `agreement` is that of the joints' patterns, 1 for equal pixels.

    The same pixels count wherever they turn up twice, looking the same only between patients: films of one patient at two
    visits do look alike.

    Args:
        films: A row per limb: film_id, patient_id, side, pixels, likeness (see `cutting.FilmIdentity`).
    """
    once = films.drop_duplicates("film_id")
    rows = []
    for _, twins in once[once["pixels"] != ""].groupby("pixels", sort=False):
        rows += [_pair(twins.iloc[0], twins.iloc[k], "the same pixels", 1.0) for k in range(1, len(twins))]
    alike: dict[frozenset[str], tuple] = {}  # of two films with two limbs each, the pair of limbs that agrees best
    for _, limbs in films[films["likeness"] != ""].groupby(films["side"].str[1]):  # hands with hands
        limbs = limbs.drop_duplicates(["pixels", "patient_id", "likeness"])
        patterns = [JointPatterns(text) for text in limbs["likeness"]]
        for (one, other), agreement in alike_pairs(patterns, list(limbs["patient_id"])).items():
            first, second = limbs.iloc[one], limbs.iloc[other]
            if first["pixels"] != second["pixels"] or not first["pixels"]:
                pair = _pair(first, second, "joints that look the same", agreement)
                of = frozenset(pair[:2])
                # the surer of two pairs of limbs speaks for their films
                alike[of] = max(alike.get(of, pair), pair, key=lambda known: known[-1])
    rows += alike.values()
    return pd.DataFrame(rows, columns=COLUMNS)


def alike_pairs(limbs: Sequence[JointPatterns], owners: Sequence[str]) -> dict[tuple[int, int], float]:
    """Pairs of limbs of different patients that look the same.

    Args:
        limbs: Patterns of limbs of one region.
        owners: The patient of each.

    Returns:
        Agreement, at least `ALIKE_FROM`, by the places (first < second) of the pair in `limbs`.
    """
    compared: dict[tuple[int, int], float] = {}
    for row, others in enumerate(nearest(limbs, owners, MOST) if limbs else []):
        misses = 0
        for other in others:
            pair = min(row, other), max(row, other)
            if pair not in compared:
                compared[pair] = limbs[pair[0]].agreement(limbs[pair[1]])
            misses += compared[pair] < ALIKE_FROM
            if misses == MISSES:
                break
    return {pair: agreement for pair, agreement in sorted(compared.items()) if agreement >= ALIKE_FROM}


def with_groups(films: pd.DataFrame, pairs: pd.DataFrame) -> pd.DataFrame:
    """The film table as it is kept: without the patterns, with a column `alike`.

    Args:
        films: A row per limb.
        pairs: What `same_films` gives of them.

    Returns:
        `alike` is equal for films that a chain of pairs joins, and "" for all others.
    """
    if pairs.empty:
        return films.drop(columns="likeness").assign(**{ALIKE: ""})
    names = pd.Index(films["film_id"].unique())
    ends = [names.get_indexer(pd.Index(pairs[column])) for column in ("film_id", "other_film_id")]
    graph = coo_matrix((np.ones(len(pairs)), ends), shape=(len(names),) * 2)
    group = pd.Series(connected_components(graph, directed=False)[1], index=names)
    # a film alone in its group looks like no other
    group = group.where(group.duplicated(keep=False)).astype("Int64").astype("string").fillna("").astype(object)
    return films.drop(columns="likeness").assign(**{ALIKE: films["film_id"].map(group)})


def _pair(one: pd.Series, other: pd.Series, why: str, agreement: float) -> tuple[str, str, str, str, str, float]:
    return one["film_id"], other["film_id"], one["patient_id"], other["patient_id"], why, round(agreement, 3)
