"""The comparison of the ladder as text for the terminal."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from outcomenet.outcomes import OUTCOMES
from outcomenet.predictions import PREDICTORS

# The metric that stands for an outcome on one line.
HEADLINE = {
    "haq": "r2",
    "pain": "r2",
    "progression": "auroc",
    "future_haq": "r2",
    "haq_change": "r2",
    "svdh_change": "r2",
}


def ladder_text(run: Path) -> str:
    """Predictors x outcomes with 95 % intervals, and the difference of the adjusted network to the human total."""
    metrics, comparisons = pd.read_csv(run / "metrics.csv"), pd.read_csv(run / "comparisons.csv")
    outcomes = [name for name in HEADLINE if name in set(metrics["outcome"])]
    lines = [f"{'predictor':24}" + "".join(f"{f'{OUTCOMES[o].name} {HEADLINE[o]}':>26}" for o in outcomes)]
    for predictor in PREDICTORS:
        cells = []
        for outcome in outcomes:
            wanted = {"predictor": predictor, "outcome": outcome, "metric": HEADLINE[outcome]}
            row = metrics[(metrics[list(wanted)] == pd.Series(wanted)).all(axis=1)]
            cells.append(_cell(row))
        if any(cell != "-" for cell in cells):
            lines.append(f"{predictor:24}" + "".join(f"{cell:>26}" for cell in cells))
    held_out = metrics.groupby("outcome", sort=False)["n"].max()
    lines.append(f"{'visits held out':24}" + "".join(f"{int(held_out[o]):>26}" for o in outcomes))
    main = comparisons.query("predictor == 'direct_adjusted' and reference == 'human_total'")
    for row in main[[HEADLINE.get(o) == m for o, m in zip(main["outcome"], main["metric"], strict=True)]].itertuples():
        verdict = "no difference shown" if row.lower <= 0 <= row.upper else ("better" if row.lower > 0 else "worse")
        lines.append(
            f"direct_adjusted - human_total, {row.outcome} {row.metric}: {row.difference:+.3f} "
            f"({row.lower:+.3f} to {row.upper:+.3f}), {verdict}"
        )
    return "\n".join(lines)


def _cell(row: pd.DataFrame) -> str:
    if row.empty:
        return "-"
    value, lower, upper = row.iloc[0][["value", "lower", "upper"]]
    return f"{value:.3f} ({lower:.3f} to {upper:.3f})"
