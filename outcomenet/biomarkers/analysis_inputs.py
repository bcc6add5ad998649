"""What every section of an analysis is made from: the plan, the rows that may be used, the follow-up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from outcomenet.biomarkers.analysis_plan import AnalysisPlan, Outcome, read_plan
from outcomenet.biomarkers.analysis_rows import analysis_rows
from outcomenet.biomarkers.section import Section, estimates_frame
from outcomenet.errors import UndefinedMetric

PLAN, VISITS, FOLLOW_UP, STEPS, ESTIMATES = (
    "analysis.toml",
    "visits.parquet",
    "follow_up.parquet",
    "flow.csv",
    "estimates.csv",
)


@dataclass(frozen=True)
class Inputs:
    """What every section is made from."""

    plan: AnalysisPlan
    visits: pd.DataFrame
    """Rows that may be used, one per patient and visit."""
    steps: pd.DataFrame
    """Flow of rows, see `population.flow`."""
    follow_up: pd.DataFrame | None = None
    """One row per patient whose progression was followed on films (docs/intake/follow_up.md)."""

    @property
    def titles(self) -> dict[str, str]:
        """Every column that is used, in words."""
        return {str(name): self.plan.title(str(name)) for name in self.visits.columns}


def inputs_of(folder: Path) -> Inputs:
    """The inputs of an analysis folder, from its files alone.

    Args:
        folder: That `outcomenet analyse` wrote.
    """
    plan = read_plan((folder / PLAN).read_text(encoding="utf-8"))
    rows = analysis_rows(pd.read_parquet(folder / VISITS), plan)
    follow_up = pd.read_parquet(folder / FOLLOW_UP) if (folder / FOLLOW_UP).is_file() else None
    return Inputs(plan, rows.table, rows.steps, follow_up)


def of_one_outcome(make: Callable[[Outcome], Section], of: Outcome, *, named: bool = False) -> Section:
    """A section of one outcome; where it cannot be had, a refusal, so that the other outcomes are still told.

    Args:
        make: Makes it.
        of: The outcome.
        named: Whether the outcome's name is set before each sentence, where the section's own do not say it.
    """
    try:
        section = make(of)
        return (
            replace(section, sentences=tuple(f"{of.words}: {said}" for said in section.sentences)) if named else section
        )
    except UndefinedMetric as reason:
        return Section(estimates_frame([]), refusals=(f"{of.words}: {reason}",))


def both_measures(inputs: Inputs) -> list[str]:
    return [name for name in (inputs.plan.measures.score, inputs.plan.measures.human) if name]


def on_a_scale(plan: AnalysisPlan) -> list[Outcome]:
    return [of for of in plan.outcomes if of.kind != "event" and not of.negative_control]
