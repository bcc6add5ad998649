"""The stored example is declared once; a data set that lacks an outcome serves every question that does not ask for it."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from outcomenet.artifacts import sha256_of, sha256_of_json
from outcomenet.datasets.dataset import TABLE, open_dataset
from outcomenet.datasets.manifest import MANIFEST, DatasetManifest, _fingerprint_of, _typed
from outcomenet.datasets.visit_example import FIELDS, OF_LATER_VISIT, TARGETS, ExampleShape, nothing_known
from outcomenet.datasets.visit_files import visit_features
from outcomenet.errors import DataRefused
from outcomenet.experiment import Experiment
from outcomenet.experiment_data import known_outcomes
from outcomenet.input_pipeline.transforms import AsInBatch, CovariateScale
from outcomenet.outcomes import OUTCOMES

SHAPE = ExampleShape(crop_size=32, covariates=7, readers=2)
SCALE = CovariateScale(("age",), (0,), (0.0,), (1.0,))


def test_types_and_shapes_by_hand():
    features = visit_features(SHAPE)
    expected = {
        "crops": ((58, 32, 32), np.uint16), "present": ((58,), np.uint8), "covariates": ((7,), np.float32),
        "haq": ((), np.float32), "progression_cause": ((), np.float32), "svdh": ((2, 86), np.int8),
        "kellgren_lawrence": ((22,), np.int8),
    }  # fmt: skip
    assert {name: (features[name].shape, features[name].np_dtype) for name in expected} == expected
    assert list(features)[:5] == ["crops", "present", "patient_id", "visit_id", "covariates"]
    assert OF_LATER_VISIT == ("crops", "present", "svdh", "kellgren_lawrence")
    assert list(TARGETS) == [name for spec in OUTCOMES.values() for name in spec.fields]


def test_an_example_of_which_nothing_is_known_is_all_missing():
    example = nothing_known(SHAPE)
    assert set(example) == set(FIELDS) - {"patient_id", "visit_id"}
    assert np.isnan(example["haq"])
    assert np.isnan(example["covariates"]).all()
    assert (example["svdh"] == -1).all()
    assert example["present"].sum() == 0


def test_a_batch_has_the_outcomes_that_the_data_set_has():
    example = nothing_known(ExampleShape(32, 1, 1))
    batch = AsInBatch(SCALE).map({name: value for name, value in example.items() if not name.startswith("pain")})
    assert "pain" not in batch
    assert "pain_half_width" not in batch
    assert (batch["haq"].dtype, batch["svdh"].dtype) == (np.float32, np.int32)


def entries(folder: Path) -> dict:
    return json.loads((folder / MANIFEST).read_text())


@pytest.fixture
def without_pain(small_dataset, tmp_path) -> Path:
    """As a program would have built it to which pain is no outcome, before versions of fields were kept."""
    folder = shutil.copytree(small_dataset, tmp_path / "older")
    table = pd.read_parquet(folder / TABLE)
    table.drop(columns=["pain", "pain_half_width"]).to_parquet(folder / TABLE, index=False)
    record = entries(folder)
    del record["fields"]
    record["files"][TABLE] = sha256_of(folder / TABLE)
    record["fingerprint"] = sha256_of_json(record | {"fingerprint": ""})
    (folder / MANIFEST).write_text(json.dumps(record))
    return folder


def test_a_data_set_of_before_an_outcome_is_read_and_refused_only_to_who_asks_for_it(without_pain):
    dataset = open_dataset(without_pain)
    assert known_outcomes(Experiment("x", "?", outcomes=("haq", "progression")), dataset)
    with pytest.raises(
        DataRefused, match=r"has no pain as this version of outcomenet knows it \(missing: pain, pain_half_"
    ):
        known_outcomes(Experiment("x", "?", outcomes=("haq", "pain")), dataset)


def test_a_field_of_another_version_is_refused_where_it_is_needed(small_dataset, tmp_path):
    folder = shutil.copytree(small_dataset, tmp_path / "copy")

    def with_version(name: str) -> None:
        record = entries(small_dataset)
        record["fields"][name] = 2
        manifest: DatasetManifest = replace(_typed(folder / MANIFEST, record))
        (folder / MANIFEST).write_text(json.dumps(asdict(replace(manifest, fingerprint=_fingerprint_of(manifest)))))

    with_version("pain")
    dataset = open_dataset(folder)
    dataset.require(["haq"])
    with pytest.raises(DataRefused, match=r"has no pain as this version .*\(missing: pain\)"):
        dataset.require(["pain"])
    with_version("crops")
    with pytest.raises(DataRefused, match="another version of outcomenet, which meant something else by crops"):
        open_dataset(folder)
