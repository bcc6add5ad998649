"""Patients whom a film ties to another split are found, and training refuses them."""

from __future__ import annotations

import shutil

import numpy as np
import pandas as pd
import pytest
from hospital import write_hospital

from outcomenet.cli import main
from outcomenet.datasets.dataset import FILMS, open_dataset
from outcomenet.datasets.leaks import leaking_patients, refuse_leaks, same_films, tied_patients
from outcomenet.errors import DataRefused


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


def test_alike_pictures_are_listed_between_patients_only():
    rng = np.random.default_rng(0)
    one, other = (rng.integers(0, 256, 70, np.uint8) for _ in range(2))
    near = one.copy()
    near[0] ^= 0b111
    codes = [code.tobytes().hex() for code in (one, near, near, other)]
    table = films(*((p, "", f"{k}", code) for k, (p, code) in enumerate(zip("ABAC", codes, strict=True))))
    listed = same_films(table)
    assert listed[["film_id", "other_film_id", "bits"]].values.tolist() == [["F0", "F1", 3], ["F1", "F2", 0]]


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
    refuse_leaks(open_dataset(small_dataset))


def test_the_refusal_is_typed(leaking_dataset):
    with pytest.raises(DataRefused):
        refuse_leaks(open_dataset(leaking_dataset))
