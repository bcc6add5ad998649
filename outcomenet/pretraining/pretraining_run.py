"""Run of the encoder's pretraining: a bank of simulated joints, the joint network, its accuracy, one file of weights."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

from outcomenet import csv_files
from outcomenet.artifacts import JsonObject, sha256_of
from outcomenet.errors import UsageError
from outcomenet.localization.geometry import CropGeometry
from outcomenet.models.joint_states import JointNet
from outcomenet.models.joint_weights import (
    MADE_BY,
    PART,
    JointWeights,
    begun_from,
    load_joint_weights,
    save_joint_weights,
)
from outcomenet.pretraining.crop_looks import LookRanges
from outcomenet.pretraining.joint_accuracy import joint_accuracy
from outcomenet.pretraining.joint_bank import JointBank
from outcomenet.pretraining.joint_losses import joint_loss
from outcomenet.pretraining.pair_batches import BLOCK, PairBatches
from outcomenet.pretraining.pretraining_experiment import PretrainingExperiment
from outcomenet.pretraining.real_looks import real_looks
from outcomenet.pretraining.reference_joints import add_reference
from outcomenet.progress import Progress
from outcomenet.runs.environment import set_numerics
from outcomenet.runs.provenance import public_name
from outcomenet.runs.record import begin_run, origin, write_record
from outcomenet.training.ahead import BatchesAhead
from outcomenet.training.single_network import train_network

WEIGHTS, ACCURACY = "joints.safetensors", "joint_accuracy.csv"
REAL_FILMS = "real films"
STATISTICS_ONLY = f"{REAL_FILMS}, but for grey levels and fineness of those named in real_films"
NOT_SEEN = (
    "children's joints",
    "fractures, casts and metal other than joint implants",
    "other diseases than rheumatoid arthritis and osteoarthritis (psoriatic arthritis, gout, crystal deposits)",
    "views other than hands and feet from above",
)


def run_pretraining(file: Path | None, experiment: PretrainingExperiment, run: Path, *, progress: Progress) -> Path:
    """Pretrains the encoder, going on where an earlier call of the same run stopped.

    Args:
        file: The experiment's file, for the record; None where it was made in a program.
        experiment: Joints, looks, network and training.
        run: The run's folder.
        progress: Shows how far the training is.

    Returns:
        The file of weights.

    Raises:
        UsageError: There is no file to go on from or no teacher, or a file's encoder or crops are other ones; the run's folder is
            another run's.
    """
    set_numerics()
    start = Path(experiment.initial) if experiment.initial else None
    if start and not start.is_file():
        raise UsageError(f"There is no weights file {start} to go on from (initial); make one with {MADE_BY}.")
    teachers = [Path(path) for path in experiment.teachers]
    taught_by = [_teacher(path, experiment.geometry) for path in teachers]
    record = begin_run(
        run,
        {
            "name": public_name(run),
            **origin(file),
            "config": asdict(experiment)
            | {"initial": start.name if start else "", "teachers": [path.name for path in teachers]},
            "seeds": {"training": experiment.seed},
            "data": {"name": "simulated joints"}
            | ({"begun_from_sha256": sha256_of(start)} if start else {})
            | ({"teachers_sha256": [sha256_of(path) for path in teachers]} if teachers else {}),
        },
    )
    training, geometry = experiment.training, experiment.geometry
    bank = JointBank(experiment.seed, geometry=geometry, scenes=experiment.scenes)
    batches = PairBatches(bank, training.batch_size, experiment.looks)
    network, begun = experiment.network.build(geometry.size_px, training.seed), None
    if start:
        network, begun = begun_from(network, geometry.size_px, start)
    network = train_network(
        PART,
        network,
        lambda network, batch: joint_loss(network, batch, experiment.loss_weights, taught_by),
        BatchesAhead(batches.block, training.threads, of_block=BLOCK, ahead=2),
        training,
        experiment.optimiser,
        run / PART,
        record["run_id"],
        progress,
    )
    held_out = replace(batches, bank=replace(bank, seed=experiment.seed + 1))
    accuracy = joint_accuracy(network, held_out, experiment.held_out_pairs)
    csv_files.write_csv(accuracy, run / ACCURACY)
    card = {
        "command": record["command"],
        "experiment": record["experiment"],
        "experiment_sha256": record["experiment_sha256"],
        "config": record["config"],
        "pairs_seen": training.steps * training.batch_size,
        "devices": record["devices"],
        **real_films(experiment.looks),
        "held_out_pairs": experiment.held_out_pairs,
        "begun_from": begun,
        "held_out": accuracy.round(4).astype(object).where(accuracy.notna(), None).to_dict("records"),
    }
    save_joint_weights(JointWeights(network, geometry.size_px, geometry.mm_per_px, card), run / WEIGHTS)
    add_reference(run / WEIGHTS, experiment.reference_pairs, progress)
    write_record(run, record | {"stages": progress.stages})
    return run / WEIGHTS


def _teacher(path: Path, geometry: CropGeometry) -> JointNet:
    if not path.is_file():
        raise UsageError(f"There is no weights file {path} to learn from (teachers); make one with {MADE_BY}.")
    weights = load_joint_weights(path)
    if (weights.size_px, weights.mm_per_px) != (geometry.size_px, geometry.mm_per_px):
        raise UsageError(
            f"A teacher reads the crops of this training, {geometry.size_px} px at {geometry.mm_per_px:g} mm; {path} reads "
            f"{weights.size_px} px at {weights.mm_per_px:g} mm."
        )
    return weights.network


def real_films(looks: LookRanges) -> JsonObject:
    """Entries of the card: real films whose statistics took part, and what the network has not seen.

    Args:
        looks: Of the training.
    """
    films = [{"film": look.film, "licence": look.licence} for look in real_looks()] if looks.real > 0 else []
    return {"real_films": films, "not_seen": [STATISTICS_ONLY if films else REAL_FILMS, *NOT_SEEN]}
