"""What an audit found, in one sentence, and whether it should stop a reader."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum

import pandas as pd


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


# Every audit by name, in the order in which a reader meets them.
QUESTIONS: dict[str, str] = {
    "control_none": "Does the measure predict a number that depends on nothing?",
    "control_site": "Does the measure predict a number that depends on the hospital alone?",
    "probe_fm": "Does the network know who has fibromyalgia, which no film shows?",
    "probe_site": "Does the network know the hospital?",
    "border": "Do the borders of the crops, where no joint is, predict HAQ-DI?",
    "do_oa": "Does the score stay when osteoarthritis is set by hand?",
    "do_site": "Does the score stay when every patient goes to one hospital?",
    "do_scanner": "Does the score stay when every film is taken on one scanner?",
    "do_ra_damage": "Does the score move when rheumatoid damage is set by hand?",
    "bias": "Is the effect of the score on HAQ-DI that of rheumatoid disease?",
    "sites": "Does what was learned at other hospitals hold at a hospital left out?",
    "pip": "Does the score stand without the PIP joints, where two diseases narrow the same space?",
    "subgroups": "Is the measure right on average in every subgroup?",
    "deletion": "Do the joints said to matter most change the score most when hidden?",
    "shuffled": "Do joint contributions depend on what the network learned?",
    "joint_truth": "Do joint contributions follow the true damage of their joints?",
}


def finding(audit: str, alarm: bool, sentence: str) -> Finding:
    """The finding of a computed audit."""
    return Finding(audit, QUESTIONS[audit], Judgement.ALARM if alarm else Judgement.PASS, sentence)


def absent(audit: str, reason: object) -> Finding:
    """The finding of an audit that these data or this run cannot have, with the reason as a sentence."""
    return Finding(audit, QUESTIONS[audit], Judgement.ABSENT, str(reason))


def findings_table(findings: Sequence[Finding]) -> pd.DataFrame:
    """audits.csv in the order of `QUESTIONS`: audit, question, judgement, finding."""
    order = list(QUESTIONS)
    rows = [asdict(found) for found in sorted(findings, key=lambda found: order.index(found.audit))]
    table = pd.DataFrame(rows, columns=["audit", "question", "judgement", "finding"])
    return table.assign(judgement=table["judgement"].astype(str))
