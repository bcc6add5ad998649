"""An evaluated and reported run of regressions alone, made once; tests damage copies of it."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from outcomenet.datasets.resplit import SplitConfig
from outcomenet.experiment import EvaluationConfig, Experiment
from outcomenet.localization.geometry import CropGeometry
from outcomenet.progress import Progress
from outcomenet.workflow import run_evaluation, run_report, run_training

FILE = Path(__file__).parents[2] / "experiments/demo.py"
QUIET = Progress(quiet=True)
EXPERIMENT = Experiment(
    "chain", "?", outcomes=("haq",), covariates=("age",), rungs=(), evaluation=EvaluationConfig(resamples=20)
)


@pytest.fixture(scope="session")
def tables_only(tmp_path_factory):
    """A data set of 60 simulated patients without films."""
    from outcomenet.cohorts.cohort import read_cohort
    from outcomenet.intake.build import build_dataset
    from outcomenet.simulation.cohort_folder import simulate_cohort
    from outcomenet.simulation.presets import preset

    folder = tmp_path_factory.mktemp("tables")
    cohort = simulate_cohort(
        folder / "cohort", preset("default"), patients=60, seed=5, films="none", full_films=0,
        geometry=CropGeometry(size_px=32, mm_per_px=0.75), progress=QUIET,
    )  # fmt: skip
    build_dataset(read_cohort(cohort), folder / "data", CropGeometry(size_px=32, mm_per_px=0.75), progress=QUIET)
    return folder / "data"


@pytest.fixture(scope="session")
def folds(tables_only, tmp_path_factory):
    """Three evaluated folds; the first has a report."""
    folder = tmp_path_factory.mktemp("chain")
    for k in range(3):
        experiment = replace(EXPERIMENT, split=SplitConfig(folds=3, fold=k))
        run_training(FILE, experiment, tables_only, folder / f"f{k}", progress=Progress(quiet=True))
        run_evaluation(folder / f"f{k}", progress=Progress(quiet=True))
    run_report(folder / "f0")
    return folder


@pytest.fixture
def run(folds, tmp_path):
    """A copy of the first fold, with its report, that a test may damage."""
    return Path(shutil.copytree(folds / "f0", tmp_path / "f0"))


@pytest.fixture
def three(folds, tmp_path):
    """Copies of the three folds that a test may damage."""
    return [Path(shutil.copytree(folds / f"f{k}", tmp_path / f"f{k}")) for k in range(3)]
