"""One rule says which outcome a run is about: its headline, biomarker, audits, report and terminal text follow it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from test_pool import AUDITS, FILE, QUIET

from outcomenet.datasets.dataset import open_dataset
from outcomenet.errors import UsageError
from outcomenet.experiment import EvaluationConfig, Experiment
from outcomenet.inference.compiled_network import CompiledNetwork
from outcomenet.models.encoders.cnn import CnnConfig
from outcomenet.models.outcome_net import OutcomeNetConfig
from outcomenet.outcomes import OUTCOMES, main_outcome
from outcomenet.reports.narrative import answer
from outcomenet.reports.run_folder import read_run
from outcomenet.reports.summary import ladder_text
from outcomenet.runs.record import read_record
from outcomenet.strategies import ConfoundingConfig
from outcomenet.training.loop import TrainingConfig
from outcomenet.wiring import wire
from outcomenet.workflow import restore_parameters, run_evaluation, run_training

EXPERIMENT = Experiment(
    "order", "?", outcomes=("haq_by_category", "pain"), main_outcome="pain", covariates=("age",), rungs=("direct_adjusted",),
    confounding=ConfoundingConfig(outcome_terms=("age",)),
    network=OutcomeNetConfig(CnnConfig(widths=(8, 8), embedding=8)),
    training=TrainingConfig(steps=2, batch_size=2),
    evaluation=EvaluationConfig(resamples=30, rereadings=0, audits=AUDITS),
)  # fmt: skip


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        (("haq", "pain", "progression"), "haq"),
        (("pain", "haq"), "haq"),
        (("pain", "haq_by_category"), "haq_by_category"),
        (("haq_by_category", "haq"), "haq"),
        (("pain", "progression", "future_haq"), "pain"),
        (("svdh_change", "haq_change"), "svdh_change"),
    ],
)
def test_haq_of_the_visit_comes_before_the_first_outcome(outcomes, expected):
    assert main_outcome(outcomes) == expected


def test_an_experiment_chooses_another_and_names_one_of_its_own():
    assert main_outcome(("haq", "pain"), "pain") == "pain"
    assert Experiment("x", "?", outcomes=("haq", "pain")).about == "haq"
    assert Experiment("x", "?", outcomes=("haq", "pain"), main_outcome="pain").about == "pain"
    with pytest.raises(
        UsageError, match=r"main_outcome is 'progression', which is none of the run's outcomes \(haq, pain\)"
    ):
        Experiment("x", "?", outcomes=("haq", "pain"), main_outcome="progression")


def test_every_outcome_has_a_headline_metric():
    assert {name: spec.headline_metric for name, spec in OUTCOMES.items()} == {
        "haq": "r2", "haq_by_category": "r2", "pain": "r2", "progression": "auroc", "svdh_change": "r2",
        "future_haq": "r2", "haq_change": "r2", "fatigue": "r2",
    }  # fmt: skip


@pytest.fixture(scope="module")
def run(small_dataset, tmp_path_factory):
    folder = tmp_path_factory.mktemp("order") / "run"
    run_training(FILE, EXPERIMENT, small_dataset, folder, progress=QUIET)
    run_evaluation(folder, progress=QUIET)
    return folder


def test_biomarker_and_its_codebook_are_of_the_chosen_outcome_although_haq_is_named_first(run, small_dataset):
    dataset = open_dataset(small_dataset)
    wiring = wire(EXPERIMENT, dataset)
    network = CompiledNetwork(
        wiring.networks["direct_adjusted"],
        restore_parameters(EXPERIMENT, wiring.networks, run, read_record(run))["direct_adjusted"],
        wiring.covariates,
        16,
    )
    output = network.infer(network.batches(dataset.examples("test")))
    scores = pd.read_parquet(run / "biomarkers.parquet").set_index(["patient_id", "visit_id"])["score"]
    expected = output.contributions.sum(1)
    assert scores.loc[output.ids].to_numpy() == pytest.approx(expected[:, 1], abs=1e-5)
    assert not np.allclose(expected[:, 0], expected[:, 1])
    book = pd.read_csv(run / "codebook.csv").query("table == 'biomarkers'")
    meaning = book.set_index("column").loc["score", "meaning"]
    assert "Pain" in meaning
    links = pd.read_csv(run / "biomarker_links.csv")
    again = EXPERIMENT.evaluation.rereadings
    visits = len(dataset.examples("test"))
    assert links["sem_freedom"].tolist() == [visits * max(again - 1, 0)]


def test_terminal_and_report_are_about_the_same_outcome(run):
    text = ladder_text(run)
    assert "haq_by_category r2" in text
    assert "pain r2" in text
    folder = read_run(run)
    assert folder.main_outcome == "pain"
    told = answer(folder)
    assert "about pain" in told.headline
    assert "For pain" in told.paragraph
    asked = pd.read_csv(run / "comparisons.csv").query("primary")
    assert set(asked["outcome"]) == {"pain"}


def test_probes_are_given_the_main_outcome_and_accuse_nobody_then(run):
    given = set(pd.read_csv(run / "audit_probes.csv", keep_default_na=False)["given"])
    assert any("pain" in text for text in given)
    assert not any("haq_by_category" in text for text in given)


def test_rows_of_patients_that_were_learned_from_are_marked(run):
    """Networks and regressions alike; the coarse rung, fitted to validation patients, is not there in so few."""
    for name in ("predictions.parquet", "biomarkers.parquet"):
        table = pd.read_parquet(run / name)
        assert (table["may_be_used"] == (table["split"] != "train")).all()
        assert table["may_be_used"].nunique() == 2
        assert set(table["fold"]) == {0}
