"""Weights that make yes-or-no confounders and the outcomes uncorrelated among the training visits."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression

from outcomenet.arrays import Float
from outcomenet.outcomes import outcome

# A weight outside these bounds is cut: a single visit must not decide the fit (Cole & Hernan, Am J Epidemiol 2008).
LOWEST, HIGHEST = 0.2, 5.0


def weights_by_visit(
    visits: pd.DataFrame, confounders: Sequence[str], outcomes: Sequence[str]
) -> dict[tuple[str, str], float]:
    """The balancing weight of each training visit, by (patient_id, visit_id).

    Args:
        visits: rows of the visit table.
        confounders: yes-or-no columns of it.
        outcomes: names of outcomes that it has.
    """
    weights = balancing_weights(visits, confounders, outcomes)
    return dict(zip(zip(visits["patient_id"], visits["visit_id"], strict=True), map(float, weights), strict=True))


def balancing_weights(
    visits: pd.DataFrame, confounders: Sequence[str], outcomes: Sequence[str]
) -> Float[np.ndarray, "visit"]:
    """Stabilised inverse-probability weights, mean 1: product over the confounders of P(c) / P(c | outcomes).

    P(c | outcomes) is a logistic regression on the outcomes' values, squares and missingness (Robins, Hernan & Brumback,
    Epidemiology 2000, stabilised weights).

    Args:
        visits: rows of the visit table.
        confounders: columns of it, 0 or 1; a visit where one is missing weighs 1 for it.
        outcomes: names of outcomes that it has.
    """
    described = _described(visits, outcomes)
    weight = np.ones(len(visits))
    for name in confounders:
        known = visits[name].notna().to_numpy()
        value = visits.loc[known, name].to_numpy(float) > 0.5
        if value.all() or not value.any():
            continue  # the confounder does not vary, so it is correlated with nothing
        model = LogisticRegression(C=1.0, max_iter=1000).fit(described[known], value)
        given = model.predict_proba(described[known])[:, 1]
        share = value.mean()
        weight[known] *= np.where(value, share / given, (1 - share) / (1 - given))
    # cut before the mean is taken, which is 1 then in spite of the cut
    weight = np.clip(weight, LOWEST, HIGHEST)
    return weight / weight.mean()


def _described(visits: pd.DataFrame, outcomes: Sequence[str]) -> np.ndarray:
    columns = []
    for name in outcomes:
        kind = outcome(name).kind
        known, value = visits[kind.column(name)].notna().to_numpy(), kind.observed(visits, name)
        value = np.where(known, value, value[known].mean() if known.any() else 0.0)
        # an outcome that does not vary tells nothing and stays at 0
        spread = value.std() or 1.0
        standard = (value - value.mean()) / spread
        columns += [standard, standard**2, (~known).astype(float)]
    return np.column_stack(columns)
