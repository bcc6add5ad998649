"""Ledger of who opened the held-out test patients of a data set: every run that was evaluated on them, in order.

A test set that was looked at often chooses for whoever looks. The ledger lies beside the data set, whose folder holds no further file.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from outcomenet.csv_files import read_csv, write_csv
from outcomenet.locks import only_writer

COLUMNS = ("opened", "run_id", "run", "experiment")


def held_out_ledger(data: Path) -> Path:
    """Where the ledger of a data set lies.

    >>> held_out_ledger(Path("datasets/mine")).name
    'mine.held_out.csv'
    """
    return data.with_name(f"{data.name}.held_out.csv")


def opened(data: Path, *, run_id: str, run: str, experiment: str, now: str) -> int | None:
    """Writes down that a run was evaluated on the held-out patients; a run that is evaluated again counts once.

    Args:
        data: Data set folder.
        run_id: The run's identity.
        run: Its name.
        experiment: Of the run.
        now: Date and time, UTC.

    Returns:
        How many runs have opened them so far; None where nothing can be written beside the data set.
    """
    file = held_out_ledger(data.resolve())
    try:
        with only_writer(file):
            known = read_csv(file, dtype=str) if file.is_file() else pd.DataFrame(columns=list(COLUMNS))
            if run_id not in set(known["run_id"]):
                write_csv(pd.DataFrame([(now, run_id, run, experiment)], columns=list(COLUMNS)), file, append=True)
                return known["run_id"].nunique() + 1
            return known["run_id"].nunique()
    except PermissionError:
        return None
