"""The network whose score is a run's biomarker, with its films, as audits see it: numpy arrays and tables."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import jax
import numpy as np
import pandas as pd

from outcomenet.arrays import Bool, Float
from outcomenet.audits.contract import Key
from outcomenet.audits.network.held_out_visits import (
    WalkedFilms,
    first_visits_first,
    held_out_table,
    true_joints,
    walk_films,
)
from outcomenet.audits.network.intervened_scores import scores_under_interventions
from outcomenet.audits.network.redrawn_films import redrawable_visits
from outcomenet.audits.network.shuffled_parameters import shuffled
from outcomenet.audits.sizes import AuditSizes
from outcomenet.datasets.dataset import Dataset
from outcomenet.inference.compiled_network import CompiledContributions, CompiledNetwork
from outcomenet.progress import Progress


@dataclass(frozen=True)
class TrainedNetwork:
    """Implements `contract.AuditedNetwork`, whose methods are described there; films are read once, when first asked for.

    Attributes:
        dataset: the run's data set.
        visits: rows that every predictor predicts or learns from, with columns of the visit table.
        biomarker: the biomarker table.
        network: the network, compiled, with its trained parameters.
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
        return true_joints(self.dataset)

    def border_features(self) -> tuple[list[Key], Float[np.ndarray, "visit feature"]]:
        return self._films.keys, self._films.borders

    def explained_patients(self) -> pd.Series:
        return pd.Series([patient for patient, _ in self._explained.ids])

    def contributions(self, hidden: Bool[np.ndarray, "visit joint"] | None = None) -> Float[np.ndarray, "visit joint"]:
        explained = self._explained
        visible = explained.visible if hidden is None else explained.visible & ~hidden
        return explained.infer(self.network.parameters, visible)

    def shuffled_contributions(self, number: int) -> Float[np.ndarray, "visit joint"]:
        # all keys are split at once: another number of shuffles gives other networks
        key = jax.random.split(jax.random.key(self.seed), self.sizes.shuffled_networks)[number]
        return self._explained.infer(shuffled(self.network.parameters, key), self._explained.visible)

    def scores_under_interventions(self) -> pd.DataFrame:
        return scores_under_interventions(
            self.dataset, self._films.kept, self.network, self.sizes, self.progress, outcome=self.outcome
        )

    @cached_property
    def _held_out(self) -> pd.DataFrame:
        return held_out_table(self.dataset, self.visits, self.biomarker)

    @cached_property
    def _explained(self) -> CompiledContributions:
        batches = self.network.batches([self._films.kept[key] for key in self._explained_visits])
        return CompiledContributions(self.network.network, list(batches), self.outcome)

    @property
    def _explained_visits(self) -> list[Key]:
        return first_visits_first(self._held_out, self.sizes.explained_visits)

    @cached_property
    def _films(self) -> WalkedFilms:
        keep = {*self._explained_visits, *redrawable_visits(self.dataset, self.sizes.intervention_patients)}
        return walk_films(self.dataset, keep, self.sizes.border_visits, self.progress)
