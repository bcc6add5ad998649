"""The learned biomarker per visit: the film's part of disability, joint by joint, with its repeatability."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from outcomenet.anatomy import JOINT_NAMES
from outcomenet.confounding import ConfoundingConfig
from outcomenet.evaluation.reading import NetworkReading

# Two-sided 95 % of the normal distribution.
Z95 = 1.96


def biomarker_table(
    reading: NetworkReading, rereadings: Sequence[NetworkReading], splits: dict[tuple[str, str], str], outcome: int
) -> pd.DataFrame:
    """biomarkers.parquet: one row per patient and visit.

    `score` is the sum of the joints' contributions to the outcome number `outcome` on its latent (logit) scale; it
    rises with disease and holds no outcome-side term. `score_lower` and `score_upper` are score -+ 1.96 SD over
    `rereadings` of randomly re-cut and re-toned crops (held-out visits only): the repeatability of the reading alone.
    """
    contributions = np.where(reading.visible, reading.contributions[..., outcome], np.nan)
    score = reading.contributions[..., outcome].sum(1)
    spread = np.full(len(score), np.nan)
    if len(rereadings) > 1:
        again = np.stack([r.contributions[..., outcome].sum(1) for r in rereadings])
        at = {key: row for row, key in enumerate(reading.ids)}
        spread[[at[key] for key in rereadings[0].ids]] = again.std(0, ddof=1)
    embedding = {f"z{k:03d}": reading.embedding[:, k] for k in range(reading.embedding.shape[1])}
    return pd.DataFrame(
        {
            "patient_id": [patient for patient, _ in reading.ids],
            "visit_id": [visit for _, visit in reading.ids],
            "split": [splits[key] for key in reading.ids],
            "score": score,
            "score_lower": score - Z95 * spread,
            "score_upper": score + Z95 * spread,
            "oa_score": reading.osteoarthritis,
            **{f"joint_{name}": contributions[:, j] for j, name in enumerate(JOINT_NAMES)},
            **embedding,
        }
    )


def with_treatment(table: pd.DataFrame, visits: pd.DataFrame) -> pd.DataFrame:
    """The biomarker table with a column `treatment` behind the split, from the visit table: what a trial's arms are."""
    given = visits.reindex(columns=["patient_id", "visit_id", "treatment"])
    joined = table.merge(given, on=["patient_id", "visit_id"], how="left", validate="one_to_one")
    joined.insert(list(table).index("split") + 1, "treatment", joined.pop("treatment"))
    return joined


def codebook(table: pd.DataFrame, outcome_title: str, confounding: ConfoundingConfig) -> pd.DataFrame:
    """codebook.csv: what every column of the biomarker table means.

    Args:
        table: the biomarker table, whose columns are explained.
        outcome_title: the outcome that the score is the film's part of.
        confounding: how the network that gave the score handles confounders.
    """
    fixed = {
        "patient_id": ("Patient as in the cohort's tables", "", ""),
        "visit_id": ("Visit as in the cohort's tables", "", ""),
        "split": ("train, validation or test: only test rows were never seen in training", "", ""),
        "treatment": ("Treatment at the visit, as the cohort names it; empty: not known", "", ""),
        "score": (
            f"Outcome-direct joint damage: the film's part of {outcome_title}. {confounding.in_words()}",
            "logits of the outcome's latent scale", "higher is worse",
        ),
        "score_lower": ("Lower 95 % bound of repeated readings of the same films", "logits", "higher is worse"),
        "score_upper": ("Upper 95 % bound of repeated readings of the same films", "logits", "higher is worse"),
        "oa_score": (
            "Osteoarthritis seen on the films: mean expected Kellgren-Lawrence grade of the visible joints",
            "grade 0-4", "higher is worse",
        ),
    }  # fmt: skip
    rows = []
    for column in table.columns:
        if column.startswith("joint_"):
            side, site = column.removeprefix("joint_").split("_", 1)
            meaning = (f"Contribution of {site} ({side}) to score; empty: joint not seen", "logits", "higher is worse")
        elif column in fixed:
            meaning = fixed[column]
        else:
            meaning = ("Mean embedding of the visible joints, for audits", "none", "none")
        rows.append((column, *meaning))
    return pd.DataFrame(rows, columns=["column", "meaning", "unit", "direction"])
