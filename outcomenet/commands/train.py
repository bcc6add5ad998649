"""`outcomenet train`: an experiment's networks on a data set."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from outcomenet.commands.arguments import parse
from outcomenet.errors import UsageError
from outcomenet.locks import only_writer

if TYPE_CHECKING:
    from outcomenet.localizer_training.experiment import LocalizerExperiment

HELP = """usage: outcomenet train EXPERIMENT.py --data DATASET --out RUN [--path.to.setting VALUE ...]

Trains the networks of an experiment file on a data set. The same command goes on where it stopped: after a kill, a
crash or a stop by SIGTERM (exit code 4). Settings of the experiment are changed by their path; see all of them with
  outcomenet train EXPERIMENT.py --help
"""


@dataclass(frozen=True)
class Where:
    """Data set and run folder."""

    data: Annotated[Path, tyro.conf.arg(help="Data set folder that `outcomenet intake` wrote.")]
    out: Annotated[Path, tyro.conf.arg(help="Run folder; the same command on the same folder goes on.")]


def main(arguments: list[str]) -> None:
    if not arguments or arguments[0] in ("-h", "--help"):
        print(HELP)
        if not arguments:
            raise UsageError("an experiment file is needed, for instance experiments/outcome_direct.py.")
        return
    file, rest = Path(arguments[0]), arguments[1:]
    where, overrides = _split(rest)
    from outcomenet.experiment import Experiment, load_experiment
    from outcomenet.localizer_training.experiment import LocalizerExperiment
    from outcomenet.progress import Progress
    from outcomenet.workflow import run_training

    default = load_experiment(file)
    if isinstance(default, LocalizerExperiment):
        _train_localizer(file, default, where, overrides)
        return
    experiment = parse(Experiment, overrides, f"train {file} --data DATASET --out RUN", default=default)
    options = parse(Where, where, f"train {file}")
    progress = Progress()
    with only_writer(options.out):
        run = run_training(file, experiment, options.data, options.out, progress=progress)
    print(f"Trained: {run}. Next: `outcomenet evaluate {run} --data {options.data}`.", file=sys.stderr)


@dataclass(frozen=True)
class WhereLocalizer:
    """Run folder; the localiser's films are simulated, so that there is no data set."""

    out: Annotated[Path, tyro.conf.arg(help="Run folder; the same command on the same folder goes on.")]


def _train_localizer(file: Path, default: LocalizerExperiment, where: list[str], overrides: list[str]) -> None:
    from outcomenet.localizer_training.experiment import LocalizerExperiment
    from outcomenet.localizer_training.run import run_localizer_training
    from outcomenet.progress import Progress

    experiment = parse(LocalizerExperiment, overrides, f"train {file} --out RUN", default=default)
    options = parse(WhereLocalizer, where, f"train {file}")
    with only_writer(options.out):
        weights = run_localizer_training(file, experiment, options.out, progress=Progress())
    print(f"Trained: {weights}. Next: `outcomenet localize FILMS --weights {weights} --out found`.", file=sys.stderr)


def _split(arguments: list[str]) -> tuple[list[str], list[str]]:
    """--data and --out with their values apart from the settings of the experiment."""
    where, overrides = [], []
    rest = iter(arguments)
    for argument in rest:
        if argument in ("--data", "--out"):
            where += [argument, next(rest, "")]
        elif argument.startswith(("--data=", "--out=")):
            where += argument.split("=", 1)
        else:
            overrides.append(argument)
    return where, overrides
