"""Joints of a cohort that are unlike anything in training: masked, in the ledger, in tables and on the page."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from outcomenet.anatomy import JOINT_COUNT, JOINT_INDEX, Side
from outcomenet.cohorts.ledger import Ledger
from outcomenet.intake import unlike_joints
from outcomenet.intake.account import intake_page
from outcomenet.intake.unlike_joints import DISTANCES, REASON, SIMULATED, UNLIKE_JOINTS, UnlikeJoints
from outcomenet.localization.geometry import CropGeometry
from outcomenet.models.embedding_reference import LEVELS, EmbeddingReference

HOSPITALS = {(f"P{n}", "V1"): "AB"[n % 2] for n in range(5)}
FAR = JOINT_INDEX["RH_PIP3"]


class Judge:
    """Distances that grow with the patient's number; one joint of each is far."""

    batch = 2
    reference = EmbeddingReference(np.zeros((JOINT_COUNT, 1)), np.ones((29, 1, 1)), np.linspace(0.4, 1.2, len(LEVELS)))

    def of(self, crops, present):
        distances = np.where(present, crops[..., 0, 0] / 100.0, np.nan)
        distances[:, FAR] = 1.3
        return distances


@pytest.fixture
def judged(monkeypatch):
    """Ledger, the visits that came through, and the object that judged them."""
    monkeypatch.setattr(unlike_joints, "_judge", lambda geometry: Judge())
    tasks = {
        key: [SimpleNamespace(side=side, film_id=f"{key[0]}-{side}") for side in (Side.LEFT_HAND, Side.RIGHT_HAND)]
        for key in HOSPITALS
    }
    ledger = Ledger()
    unlike = UnlikeJoints(tasks, HOSPITALS, CropGeometry(), ledger)
    present = np.array([int("H_" in name) for name in JOINT_INDEX], np.uint8)
    visits = [
        (key, np.full((JOINT_COUNT, 2, 2), 50 + number, np.uint16), present.copy())
        for number, key in enumerate(HOSPITALS)
    ]
    return ledger, list(unlike.masked(visits)), unlike


def test_an_unlike_joint_is_as_one_that_no_film_shows_and_stands_in_the_ledger(judged):
    ledger, visits, _ = judged
    assert [key for key, *_ in visits] == list(HOSPITALS)
    for _, crops, present in visits:
        assert present.sum() == 45
        assert not present[FAR]
        assert not crops[FAR].any()
        assert crops[FAR - 1].all()
    row = ledger.to_frame().iloc[0]
    assert (row["step"], row["unit"], row["reason"], row["count"]) == ("films", "joint", REASON, 5)


def test_tables_have_each_masked_joint_and_each_hospital(judged, tmp_path):
    judged[2].write(tmp_path)
    joints = pd.read_csv(tmp_path / UNLIKE_JOINTS)
    assert joints["film_id"].tolist() == [f"P{n}-RH" for n in range(5)]
    assert set(joints["joint"]) == {"PIP3"}
    assert set(joints["distance"]) == {1.3}
    table = pd.read_csv(tmp_path / DISTANCES).set_index("films_of")
    assert table.index.tolist() == [SIMULATED, "all films", "A", "B"]
    assert table["joints"].tolist()[1:] == [5 * 46, 3 * 46, 2 * 46]
    assert table["films"].tolist()[1:] == [10, 6, 4]
    assert table["masked"].tolist()[1:] == [5, 3, 2]
    assert table.loc["A", "p50"] == pytest.approx(0.52)  # of 0.50, 0.52 and 0.54
    assert (table["limit"] == 1.2).all()


def test_the_page_tells_distances_of_every_hospital(judged, tmp_path):
    judged[2].write(tmp_path)
    section = intake_page._unlike(tmp_path, SimpleNamespace(visits_with_films=5))
    assert section.sentence.startswith(
        "5 of 230 joints lie beyond 1.20, where the farthest 0.1 % of simulated joints begin"
    )
    assert [row.cells[0] for row in section.table.rows] == [SIMULATED, "all films", "A", "B"]
    assert section.table.rows[2].cells[-2:] == ["3", "2.17"]
    assert section.figure.files[0] == "figures/distances_by_hospital.csv"


def test_the_page_says_why_no_joint_was_judged(tmp_path):
    other = SimpleNamespace(visits_with_films=1, geometry=CropGeometry(48, 0.5))
    said = intake_page._unlike(tmp_path, other).sentence
    assert said.endswith("it takes crops of 96 pixels at 0.25 mm, and these have 48 pixels at 0.5 mm.")
    assert (
        "hold no reference"
        in intake_page._unlike(tmp_path, SimpleNamespace(visits_with_films=1, geometry=CropGeometry())).sentence
    )
    assert intake_page._unlike(tmp_path, SimpleNamespace(visits_with_films=0)) is None


def test_a_data_set_of_other_crops_is_not_judged_and_its_page_says_so(small_dataset):
    assert not (small_dataset / DISTANCES).exists()
    assert (
        "No joint was compared with those that the encoder was trained on: it takes crops of 96"
        in (small_dataset / "intake.html").read_text()
    )
