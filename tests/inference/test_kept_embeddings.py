"""Films embedded once for several trainings of a process: the same numbers as without, and never those of another encoder or split."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from outcomenet.datasets.resplit import SplitConfig
from outcomenet.experiment import Experiment, load_experiment
from outcomenet.inference.embedded_films import EmbeddedFilms, KeptEmbeddings
from outcomenet.progress import Progress
from outcomenet.workflow import run_training
from tests.trained_runs import shrunk

QUIET = Progress(quiet=True)


@pytest.fixture
def experiment(tiny_weights: Path) -> Experiment:
    small = shrunk(load_experiment("trial"))
    return replace(
        small, network=replace(small.network, initial=str(tiny_weights)), training=replace(small.training, steps=2, log_every=1),
        split=SplitConfig(),
    )  # fmt: skip


def losses(run: Path) -> list[float]:
    return [json.loads(line)["loss"] for line in (run / "metrics.jsonl").read_text().splitlines()]


def test_a_second_training_takes_the_films_of_the_first_and_computes_the_same(
    experiment: Experiment, small_dataset: Path, tmp_path: Path
):
    kept, stages = KeptEmbeddings(), []
    other = replace(experiment, training=replace(experiment.training, seed=1))
    for number, one in enumerate((experiment, other)):
        progress = Progress(quiet=True)
        run_training(None, one, small_dataset, tmp_path / f"kept{number}", progress=progress, kept=kept)
        stages.append([stage["stage"] for stage in progress.stages])
        run_training(None, one, small_dataset, tmp_path / f"alone{number}", progress=QUIET)

    assert "embed films" in stages[0]
    assert "embed films" not in stages[1]
    for number in (0, 1):
        assert losses(tmp_path / f"kept{number}") == losses(tmp_path / f"alone{number}")
    # other visits are embedded anew
    progress = Progress(quiet=True)
    folds = replace(experiment, split=SplitConfig(folds=3))
    run_training(None, folds, small_dataset, tmp_path / "folds", progress=progress, kept=kept)
    assert "embed films" in [stage["stage"] for stage in progress.stages]


def test_films_of_another_key_are_made_anew():
    kept, made = KeptEmbeddings(), []

    def make() -> EmbeddedFilms:
        made.append(EmbeddedFilms([{"number": len(made)}]))
        return made[-1]

    assert kept.of("a", make) is kept.of("a", make) is made[0]
    assert kept.of("b", make) is made[1]
    assert kept.of("a", make) is made[2]
