"""Codebook of a run (codebook.csv): every column of every table, those of the measure made from the run's configuration."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pyarrow.parquet

from outcomenet.codebooks import CODEBOOK, ColumnWords, codebook_rows
from outcomenet.csv_files import read_csv, write_csv
from outcomenet.runs.table_words import words_of_results
from outcomenet.runs.tables_for_all import TITLES


def write_run_codebook(run: Path, words: Mapping[str, Mapping[str, ColumnWords]]) -> None:
    """Writes codebook.csv over all tables that lie in the folder, those for statisticians first.

    Args:
        run: a run's folder with its tables.
        words: of the tables whose words depend on the run, by the table's name; the others are `table_words`.
    """
    tables = tables_of(run)
    named = sorted(tables, key=lambda name: (list(TITLES).index(name) if name in TITLES else len(TITLES), name))
    rows = [
        codebook_rows(name, tables[name], words.get(name) or words_of_results(name, tables[name])) for name in named
    ]
    write_csv(pd.concat(rows, ignore_index=True), run / CODEBOOK)


def tables_of(run: Path) -> dict[str, list[str]]:
    """Columns of every table of a run by its name (its path without the ending), codebook and figures' tables left out."""
    files = [*run.glob("*.csv"), *run.glob("*.parquet"), *run.glob("examples/*.csv")]
    found = {}
    for file in sorted(files):
        if file.name == CODEBOOK:
            continue
        name = file.relative_to(run).with_suffix("").as_posix()
        found[name] = (
            pyarrow.parquet.read_schema(file).names
            if file.suffix == ".parquet"
            else [str(column) for column in read_csv(file, dtype=str)]
        )
    return found
