"""Search for settings with Optuna: it suggests, our files remember. For exploring alone; a confirmatory question names its arms.

The study is made anew from the sweep's finished arms each time something is asked of it, so that there is no second store to keep in step:
a killed search goes on with the same command, and suggestions depend on the sampler's seed and on what is finished.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from outcomenet.errors import UsageError

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

# What a setting may be: (low, high), (low, high, "log"), or the values to choose from.
Range = Sequence[object]
SPACE = "search_space"  # function of an experiment file that gives the ranges by path


def expect_optuna() -> None:
    """Refuses where Optuna is not installed.

    Raises:
        UsageError: It is not.
    """
    if importlib.util.find_spec("optuna") is None:
        raise UsageError("--suggest optuna needs Optuna: `pip install 'outcomenet[optuna]'`.")


def suggested(
    space: Mapping[str, Range],
    finished: pd.DataFrame,
    failed: Sequence[Mapping[str, object]],
    *,
    count: int,
    seed: int,
) -> list[dict[str, object]]:
    """Settings that Optuna would try next (tree-structured Parzen estimator, Bergstra et al., NeurIPS 2011).

    Args:
        space: Range of each setting by its path.
        finished: Settings (one column each) and `value`, higher is better, of every finished arm in the order of the sweep.
        failed: Settings of arms that have no value.
        count: How many are asked for.
        seed: Of the sampler.

    Returns:
        New settings, none of which was tried.

    Raises:
        UsageError: A range is none, or too few settings are left that were not tried.
    """
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    ranges = {path: _distribution(path, given) for path, given in space.items()}
    # what is finished moves the seed, so that a search that goes on does not draw its first settings again
    sampler = optuna.samplers.TPESampler(seed=seed + len(finished) + len(failed), constant_liar=True)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    tried: list[dict[str, object]] = []
    for row in finished.to_dict("records"):
        tried.append({path: _encoded(space[path], row[path]) for path in space})
        study.add_trial(optuna.trial.create_trial(params=tried[-1], distributions=ranges, value=float(row["value"])))
    for one in failed:
        tried.append({path: _encoded(space[path], one[path]) for path in space})
        study.add_trial(
            optuna.trial.create_trial(params=tried[-1], distributions=ranges, state=optuna.trial.TrialState.FAIL)
        )
    new: list[dict[str, object]] = []
    for _ in range(20 * count):  # a sampler may ask for what was tried
        asked: dict[str, object] = dict(study.ask(ranges).params)
        if asked not in tried:
            tried.append(asked)
            new.append({path: _decoded(space[path], value) for path, value in asked.items()})
        if len(new) == count:
            return new
    raise UsageError(
        f"The search space has no settings left that were not tried; {len(new)} of {count} were found. Widen {SPACE}()."
    )


def _distribution(path: str, given: Range) -> BaseDistribution:
    from optuna import distributions

    numbers = [value for value in given if isinstance(value, (int, float)) and not isinstance(value, bool)]
    log = len(given) == 3 and given[2] == "log"
    if isinstance(given, tuple) and len(numbers) == 2 and (len(given) == 2 or log) and numbers[0] < numbers[1]:
        if all(isinstance(value, int) for value in numbers):
            return distributions.IntDistribution(int(numbers[0]), int(numbers[1]), log=log)
        return distributions.FloatDistribution(float(numbers[0]), float(numbers[1]), log=log)
    if isinstance(given, list) and len(given) > 1:
        return distributions.CategoricalDistribution(list(range(len(given))))
    raise UsageError(
        f"{SPACE}() gives {given!r} for {path}; expected (low, high), (low, high, 'log') or a list of two values or more."
    )


def _encoded(given: Range, value: object) -> object:
    """A setting as Optuna holds it: of a list the place, since it knows no tuples, and a table or a file may hold another type."""
    if isinstance(given, list):
        return next(place for place, one in enumerate(given) if _plain(one) == _plain(value))
    return int(str(value).partition(".")[0]) if all(isinstance(one, int) for one in given[:2]) else float(str(value))


def _decoded(given: Range, value: object) -> object:
    return given[int(str(value))] if isinstance(given, list) else value


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value
