"""What the model still knows: probes of the embedding for confounders, drawn against chance."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from outcomenet.confounders import CONFOUNDERS
from outcomenet.reports.figures import PALE, TEXT_WIDTH_INCHES, Drawing, without_y_axis
from outcomenet.reports.numbers import decimal, listed

_TITLES = {
    "site": "Hospital", "device": "X-ray device", "marker": "Marker on the film", "side": "Side of the limb",
    "age": "Age above the median",
}  # fmt: skip


def target_title(target: str, given: str) -> str:
    """`Fibromyalgia, given age, male sex`: the label of a probe."""
    title = _TITLES.get(target) or (CONFOUNDERS[target].title if target in CONFOUNDERS else target)
    return f"{title}, given {given_phrase(given)}" if given else title


def given_phrase(given: str) -> str:
    """The covariates a probe was adjusted for, as the file lists them (commas, spaces or plus signs between)."""
    names = given.replace("+", " ").replace(",", " ").split()
    return listed([{"male": "sex", "site": "hospital"}.get(name, name) for name in names])


def knowledge_figure(probes: pd.DataFrame) -> Drawing | None:
    """AUROC of each probe with its interval, over the band that shuffled labels give; None without a probe."""
    probes = probes[probes["auroc"].notna()]  # what could not be computed stands in the table with its reason
    if probes.empty:
        return None
    figure = Figure(figsize=(TEXT_WIDTH_INCHES, 1.2 + 0.42 * len(probes)), layout="constrained")
    axis = figure.subplots()
    for y, row in enumerate(probes.itertuples()):
        known = row.auroc > row.null_upper
        colour = "#D55E00" if known else "#0072B2"
        axis.add_patch(
            Rectangle((row.null_lower, y - 0.32), row.null_upper - row.null_lower, 0.64, color="#c9cfd4", linewidth=0)
        )
        axis.plot([row.lower, row.upper], [y, y], color=colour, linewidth=1.8)
        axis.plot(
            row.auroc, y, "o", color=colour, markersize=7.5, markerfacecolor=colour if known else "white",
            markeredgewidth=1.5,
        )  # fmt: skip
    axis.axvline(0.5, color="#222222", linewidth=0.8, linestyle=":")
    axis.set_yticks(range(len(probes)), [target_title(row.target, row.given) for row in probes.itertuples()])
    axis.set_ylim(len(probes) - 0.4, -0.6)
    axis.set_xlim(min(0.4, probes["lower"].min() - 0.02, probes["null_lower"].min() - 0.02), 1.005)
    axis.set_xlabel("AUROC of the probe (0.5 = a coin toss, 1 = known exactly)")
    axis.grid(axis="x", color=PALE, linewidth=0.7, zorder=0)
    axis.set_axisbelow(True)
    without_y_axis(axis)
    words = [
        f"{target_title(row.target, row.given)} {decimal(row.auroc, 2)} against chance "
        f"{decimal(row.null_lower, 2)} to {decimal(row.null_upper, 2)}"
        for row in probes.itertuples()
    ]
    return Drawing(
        "knowledge",
        figure,
        probes,
        "How well a simple classifier reads each fact from the model’s internal description "
        "of the films. Grey: what shuffled labels give, that is, chance. Filled orange: above chance; hollow blue: not "
        "told from chance. Lines are 95 % intervals.",
        f"Probe results: {'; '.join(words)}.",
    )
