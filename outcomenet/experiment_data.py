"""Data of an experiment: the visits that it can use, their weights, and what it refuses in a data set."""

from __future__ import annotations

import pandas as pd

from outcomenet.datasets.dataset import Dataset
from outcomenet.datasets.known_outcomes import check_outcomes
from outcomenet.datasets.pairs import paired_visits
from outcomenet.datasets.visit_table import KL_COLUMNS
from outcomenet.errors import UsageError
from outcomenet.experiment import Experiment
from outcomenet.predictors import DIRECT_ADJUSTED
from outcomenet.training.reweighting import weights_by_visit


def check_data(experiment: Experiment, dataset: Dataset) -> None:
    """Refuses a data set from which the networks cannot learn what the experiment says.

    Args:
        experiment: with networks.
        dataset: divided as the experiment says.

    Raises:
        UsageError: no training visit has films, pairs were read in another mode, or grades that a strategy needs are missing.
    """
    name = dataset.manifest.name
    if not dataset.has_films("train"):
        raise UsageError(
            f"Data set {name} has no training visit with films, but the experiment trains "
            f"{', '.join(experiment.rungs)}; use an experiment with `rungs=()`."
        )
    mode, pairs = dataset.manifest.reading_mode, experiment.network.pairs
    if experiment.of_pairs and mode not in ("", str(pairs)):
        raise UsageError(
            f"network.pairs is {pairs}, but the human score of data set {name} was read in {mode} mode: they would not be "
            f"compared on equal terms. Take the cohort in with reading_mode={pairs} (--reading-mode {pairs}) if it has such readings, or train "
            f"with network.pairs {mode} (--network.pairs {mode})."
        )
    rows = training_rows(experiment, dataset.visits)
    if rows.empty:
        raise UsageError(
            f"network.pairs is {pairs}, but data set {name} has no training patient with films at two visits a year apart; "
            "use an experiment of single visits."
        )
    graded = experiment.confounding.joint_decorrelation and DIRECT_ADJUSTED in experiment.rungs
    if graded and rows[list(KL_COLUMNS)].isna().all(axis=None):
        raise UsageError(
            f"confounding.joint_decorrelation needs Kellgren-Lawrence grades of joints; data set {name} has none in any "
            "training visit. Train with confounding.joint_decorrelation 0 (--confounding.joint_decorrelation 0), or add them to "
            "the cohort's scores.csv (scheme kellgren_lawrence)."
        )


def known_outcomes(experiment: Experiment, dataset: Dataset) -> list[str]:
    """Notes on outcomes that few patients of the data set have.

    Args:
        experiment: names the outcomes.
        dataset: divided as the experiment says.

    Returns:
        A sentence for each outcome that is known of few training or held-out patients.

    Raises:
        DataRefused: an outcome is not in the data set, or known of too few training patients to learn it.
    """
    dataset.require(experiment.outcomes)
    rows = able_rows(experiment, dataset.visits)
    if experiment.evaluation.cross_fit_folds:
        return check_outcomes(experiment.outcomes, rows, rows)
    return check_outcomes(experiment.outcomes, rows[rows["split"] == "train"], rows[rows["split"] == "test"])


def visit_weights(experiment: Experiment, visits: pd.DataFrame) -> dict[tuple[str, str], float]:
    """Weights of the training visits where the experiment reweights (see `training.reweighting`).

    Args:
        experiment: names confounders and outcomes.
        visits: the visit table.

    Returns:
        How much each training visit counts, by (patient_id, visit_id), 1 on average; empty where nothing is reweighted.
    """
    if not experiment.confounding.reweight:
        return {}
    return weights_by_visit(training_rows(experiment, visits), experiment.confounding.reweight, experiment.outcomes)


def training_rows(experiment: Experiment, visits: pd.DataFrame) -> pd.DataFrame:
    """Rows of the visit table that the networks learn from.

    Args:
        experiment: says whether visits or pairs of visits are learned from.
        visits: the visit table.
    """
    able = able_rows(experiment, visits)
    return able[able["split"] == "train"]


def able_rows(experiment: Experiment, visits: pd.DataFrame) -> pd.DataFrame:
    """Rows of the visit table, of any split, that the experiment can use.

    Args:
        experiment: says whether it has networks, and whether these compare two visits.
        visits: the visit table.

    Returns:
        Rows with films where there are networks, and with a later visit's films beside them where two visits are compared.
    """
    if experiment.of_pairs:
        return paired_visits(visits)
    return visits[visits["has_films"]] if experiment.rungs else visits
