"""Files of a run for statisticians: visits, follow-up and biomarkers as Parquet, CSV and Stata, and a reader for R beside them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from outcomenet.codebooks import ColumnWords
from outcomenet.datasets.dataset import Dataset
from outcomenet.evaluation.analysis_sets import follow_up_set, visits_set
from outcomenet.evaluation.analysis_words import analysis_words
from outcomenet.runs.r_reader import write_r_reader
from outcomenet.runs.tables_for_all import BIOMARKERS, FOLLOW_UP, VISITS, write_for_all


def write_analysis_files(
    dataset: Dataset,
    biomarkers: pd.DataFrame | None,
    score: Mapping[str, ColumnWords],
    run: Path,
    *,
    fold: int,
) -> dict[str, dict[str, ColumnWords]]:
    """Writes visits, follow_up and, where there are any, biomarkers as .parquet, .csv and .dta; and read_outcomenet.R.

    Args:
        dataset: the data set, divided as the run divides it.
        biomarkers: the biomarker table with its scales; None where the run has no network.
        score: words of its columns.
        run: the folder that is written to.
        fold: which patients the run's networks did not learn from.

    Returns:
        The words of the columns of each table, by its name.
    """
    visits = visits_set(dataset, biomarkers, fold)
    tables = {VISITS: visits, FOLLOW_UP: follow_up_set(dataset, visits)}
    columns = list(dict.fromkeys(str(name) for table in tables.values() for name in table))
    words = analysis_words(columns, dataset, score, learned=biomarkers is not None)
    said = {name: words for name in tables}
    if biomarkers is not None:
        tables[BIOMARKERS], said[BIOMARKERS] = biomarkers, dict(score)
    for name, table in tables.items():
        write_for_all(table, run, name, said[name])
    write_r_reader(run)
    return said
