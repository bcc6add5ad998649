"""Trials of a sweep: the product of named axes, seeds and folds, each named by what it computes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import cast

from outcomenet.artifacts import JsonObject, sha256_of_json
from outcomenet.datasets.resplit import FEWEST_FOLDS
from outcomenet.errors import UsageError, did_you_mean
from outcomenet.experiment import Experiment, load_module
from outcomenet.runs.config import from_record, to_record

AXIS = "sweep_"  # functions of an experiment file whose names begin so are axes
SEED, FOLDS, FOLD = "training.seed", "split.folds", "split.fold"
NAME_LENGTH = 16  # hexadecimal digits of a trial's name: 64 bits, so that a million trials have no two of one name
Settings = Mapping[str, object]
Axis = tuple[Settings, ...]
AxisFunction = Callable[[], Iterable[Settings]]


@dataclass(frozen=True)
class Trial:
    """One training: an arm of the sweep with its seed and fold."""

    name: str
    """First digits of the SHA-256 over configuration, data and program."""
    arm: int
    """Number of the combination of the axes' lines, in their order; 0 is the one that others are compared with."""
    settings: dict[str, object]
    """What the arm sets, by path."""
    seed: int
    fold: int | None
    config: JsonObject
    """The whole experiment as a run's record holds it."""
    file: str = ""
    """The experiment file as it was when the trial was planned, below experiment/; empty: the experiment was made in Python."""

    @property
    def experiment(self) -> Experiment:
        """The experiment that is trained."""
        return from_record(Experiment, self.config)

    @property
    def words(self) -> str:
        """What the arm sets, in one line."""
        return settings_in_words(self.settings)


def settings_in_words(settings: Settings) -> str:
    """Settings of an arm in one line.

    Args:
        settings: Values by path.

    >>> settings_in_words({"network.human_head": "joint", "loss_weights.svdh": 4.0}), settings_in_words({})
    ('network.human_head joint, loss_weights.svdh 4.0', 'as the file says')
    """
    return ", ".join(f"{path} {_word(value)}" for path, value in settings.items()) or "as the file says"


def _word(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


def file_axes(file: Path) -> dict[str, AxisFunction]:
    """The axes that an experiment file offers, by name.

    Args:
        file: Of the experiment.
    """
    offered = vars(load_module(file)).items()
    return {name: cast("AxisFunction", value) for name, value in offered if name.startswith(AXIS) and callable(value)}


def named_axes(file: Path, names: Sequence[str]) -> dict[str, Axis]:
    """Lines of the axes that are asked for.

    Args:
        file: Of the experiment.
        names: With or without `sweep_` before them.

    Raises:
        UsageError: The file has no such axis, or one has no line.
    """
    offered = file_axes(file)
    axes = {}
    for name in names:
        full = name if name.startswith(AXIS) else f"{AXIS}{name}"
        if full not in offered:
            raise UsageError(f"{file} has no axis {name!r}. {did_you_mean(full, offered)}")
        axes[full] = tuple(dict(line) for line in offered[full]())
        if not axes[full]:
            raise UsageError(f"The axis {full} of {file} has no line.")
    return axes


def arms_of(axes: Mapping[str, Axis]) -> list[dict[str, object]]:
    """Every combination of the axes' lines; without axes one arm, as the experiment stands.

    Args:
        axes: Lines by name.

    Raises:
        UsageError: Two axes set the same, so that one would be silently lost.

    >>> arms_of({"sweep_a": ({"x": 1}, {"x": 2}), "sweep_b": ({"y": 3},)})
    [{'x': 1, 'y': 3}, {'x': 2, 'y': 3}]
    """
    arms = []
    for lines in product(*axes.values()):
        arm: dict[str, object] = {}
        for name, line in zip(axes, lines, strict=True):
            if twice := sorted(set(arm) & set(line)):
                raise UsageError(f"The axis {name} sets {twice[0]}, which another axis of this sweep sets too.")
            arm |= line
        arms.append(arm)
    return arms


def planned_trials(
    experiment: Experiment,
    axes: Mapping[str, Axis],
    *,
    seeds: int,
    folds: int,
    fingerprint: str,
    program: str,
    file: str = "",
) -> list[Trial]:
    """Every trial of a sweep, arm by arm.

    Args:
        experiment: As the file and the overrides say.
        axes: Lines by name.
        seeds: Trainings of each arm, from the experiment's own seed on.
        folds: Folds of patients, each held out once; 0: as the experiment divides them.
        fingerprint: Of the data set.
        program: SHA-256 of the program.
        file: The experiment file below experiment/.

    Raises:
        UsageError: Numbers are out of their range, an axis sets a seed or a fold that the sweep sets itself, or two arms are one.
    """
    if seeds < 1:
        raise UsageError(f"--seeds is 1 or more, got {seeds}.")
    if folds and folds < FEWEST_FOLDS:
        raise UsageError(f"--folds is 0 or at least {FEWEST_FOLDS}, got {folds}.")
    trials: list[Trial] = []
    for number, arm in enumerate(arms_of(axes)):
        taken = [(SEED, seeds > 1), (FOLDS, folds > 0), (FOLD, folds > 0)]
        for path in (path for path, ours in taken if ours and path in arm):
            raise UsageError(f"An axis sets {path}, which --seeds or --folds sets too; leave one of them out.")
        of_arm = experiment.with_settings(arm)
        for fold in range(folds) if folds else (None,):
            divided = of_arm if fold is None else of_arm.with_settings({FOLDS: folds, FOLD: fold})
            for seed in range(seeds):
                own = replace(divided, training=replace(divided.training, seed=divided.training.seed + seed))
                config = to_record(own)
                name = trial_name(config, fingerprint, program)
                trials.append(Trial(name, number, arm, own.training.seed, fold, config, file))
    names: dict[str, Trial] = {}
    for trial in trials:
        if trial.name in names:
            other = names[trial.name]
            raise UsageError(
                f"Two trials of this sweep are the same training: {trial.words} and {other.words}. Take one of the lines out."
            )
        names[trial.name] = trial
    return trials


def trial_name(config: JsonObject, fingerprint: str, program: str) -> str:
    """Name of a trial by what it computes: the same in every sweep, another where configuration, data or program differ.

    Args:
        config: The experiment as a run's record holds it.
        fingerprint: Of the data set.
        program: SHA-256 of the program.
    """
    return sha256_of_json({"config": config, "data": fingerprint, "program": program})[:NAME_LENGTH]


def grown(now: Sequence[Trial], before: Sequence[Trial]) -> list[Trial]:
    """The trials of a sweep that is planned again: those of now in their order, then what was planned before and is not among them.

    Args:
        now: As planned.
        before: As frozen; a trial that is in both keeps the experiment file that it began with.
    """
    known = {trial.name: trial for trial in before}
    both = [replace(trial, file=known.get(trial.name, trial).file) for trial in now]
    names = {trial.name for trial in now}
    arms: list[dict[str, object]] = []
    numbered = []
    for trial in [*both, *(trial for trial in before if trial.name not in names)]:
        if trial.settings not in arms:
            arms.append(trial.settings)
        numbered.append(replace(trial, arm=arms.index(trial.settings)))
    return numbered
