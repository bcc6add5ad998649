"""The page of a sweep: which arm is best on validation patients, how far seeds and patients could change that, and what it cost."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from outcomenet import __version__
from outcomenet.artifacts import write_whole
from outcomenet.outcomes import outcome
from outcomenet.pages.figures import GREY, PALE, Drawing, Layout, publish, without_y_axis
from outcomenet.pages.page import Table, page_template, table_of
from outcomenet.predictors import HUMAN_TOTAL, PREDICTORS
from outcomenet.reports.numbers import decimal

PAGE = "sweep.html"
FIGURES = "figures"
INK, OTHER = "#0072B2", "#D55E00"
MOST_CURVES = 12  # arms in one figure of curves; more cannot be told apart
MOST_LISTED = 200  # rows of the table of trials; all of them are in trials.csv
_COLOURS = (
    "#0072B2",
    "#D55E00",
    "#009E73",
    "#CC79A7",
    "#E69F00",
    "#56B4E9",
    "#000000",
    "#999933",
    "#882255",
    "#44AA99",
    "#332288",
    "#AA4499",
)


def write_sweep_page(
    folder: Path,
    *,
    name: str,
    question: str,
    evaluate: str,
    main_outcome: str,
    searched: bool,
    trials: pd.DataFrame,
    arms: pd.DataFrame,
    best: pd.Series | None,
    logs: Mapping[str, Path],
) -> Path:
    """Writes sweep.html and figures/ of a sweep, whatever part of it is finished.

    Args:
        folder: Of the sweep.
        name: Of the experiment.
        question: That it asks.
        evaluate: "validation", "test" or "none".
        main_outcome: The outcome by which arms are chosen.
        searched: Arms were suggested by what earlier ones gave.
        trials: trials.csv.
        arms: arms.csv.
        best: Row of the chosen arm; None where none has a value.
        logs: Run folder of each trial, whose metrics.jsonl gives the learning curves.

    Returns:
        The page.
    """
    (folder / FIGURES).mkdir(exist_ok=True)
    measure = None if best is None else str(best["predictor"])
    shown = arms[(arms["outcome"] == main_outcome) & (arms["predictor"] == measure)]
    several = arms["arm"].nunique() > 1
    figures = [
        publish(partial(_values_figure, shown, trials, _human(arms, main_outcome)), folder / FIGURES),
        publish(partial(_differences_figure, shown), folder / FIGURES) if several else None,
        publish(partial(_curves_figure, trials, arms, logs), folder / FIGURES),
    ]
    failed = trials[trials["state"] == "failed"]
    page = page_template("outcomenet.reports", PAGE).render(
        version=__version__, name=name, question=question, answer=_answer(trials, arms, best, evaluate, searched),
        facts=_facts(trials, evaluate), figures=[figure for figure in figures if figure], tables=_tables(arms, shown),
        failures=table_of(
            "Trials that failed, with the first line of the error.", ["Trial", "Arm", "Seed", "Error"],
            failed[["trial", "arm", "seed", "error"]].itertuples(index=False, name=None), (0, 3),
        ) if len(failed) else None,
        listed=_listed(trials), left_out=max(len(trials) - MOST_LISTED, 0),
    )  # fmt: skip
    return write_whole(folder / PAGE, page)


def _answer(
    trials: pd.DataFrame, arms: pd.DataFrame, best: pd.Series | None, evaluate: str, searched: bool
) -> list[str]:
    states = trials["state"].value_counts()
    counted = f"{states.get('done', 0):,} of {len(trials):,} trials are done"
    if states.get("failed", 0):
        counted += f", {states['failed']:,} failed"
    sentences = [f"{counted}."]
    if best is None:
        return [*sentences, "No arm has a value yet."]
    spec = outcome(str(best["outcome"]))
    what = f"{spec.headline_metric} of {spec.title}, {PREDICTORS[str(best['predictor'])].title}"
    if arms["arm"].nunique() == 1:
        sentences.append(f"One arm, with {_mean(best)} on validation patients ({what}).")
    else:
        sentences.append(
            f"Chosen on validation patients, and only there: arm {best['arm']} ({best['words']}), with {_mean(best)} ({what})."
        )
        if np.isfinite(best["difference"]):
            sentences.append(
                f"Beside arm 0 that is {decimal(best['difference'], 3)} more ({decimal(best['lower'], 3)} to "
                f"{decimal(best['upper'], 3)} over resamples of patients; SD over {int(best['pairs'])} pairs of trainings "
                f"{decimal(best['sd_of_difference'], 3)}). The best of several arms looks better than it is: its value on patients who "
                "did not choose it will be lower."
            )
        else:
            sentences.append("It is the first arm, which the others are compared with.")
    if searched:
        sentences.append(
            "The settings were searched for: each arm was suggested by what earlier arms gave on the same patients. This explores; it confirms "
            "nothing, and the differences' intervals do not know of it."
        )
    opened = "The held-out test patients were opened for every trial, which is counted beside the data set."
    closed = "The held-out test patients were not opened; outcomenet evaluate on a trial's folder does."
    return [*sentences, opened if evaluate == "test" else closed]


def _mean(row: pd.Series) -> str:
    spread = (
        ""
        if not np.isfinite(row["sd_over_seeds"])
        else f" (SD over {int(row['trials'])} trainings {decimal(row['sd_over_seeds'], 3)})"
    )
    return f"{decimal(row['value'], 3)}{spread}"


def _facts(trials: pd.DataFrame, evaluate: str) -> dict[str, str]:
    hours = trials["seconds"].sum() / 3600
    done = trials[trials["state"] == "done"]
    return {
        "Trials": ", ".join(f"{count:,} {state}" for state, count in trials["state"].value_counts().items()),
        "Arms": f"{trials['arm'].nunique():,}",
        "Seeds": ", ".join(map(str, sorted(trials["seed"].unique()))),
        "Evaluated on": {"validation": "validation patients", "test": "validation and test patients"}.get(
            evaluate, "nobody"
        ),
        "Cost": f"{hours:.2f} hours of workers; a finished trial {decimal(done['seconds'].mean(), 0)} s"
        if len(done)
        else f"{hours:.2f} hours of workers",
    }


def _tables(arms: pd.DataFrame, main: pd.DataFrame) -> list[Table]:
    headers = [
        "Arm",
        "Sets",
        "Trials",
        "Mean",
        "SD over seeds",
        "Minus arm 0",
        "95 % interval, patients",
        "SD over pairs of seeds",
    ]
    tables = []
    # the human score is the same in every arm, and stands as a line in the figure
    for (of, predictor), rows in arms[arms["predictor"] != HUMAN_TOTAL].groupby(["outcome", "predictor"], sort=False):
        spec = outcome(str(of))
        caption = f"{spec.headline_metric} of {spec.title} by {PREDICTORS[str(predictor)].title}, validation patients."
        cells = [
            [
                row["arm"], row["words"], row["trials"], _number(row["value"]), _number(row["sd_over_seeds"]), _number(row["difference"]),
                f"{_number(row['lower'])} to {_number(row['upper'])}" if np.isfinite(row["lower"]) else "", _number(row["sd_of_difference"]),
            ]
            for _, row in rows.iterrows()
        ]  # fmt: skip
        table = table_of(caption, headers, cells, (0, 1))
        tables.insert(0, table) if rows.index.isin(main.index).any() else tables.append(table)
    return tables


def _listed(trials: pd.DataFrame) -> Table:
    rows = trials.head(MOST_LISTED)
    cells = [
        [
            row["trial"],
            row["arm"],
            row["seed"],
            "" if pd.isna(row["fold"]) else row["fold"],
            row["state"],
            decimal(row["seconds"], 0),
        ]
        for _, row in rows.iterrows()
    ]
    return table_of(
        "Every trial; its run folder has the same name.",
        ["Trial", "Arm", "Seed", "Fold", "State", "Seconds"],
        cells,
        (0, 4),
    )


def _number(value: float) -> str:
    return decimal(value, 3) if np.isfinite(value) else ""


def _human(arms: pd.DataFrame, main_outcome: str) -> float:
    """The human total's value on the same patients, the mean over trainings; NaN without one."""
    return float(arms.loc[(arms["outcome"] == main_outcome) & (arms["predictor"] == HUMAN_TOTAL), "value"].mean())


