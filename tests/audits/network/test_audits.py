"""Audits run by default: every question has an answer or a reason, and interventions are drawn pixel by pixel."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from outcomenet.audits.network.held_out_visits import first_visits_first
from outcomenet.audits.network.redrawn_films import check_rendering, draw, redrawable_visits
from outcomenet.audits.registry import AUDIT
from outcomenet.audits.sizes import AuditSizes
from outcomenet.datasets.dataset import open_dataset
from outcomenet.datasets.manifest import TRUTH
from outcomenet.errors import DataRefused
from outcomenet.simulation.causal import patient_index
from outcomenet.simulation.rebuild import laboratory_of_truth


@pytest.fixture(scope="module")
def redrawn(small_dataset):
    """Three held-out visits of the small data set: its laboratory, visits and stored examples."""
    dataset = open_dataset(small_dataset)
    visits = redrawable_visits(dataset, 3)
    laboratory = laboratory_of_truth(dataset.folder / TRUTH, tuple(patient_index(patient) for patient, _ in visits))
    stored = {(e["patient_id"].decode(), e["visit_id"].decode()): e for e in dataset.examples("test")}
    return laboratory, visits, [stored[key] for key in visits], dataset.manifest.geometry


def test_held_out_visits_drawn_again_are_what_the_data_set_stores(redrawn):
    laboratory, visits, examples, geometry = redrawn
    assert len(visits) == 3
    drawn = draw(laboratory, visits, range(3), geometry)
    assert all(np.array_equal(crops, example["crops"]) for crops, example in zip(drawn, examples, strict=True))


def test_another_simulator_is_told_by_its_pixels(redrawn):
    laboratory, visits, examples, geometry = redrawn
    with pytest.raises(DataRefused, match=r"drawn again, differs from the data set in .* Simulate it again"):
        check_rendering(replace(laboratory, seed=laboratory.seed + 1), visits, examples, geometry, count=1)


def test_whole_films_cannot_be_drawn_again(small_dataset):
    dataset = open_dataset(small_dataset)
    filmed = replace(dataset, visits=dataset.visits.assign(source="films"))
    assert redrawable_visits(filmed, 5) == []


def test_first_visits_come_before_second_ones():
    visits = pd.DataFrame(
        {
            "patient_id": ["a", "a", "b"],
            "visit_id": ["V0", "V1", "V0"],
            "date": pd.to_datetime(["2020", "2021", "2022"]),
        }
    )
    assert first_visits_first(visits, 3) == [("a", "V0"), ("b", "V0"), ("a", "V1")]


def test_every_question_is_answered_or_has_a_reason(runs: dict[str, Path]):
    for name in ("demo", "rapport"):
        audits = pd.read_csv(runs[name] / "audits.csv")
        assert sorted(audits["audit"]) == sorted(AUDIT)
        assert audits["finding"].str.len().min() > 15


def test_a_simulated_run_is_audited_for_its_causes(runs: dict[str, Path]):
    table = pd.read_csv(runs["demo"] / "audit_interventions.csv")
    assert set(table["intervention"]) == {"oa", "site", "scanner", "ra_damage"}
    # a site brings its scanner and nothing else that a film shows
    shifts = table.set_index(["intervention", "value"])["shift"]
    assert shifts["site"].to_numpy() == pytest.approx(shifts["scanner"].to_numpy(), abs=1e-5)
    probes = pd.read_csv(runs["demo"] / "audit_probes.csv")
    assert {"device", "marker", "side", "age"} <= set(probes["target"])
    assert (
        probes.loc[probes["target"] == "side", "reading"].iloc[0].startswith("Not computed: the embedding is the mean")
    )


def test_patients_without_films_are_not_audited_for_films(runs: dict[str, Path]):
    audits = pd.read_csv(runs["rapport"] / "audits.csv").set_index("audit")
    assert audits.loc["deletion", "finding"] == "This run trained no network."


def test_subgroups_are_rows_of_the_metrics(runs: dict[str, Path]):
    metrics = pd.read_csv(runs["rapport"] / "metrics.csv")
    women = metrics[(metrics["subgroup"] == "women") & (metrics["metric"] == "r2")]
    assert np.isfinite(women["value"]).all()
    assert (women["n"] >= AuditSizes().subgroup_visits).all()


def test_sizes_are_settings_of_the_experiment(runs: dict[str, Path]):
    config = json.loads((runs["demo"] / "record.json").read_text())["config"]
    assert set(config["evaluation"]["audits"]) == set(AuditSizes.__dataclass_fields__)
