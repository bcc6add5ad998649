"""Agreement of readers or repeated readings: intraclass correlation, limits of agreement, and kappa of ordered grades."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple

import numpy as np
from scipy.stats import f as f_distribution

from outcomenet.arrays import Float, Int
from outcomenet.errors import UndefinedMetric

Numbers = float | np.ndarray  # one table of ratings, or an entry per resample


class Icc(NamedTuple):
    """An intraclass correlation with its two-sided interval; 1 is perfect agreement."""

    form: str
    value: float
    lower: float
    upper: float


class MeanSquares(NamedTuple):
    """n targets, k raters, and the mean squares between targets, between raters, within targets and of error."""

    n: Numbers
    k: int
    targets: Numbers
    raters: Numbers
    within: Numbers
    error: Numbers


def icc_1(ratings: Float[np.ndarray, "target rater"], level: float = 0.95) -> Icc:
    """ICC(1,1), one-way random (Shrout & Fleiss, Psychol Bull 1979; interval of McGraw & Wong 1996).

    The interval takes the targets as independent; where patients come several times, resample them (`rating_sums`).

    Args:
        ratings: one row per target (patient or visit), one column per rater; no gaps.
        level: of the interval.

    Returns:
        The coefficient, at most 1 and higher is better, with its interval.

    Raises:
        UndefinedMetric: fewer than two targets or raters, a gap, or no variation.
    """
    squares = _mean_squares(ratings)
    n, k, targets, _, within, _ = squares
    f = targets / within
    low = f / f_distribution.ppf(0.5 + level / 2, n - 1, n * (k - 1))
    high = f * f_distribution.ppf(0.5 + level / 2, n * (k - 1), n - 1)
    lower, upper = float((low - 1) / (low + k - 1)), float((high - 1) / (high + k - 1))
    return Icc("ICC(1,1)", float(_one_way(squares)), lower, upper)


def icc_a1(ratings: Float[np.ndarray, "target rater"], level: float = 0.95) -> Icc:
    """ICC(2,1) = ICC(A,1), two-way, absolute agreement, single rater (Shrout & Fleiss 1979; McGraw & Wong 1996).

    The interval takes the targets as independent; where patients come several times, resample them (`rating_sums`).

    Args:
        ratings: one row per target (patient or visit), one column per rater; no gaps.
        level: of the interval.

    Returns:
        The coefficient, at most 1 and higher is better, with its interval.

    Raises:
        UndefinedMetric: fewer than two targets or raters, a gap, or no variation.
    """
    squares = _mean_squares(ratings)
    n, k, targets, raters, _, error = squares
    value = float(_absolute(squares))
    a = k * value / (n * (1 - value))
    b = 1 + k * value * (n - 1) / (n * (1 - value))
    freedom = (a * raters + b * error) ** 2 / ((a * raters) ** 2 / (k - 1) + (b * error) ** 2 / ((n - 1) * (k - 1)))
    high_f = f_distribution.ppf(0.5 + level / 2, n - 1, freedom)
    low_f = f_distribution.ppf(0.5 + level / 2, freedom, n - 1)
    spread = k * raters + (k * n - k - n) * error
    lower = n * (targets - high_f * error) / (high_f * spread + n * targets)
    upper = n * (low_f * targets - error) / (spread + n * low_f * targets)
    return Icc("ICC(2,1)", value, float(lower), float(upper))


def icc_c1(ratings: Float[np.ndarray, "target rater"], level: float = 0.95) -> Icc:
    """ICC(3,1) = ICC(C,1), two-way, consistency, single rater (Shrout & Fleiss 1979; McGraw & Wong 1996).

    The interval takes the targets as independent; where patients come several times, resample them (`rating_sums`).

    Args:
        ratings: one row per target (patient or visit), one column per rater; no gaps.
        level: of the interval.

    Returns:
        The coefficient, at most 1 and higher is better, with its interval.

    Raises:
        UndefinedMetric: fewer than two targets or raters, a gap, or no variation.
    """
    squares = _mean_squares(ratings)
    n, k, targets, _, _, error = squares
    f = targets / error
    low = f / f_distribution.ppf(0.5 + level / 2, n - 1, (n - 1) * (k - 1))
    high = f * f_distribution.ppf(0.5 + level / 2, (n - 1) * (k - 1), n - 1)
    lower, upper = float((low - 1) / (low + k - 1)), float((high - 1) / (high + k - 1))
    return Icc("ICC(3,1)", float(_consistent(squares)), lower, upper)


def rating_sums(ratings: Float[np.ndarray, "target rater"]) -> Float[np.ndarray, "target sum"]:
    """What has to be summed over targets to get an ICC: 1, each rater's rating, the squared row sum, the squares' sum.

    Added up by patient and weighted by a patient bootstrap they give the ICC of every resample, see `icc_of_sums`.
    """
    centred = ratings - ratings.mean()  # an ICC does not change, and large totals keep their digits
    return np.column_stack([np.ones(len(ratings)), centred, centred.sum(1) ** 2, (centred**2).sum(1)])


def icc_of_sums(form: str, sums: Float[np.ndarray, "resample sum"]) -> Float[np.ndarray, "resample"]:
    """The ICC of many resamples at once. NaN where targets or errors do not vary.

    Args:
        form: icc_1, icc_a1 or icc_c1 of one rater; icc_1k, icc_ak or icc_ck of the raters' mean.
        sums: sums over the rows of each resample, from `rating_sums`.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray((FORMS | MEAN_FORMS)[form](mean_squares_of_sums(sums)))


