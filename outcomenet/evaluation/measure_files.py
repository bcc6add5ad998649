"""Files about the measuring network's score: biomarkers.parquet and its scales, score_change.csv, example films."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from outcomenet.anatomy import JOINT_NAMES
from outcomenet.codebooks import ColumnWords
from outcomenet.csv_files import read_csv, write_csv
from outcomenet.datasets.dataset import PREVIEWS, SPLITS, visit_key
from outcomenet.evaluation.biomarker import KEYS, biomarker_table, with_treatment
from outcomenet.evaluation.biomarker_scale import LINKS, on_scales, score_scale
from outcomenet.evaluation.biomarker_words import biomarker_words
from outcomenet.evaluation.damage_change import damage_changes
from outcomenet.evaluation.score_change import write_score_change
from outcomenet.evaluation.task import EvaluationTask, Examples
from outcomenet.outcomes import HAQ, HAQ_CHANGE, outcome
from outcomenet.pages.contact_sheet import contact_sheet
from outcomenet.picture_files import write_png
from outcomenet.predictions import NetworkOutput
from outcomenet.progress import Progress


def write_measure(
    task: EvaluationTask,
    rows: pd.DataFrame,
    rung: str,
    output: NetworkOutput,
    repeated: Sequence[NetworkOutput],
    run: Path,
    progress: Progress,
) -> tuple[pd.DataFrame, dict[str, ColumnWords], list[str]]:
    """Writes biomarkers.parquet, biomarker_links.csv, score_change.csv and examples/.

    Args:
        task: the data and the networks.
        rows: of the visit table, those that the network was run over.
        rung: the measuring network.
        output: of that network for every visit.
        repeated: outputs for perturbed films of the held-out visits.
        run: the folder that is written to.
        progress: is told of pairs of films that are read together.

    Returns:
        The biomarker table with its words, and notes on what could not be computed.
    """
    of = task.outcomes.index(task.main_outcome)
    table = with_treatment(biomarker_table(output, repeated, rows, outcome=of, fold=task.fold), rows)
    haq = table[KEYS].merge(rows, on=KEYS, how="left")[HAQ_CHANGE.name if task.of_pairs else HAQ.name].to_numpy(float)
    # of score_sem: each visit that was read again has one less than its readings
    freedom = len(repeated[0].ids) * (len(repeated) - 1) if repeated else 0
    scale = score_scale(table, haq, task.run).assign(sem_freedom=freedom)
    write_csv(scale, run / LINKS)
    table = on_scales(table, scale)
    table.to_parquet(run / "biomarkers.parquet", index=False)
    title = outcome(task.main_outcome).title
    words = biomarker_words(list(map(str, table)), title, task.networks[rung].confounding)
    notes: list[str] = []
    if not task.of_pairs:  # the score of a pair is a change already
        notes = write_score_change(
            task.dataset, table, repeated, run, outcome=of, resamples=task.resamples, seed=task.seed,
            damage=damage_changes(task, progress), randomised=task.randomised,
        )  # fmt: skip
    _write_examples(task, run)
    return table, words, notes


def _write_examples(task: EvaluationTask, run: Path) -> None:
    """Whole films with their joint squares, and the crops of the same visits, for the report."""
    source, target = task.dataset.folder / PREVIEWS, run / "examples"
    if not (source / "films.csv").is_file():
        return
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target)
    films = read_csv(target / "films.csv", dtype=str)
    wanted = set(zip(films["patient_id"], films["visit_id"], strict=True))
    # visits of two patients may have one name: the report knows a visit by both
    films["visit_id"] = films["patient_id"] + "_" + films["visit_id"]
    write_csv(films.drop(columns="patient_id"), target / "films.csv")
    for example in Examples(task.dataset, SPLITS):
        key = visit_key(example)
        if key in wanted:
            wanted.discard(key)
            sheet = contact_sheet(
                np.asarray(example["crops"]), np.asarray(example["present"]).astype(bool), JOINT_NAMES
            )
            write_png(target / f"crops_{key[0]}_{key[1]}.png", sheet)
        if not wanted:
            break
