"""A search for settings: batches of suggested arms, each of them a sweep's arms, until so many are tried."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from outcomenet.errors import UsageError
from outcomenet.experiment import Experiment, load_module
from outcomenet.progress import Progress
from outcomenet.sweeps.suggestions import SPACE, Range, expect_optuna, suggested
from outcomenet.sweeps.sweep import SweepResult, sweep
from outcomenet.sweeps.sweep_folder import ENDED, SWEEP, read_state, read_sweep
from outcomenet.sweeps.sweep_results import arms_table, own_rows, validation_predictions


def search(
    experiment: Experiment,
    data: Path | str,
    out: Path | str,
    *,
    trials: int,
    space: Mapping[str, Range] | None = None,
    at_once: int = 4,
    seeds: int = 1,
    workers: int = 0,
    file: Path | str | None = None,
    progress: Progress | None = None,
) -> SweepResult:
    """Searches settings with Optuna: arms are suggested a few at a time by what earlier arms gave on validation patients.

    It explores, and its page says so: a confirmatory question names its arms (`sweep`). The same call goes on after a kill, and
    with more `trials` it goes on searching.

    Args:
        experiment: The question, and how it is put to the data.
        data: Data set that `intake` made.
        out: Folder of the sweep, to write or to go on with.
        trials: Arms in all.
        space: Range of each setting by its path: (low, high), (low, high, "log") or a list; None: `search_space()` of the file.
        at_once: Arms that are suggested before any of them is finished.
        seeds: Trainings of each arm.
        workers: Processes; 0: one for each GPU, or for two cores.
        file: Where the experiment was loaded from.
        progress: Where progress is shown.

    Returns:
        The sweep.

    Raises:
        UsageError: Optuna is not installed, there is no search space, or a range is none.
        Preempted: The process was asked to stop; the same call goes on.
    """
    expect_optuna()
    out, progress = Path(out), progress or Progress()
    ranges = dict(space or _file_space(file))
    while True:
        arms, finished, failed = _searched_so_far(out, ranges)
        waiting = len(arms) - len(finished) - len(failed)
        if not waiting and len(arms) >= trials:
            return SweepResult(out)
        if not waiting:
            count = min(at_once, trials - len(arms))
            arms += suggested(ranges, finished, failed, count=count, seed=experiment.training.seed)
        sweep(
            experiment, data, out, axes={SPACE: arms}, seeds=seeds, workers=workers, searched=True, file=file, progress=progress
        )  # fmt: skip


def _file_space(file: Path | str | None) -> Mapping[str, Range]:
    module = None if file is None else load_module(Path(file))
    if module is None or not hasattr(module, SPACE):
        raise UsageError(
            f"A search needs ranges: give {file or 'an experiment file'} a function {SPACE}() that returns them by path, such as "
            "{'optimiser.learning_rate': (1e-4, 1e-2, 'log')}."
        )
    return getattr(module, SPACE)()


def _searched_so_far(out: Path, ranges: Mapping[str, Range]) -> tuple[list[dict[str, object]], pd.DataFrame, list]:
    """Arms in their order, those with a value and their values, and those of which every trial failed."""
    if not (out / SWEEP).is_file():
        return [], pd.DataFrame(), []
    frozen = read_sweep(out)
    by_arm: dict[int, list] = {}
    for trial in frozen.trials:
        by_arm.setdefault(trial.arm, []).append((trial, read_state(frozen, trial).condition))
    arms = [dict(trials[0][0].settings) for trials in by_arm.values()]
    for arm in arms:
        if set(arm) != set(ranges):
            raise UsageError(
                f"{out} searches {', '.join(arm)}, and the ranges are of {', '.join(ranges)}; choose another --out."
            )
    values = own_rows(arms_table(frozen, validation_predictions(frozen), resamples=0), frozen.outcome).set_index("arm")[
        "value"
    ]
    ended = {arm for arm, trials in by_arm.items() if all(condition in ENDED for _, condition in trials)}
    rows = [
        by_arm[arm][0][0].settings | {"value": values[arm]} for arm in by_arm if arm in ended and arm in values.index
    ]
    failed = [by_arm[arm][0][0].settings for arm in by_arm if arm in ended and arm not in values.index]
    return arms, pd.DataFrame(rows), failed
