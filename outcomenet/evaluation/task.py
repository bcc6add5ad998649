"""Evaluation task: a data set, networks with their parameters, and the settings by which they are judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from outcomenet.audits.sizes import AuditSizes
from outcomenet.datasets.dataset import STORED_SPLIT, Dataset
from outcomenet.datasets.pairs import VisitPairs, changes_of_human_score
from outcomenet.errors import DataRefused
from outcomenet.inference.compiled_network import CompiledNetwork
from outcomenet.input_pipeline.transforms import AugmentationConfig, CovariateScale, StoredExample
from outcomenet.predictors import measuring_network
from outcomenet.training.rungs import Parameters, RungNetwork


@dataclass(frozen=True)
class EvaluationTask:
    """What is evaluated: data, networks with their parameters, and how."""

    dataset: Dataset
    outcomes: tuple[str, ...]
    main_outcome: str  # what biomarker, primary contrast and audits are about
    covariates: tuple[str, ...]
    scale: CovariateScale
    networks: Mapping[str, RungNetwork]
    parameters: Mapping[str, Parameters]
    augmentation: AugmentationConfig
    resamples: int
    seed: int
    rereadings: int
    batch_size: int
    cross_fit_folds: int
    audits: AuditSizes
    run: str  # name of the run, for the prediction table
    randomised: bool = False  # two treatments were drawn by lot: their arms may be compared
    of_pairs: bool = False  # networks compare the films of two visits
    fold: int = 0  # of `SplitConfig`: whom the networks did not learn from
    zero_is_no_change: bool = True  # of a pair's film score: not where the order of the films is told

    @property
    def measuring(self) -> str | None:
        """The network whose score is the biomarker; None where the run has no network."""
        return measuring_network(self.networks)

    @property
    def as_stored(self) -> bool:
        """Whether patients are divided as the data set stores it, so that its own account of the splits holds."""
        return STORED_SPLIT not in self.dataset.visits and not self.cross_fit_folds

    def examples(self, splits: Sequence[str]) -> Sequence[StoredExample]:
        """What the networks are run over: the visits, or pairs of visits, of some splits."""
        return VisitPairs(self.dataset, splits) if self.of_pairs else Examples(self.dataset, splits)

    def compiled(self, rung: str) -> CompiledNetwork:
        """One of the networks with its trained parameters, ready to be run."""
        return CompiledNetwork(self.networks[rung], self.parameters[rung], self.scale, self.batch_size)

    def rows(self) -> pd.DataFrame:
        """Rows that every rung predicts or learns from: those with films where networks take part."""
        visits = self.dataset.visits
        if self.of_pairs:
            return changes_of_human_score(visits).reset_index(drop=True)
        return (visits[visits["has_films"]] if self.networks else visits).reset_index(drop=True)


class Examples(Sequence[StoredExample]):
    """The examples of some splits one after the other, each decoded only when it is asked for."""

    def __init__(self, dataset: Dataset, splits: Sequence[str]):
        self.sources = [dataset.examples(split) for split in splits]

    def __len__(self) -> int:
        return sum(len(source) for source in self.sources)

    def __getitem__(self, index: int) -> StoredExample:  # pyright: ignore[reportIncompatibleMethodOverride]
        for source in self.sources:
            if index < len(source):
                return source[index]
            index -= len(source)
        raise IndexError(index)


def refuse_nobody_held_out(task: EvaluationTask) -> None:
    """Raises DataRefused where no visit is there to judge the rungs by."""
    rows = task.rows()
    if not task.cross_fit_folds and not (rows["split"] == "test").any():
        needed = "two visits with films a year apart" if task.of_pairs else "films" if task.networks else "a visit"
        raise DataRefused(
            f"Data set {task.dataset.manifest.name} has no held-out patient (split test) with {needed}, so that nothing can "
            "be judged. Take in a larger cohort, or divide it anew in training by split.folds and split.fold (--split.folds, --split.fold)."
        )
