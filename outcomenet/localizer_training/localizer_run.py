"""Run of the whole localiser training: films, three networks in turn, calibration, one file of weights. Resumes anywhere."""

from __future__ import annotations

import dataclasses
from dataclasses import asdict
from pathlib import Path

from outcomenet.localization.weights import PARTS, WEIGHTS, Calibration, LocalizerWeights, save_weights
from outcomenet.localizer_training.calibrate import with_calibration
from outcomenet.localizer_training.held_out_films import held_out_films
from outcomenet.localizer_training.localizer_experiment import LocalizerExperiment
from outcomenet.localizer_training.source import simulated_source
from outcomenet.localizer_training.stages import train_stage
from outcomenet.progress import Progress
from outcomenet.runs.environment import set_numerics
from outcomenet.runs.provenance import public_name
from outcomenet.runs.record import begin_run, origin, write_record


def run_localizer_training(
    file: Path | None, experiment: LocalizerExperiment, run: Path, *, progress: Progress
) -> Path:
    """Trains the localiser, going on where an earlier call of the same run stopped.

    Args:
        file: The experiment's file, for the record; None where it was made in a program.
        experiment: Films to draw and steps of each network.
        run: The run's folder.
        progress: Shows how far the work is.

    Returns:
        The file of weights.
    """
    set_numerics()
    record = {
        "name": public_name(run),
        **origin(file),
        "config": asdict(experiment),
        "seeds": {"training": experiment.seed},
        "data": {"name": "simulated films"},
    }
    record = begin_run(run, record)
    source, shapes = simulated_source(experiment, run / "films", progress)
    networks = experiment.networks.build(experiment.seed)
    for name in PARTS:
        trained = train_stage(
            name,
            getattr(networks, name),
            source,
            getattr(experiment, name),
            experiment.optimiser,
            run / name,
            record["run_id"],
            progress,
        )
        networks = dataclasses.replace(networks, **{name: trained})
    made_by = {
        "experiment": record["experiment"],
        "experiment_sha256": record["experiment_sha256"],
        "seed": experiment.seed,
        "films": {"hand": experiment.hand_films, "foot": experiment.foot_films},
        "steps": {name: getattr(experiment, name).steps for name in PARTS},
        "devices": record["devices"],
    }
    held_out = held_out_films(experiment, shapes, run / "films_calibration", progress)
    weights = with_calibration(LocalizerWeights(networks, shapes, Calibration(), made_by), held_out, run, progress)
    save_weights(weights, run / WEIGHTS)
    write_record(run, record | {"stages": progress.stages})
    return run / WEIGHTS
