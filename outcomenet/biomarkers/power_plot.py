"""Curves of a trial's power against its patients per arm, one for each endpoint."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from outcomenet.biomarkers.estimates_forest import COLOURS
from outcomenet.metrics.trial_size import patients_per_arm, power_of_t_test
from outcomenet.pages.figures import GREY, PALE, Drawing, Layout

STYLES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)))
POINTS = 60
# Wider than this many times the smallest trial, and the curves of the better endpoints could not be told apart.
WIDEST = 10.0


def power_plot(
    effects: Mapping[str, float], powers: Sequence[float], assumed: str, *, layout: Layout = Layout.PAGE
) -> Drawing | None:
    """Power of a two-sided t test at 5 % against patients per arm.

    Args:
        effects: Cohen's d by the endpoint's name in words.
        powers: marked by a line each.
        assumed: what the effects rest on.
        layout: page or phone.

    Returns:
        None where no endpoint has an effect.
    """
    known = {name: abs(d) for name, d in effects.items() if math.isfinite(d) and d != 0}
    if not known:
        return None
    sizes = _sizes(list(known.values()), max(powers))
    curves = {name: [power_of_t_test(d, int(n)) for n in sizes] for name, d in known.items()}
    phone = layout is Layout.PHONE
    columns = layout.legend_columns(list(curves))
    figure, (axis,) = layout.panels(1, 3.7, further=0.28 * math.ceil(len(curves) / columns))
    for number, (name, curve) in enumerate(curves.items()):
        axis.plot(
            sizes, 100 * np.array(curve), linestyle=STYLES[number % len(STYLES)], color=COLOURS[number % len(COLOURS)],
            linewidth=1.8, label=layout.wrapped(name, 40), zorder=3,
        )  # fmt: skip
    for power in powers:
        axis.axhline(100 * power, color=GREY, linewidth=0.8, zorder=2.5)  # above the grid
    axis.set_xscale("log")
    axis.set_xlim(sizes[0], sizes[-1])
    axis.set_ylim(0, 101)
    axis.set_xticks(_ticks(sizes[0], sizes[-1], phone=phone))
    axis.xaxis.set_major_formatter(lambda n, _: f"{n:,.0f}")
    axis.xaxis.set_minor_formatter(lambda _n, _: "")
    axis.set_xlabel("patients per arm")
    axis.set_ylabel("power (%)")
    axis.grid(color=PALE, linewidth=0.7, zorder=0)
    figure.legend(loc="outside lower center", ncols=columns)
    marked = " and ".join(f"{100 * power:g} %" for power in powers)
    data = pd.DataFrame({"endpoint": name, "n_per_arm": sizes, "power": curve} for name, curve in curves.items())
    return Drawing(
        "trial_power",
        figure,
        data.explode(["n_per_arm", "power"], ignore_index=True),
        f"Power of a trial against its patients per arm, two-sided t test at 5 %; {assumed}. Grey lines mark {marked} power. The curves are "
        "those of the estimated effects; how uncertain they are, the table says.",
        "Curves of power: " + "; ".join(f"{name} d {d:.2f}" for name, d in known.items()) + ".",
    )


def _sizes(effects: Sequence[float], power: float) -> np.ndarray:
    """Whole numbers of patients, evenly spaced on a log axis, up to where the weaker endpoints have their power."""
    needed = [patients_per_arm(d, power=power) for d in effects]
    most = max(20.0, 1.5 * min(max(needed), WIDEST * min(needed)))
    least = max(2.0, min(needed) / 10)
    return np.unique(np.round(np.geomspace(least, most, POINTS)).astype(int))


def _ticks(low: float, high: float, *, phone: bool) -> list[float]:
    steps = (1,) if phone and high / low > 30 else (1, 3) if phone else (1, 2, 5)
    ticks = [step * 10.0**power for power in range(8) for step in steps]
    return [tick for tick in ticks if low <= tick <= high]
