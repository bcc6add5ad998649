"""Linear models of rows that are clustered in patients: least squares, estimating equations, random intercepts.

All three work on sums over patients, so that a fit takes milliseconds and can be repeated on imputed tables.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.optimize import fminbound

from outcomenet.biomarkers.linear_fit import Fit
from outcomenet.errors import UndefinedMetric

INTERCEPT = "intercept"
GEE_STEPS = 50
GEE_TOLERANCE = 1e-10
# Smallest eigenvalue of the covariates' correlations: less is rounding, and one of them is given by others.
DEPENDENT = 1e-10


class _Clusters(NamedTuple):
    """Rows sorted by patient: design with the outcome as its last column, where each patient starts, how many rows he has;
    and what the fits need of them again and again: products of the columns, and each patient's sums."""

    matrix: np.ndarray
    starts: np.ndarray
    sizes: np.ndarray
    products: np.ndarray
    sums: np.ndarray

    def summed(self, values: np.ndarray) -> np.ndarray:
        return np.add.reduceat(values, self.starts, axis=0)


def _clusters(outcome: np.ndarray, design: pd.DataFrame, patients: np.ndarray) -> _Clusters:
    codes, _ = pd.factorize(np.asarray(patients))
    order = np.argsort(codes, kind="stable")
    sizes = np.bincount(codes)
    matrix = np.column_stack([np.ones(len(outcome)), design.to_numpy(float), np.asarray(outcome, float)])
    columns = matrix.shape[1] - 1
    if len(sizes) <= columns:
        raise UndefinedMetric(
            f"A model of {columns} coefficients needs more patients than that; there are {len(sizes)}. Adjust for less."
        )
    matrix, starts = matrix[order], np.concatenate([[0], np.cumsum(sizes)[:-1]])
    products = matrix.T @ matrix
    _refuse_dependence(products, len(matrix), list(map(str, design.columns)))
    _refuse_identity(products, len(matrix))
    return _Clusters(matrix, starts, sizes, products, np.add.reduceat(matrix, starts, axis=0))


def _refuse_dependence(products: np.ndarray, rows: int, names: Sequence[str]) -> None:
    """Looks at the covariates' correlations, which are small even where the rows are many."""
    mean = products[0, 1:-1] / rows
    squares = products[1:-1, 1:-1] - rows * np.outer(mean, mean)
    size = np.sqrt(np.diag(squares).clip(0))
    constant = size <= 1e-9 * np.sqrt(np.diag(products)[1:-1].clip(1e-300))
    safe = np.where(constant, 1.0, size)
    values, vectors = np.linalg.eigh(squares / np.outer(safe, safe))
    if len(values) and (values[0] < DEPENDENT or constant.any()):
        culprit = names[int(np.argmax(constant))] if constant.any() else names[int(np.argmax(np.abs(vectors[:, 0])))]
        raise UndefinedMetric(
            f"{culprit!r} says the same as other columns of this model ({', '.join(names)}), or never varies: leave it out."
        )


def _refuse_identity(products: np.ndarray, rows: int) -> None:
    left = products[-1, -1] - products[-1, :-1] @ np.linalg.solve(products[:-1, :-1], products[:-1, -1])
    if left <= DEPENDENT * (products[-1, -1] - products[0, -1] ** 2 / rows):
        raise UndefinedMetric("The outcome is given by the columns of this model without a rest: is it one of them?")


def least_squares(outcome: np.ndarray, design: pd.DataFrame, patients: np.ndarray) -> Fit:
    """Ordinary least squares with a covariance that is robust to the clustering of rows in patients.

    (X'X)^-1 [sum over patients of X_i' r_i r_i' X_i] (X'X)^-1, times G/(G-1) x (N-1)/(N-K) as in Stata and
    `sandwich::vcovCL` in R (Liang & Zeger, Biometrika 1986;73:13; Cameron & Miller, J Hum Resour 2015;50:317).

    Args:
        outcome: One number a row, none missing.
        design: Covariates without an intercept, none missing.
        patients: Patient of each row.

    Returns:
        The fit; its slopes are in units of the outcome per unit of the covariate.

    Raises:
        UndefinedMetric: Too few patients, or a covariate that others give.

    >>> design = pd.DataFrame({"score": [0.0, 1.0, 2.0, 3.0]})
    >>> least_squares(np.array([1.0, 3.0, 5.0, 7.5]), design, np.arange(4)).coefficients.round(3)
    array([0.9 , 2.15])
    """
    clusters = _clusters(outcome, design, patients)
    n, k = len(outcome), clusters.matrix.shape[1] - 1
    bread = np.linalg.inv(clusters.matrix[:, :-1].T @ clusters.matrix[:, :-1])
    value = bread @ (clusters.matrix[:, :-1].T @ clusters.matrix[:, -1])
    residual = clusters.matrix[:, -1] - clusters.matrix[:, :-1] @ value
    scores = clusters.summed(clusters.matrix[:, :-1] * residual[:, None])
    groups = len(clusters.sizes)
    correction = groups / (groups - 1) * (n - 1) / (n - k)
    return _fit(design, clusters, value, correction * bread @ (scores.T @ scores) @ bread)


