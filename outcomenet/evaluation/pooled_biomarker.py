"""The biomarker of joined runs: every patient scored by a network that never saw him, all folds on one scale, two ways.

Each fold's network has a latent scale of its own. Its training patients' visits have a mean and a standard deviation on it; a
held-out score is expressed in these (`score_z`) and laid on the mean of the folds' means and standard deviations (`score`). The
other way is by HAQ equivalents: `score_haq` is what the fold's own line of HAQ-DI on the score gives (`biomarker_scale`), so that
equal values go with equal HAQ-DI in each fold's training patients. No held-out patient takes part in either.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from outcomenet.codebooks import CODEBOOK, WORSE, ColumnWords, words_of
from outcomenet.csv_files import read_csv
from outcomenet.errors import UndefinedMetric
from outcomenet.evaluation.biomarker_scale import HAQ_UNITS, LINKS
from outcomenet.runs.provenance import public_name

# Shifted and scaled with the score; differences and parts of it are scaled alone.
OF_SCORE = ("score", "score_lower", "score_upper")
SCALED = ("score_sem", "damage_score", "damage_sem", "activity_score", "activity_sem")
KEYS = ("patient_id", "visit_id", "split", "treatment")
ABSOLUTE = (*HAQ_UNITS, "oa_score", "oa_sem")  # HAQ units and grades mean the same in every fold

CHANGE_FILE = "score_change.csv"
BIOMARKERS = "biomarkers.parquet"

LinkTable = pd.DataFrame


def joined_biomarker(runs: Sequence[Path]) -> tuple[pd.DataFrame, LinkTable, dict[str, ColumnWords]] | None:
    """The biomarker of runs that held out different patients.

    Args:
        runs: the parts, in the order that gives the folds their numbers.

    Returns:
        The table, biomarker_links.csv, and the words of the table's columns; None where a part trained no network.

    Raises:
        UndefinedMetric: the parts cannot be linked.
    """
    if not all((run / BIOMARKERS).is_file() for run in runs):
        return None
    table, links = pooled_biomarker(
        [pd.read_parquet(run / BIOMARKERS) for run in runs], [public_name(run) for run in runs]
    )
    of_haq = pd.concat([read_csv(run / LINKS).filter(regex="^haq_|^sem_") for run in runs], ignore_index=True)
    of_part = words_of(read_csv(runs[0] / CODEBOOK, dtype=str, keep_default_na=False), "biomarkers")
    return table, pd.concat([links, of_haq], axis=1), pooled_words(of_part, list(map(str, table)))


def pooled_biomarker(parts: Sequence[pd.DataFrame], names: Sequence[str]) -> tuple[pd.DataFrame, LinkTable]:
    """The held-out rows of every part on one scale, and how each part was linked.

    Args:
        parts: biomarkers.parquet of each run: a row per visit with `split`, `score` and parts of it.
        names: Names of the runs.

    Returns:
        One row per patient and visit with `fold`, `may_be_used`, `score_z`; and a row per fold with its run, the training visits
        and patients, their `mean` and `sd`, and `factor` and `shift` of linked score = factor x score + shift.

    Raises:
        UndefinedMetric: A fold's scores do not differ between its training patients, so that they have no scale.
    """
    links = pd.DataFrame([_link(k, name, part) for k, (name, part) in enumerate(zip(names, parts, strict=True))])
    # of the folds alike, however many patients each has: the scale belongs to no fold
    mean, sd = links["mean"].mean(), links["sd"].mean()
    links["factor"] = sd / links["sd"]
    links["shift"] = mean - links["factor"] * links["mean"]
    numbers = links[["fold", "mean", "sd", "factor", "shift"]].itertuples(index=False)
    pooled = pd.concat([_linked(part, *link) for part, link in zip(parts, numbers, strict=True)], ignore_index=True)
    return pooled, links


def _link(fold: int, name: str, part: pd.DataFrame) -> dict[str, object]:
    learned_from = part[part["split"] == "train"]
    sd = float(learned_from["score"].std(ddof=1))
    if not np.isfinite(sd) or sd == 0:
        raise UndefinedMetric(
            f"The scores of {name} do not differ between its training patients, so that its scale cannot be linked to the others'."
        )
    return {
        "fold": fold,
        "run": name,
        "visits": len(learned_from),
        "patients": learned_from["patient_id"].nunique(),
        "mean": float(learned_from["score"].mean()),
        "sd": sd,
    }


def _linked(part: pd.DataFrame, fold: int, mean: float, sd: float, factor: float, shift: float) -> pd.DataFrame:
    """The held-out rows of one part on the common scale."""
    rows = part[part["split"] == "test"]
    keys = [name for name in KEYS if name in rows]
    of_score = [name for name in OF_SCORE if name in rows]
    scaled = [name for name in map(str, rows.columns) if name in SCALED or _of_joint(name)]
    columns = [
        rows[keys].assign(fold=fold, may_be_used=True),
        rows[of_score] * factor + shift,
        ((rows["score"] - mean) / sd).rename("score_z"),
        rows[scaled] * factor,
        rows[[name for name in ABSOLUTE if name in rows]],
    ]
    return pd.concat(columns, axis=1)


def _of_joint(column: str) -> bool:
    """Whether it is a joint's contribution, or a part of one."""
    return column.startswith("joint_") or "_joint_" in column


def pooled_words(of_part: Mapping[str, ColumnWords], columns: Sequence[str]) -> dict[str, ColumnWords]:
    """Words of the joined table's columns: the parts' own, and what joining adds to them.

    Args:
        of_part: words of one part's biomarker table.
        columns: those of the joined table.

    Returns:
        Words by column; none for one that the part does not explain.
    """
    linked = (
        "on the common scale of the folds: in SDs from the mean of the fold's training patients, laid on the mean of the folds' "
        "means and SDs (biomarker_links.csv)"
    )
    added = {
        "split": ColumnWords("test: every patient was held out by the network that scored him"),
        "fold": ColumnWords("Number of the run that held the patient out, and whose network gave the row"),
        "may_be_used": ColumnWords("true: the network that gave the row never saw the patient"),
        "score_z": ColumnWords(
            "Score in standard deviations from the mean of the visits of the patients that the fold's network learned from",
            "SD of training visits", WORSE,
        ),
    }  # fmt: skip
    words = {}
    for column in columns:
        said = added.get(column) or of_part.get(column)
        if said is None:
            continue
        meaning = said.meaning.replace(f" ({CHANGE_FILE})", "")  # joined runs have no such file
        if column in OF_SCORE:
            meaning = f"{meaning}; {linked}"
        elif column in HAQ_UNITS:
            meaning = f"{meaning}; by the line of the fold that held the patient out, which links the folds by HAQ equivalents"
        elif column in SCALED or _of_joint(column):
            meaning = f"{meaning}; times the fold's factor, so that parts and score differ by the fold's shift"
        words[column] = replace(said, meaning=meaning)
    return words
