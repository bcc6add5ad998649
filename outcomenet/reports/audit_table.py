"""The audits on the first page: what was asked, what was found, and whether it should stop a reader."""

from __future__ import annotations

import pandas as pd

from outcomenet.pages.tables import Row, Table
from outcomenet.reports.numbers import counted, listed

_ORDER = {"alarm": 0, "pass": 1, "not computed": 2}


def audit_table(audits: pd.DataFrame) -> Table:
    """One row per audit, alarms first and set off, those that could not be computed last, with the reason."""
    order = audits["judgement"].map(_ORDER).fillna(1).sort_values(kind="stable").index
    rows = [
        Row([row.question, row.judgement, row.finding], strong=row.judgement == "alarm")
        for row in audits.loc[order].itertuples()
    ]
    return Table(
        "What was asked of the measure, and what was found.", ["Question", "Verdict", "Finding"], rows, (0, 1, 2)
    )


def audit_summary(audits: pd.DataFrame) -> str:
    """How many audits passed, raised an alarm, or could not be computed, as a sentence.

    >>> audit_summary(pd.DataFrame({"judgement": ["pass", "alarm", "pass"]}))
    'Of 3 audits, 2 passed and 1 raised an alarm.'
    """
    numbers = audits["judgement"].value_counts()
    words = {"pass": "passed", "alarm": "raised an alarm", "not computed": "could not be computed"}
    parts = [f"{numbers[name]} {said}" for name, said in words.items() if name in numbers]
    return f"Of {counted(len(audits), 'audit')}, {listed(parts)}."
