"""Cumulative probability plot of measures' changes, on one axis."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from outcomenet.biomarkers.estimates_forest import COLOURS
from outcomenet.pages.figures import PALE, Drawing, Layout

STYLES = ("-", "--", "-.", ":")
# The steepest ends of a curve would press its middle flat: the axis leaves out this share at either end.
CUT = 0.005


def change_plot(
    change: pd.DataFrame, words: Callable[[str], str], detectable: Mapping[str, float], how: str,
    *, layout: Layout = Layout.PAGE,
) -> Drawing | None:  # fmt: skip
    """Every patient's change in order of size against the share of patients with a smaller one, a curve per measure.

    Changes are in SDs of the measure's own change, so that a curve's mean height is its SRM.

    Args:
        change: a column per measure, a row per patient.
        words: what a column is called.
        detectable: smallest detectable change by measure, in its unit.
        how: which visits these are.
        layout: page or phone.
    """
    curves = {name: curve for name in change if (curve := _curve(change[name])) is not None}
    if not curves:
        return None
    phone = layout is Layout.PHONE
    columns = layout.legend_columns([words(str(name)) for name in curves])
    figure, (axis,) = layout.panels(1, 3.7, further=0.28 * math.ceil(len(curves) / columns))
    bounds = [0.0]
    for number, (name, curve) in enumerate(curves.items()):
        colour, style = COLOURS[number % len(COLOURS)], STYLES[number % len(STYLES)]
        axis.plot(
            100 * curve["share"],
            curve["in_sd"],
            style,
            color=colour,
            linewidth=1.8,
            label=layout.wrapped(words(str(name)), 40),
            zorder=3,
        )
        bounds += list(np.quantile(curve["in_sd"], [CUT, 1 - CUT]))
        sdc = detectable.get(str(name), np.nan) / change[name].std(ddof=1)
        if np.isfinite(sdc) and sdc > 0:
            for end in (sdc, -sdc):
                axis.plot([0, 100], [end, end], color=colour, linewidth=0.9, linestyle=(0, (1, 2)), zorder=2)
            bounds += [sdc, -sdc]
    axis.axhline(0.0, color="#222222", linewidth=0.9, zorder=2.5)  # above the grid
    margin = 0.06 * (max(bounds) - min(bounds))
    axis.set_ylim(min(bounds) - margin, max(bounds) + margin)
    axis.set_xlim(0, 100)
    axis.set_xlabel(
        "share of patients with a smaller change (%)" if not phone else "patients with a smaller change (%)"
    )
    axis.set_ylabel("change (SDs of the measure's change)")
    axis.grid(color=PALE, linewidth=0.7, zorder=0)
    figure.legend(loc="outside lower center", ncols=columns)
    data = pd.concat([curve.assign(measure=str(name)) for name, curve in curves.items()], ignore_index=True)
    lines = " Dotted lines: the smallest detectable change of the measure in the same colour." if detectable else ""
    return Drawing(
        "change_probability",
        figure,
        data[["measure", "share", "change", "in_sd"]],
        f"Cumulative probability plot of the changes of {len(change):,} patients: {how}. Each curve shows the patients in the order of "
        "their change, in SDs of the measure's change: its mean height is the SRM; above 0 is worse. The outermost half per cent at "
        f"either end may lie outside the axis.{lines}",
        "Cumulative probability plot: "
        + "; ".join(_in_words(words(str(name)), curve) for name, curve in curves.items())
        + ".",
    )


def _curve(change: pd.Series) -> pd.DataFrame | None:
    """Sorted changes; None where all are the same."""
    ordered = np.sort(change.to_numpy(float))
    spread = ordered.std(ddof=1)
    if not spread > 0:
        return None
    share = (np.arange(len(ordered)) + 0.5) / len(ordered)
    return pd.DataFrame({"share": share, "change": ordered, "in_sd": ordered / spread})


def _in_words(title: str, curve: pd.DataFrame) -> str:
    middle = float(np.median(curve["in_sd"]))
    return f"{title}: {(curve['change'] > 0).mean():.0%} of the patients are worse, half by more than {middle:.2f} SD"
