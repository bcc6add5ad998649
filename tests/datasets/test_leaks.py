"""Patients whom a film ties to another split are found, and training refuses them."""

from __future__ import annotations

import shutil

import numpy as np
import pandas as pd
import pytest

from outcomenet.cli import main
from outcomenet.datasets.dataset import FILMS, open_dataset
from outcomenet.datasets.leaks import ALIKE, alike_notes, leaking_patients, refuse_leaks, tied_patients
from outcomenet.errors import DataRefused
from outcomenet.intake import alike_films
from outcomenet.intake.alike_films import same_films, with_groups
from outcomenet.localization.likeness import likeness
from tests.copied_films import COPIES
from tests.hospital import hand_film, write_hospital


def films(*rows: tuple[str, str, str, str]) -> pd.DataFrame:
    """Films of (patient, accession, pixels, likeness)."""
    table = pd.DataFrame(rows, columns=["patient_id", "accession", "pixels", "likeness"])
    return table.assign(film_id=[f"F{n}" for n in range(len(table))], side="LH", visit_id="V1")


def test_a_chain_of_equal_films_ties_patients():
    table = films(("A", "x", "1", ""), ("B", "x", "2", ""), ("C", "", "2", ""), ("D", "", "3", ""), ("E", "", "", ""))
    group = tied_patients(table)
    assert group["A"] == group["B"] == group["C"]  # A and B by examination, B and C by picture
    assert len({group["A"], group["D"], group["E"]}) == 3  # nothing known ties nobody


def test_only_ties_across_splits_leak():
    table = films(("A", "x", "1", ""), ("B", "x", "2", ""), ("C", "y", "3", ""), ("D", "y", "4", ""))
    split = pd.Series({"A": "train", "B": "test", "C": "train", "D": "train"})
    assert leaking_patients(table, split)["patient_id"].tolist() == ["A", "B"]


def test_joints_that_look_the_same_are_listed_between_patients_only():
    pixels, landmarks = hand_film()
    pixels = pixels * np.uint16(16)
    rng = np.random.default_rng(0)
    other_person = pixels.copy()
    for place in landmarks.values():  # every joint is another one
        x, y = (int(v) for v in place)
        patch = other_person[y - 25 : y + 25, x - 25 : x + 25]
        patch[:] = rng.permutation(patch.reshape(-1)).reshape(patch.shape)
    original = likeness(pixels, landmarks, "hand")
    mirrored = likeness(*COPIES["mirrored"](pixels, landmarks), "hand")
    table = films(
        ("A", "", "1", original),
        ("B", "", "2", mirrored),
        ("A", "", "3", mirrored),
        ("C", "", "4", likeness(other_person, landmarks, "hand")),
        ("D", "", "", ""),
    )
    table["side"] = ["LH", "RH", "LH", "LH", "LF"]  # declared side and mirroring do not matter
    listed = same_films(table)
    assert listed[["film_id", "other_film_id", "why"]].values.tolist() == [
        ["F0", "F1", "joints that look the same"],
        ["F1", "F2", "joints that look the same"],
    ]
    assert (listed["agreement"] > 0.9).all()
    kept = with_groups(table, listed)
    assert "likeness" not in kept
    assert kept[ALIKE].tolist() == ["0", "0", "0", "", ""]
    split = pd.Series({"A": "train", "B": "test", "C": "train", "D": "test"})
    assert leaking_patients(kept, split).empty
    assert leaking_patients(kept, split, (ALIKE,))["patient_id"].tolist() == ["A", "B"]