def exchangeable_gee(outcome: np.ndarray, design: pd.DataFrame, patients: np.ndarray) -> Fit:
    """Generalised estimating equations: one correlation between all rows of a patient, robust covariance.

    Its slopes and intervals hold also where that correlation is wrong (Liang & Zeger, Biometrika 1986;73:13), if what is
    missing is so by chance alone. Residuals are widened by their leverage, without which intervals of some dozen patients are
    too narrow (Mancl & DeRouen, Biometrics 2001;57:126).

    Args:
        outcome: One number a row, none missing.
        design: Covariates without an intercept, none missing.
        patients: Patient of each row.

    Returns:
        The fit with the working correlation; its slopes are in units of the outcome per unit of the covariate.

    Raises:
        UndefinedMetric: Too few patients, or a covariate that others give.
    """
    clusters = _clusters(outcome, design, patients)
    k = clusters.matrix.shape[1] - 1
    correlation, value = 0.0, np.zeros(k)
    for _ in range(GEE_STEPS):
        previous = correlation
        value, _ = _weighted(clusters, correlation)
        correlation = _working_correlation(clusters, value)
        if abs(correlation - previous) < GEE_TOLERANCE:
            break
    value, bread = _weighted(clusters, correlation)
    scores = _corrected_scores(clusters, value, bread, correlation)
    return _fit(design, clusters, value, bread @ (scores.T @ scores) @ bread, correlation)


def _corrected_scores(clusters: _Clusters, value: np.ndarray, bread: np.ndarray, correlation: float) -> np.ndarray:
    """X_i' V_i^-1 (I - H_i)^-1 r_i of each patient, H_i = X_i bread X_i' V_i^-1; patients of as many rows at a time."""
    residual = clusters.matrix[:, -1] - clusters.matrix[:, :-1] @ value
    scores = []
    for size in np.unique(clusters.sizes):
        rows = clusters.starts[clusters.sizes == size][:, None] + np.arange(size)
        x, weights = clusters.matrix[rows, :-1], np.eye(size) - _share(np.array(size), correlation)
        leverage = x @ bread @ x.transpose(0, 2, 1) @ weights
        left = np.eye(size) - leverage
        # who alone decides a slope, as the only patient in a level of a factor, has no residual there that could be widened
        alone = np.abs(np.linalg.det(left)) < DEPENDENT
        inverse = np.linalg.pinv(left, rcond=1e-6) if alone.any() else np.linalg.inv(left)
        wider = inverse @ residual[rows][:, :, None]
        scores.append((x.transpose(0, 2, 1) @ weights @ wider)[:, :, 0])
    return np.concatenate(scores)


def _working_correlation(clusters: _Clusters, value: np.ndarray) -> float:
    """Moment estimate over all pairs of a patient's rows; 0 where nobody has two."""
    k, n = len(value), len(clusters.matrix)
    residual = clusters.matrix[:, -1] - clusters.matrix[:, :-1] @ value
    pairs = float((clusters.sizes * (clusters.sizes - 1) / 2).sum())
    if pairs <= k:
        return 0.0
    products = float(((clusters.summed(residual) ** 2 - clusters.summed(residual**2)) / 2).sum())
    correlation = products / (pairs - k) / (float(residual @ residual) / (n - k))
    lowest = -1 / (int(clusters.sizes.max()) - 1)  # below it the correlations of a patient's rows contradict each other
    return float(np.clip(correlation, 0.99 * lowest, 0.999))


def _share(sizes: np.ndarray, correlation: float) -> np.ndarray:
    """By how much of its patient's sum a row is lessened when rows are weighted by their correlation."""
    return correlation / (1 + (sizes - 1) * correlation)


def _weighted_products(clusters: _Clusters, correlation: float) -> np.ndarray:
    lessened = (clusters.sums * _share(clusters.sizes, correlation)[:, None]).T @ clusters.sums
    return clusters.products - lessened


def _weighted(clusters: _Clusters, correlation: float) -> tuple[np.ndarray, np.ndarray]:
    """Generalised least squares and (X'WX)^-1, up to the scale 1 - correlation that cancels out."""
    products = _weighted_products(clusters, correlation)
    bread = np.linalg.inv(products[:-1, :-1])
    return bread @ products[:-1, -1], bread


