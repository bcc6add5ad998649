"""Section of the report on the audits: verdict and finding of each, and what the score tells of the confounders."""

from __future__ import annotations

from functools import partial

import pandas as pd

from outcomenet.audits.findings import Judgement
from outcomenet.audits.registry import AUDIT
from outcomenet.pages.figures import publish
from outcomenet.pages.page import Row, Table
from outcomenet.reports.knowledge import given_phrase, is_trace, knowledge_figure, target_title
from outcomenet.reports.numbers import count, counted, interval, listed, with_interval
from outcomenet.reports.rows import Probe, ScoreProbe
from outcomenet.reports.run_folder import RunFolder
from outcomenet.typed_rows import typed_rows

# alarms first; how the summary counts each judgement
_COUNTED = {
    Judgement.ALARM: "raised an alarm",
    Judgement.PASS: "passed",
    Judgement.ABSENT: "could not be computed",
}


def audit_section(folder: RunFolder) -> dict[str, object]:
    """What the template shows of the audits; None where the run has no such table."""
    audits, probed = folder.audits, folder.probes
    audits = None if audits is None or audits.empty else audits
    return {
        "audits": None if audits is None else audit_table(audits),
        "audit_summary": "" if audits is None else audit_summary(audits),
        "probes": None if probed is None else probes(probed),
        "score_probes": None if folder.score_probes is None else score_probes(folder.score_probes),
        "probe_figure": None if probed is None else publish(partial(knowledge_figure, probed), folder.figures),
    }


def audit_table(audits: pd.DataFrame) -> Table:
    """One row per audit: alarms first and set off, those that could not be computed last, with the reason.

    Audits of one judgement stand in the order of the registry; one that this program does not know stands behind them.
    """
    judgements, names = [str(judgement) for judgement in _COUNTED], list(AUDIT)

    def places(column: str, order: list[str]) -> list[int]:
        return [order.index(value) if value in order else len(order) for value in audits[column]]

    # stable, so that a judgement's audits keep the order of the registry
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


def probes(frame: pd.DataFrame) -> Table:
    """Each probe with chance beside it and the reading in words."""
    return Table(
        "What a simple classifier reads from the model’s internal description of the films; "
        "AUROC with its 95 % interval.",
        ["Fact", "Given", "Classifier", "AUROC", "Chance", "n", "Events", "Reading"],
        [
            Row(
                [
                    target_title(row.target, ""),
                    given_phrase(row.given) or "nothing",
                    row.classifier,
                    with_interval(row.auroc, row.lower, row.upper, 2),
                    interval(row.null_lower, row.null_upper, 2),
                    count(row.n),
                    count(row.events),
                    row.reading,
                ],
                strong=is_trace(row.target, row.given, row.auroc, row.null_upper),
            )
            for row in typed_rows(frame, Probe)
        ],
        words=(0, 1, 2, 7),
    )


_SOURCES = {"score": "Score", "damage_score": "Part from damage", "activity_score": "Part from activity"}


def score_probes(frame: pd.DataFrame) -> Table:
    """The hospital read from the score, as it is and given what its patients differ by; strong where beyond chance."""
    return Table(
        "The hospital read from the score itself; AUROC with its 95 % interval. As it is, patients who differ between "
        "hospitals (case mix) count as well as films that differ; given the true state of the joints, films alone.",
        ["Read from", "Given", "Classifier", "AUROC", "Chance", "Visits", "Patients", "Reading"],
        [
            Row(
                [
                    _SOURCES.get(row.source, row.source),
                    row.given,
                    row.classifier,
                    with_interval(row.auroc, row.lower, row.upper, 2),
                    interval(row.null_lower, row.null_upper, 2),
                    count(row.n),
                    count(row.patients),
                    row.reading,
                ],
                strong=bool(row.auroc > row.null_upper),
            )
            for row in typed_rows(frame, ScoreProbe)
        ],
        words=(0, 1, 2, 7),
    )
