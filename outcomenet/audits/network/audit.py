"""Every audit of a run, by default: what was found, or why nothing can be said, question by question."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd

from outcomenet.audits.findings import QUESTIONS, Finding, absent, findings_table
from outcomenet.audits.network.audit_inputs import predictions_by_site
from outcomenet.audits.network.audit_task import AuditTask
from outcomenet.audits.network.film_audits import film_audits
from outcomenet.audits.sites import audit_sites, sites_finding
from outcomenet.audits.subgroups import subgroup_metrics, subgroups_finding
from outcomenet.csv_files import read_csv, write_csv
from outcomenet.errors import DataRefused, UndefinedMetric
from outcomenet.outcomes import HAQ, OutcomeKind, outcome
from outcomenet.predictors import COVARIATES
from outcomenet.progress import Progress

OF_FILMS = tuple(name for name in QUESTIONS if name not in ("sites", "subgroups"))


def write_audits(task: AuditTask, run: Path, progress: Progress) -> list[Finding]:
    """Writes audits.csv and audit_*.csv into `run`, and appends the subgroups to metrics.csv and
    undefined_metrics.csv. An audit that cannot be computed is a finding too, with the reason."""
    findings: list[Finding] = []

    def attempt(names: Sequence[str], audit: Callable[[], list[Finding]]) -> None:
        try:
            findings.extend(audit())
        except (UndefinedMetric, DataRefused) as reason:
            findings.extend(absent(name, reason) for name in names)

    attempt(["subgroups"], lambda: _subgroups(task, run))
    attempt(["sites"], lambda: _sites(task, run))
    if task.reader is None or task.biomarker is None or task.of_pairs:
        reason = (
            "It reads one visit at a time; this run compares two." if task.of_pairs else "This run trained no network."
        )
        findings += [absent(name, reason) for name in OF_FILMS]
    else:
        for names, audit in film_audits(task, task.reader, task.biomarker, run, progress):
            attempt(names, audit)
    write_csv(findings_table(findings), run / "audits.csv")
    return findings


def _subgroups(task: AuditTask, run: Path) -> list[Finding]:
    held_out = task.predictions.loc[task.predictions["split"] == "test", ["patient_id", "visit_id"]].drop_duplicates()
    visits = task.facts.visits.merge(held_out, on=["patient_id", "visit_id"])
    limits = {"least_visits": task.sizes.subgroup_visits, "least_patients": task.sizes.subgroup_patients}
    rows, undefined = subgroup_metrics(task.predictions, visits, **limits, **task.chance)
    for name, table in (("metrics.csv", rows), ("undefined_metrics.csv", undefined)):
        whole = read_csv(run / name)
        if "subgroup" in whole:
            whole = whole[whole["subgroup"] == "all"]
        write_csv(pd.concat([part for part in (whole, table) if len(part)] or [whole]), run / name)
    spec = outcome(task.main_outcome)
    if spec.unit != HAQ.unit:
        return [absent("subgroups", f"What matters to patients is known for HAQ-DI; metrics.csv has {spec.title}.")]
    return [subgroups_finding(rows, task.rung or COVARIATES, spec.name)]


def _sites(task: AuditTask, run: Path) -> list[Finding]:
    spec = outcome(task.main_outcome)
    if spec.kind is OutcomeKind.TIME_TO_EVENT:
        return [absent("sites", f"It is computed for a bounded outcome; this run is about {spec.title}.")]
    predictions = predictions_by_site(task.facts, task.predictions, spec, refit=not task.cross_fitted)
    table = audit_sites(predictions, **task.chance)
    write_csv(table, run / "audit_sites.csv")
    if spec.unit != HAQ.unit:
        return [absent("sites", f"What matters to patients is known for HAQ-DI; audit_sites.csv has {spec.title}.")]
    return [sites_finding(table)]
