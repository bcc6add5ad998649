"""Held-out visits as the audits need them: their table with the truth, their films walked once, first visits first."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

import numpy as np
import pandas as pd

from outcomenet.arrays import Float
from outcomenet.audits.contract import Key
from outcomenet.audits.network.borders import border_features
from outcomenet.audits.network.redrawn_films import scanner_facts
from outcomenet.csv_files import read_csv
from outcomenet.datasets.dataset import SPLITS, Dataset, visit_key
from outcomenet.datasets.manifest import TRUTH
from outcomenet.errors import DataRefused
from outcomenet.input_pipeline.transforms import StoredExample
from outcomenet.models.standardised_crops import standardised
from outcomenet.progress import Progress

KEYS = ["patient_id", "visit_id"]


def held_out_table(dataset: Dataset, visits: pd.DataFrame, biomarker: pd.DataFrame) -> pd.DataFrame:
    """Visits of the held-out patients with their scores and, where simulated, what is true of them.

    Args:
        dataset: the run's data set.
        visits: rows that every predictor predicts or learns from, with columns of the visit table.
        biomarker: the biomarker table.
    """
    scored = biomarker[biomarker["split"] == "test"].drop(columns="split")
    table = visits.drop(columns="split").merge(scored, on=KEYS, validate="one_to_one")
    truth = dataset.folder / TRUTH
    if not (truth / "visits.csv").is_file():
        return table
    known = read_csv(truth / "visits.csv", dtype=dict.fromkeys(KEYS, str))
    table = table.merge(known, on=KEYS, how="left", validate="one_to_one")
    try:
        facts = scanner_facts(truth)
    except DataRefused:  # of an older simulator: the audit of interventions says so
        return table
    return table.drop(columns="device", errors="ignore").merge(facts, on="site", how="left")


def true_joints(dataset: Dataset) -> pd.DataFrame:
    """True state of every joint at every visit of a simulated cohort: truth/joints.csv."""
    return read_csv(dataset.folder / TRUTH / "joints.csv", dtype=dict.fromkeys(KEYS, str))


class WalkedFilms(NamedTuple):
    """What is kept of films that were decoded once."""

    keys: list[Key]  # visits, the held-out ones first
    borders: Float[np.ndarray, "visit feature"]  # see `borders.border_features`
    kept: dict[Key, StoredExample]  # examples of held-out visits


def walk_films(dataset: Dataset, keep: Collection[Key], most: int, progress: Progress) -> WalkedFilms:
    """Measures the borders of crops as the network sees them, standardised per film, and keeps some examples.

    All held-out visits come first, others up to `most`.

    Args:
        dataset: the run's data set.
        keep: held-out visits whose examples other audits need.
        most: visits that are measured at most, unless more are held out.
        progress: is advanced by every visit.
    """
    # reversed: the held-out visits first, all of which are needed
    sources = [dataset.examples(split) for split in reversed(SPLITS)]
    progress.start("visits", min(most, sum(map(len, sources))), "measure the borders of crops")
    keys: list[Key] = []
    features: list[np.ndarray] = []
    kept: dict[Key, StoredExample] = {}
    for number, source in enumerate(sources):
        for index in range(len(source)):
            if number > 0 and len(keys) >= most:
                break
            example = source[index]
            key = visit_key(example)
            if number == 0 and key in keep:
                kept[key] = example
            keys.append(key)
            present = np.asarray(example["present"]).astype(bool)
            crops = standardised(np.asarray(example["crops"]).astype(np.float32) / 65535.0, present)
            features.append(border_features(crops, present))
            progress.advance()
    progress.finish()
    return WalkedFilms(keys, np.stack(features), kept)


def first_visits_first(visits: pd.DataFrame, most: int) -> list[Key]:
    """Keys of visits, first visits of patients before second ones.

    Args:
        visits: patient_id, visit_id, date.
        most: how many are taken at most.
    """
    ordered = visits.sort_values(["patient_id", "date"])
    place = ordered.groupby("patient_id").cumcount()
    chosen = ordered.loc[place.sort_values(kind="stable").index].head(most)
    return list(zip(chosen["patient_id"], chosen["visit_id"], strict=True))
