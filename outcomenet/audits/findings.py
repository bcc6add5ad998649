"""Findings of audits: a question, its judgement and one sentence with the numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum

import pandas as pd

from outcomenet.audits.registry import AUDIT
from outcomenet.errors import UndefinedMetric


class Judgement(StrEnum):
    PASS = "pass"
    ALARM = "alarm"
    ABSENT = "not computed"


@dataclass(frozen=True)
class Finding:
    """One row of audits.csv: the question put, the judgement, and the finding in a plain sentence."""

    audit: str
    question: str
    judgement: Judgement
    finding: str


def finding(audit: str, alarm: bool, sentence: str) -> Finding:
    """The finding of a computed audit.

    Args:
        audit: its name in the registry.
        alarm: whether the sentence should stop whoever wants to use the measure.
        sentence: what was found, with its numbers.
    """
    return Finding(audit, AUDIT[audit].question, Judgement.ALARM if alarm else Judgement.PASS, sentence)


def absent(audit: str, reason: object) -> Finding:
    """The finding of an audit that these data or this run cannot have.

    Args:
        audit: its name in the registry.
        reason: why, a sentence or an error with one.
    """
    return Finding(audit, AUDIT[audit].question, Judgement.ABSENT, str(reason))


def finding_or_absent(audit: str, judge: Callable[[], Finding]) -> Finding:
    """What `judge` finds in a table that is kept in any case, absent where it raises UndefinedMetric.

    Args:
        audit: its name in the registry.
        judge: makes the finding.
    """
    try:
        return judge()
    except UndefinedMetric as reason:
        return absent(audit, reason)


def findings_table(findings: Sequence[Finding]) -> pd.DataFrame:
    """audits.csv in the order of the registry: audit, question, judgement, finding."""
    order = list(AUDIT)
    rows = [asdict(one) for one in sorted(findings, key=lambda one: order.index(one.audit))]
    table = pd.DataFrame(rows, columns=["audit", "question", "judgement", "finding"])
    return table.assign(judgement=table["judgement"].astype(str))
