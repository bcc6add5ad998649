"""A data set that was changed in any way is refused when it is opened, or is another one for every run; its name is free."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from outcomenet.artifacts import sha256_of
from outcomenet.cohorts.cohort import read_cohort
from outcomenet.datasets.dataset import TABLE, open_dataset
from outcomenet.datasets.manifest import MANIFEST, DatasetManifest, _fingerprint_of, _typed
from outcomenet.errors import DataRefused
from outcomenet.intake.build import build_dataset
from outcomenet.localization.geometry import CropGeometry
from outcomenet.progress import Progress


@pytest.fixture
def copy(small_dataset, tmp_path) -> Path:
    return shutil.copytree(small_dataset, tmp_path / "copy")


def entries(folder: Path) -> dict:
    return json.loads((folder / MANIFEST).read_text())


def rewritten(folder: Path, **changed: object) -> None:
    (folder / MANIFEST).write_text(json.dumps(entries(folder) | changed, indent=1))


def resealed(folder: Path, **changed: object) -> None:
    """As somebody would who knows how: hashes and fingerprint are those of the changed files."""
    files = {name: sha256_of(folder / name) for name in entries(folder)["files"]}
    rewritten(folder, files=files, **changed)
    manifest: DatasetManifest = _typed(folder / MANIFEST, entries(folder))
    rewritten(folder, fingerprint=_fingerprint_of(manifest))


def with_table(folder: Path, change: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
    change(pd.read_parquet(folder / TABLE)).to_parquet(folder / TABLE, index=False)


def test_every_file_is_covered(small_dataset):
    """Each file of the folder by itself: one byte more, and the data set is refused; so is one that is gone."""
    names = sorted(f.relative_to(small_dataset).as_posix() for f in small_dataset.rglob("*") if f.is_file())
    assert sorted([*entries(small_dataset)["files"], MANIFEST]) == names
    for wanted in ("truth/joints.csv", "ledger.csv", "follow_up.csv", "card.md", "croissant.json", "same_films.csv"):
        assert wanted in names


@pytest.mark.parametrize(
    "name", ["truth/joints.csv", "ledger.csv", "follow_up.csv", "card.md", "films.parquet", "flow.svg"]
)
def test_a_changed_or_missing_file_is_refused(copy, name):
    whole = (copy / name).read_bytes()
    (copy / name).write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(DataRefused, match=r"its SHA-256 differs.*build the data set again"):
        open_dataset(copy)
    (copy / name).unlink()
    with pytest.raises(DataRefused, match="is missing"):
        open_dataset(copy)


def test_a_file_too_many_is_refused_and_litter_is_not(copy):
    for name in (".DS_Store", "visits/Thumbs.db", "truth/._joints.csv", "ledger.csv~"):
        (copy / name).touch()
    open_dataset(copy)
    (copy / "truth" / "states.csv").touch()
    with pytest.raises(DataRefused, match=r"states.csv does not belong to the data set; move it elsewhere"):
        open_dataset(copy)


EDITS = {
    "covariates swapped": lambda e: {"covariates": [e["covariates"][1], e["covariates"][0], *e["covariates"][2:]]},
    "a covariate less": lambda e: {"covariates": e["covariates"][:-1]},
    "scale doubled": lambda e: {"mm_per_px": 2 * e["mm_per_px"] / 4},
    "no longer simulated": lambda e: {"simulated": False},
    "another licence": lambda e: {"licence": "none"},
    "another reading mode": lambda e: {"reading_mode": "paired"},
    "a reader more": lambda e: {"readers": [*e["readers"], "R9"]},
    "fewer patients": lambda e: {"patients": e["patients"] - 1},
    "another hash": lambda e: {"files": e["files"] | {TABLE: "0" * 64}},
    "another fingerprint": lambda e: {"fingerprint": "0" * 64},
}


@pytest.mark.parametrize("name", list(EDITS))
def test_a_changed_entry_is_refused(copy, name):
    rewritten(copy, **EDITS[name](entries(copy)))
    with pytest.raises(DataRefused, match="was changed after it was written"):
        open_dataset(copy)


BROKEN = {
    "empty": ("", "is empty"),
    "cut": ('{"format": 6, "name": "x"', "is not whole JSON"),
    "no JSON": ("name = 3", "is not whole JSON"),
    "a list": ("[]", "should be a JSON object and is a list"),
    "null": ("null", "should be a JSON object"),
    "of an older version": ('{"format": 5}', "built by another version"),
    "without format": ("{}", "built by another version"),
}


@pytest.mark.parametrize("name", list(BROKEN))
def test_a_broken_manifest_is_one_sentence(copy, name):
    content, sentence = BROKEN[name]
    (copy / MANIFEST).write_text(content)
    with pytest.raises(DataRefused, match=sentence) as refused:
        open_dataset(copy)
    assert "\n" not in str(refused.value)
    assert "build the data set again" in str(refused.value)


@pytest.mark.parametrize("name", [name for name in DatasetManifest.__dataclass_fields__ if name != "format"])
def test_an_entry_that_is_missing_or_of_another_type_is_named(copy, name):
    whole = entries(copy)
    rewritten(copy, **{name: None})
    with pytest.raises(DataRefused, match=f"{name} cannot be None"):
        open_dataset(copy)
    (copy / MANIFEST).write_text(json.dumps({key: value for key, value in whole.items() if key != name}))
    # data sets of before fields were listed have no such entry; taken from a new one it is another fingerprint
    with pytest.raises(DataRefused, match="another one" if name == "fields" else f"has no entry '{name}'"):
        open_dataset(copy)


def test_unknown_entries_and_impossible_ones_are_named(copy):
    rewritten(copy, extra=1)
    with pytest.raises(DataRefused, match="unknown entry 'extra'"):
        open_dataset(copy)
    (copy / MANIFEST).write_text(
        json.dumps({k: v for k, v in entries(copy).items() if k != "extra"} | {"mm_per_px": 0})
    )
    with pytest.raises(DataRefused, match=r"Setting mm_per_px .* is a number from 0.01 to 1; got 0"):
        open_dataset(copy)
    rewritten(copy, mm_per_px=0.75, visits=True)
    with pytest.raises(DataRefused, match="visits cannot be True"):
        open_dataset(copy)


def torn(table: pd.DataFrame) -> pd.DataFrame:
    """One patient's second visit goes to another split."""
    row = table[table["patient_id"].duplicated()].index[0]
    other = "test" if table.loc[row, "split"] != "test" else "train"
    return table.assign(split=table["split"].where(table.index != row, other))


