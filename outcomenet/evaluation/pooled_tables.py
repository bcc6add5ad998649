"""Tables of joined runs: predictions, metrics and comparisons of every patient, the joined biomarker, the audit of hospitals."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from outcomenet.audits.findings import findings_table
from outcomenet.audits.sites import audit_sites, sites_finding
from outcomenet.csv_files import write_csv
from outcomenet.errors import UndefinedMetric
from outcomenet.evaluation.biomarker_scale import LINKS
from outcomenet.evaluation.pooled_biomarker import joined_biomarker
from outcomenet.evaluation.pooled_sets import write_pooled_sets
from outcomenet.intake.account.account import copy_account
from outcomenet.metrics.table import comparisons_table, metrics_table, primary_contrast
from outcomenet.outcomes import HAQ, main_outcome, outcome
from outcomenet.predictions import write_predictions
from outcomenet.predictors import SIMULATION_ONLY
from outcomenet.runs.run_codebook import write_run_codebook

PREDICTIONS = "predictions.parquet"


def write_pooled_tables(
    pooled: pd.DataFrame,
    runs: Sequence[Path],
    out: Path,
    *,
    outcomes: Sequence[str],
    chosen: str,
    of_sites: bool,
    resamples: int,
    seed: int,
) -> list[str]:
    """Writes every table of the joined run.

    Args:
        pooled: the prediction table of all parts, each patient held out once.
        runs: the parts.
        out: the folder that is written to.
        outcomes: names of the parts' outcomes.
        chosen: the main one, where the experiment chose it; else empty.
        of_sites: whether the parts held out a hospital each; then the hospitals are audited.
        resamples: patient bootstraps behind every interval.
        seed: of the bootstrap.

    Returns:
        Notes on what could not be computed.
    """
    write_predictions(pooled, out / PREDICTIONS)
    metrics, undefined = metrics_table(pooled, resamples=resamples, seed=seed)
    write_csv(metrics, out / "metrics.csv")
    write_csv(undefined, out / "undefined_metrics.csv")
    main = outcome(main_outcome(outcomes, chosen))
    primary = primary_contrast(main.name)
    write_csv(comparisons_table(pooled, resamples=resamples, seed=seed, primary=primary), out / "comparisons.csv")
    copy_account(runs[0], out, splits=False)
    notes = []
    try:
        joined = joined_biomarker(runs)
    except UndefinedMetric as reason:
        joined, notes = None, [f"The biomarker of the joined runs is absent: {reason}"]
    biomarkers, links, words = joined or (None, None, {})
    if links is not None:
        write_csv(links, out / LINKS)
    said = write_pooled_sets(runs, biomarkers, words, out)
    if of_sites and main.unit == HAQ.unit:
        rows = pooled[(pooled["outcome"] == main.name) & ~pooled["predictor"].isin(SIMULATION_ONLY)]
        table = audit_sites(rows.assign(learned_at="other sites"), resamples=resamples, seed=seed)
        write_csv(table, out / "audit_sites.csv")
        try:
            write_csv(findings_table([sites_finding(table, retrained=True)]), out / "audits.csv")
        except UndefinedMetric as reason:
            notes.append(f"The audit of hospitals is absent: {reason}")
    write_run_codebook(out, said)  # of all tables, and so the last
    return notes
