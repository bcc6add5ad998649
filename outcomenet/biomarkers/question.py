"""The question of an analysis: what is estimated, from when, on whom, which adjustment its graph of causes allows, and what is refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import pandas as pd

from outcomenet.biomarkers.directed_graph import DirectedGraph
from outcomenet.biomarkers.section import Section, estimates_frame
from outcomenet.pages.figures import Drawing, Layout

# Sets beyond these say the same with other names.
MOST_SETS = 6
BOX = {"boxstyle": "round,pad=0.35", "facecolor": "#f5f6f7", "edgecolor": "#555555"}
STRESSED = {"boxstyle": "round,pad=0.35", "facecolor": "#fdf3ec", "edgecolor": "#a03f00"}


def question(
    graph: DirectedGraph,
    *,
    exposure: str,
    outcomes: Sequence[str],
    rungs: Mapping[str, Sequence[str]],
    observed: Sequence[str],
    titles: Mapping[str, str] | None = None,
) -> Section:
    """Which covariates the effect of the biomarker on each outcome is to be adjusted for, and which rungs of the ladder do so.

    Args:
        graph: Causes as arrows between columns; the biomarker stands for the damage that it tells.
        exposure: Column of the biomarker.
        outcomes: Columns of outcomes; those that are not in the graph are left out, and named.
        rungs: Columns that each rung of the ladder adjusts for.
        observed: Columns that were measured.
        titles: Columns in words.

    Returns:
        A row per rung and outcome: 1 where the rung suffices (back-door criterion), else 0; the graph as a figure.

    Example:
        >>> graph = DirectedGraph.of("age -> score; age -> haq; score -> haq")
        >>> rungs = {"crude": [], "age": ["age"]}
        >>> question(graph, exposure="score", outcomes=["haq"], rungs=rungs, observed=["age"]).estimates["estimate"].tolist()
        [0.0, 1.0]
    """
    words = titles or {}
    rows, sentences, sets = [], [], []
    there = [name for name in outcomes if name in graph.names]
    for outcome in there:
        allowed = graph.minimal_adjustment_sets(exposure, outcome, observed=observed)
        sets += [(words.get(outcome, outcome), _named(chosen, words)) for chosen in allowed[:MOST_SETS]]
        sentences.append(_sentence(exposure, outcome, allowed, words))
        for rung, columns in rungs.items():
            suffices = graph.is_adjustment_set(exposure, outcome, [name for name in columns if name in graph.names])
            caused = [words.get(name, name) for name in columns if name in graph.descendants(exposure)]
            rows.append(
                {
                    "section": "confounding",
                    "outcome": outcome,
                    "measure": exposure,
                    "adjustment": rung,
                    "term": "suffices by the graph",
                    "estimate": float(suffices),
                    "unit": "1 yes, 0 no",
                    "method": "back-door criterion",
                    "note": f"adjusts for what the measure causes: {', '.join(caused)}" if caused else "",
                }  # fmt: skip
            )
    strangers = [words.get(name, name) for name in outcomes if name not in graph.names]
    refusals = (
        [f"{', '.join(strangers)} stand in no arrow of the graph: no set can be told for them."] if strangers else []
    )
    table = pd.DataFrame(sets, columns=["Outcome", "Sufficient set, none of which can be left out"])
    stressed = (exposure, *there)
    return Section(
        estimates_frame(rows),
        tuple(sentences),
        (partial(_draw, graph, stressed, words),),
        {"Adjustment that the graph allows": table},
        tuple(refusals),
    )


def _named(chosen: Sequence[str], words: Mapping[str, str]) -> str:
    return ", ".join(words.get(name, name) for name in chosen) or "nothing"


def _sentence(exposure: str, outcome: str, allowed: Sequence[Sequence[str]], words: Mapping[str, str]) -> str:
    effect = f"the effect of {words.get(exposure, exposure)} on {words.get(outcome, outcome)}"
    if not allowed:
        return f"By the graph {effect} cannot be told from what was measured: a confounder stays open."
    return f"By the graph {effect} is told by adjusting for {_named(allowed[0], words)}, if nothing that matters is missing from the graph."


def _depths(graph: DirectedGraph) -> dict[str, int]:
    """Length of the longest chain of causes that ends in each name."""
    depth: dict[str, int] = {}
    for name in sorted(graph.names, key=lambda name: len(graph.ancestors(name))):
        depth[name] = max((depth[cause] + 1 for cause in graph.causes(name)), default=0)
    return depth


def _draw(graph: DirectedGraph, stressed: Sequence[str], words: Mapping[str, str], *, layout: Layout) -> Drawing | None:
    if not graph.arrows:
        return None
    depth = _depths(graph)
    levels = [[name for name in graph.names if depth[name] == level] for level in range(max(depth.values()) + 1)]
    most = max(map(len, levels))
    figure, (axis,) = layout.panels(1, 0.5 + 0.5 * most)
    place = {}
    for level, names in enumerate(levels):
        # boxes of neighbouring levels are set off, so that an arrow past one is seen
        aside = 0.06 * (-1) ** level * (len(names) > 1)
        place |= {
            name: (level / max(len(levels) - 1, 1), 1 - (at + 0.5) / len(names) - aside)
            for at, name in enumerate(names)
        }
    for cause, effect in graph.arrows:
        of = "#a03f00" if cause in stressed and effect in stressed else "#8a9299"
        axis.annotate(
            "", place[effect], place[cause], zorder=1,
            arrowprops={"arrowstyle": "-|>", "color": of, "linewidth": 1.1, "shrinkA": 22, "shrinkB": 24, "connectionstyle": "arc3,rad=0.06"},
        )  # fmt: skip
    size = 8.5 if layout is Layout.PAGE else 7.5
    for name, (x, y) in place.items():
        box = STRESSED if name in stressed else BOX
        axis.text(
            x, y, layout.wrapped(words.get(name, name), 14), ha="center", va="center", bbox=box, fontsize=size, zorder=2
        )
    axis.set_xlim(-0.12, 1.12)
    axis.set_ylim(-0.05, 1.05)
    axis.set_axis_off()
    arrows = pd.DataFrame(graph.arrows, columns=["cause", "effect"])
    listed = "; ".join(f"{words.get(cause, cause)} to {words.get(effect, effect)}" for cause, effect in graph.arrows)
    return Drawing(
        "causes",
        figure,
        arrows,
        "Causes that the analysis assumes. What is missing from it was assumed away.",
        f"Arrows: {listed}.",
    )
