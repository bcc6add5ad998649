"""Metrics of several models on patients that they have not seen, in the sample and in shared resamples of patients."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from outcomenet.biomarkers.cross_fitting import repeated_predictions
from outcomenet.biomarkers.study import Study
from outcomenet.metrics.discrimination import weighted_auroc
from outcomenet.metrics.regression import r2
from outcomenet.metrics.resampling import weight_blocks
from outcomenet.metrics.risk import brier, net_benefit

Metric = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]


class Measured(NamedTuple):
    """A metric with the resamples of every model."""

    name: str
    higher_is_better: bool
    values: Mapping[str, np.ndarray]


def measured_models(
    data: Study, models: Mapping[str, Sequence[str]], thresholds: Sequence[float], *, binary: bool, folds: int, repeats: int,
    resamples: int, seed: int,
) -> list[Measured]:  # fmt: skip
    """Every metric of every model, of predictions averaged over repeats of the cross-validation.

    Args:
        data: The population; one table of complete rows.
        models: Columns of each model by its words.
        thresholds: Risks at which net benefit is told.
        binary: Whether the outcome is an event: AUROC, Brier score and net benefit; else R2.
        folds: Of the cross-validation.
        repeats: Of it, each with other folds.
        resamples: Bootstrap resamples of patients, the same for all models.
        seed: Of folds and resamples.

    Returns:
        The leading metric first.
    """
    metrics = _metrics(binary, thresholds)
    (table,) = data.tables
    target, patients = table[data.outcome].to_numpy(float), data.population.patients
    predictions = {
        model: np.mean(
            repeated_predictions(
                target,
                data.design([], columns)(table),
                patients,
                binary=binary,
                folds=folds,
                repeats=repeats,
                seed=seed,
            ),
            axis=0,
        )
        for model, columns in models.items()
    }
    parts: dict[str, dict[str, list[np.ndarray]]] = {name: {model: [] for model in models} for name in metrics}
    for weights in weight_blocks(patients, resamples, seed):
        for name, (_, metric) in metrics.items():
            for model, predicted in predictions.items():
                parts[name][model].append(metric(target, predicted, weights))
    return [
        Measured(name, higher, {model: np.concatenate(blocks) for model, blocks in parts[name].items()})
        for name, (higher, _) in metrics.items()
    ]


def _metrics(binary: bool, thresholds: Sequence[float]) -> dict[str, tuple[bool, Metric]]:
    """Whether more is better, and the metric, by name."""
    if not binary:
        return {"R2": (True, r2)}
    ranked: dict[str, tuple[bool, Metric]] = {"AUROC": (True, weighted_auroc), "Brier score": (False, brier)}
    return ranked | {f"net benefit at {t:g}": (True, partial(net_benefit, threshold=t)) for t in thresholds}