def test_every_limb_of_a_film_of_two_is_compared_and_a_pair_of_films_is_listed_once(monkeypatch):
    # the copy is mirrored, so its first limb is the original's second: LH=A, RH=B against LH=B, RH=A
    monkeypatch.setattr(alike_films, "JointPatterns", str)
    monkeypatch.setattr(
        alike_films,
        "alike_pairs",
        lambda limbs, owners: {
            (i, j): 1.0
            for i in range(len(limbs))
            for j in range(i + 1, len(limbs))
            if limbs[i] == limbs[j] and owners[i] != owners[j]
        },
    )
    table = films(("P1", "", "1", "a"), ("P1", "", "1", "b"), ("P2", "", "2", "b"), ("P2", "", "2", "a"))
    table = table.assign(film_id=["F1", "F1", "F2", "F2"], side=["LH", "RH", "LH", "RH"])
    assert same_films(table)[["film_id", "other_film_id"]].values.tolist() == [["F1", "F2"]]
    assert same_films(table.iloc[[0, 2, 1, 3]])[["film_id", "other_film_id"]].values.tolist() == [["F1", "F2"]]


def test_no_films_are_no_pairs():
    none = films().astype(object)
    assert same_films(none).empty
    assert with_groups(none, same_films(none)).empty


def test_the_same_picture_of_one_patient_at_two_visits_is_listed():
    listed = same_films(films(("A", "", "1", ""), ("A", "", "1", "")))
    assert listed["why"].tolist() == ["the same pixels"]


@pytest.fixture(scope="module")
def leaking_dataset(tmp_path_factory):
    """A data set in which patients 0 and 1 of every pair have the same film, built by the command."""
    work = tmp_path_factory.mktemp("leak")
    paths = write_hospital(work / "cohort", patients=12, toml="deidentified = true\n")
    for one, other in zip(paths[::4], paths[2::4], strict=True):
        shutil.copy(one, other)
    assert main(["intake", str(work / "cohort"), "--out", str(work / "data")]) == 0
    return work / "data"


def test_a_leaking_data_set_is_refused_by_training(leaking_dataset, tmp_path, capsys):
    split = open_dataset(leaking_dataset).visits.groupby("patient_id")["split"].first()
    assert len(leaking_patients(pd.read_parquet(leaking_dataset / FILMS), split))
    command = ["train", "experiments/demo.py", "--data", str(leaking_dataset), "--out", str(tmp_path / "run")]
    assert main(command) == 3
    said = capsys.readouterr().err
    assert "share an examination or a picture across" in said
    assert "same_films.csv" in said
    assert not (tmp_path / "run").exists()
    listed = pd.read_csv(leaking_dataset / "same_films.csv")
    assert (listed["why"] == "the same pixels").sum() == 6
    assert "the same pixels as another film" in (leaking_dataset / "ledger.csv").read_text()


def test_a_data_set_without_a_leak_passes(small_dataset):
    assert refuse_leaks(open_dataset(small_dataset)) == 0
    assert alike_notes(0) == []


@pytest.fixture(scope="module")
def alike_dataset(tmp_path_factory):
    """A data set whose patients all have one hand, each film with noise of its own, mirrored for every other patient; joints
    are placed on some and looked for on the others."""
    work = tmp_path_factory.mktemp("alike")
    write_hospital(
        work / "cohort",
        patients=6,
        toml="deidentified = true\n",
        change=lambda pixels, patient: pixels[:, ::-1].copy() if patient % 2 else pixels,
        placed=lambda patient: patient % 2 == 0,
    )
    assert main(["intake", str(work / "cohort"), "--out", str(work / "data")]) == 0
    return work / "data"


def test_alike_films_across_splits_stop_training_unless_accepted(alike_dataset, tmp_path, capsys):
    dataset = open_dataset(alike_dataset)
    split = dataset.visits.groupby("patient_id")["split"].first()
    assert split.nunique() > 1
    command = ["train", "experiments/demo.py", "--data", str(alike_dataset), "--out", str(tmp_path / "run")]
    assert main(command) == 3
    said = capsys.readouterr().err
    assert "films whose joints look the same" in said
    assert "--split.accept-alike-films True" in said
    assert not (tmp_path / "run").exists()
    assert refuse_leaks(dataset, accept_alike=True) == 6
    assert "6 patients" in alike_notes(6)[0]
    assert "joints that look the same as another film" in (alike_dataset / "ledger.csv").read_text()


def test_the_refusal_is_typed(leaking_dataset):
    with pytest.raises(DataRefused):
        refuse_leaks(open_dataset(leaking_dataset))
