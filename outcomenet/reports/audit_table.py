"""Table of the audits on the report's first page: question, verdict and finding of each."""

from __future__ import annotations

import pandas as pd

from outcomenet.audits.findings import Judgement
from outcomenet.audits.registry import AUDIT
from outcomenet.pages.tables import Row, Table
from outcomenet.reports.numbers import counted, listed

# alarms first; how the summary counts each judgement
_COUNTED = {
    Judgement.ALARM: "raised an alarm",
    Judgement.PASS: "passed",
    Judgement.ABSENT: "could not be computed",
}


def audit_table(audits: pd.DataFrame) -> Table:
    """One row per audit: alarms first and set off, those that could not be computed last, with the reason.

    Audits of one judgement stand in the order of the registry; one that this program does not know stands behind them.
    """
    judgements, names = [str(judgement) for judgement in _COUNTED], list(AUDIT)

    def places(column: str, order: list[str]) -> list[int]:
        return [order.index(value) if value in order else len(order) for value in audits[column]]

    ordered = audits.assign(_judgement=places("judgement", judgements), _name=places("audit", names))
    ordered = ordered.sort_values(["_judgement", "_name"], kind="stable")
    columns = ["question", "judgement", "finding"]
    rows = [
        Row(cells, strong=cells[1] == Judgement.ALARM) for cells in ordered[columns].astype(str).to_numpy().tolist()
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
    order = (Judgement.PASS, Judgement.ALARM, Judgement.ABSENT)
    parts = [f"{numbers[str(name)]} {_COUNTED[name]}" for name in order if str(name) in numbers]
    return f"Of {counted(len(audits), 'audit')}, {listed(parts)}."