def _values_figure(
    shown: pd.DataFrame, trials: pd.DataFrame, human: float, *, layout: Layout = Layout.PAGE
) -> Drawing | None:
    """Every trial's value and each arm's mean with one SD over its trainings."""
    if shown.empty:
        return None
    metric = shown["metric"].iloc[0]
    column = f"validation {metric} {shown['outcome'].iloc[0]} {shown['predictor'].iloc[0]}"
    figure, (axes,) = layout.panels(1, 1.2 + 0.42 * len(shown))
    for at, (_, row) in enumerate(shown.iterrows()):
        values = trials.loc[trials["arm"] == row["arm"], column].dropna()
        if np.isfinite(row["sd_over_seeds"]):
            axes.plot(
                [row["value"] - row["sd_over_seeds"], row["value"] + row["sd_over_seeds"]],
                [at, at],
                color=PALE,
                linewidth=9,
                solid_capstyle="butt",
                zorder=1,
            )
        axes.plot(values, np.full(len(values), at), "o", color=GREY, markersize=4, alpha=0.7, zorder=2)
        axes.plot([row["value"]], [at], "D", color=INK, markersize=6, zorder=3)
    axes.set_yticks(range(len(shown)), [layout.wrapped(f"{row['arm']}: {row['words']}") for _, row in shown.iterrows()])
    axes.set_ylim(len(shown) - 0.4, -0.6)
    without_y_axis(axes)
    axes.grid(axis="x", color=PALE, linewidth=0.7)
    if np.isfinite(human):
        axes.axvline(human, color=OTHER, linestyle="--", linewidth=1.1)
    axes.set_xlabel(f"{metric}, validation patients")
    return Drawing(
        "arms", figure, shown,
        "Each training (grey), the mean of each arm (blue) and one standard deviation over its trainings (pale band)"
        + (f"; dashed: {PREDICTORS[HUMAN_TOTAL].title} on the same patients, {decimal(human, 3)}." if np.isfinite(human) else "."),
        "; ".join(f"{row['words']}: {_mean(row)}" for _, row in shown.iterrows()) + ".",
    )  # fmt: skip


