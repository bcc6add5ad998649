"""The order follows from the seed alone, whoever reads which part of a batch; a covariate is never ignored."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from outcomenet.datasets.dataset import open_dataset
from outcomenet.errors import DataRefused, UsageError
from outcomenet.input_pipeline.batches import (
    covariate_scale,
    evaluation_batches,
    held_examples,
    training_batches,
    training_places,
)
from outcomenet.progress import Progress


@pytest.fixture(scope="module")
def dataset(small_dataset):
    return open_dataset(small_dataset)


@pytest.fixture(scope="module")
def scale(dataset):
    return covariate_scale(dataset.visits, dataset.manifest.covariates, ("age", "fm"))


def batches(dataset, scale, threads, seed=1):
    return training_batches(dataset.examples("train"), scale, batch_size=4, seed=seed, threads=threads)


def test_the_number_of_threads_changes_no_bit(dataset, scale):
    one, three = batches(dataset, scale, 1), batches(dataset, scale, 3)
    for _ in range(30):  # more than an epoch
        first, second = next(one), next(three)
        assert all(np.array_equal(first[name], second[name], equal_nan=True) for name in first)


def test_a_restored_position_goes_on_with_the_same_batches(dataset, scale):
    whole, resumed = batches(dataset, scale, 2), batches(dataset, scale, 2)
    for _ in range(5):
        next(whole)
    position = whole.get_state()
    resumed.set_state(position)
    assert np.array_equal(next(whole)["crops"], next(resumed)["crops"])


def test_another_seed_gives_another_order(dataset, scale):
    assert not np.array_equal(
        next(batches(dataset, scale, 1))["crops"], next(batches(dataset, scale, 1, seed=2))["crops"]
    )


def test_parts_of_a_batch_are_the_batch_and_a_position_is_that_of_any_number_of_parts(dataset, scale):
    examples = dataset.examples("train")
    make = {"batch_size": 4, "seed": 1}
    whole = training_batches(examples, scale, **make)
    parts = [training_batches(examples, scale, **make, part=(n, 2)) for n in range(2)]
    for _ in range(5):
        expected = next(whole)
        read = [next(part) for part in parts]
        for name, values in expected.items():
            np.testing.assert_array_equal(np.concatenate([part[name] for part in read]), values)
    other = training_batches(examples, scale, **make, part=(3, 4))
    other.set_state(whole.get_state())
    np.testing.assert_array_equal(next(other)["crops"], next(whole)["crops"][3:])
    with pytest.raises(UsageError, match="over 3 processes"):
        training_batches(examples, scale, **make, part=(0, 3))


def test_places_among_held_examples_are_the_rows_of_the_batches(dataset, scale):
    examples = dataset.examples("train")
    make = {"batch_size": 4, "seed": 1}
    held = held_examples(examples, scale, weights=None, memory=1e12, progress=Progress(quiet=True))
    whole, places = training_batches(examples, scale, **make), training_places(len(examples), **make)
    for _ in range(8):
        expected, chosen = next(whole), next(places)["place"]
        for name, values in expected.items():
            np.testing.assert_array_equal(held[name][chosen], values)
    with pytest.raises(UsageError, match="leave training.cache at disk"):
        held_examples(examples, scale, weights=None, memory=1e6, progress=Progress(quiet=True))


def test_evaluation_sees_every_example_once(dataset, scale):
    examples = dataset.examples("test")
    ids = [key for _, names, _ in evaluation_batches(examples, scale, batch_size=4) for key in names]
    assert len(ids) == len(set(ids)) == len(examples)


def test_a_covariate_that_the_data_lack_is_an_error(dataset):
    with pytest.raises(UsageError, match="no covariate 'radai'"):
        covariate_scale(dataset.visits, dataset.manifest.covariates, ("radai",))


def test_too_few_visits_for_a_batch_are_refused(dataset, scale):
    with pytest.raises(DataRefused, match="fewer than a batch of 9000"):
        training_batches(dataset.examples("train"), scale, batch_size=9000, seed=0)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ([np.nan, 1.0, np.nan, np.nan], "'acpa' is 1 at each of the 1 training visits where it is known"),
        ([2.5, 2.5, np.nan, 2.5], "'acpa' is 2.5 at each of the 3 training visits where it is known"),
        ([np.nan] * 4, "'acpa' is missing in every training visit"),
    ],
)
def test_a_covariate_that_does_not_differ_is_refused_by_name(values, sentence):
    """A held-out visit knows another value: that is no help."""
    visits = pd.DataFrame({"acpa": [*values, 0.0], "split": ["train"] * 4 + ["test"]})
    with pytest.raises(DataRefused, match=sentence):
        covariate_scale(visits, ("acpa",), ("acpa",))


def test_a_covariate_that_differs_between_two_visits_has_a_finite_scale():
    visits = pd.DataFrame({"acpa": [np.nan, 0.0, 1.0, np.nan], "split": "train"})
    scale = covariate_scale(visits, ("acpa",), ("acpa",))
    assert scale.mean == (0.5,)
    assert scale.deviation == pytest.approx((np.sqrt(0.5),))
