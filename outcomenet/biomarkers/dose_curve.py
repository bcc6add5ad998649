"""Curve of an outcome over a score by a restricted cubic spline, with a test that it is straight."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from scipy.stats import t as t_distribution

from outcomenet.biomarkers.clustered_fits import GEE
from outcomenet.biomarkers.design_matrix import as_numbers, coded
from outcomenet.biomarkers.linear_fit import Fit
from outcomenet.biomarkers.number_words import p_words
from outcomenet.biomarkers.section import Section, estimates_frame
from outcomenet.biomarkers.splines import knots_of, restricted_cubic
from outcomenet.biomarkers.study import Study, attempted
from outcomenet.errors import UndefinedMetric
from outcomenet.pages.figures import GREY, PALE, Drawing, Layout

POINTS = 61
# The curve is drawn over this share of the scores: further out a handful of rows would bend it.
SHOWN = (0.01, 0.99)
NON_LINEARITY = "F of non-linearity"


def curves(data: Study, rung: str, covariates: Sequence[str], knots: int = 4) -> Section:
    """Restricted cubic spline of each score, adjusted, by estimating equations with robust covariance.

    Args:
        data: The population.
        rung: Name of the adjustment.
        covariates: Of it; other scores among them stay, the score itself does not.
        knots: 3 to 7, at Harrell's quantiles.

    Returns:
        Wald's F and p that all bent terms are zero, and a figure of the curves against the median score.
    """
    rows, sentences, refusals, drawn = [], [], [], []
    for score in data.scores:
        entries = {
            "measure": score,
            "adjustment": rung,
            "term": NON_LINEARITY,
            "method": f"{GEE}; spline, {knots} knots",
        }
        others = [name for name in covariates if name != score]
        at = _knots(data, score, knots)
        fit = at if isinstance(at, str) else attempted(partial(_fit, data, score, others, at))
        if isinstance(fit, str) or isinstance(at, str):
            refusals.append(f"Curve over {data.title(score)}: {fit}")
            rows.append(data.row(**{**entries, "note": fit}))
            continue
        test = fit.jointly_zero([f"bent {place}" for place in range(1, knots - 1)])
        degrees = f"F on {test.numerator:g} and {test.denominator:.0f} degrees of freedom"
        note = "; ".join(part for part in (degrees, data.population.note) if part)
        rows.append(data.row(**{**entries, "estimate": test.f, "p": test.p, "unit": "F", "note": note}))
        relation = f"The relation of {data.title(data.outcome)} to {data.title(score)}"
        says = "bends" if test.p < 1 - data.level else "was not shown to bend"
        sentences.append(f"{relation} {says} (test of non-linearity {p_words(test.p)}; {rung}).")
        drawn.append(_curve(data, score, fit, at))
    draws = (partial(_figure, data, rung, pd.concat(drawn)),) if drawn else ()
    return Section(estimates_frame(rows), tuple(sentences), draws, refusals=tuple(refusals))


def _knots(data: Study, score: str, count: int) -> np.ndarray | str:
    try:
        return knots_of(as_numbers(data.population.table, score).to_numpy(float), count)
    except UndefinedMetric as error:
        return str(error)


def _basis(values: np.ndarray, at: np.ndarray) -> pd.DataFrame:
    basis = restricted_cubic(values, at)
    return pd.DataFrame(basis, columns=["straight", *(f"bent {place}" for place in range(1, basis.shape[1]))])


def _fit(data: Study, score: str, covariates: Sequence[str], at: np.ndarray) -> Fit:
    return data.fit(
        GEE,
        lambda table: pd.concat(
            [_basis(as_numbers(table, score).to_numpy(float), at), coded(table, covariates)], axis=1
        ),
    )


def _curve(data: Study, score: str, fit: Fit, at: np.ndarray) -> pd.DataFrame:
    """Difference of the outcome from that at the median score, with its pointwise band."""
    values = as_numbers(data.population.table, score).to_numpy(float)
    first, last = np.quantile(values, SHOWN)
    grid = np.linspace(first, last, POINTS)
    away = _basis(grid, at) - _basis(np.array([np.median(values)]), at).iloc[0]
    places = [fit.names.index(name) for name in away.columns]
    difference = away.to_numpy() @ fit.coefficients[places]
    covariance = fit.covariance[np.ix_(places, places)]
    error = np.sqrt(np.maximum(np.einsum("ij,jk,ik->i", away.to_numpy(), covariance, away.to_numpy()), 0.0))
    half = float(t_distribution.ppf(0.5 + data.level / 2, float(fit.freedom[places].min()))) * error
    return pd.DataFrame(
        {
            "measure": score,
            "score": grid,
            "difference": difference,
            "lower": difference - half,
            "upper": difference + half,
        }
    )


def _figure(data: Study, rung: str, table: pd.DataFrame, *, layout: Layout = Layout.PAGE) -> Drawing:
    scores = list(dict.fromkeys(table["measure"]))
    figure, axes = layout.panels(len(scores), 2.9, sharey=layout is Layout.PAGE)
    for axis, score in zip(axes, scores, strict=True):
        _panel(axis, table[table["measure"] == score], as_numbers(data.population.table, score).to_numpy(float))
        axis.set_xlabel(data.title(score))
    for axis in axes if layout is Layout.PHONE else axes[:1]:
        axis.set_ylabel(layout.wrapped(f"difference in {data.title(data.outcome)}", 28))
    names = " and ".join(map(data.title, scores))
    return Drawing(
        f"association_curve_{data.outcome}",
        figure,
        table,
        f"{data.title(data.outcome)} against {names}: difference from that at the median score with its pointwise "
        f"{data.level:.0%} band, by a restricted cubic spline ({rung}). Ticks below are deciles of the score; the curve ends "
        "at its 1st and 99th percentile.",
        f"Curves of {data.title(data.outcome)} over {names}; the table behind the figure has every point.",
    )


def _panel(axis: Axes, curve: pd.DataFrame, values: np.ndarray) -> None:
    axis.axhline(0.0, color=GREY, linewidth=0.8, zorder=1)
    axis.fill_between(curve["score"], curve["lower"], curve["upper"], color="#0072B2", alpha=0.18, linewidth=0)
    axis.plot(curve["score"], curve["difference"], color="#0072B2", linewidth=1.8, zorder=3)
    deciles = np.quantile(values, np.arange(0.1, 1.0, 0.1))
    axis.plot(
        deciles,
        np.full(9, 0.0),
        "|",
        color="#333333",
        markersize=8,
        transform=axis.get_xaxis_transform(),
        clip_on=False,
    )
    axis.set_xlim(curve["score"].min(), curve["score"].max())
    axis.grid(color=PALE, linewidth=0.7, zorder=0)
    axis.locator_params(nbins=5)
