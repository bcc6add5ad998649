"""What a sweep found: trials.csv, one row a trial, and arms.csv, each arm beside the first on the same validation patients."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from outcomenet.csv_files import write_csv
from outcomenet.metrics.resampling import bootstrap_weights, estimate
from outcomenet.metrics.table import metrics_of
from outcomenet.outcomes import outcome
from outcomenet.predictions import read_predictions
from outcomenet.predictors import COVARIATES, DIRECT, DIRECT_ADJUSTED, HUMAN_TOTAL, SCORE_MEDIATED
from outcomenet.sweeps.sweep_folder import Condition, Sweep, read_state
from outcomenet.sweeps.trials import Trial

TRIALS_FILE, ARMS_FILE = "trials.csv", "arms.csv"
# In the order in which one of them is the sweep's own measure: the first that its trials have. Regressions on covariates are it where
# no network is trained; the human score stands beside.
NETWORKS = (DIRECT_ADJUSTED, DIRECT, SCORE_MEDIATED)
SHOWN = (*NETWORKS, COVARIATES, HUMAN_TOTAL)
RESAMPLES = 1000
ARM_COLUMNS = [
    "arm", "words", "outcome", "metric", "predictor", "trials", "value", "sd_over_seeds", "least", "largest", "difference", "lower", "upper",
    "difference_over_seeds", "sd_of_difference", "pairs",
]  # fmt: skip


def trials_table(sweep: Sweep, predictions: Mapping[str, pd.DataFrame] | None = None) -> pd.DataFrame:
    """One row a trial: what it sets, where it stands, and its headline metrics on validation patients.

    Args:
        sweep: The sweep.
        predictions: Of the finished trials, by name; None: states alone, without metrics.
    """
    paths = list(dict.fromkeys(path for trial in sweep.trials for path in trial.settings))
    rows = []
    for trial in sweep.trials:
        state = read_state(sweep, trial)
        row: dict[str, object] = {"trial": trial.name, "arm": trial.arm, "seed": trial.seed, "fold": trial.fold}
        row |= {path: _cell(trial.settings.get(path)) for path in paths}
        row |= {
            "state": state.condition.value,
            "steps": trial.config["training"]["steps"],
            "seconds": state.seconds,
            "error": state.error,
        }
        if predictions and trial.name in predictions:
            row |= dict(_metrics(predictions[trial.name]))
        rows.append(row)
    table = pd.DataFrame(rows)
    return table.astype({"fold": "Int64"})


def validation_predictions(sweep: Sweep) -> dict[str, pd.DataFrame]:
    """Predictions of every finished trial for its validation patients, by the trial's name.

    Args:
        sweep: The sweep.
    """
    done = [trial for trial in sweep.trials if read_state(sweep, trial).condition is Condition.DONE]
    return {
        trial.name: read_predictions(sweep.predictions(trial)) for trial in done if sweep.predictions(trial).is_file()
    }


def arms_table(
    sweep: Sweep, predictions: Mapping[str, pd.DataFrame], *, resamples: int = RESAMPLES, seed: int = 0
) -> pd.DataFrame:
    """Each arm's headline metrics over its seeds and folds, and its difference from the first arm.

    `lower` and `upper` bound the difference of the arms' means over resamples of patients with all their visits (percentiles, 95 %):
    what other patients would change. `difference_over_seeds` with its SD compares trainings of one seed and fold: what another
    draw of initial weights and batches would change.

    Args:
        sweep: The sweep.
        predictions: Of `validation_predictions`.
        resamples: Bootstrap resamples of patients; 0: no interval.
        seed: Of the resamples.

    Returns:
        A row per arm, outcome and predictor, with `ARM_COLUMNS`.
    """
    finished = [trial for trial in sweep.trials if trial.name in predictions]
    if not finished:
        return pd.DataFrame(columns=ARM_COLUMNS)
    patients = pd.Series(sorted({str(name) for table in predictions.values() for name in table["patient_id"].unique()}))
    weights = bootstrap_weights(patients, resamples, seed)
    place = {name: at for at, name in enumerate(patients)}
    rows = []
    for name, predictor in _asked(predictions.values()):
        values = {
            trial.name: _resampled(predictions[trial.name], name, predictor, weights, place) for trial in finished
        }
        rows += list(_arm_rows(finished, values, name, predictor))
    return pd.DataFrame(rows, columns=ARM_COLUMNS)


def _asked(tables: Sequence[pd.DataFrame] | object) -> list[tuple[str, str]]:
    """Outcomes and predictors that trials have, in the order of outcomes and of `SHOWN`."""
    there = dict.fromkeys(
        (str(name), str(predictor))
        for table in tables  # pyright: ignore[reportGeneralTypeIssues]
        for name, predictor in table[["outcome", "predictor"]].drop_duplicates().itertuples(index=False)
    )
    outcomes = list(dict.fromkeys(name for name, _ in there))
    own = NETWORKS if any(predictor in NETWORKS for _, predictor in there) else (COVARIATES,)
    return [(name, predictor) for name in outcomes for predictor in (*own, HUMAN_TOTAL) if (name, predictor) in there]


def _resampled(
    table: pd.DataFrame, name: str, predictor: str, weights: np.ndarray, place: Mapping[str, int]
) -> np.ndarray | None:
    """The headline metric of one trial in every resample; None where it has no such prediction."""
    rows = table[(table["outcome"] == name) & (table["predictor"] == predictor)]
    if rows.empty:
        return None
    of_rows = weights[:, rows["patient_id"].map(place).to_numpy()]
    metric = metrics_of(name, int(rows["horizon"].iloc[0]))[outcome(name).headline_metric]
    return metric.resampled(rows, of_rows)[0]


def _arm_rows(
    trials: Sequence[Trial], values: Mapping[str, np.ndarray | None], name: str, predictor: str
) -> Iterator[tuple[object, ...]]:
    first = trials[0].arm
    pairs_of_first = {(trial.seed, trial.fold): values[trial.name] for trial in trials if trial.arm == first}
    for arm in dict.fromkeys(trial.arm for trial in trials):
        own = [trial for trial in trials if trial.arm == arm and values[trial.name] is not None]
        if not own:
            continue
        stacked = np.stack([values[trial.name] for trial in own])  # pyright: ignore[reportArgumentType, reportCallIssue]
        alone = stacked[:, 0]
        both = [
            (values[trial.name], pairs_of_first[(trial.seed, trial.fold)])
            for trial in own
            if pairs_of_first.get((trial.seed, trial.fold)) is not None
        ]
        compared = (np.nan,) * 3
        over_seeds = np.array([])
        if both and arm != first:
            differences = np.stack([mine - others for mine, others in both])  # pyright: ignore[reportOptionalOperand]
            mean = differences.mean(0)
            compared = tuple(estimate(mean)) if len(mean) > 1 else (mean[0], np.nan, np.nan)
            over_seeds = differences[:, 0]
        yield (
            arm, own[0].words, name, outcome(name).headline_metric, predictor, len(own), alone.mean(), _sd(alone), alone.min(), alone.max(),
            *compared, over_seeds.mean() if len(over_seeds) else np.nan, _sd(over_seeds), len(over_seeds),
        )  # fmt: skip


def own_rows(arms: pd.DataFrame, main_outcome: str) -> pd.DataFrame:
    """Rows of arms.csv by the sweep's own measure of the main outcome, those with a value.

    Args:
        arms: Of `arms_table`.
        main_outcome: Name of the outcome.
    """
    rows = arms[(arms["outcome"] == main_outcome) & arms["value"].notna()]
    measure = next((name for name in SHOWN if (rows["predictor"] == name).any()), None)
    return rows[rows["predictor"] == measure]


def winner(arms: pd.DataFrame, main_outcome: str) -> pd.Series | None:
    """The arm with the highest mean headline metric of the main outcome, by the sweep's own measure on validation patients.

    Args:
        arms: Of `arms_table`.
        main_outcome: Name of the outcome.

    Returns:
        Its row; None where no arm has a value.
    """
    rows = own_rows(arms, main_outcome)
    return None if rows.empty else rows.sort_values("value", ascending=False, kind="stable").iloc[0]


def write_results(sweep: Sweep) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Writes trials.csv and arms.csv from what is finished.

    Args:
        sweep: The sweep.

    Returns:
        Both tables.
    """
    predictions = validation_predictions(sweep)
    trials, arms = trials_table(sweep, predictions), arms_table(sweep, predictions)
    write_csv(trials, sweep.folder / TRIALS_FILE)
    write_csv(arms, sweep.folder / ARMS_FILE)
    return trials, arms


def _metrics(table: pd.DataFrame) -> Iterator[tuple[str, float]]:
    """`validation r2 haq direct_adjusted` and the like."""
    for (name, horizon, predictor), rows in table.groupby(["outcome", "horizon", "predictor"], sort=False):
        metric = outcome(str(name)).headline_metric
        value = metrics_of(str(name), int(horizon))[metric].resampled(rows, np.ones((1, len(rows))))[0][0]  # pyright: ignore[reportArgumentType]
        yield f"validation {metric} {name} {predictor}", float(value)


def _sd(values: np.ndarray) -> float:
    return float(values.std(ddof=1)) if len(values) > 1 else np.nan


def _cell(value: object) -> object:
    return " ".join(map(str, value)) if isinstance(value, (list, tuple)) else value
