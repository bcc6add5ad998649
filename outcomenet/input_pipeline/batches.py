"""Batches of visits, for training (endless, shuffled, films as stored) and for evaluation (once, in order, films prepared)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import grain
import jax
import numpy as np
import pandas as pd

from outcomenet.datasets.dataset import visit_key
from outcomenet.errors import DataRefused, UsageError, did_you_mean
from outcomenet.input_pipeline.prepared_films import prepared_films
from outcomenet.input_pipeline.transforms import AsInBatch, AugmentationConfig, CovariateScale, Example, StoredExample
from outcomenet.progress import Progress


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
    threads: int = 2,
    weights: Mapping[tuple[str, str], float] | None = None,
    part: tuple[int, int] = (0, 1),
) -> grain.DatasetIterator:
    """Endless batches, shuffled; batch k depends on (seed, k) alone.

    Args:
        examples: Visits (or pairs) of the training split.
        covariates: Scale of the covariates, from `covariate_scale`.
        batch_size: Visits per batch.
        seed: Seed of the order.
        threads: Threads that decode; they do not change what comes out.
        weights: How much a visit's outcomes count, by (patient_id, visit_id), where a strategy reweights; 1 for others.
        part: (number, of how many) that is read of every batch, in one process of several.

    Returns:
        An iterator whose `get_state` and `set_state` give its position for checkpoints: the same one for any number of parts.

    Raises:
        DataRefused: There are fewer examples than a batch holds.
        UsageError: A batch cannot be parted evenly.
    """
    in_batch, rows = AsInBatch(covariates, weights or {}), _rows(batch_size, part)

    def read(chosen: np.ndarray) -> Example:
        return stack([in_batch.map(examples[int(n)]) for n in chosen[rows]])

    order = _order(len(examples), batch_size, seed).map(read)
    return iter(order.to_iter_dataset(grain.ReadOptions(num_threads=threads, prefetch_buffer_size=threads)))


def training_places(count: int, *, batch_size: int, seed: int, part: tuple[int, int] = (0, 1)) -> grain.DatasetIterator:
    """The order of `training_batches` alone, for `held_examples`: the `place` of each row among them.

    Args:
        count: Examples there are.
        batch_size: Visits per batch.
        seed: Seed of the order.
        part: (number, of how many) of every batch.

    Returns:
        An iterator with the same positions as that of `training_batches`.

    Raises:
        DataRefused: There are fewer examples than a batch holds.
        UsageError: A batch cannot be parted evenly.
    """
    rows = _rows(batch_size, part)
    order = _order(count, batch_size, seed).map(lambda chosen: {"place": chosen[rows].astype(np.int32)})
    return iter(order.to_iter_dataset(grain.ReadOptions(num_threads=1, prefetch_buffer_size=8)))


def held_examples(
    examples: Sequence[StoredExample],
    covariates: CovariateScale,
    *,
    weights: Mapping[tuple[str, str], float] | None,
    memory: float,
    progress: Progress,
) -> Example:
    """All examples in the form of a batch, with films as they are stored: the same numbers as batch by batch, at two bytes a pixel.

    Args:
        examples: Visits (or pairs) of the training split.
        covariates: Scale of the covariates.
        weights: See `training_batches`.
        memory: Bytes that they may take.
        progress: Is advanced by every visit.

    Raises:
        UsageError: They need more.
    """
    in_batch = AsInBatch(covariates, weights or {})
    first = in_batch.map(examples[0]) if len(examples) else {}
    needed = len(examples) * sum(values.nbytes for values in first.values())
    if needed > memory:
        raise UsageError(
            f"training.cache device needs {needed / 1e9:.1f} GB for {len(examples):,} visits, and the device has {memory / 1e9:.1f} GB to "
            "spare; leave training.cache at disk."
        )
    progress.start("visits", len(examples), f"read onto the device, {needed / 1e6:,.0f} MB")
    held = {name: np.empty((len(examples), *values.shape), values.dtype) for name, values in first.items()}
    for n in range(len(examples)):
        for name, values in in_batch.map(examples[n]).items():
            held[name][n] = values
        progress.advance()
    progress.finish()
    return held


def _rows(batch_size: int, part: tuple[int, int]) -> slice:
    number, parts = part
    if batch_size % parts:
        raise UsageError(
            f"A batch of {batch_size} visits cannot be split over {parts} processes; change training.batch_size."
        )
    return slice(number * batch_size // parts, (number + 1) * batch_size // parts)


def _order(count: int, batch_size: int, seed: int) -> grain.MapDataset:
    if count < batch_size:
        raise DataRefused(
            f"The training split has {count} visits (or pairs of visits) with films, fewer than a batch of {batch_size}; "
            "use a larger cohort or a smaller `training.batch_size`."
        )
    # shuffled before it is repeated: every visit comes once before any comes again. A batch that is not full would be compiled anew
    return grain.MapDataset.range(count).seed(seed).shuffle().repeat().batch(batch_size, drop_remainder=True)


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
    in_batch = AsInBatch(covariates)
    for start in range(0, len(examples), batch_size):
        raw = [examples[i] for i in range(start, min(start + batch_size, len(examples)))]
        ids = [visit_key(example) for example in raw]
        ready = [in_batch.map(e) for e in raw]
        ready += [ready[0]] * (batch_size - len(ready))
        keys = jax.vmap(jax.random.fold_in, (None, 0))(jax.random.key(seed), start + np.arange(batch_size))
        yield Batch(jax.device_get(_prepared(stack(ready), keys, augmentation)), ids, len(ids))


_prepared = jax.jit(prepared_films, static_argnums=2)


def stack(examples: Sequence[Example]) -> Example:
    """Stacks examples of equal shapes along a new first axis."""
    return {name: np.stack([np.asarray(example[name]) for example in examples]) for name in examples[0]}
