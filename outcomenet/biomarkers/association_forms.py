"""Forms of an association beside its slope: scores together, within and between persons, odds on the outcome's grid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from outcomenet.biomarkers.design_matrix import as_numbers, coded
from outcomenet.biomarkers.linear_fit import Fit
from outcomenet.biomarkers.number_words import p_words, with_interval
from outcomenet.biomarkers.ordinal_fit import ordinal_fit
from outcomenet.biomarkers.pooling import pool
from outcomenet.biomarkers.section import Section, estimates_frame
from outcomenet.biomarkers.study import Study, attempted
from outcomenet.errors import UndefinedMetric

# More levels than this are joined: each needs a threshold of its own, and the odds ratio hardly changes.
MOST_LEVELS = 12
JOINED_LEVELS = 10


def alone_and_together(data: Study, ladder: Mapping[str, Sequence[str]]) -> Section:
    """Each score alone and beside the others, on the first and the fullest rung without the scores.

    Args:
        data: The population; at least two scores.
        ladder: Covariates of each rung.

    Returns:
        Slopes per SD; of two scores also the difference of their slopes in one model.
    """
    rows, sentences, refusals = [], [], []
    for rung in dict.fromkeys([next(iter(ladder)), list(ladder)[-1]]):
        covariates = [name for name in ladder[rung] if name not in data.scores]
        both = attempted(partial(data.fit, data.main_method, data.design(data.scores, covariates)))
        others = {score: " and ".join(map(data.title, _without(data.scores, score))) for score in data.scores}
        for score in data.scores:
            alone = attempted(partial(data.fit, data.main_method, data.design([score], covariates)))
            for fit, term in ((alone, "alone"), (both, f"beside {others[score]}")):
                rows.append(_row(data, fit, score, score, rung, term))
        if isinstance(both, str):
            refusals.append(f"Scores together ({rung}): {both}")
            continue
        if len(data.scores) == 2:
            first, second = data.scores
            difference = both.combination({first: 1.0, second: -1.0}, data.level)
            rows.append(
                data.row(
                    difference, measure=first, adjustment=rung, term=f"slope minus that of {data.title(second)}",
                    method=data.main_method,
                )
            )  # fmt: skip
        parts = [f"{data.title(name)} {_words(both, name, data.level)}" for name in data.scores]
        sentences.append(f"In one model ({rung}), {data.title(data.outcome)} per SD of each: {', '.join(parts)}.")
    return Section(estimates_frame(rows), tuple(sentences), refusals=tuple(refusals))


def _without(names: Sequence[str], name: str) -> list[str]:
    return [other for other in names if other != name]


def _words(fit: Fit, name: str, level: float) -> str:
    term = fit.term(name, level)
    return with_interval(term.estimate, term.lower, term.upper)


def _row(
    data: Study, fit: Fit | str, name: str, score: str, rung: str, term: str, method: str = ""
) -> dict[str, object]:
    entries: dict[str, object] = {
        "measure": score, "adjustment": rung, "term": term, "method": method or data.main_method,
    }  # fmt: skip
    if isinstance(fit, str):
        return data.row(**{**entries, "note": fit})
    return data.row(fit.term(name, data.level), **entries)


def within_and_between(data: Study, rung: str, covariates: Sequence[str]) -> Section:
    """Slopes on a person's mean and on his deviation from it, in one model (Mundlak, Econometrica 1978;46:69).

    The slope on the deviation compares a person with himself: what is constant in him cannot confound it. A slope between
    persons that differs from it speaks for confounding by what is constant, or for more error in the deviation.

    Args:
        data: The population.
        rung: Name of the adjustment.
        covariates: Of it; scores among them are left out.

    Returns:
        Slopes per SD of the score (over all rows, for both), and their difference.
    """
    rows, sentences, refusals = [], [], []
    covariates = [name for name in covariates if name not in data.scores]
    for score in data.scores:
        title = data.title(score)
        fit = attempted(partial(_mundlak, data, score, covariates))
        for name, term in (("mean", "between persons"), ("deviation", "within a person")):
            rows.append(_row(data, fit, name, score, rung, term))
        if isinstance(fit, str):
            refusals.append(f"Within and between persons, {title}: {fit}")
            continue
        difference = fit.combination({"mean": 1.0, "deviation": -1.0}, data.level)
        entries = {"measure": score, "adjustment": rung, "method": data.main_method}
        rows.append(data.row(difference, term="between minus within", **entries))
        sentences.append(
            f"Per SD of {title}, {data.title(data.outcome)} differs by {_words(fit, 'mean', data.level)} between persons "
            f"and {_words(fit, 'deviation', data.level)} within a person ({rung}; difference "
            f"{p_words(difference.p)})."
        )
    return Section(estimates_frame(rows), tuple(sentences), refusals=tuple(refusals))


def _mundlak(data: Study, score: str, covariates: Sequence[str]) -> Fit:
    patients = data.population.patients

    def design(table: pd.DataFrame) -> pd.DataFrame:
        values = data.standardised(table, [score])[score]
        mean = values.groupby(patients.to_numpy()).transform("mean")
        if not (values - mean).abs().gt(1e-9).any():
            raise UndefinedMetric(
                "the score never varies within a patient, so that persons cannot be compared with themselves."
            )
        own = pd.DataFrame({"mean": mean, "deviation": values - mean})
        return pd.concat([own, coded(table, covariates)], axis=1)

    return data.fit(data.main_method, design)


class Grid(NamedTuple):
    """An outcome as ordered classes, and how they came about."""

    codes: np.ndarray
    note: str


def grid_of(values: pd.Series) -> Grid:
    """The outcome's own grid, or classes of like size where it has more than 12 values.

    Args:
        values: The outcome, none missing.

    >>> grid_of(pd.Series([0.0, 0.125, 0.125, 1.0])).codes.tolist()
    [0, 1, 1, 2]
    """
    own, codes = np.unique(values.to_numpy(float), return_inverse=True)
    if len(own) <= MOST_LEVELS:
        return Grid(codes, f"{len(own)} classes, the outcome's own grid")
    cuts = np.unique(np.quantile(values, np.arange(1, JOINED_LEVELS) / JOINED_LEVELS))
    _, codes = np.unique(np.searchsorted(cuts, values.to_numpy(float), side="left"), return_inverse=True)
    return Grid(codes, f"{len(own)} values joined to {codes.max() + 1} classes of like size")


def ordinal_odds(data: Study, ladder: Mapping[str, Sequence[str]]) -> Section:
    """Odds ratio of a higher outcome per SD of each score, on the first and the fullest rung.

    Proportional odds, logit P(Y <= j) = theta_j - b x (McCullagh, J R Stat Soc B 1980;42:109), with
    a covariance robust to the clustering of rows in patients.

    Args:
        data: The population.
        ladder: Covariates of each rung.

    Returns:
        Odds ratios; above 1 a higher score goes with a higher outcome. The note says how values were joined.
    """
    grid = grid_of(as_numbers(data.population.table, data.outcome))
    rows, sentences, refusals = [], [], []
    for score in data.scores:
        for rung in dict.fromkeys([next(iter(ladder)), list(ladder)[-1]]):
            if score in ladder[rung]:
                continue
            entries = {"measure": score, "adjustment": rung, "term": "odds ratio per SD", "unit": "odds ratio"}
            entries["method"] = "proportional odds, cluster-robust"
            note = "; ".join(part for part in (grid.note, data.population.note) if part)
            fit = attempted(partial(_ordinal, data, score, ladder[rung], grid.codes))
            if isinstance(fit, str):
                rows.append(data.row(**{**entries, "note": fit}))
                refusals.append(f"Proportional odds of {data.title(data.outcome)} ({rung}): {fit}")
                continue
            slope = fit.term(score, data.level)
            ratio = slope._replace(
                **{key: float(np.exp(getattr(slope, key))) for key in ("estimate", "lower", "upper")}
            )
            rows.append(data.row(ratio, **{**entries, "note": note}))
            sentences.append(
                f"Per SD of {data.title(score)}, the odds of a higher {data.title(data.outcome)} are multiplied by "
                f"{with_interval(ratio.estimate, ratio.lower, ratio.upper)} ({rung}; {grid.note})."
            )
    return Section(estimates_frame(rows), tuple(sentences), refusals=tuple(refusals))


def _ordinal(data: Study, score: str, covariates: Sequence[str], codes: np.ndarray) -> Fit:
    design, patients = data.design([score], covariates), data.population.patients.to_numpy()
    with threadpool_limits(1):  # small products, for each of which waking other threads takes longer than it saves
        return pool([ordinal_fit(codes, design(table), patients) for table in data.tables])
