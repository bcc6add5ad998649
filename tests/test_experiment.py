"""Experiments that would say nothing, or something else than they seem to, and files that are none: one sentence each."""

from __future__ import annotations

from dataclasses import replace

import pytest

from outcomenet.errors import UsageError
from outcomenet.experiment import EvaluationConfig, Experiment, load_experiment
from outcomenet.losses.reduction import LossWeights
from outcomenet.models.outcome_net import OutcomeNetConfig
from outcomenet.models.visit_comparison import PairReading
from outcomenet.strategies import ConfoundingConfig

PAIRED = OutcomeNetConfig(pairs=PairReading.PAIRED)
ADJUSTED = Experiment("x", "?").confounding


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"outcomes": ("haq", "pian")}, "no outcome called 'pian'. .*pain"),
        ({"outcomes": ("pain",), "main_outcome": "haq"}, r"main_outcome is 'haq', which is none of .*\(pain\)"),
        ({"covariates": ("age", "sexe")}, "no covariate called 'sexe'"),
        ({"rungs": ("direct", "direct_adjust")}, "no network rung 'direct_adjust'. .*direct_adjusted"),
        (
            {"outcomes": ("haq",), "loss_weights": LossWeights(pain=2.0)},  # pyright: ignore[reportCallIssue]
            r"loss_weights.pain is 2, but pain is no outcome of this experiment \(outcomes: haq\)",
        ),
        ({"network": PAIRED, "rungs": ()}, "network.pairs is paired, but no network is trained; set it to off"),
        (
            {"network": PAIRED, "confounding": replace(ADJUSTED, joint_decorrelation=1.0)},
            "confounding.joint_decorrelation is about the films of one visit",
        ),
        (
            {"evaluation": EvaluationConfig(cross_fit_folds=5)},
            r"cross_fit_folds is for experiments of regressions alone \(rungs=\(\)\)",
        ),
        (
            {"confounding": replace(ADJUSTED, outcome_terms=("age",))},
            "Covariate 'male' is supplied but no confounding strategy uses it",
        ),
    ],
)
def test_an_experiment_that_contradicts_itself_is_refused(settings, sentence):
    with pytest.raises(UsageError, match=sentence):
        Experiment("x", "?", **settings)


@pytest.mark.parametrize("folds", [1, 2])
def test_too_few_folds_for_regressions_are_refused(folds):
    with pytest.raises(UsageError, match=f"cross_fit_folds is 0 or at least .*got {folds}"):
        EvaluationConfig(cross_fit_folds=folds)


def test_as_many_numbers_for_osteoarthritis_as_the_embedding_has_are_refused():
    ConfoundingConfig(oa_features=7).check_embedding(8)
    with pytest.raises(UsageError, match=r"confounding\.oa_features must be below the embedding's 8 numbers, got 8"):
        ConfoundingConfig(oa_features=8).check_embedding(8)


def test_a_setting_that_does_not_exist_is_answered_with_the_nearest():
    with pytest.raises(UsageError, match="TrainingConfig has no setting 'step'. Did you mean steps"):
        Experiment("x", "?").with_settings({"training.step": 5})
    assert Experiment("x", "?").with_steps(7).training.steps == 7


def test_a_file_without_an_experiment_says_what_it_lacks(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text("experiment = 1\n")
    with pytest.raises(UsageError, match=r"mine\.py has no function get_experiment\(\)"):
        load_experiment(file)


def test_a_file_that_is_no_python_is_named(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text("")
    with pytest.raises(UsageError, match=r"mine\.toml is not a Python file"):
        load_experiment(file)


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(UsageError, match="no experiment of that name comes with outcomenet. .*demo"):
        load_experiment("demoo")
