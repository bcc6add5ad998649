"""Walks the data once with the trained networks and writes what a run keeps: predictions, metrics, biomarker, audits."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from outcomenet.anatomy import JOINT_NAMES
from outcomenet.audits.contract import AuditInputs
from outcomenet.audits.network.run_audits import write_audits
from outcomenet.audits.network.trained_network import TrainedNetwork
from outcomenet.audits.sizes import AuditSizes
from outcomenet.cohorts.splits import fold_of
from outcomenet.csv_files import read_csv, write_csv
from outcomenet.datasets.dataset import PREVIEWS, SPLITS, STORED_SPLIT, Dataset, visit_key
from outcomenet.datasets.manifest import TRUTH
from outcomenet.datasets.pairs import VisitPairs, changes_of_human_score
from outcomenet.errors import DataRefused, UndefinedMetric
from outcomenet.evaluation.biomarker import biomarker_table, codebook, with_treatment
from outcomenet.evaluation.change import true_changes, write_responsiveness
from outcomenet.evaluation.pool import in_every_part
from outcomenet.evaluation.score_change import score_change_table
from outcomenet.inference.visits import CompiledNetwork
from outcomenet.input_pipeline.transforms import AugmentationConfig, CovariateScale, StoredExample
from outcomenet.intake.account.account import copy_account
from outcomenet.ladder.calibrators import write_calibrators
from outcomenet.ladder.facts import LadderFacts
from outcomenet.ladder.ladder import prediction_table
from outcomenet.ladder.left_out_sites import predictions_by_site
from outcomenet.ladder.nested import nested_comparison
from outcomenet.ladder.recalibration import recalibrate
from outcomenet.metrics.table import comparisons_table, metrics_table, primary_contrast
from outcomenet.outcomes import outcome
from outcomenet.pages.contact_sheet import contact_sheet
from outcomenet.picture_files import write_png
from outcomenet.predictions import NetworkOutput, write_predictions
from outcomenet.predictors import COVARIATES, DIRECT_ADJUSTED, measuring_network
from outcomenet.progress import Progress
from outcomenet.training.rungs import Parameters, RungNetwork


@dataclass(frozen=True)
class EvaluationTask:
    """What is evaluated: data, networks with their parameters, and how."""

    dataset: Dataset
    outcomes: tuple[str, ...]
    main_outcome: str  # what biomarker, primary contrast and audits are about
    covariates: tuple[str, ...]
    scale: CovariateScale
    networks: Mapping[str, RungNetwork]
    parameters: Mapping[str, Parameters]
    augmentation: AugmentationConfig
    resamples: int
    seed: int
    rereadings: int
    batch_size: int
    cross_fit_folds: int
    audits: AuditSizes
    run: str  # name of the run, for the prediction table
    of_pairs: bool = False  # networks compare the films of two visits
    fold: int = 0  # of `SplitConfig`: whom the networks did not learn from
    zero_is_no_change: bool = True  # of a pair's film score: not where the order of the films is told

    def examples(self, splits: Sequence[str]) -> Sequence[StoredExample]:
        """What the networks read: the visits, or pairs of visits, of some splits."""
        return VisitPairs(self.dataset, splits) if self.of_pairs else Examples(self.dataset, splits)

    def compiled(self, rung: str) -> CompiledNetwork:
        """One of the networks with its trained parameters, ready to be run."""
        return CompiledNetwork(self.networks[rung], self.parameters[rung], self.scale, self.batch_size)

    def rows(self) -> pd.DataFrame:
        """Rows that every rung predicts or learns from: those with films where networks take part."""
        visits = self.dataset.visits
        if self.of_pairs:
            return changes_of_human_score(visits).reset_index(drop=True)
        return (visits[visits["has_films"]] if self.networks else visits).reset_index(drop=True)


def refuse_nobody_held_out(task: EvaluationTask) -> None:
    """Raises DataRefused where no visit is there to judge the rungs by."""
    rows = task.rows()
    if not task.cross_fit_folds and not (rows["split"] == "test").any():
        needed = "two visits with films a year apart" if task.of_pairs else "films" if task.networks else "a visit"
        raise DataRefused(
            f"Data set {task.dataset.manifest.name} has no held-out patient (split test) with {needed}, so that nothing can "
            "be judged. Take in a larger cohort, or divide it anew in training with --split.folds and --split.fold."
        )


def evaluate(task: EvaluationTask, run: Path, progress: Progress) -> list[str]:
    """Writes predictions.parquet, metrics.csv, comparisons.csv, biomarkers.parquet, codebook.csv, ledger.csv,
    audits.csv, audit_*.csv, examples/, with networks score_change.csv, nested_comparison.csv, calibration.json,
    recalibrated_risks.parquet and recalibration.csv, and for pairs of visits responsiveness.csv into the folder `run`; returns
    notes on what could not be computed."""
    readings, rereadings = _read_films(task, progress)
    rows = task.rows()
    facts = _facts(task, rows, readings)
    predictions, notes = _predict(task, facts, task.run)
    write_predictions(predictions, run / "predictions.parquet")

    progress.start("resamples", task.resamples, "bootstrap metrics by patient")
    table, undefined = metrics_table(predictions, resamples=task.resamples, seed=task.seed)
    comparisons = comparisons_table(
        predictions, resamples=task.resamples, seed=task.seed, primary=primary_contrast(task.main_outcome)
    )
    progress.advance(task.resamples)
    progress.finish()
    write_csv(table, run / "metrics.csv")
    write_csv(undefined, run / "undefined_metrics.csv")
    write_csv(comparisons, run / "comparisons.csv")
    notes += _write_nested_comparison(task, facts, run)
    notes += _write_recalibration(task, predictions, run)
    if task.of_pairs:
        notes += write_responsiveness(
            task.dataset, facts, task.outcomes, run, zero_is_no_change=task.zero_is_no_change,
            resamples=task.resamples, seed=task.seed,
        )  # fmt: skip
    as_stored = STORED_SPLIT not in task.dataset.visits and not task.cross_fit_folds
    copy_account(task.dataset.folder, run, splits=as_stored)
    rung = measuring_network(readings)
    biomarker = None
    if rung is not None:
        biomarker = _write_biomarker(task, rows, rung, readings[rung], rereadings, run)
        notes += _write_score_change(task, biomarker, rereadings, run)
        _write_examples(task, run)
    write_audits(_audit_inputs(task, facts, predictions, biomarker, rung, progress), run)
    return notes


def _audit_inputs(
    task: EvaluationTask,
    facts: LadderFacts,
    predictions: pd.DataFrame,
    biomarker: pd.DataFrame | None,
    rung: str | None,
    progress: Progress,
) -> AuditInputs:
    main = outcome(task.main_outcome)
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


def _read_films(task: EvaluationTask, progress: Progress) -> tuple[dict[str, NetworkOutput], list[NetworkOutput]]:
    """Every network's reading of the visits that judge it, and perturbed re-readings of the held-out ones.

    The network whose score is the biomarker reads all visits, the others only those that were not trained on.
    """
    if not task.networks:
        return {}, []
    everything, held_out = task.examples(SPLITS), task.examples(("test",))
    judged = task.examples(("validation", "test"))
    rung = measuring_network(task.networks) or ""
    sources = {name: everything if name == rung else judged for name in task.networks}
    total = sum(map(len, sources.values())) + task.rereadings * len(held_out)
    progress.start("visits", total, "read films with the networks")

    networks = {name: task.compiled(name) for name in sources}
    readings = {name: networks[name].infer(networks[name].batches(of), progress) for name, of in sources.items()}
    rereadings = [
        networks[rung].infer(
            networks[rung].batches(held_out, augmentation=task.augmentation, seed=repeat + 1), progress
        )
        for repeat in range(task.rereadings if len(held_out) else 0)
    ]
    progress.finish()
    return readings, rereadings


class Examples(Sequence[StoredExample]):
    """The examples of some splits one after the other, each decoded only when it is asked for."""

    def __init__(self, dataset: Dataset, splits: Sequence[str]):
        self.sources = [dataset.examples(split) for split in splits]

    def __len__(self) -> int:
        return sum(len(source) for source in self.sources)

    def __getitem__(self, index: int) -> StoredExample:  # pyright: ignore[reportIncompatibleMethodOverride]
        for source in self.sources:
            if index < len(source):
                return source[index]
            index -= len(source)
        raise IndexError(index)


def _facts(task: EvaluationTask, rows: pd.DataFrame, readings: Mapping[str, NetworkOutput]) -> LadderFacts:
    keys = list(zip(rows["patient_id"], rows["visit_id"], strict=True))
    ordered = {name: _in_order(reading, keys) for name, reading in readings.items()}
    truth = read_truth(task.dataset)
    if task.of_pairs and truth is not None:
        truth = true_changes(truth, rows)
    return LadderFacts(rows, task.covariates, ordered, truth, task.of_pairs)


def _predict(task: EvaluationTask, facts: LadderFacts, run: str) -> tuple[pd.DataFrame, list[str]]:
    if task.cross_fit_folds:
        return _cross_fitted(task, facts, run)
    split = facts.visits["split"]
    return prediction_table(
        facts, task.outcomes, split == "train", split == "validation", run=run, seed=task.seed, fold=task.fold
    )


def _cross_fitted(task: EvaluationTask, facts: LadderFacts, run: str) -> tuple[pd.DataFrame, list[str]]:
    """Every patient predicted by regressions that never saw them; each row carries its fold and counts as held out."""
    patients = facts.visits["patient_id"]
    fold = patients.map(lambda p: fold_of(p, f"fold-{task.seed}", task.cross_fit_folds))
    tables, notes = [], []
    for k in range(task.cross_fit_folds):
        held_out, calibrate = fold == k, fold == (k + 1) % task.cross_fit_folds
        table, absent = prediction_table(
            facts, task.outcomes, ~held_out & ~calibrate, calibrate, run=run, seed=task.seed, fold=k
        )
        mine = set(patients[held_out])
        tables.append(table[table["patient_id"].isin(mine)].assign(split="test"))
        notes += [note for note in absent if note not in notes]
    table, absent = in_every_part(pd.concat(tables, ignore_index=True), task.cross_fit_folds)
    return table, notes + absent


def _write_nested_comparison(task: EvaluationTask, facts: LadderFacts, run: Path) -> list[str]:
    """Human total against film score at equal adjustment; nothing without a network to compare with."""
    if DIRECT_ADJUSTED not in facts.readings:
        return []
    table, notes = nested_comparison(facts, task.outcomes, resamples=task.resamples, seed=task.seed)
    write_csv(table, run / "nested_comparison.csv")
    return notes


def _write_recalibration(task: EvaluationTask, predictions: pd.DataFrame, run: Path) -> list[str]:
    """calibration.json, the networks' recalibrated risks, and calibration before and after; nothing without a network."""
    if not task.networks:
        return []
    found = recalibrate(predictions, resamples=task.resamples, seed=task.seed)
    write_calibrators(found.calibrators, run / "calibration.json")
    found.risks.to_parquet(run / "recalibrated_risks.parquet", index=False)
    write_csv(found.quality, run / "recalibration.csv")
    return found.notes