def _differences_figure(shown: pd.DataFrame, *, layout: Layout) -> Drawing | None:
    rows = shown[shown["difference"].notna()]
    if rows.empty:
        return None
    figure, (axes,) = layout.panels(1, 1.2 + 0.42 * len(rows))
    axes.axvline(0, color=GREY, linewidth=0.9)
    for at, (_, row) in enumerate(rows.iterrows()):
        axes.plot([row["lower"], row["upper"]], [at, at], color=INK, linewidth=1.6)
        axes.plot([row["difference"]], [at], "D", color=INK, markersize=6)
        if np.isfinite(row["sd_of_difference"]):
            spread = row["sd_of_difference"]
            axes.plot(
                [row["difference"] - spread, row["difference"] + spread], [at + 0.18] * 2, color=OTHER, linewidth=1.6
            )
    axes.set_yticks(range(len(rows)), [layout.wrapped(f"{row['arm']}: {row['words']}") for _, row in rows.iterrows()])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    without_y_axis(axes)
    axes.grid(axis="x", color=PALE, linewidth=0.7)
    axes.set_xlabel(f"difference of {rows['metric'].iloc[0]} from arm 0")
    return Drawing(
        "differences", figure, rows,
        "Each arm minus the first. Blue: 95 % interval over resamples of patients with all their visits (other patients); orange: one "
        "standard deviation over pairs of trainings with the same seed (other draws).",
        "; ".join(f"{row['words']}: {_number(row['difference'])}" for _, row in rows.iterrows()) + ".",
    )  # fmt: skip


def _curves_figure(
    trials: pd.DataFrame, arms: pd.DataFrame, logs: Mapping[str, Path], *, layout: Layout
) -> Drawing | None:
    """Mean training loss of each arm by step."""
    lines = []
    words = arms.drop_duplicates("arm").set_index("arm")["words"].to_dict()
    for arm in list(dict.fromkeys(trials["arm"]))[:MOST_CURVES]:
        parts = [_losses(logs[name]) for name in trials.loc[trials["arm"] == arm, "trial"] if name in logs]
        parts = [part for part in parts if len(part)]
        if parts:
            mean = pd.concat(parts).groupby("step", as_index=False)["loss"].mean()
            lines.append(mean.assign(arm=arm))
    if not lines:
        return None
    figure, (axes,) = layout.panels(1, 3.4, further=0.25 * len(lines))
    for line in lines:
        arm = line["arm"].iloc[0]
        label = f"{arm}: {words.get(arm, '')}".rstrip(": ")
        axes.plot(
            line["step"],
            line["loss"],
            color=_COLOURS[arm % len(_COLOURS)],
            linewidth=1.4,
            label=layout.wrapped(label, 34),
        )
    axes.set_xlabel("step")
    axes.set_ylabel("training loss")
    axes.grid(color=PALE, linewidth=0.7)
    figure.legend(loc="outside lower left", ncols=1, fontsize=8)
    return Drawing(
        "learning_curves", figure, pd.concat(lines, ignore_index=True),
        "Training loss of each arm, the mean over its trainings and networks. Losses of arms with other terms are not on one scale.",
        "; ".join(f"arm {line['arm'].iloc[0]} ends at {line['loss'].iloc[-1]:.3g}" for line in lines) + ".",
    )  # fmt: skip


def _losses(run: Path) -> pd.DataFrame:
    file = run / "metrics.jsonl"
    # the last line of a training that runs may not be whole yet
    lines = [line for line in file.read_text(errors="replace").split("\n")[:-1] if line] if file.is_file() else []
    rows = [json.loads(line) for line in lines]
    return pd.DataFrame(
        [{"step": row["step"], "loss": row["loss"]} for row in rows if "loss" in row], columns=["step", "loss"]
    )
