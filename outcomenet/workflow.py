"""What is done with runs: an experiment is trained, evaluated, reported, and used on new films."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from outcomenet.artifacts import JsonObject
from outcomenet.datasets.dataset import Dataset, open_dataset
from outcomenet.datasets.leaks import alike_notes, refuse_leaks
from outcomenet.datasets.resplit import resplit
from outcomenet.devices import usable_devices
from outcomenet.errors import DataRefused, OutcomenetError, UsageError
from outcomenet.experiment import Experiment, experiment_of
from outcomenet.experiment_data import known_outcomes
from outcomenet.inference.embedded_films import KeptEmbeddings
from outcomenet.inference.film_options import NOTHING_SAID, FilmOptions
from outcomenet.localization.geometry import CropGeometry, LimbLengths
from outcomenet.models.outcome_net import SHIPPED
from outcomenet.models.visit_comparison import PairReading
from outcomenet.predictors import measuring_network
from outcomenet.progress import Progress
from outcomenet.runs import chain
from outcomenet.runs.config import to_record
from outcomenet.runs.environment import differences, environment, set_numerics
from outcomenet.runs.held_out_ledger import held_out_ledger, opened
from outcomenet.runs.provenance import portable_path, public_name, resolved_path
from outcomenet.runs.record import begin_run, origin, read_record, utc_now, write_record
from outcomenet.stopping import asked_by_signals
from outcomenet.strategies import ESTIMANDS
from outcomenet.training import processes
from outcomenet.training.checkpoints import Checkpoints, abstract_of
from outcomenet.training.loop import train
from outcomenet.training.metric_writers import expect_writers, opened_writers
from outcomenet.training.rungs import Parameters, RungNetwork
from outcomenet.training.sharding import device_mesh, replicated
from outcomenet.training.state import abstract_state
from outcomenet.wiring import (
    networks_of,
    parameter_counts,
    prepared,
    training_data,
    training_examples,
    training_step,
    warm_started,
    wire,
)

if TYPE_CHECKING:
    from outcomenet.evaluation.task import EvaluationTask
    from outcomenet.inference.prediction_task import PredictionTask
    from outcomenet.models.joint_distances import JointDistances


def run_training(
    file: Path | None,
    experiment: Experiment,
    data: Path,
    run: Path,
    *,
    progress: Progress,
    before: Sequence[Mapping[str, object]] = (),
    writers: Sequence[str] = (),
    viewers: Path | None = None,
    kept: KeptEmbeddings | None = None,
) -> Path:
    """Trains the networks of an experiment, going on where an earlier call stopped.

    Args:
        file: where the experiment was loaded from, for the record; None where it was made in Python.
        experiment: the question.
        data: the data set's folder.
        run: the run's folder, which is written or gone on with.
        progress: is told of stages, notes and warnings.
        before: stages of the data's making, for the record.
        writers: `tensorboard`, `mlflow`, `wandb`: viewers' files of the metrics.
        viewers: where they lie, less `.WRITER`; None: beside the run.
        kept: embedded films of an earlier training of this process, which one with the same frozen encoder takes.

    Returns:
        The run's folder.

    Raises:
        UsageError: the data set cannot answer the question, or the folder holds another run.
        DataRefused: the data set is not the one that was written, or has patients in two splits.
        Preempted: the process was asked to stop; the last step is saved.
        TrainingDiverged: a loss is not finite.
        CheckpointError: there are checkpoints, and none is sound or of this run.
    """
    expect_writers(writers)
    set_numerics()
    wired = prepared(experiment, data)
    experiment, dataset, weights = wired.experiment, wired.dataset, wired.weights
    for note in [*known_outcomes(experiment, dataset), *alike_notes(wired.alike)]:
        progress.say(f"Note: {note}")
    record = {
        "name": public_name(run),
        **origin(file),
        "config": to_record(experiment),
        "estimands": {name: ESTIMANDS[name] for name in experiment.confounding.strategies()},
        "seeds": {"training": experiment.training.seed, "evaluation": experiment.evaluation.seed},
        "data": describe(dataset),
        "data_folder": portable_path(data, run),
        "pretrained": None if weights is None else weights.card,
        "stages": list(before),
    }
    begun = _begun(run, record, progress)
    if begun is None:
        return run
    record = begun
    if not experiment.rungs:
        progress.say("This experiment has no networks: nothing to train; `outcomenet evaluate` fits its regressions.")
        end_training(run, record, progress)
        return run
    wiring = wire(experiment, dataset, weights)
    record["parameters"] = parameter_counts(wiring.networks)
    writes = processes.number() == 0
    if writes:
        write_record(run, record)
    mesh = device_mesh(experiment.training.devices or None)
    state = wiring.initial_state(warm_started(wiring) if experiment.training.warm_start else None)
    data_of_steps = training_data(wiring, training_examples(wiring, state, progress, kept=kept), progress)
    step = training_step(wiring)
    with asked_by_signals() as stop:
        train(
            step, state, data_of_steps.batches, experiment.training, run, mesh, run_id=record["run_id"], progress=progress,
            held=data_of_steps.held, stop=stop, writers=lambda step: opened_writers(writers, viewers or run, record["config"], step),
        )  # fmt: skip
    if writes:
        end_training(run, record, progress)
    return run


REFUSED = "refused"  # by the first of several processes


def _begun(run: Path, record: JsonObject, progress: Progress) -> JsonObject | None:
    """The record of the run that is begun or gone on with; None where it is trained to the end. The first of several processes
    decides, and the others have a record of its identity alone."""
    if processes.number() > 0:
        said = processes.told_by_first("")
        if said == REFUSED:
            raise OutcomenetError("The first process of this run refused it, or failed; its own error says why.")
        return {"run_id": said, "config": record["config"]} if said else None
    try:
        now, record = record, begin_run(run, record)
        is_open = chain.reopen_training(run)
    except BaseException:
        processes.told_by_first(REFUSED)
        raise
    processes.told_by_first(record["run_id"] if is_open else "")
    if not is_open:
        progress.say(f"{run} is trained to the end already; next: `outcomenet evaluate {run}`.")
        return None
    return gone_on(record, now, progress)


def gone_on(record: JsonObject, now: JsonObject, progress: Progress) -> JsonObject:
    """The record of a run that goes on, with a note where the program or the machine is another now.

    Args:
        record: as the run began.
        now: what would be recorded of this call.
        progress: is told the same note.
    """
    changed = differences(record, now)
    if not changed:
        return record
    note = f"This training goes on under other conditions than it began with: {'; '.join(changed)}. Numbers may differ."
    progress.say(f"Warning: {note}")
    return record | {"conditions": [*record.get("conditions", []), note]}


def end_training(run: Path, record: JsonObject, progress: Progress) -> None:
    """Completes the record and writes the manifest, which says that training is over.

    Args:
        run: the run's folder.
        record: of the run.
        progress: knows the stages of this call.
    """
    times = record["times"] | {"finished": utc_now()}
    write_record(run, record | {"stages": record["stages"] + progress.stages, "times": times})
    chain.seal_training(run)


def run_evaluation(run: Path, data: Path | None = None, *, progress: Progress) -> list[str]:
    """Evaluates a trained run on its data set, see `evaluation.evaluate`.

    Args:
        run: the run's folder.
        data: its data set; None: where the record says that it lies.
        progress: is told of stages.

    Returns:
        Notes on what could not be computed.

    Raises:
        UsageError: the run joins others, or its data set is not where it was.
        DataRefused: the data set is another one by its fingerprint, or holds nobody out.
        CheckpointError: the last checkpoint is damaged, or another run's.
    """
    from outcomenet.evaluation.evaluate import evaluate
    from outcomenet.evaluation.task import refuse_nobody_held_out

    set_numerics()
    record = read_record(run)
    if "pooled" in record:
        raise UsageError(
            f"{run} joins {', '.join(record['pooled'])} and is evaluated already: report it, or evaluate one of those."
        )
    chain.finish(run, chain.Stage.EVALUATION)
    chain.check_run(run, upto=chain.Stage.TRAINING)
    experiment = experiment_of(record)
    dataset = resplit(open_dataset(data or data_folder_of(run, record)), experiment.split)
    if dataset.manifest.fingerprint != record["data"]["fingerprint"]:
        raise DataRefused(
            f"{dataset.folder} is not the data set that {run} was trained on (fingerprint "
            f"{dataset.manifest.fingerprint[:16]}, expected {record['data']['fingerprint'][:16]}); name that one by data= (--data)."
        )
    if experiment.rungs:
        usable_devices()
    of, now, begun = chain.inputs_of(run, record), environment(), utc_now()
    if chain.is_evaluated(run, now["source_sha256"]):
        progress.say(f"{run} is evaluated already; next: `outcomenet report {run}`.")
        return chain.read_evaluation(run)["notes"]
    task = _evaluation_task(experiment, dataset, run, record)
    alike = refuse_leaks(dataset, accept_alike=experiment.split.accept_alike_films)
    conditions = [*record.get("conditions", []), *other_conditions(record, now)]
    refuse_nobody_held_out(task)
    count = opened(
        dataset.folder, run_id=record["run_id"], run=public_name(run), experiment=record["config"]["name"], now=begun
    )
    if count is not None and count > 1:
        progress.say(
            f"The held-out patients of {dataset.folder} have been opened by {count} runs ({held_out_ledger(dataset.folder).name})."
        )
    with chain.staged(run, chain.Stage.EVALUATION) as folder:
        notes = known_outcomes(experiment, dataset) + alike_notes(alike) + evaluate(task, folder, progress) + conditions
        entries = {"notes": notes, "stages": progress.stages, "environment": now}
        chain.write_evaluation(folder, of, entries | {"times": {"begun": begun, "finished": utc_now()}})
    return notes


def run_validation(run: Path, data: Path, file: Path, *, progress: Progress) -> list[str]:
    """Predictions of a trained run for its validation patients; the test patients' films and outcomes are not opened.

    Args:
        run: the run's folder, which stays as it is.
        data: its data set.
        file: Parquet of predictions to write.
        progress: is told of stages.

    Returns:
        Notes on predictors that are absent.

    Raises:
        UsageError: the run is not trained to the end.
        CheckpointError: the last checkpoint is damaged, or another run's.
    """
    from outcomenet.evaluation.validation import without_test, write_validation

    set_numerics()
    record = chain.check_run(run, upto=chain.Stage.TRAINING)
    experiment = experiment_of(record)
    dataset = without_test(resplit(open_dataset(data), experiment.split))
    if experiment.rungs:
        usable_devices()
    return write_validation(_evaluation_task(experiment, dataset, run, record), file, progress)


def _evaluation_task(experiment: Experiment, dataset: Dataset, run: Path, record: JsonObject) -> EvaluationTask:
    from outcomenet.evaluation.task import EvaluationTask

    wiring = wire(experiment, dataset)
    return EvaluationTask(
        dataset=dataset,
        outcomes=experiment.outcomes,
        main_outcome=experiment.about,
        covariates=experiment.covariates,
        scale=wiring.covariates,
        networks=wiring.networks,
        parameters=restore_parameters(experiment, wiring.networks, run, record) if experiment.rungs else {},
        augmentation=experiment.augmentation,
        of_pairs=experiment.of_pairs,
        fold=experiment.split.fold,
        zero_is_no_change=experiment.network.pairs is not PairReading.CHRONOLOGICAL,
        run=public_name(run),
        **vars(experiment.evaluation),
    )


def data_folder_of(run: Path, record: JsonObject) -> Path:
    """Where a run's data set lies.

    Args:
        run: the run's folder, to which the place may be relative.
        record: of the run.

    Raises:
        UsageError: the record does not say where, or the data set is gone.
    """
    folder = resolved_path(record["data_folder"], run) if record["data_folder"] else None
    if folder is None or not folder.exists():
        where = f" is no longer at {folder}" if folder else "'s place is not in its record, which names no person"
        raise UsageError(f"The data set of {run}{where}; name it by data= (--data).")
    return folder


def other_conditions(record: JsonObject, now: JsonObject) -> list[str]:
    """A sentence where a run is used by another program or on another machine than it was trained with.

    Args:
        record: of the run.
        now: the environment of this call.
    """
    changed = differences(record, now)
    return (
        [f"Trained and used under different conditions: {'; '.join(changed)}. Numbers may differ."] if changed else []
    )


def run_report(run: Path) -> Path:
    """Writes the report of an evaluated run (see `reports.write_report`), whole or not at all."""
    from outcomenet.reports import write_report

    chain.finish(run, chain.Stage.REPORT)
    chain.check_run(run, upto=chain.Stage.EVALUATION, needs=chain.Stage.EVALUATION)
    with chain.staged(run, chain.Stage.REPORT) as folder:
        write_report(run, folder)
    return run / "report.html"


def run_prediction(
    run: Path,
    films: Sequence[Path],
    out: Path,
    options: FilmOptions = NOTHING_SAID,
    *,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Runs a trained network over film files, see `inference.films.predict_films`, whose arguments these are.

    Raises:
        UsageError: the run has no network for single films, `out` holds something else, or there is no film.
        DataRefused: landmarks do not fit the films, or the record is of an earlier version.
        CheckpointError: the last checkpoint is damaged, or another run's.
    """
    from outcomenet.inference.films import predict_films

    progress = progress or Progress()
    return predict_films(_prediction_task(run, progress), films, out, options, progress=progress)


