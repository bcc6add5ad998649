"""Inputs of the audits from an evaluation: what they are told of the run, and its measuring network."""

from __future__ import annotations

import pandas as pd

from outcomenet.audits.contract import AuditInputs
from outcomenet.audits.network.trained_network import TrainedNetwork
from outcomenet.datasets.manifest import TRUTH
from outcomenet.evaluation.task import EvaluationTask
from outcomenet.ladder.facts import LadderFacts
from outcomenet.ladder.left_out_sites import predictions_by_site
from outcomenet.outcomes import outcome
from outcomenet.predictors import COVARIATES
from outcomenet.progress import Progress


def audit_inputs(
    task: EvaluationTask,
    facts: LadderFacts,
    predictions: pd.DataFrame,
    biomarker: pd.DataFrame | None,
    progress: Progress,
) -> AuditInputs:
    """Everything that audits may ask for.

    Args:
        task: the data and the networks.
        facts: inputs of every rung.
        predictions: the prediction table.
        biomarker: the biomarker table; None where the run has no network.
        progress: where long audits are reported.
    """
    main, rung = outcome(task.main_outcome), task.measuring
    network, no_network = None, "This run trained no network."
    if task.of_pairs:
        no_network = "It reads one visit at a time; this run compares two."
    elif rung is not None and biomarker is not None:
        network = TrainedNetwork(
            task.dataset, facts.visits, biomarker,
            task.compiled(rung),
            task.outcomes.index(main.name), task.audits, task.seed, progress,
        )  # fmt: skip
    return AuditInputs(
        outcome=main, covariates=facts.covariates, visits=facts.visits, predictions=predictions,
        judged=rung or COVARIATES,
        predictions_by_site=lambda: predictions_by_site(facts, predictions, main, refit=not task.cross_fit_folds),
        simulated=(task.dataset.folder / TRUTH / "joints.csv").is_file(), network=network, no_network=no_network,
        sizes=task.audits, seed=task.seed, progress=progress,
    )  # fmt: skip
