"""Batches of visits, for training (endless, shuffled, augmented) and for evaluation (once, in order)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import grain
import numpy as np
import pandas as pd

from outcomenet.datasets.dataset import visit_key
from outcomenet.errors import DataRefused, UsageError, did_you_mean
from outcomenet.input_pipeline.transforms import (
    Augment,
    AugmentationConfig,
    CovariateScale,
    Example,
    Standardise,
    StoredExample,
)


class Batch(NamedTuple):
    """A batch of evaluation; its last rows may only fill it up."""

    arrays: Mapping[str, np.ndarray]  # each with a first axis of `batch_size` rows
    ids: list[tuple[str, str]]  # (patient_id, visit_id) of the real rows
    real: int  # how many rows are visits


def covariate_scale(visits: pd.DataFrame, available: Sequence[str], wanted: Sequence[str]) -> CovariateScale:
    """Scale of the wanted covariates over the training rows of the visit table.

    Args:
        visits: The visit table as it is divided for the run; NaN is missing.
        available: Covariates in the order in which the examples hold them.
        wanted: Covariates that the experiment names.

    Returns:
        Mean and sample SD of each wanted covariate over the training visits where it is known.

    Raises:
        UsageError: The data set lacks a covariate.
        DataRefused: A covariate is missing, or the same, at all training visits: it has no scale, and a held-out visit
            with another value would lie infinitely far off.
    """
    train = visits[visits["split"] == "train"]
    for name in wanted:
        if name not in available:
            raise UsageError(f"The data set has no covariate {name!r}. {did_you_mean(name, available)}")
        if not train[name].notna().any():
            raise DataRefused(f"Covariate {name!r} is missing in every training visit; leave it out of `covariates`.")
        if train[name].nunique() == 1:
            known = train[name].dropna()
            raise DataRefused(
                f"Covariate {name!r} is {known.iloc[0]:g} at each of the {len(known)} training visits where it is known: "
                "nothing can be learned from it. Leave it out of `covariates` (and of confounding)."
            )
    return CovariateScale(
        names=tuple(wanted),
        columns=tuple(list(available).index(name) for name in wanted),
        mean=tuple(float(train[name].mean()) for name in wanted),
        deviation=tuple(float(train[name].std()) for name in wanted),
    )


def training_batches(
    examples: Sequence[StoredExample],
    covariates: CovariateScale,
    *,
    batch_size: int,
    seed: int,
    augmentation: AugmentationConfig | None,
    threads: int = 2,
    weights: Mapping[tuple[str, str], float] | None = None,
) -> grain.DatasetIterator:
    """Endless batches, shuffled and augmented; batch k depends on (seed, k) alone.

    Args:
        examples: Visits (or pairs) of the training split.
        covariates: Scale of the covariates, from `covariate_scale`.
        batch_size: Visits per batch.
        seed: Seed of order and augmentation.
        augmentation: Random changes of the crops; None leaves them as they are.
        threads: Threads that decode; they do not change what comes out.
        weights: How much a visit's outcomes count, by (patient_id, visit_id), where a strategy reweights; 1 for others.

    Returns:
        An iterator whose `get_state` and `set_state` give its position for checkpoints.

    Raises:
        DataRefused: There are fewer examples than a batch holds.
    """
    if len(examples) < batch_size:
        raise DataRefused(
            f"The training split has {len(examples)} visits (or pairs of visits) with films, fewer than a batch of {batch_size}; "
            "use a larger cohort or a smaller `training.batch_size`."
        )
    # shuffled before it is repeated: every visit comes once before any comes again
    data = grain.MapDataset.source(examples).seed(seed).shuffle().repeat().map(Standardise(covariates, weights or {}))
    if augmentation is not None:
        data = data.random_map(Augment(augmentation))
    # a batch that is not full would be compiled anew
    data = data.batch(batch_size, drop_remainder=True)
    return iter(data.to_iter_dataset(grain.ReadOptions(num_threads=threads, prefetch_buffer_size=2 * threads)))


def evaluation_batches(
    examples: Sequence[StoredExample],
    covariates: CovariateScale,
    *,
    batch_size: int,
    augmentation: AugmentationConfig | None = None,
    seed: int = 0,
) -> Iterator[Batch]:
    """Each example once, in the order on disk.

    Args:
        examples: Visits (or pairs) to run a network over.
        covariates: Scale of the covariates, that of training.
        batch_size: Visits per batch.
        augmentation: Gives perturbed copies of the films, for repeatability; None leaves them as they are.
        seed: Seed of the perturbations; an example's own is drawn from (seed, its place).

    Yields:
        Batches of one shape: the last is filled up by repeating its first row, so that nothing is compiled again; those
        rows are not real.

    Returns:
        An iterator over the batches; empty where there is no example.
    """
    standardise = Standardise(covariates)
    augment = Augment(augmentation) if augmentation is not None else None
    for start in range(0, len(examples), batch_size):
        raw = [examples[i] for i in range(start, min(start + batch_size, len(examples)))]
        ids = [visit_key(example) for example in raw]
        ready = [standardise.map(e) for e in raw]
        if augment is not None:
            ready = [augment.random_map(e, np.random.default_rng([seed, start + i])) for i, e in enumerate(ready)]
        ready += [ready[0]] * (batch_size - len(ready))
        yield Batch(stack(ready), ids, len(ids))


def stack(examples: Sequence[Example]) -> Example:
    """Stacks examples of equal shapes along a new first axis."""
    return {name: np.stack([np.asarray(example[name]) for example in examples]) for name in examples[0]}
