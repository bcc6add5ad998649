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
    from outcomenet.training.processes import ProcessGroup

HELP = """usage: outcomenet train EXPERIMENT --data DATASET --out RUN [--path.to.setting VALUE ...]

Trains the networks of an experiment on a data set. EXPERIMENT is a file, or the name of one that comes with outcomenet:
  {names}
The same command goes on where it stopped: after a kill, a
crash or a stop by SIGTERM (exit code 4). Settings of the experiment are changed by their path; see all of them with
  outcomenet train EXPERIMENT --help
The network's encoder is chosen by name, `--network.encoder VitConfig` or `--network.encoder CnnConfig`, and has settings
of its own, `--network.encoder.embedding 64`. `--writers tensorboard` writes the metrics for TensorBoard beside the run, in RUN.tensorboard;
mlflow and wandb likewise (`pip install 'outcomenet[mlflow]'`, `[wandb]`), into folders, never over a network.

Several machines train one run together where each runs the same command on a shared disk with `--coordinator slurm` under SLURM's srun, or
with `--coordinator HOST:PORT --processes N --process K`, K from 0 to N - 1; HOST is that of process 0, which alone writes. Each reads its
part of every batch. The numbers are those of one process (to rounding), and any number of processes may go on with the run.
"""


@dataclass(frozen=True)
class Where:
    """Data set and run folder."""

    data: Annotated[Path, tyro.conf.arg(help="Data set folder that `outcomenet intake` wrote.")]
    out: Annotated[Path, tyro.conf.arg(help="Run folder; the same command on the same folder goes on.")]
    writers: Annotated[
        tuple[str, ...], tyro.conf.arg(help="Viewers' files beside the run: tensorboard, mlflow, wandb.")
    ] = ()
    coordinator: Annotated[
        str,
        tyro.conf.arg(
            help="Several processes for one run: HOST:PORT of the first one, or slurm. Empty: this one alone."
        ),
    ] = ""
    processes: Annotated[int | None, tyro.conf.arg(help="How many there are, with HOST:PORT.")] = None
    process: Annotated[int | None, tyro.conf.arg(help="Which of them this one is, from 0, with HOST:PORT.")] = None


def main(arguments: list[str]) -> None:
    if not arguments or arguments[0] in ("-h", "--help"):
        print(HELP.format(names=", ".join(shipped_experiments())))
        if not arguments:
            raise UsageError("an experiment is needed, for instance outcome_direct.")
        return
    name = arguments[0]
    where, overrides = split_options(arguments[1:], ("data", "out", "writers", "coordinator", "processes", "process"))
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
    group = _group(options)
    run = train(experiment, options.data, options.out, file=file, writers=options.writers, group=group)
    print(f"Trained: {run.folder}. Next: `outcomenet evaluate {run.folder} --data {options.data}`.", file=sys.stderr)


def _group(options: Where) -> ProcessGroup | None:
    from outcomenet.training.processes import ProcessGroup

    if options.coordinator:
        return ProcessGroup(options.coordinator, options.processes, options.process)
    if (options.processes, options.process) != (None, None):
        raise UsageError("--processes and --process need --coordinator HOST:PORT, where the processes of the run meet.")
    return None


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
