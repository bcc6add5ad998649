"""The prediction table: the border between arrays and statistics. One row per patient, visit, outcome and predictor."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from outcomenet.arrays import Bool, Float
from outcomenet.artifacts import write_whole
from outcomenet.errors import DataRefused, did_you_mean
from outcomenet.outcomes import OUTCOMES
from outcomenet.predictors import PREDICTORS

# Bounded outcomes: `prediction` and `target` in the outcome's unit. Progression: `prediction` is the probability of the
# event within `horizon` days and rises towards the event; `target` is 1 or 0 where the status at the horizon is known;
# `interval_start` and `interval_end` are the last film without and the first with the event, days after the visit
# (infinite: never seen). `observed` says whether the target is known; `lower`, `upper` bound a 90 % interval.
# `may_be_used` is False where the predictor was fitted to this very patient: an in-sample prediction, for no analysis.
COLUMNS: dict[str, str] = {
    "run": "str", "split": "str", "site": "str", "patient_id": "str", "visit_id": "str", "predictor": "str",
    "outcome": "str", "horizon": "int", "prediction": "float", "lower": "float", "upper": "float", "target": "float",
    "observed": "bool", "interval_start": "float", "interval_end": "float", "fold": "int", "seed": "int",
    "may_be_used": "bool",
}  # fmt: skip
KEY = ["predictor", "outcome", "horizon", "patient_id", "visit_id", "fold", "seed"]


def validate_predictions(table: pd.DataFrame) -> pd.DataFrame:
    """The table with its columns in their order and types.

    Raises:
        DataRefused: a column, predictor or outcome is unknown or missing, a row is empty or twice there, an interval ends
            before it starts, or `observed` contradicts `target`.
    """
    for column in COLUMNS:
        if column not in table:
            raise DataRefused(f"The prediction table lacks column {column!r}. {did_you_mean(column, table.columns)}")
    for column in table:
        if column not in COLUMNS:
            raise DataRefused(
                f"The prediction table has an unknown column {column!r}. {did_you_mean(str(column), COLUMNS)}"
            )
    for column, known in (("predictor", PREDICTORS), ("outcome", OUTCOMES)):
        for name in table[column].unique():
            if name not in known:
                raise DataRefused(f"{name!r} is no {column} of the prediction table. {did_you_mean(str(name), known)}")
    if table["prediction"].isna().any():
        rows = int(table["prediction"].isna().sum())
        raise DataRefused(f"{rows} rows have no prediction; leave a row out of the table instead of leaving it empty.")
    if table.duplicated(KEY).any():
        raise DataRefused(f"{int(table.duplicated(KEY).sum())} rows repeat another's key ({', '.join(KEY)}).")
    if (table["interval_start"] > table["interval_end"]).any():
        raise DataRefused("An interval starts after its end; interval_start is the last film without the event.")
    if (table["observed"] != table["target"].notna()).any():
        raise DataRefused("`observed` must be True exactly where `target` is there.")
    return table[list(COLUMNS)].astype(COLUMNS)


def write_predictions(table: pd.DataFrame, path: Path) -> None:
    """Writes a prediction table as parquet, whole or not at all.

    Args:
        table: the columns of `COLUMNS`, in any order.
        path: the file to write.

    Raises:
        DataRefused: the table breaks a rule of `validate_predictions`.
    """
    write_whole(path, validate_predictions(table).to_parquet(index=False))


def read_predictions(path: Path) -> pd.DataFrame:
    """Reads and validates a prediction table."""
    return validate_predictions(pd.read_parquet(path))


@dataclass(frozen=True)
class NetworkOutput:
    """Rows are visits in the order of `ids`. Higher always means worse."""

    ids: list[tuple[str, str]]
    visible: Bool[np.ndarray, "visit joint"]
    outcome: dict[str, Float[np.ndarray, "visit"]]  # expected value, or probability of the event at the horizon
    contributions: Float[np.ndarray, "visit joint outcome"]
    osteoarthritis: Float[np.ndarray, "visit"]
    osteoarthritis_grades: Float[np.ndarray, "visit kl_site"]  # expected Kellgren-Lawrence grade of each site
    embedding: Float[np.ndarray, "visit feature"]
    # expected grades, of a pair their yearly change; NaN where the joint is not visible
    svdh: Float[np.ndarray, "visit svdh_site"] | None
    score: dict[str, Float[np.ndarray, "visit"]]  # the film's part of each outcome on its latent scale
    # of an ensemble, the SD of `outcome` between its members; 0 for a single network
    spread: dict[str, Float[np.ndarray, "visit"]]
    # SD of the outcome as the network says it, `spread` included
    deviation: dict[str, Float[np.ndarray, "visit"]]
    members: int = 1
    # contributions by `models.state_score.PARTS`: damage, activity, osteoarthritis; None where the score is not of joint states
    parts: Float[np.ndarray, "visit joint part outcome"] | None = None
    # mean and SD of the root of each share, by `models.joint_states.JOINT_STATES`; None where the score is not of joint states
    states: Float[np.ndarray, "visit joint state 2"] | None = None