def _one_way(squares: MeanSquares) -> Numbers:
    return (squares.targets - squares.within) / (squares.targets + (squares.k - 1) * squares.within)


def _absolute(squares: MeanSquares) -> Numbers:
    n, k, targets, raters, _, error = squares
    return (targets - error) / (targets + (k - 1) * error + k * (raters - error) / n)


def _consistent(squares: MeanSquares) -> Numbers:
    return (squares.targets - squares.error) / (squares.targets + (squares.k - 1) * squares.error)


FORMS: dict[str, Callable[[MeanSquares], Numbers]] = {
    "icc_1": _one_way,
    "icc_a1": _absolute,
    "icc_c1": _consistent,
}


def _of_the_mean(form: str) -> Callable[[MeanSquares], Numbers]:
    """A coefficient of one rater as that of the raters' mean (Spearman 1910, Brown 1910; Shrout & Fleiss 1979)."""

    def stepped_up(squares: MeanSquares) -> Numbers:
        one = FORMS[form](squares)
        return squares.k * one / (1 + (squares.k - 1) * one)

    return stepped_up


# of the mean of k raters; ICC(1,k), (2,k) and (3,k) of Shrout & Fleiss
MEAN_FORMS = {"icc_1k": _of_the_mean("icc_1"), "icc_ak": _of_the_mean("icc_a1"), "icc_ck": _of_the_mean("icc_c1")}


def _mean_squares(ratings: np.ndarray) -> MeanSquares:
    ratings = np.asarray(ratings, float)
    n, k = ratings.shape
    if n < 2 or k < 2 or np.isnan(ratings).any():
        raise UndefinedMetric(f"An ICC needs at least 2 targets read by at least 2 raters without gaps; got {n} x {k}.")
    squares = mean_squares_of_sums(rating_sums(ratings).sum(0))
    if np.isnan(squares.error):
        raise UndefinedMetric("An ICC is undefined when the targets or the errors do not vary.")
    return squares


def mean_squares_of_sums(sums: np.ndarray) -> MeanSquares:
    """From sums of `rating_sums`; within and error are NaN where the targets or the errors do not vary."""
    n, by_rater, rows, squares = sums[..., 0], sums[..., 1:-2], sums[..., -2], sums[..., -1]
    k = by_rater.shape[-1]
    middle = by_rater.sum(-1) ** 2 / (n * k)
    all_squares = squares - middle
    of_targets, of_raters = rows / k - middle, (by_rater**2).sum(-1) / n - middle
    of_error = all_squares - of_targets - of_raters
    nothing = 1e-12 * all_squares  # rounding leaves a little of what is zero
    defined = (n > 1) & (of_targets > nothing) & (of_error > nothing)
    error = np.where(defined, of_error, np.nan) / ((n - 1) * (k - 1))
    within = (all_squares - of_targets) / (n * (k - 1))
    return MeanSquares(n, k, of_targets / (n - 1), of_raters / (k - 1), np.where(defined, within, np.nan), error)


class LimitsOfAgreement(NamedTuple):
    """First minus second, an entry per resample: `bias` is best at 0; 95 % of the differences lie between the limits,
    the closer the better; `sd` is the differences' SD."""

    bias: np.ndarray
    lower_limit: np.ndarray
    upper_limit: np.ndarray
    sd: np.ndarray


