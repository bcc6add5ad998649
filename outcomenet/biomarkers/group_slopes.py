"""Slopes of an outcome on a score in each group of patients or visits, and the test that they are one."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
import pandas as pd

from outcomenet.biomarkers.clustered_fits import GEE, METHODS
from outcomenet.biomarkers.design_matrix import as_numbers, coded, is_factor, levels
from outcomenet.biomarkers.linear_fit import Contrast, Fit, Term
from outcomenet.biomarkers.number_words import number
from outcomenet.biomarkers.study import Study, attempted
from outcomenet.errors import UndefinedMetric

# A column of numbers with more values than this is cut into thirds.
MOST_VALUES = 6
THIRDS = ("lowest third", "middle third", "highest third")
PRODUCT = "score in "


class GroupSlope(NamedTuple):
    """Slope in one group; None with a note where it was not estimated."""

    level: str
    term: Term | None
    error: float
    rows: int
    patients: int
    note: str


class GroupSlopes(NamedTuple):
    """Slopes of all groups, and the test that they are one; a sentence in its place where there is none."""

    slopes: list[GroupSlope]
    test: Contrast | str


def groups_of(table: pd.DataFrame, name: str) -> pd.Series:
    """Group of each row, as an ordered category in words.

    Args:
        table: The rows analysed.
        name: A factor, a yes/no column, or numbers, which are cut into thirds where they are many.

    Raises:
        UndefinedMetric: So many numbers are alike that they have no thirds.
    """
    values = table[name]
    if is_factor(table, name):
        return pd.Series(pd.Categorical(values, levels(values)), index=table.index)
    numbers = as_numbers(table, name)
    shown = np.unique(numbers.dropna())
    if len(shown) > MOST_VALUES:
        cuts = np.quantile(numbers.dropna(), [1 / 3, 2 / 3])
        places = np.searchsorted(cuts, numbers, side="left")
        if len(np.unique(places)) < len(THIRDS):
            raise UndefinedMetric(f"Too many values of {name!r} are alike to cut them into thirds; give it as groups.")
        return pd.Series(pd.Categorical(np.array(THIRDS)[places], list(THIRDS)), index=table.index)
    words = {value: _word(value, set(shown) <= {0.0, 1.0}) for value in shown}
    return pd.Series(pd.Categorical(numbers.map(words), [words[value] for value in shown]), index=table.index)


def _word(value: float, binary: bool) -> str:
    return ("yes" if value else "no") if binary else number(value) if value % 1 else f"{value:.0f}"


def slopes_by_group(data: Study, score: str, group: str, covariates: Sequence[str], minimum: int = 50) -> GroupSlopes:
    """Slopes of groups in one model: groups have intercepts and slopes of their own, covariates have one slope for all.

    Estimating equations with robust covariance, so that the weight of differences within and between persons is one for all
    groups; fits of each group alone would weigh them by how many visits its patients have.

    Args:
        data: The population; its complete rows.
        score: Whose slope is wanted, per SD over all rows.
        group: Column of the groups.
        covariates: Adjusted for; the group's own column is left out, unless it was cut into thirds.
        minimum: Patients below which a group is named but not estimated; its rows are not in the model.

    Returns:
        A slope for each group, and Wald's F that they are one.
    """
    table = data.population.table
    groups = groups_of(table, group)
    of_group = [(level, groups == level) for level in groups.cat.categories]
    patients = {level: int(data.population.patients[inside].nunique()) for level, inside in of_group}
    large = [level for level, _ in of_group if patients[level] >= minimum]
    fit = (
        attempted(partial(_fit, data, score, group, covariates, groups, large)) if large else "no group is large enough"
    )
    slopes = []
    for level, inside in of_group:
        if not patients[level]:
            continue
        sizes = int(inside.sum()), patients[level]
        if level not in large:
            note = f"{patients[level]} patients, fewer than {minimum}: named, not estimated"
            slopes.append(GroupSlope(str(level), None, np.nan, *sizes, note))
        elif isinstance(fit, str):
            slopes.append(GroupSlope(str(level), None, np.nan, *sizes, fit))
        else:
            slopes.append(_slope(data, fit, level == large[0], str(level), sizes))
    if isinstance(fit, str):
        return GroupSlopes(slopes, fit)
    if len(large) < 2:
        return GroupSlopes(slopes, f"{len(large)} group of {minimum} patients or more, so that nothing can be compared")
    return GroupSlopes(slopes, fit.jointly_zero([name for name in fit.names if name.startswith(PRODUCT)]))


def _fit(
    data: Study, score: str, group: str, covariates: Sequence[str], groups: pd.Series, large: Sequence[object]
) -> Fit:
    """The model of the rows of large enough groups, the first of which is the reference."""
    rows = groups.isin(large)
    table, inside = data.population.table[rows], groups[rows]
    cut = set(map(str, groups.cat.categories)) == set(THIRDS)
    others = [name for name in covariates if name != score and (name != group or cut)]
    slope = data.standardised(table, [score])
    dummies = pd.DataFrame({f"{group}: {level}": (inside == level) * 1.0 for level in large[1:]}, index=table.index)
    products = pd.DataFrame(
        {f"{PRODUCT}{level}": (inside == level) * slope[score] for level in large[1:]}, index=table.index
    )
    design = pd.concat([slope, dummies, products, coded(table, others)], axis=1)
    return METHODS[GEE](
        as_numbers(table, data.outcome).to_numpy(float), design, table[data.population.patient].to_numpy()
    )


def _slope(data: Study, fit: Fit, reference: bool, level: str, sizes: tuple[int, int]) -> GroupSlope:
    score = fit.names[1]
    weights = {score: 1.0} if reference else {score: 1.0, f"{PRODUCT}{level}": 1.0}
    along = np.array([weights.get(name, 0.0) for name in fit.names])
    error = float(along @ fit.covariance @ along) ** 0.5
    return GroupSlope(level, fit.combination(weights, data.level), error, *sizes, data.population.note)
