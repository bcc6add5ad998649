"""Ledger of the analyses of one table or run: every plan that was frozen on it, in order, so that a second look is known as one.

It lies beside what is analysed, since a sealed run folder holds no further file.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from outcomenet.biomarkers.analysis_plan import AnalysisPlan
from outcomenet.csv_files import read_csv, write_csv
from outcomenet.locks import only_writer

COLUMNS = ("number", "frozen", "plan_sha256", "data_sha256", "question", "primary_outcome", "note")
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")


def ledger_file(analysed: Path) -> Path:
    """Where the ledger of a run folder or of a table lies.

    >>> ledger_file(Path("runs/demo")).name, ledger_file(Path("own.csv")).name
    ('demo.analyses.csv', 'own.csv.analyses.csv')
    """
    return analysed.with_name(f"{analysed.name}.analyses.csv")


def freeze(analysed: Path, plan: AnalysisPlan, data_sha256: str, now: str) -> int:
    """Writes a plan into the ledger before outcomes are opened.

    Args:
        analysed: Run folder or table.
        plan: The plan.
        data_sha256: Digest of the rows.
        now: Date and time, UTC.

    Returns:
        Which plan on this run or table it is, 1 for the first; one that was frozen before keeps its number. A column more or a
        network trained again makes no plan the first: the patients' outcomes are the same, and they have been opened.
    """
    file = ledger_file(analysed)
    with only_writer(file):
        known = (
            read_csv(file, dtype=str, keep_default_na=False) if file.is_file() else pd.DataFrame(columns=list(COLUMNS))
        )
        same = known[known["plan_sha256"] == plan.sha256]
        number = int(same["number"].iloc[0]) if len(same) else known["plan_sha256"].nunique() + 1
        if (same["data_sha256"] == data_sha256).any():
            return number
        notes = ["" if number == 1 else f"the {ordinal(number)} plan on these data: outcomes had been opened before"]
        notes += ["a plan frozen before, on other rows or columns"] if len(same) else []
        note = "; ".join(filter(None, notes))
        row = (str(number), now, plan.sha256, data_sha256, plan.question, plan.primary_outcome.column, note)
        write_csv(pd.DataFrame([row], columns=list(COLUMNS)), file, append=True)
    return number


def ordinal(number: int) -> str:
    """`first`, `second`, ...

    >>> ordinal(2), ordinal(12)
    ('second', '12th')
    """
    return _ORDINALS[number - 1] if number <= len(_ORDINALS) else f"{number}th"
