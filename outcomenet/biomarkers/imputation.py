"""Multiple imputation by chained equations of a table with several visits of a patient."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.spatial import KDTree
from threadpoolctl import threadpool_limits

from outcomenet.biomarkers.design_matrix import as_numbers, is_factor, levels
from outcomenet.errors import UndefinedMetric

DONORS = 5
# Share of a column's variance added to it: near-equal columns stay solvable, and no prediction shows it.
RIDGE = 1e-6


def imputed_tables(
    table: pd.DataFrame,
    columns: Sequence[str],
    *,
    patient: str = "patient_id",
    tables: int = 20,
    rounds: int = 5,
    seed: int = 0,
) -> list[pd.DataFrame]:
    """Tables without gaps in the columns, each a draw of what the missing cells may have been.

    Chained equations with predictive mean matching (van Buuren & Groothuis-Oudshoorn, J Stat Softw 2011;45(3); Little, J
    Bus Econ Stat 1988;6:287): each column with gaps is regressed on all others, the line is fitted to a bootstrap sample
    of patients, and each gap takes the value of one of the five observed rows whose prediction lies nearest. A column
    that never varies within a patient is filled once for the patient. Others are regressed also on the patients' means
    of the other columns and on the mean of the column itself over the patient's other rows, as imputation of a wide
    table does (Grund, Ludtke & Robitzsch, Organ Res Methods 2018;21:111). It holds where values are missing at random
    given these columns: name the outcome and every score among them, else slopes are pulled to zero.

    Args:
        table: One row per patient and visit.
        columns: Numbers, or text as categories; the analysis model's, and any that foretell a gap.
        patient: Column of the patient.
        tables: How many; about as many as per cent of rows have a gap.
        rounds: Through all columns before a table is taken.
        seed: Of the draws.

    Returns:
        Copies of the table in which the columns have no gap.

    Raises:
        UndefinedMetric: A column has so few values that nothing can be learned from them.

    >>> table = pd.DataFrame({"patient_id": range(30), "x": range(30), "y": [None, *range(1, 30)]})
    >>> [filled["y"].isna().sum() for filled in imputed_tables(table, ["x", "y"], tables=2)]
    [np.int64(0), np.int64(0)]
    """
    gaps = [name for name in columns if table[name].isna().any()]
    if not gaps:
        return [table]
    for name in gaps:
        known = int(table.loc[table[name].notna(), patient].nunique())
        if known <= DONORS:
            raise UndefinedMetric(
                f"Column {name!r} is known in {known} patients, too few to impute it for the others: leave it out, or "
                "analyse the complete rows."
            )
    gaps.sort(key=lambda name: int(table[name].isna().sum()))
    generators = np.random.default_rng(seed).spawn(tables)
    with threadpool_limits(
        1
    ):  # thousands of small products, for each of which waking other threads takes longer than it saves
        return [_one_table(table, columns, gaps, patient, rounds, generator) for generator in generators]


class _Column(NamedTuple):
    """A column as numbers (a factor's levels as 0/1) with its gaps, and whether it never varies within a patient."""

    numbers: np.ndarray
    missing: np.ndarray
    of_patient: bool


def _one_table(
    table: pd.DataFrame, columns: Sequence[str], gaps: Sequence[str], patient: str, rounds: int,
    rng: np.random.Generator,
) -> pd.DataFrame:  # fmt: skip
    _, codes = np.unique(table[patient].astype(str).to_numpy(), return_inverse=True)
    state = {name: _column(table, name, codes) for name in dict.fromkeys(columns)}
    donors = {name: _first_donors(state[name], rng) for name in gaps}
    for name in gaps:
        state[name].numbers[:] = state[name].numbers[donors[name]]
    for _ in range(rounds):
        for name in gaps:
            donors[name] = _matched(state, name, codes, rng)
            state[name].numbers[:] = state[name].numbers[donors[name]]
    filled = table.copy()
    for name in gaps:  # the very cell of the donor, so that categories and grids stay what they were
        filled[name] = table[name].iloc[donors[name]].array
    return filled


def _column(table: pd.DataFrame, name: str, codes: np.ndarray) -> _Column:
    missing = table[name].isna().to_numpy()
    if is_factor(table, name):
        shown = levels(table[name])
        numbers = np.column_stack([(table[name] == level).to_numpy(float) for level in shown[1:]])
    else:
        numbers = as_numbers(table, name).to_numpy(float).copy()[:, None]
    lowest = pd.DataFrame(numbers[~missing]).groupby(codes[~missing])
    return _Column(numbers, missing, bool(((lowest.max() - lowest.min()) == 0).all(axis=None)))


def _first_donors(column: _Column, rng: np.random.Generator) -> np.ndarray:
    donors = np.arange(len(column.missing))
    donors[column.missing] = rng.choice(np.flatnonzero(~column.missing), size=int(column.missing.sum()))
    return donors


def _matched(state: dict[str, _Column], name: str, codes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Row whose cell each row takes: itself where it was observed, else a donor."""
    column = state[name]
    others = np.hstack([other.numbers for key, other in state.items() if key != name])
    if column.of_patient:
        return _matched_patients(column, others, codes, rng)
    predictors = [others, _patient_means(others, codes)]
    if np.bincount(codes).max() > 1:
        predictors.append(_means_of_other_rows(column.numbers, codes))
    donors = np.arange(len(codes))
    donors[column.missing] = _donors(np.hstack(predictors), column.numbers, ~column.missing, codes, rng)
    return donors


def _matched_patients(column: _Column, others: np.ndarray, codes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """As `_matched`, one draw for the patient; a value seen at one of his visits is his value at all."""
    patients = codes.max() + 1
    row_of = np.full(patients, -1)
    row_of[codes[~column.missing]] = np.flatnonzero(~column.missing)
    known = row_of >= 0
    if not known.all():
        numbers = np.where(known[:, None], column.numbers[row_of], 0.0)
        row_of[~known] = row_of[_donors(_group_means(others, codes), numbers, known, np.arange(patients), rng)]
    return np.where(column.missing, row_of[codes], np.arange(len(codes)))


def _donors(
    predictors: np.ndarray, numbers: np.ndarray, known: np.ndarray, codes: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """A known row for each unknown one: predictions of the known by the fitted line, of the unknown by a drawn one."""
    centre, spread = predictors[known].mean(0), predictors[known].std(0)
    scaled = (predictors - centre) / np.where(spread > 0, spread, 1.0)
    seen, target = scaled[known], numbers[known]
    patients = np.unique(codes[known])
    draw = np.zeros(codes.max() + 1)
    draw[patients] = rng.multinomial(len(patients), np.full(len(patients), 1 / len(patients)))
    intercept, slopes = _line(seen, target, np.ones(len(seen)))
    drawn_intercept, drawn_slopes = _line(seen, target, draw[codes[known]])
    near = _nearest(intercept + seen @ slopes, drawn_intercept + scaled[~known] @ drawn_slopes)
    chosen = near[np.arange(len(near)), rng.integers(near.shape[1], size=len(near))]
    return np.flatnonzero(known)[chosen]


def _line(predictors: np.ndarray, numbers: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Intercepts and slopes of weighted least squares on scaled predictors, one column for each column of `numbers`."""
    total = weights.sum()
    weighted = predictors * weights[:, None]
    centre, middle = weighted.sum(0) / total, weights @ numbers / total
    products = weighted.T @ predictors - total * np.outer(centre, centre)
    products[np.diag_indices_from(products)] += RIDGE * total
    slopes = np.linalg.solve(products, weighted.T @ numbers - total * np.outer(centre, middle))
    return middle - centre @ slopes, slopes


def _nearest(known: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Indices of the `DONORS` known predictions nearest to each wanted one."""
    count = min(DONORS, len(known))
    if known.shape[1] > 1:
        return np.asarray(KDTree(known).query(wanted, k=count)[1]).reshape(len(wanted), count)
    order = np.argsort(known[:, 0], kind="stable")
    line = known[order, 0]
    at = np.searchsorted(line, wanted[:, 0])
    window = np.clip(at[:, None] + np.arange(-count, count), 0, len(line) - 1)
    far = np.abs(line[window] - wanted)
    repeated = np.zeros(window.shape, bool)
    repeated[:, 1:] = np.diff(window, axis=1) == 0  # at the ends one row stands several times
    best = np.argsort(np.where(repeated, np.inf, far), axis=1, kind="stable")[:, :count]
    return order[np.take_along_axis(window, best, axis=1)]


def _group_means(values: np.ndarray, codes: np.ndarray) -> np.ndarray:
    counts = np.bincount(codes)
    return np.column_stack([np.bincount(codes, column) / counts for column in values.T])


def _patient_means(values: np.ndarray, codes: np.ndarray) -> np.ndarray:
    return _group_means(values, codes)[codes]


def _means_of_other_rows(values: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Mean over the patient's other rows, and whether he has any; the mean of all where he has none."""
    counts = np.bincount(codes)[codes][:, None]
    others = _patient_means(values, codes) * counts - values
    means = np.where(counts > 1, others / np.maximum(counts - 1, 1), values.mean(0))
    return np.column_stack([means, (counts == 1).astype(float)])
