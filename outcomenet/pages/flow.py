"""The flow of a cohort into a data set, from flow.csv, as boxes that a page can set at any width."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True)
class FlowBox:
    """`kept` says what is left at a step, `left_out` what was lost on the way to it, each "12 visits"."""

    title: str
    kept: list[str]
    left_out: list[str]


@dataclass(frozen=True)
class FlowChart:
    """Steps one below the other, then the splits side by side."""

    steps: list[FlowBox]
    splits: list[FlowBox]


def flow_chart(flow: pd.DataFrame, splits: int) -> FlowChart:
    """`flow` has step, unit, count, excluded (0 or 1) and reason; its last `splits` steps are the splits.

    Args:
        flow: flow.csv.
        splits: number of splits.
    """
    boxes = []
    for title, rows in flow.fillna({"unit": "", "reason": ""}).groupby("step", sort=False):
        out = rows["excluded"].astype(bool)
        boxes.append(
            FlowBox(
                str(title),
                _counted(rows[~out], "unit"),
                _counted(rows[out], "reason"),
            )
        )
    return FlowChart(boxes[: len(boxes) - splits], boxes[len(boxes) - splits :])


def _counted(rows: pd.DataFrame, words: str) -> list[str]:
    return [f"{count:,} {word}" for count, word in zip(rows["count"].astype(int), rows[words], strict=True)]
