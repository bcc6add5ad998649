"""Effect of a treatment in SDs within arms, and how much of an endpoint's variance is known before the trial begins.

`weights` [resample, row] come from `resampling.bootstrap_weights`, whose first row is the sample itself.
"""

from __future__ import annotations

import numpy as np

from outcomenet.arrays import Bool, Float


def arm_effect(
    change: Float[np.ndarray, "pair"], arm: Bool[np.ndarray, "pair"], weights: Float[np.ndarray, "resample pair"]
) -> Float[np.ndarray, "resample"]:
    """Difference of the arms' mean changes in SDs within arms (Cohen's d), of the sample and every resample.

    Args:
        change: of each pair.
        arm: True for one of the two arms; the difference is of the other minus this one.
        weights: how often each pair counts, see `resampling.bootstrap_weights`.

    Returns:
        NaN where an arm is empty or nothing varies.
    """
    means, squares, counts = [], [], []
    centred = change - change.mean()  # taken out before squaring, so that large changes keep their digits
    for of in (~arm, arm):
        of_arm = weights * of
        n = of_arm.sum(1)
        with np.errstate(divide="ignore", invalid="ignore"):
            mean = of_arm @ centred / n
            squares.append(of_arm @ centred**2 - n * mean**2)
        means.append(mean)
        counts.append(n)
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = (squares[0] + squares[1]) / (counts[0] + counts[1] - 2)
        return np.where(spread > 1e-12, (means[0] - means[1]) / np.sqrt(spread), np.nan)


def explained_variance(
    endpoint: Float[np.ndarray, "row"],
    covariates: Float[np.ndarray, "row covariate"],
    weights: Float[np.ndarray, "resample row"],
    *,
    given: Float[np.ndarray, "row known"] | None = None,
) -> Float[np.ndarray, "resample"]:
    """Share of an endpoint's variance that covariates explain beyond `given`: adjusted partial r2, of the sample and every
    resample.

    An analysis of covariance needs 1 - r2 of the patients of a t test (Borm, J Clin Epidemiol 2007;60:1234). Both residual
    variances are divided by their degrees of freedom (adjusted r2), so that a useless covariate saves nobody on average; such a
    one may be below 0.

    Args:
        endpoint: of each row.
        covariates: known before the trial, one column each.
        weights: how often each row counts, see `resampling.bootstrap_weights`.
        given: what both models have, such as the arm.

    Returns:
        At most 1; NaN where nothing is left to explain.

    >>> x = np.array([[0.0], [1.0], [2.0], [3.0]])
    >>> explained_variance(np.array([0.0, 1.0, 1.0, 2.0]), x, np.ones((1, 4))).round(3)
    array([0.85])
    """
    first = np.ones((len(endpoint), 1))
    base = first if given is None else np.column_stack([first, given])
    some = _residual_variance(endpoint, base, weights)
    more = _residual_variance(endpoint, np.column_stack([base, covariates]), weights)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(some > 1e-12 * endpoint.var(), 1 - more / some, np.nan)


def _residual_variance(endpoint: np.ndarray, columns: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Of least squares in each resample; in standard units, so that rounding is told from what varies."""
    size = np.column_stack([columns, endpoint])
    middle, spread = size.mean(0), size.std(0)
    middle[0], spread[0] = 0.0, 1.0  # the intercept
    size = (size - middle) / np.where(spread > 0, spread, 1.0)
    last = size.shape[1] - 1
    upper = np.triu_indices(last + 1)
    products = np.zeros((len(weights), last + 1, last + 1))
    products[:, upper[0], upper[1]] = products[:, upper[1], upper[0]] = weights @ (
        size[:, upper[0]] * size[:, upper[1]]
    )
    inverse = np.linalg.pinv(products[:, :last, :last], rcond=1e-9, hermitian=True)
    to_endpoint = products[:, :last, last]
    left = products[:, last, last] - np.einsum("ri,rij,rj->r", to_endpoint, inverse, to_endpoint)
    freedom = weights.sum(1) - last
    return np.where(freedom > 0, left / np.maximum(freedom, 1), np.nan) * endpoint.var()
