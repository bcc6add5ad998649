"""`outcomenet train`: an experiment's networks on a data set."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from outcomenet.commands.arguments import parse, split_options
from outcomenet.errors import UsageError
from outcomenet.experiment_files import experiment_file, shipped_experiments

if TYPE_CHECKING:
    from outcomenet.localizer_training.localizer_experiment import LocalizerExperiment
    from outcomenet.pretraining.pretraining_experiment import PretrainingExperiment

HELP = """usage: outcomenet train EXPERIMENT --data DATASET --out RUN [--path.to.setting VALUE ...]

Trains the networks of an experiment on a data set. EXPERIMENT is a file, or the name of one that comes with outcomenet:
  {names}
The same command goes on where it stopped: after a kill, a
crash or a stop by SIGTERM (exit code 4). Settings of the experiment are changed by their path; see all of them with
  outcomenet train EXPERIMENT --help
The network's encoder is chosen by name, `--network.encoder VitConfig` or `--network.encoder CnnConfig`, and has settings
of its own, `--network.encoder.embedding 64`. `--writers tensorboard` writes the metrics for TensorBoard beside the run, in RUN.tensorboard;
mlflow and wandb likewise (`pip install 'outcomenet[mlflow]'`, `[wandb]`), into folders, never over a network.
"""


@dataclass(frozen=True)
class Where:
    """Data set and run folder."""

    data: Annotated[Path, tyro.conf.arg(help="Data set folder that `outcomenet intake` wrote.")]
    out: Annotated[Path, tyro.conf.arg(help="Run folder; the same command on the same folder goes on.")]
    writers: Annotated[
        tuple[str, ...], tyro.conf.arg(help="Viewers' files beside the run: tensorboard, mlflow, wandb.")
    ] = ()


def main(arguments: list[str]) -> None:
    if not arguments or arguments[0] in ("-h", "--help"):
        print(HELP.format(names=", ".join(shipped_experiments())))
        if not arguments:
            raise UsageError("an experiment is needed, for instance outcome_direct.")
        return
    name = arguments[0]
    where, overrides = split_options(arguments[1:], ("data", "out", "writers"))
    from outcomenet.api import train
    from outcomenet.experiment import Experiment, load_experiment
    from outcomenet.localizer_training.localizer_experiment import LocalizerExperiment
    from outcomenet.pretraining.pretraining_experiment import PretrainingExperiment

    # of which kind the experiment is says its file, and with it which options there are
    file = experiment_file(name)
    default = load_experiment(file)
    if isinstance(default, LocalizerExperiment):
        _train_localizer(name, file, default, where, overrides)
        return
    if isinstance(default, PretrainingExperiment):
        _pretrain(name, file, default, where, overrides)
        return
    experiment = parse(Experiment, overrides, f"train {name} --data DATASET --out RUN", default=default)
    options = parse(Where, where, f"train {name}")
    run = train(experiment, options.data, options.out, file=file, writers=options.writers)
    print(f"Trained: {run.folder}. Next: `outcomenet evaluate {run.folder} --data {options.data}`.", file=sys.stderr)


@dataclass(frozen=True)
class WhereSimulated:
    """Run folder; localiser and joint encoder learn from simulated films, so that there is no data set."""

    out: Annotated[Path, tyro.conf.arg(help="Run folder; the same command on the same folder goes on.")]


def _train_localizer(
    name: str, file: Path, default: LocalizerExperiment, where: list[str], overrides: list[str]
) -> None:
    from outcomenet.api import train_localizer
    from outcomenet.localizer_training.localizer_experiment import LocalizerExperiment

    experiment = parse(LocalizerExperiment, overrides, f"train {name} --out RUN", default=default)
    options = parse(WhereSimulated, where, f"train {name}")
    weights = train_localizer(experiment, options.out, file=file)
    print(f"Trained: {weights}. Next: `outcomenet localize FILMS --weights {weights} --out found`.", file=sys.stderr)


def _pretrain(name: str, file: Path, default: PretrainingExperiment, where: list[str], overrides: list[str]) -> None:
    from outcomenet.api import pretrain
    from outcomenet.pretraining.pretraining_experiment import PretrainingExperiment

    experiment = parse(PretrainingExperiment, overrides, f"train {name} --out RUN", default=default)
    options = parse(WhereSimulated, where, f"train {name}")
    weights = pretrain(experiment, options.out, file=file)
    print(
        f"Pretrained: {weights}. Next: `--network.initial {weights}` when a cohort's networks are trained.",
        file=sys.stderr,
    )