def read_truth(dataset: Dataset) -> pd.DataFrame | None:
    """What the oracle knows in a simulated cohort: the rheumatoid and osteoarthritic parts of disability, and the mean
    of every latent joint state (columns true_*). Training never comes here."""
    folder, ids = dataset.folder / TRUTH, {"patient_id": str, "visit_id": str}
    if not (folder / "visits.csv").is_file():
        return None
    visits = read_csv(folder / "visits.csv", dtype=ids)[[*ids, "ra_part", "oa_part"]]
    joints = read_csv(folder / "joints.csv", dtype=ids).drop(columns=["side", "site"])
    means = joints.groupby(list(ids), as_index=False).mean()
    known = visits.merge(means, on=list(ids), how="left", validate="one_to_one")
    return known.rename(columns={name: f"true_{name}" for name in known.columns if name not in ids})


def _in_order(reading: NetworkOutput, keys: list[tuple[str, str]]) -> NetworkOutput:
    """The reading with its rows in the order of `keys`; NaN for visits that it did not read."""
    at = {key: row for row, key in enumerate(reading.ids)}
    order = np.array([at.get(key, -1) for key in keys])

    def pick(values: np.ndarray) -> np.ndarray:
        if values.dtype == bool:
            return values[order] & (order >= 0)[:, None]
        return np.where((order >= 0).reshape(-1, *[1] * (values.ndim - 1)), values[order], np.nan)

    return NetworkOutput(
        ids=list(keys),
        visible=pick(reading.visible),
        outcome={name: pick(values) for name, values in reading.outcome.items()},
        contributions=pick(reading.contributions),
        osteoarthritis=pick(reading.osteoarthritis),
        osteoarthritis_grades=pick(reading.osteoarthritis_grades),
        embedding=pick(reading.embedding),
        svdh=None if reading.svdh is None else pick(reading.svdh),
        score={name: pick(values) for name, values in reading.score.items()},
        spread={name: pick(values) for name, values in reading.spread.items()},
        deviation={name: pick(values) for name, values in reading.deviation.items()},
        members=reading.members,
    )


def _write_biomarker(
    task: EvaluationTask, rows: pd.DataFrame, rung: str, reading: NetworkOutput, again: list[NetworkOutput], run: Path
) -> pd.DataFrame:
    of = task.outcomes.index(task.main_outcome)
    table = biomarker_table(reading, again, rows, outcome=of, fold=task.fold)
    written = with_treatment(table, rows)
    written.to_parquet(run / "biomarkers.parquet", index=False)
    words = codebook(written, outcome(task.main_outcome).title, task.networks[rung].confounding)
    write_csv(words, run / "codebook.csv")
    return table


def _write_score_change(
    task: EvaluationTask, biomarker: pd.DataFrame, again: list[NetworkOutput], run: Path
) -> list[str]:
    """What the score and the human total see of change; nothing where a pair's score is a change already."""
    if task.of_pairs:
        return []
    try:
        table = score_change_table(
            task.dataset, biomarker, again, outcome=task.outcomes.index(task.main_outcome),
            resamples=task.resamples, seed=task.seed,
        )  # fmt: skip
    except UndefinedMetric as reason:
        return [f"score_change.csv is absent: {reason}"]
    write_csv(table, run / "score_change.csv")
    return []


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