def difference_sums(first: Float[np.ndarray, "row"], second: Float[np.ndarray, "row"]) -> Float[np.ndarray, "row sum"]:
    """What has to be summed over rows to get the limits: 1, the difference and its square.

    Args:
        first: measurements one way.
        second: the same quantities the other way, in the same unit.
    """
    difference = first - second
    return np.column_stack([np.ones(len(difference)), difference, difference**2])


def limits_of_sums(sums: Float[np.ndarray, "resample sum"]) -> LimitsOfAgreement:
    """Bias +- 1.96 SD of the differences in many resamples at once (Bland & Altman, Stat Methods Med Res 1999).

    The differences are taken as normal and alike over the range; look at the plot before believing the limits. NaN
    where fewer than two rows were drawn.
    """
    n, total, squares = sums.T
    with np.errstate(divide="ignore", invalid="ignore"):
        bias = total / n
        sd = np.where(n > 1, np.sqrt(np.maximum(squares - n * bias**2, 0.0) / (n - 1)), np.nan)
    return LimitsOfAgreement(bias, bias - 1.96 * sd, bias + 1.96 * sd, sd)


class Disagreement(StrEnum):
    """What two different grades cost."""

    PLAIN = "plain"  # any difference the same (Cohen, Educ Psychol Meas 1960)
    LINEAR = "linear"  # the distance (Cicchetti & Allison 1971)
    QUADRATIC = "quadratic"  # the squared distance (Cohen, Psychol Bull 1968; Fleiss & Cohen 1973)


def kappa(first: Float[np.ndarray, "row"], second: Float[np.ndarray, "row"], disagreement: Disagreement) -> float:
    """1 - observed / expected disagreement; 1 is perfect, 0 what chance gives, higher is better.

    Grades are numbers whose distances mean something; the factor by which tables of weights are scaled cancels.
    One single grade throughout raises UndefinedMetric.

    Args:
        first: one reader's grades.
        second: the other's, of the same rows.
        disagreement: how far apart two grades count.

    >>> kappa(np.array([0.0, 0.0, 1.0, 1.0]), np.array([0.0, 0.0, 1.0, 0.0]), Disagreement.PLAIN)
    0.5
    """
    grades, counts = grade_counts(first, second, np.zeros(len(first), int), 1)
    value = float(kappa_of_counts(counts, grades, disagreement)[0])
    if np.isnan(value):
        raise UndefinedMetric(f"Kappa is undefined: all {len(first)} rows have the same grade from both readers.")
    return value


def grade_counts(
    first: Float[np.ndarray, "row"], second: Float[np.ndarray, "row"], patient: Int[np.ndarray, "row"], patients: int
) -> tuple[Float[np.ndarray, "grade"], Float[np.ndarray, "patient pair"]]:
    """The grades that occur, and how often each patient's rows have each pair of them, first reader's grade slowest.

    `patient` numbers each row's patient from 0; `patients` is how many there are. Weighted by a patient bootstrap the
    counts give the kappa of every resample.

    Args:
        first: one reader's grades.
        second: the other's, of the same rows.
        patient: number of each row's patient.
        patients: how many patients there are.
    """
    grades = np.unique(np.concatenate([first, second]))
    pairs = len(grades) ** 2
    pair = np.searchsorted(grades, first) * len(grades) + np.searchsorted(grades, second)
    counts = np.bincount(patient * pairs + pair, minlength=patients * pairs)
    return grades, counts.reshape(patients, pairs).astype(float)


def kappa_of_counts(
    counts: Float[np.ndarray, "resample pair"], grades: Float[np.ndarray, "grade"], disagreement: Disagreement
) -> Float[np.ndarray, "resample"]:
    """Kappa of many tables of counts at once; NaN where both readers give one single grade.

    Args:
        counts: times that each pair of grades occurs, as `grade_counts` orders them.
        grades: the grades that occur, rising.
        disagreement: how far apart two grades count.
    """
    tables = counts.reshape(len(counts), len(grades), len(grades))
    cost = _cost(grades[:, None], grades[None, :], disagreement)
    # chance pairs the two readers' grades at random
    expected = ((tables.sum(2) @ cost) * tables.sum(1)).sum(1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(expected > 0, 1 - (tables * cost).sum((1, 2)) * tables.sum((1, 2)) / expected, np.nan)


def _cost(first: np.ndarray, second: np.ndarray, disagreement: Disagreement) -> np.ndarray:
    if disagreement is Disagreement.PLAIN:
        return (first != second).astype(float)
    distance = np.abs(first - second)
    return distance if disagreement is Disagreement.LINEAR else distance**2
