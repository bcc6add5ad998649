"""The network whose score is a run's biomarker, with its films: what audits ask of it, as numpy arrays and tables."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import jax
import numpy as np
import pandas as pd

from outcomenet.arrays import Bool, Float
from outcomenet.audits.contract import Key
from outcomenet.audits.network.borders import border_features
from outcomenet.audits.network.contributions import ContributionReader
from outcomenet.audits.network.redrawn_films import (
    redrawable_visits,
    scanner_facts,
    scores_under_interventions,
)
from outcomenet.audits.network.shuffled_parameters import shuffled
from outcomenet.audits.sizes import AuditSizes
from outcomenet.csv_files import read_csv
from outcomenet.datasets.dataset import SPLITS, Dataset, visit_key
from outcomenet.datasets.manifest import TRUTH
from outcomenet.errors import DataRefused
from outcomenet.inference.visits import CompiledNetwork
from outcomenet.input_pipeline.transforms import Standardise, StoredExample
from outcomenet.progress import Progress

KEYS = ["patient_id", "visit_id"]


@dataclass(frozen=True)
class TrainedNetwork:
    """Implements `contract.AuditedNetwork`, whose methods are described there; films are read once, when first asked for.

    Attributes:
        dataset: the run's data set.
        visits: rows that every predictor predicts or learns from, with columns of the visit table.
        biomarker: the biomarker table.
        network: runs the network over examples.
        outcome: number of the main outcome among the network's.
        sizes: how many visits are read.
        seed: of the shuffles.
        progress: where long work is reported.
    """

    dataset: Dataset
    visits: pd.DataFrame
    biomarker: pd.DataFrame
    network: CompiledNetwork
    outcome: int
    sizes: AuditSizes
    seed: int
    progress: Progress

    def held_out(self) -> pd.DataFrame:
        return self._held_out

    def true_joints(self) -> pd.DataFrame:
        return read_csv(self.dataset.folder / TRUTH / "joints.csv", dtype=dict.fromkeys(KEYS, str))

    def border_features(self) -> tuple[list[Key], Float[np.ndarray, "visit feature"]]:
        keys, features, _ = self._films
        return keys, features

    def explained_patients(self) -> pd.Series:
        return pd.Series([patient for patient, _ in self._explained.ids])

    def contributions(self, hidden: Bool[np.ndarray, "visit joint"] | None = None) -> Float[np.ndarray, "visit joint"]:
        explained = self._explained
        visible = explained.visible if hidden is None else explained.visible & ~hidden
        return explained.read(self.network.parameters, visible)

    def shuffled_contributions(self, number: int) -> Float[np.ndarray, "visit joint"]:
        # all keys are split at once: another number of shuffles gives other networks
        key = jax.random.split(jax.random.key(self.seed), self.sizes.shuffled_networks)[number]
        return self._explained.read(shuffled(self.network.parameters, key), self._explained.visible)

    def scores_under_interventions(self) -> pd.DataFrame:
        _, _, examples = self._films
        return scores_under_interventions(
            self.dataset, examples, self.network, self.sizes, self.progress, outcome=self.outcome
        )

    @cached_property
    def _held_out(self) -> pd.DataFrame:
        scored = self.biomarker[self.biomarker["split"] == "test"].drop(columns="split")
        table = self.visits.drop(columns="split").merge(scored, on=KEYS, validate="one_to_one")
        truth = self.dataset.folder / TRUTH
        if not (truth / "visits.csv").is_file():
            return table
        known = read_csv(truth / "visits.csv", dtype=dict.fromkeys(KEYS, str))
        table = table.merge(known, on=KEYS, how="left", validate="one_to_one")
        try:
            facts = scanner_facts(truth)
        except DataRefused:  # of an older simulator: the audit of interventions says so
            return table
        return table.drop(columns="device", errors="ignore").merge(facts, on="site", how="left")

    @cached_property
    def _explained(self) -> ContributionReader:
        _, _, examples = self._films
        batches = self.network.batches([examples[key] for key in self._explained_visits])
        return ContributionReader(self.network.network, list(batches), self.outcome)

    @property
    def _explained_visits(self) -> list[Key]:
        return first_visits_first(self._held_out, self.sizes.explained_visits)

    @cached_property
    def _films(self) -> tuple[list[Key], Float[np.ndarray, "visit feature"], dict[Key, StoredExample]]:
        """(visits, their border features, examples of held-out visits that other audits read again).

        All held-out visits come first, others up to `border_visits`. Borders are as the network sees them: standardised
        per film.
        """
        keep = {*self._explained_visits, *redrawable_visits(self.dataset, self.sizes.intervention_patients)}
        standardise = Standardise(self.network.scale)
        sources = [self.dataset.examples(split) for split in reversed(SPLITS)]
        most = self.sizes.border_visits
        self.progress.start("visits", min(most, sum(map(len, sources))), "measure the borders of crops")
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
                features.append(
                    border_features(standardise.map(example)["crops"], np.asarray(example["present"]).astype(bool))
                )
                self.progress.advance()
        self.progress.finish()
        return keys, np.stack(features), kept


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
