"""Figure of the training and validation losses by step."""

from __future__ import annotations

from functools import partial

import pandas as pd
from matplotlib.axes import Axes

from outcomenet.pages.figures import PALE, Drawing, Layout, publish
from outcomenet.predictors import PREDICTORS
from outcomenet.reports.run_folder import RunFolder

# Keys of a training line that are not parts of the loss.
_NOT_A_LOSS = ("step", "predictor", "seconds", "epoch", "learning_rate")
_LINES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
_DASHES = ("-", "--", ":", "-.")


def training_section(folder: RunFolder) -> dict[str, object]:
    """What the template shows of the training; None where the run trained no network."""
    training = folder.training
    return {
        "training_figure": None if training is None else publish(partial(training_figure, training), folder.figures)
    }


def training_figure(training: pd.DataFrame, *, layout: Layout = Layout.PAGE) -> Drawing | None:
    """Total loss of every trained predictor, beside it the parts of each; None where no step was logged.

    Args:
        training: metrics.jsonl, one row per logged step.
        layout: page or phone.
    """
    if training.empty or not {"step", "loss"} <= set(training.columns):
        return None
    if "predictor" not in training:
        training = training.assign(predictor="network")
    names = list(dict.fromkeys(training["predictor"]))
    parts = [
        column
        for column in training.select_dtypes("number").columns
        if column not in (*_NOT_A_LOSS, "loss") and training[column].notna().any()
    ]
    figure, axes = layout.panels(1 + len(names) * bool(parts), 3.2)
    for position, name in enumerate(names):
        _line(axes[0], training[training["predictor"] == name], "loss", _title(name), position)
    axes[0].set_title("Loss")
    for axis, name in zip(axes[1:], names, strict=False):
        for position, part in enumerate(parts):
            _line(axis, training[training["predictor"] == name], part, part.removeprefix("parts."), position)
        axis.set_title(f"Parts: {_title(name)}", fontsize=9.5)
    for axis in axes:
        axis.set_xlabel("step")
        axis.grid(color=PALE, linewidth=0.7)
        if axis.get_legend_handles_labels()[0]:
            axis.legend(fontsize=8)
        axis.locator_params(axis="x", nbins=4)
    lasts = [
        f"{_title(name)} from {rows['loss'].iloc[0]:.3g} to {rows['loss'].iloc[-1]:.3g}"
        for name in names
        if len(rows := training[(training["predictor"] == name) & training["loss"].notna()])
    ]
    return Drawing(
        "training",
        figure,
        training,
        "Training loss (how far the network’s answers were from the targets; lower is "
        "better): pale, each logged step; full, the running median. Still falling at the right edge means that "
        "training was stopped early.",
        f"Training loss: {'; '.join(lasts)}.",
    )


def _line(axis: Axes, rows: pd.DataFrame, column: str, label: str, position: int) -> None:
    rows = rows[rows[column].notna()].sort_values("step")
    if rows.empty:
        return
    colour = _LINES[position % len(_LINES)]
    window = max(1, len(rows) // 10) | 1  # odd, so that the median is centred
    smooth = rows[column].rolling(window, center=True, min_periods=1).median()
    axis.plot(rows["step"], rows[column], color=colour, linewidth=0.8, alpha=0.3)
    axis.plot(
        rows["step"], smooth, color=colour, linewidth=1.6, label=label, linestyle=_DASHES[position // len(_LINES)]
    )


def _title(name: str) -> str:
    return PREDICTORS[name].title.split(", ")[-1].capitalize() if name in PREDICTORS else name
