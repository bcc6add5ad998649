"""Weights files: what is saved comes back; what is no such file is refused; the shipped one keeps within its size."""

from __future__ import annotations

import json

import jax
import numpy as np
import pytest
from flax import nnx

from outcomenet.anatomy import Region, landmarks_of
from outcomenet.errors import DataRefused, UsageError
from outcomenet.localization.networks import LocalizerConfig
from outcomenet.localization.shape_model import ShapeModel
from outcomenet.localization.weights import (
    FORMAT,
    SHIPPED,
    Calibration,
    LocalizerWeights,
    load_weights,
    save_weights,
)
from outcomenet.weight_files import ABOUT

SMALL = LocalizerConfig(finder_widths=(8, 8, 8, 8), landmark_widths=(8, 8, 8, 8), refiner_widths=(8, 8, 8))


def small_weights() -> LocalizerWeights:
    rng = np.random.default_rng(0)
    shapes = {
        region: ShapeModel(rng.random((n, 2)), np.eye(2 * n)) for region in Region for n in [len(landmarks_of(region))]
    }
    return LocalizerWeights(
        SMALL.build(3), shapes, Calibration(1.7, (0.1, 0.2, 0.3), {"hand": 0.4}, {"foot": 2.5}), {"seed": 3}
    )


def test_weights_come_back_in_half_precision(tmp_path):
    weights = small_weights()
    save_weights(weights, tmp_path / "w.safetensors")
    back = load_weights(tmp_path / "w.safetensors")
    assert (back.calibration, back.made_by, back.networks.config) == (weights.calibration, weights.made_by, SMALL)
    for part in ("finder", "landmarks", "refiner"):
        before, after = (jax.tree.leaves(nnx.split(getattr(w.networks, part))[1]) for w in (weights, back))
        assert all(np.allclose(a, b, rtol=1e-3, atol=1e-6) for a, b in zip(before, after, strict=True))
    assert np.allclose(back.shapes[Region.HAND].mean, weights.shapes[Region.HAND].mean)
    assert [p.name for p in tmp_path.iterdir()] == ["w.safetensors"]


def test_files_of_another_kind_are_refused(tmp_path):
    from safetensors.numpy import save_file

    with pytest.raises(UsageError, match=r"train experiments/localization\.py"):
        load_weights(tmp_path / "none.safetensors")
    (tmp_path / "text").write_bytes(b"no weights at all")
    with pytest.raises(DataRefused, match="not a readable safetensors"):
        load_weights(tmp_path / "text")
    save_file({"x": np.zeros(3, np.float32)}, tmp_path / "other")
    with pytest.raises(DataRefused, match="something else"):
        load_weights(tmp_path / "other")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"format": "outcomenet localiser 0"}, "holds 'outcomenet localiser 0', but 'outcomenet localiser 1'"),
        ({"landmarks": [["MCP2"], ["MTP1"]]}, "this version's landmarks is needed; train it anew"),
    ],
)
def test_weights_of_another_version_are_refused(tmp_path, change, words):
    from safetensors.numpy import save_file

    about = {"format": FORMAT, "landmarks": [list(landmarks_of(region)) for region in Region]} | change
    save_file({"x": np.zeros(3, np.float32)}, tmp_path / "other", {ABOUT: json.dumps(about)})
    with pytest.raises(DataRefused, match=words):
        load_weights(tmp_path / "other")


def test_networks_of_one_seed_are_alike_and_of_another_are_not():
    first, again, other = (jax.tree.leaves(nnx.state(SMALL.build(seed).refiner)) for seed in (3, 3, 4))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(first, other, strict=True))


def test_the_shipped_weights_are_small_and_say_how_they_were_made():
    assert SHIPPED.stat().st_size <= 8 * 1024**2
    made_by = load_weights().made_by
    assert made_by["experiment"] == "localization.py"
    assert made_by["seed"] == 11
    assert made_by["devices"]
