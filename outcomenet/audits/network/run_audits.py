"""Runs every audit of the registry, by default at each evaluation: a finding, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path

import pandas as pd

from outcomenet.audits.contract import AuditInputs, AuditResult
from outcomenet.audits.findings import Finding, absent, findings_table
from outcomenet.audits.registry import AUDIT, Need, audits_by_function
from outcomenet.csv_files import read_csv, write_csv
from outcomenet.errors import DataRefused, UndefinedMetric

# tables of the whole run, which have a subgroup's rows behind those of all patients
JOINED = ("metrics.csv", "undefined_metrics.csv")


def write_audits(inputs: AuditInputs, run: Path) -> list[Finding]:
    """Writes audits.csv and audit_*.csv, and adds the subgroups to metrics.csv and undefined_metrics.csv.

    Args:
        inputs: what the audits get.
        run: the run's folder, which holds metrics.csv and undefined_metrics.csv.

    Returns:
        One finding for each audit of the registry; an audit that cannot be had is a finding with the reason.
    """
    findings: list[Finding] = []
    for function, names in audits_by_function().items():
        result = run_audit(audit_function(function), names, inputs)
        findings += result.findings
        for name, table in result.tables.items():
            write_csv(_joined(run / name, table) if name in JOINED else table, run / name)
    write_csv(findings_table(findings), run / "audits.csv")
    return findings


def audit_function(name: str) -> Callable[[AuditInputs], AuditResult]:
    """The function that the registry names."""
    module, function = name.rsplit(".", 1)
    return getattr(import_module(f"outcomenet.audits.{module}"), function)


def run_audit(audit: Callable[[AuditInputs], AuditResult], names: Sequence[str], inputs: AuditInputs) -> AuditResult:
    """An audit's result, or one absent finding for each of its names.

    Args:
        audit: the function.
        names: the questions that it answers, as the registry calls them.
        inputs: what it gets.
    """
    try:
        for name in names:
            _refuse_unmet(AUDIT[name].needs, inputs)
        return audit(inputs)
    except (UndefinedMetric, DataRefused) as reason:
        return AuditResult([absent(name, reason) for name in names])


def _refuse_unmet(needs: Sequence[Need], inputs: AuditInputs) -> None:
    """Raises DataRefused for what is known before any work; an audit counts patients and looks at columns itself."""
    if Need.NETWORK in needs and inputs.network is None:
        raise DataRefused(inputs.no_network)
    if Need.SIMULATION in needs and not inputs.simulated:
        raise DataRefused("The truth that this needs is known in simulated cohorts only.")


def _joined(file: Path, rows: pd.DataFrame) -> pd.DataFrame:
    """The table of a file with further rows; rows of subgroups that an earlier evaluation left are replaced."""
    whole = read_csv(file)
    # an earlier evaluation of the same folder left its subgroups there; they are made anew
    if "subgroup" in whole:
        whole = whole[whole["subgroup"] == "all"]
    return pd.concat([part for part in (whole, rows) if len(part)] or [whole])
