"""Outputs of a run's networks for the visits that judge them, in the order of the visit table, with the truth beside them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from outcomenet.datasets.dataset import SPLITS
from outcomenet.evaluation.cohort_truth import read_truth, true_changes
from outcomenet.evaluation.task import EvaluationTask
from outcomenet.ladder.facts import LadderFacts
from outcomenet.predictions import NetworkOutput
from outcomenet.progress import Progress


def run_networks(task: EvaluationTask, progress: Progress) -> tuple[dict[str, NetworkOutput], list[NetworkOutput]]:
    """Runs every network over the visits that judge it, and the measuring one again over perturbed held-out films.

    The network whose score is the biomarker is run over all visits, the others only over those that were not trained on.

    Args:
        task: the data and the networks.
        progress: is advanced by every visit.

    Returns:
        Outputs by rung, and of each repetition; both empty without networks.
    """
    if not task.networks:
        return {}, []
    everything, held_out = task.examples(SPLITS), task.examples(("test",))
    judged = task.examples(("validation", "test"))
    rung = task.measuring or ""
    sources = {name: everything if name == rung else judged for name in task.networks}
    total = sum(map(len, sources.values())) + task.rereadings * len(held_out)
    progress.start("visits", total, "read films with the networks")

    networks = {name: task.compiled(name) for name in sources}
    outputs = {name: networks[name].infer(networks[name].batches(of), progress) for name, of in sources.items()}
    repeated = [
        networks[rung].infer(
            networks[rung].batches(held_out, augmentation=task.augmentation, seed=repeat + 1), progress
        )
        for repeat in range(task.rereadings if len(held_out) else 0)
    ]
    progress.finish()
    return outputs, repeated


def ladder_facts(task: EvaluationTask, rows: pd.DataFrame, outputs: Mapping[str, NetworkOutput]) -> LadderFacts:
    """Inputs of every rung of the ladder.

    Args:
        task: the data and the networks.
        rows: of the visit table, those that every rung predicts or learns from.
        outputs: of the networks, by rung.

    Returns:
        Everything in the order of `rows`; NaN for visits that a network was not run over.
    """
    keys = list(zip(rows["patient_id"], rows["visit_id"], strict=True))
    ordered = {name: _in_order(output, keys) for name, output in outputs.items()}
    truth = read_truth(task.dataset)
    if task.of_pairs and truth is not None:
        truth = true_changes(truth, rows)
    return LadderFacts(rows, task.covariates, ordered, truth, task.of_pairs)


def _in_order(output: NetworkOutput, keys: list[tuple[str, str]]) -> NetworkOutput:
    """The output with its rows in the order of `keys`; NaN for visits that it does not have."""
    at = {key: row for row, key in enumerate(output.ids)}
    # -1 picks the last row, which is blanked below
    order = np.array([at.get(key, -1) for key in keys])

    def pick(values: np.ndarray) -> np.ndarray:
        if values.dtype == bool:
            return values[order] & (order >= 0)[:, None]
        return np.where((order >= 0).reshape(-1, *[1] * (values.ndim - 1)), values[order], np.nan)

    return NetworkOutput(
        ids=list(keys),
        visible=pick(output.visible),
        outcome={name: pick(values) for name, values in output.outcome.items()},
        contributions=pick(output.contributions),
        osteoarthritis=pick(output.osteoarthritis),
        osteoarthritis_grades=pick(output.osteoarthritis_grades),
        embedding=pick(output.embedding),
        svdh=None if output.svdh is None else pick(output.svdh),
        score={name: pick(values) for name, values in output.score.items()},
        spread={name: pick(values) for name, values in output.spread.items()},
        deviation={name: pick(values) for name, values in output.deviation.items()},
        members=output.members,
        parts=None if output.parts is None else pick(output.parts),
        states=None if output.states is None else pick(output.states),
    )
