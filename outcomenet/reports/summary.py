"""The comparison of the ladder as text for the terminal."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from outcomenet.csv_files import read_csv
from outcomenet.metrics.verdict import verdict_of
from outcomenet.outcomes import outcome
from outcomenet.predictors import PREDICTORS, PRIMARY_PAIR
from outcomenet.reports.rows import Comparison
from outcomenet.typed_rows import typed_rows


def ladder_text(run: Path) -> str:
    """Predictors x outcomes with 95 % intervals, and the difference of the adjusted network to the human total."""
    metrics, comparisons = read_csv(run / "metrics.csv"), read_csv(run / "comparisons.csv")
    headline = {name: outcome(name).headline_metric for name in metrics["outcome"].unique()}
    lines = [f"{'predictor':24}" + "".join(f"{f'{name} {metric}':>26}" for name, metric in headline.items())]
    for predictor in PREDICTORS:
        cells = []
        for name, metric in headline.items():
            wanted = {"predictor": predictor, "outcome": name, "metric": metric}
            row = metrics[(metrics[list(wanted)] == pd.Series(wanted)).all(axis=1)]
            cells.append(_cell(row))
        if any(cell != "-" for cell in cells):
            lines.append(f"{predictor:24}" + "".join(f"{cell:>26}" for cell in cells))
    held_out = metrics.groupby("outcome", sort=False)["n"].max()
    lines.append(f"{'visits held out':24}" + "".join(f"{int(held_out[name]):>26}" for name in headline))
    main = comparisons[(comparisons[["predictor", "reference"]] == PRIMARY_PAIR).all(axis=1)]
    for row in typed_rows(main[main["metric"] == main["outcome"].map(headline)], Comparison):
        verdict = verdict_of(row.lower, row.upper, lower_margin=row.lower_margin, upper_margin=row.upper_margin)
        lines.append(
            f"{row.predictor} - {row.reference}, {row.outcome} {row.metric}: {row.difference:+.3f} "
            f"({row.lower:+.4f} to {row.upper:+.4f}; Monte Carlo +-{row.lower_margin:.4f} and +-{row.upper_margin:.4f} of "
            f"{row.resamples} resamples), {verdict}"
        )
    return "\n".join(lines)


def _cell(row: pd.DataFrame) -> str:
    if row.empty:
        return "-"
    value, lower, upper = row.iloc[0][["value", "lower", "upper"]]
    return f"{value:.3f} ({lower:.3f} to {upper:.3f})"
