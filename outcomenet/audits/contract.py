"""Contract of an audit: a function of one record of inputs to its findings and tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypedDict, runtime_checkable

import numpy as np
import pandas as pd

from outcomenet.arrays import Bool, Float
from outcomenet.audits.findings import Finding
from outcomenet.audits.sizes import AuditSizes
from outcomenet.errors import DataRefused
from outcomenet.outcomes import OutcomeSpec
from outcomenet.progress import Progress

Key = tuple[str, str]  # patient_id, visit_id


class Resampling(TypedDict):
    """Settings of a patient bootstrap."""

    resamples: int
    seed: int


class ResamplingAndPermutation(Resampling):
    """The same with the number of times that targets are handed to other patients."""

    permutations: int


@runtime_checkable
class AuditedNetwork(Protocol):
    """A trained network with its films, asked for numbers only: `network.trained_network` has the one of a run.

    Contributions are those of single joints to the score of the main outcome, on its latent scale; higher is worse.
    """

    def held_out(self) -> pd.DataFrame:
        """Held-out visits: columns of the visit table and of the biomarker; where simulated, of truth/visits.csv, device
        and marker."""
        ...

    def true_joints(self) -> pd.DataFrame:
        """truth/joints.csv of a simulated cohort."""
        ...

    def border_features(self) -> tuple[list[Key], Float[np.ndarray, "visit feature"]]:
        """Visits and what `network.borders.border_features` measures of them."""
        ...

    def explained_patients(self) -> pd.Series:
        """The patient of each visit that contributions are of."""
        ...

    def contributions(self, hidden: Bool[np.ndarray, "visit joint"] | None = None) -> Float[np.ndarray, "visit joint"]:
        """Contributions of the explained visits, with further joints `hidden` as if they were not on the film."""
        ...

    def shuffled_contributions(self, number: int) -> Float[np.ndarray, "visit joint"]:
        """Contributions of the same network with its parameters in other places; `number` tells the shuffles apart."""
        ...

    def scores_under_interventions(self) -> pd.DataFrame:
        """patient_id, visit_id, intervention, value and score of held-out visits drawn again, see `network.redrawn_films`."""
        ...


@dataclass(frozen=True)
class AuditInputs:
    """What every audit gets.

    Attributes:
        outcome: the run's main outcome, which the score is of.
        covariates: names of the covariates that the predictors were given.
        visits: rows that every predictor predicts or learns from, with columns of the visit table.
        predictions: the prediction table.
        judged: the predictor that the run is about.
        predictions_by_site: gives the table that `sites.audit_sites` takes; regressions are fitted for it.
        simulated: whether the cohort's truth is there.
        network: the network whose score is the biomarker; None in a run without one.
        no_network: why there is none, a sentence.
        sizes: how much work is done, and thresholds of alarms.
        seed: of resamples, permutations and shuffles.
        progress: where long work is reported.
    """

    outcome: OutcomeSpec
    covariates: tuple[str, ...]
    visits: pd.DataFrame
    predictions: pd.DataFrame
    judged: str
    predictions_by_site: Callable[[], pd.DataFrame]
    simulated: bool
    network: AuditedNetwork | None
    no_network: str
    sizes: AuditSizes
    seed: int
    progress: Progress

    @property
    def trained(self) -> AuditedNetwork:
        """The network; DataRefused says why there is none."""
        if self.network is None:
            raise DataRefused(self.no_network)
        return self.network

    @property
    def chance(self) -> Resampling:
        """What every bootstrap takes."""
        return {"resamples": self.sizes.resamples, "seed": self.seed}

    @property
    def null(self) -> ResamplingAndPermutation:
        """What audits take that compare with permuted patients too."""
        return {**self.chance, "permutations": self.sizes.permutations}


@dataclass(frozen=True)
class AuditResult:
    """Findings of an audit, one for each of its names in the registry, and the tables behind them by file name.

    Rows for metrics.csv and undefined_metrics.csv are added to what these files hold; other files are written anew.
    """

    findings: Sequence[Finding]
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)


def embedding_of(table: pd.DataFrame) -> Float[np.ndarray, "row feature"]:
    """The columns z000, z001, ... of a table with the biomarker's columns."""
    return table[[name for name in map(str, table) if name[:1] == "z" and name[1:].isdigit()]].to_numpy(float)
