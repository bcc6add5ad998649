"""Tables that every statistics program can read: the same rows as Parquet, CSV and Stata."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from outcomenet.codebooks import ColumnWords
from outcomenet.csv_files import write_csv
from outcomenet.stata_files import write_stata

VISITS, FOLLOW_UP, BIOMARKERS = "visits", "follow_up", "biomarkers"
TITLES = {
    VISITS: "A row per patient and visit: covariates, outcomes, human score, score of the films",
    FOLLOW_UP: "A row per patient: first event after the first graded film",
    BIOMARKERS: "A row per patient and visit: score of the films, its parts by joint",
}


def write_for_all(table: pd.DataFrame, folder: Path, name: str, words: Mapping[str, ColumnWords]) -> None:
    """Writes NAME.parquet, NAME.csv and NAME.dta.

    Args:
        table: any table without infinite numbers.
        folder: where the files go.
        name: of the table, a key of `TITLES` or another one.
        words: what its columns are.

    Raises:
        ValueError: a number is infinite, which CSV and Stata cannot hold.
    """
    numbers = table.select_dtypes("float")
    if endless := [str(column) for column in numbers if np.isinf(numbers[column]).any()]:
        raise ValueError(f"{name} has infinite numbers in {', '.join(endless)}; leave them empty and say so.")
    table.to_parquet(folder / f"{name}.parquet", index=False)
    write_csv(table, folder / f"{name}.csv")
    write_stata(table, folder / f"{name}.dta", words, TITLES.get(name, ""))
