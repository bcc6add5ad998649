"""A checkpoint says of which run and step it is: another seed's, another run's and a renamed one are refused."""

from __future__ import annotations

import json
import shutil

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from outcomenet.artifacts import write_manifest
from outcomenet.errors import CheckpointError
from outcomenet.runs.record import run_id
from outcomenet.training.checkpoints import Checkpoints, abstract_of
from outcomenet.training.state import TrainState, initial_state

RECORD = {
    "experiment": "demo.py", "experiment_sha256": "0", "config": {"training": {"seed": 0}, "split": {"folds": 5}},
    "data": {"fingerprint": "a"},
}  # fmt: skip
STATE = {"w": jnp.arange(3.0)}


def of(folder, record=RECORD) -> Checkpoints:
    return Checkpoints(folder, run_id(record))


def changed(*path: str, to: object) -> dict:
    record = json.loads(json.dumps(RECORD))
    node = record
    for name in path[:-1]:
        node = node[name]
    node[path[-1]] = to
    return record


def test_a_checkpoint_of_this_run_and_step_is_restored(tmp_path):
    of(tmp_path).save(7, STATE, {"batches": {"next": 3}})
    state, position = of(tmp_path).restore(abstract_of(STATE)) or (None, {})
    assert jax.tree.map(np.asarray, state)["w"].tolist() == [0, 1, 2]
    assert position == {"batches": {"next": 3}}


@pytest.mark.parametrize(
    "other",
    [
        changed("config", "training", "seed", to=1),
        changed("config", "split", "folds", to=4),
        changed("data", "fingerprint", to="b"),
        changed("experiment_sha256", to="1"),
    ],
    ids=["seed", "folds", "data", "experiment"],
)
def test_a_checkpoint_of_another_run_is_refused(tmp_path, other):
    of(tmp_path, other).save(7, STATE, {})
    with pytest.raises(CheckpointError, match="is of another run than the folder that it lies in"):
        of(tmp_path).restore(abstract_of(STATE))


def test_a_renamed_step_is_refused(tmp_path):
    saved = of(tmp_path).save(7, STATE, {})
    shutil.move(saved, saved.with_name("60"))
    with pytest.raises(
        CheckpointError, match="was written at step 7, not at step 60; give the folder its own name again"
    ):
        of(tmp_path).restore(abstract_of(STATE))


@pytest.mark.parametrize("position", [{}, {"step": 7}, {"run_id": None, "step": 7}])
def test_a_checkpoint_that_does_not_say_its_run_is_refused(tmp_path, position):
    saved = of(tmp_path).save(7, STATE, {})
    (saved / "position.json").write_text(json.dumps(position))
    write_manifest(saved)
    with pytest.raises(CheckpointError, match="is of another run"):
        of(tmp_path).restore(abstract_of(STATE))


@pytest.mark.parametrize(
    ("expected", "sentence"),
    [
        ({"v": STATE["w"]}, r"holds nothing under the name v, where float32\[3\] is expected"),
        ({"w": jnp.arange(4.0)}, r"holds float32\[3\] under the name w, where float32\[4\] is expected"),
        ({"w": jnp.arange(3)}, r"holds float32\[3\] under the name w, where int32\[3\] is expected"),
        (STATE | {"b": STATE["w"]}, r"holds nothing under the name b, where float32\[3\] is expected"),
    ],
    ids=["name", "shape", "type", "more"],
)
def test_a_checkpoint_of_other_arrays_is_refused_by_their_names(tmp_path, expected, sentence):
    """Restored by order or cast in silence, numbers of one layer would become another's."""
    of(tmp_path).save(7, STATE, {})
    with pytest.raises(CheckpointError, match=sentence):
        of(tmp_path).restore(abstract_of(expected))


def test_the_names_in_a_checkpoint_are_those_of_the_training_state(tmp_path):
    """Two arrays of one shape, which a restore by order could swap."""
    first, second = jnp.arange(3.0), jnp.arange(3.0) + 10
    optimiser = optax.adamw(1e-3)
    state = initial_state({"direct": {"b": first, "a": second}}, optimiser, 0)
    of(tmp_path).save(1, state, {})
    restored, _ = of(tmp_path).restore(abstract_of(state)) or (None, {})
    assert isinstance(restored, TrainState)
    assert restored.networks["direct"].parameters["a"].tolist() == second.tolist()
    assert jax.tree.structure(restored) == jax.tree.structure(state)
    other = initial_state({"direct": {"b": first, "c": second}}, optimiser, 0)
    with pytest.raises(
        CheckpointError, match=r"holds .* under the name networks.direct.optimiser.0.mu.a, where nothing"
    ):
        of(tmp_path).restore(abstract_of(other))
