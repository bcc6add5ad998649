"""What an evaluation hands to its audits."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from outcomenet.audits.sizes import AuditSizes
from outcomenet.datasets.dataset import Dataset
from outcomenet.inference.visits import FilmReader
from outcomenet.ladder.facts import LadderFacts
from outcomenet.outcomes import main_outcome


@dataclass(frozen=True)
class AuditTask:
    """`biomarker`, `reader` and `rung` (the network that the biomarker comes from) are None in a run without networks."""

    dataset: Dataset
    facts: LadderFacts
    predictions: pd.DataFrame
    outcomes: tuple[str, ...]
    cross_fitted: bool
    biomarker: pd.DataFrame | None
    reader: FilmReader | None
    rung: str | None
    sizes: AuditSizes
    seed: int
    of_pairs: bool = False

    @property
    def main_outcome(self) -> str:
        """The outcome that the biomarker is the score of."""
        return main_outcome(self.outcomes)

    @property
    def chance(self) -> dict[str, int]:
        """Settings that every resampling audit takes."""
        return {"resamples": self.sizes.resamples, "seed": self.seed}
