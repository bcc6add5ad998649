"""Nested models with and without a score, and the test of what the larger one has more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import expit
from scipy.stats import chi2

from outcomenet.biomarkers.clustered_fits import log_likelihood
from outcomenet.biomarkers.cross_fitting import log_likelihood_of_risk, logistic
from outcomenet.biomarkers.ordinal_fit import ordinal_fit
from outcomenet.biomarkers.study import Study
from outcomenet.errors import UndefinedMetric


class Comparison(NamedTuple):
    """Model minus reference, and in words what the model has more; empty where the reference is no part of it."""

    model: str
    reference: str
    more: str


def compared_models(
    data: Study, ours: list[str], theirs: list[str], covariates: list[str]
) -> tuple[dict[str, list[str]], list[Comparison]]:
    """Columns of each model by its words, and which of them are compared.

    Args:
        data: The population, whose titles are the words.
        ours: Columns of the score.
        theirs: Columns of the human score.
        covariates: Of all models.
    """
    base = "covariates" if covariates else "nothing"
    score, human = (" and ".join(map(data.title, names)) for names in (ours, theirs))
    start = f"{base} and " if covariates else ""
    with_human, with_score, both = f"{start}{human}", f"{start}{score}", f"{start}{human} and {score}"
    models = {base: covariates, with_human: covariates + theirs, with_score: covariates + ours}
    models[both] = covariates + theirs + ours
    return models, [
        Comparison(both, with_human, score),
        Comparison(both, with_score, human),
        Comparison(with_score, with_human, ""),
        Comparison(with_human, base, human),
        Comparison(with_score, base, score),
    ]


def nested_row(data: Study, pair: Comparison, models: Mapping[str, Sequence[str]], binary: bool) -> dict[str, object]:
    """Likelihood ratio of two nested models, or Wald's robust F where rows of an event are clustered.

    Args:
        data: The population; one table of complete rows.
        pair: The models.
        models: Columns of each model by its words.
        binary: Whether the outcome is an event.

    Returns:
        A row of the estimates; without a number where a model has no solution.
    """
    (table,) = data.tables
    events = {"events": int(data.population.table[data.outcome].sum())} if binary else {}
    outcome, patients = table[data.outcome].to_numpy(float), data.population.patients.to_numpy()
    full, part = (data.design([], models[name])(table) for name in (pair.model, pair.reference))
    entries: dict[str, object] = {
        "measure": pair.model, "adjustment": f"against {pair.reference}", "term": "likelihood ratio", "unit": "chi2",
        **events,
    }  # fmt: skip
    added = [name for name in full.columns if name not in part.columns]
    try:
        if binary and data.population.patients.duplicated().any():
            test = ordinal_fit(outcome.astype(int), full, patients).jointly_zero(added)
            note = f"F on {test.numerator:g} and {test.denominator:.0f} degrees of freedom"
            wald = {"term": "Wald F", "unit": "F", "method": "logistic, cluster-robust", "note": note}
            return data.row(estimate=test.f, p=test.p, **{**entries, **wald})
        if binary:
            difference, method = _fitted(outcome, full) - _fitted(outcome, part), "logistic"
        else:
            difference = log_likelihood(outcome, full, patients) - log_likelihood(outcome, part, patients)
            method = "random intercept, maximum likelihood"
    except (UndefinedMetric, np.linalg.LinAlgError) as error:
        return data.row(**{**entries, "note": str(error)})
    statistic = max(0.0, 2 * difference)
    note = f"chi2 on {len(added)} {'degree' if len(added) == 1 else 'degrees'} of freedom"
    return data.row(
        estimate=statistic, p=float(chi2.sf(statistic, len(added))), method=method, **{**entries, "note": note}
    )


def _fitted(outcome: np.ndarray, design: pd.DataFrame) -> float:
    columns = np.column_stack([np.ones(len(outcome)), design.to_numpy(float)])
    return log_likelihood_of_risk(outcome, expit(columns @ logistic(outcome, columns)))