def run_comparison(
    run: Path,
    before: Sequence[Path],
    after: Sequence[Path],
    out: Path,
    options: FilmOptions = NOTHING_SAID,
    *,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Compares films of a patient at two dates, see `inference.film_pairs.compare_films`, whose arguments these are.

    Raises:
        UsageError: the run tells no joint states, `out` holds something else, or a date has no film or a side twice.
        DataRefused: landmarks do not fit the films, or the record is of an earlier version.
        CheckpointError: the last checkpoint is damaged, or another run's.
    """
    from outcomenet.inference.film_pairs import compare_films

    progress = progress or Progress()
    return compare_films(_prediction_task(run, progress), before, after, out, options, progress=progress)


def _prediction_task(run: Path, progress: Progress) -> PredictionTask:
    """The network of a run for single films, with a warning where the program or the machine is another now."""
    from outcomenet.inference.film_risks import calibrators_of
    from outcomenet.inference.prediction_task import PredictionTask, film_network

    usable_devices()
    set_numerics()
    record = chain.check_run(run)
    if "pooled" in record:
        raise UsageError(
            f"{run} joins {', '.join(record['pooled'])} and has no network of its own; read with one of those."
        )
    experiment = experiment_of(record)
    if experiment.of_pairs:
        raise UsageError(f"{run} compares the films of two visits and cannot read single films.")
    rung = measuring_network(experiment.rungs)
    if rung is None:
        raise UsageError(f"{run} trained no network; films can only be read by a run that did.")
    crop, lengths = _crops_of(run, record)
    networks = networks_of(experiment, crop.size_px, record["data"]["readers"])
    restored = restore_parameters(experiment, networks, run, record)
    task = PredictionTask(
        film_network(networks[rung], restored[rung]),
        crop,
        lengths,
        experiment.outcomes,
        experiment.about,
        calibrators_of(run, rung),
        chain.inputs_of(run, record) | {"rung": rung},
        _judge_of(record, crop),
    )
    for note in other_conditions(record, environment()):
        progress.say(f"Warning: {note}")
    return task


def _judge_of(record: JsonObject, crop: CropGeometry) -> JointDistances | None:
    """What tells joints unlike those of the pretraining; None for a run that did not begin with the shipped weights."""
    from outcomenet.inference.prediction_task import LIMBS_PER_BATCH
    from outcomenet.models.joint_distances import shipped_distances

    if (record.get("pretrained") or {}).get("file") != SHIPPED:
        return None
    return shipped_distances(crop.size_px, crop.mm_per_px, LIMBS_PER_BATCH)


def _crops_of(run: Path, record: JsonObject) -> tuple[CropGeometry, LimbLengths]:
    """How the joints of the run's data set were cut and scaled; DataRefused where an earlier version did not record it."""
    data = record["data"]
    if "limb_lengths" not in data:
        raise DataRefused(
            f"The record of {run} does not say with which limb lengths films without a pixel spacing were scaled: an earlier "
            "version of outcomenet made it. Build its data set again and train it again."
        )
    return CropGeometry(**data["crop"]), LimbLengths(**data["limb_lengths"])


def restore_parameters(
    experiment: Experiment, networks: Mapping[str, RungNetwork], run: Path, record: JsonObject
) -> dict[str, Parameters]:
    """Parameters of the last step of a run.

    Args:
        experiment: of the run.
        networks: the experiment's, which give names, shapes and types.
        run: the run folder.
        record: of the run.

    Returns:
        Each network's parameters, on the first device.

    Raises:
        CheckpointError: the checkpoint is damaged, or another run's.
        UsageError: the run has no checkpoint.
    """
    optimiser = experiment.optimiser.build(experiment.training.steps)
    # on one device: a run may have been trained on more than there are here
    expected = abstract_of(abstract_state(networks, optimiser), replicated(device_mesh(1)))
    restored = Checkpoints(run / chain.CHECKPOINTS, record["run_id"]).restore(expected, experiment.training.steps)
    if restored is None:
        raise UsageError(f"{run} has no checkpoint yet; run its `outcomenet train` command to the end first.")
    return {name: network.parameters for name, network in restored[0].networks.items()}


def describe(dataset: Dataset) -> JsonObject:
    """What a run records about its data."""
    manifest = dataset.manifest
    return {
        "name": manifest.name,
        "licence": manifest.licence,
        "simulated": manifest.simulated,
        "fingerprint": manifest.fingerprint,
        "patients": manifest.patients,
        "visits": manifest.visits,
        "patients_by_source": manifest.patients_by_source,
        "splits": dataset.visits.groupby("patient_id")["split"].first().value_counts().to_dict(),
        "readers": len(manifest.readers),
        "crop": asdict(manifest.geometry),
        "limb_lengths": asdict(manifest.lengths),
    }