def moved(table: pd.DataFrame) -> pd.DataFrame:
    """One test patient is called a training patient."""
    patient = table.loc[table["split"] == "test", "patient_id"].iloc[0]
    return table.assign(split=table["split"].where(table["patient_id"] != patient, "train"))


CONTRADICTIONS = {
    "a patient in two splits": (torn, "1 of the patients are in more than one split"),
    "a patient moved": (moved, "otherwise than the hash of their names"),
    "a visit twice": (lambda t: pd.concat([t, t.iloc[:1]]), "a visit twice"),
    "a visit less": (lambda t: t.iloc[1:], "says visits|says patients"),
    "a column gone": (lambda t: t.drop(columns="split"), "no column 'split'"),
    "films gone": (lambda t: t.assign(has_films=t["has_films"] & (t.index > 0)), "says visits_with_films"),
    "a covariate gone": (lambda t: t.drop(columns="age"), "lists the covariates"),
}


@pytest.mark.parametrize("name", list(CONTRADICTIONS))
def test_what_contradicts_itself_is_refused_though_all_hashes_agree(copy, name):
    change, sentence = CONTRADICTIONS[name]
    with_table(copy, change)
    resealed(copy)
    with pytest.raises(DataRefused, match=sentence):
        open_dataset(copy)


def test_swapped_covariates_are_refused_though_the_fingerprint_agrees(copy):
    first, second, *others = entries(copy)["covariates"]
    resealed(copy, covariates=[second, first, *others])
    with pytest.raises(DataRefused, match="lists the covariates"):
        open_dataset(copy)


def test_what_is_consistent_is_another_data_set(small_dataset, copy):
    """Whoever changes a number and all hashes with it has another fingerprint, which the record of a run refuses."""
    whole = open_dataset(small_dataset).manifest.fingerprint
    seen = {whole}
    with_table(copy, lambda t: t.assign(haq=np.where(t["split"] == "test", t["haq"] + 0.125, t["haq"])))
    resealed(copy)
    seen.add(open_dataset(copy).manifest.fingerprint)
    resealed(copy, mm_per_px=0.5)
    seen.add(open_dataset(copy).manifest.fingerprint)
    truth = copy / "truth" / "joints.csv"
    truth.write_text(truth.read_text().replace("1", "2", 1))
    resealed(copy)
    seen.add(open_dataset(copy).manifest.fingerprint)
    assert len(seen) == 4


def test_the_fingerprint_depends_on_nothing_but_the_content(small_cohort, small_dataset, tmp_path):
    cohort = shutil.copytree(small_cohort, tmp_path / "elsewhere" / "cohort of May")
    out = tmp_path / "another name"
    again = build_dataset(read_cohort(cohort), out, CropGeometry(32, 0.75), progress=Progress(quiet=True))
    first = open_dataset(small_dataset).manifest
    assert again == first
    moved = tmp_path / "moved"
    out.rename(moved)
    assert open_dataset(moved).manifest == first


def test_the_same_simulation_under_another_name_is_the_same_cohort(tmp_path):
    from outcomenet.simulation.cohort_folder import simulate_cohort
    from outcomenet.simulation.presets import preset

    texts = [
        (simulate_cohort(
            tmp_path / name, preset("default"), patients=3, seed=1, films="none", full_films=0,
            geometry=CropGeometry(32, 0.75), progress=Progress(quiet=True),
        ) / "cohort.toml").read_text()
        for name in ("one", "other")
    ]  # fmt: skip
    assert texts[0] == texts[1]


def test_a_linked_file_counts_by_its_content(copy, tmp_path):
    (copy / "ledger.csv").rename(tmp_path / "kept elsewhere")
    (copy / "ledger.csv").symlink_to(tmp_path / "kept elsewhere")
    open_dataset(copy)
    (tmp_path / "kept elsewhere").write_text("changed")
    with pytest.raises(DataRefused, match="its SHA-256 differs"):
        open_dataset(copy)
