"""Runs of every experiment file, one step each, evaluated."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from outcomenet.audits.sizes import AuditSizes
from outcomenet.cli import main
from outcomenet.experiment import Experiment, load_experiment
from outcomenet.models.encoders.cnn import CnnConfig
from outcomenet.models.joint_states import JointNetConfig
from outcomenet.models.joint_weights import JointWeights, save_joint_weights
from outcomenet.progress import Progress
from outcomenet.workflow import run_evaluation, run_training

ROOT = Path(__file__).parents[1]
# localiser and joint encoder have a record and a run of their own: tests/localization, tests/pretraining
SIMULATED = ("localization", "pretrained_encoder")
FILES = sorted(f for f in (ROOT / "experiments").glob("*.py") if f.stem not in SIMULATED)
QUIET = Progress(quiet=True)
# a network's run with every rung and audit, and one of regressions alone
EVALUATED = ("demo", "rapport", "paired_change", "trial")
# begins with pretrained weights, so that its score is one of joint states
PRETRAINED = "trial"
TINY = CnnConfig(widths=(8, 8), embedding=8)
AUDITS = AuditSizes(
    intervention_patients=10, border_visits=60, explained_visits=8, shuffled_networks=1, resamples=50, permutations=20
)


def shrunk(experiment: Experiment) -> Experiment:
    encoder = replace(TINY, bfloat16=experiment.network.encoder.bfloat16)
    return replace(
        experiment,
        network=replace(experiment.network, encoder=encoder),
        training=replace(experiment.training, steps=1, batch_size=2),
        evaluation=replace(experiment.evaluation, resamples=50, rereadings=2, audits=AUDITS),
    )


@pytest.fixture(scope="session")
def rapport(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rapport")
    table = str(ROOT / "tests/data/rapport_long_coarse.csv")
    assert main(["intake", table, "--format", "rapport", "--out", str(folder / "data")]) == 0
    return folder / "data"


@pytest.fixture(scope="session")
def tiny_weights(tmp_path_factory):
    """Weights of a joint network for the small data set's crops, as chance made them."""
    path = tmp_path_factory.mktemp("weights") / "tiny.safetensors"
    save_joint_weights(JointWeights(JointNetConfig(TINY).build(32, 0), 32, 0.75, {"seed": 0}), path)
    return path


@pytest.fixture(scope="session")
def runs(small_dataset, rapport, tiny_weights, tmp_path_factory):
    """Every experiment of the folder, one step; those of EVALUATED evaluated."""
    folder, made = tmp_path_factory.mktemp("runs"), {}
    for file in FILES:
        experiment = shrunk(load_experiment(file))
        if file.stem == PRETRAINED:
            experiment = replace(experiment, network=replace(experiment.network, initial=str(tiny_weights)))
        data = small_dataset if experiment.rungs else rapport
        run_training(file, experiment, data, folder / file.stem, progress=QUIET)
        if file.stem in EVALUATED:
            run_evaluation(folder / file.stem, progress=QUIET)
        made[file.stem] = folder / file.stem
    return made