def random_intercept(
    outcome: np.ndarray, design: pd.DataFrame, patients: np.ndarray, *, restricted: bool = True
) -> Fit:
    """Linear mixed model with a random intercept of the patient, by restricted maximum likelihood.

    The likelihood is profiled down to the correlation of a patient's rows, rho = var_patient / (var_patient + var_row),
    and maximised over it (Laird & Ware, Biometrics 1982;38:963; Patterson & Thompson, Biometrika 1971;58:545).

    Args:
        outcome: One number a row, none missing.
        design: Covariates without an intercept, none missing.
        patients: Patient of each row.
        restricted: Whether the likelihood is restricted; the plain one is for likelihood ratios.

    Returns:
        The fit with the correlation of a patient's rows; its slopes are in units of the outcome per unit of the covariate.

    Raises:
        UndefinedMetric: No patient has two rows, there are too few patients, or a covariate is given by others.
    """
    clusters = _clusters(outcome, design, patients)
    if clusters.sizes.max() < 2:
        raise UndefinedMetric(
            "A mixed model needs patients with several visits; here each patient has one. Use the cluster-robust line."
        )
    correlation, _ = _best_correlation(clusters, restricted)
    value, bread = _weighted(clusters, correlation)
    return _fit(design, clusters, value, bread * _variance(clusters, correlation, restricted), correlation)


def log_likelihood(outcome: np.ndarray, design: pd.DataFrame, patients: np.ndarray) -> float:
    """Largest plain log likelihood of the random intercept model, for the ratio of nested models.

    With one row per patient it is that of ordinary least squares.

    Args:
        outcome: One number a row, none missing.
        design: Covariates without an intercept, none missing.
        patients: Patient of each row.

    Raises:
        UndefinedMetric: Too few patients, or a covariate that others give.
    """
    clusters = _clusters(outcome, design, patients)
    if clusters.sizes.max() < 2:
        return -_deviance(clusters, 0.0, False) / 2
    return -_best_correlation(clusters, False)[1] / 2


def _best_correlation(clusters: _Clusters, restricted: bool) -> tuple[float, float]:
    best = float(
        np.squeeze(fminbound(lambda rho: _deviance(clusters, float(rho), restricted), 0.0, 1 - 1e-6, xtol=1e-9))
    )
    tried = {rho: _deviance(clusters, rho, restricted) for rho in (0.0, best)}  # the search never tries its bound
    best = min(tried, key=lambda rho: tried[rho])
    return best, tried[best]


def _residual_sum(clusters: _Clusters, correlation: float) -> tuple[float, np.ndarray]:
    products = _weighted_products(clusters, correlation)
    inner = products[:-1, :-1]
    return float(products[-1, -1] - products[:-1, -1] @ np.linalg.solve(inner, products[:-1, -1])), inner


def _variance(clusters: _Clusters, correlation: float, restricted: bool) -> float:
    n, k = len(clusters.matrix), clusters.matrix.shape[1] - 1
    return _residual_sum(clusters, correlation)[0] / (n - k if restricted else n)


def _deviance(clusters: _Clusters, correlation: float, restricted: bool) -> float:
    """Minus twice the profiled log likelihood, the variance of a row within the patient being profiled out."""
    n, k = len(clusters.matrix), clusters.matrix.shape[1] - 1
    squares, inner = _residual_sum(clusters, correlation)
    free = n - k if restricted else n
    # of each patient's rows: 1 + n gamma with gamma = rho / (1 - rho)
    log_determinant = float(np.log1p(clusters.sizes * correlation / (1 - correlation)).sum())
    more = float(np.linalg.slogdet(inner)[1]) if restricted else 0.0
    return free * (np.log(2 * np.pi * squares / free) + 1) + log_determinant + more


def _fit(
    design: pd.DataFrame, clusters: _Clusters, value: np.ndarray, covariance: np.ndarray, correlation: float = np.nan
) -> Fit:
    names = (INTERCEPT, *map(str, design.columns))
    freedom = np.full(len(names), float(len(clusters.sizes) - len(names)))
    return Fit(names, value, covariance, freedom, len(clusters.matrix), len(clusters.sizes), correlation)


METHODS: dict[str, Callable[[np.ndarray, pd.DataFrame, np.ndarray], Fit]] = {
    "mixed model, random intercept (REML)": random_intercept,
    "GEE, exchangeable, robust (bias-corrected)": exchangeable_gee,
    "least squares, cluster-robust": least_squares,
}
MIXED, GEE, ROBUST = METHODS
