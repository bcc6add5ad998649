"""Firth's penalised likelihood of a logistic model, for few events or separated classes."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
from firthmodels import FirthLogisticRegression

from outcomenet.biomarkers.linear_fit import Term
from outcomenet.biomarkers.log_ratios import refuse_dependent_columns
from outcomenet.errors import UndefinedMetric


def firth_odds(
    outcome: np.ndarray, columns: pd.DataFrame, term: str, level: float = 0.95, offset: np.ndarray | None = None
) -> Term:
    """Log odds ratio of one column by Firth's penalised likelihood, with profile likelihood interval and test.

    The likelihood times the root of the information's determinant: finite also where classes are separated, and nearly
    unbiased with few events (Firth, Biometrika 1993;80:27; Heinze & Schemper, Stat Med 2002;21:2409). `firthmodels` fits it.

    Args:
        outcome: 0 or 1 of each row.
        columns: All covariates, with those of the baseline; there is no further intercept.
        term: Column whose coefficient is wanted.
        level: Of the interval.
        offset: Added to the log odds of each row; None for nothing.

    Raises:
        UndefinedMetric: It did not converge, or columns depend on each other.

    >>> columns = pd.DataFrame({"baseline": 1.0, "high": [0.0, 0, 0, 1, 1, 1]})
    >>> round(firth_odds(np.array([0, 0, 0, 1, 1, 1]), columns, "high").estimate, 3)  # log of (3.5 / 0.5)^2
    3.892
    """
    refuse_dependent_columns(columns)
    at = list(columns.columns).index(term)
    model = FirthLogisticRegression(backend="numpy", fit_intercept=False, max_iter=200, gtol=1e-6, xtol=1e-6)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what it warns of is seen in what it returns
        try:
            model.fit(columns.to_numpy(float), np.asarray(outcome), offset=offset)
            lower, upper = model.conf_int(alpha=1 - level, method="pl", features=[at], max_iter=200)[at]
            model.lrt(at)
        except (np.linalg.LinAlgError, RuntimeError, ValueError) as error:
            raise UndefinedMetric(f"Firth's likelihood of {term!r} has no maximum on these rows: {error}.") from None
    value = float(model.coef_[at])
    if not (model.converged_ and np.isfinite([value, lower, upper]).all()):
        raise UndefinedMetric(f"Firth's likelihood of {term!r} did not settle on these rows.")
    return Term(value, float(lower), float(upper), float(model.lrt_pvalues_[at]))
