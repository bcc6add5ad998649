"""Members of an ensemble learn as they would alone, differ, and are read as their mean."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from outcomenet.datasets.dataset import open_dataset
from outcomenet.errors import UsageError
from outcomenet.experiment import Experiment
from outcomenet.inference.compiled_network import CompiledNetwork
from outcomenet.input_pipeline.batches import training_batches
from outcomenet.ladder.conformal import conformal_interval
from outcomenet.models.encoders.cnn import CnnConfig
from outcomenet.models.outcome_net import OutcomeNetConfig
from outcomenet.outcomes import HAQ
from outcomenet.progress import Progress
from outcomenet.strategies import ConfoundingConfig
from outcomenet.training.ensemble import over_members, stacked
from outcomenet.training.loop import TrainingConfig
from outcomenet.wiring import training_step, wire
from outcomenet.workflow import run_evaluation, run_training

EXPERIMENT = Experiment(
    "ensemble", "?", outcomes=("haq",), covariates=("age",), rungs=("direct_adjusted",),
    confounding=ConfoundingConfig(outcome_terms=("age",), correlation_adversary=("age",), adversary_from=0.0),
    network=OutcomeNetConfig(CnnConfig(widths=(8, 8), embedding=8)),
    training=TrainingConfig(steps=2, batch_size=4, members=3, save_every=2),
)  # fmt: skip


def test_written_out_and_vectorised_members_agree():
    function = lambda p, x: {"y": jnp.tanh(p["w"] @ x)}  # noqa: E731
    weights = [{"w": jax.random.normal(jax.random.key(k), (3, 2))} for k in range(4)]
    inputs = jnp.arange(8.0).reshape(4, 2)
    out, vectorised = (over_members(function, 4, v)(stacked(weights), inputs)["y"] for v in (False, True))
    np.testing.assert_allclose(out, vectorised, rtol=1e-6)
    np.testing.assert_allclose(out[2], function(weights[2], inputs[2])["y"], rtol=1e-6)


@pytest.fixture(scope="module")
def trained(small_dataset):
    dataset = open_dataset(small_dataset)
    wiring = wire(EXPERIMENT, dataset)
    step = training_step(wiring)
    batches = training_batches(dataset.examples("train"), wiring.covariates, batch_size=4, seed=0)
    state = wiring.initial_state()
    for _ in range(2):
        state, metrics = jax.jit(step)(state, next(batches))
    return wiring, state, metrics


def test_members_start_apart_and_take_their_own_way(trained):
    wiring, state, metrics = trained
    start = wiring.initial_parameters()["direct_adjusted"]["encoder"]["stem"]["kernel"]
    after = state.networks["direct_adjusted"].parameters["encoder"]["stem"]["kernel"]
    assert start.shape[0] == 3
    assert np.isfinite(after).all()
    assert all(np.abs(a[0] - a[1]).max() > 1e-3 for a in (start, after))
    assert np.shape(metrics["direct_adjusted"]["loss"]) == ()
    alone = wire(replace(EXPERIMENT, training=replace(EXPERIMENT.training, members=1)), wiring.dataset)
    first = alone.initial_parameters()["direct_adjusted"]["encoder"]["stem"]["kernel"]
    np.testing.assert_array_equal(first, start[0])


def test_an_ensemble_reads_as_the_mean_of_its_members_with_their_spread(trained):
    wiring, state, _ = trained
    network, parameters = wiring.networks["direct_adjusted"], state.networks["direct_adjusted"].parameters
    examples = [wiring.dataset.examples("test")[k] for k in range(3)]
    ensemble = CompiledNetwork(network, parameters, wiring.covariates, 4)
    whole = ensemble.infer(ensemble.batches(examples))
    alone = [
        replace(ensemble, network=replace(network, members=1), parameters=jax.tree.map(lambda a, k=k: a[k], parameters))
        for k in range(3)
    ]
    members = [member.infer(member.batches(examples)) for member in alone]
    said = np.stack([m.outcome["haq"] for m in members])
    np.testing.assert_allclose(whole.outcome["haq"], said.mean(0), rtol=1e-5)
    np.testing.assert_allclose(whole.spread["haq"], said.std(0), rtol=1e-3, atol=1e-5)
    own = np.stack([m.deviation["haq"] for m in members])
    np.testing.assert_allclose(whole.deviation["haq"] ** 2, (own**2).mean(0) + said.var(0), rtol=1e-3)
    assert (members[0].spread["haq"] == 0).all()
    assert whole.members == 3


def test_an_ensembles_interval_is_wider_where_it_says_so_and_covers():
    rng = np.random.default_rng(0)
    deviation = rng.uniform(0.1, 0.6, 4000)
    prediction = np.full(4000, 1.5)
    target = np.round((prediction + deviation * rng.normal(size=4000)) / 0.125) * 0.125
    calibrate = np.arange(4000) < 2000
    lower, upper = conformal_interval(HAQ, prediction, target, calibrate, deviation)
    covered = ((lower <= target) & (target <= upper))[~calibrate]
    assert 0.88 <= covered.mean() <= 0.96
    # in both halves of the patients alike, which one width for all cannot do
    sharp = deviation[~calibrate] < 0.35
    assert abs(covered[sharp].mean() - covered[~sharp].mean()) < 0.05
    assert np.corrcoef(upper - lower, deviation)[0, 1] > 0.9


def test_a_run_of_an_ensemble_goes_through_evaluation(small_dataset, tmp_path):
    quiet = Progress(quiet=True)
    file = Path(__file__).parents[2] / "experiments/demo.py"
    small = replace(EXPERIMENT, evaluation=replace(EXPERIMENT.evaluation, resamples=20, rereadings=0))
    run_training(file, small, small_dataset, tmp_path / "run", progress=quiet)
    run_evaluation(tmp_path / "run", progress=quiet)
    assert (tmp_path / "run" / "metrics.csv").exists()
    with pytest.raises(UsageError, match=r"Setting members .* is a whole number from 1 .*; got 0"):
        replace(EXPERIMENT, training=TrainingConfig(members=0))
