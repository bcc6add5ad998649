"""Analysis data sets of joined runs: of every part the patients that it held out, with their scores on the common scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from outcomenet.codebooks import CODEBOOK, ColumnWords, words_of
from outcomenet.csv_files import read_csv
from outcomenet.datasets.pairs import KEYS
from outcomenet.evaluation.analysis_sets import SCORES
from outcomenet.runs.r_reader import write_r_reader
from outcomenet.runs.tables_for_all import BIOMARKERS, FOLLOW_UP, VISITS, write_for_all


def write_pooled_sets(
    runs: Sequence[Path], biomarkers: pd.DataFrame | None, score: Mapping[str, ColumnWords], out: Path
) -> dict[str, dict[str, ColumnWords]]:
    """Writes visits, follow_up and, where there are any, biomarkers as .parquet, .csv and .dta; and read_outcomenet.R.

    Args:
        runs: the parts, in the order that gives the folds their numbers.
        biomarkers: the joined biomarker table; None where there is none.
        score: words of its columns.
        out: the folder that is written to.

    Returns:
        The words of the columns of each table, by its name.
    """
    of_part = read_csv(runs[0] / CODEBOOK, dtype=str, keep_default_na=False)
    said: dict[str, dict[str, ColumnWords]] = {}
    for name in (VISITS, FOLLOW_UP):
        table = pooled_set([pd.read_parquet(run / f"{name}.parquet") for run in runs], biomarkers)
        said[name] = words_of(of_part, name) | _marks(score)
        write_for_all(table, out, name, said[name])
    if biomarkers is not None:
        said[BIOMARKERS] = dict(score)
        write_for_all(biomarkers, out, BIOMARKERS, said[BIOMARKERS])
    write_r_reader(out)
    return said


def pooled_set(parts: Sequence[pd.DataFrame], biomarkers: pd.DataFrame | None) -> pd.DataFrame:
    """One analysis data set of all parts.

    Args:
        parts: the set of each run, with `split`.
        biomarkers: the joined biomarker table; None where there is none.

    Returns:
        The rows of split `test` of every part, with its number as `fold`; scores are the joined ones.
    """
    held_out = [part[part["split"] == "test"].assign(fold=k, may_be_used=True) for k, part in enumerate(parts)]
    # a part without rows has columns of no type, and pandas is about to read types off them
    table = pd.concat([part for part in held_out if len(part)] or held_out[:1], ignore_index=True)
    order = list(table.columns)
    table = table.drop(columns=[name for name in SCORES if name in table])
    if biomarkers is None:
        return table
    scores = [name for name in SCORES if name in biomarkers]
    joined = table.merge(biomarkers[[*KEYS, *scores]], on=KEYS, how="left", validate="one_to_one")
    return joined[[name for name in order if name in joined]]


def _marks(score: Mapping[str, ColumnWords]) -> dict[str, ColumnWords]:
    """Words that joining changes."""
    fixed = {
        "split": ColumnWords("test: every patient was held out by one of the runs"),
        "fold": ColumnWords("Number of the run that held the patient out"),
        "may_be_used": ColumnWords("True: what was learned was learned from other patients"),
    }
    return fixed | {name: score[name] for name in SCORES if name in score}
