"""Run of the whole localiser training: films, three networks in turn, calibration, one file of weights. Resumes anywhere."""

from __future__ import annotations

import dataclasses
from dataclasses import asdict
from pathlib import Path
from typing import Any

from outcomenet.anatomy import Region
from outcomenet.csv_files import write_csv
from outcomenet.errors import UndefinedMetric
from outcomenet.localization.frames import PATCH_PX
from outcomenet.localization.localizer import Localizer
from outcomenet.localization.networks import Networks, build
from outcomenet.localization.shape_model import ShapeModel, fit_shape
from outcomenet.localization.weights import PARTS, WEIGHTS, Calibration, LocalizerWeights, save_weights
from outcomenet.localizer_training.calibrate import calibrated, compared, summary
from outcomenet.localizer_training.experiment import LocalizerExperiment
from outcomenet.localizer_training.film_bank import FilmBank
from outcomenet.localizer_training.held_out import held_out_film
from outcomenet.localizer_training.source import Source
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
    banks = open_banks(experiment, run / "films", progress)
    shapes = {region: fit_shape(bank.points, region) for region, bank in banks.items()}
    source = Source(banks, {region: shape.mean for region, shape in shapes.items()})
    networks = fresh_networks(experiment)
    for name in PARTS:
        if name == "finder":
            _ = [bank.small for bank in banks.values()]  # once, before threads ask for it
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
    weights = with_calibration(experiment, networks, shapes, run, made_by, progress)
    save_weights(weights, run / WEIGHTS)
    write_record(run, record | {"stages": progress.stages})
    return run / WEIGHTS


def open_banks(experiment: LocalizerExperiment, folder: Path, progress: Progress) -> dict[Region, FilmBank]:
    """The training films of both regions, drawn where they are not there yet.

    Args:
        experiment: How many, and how varied.
        folder: Where they lie.
        progress: Shows how far the drawing is.

    Returns:
        A bank per region.
    """
    count = {Region.HAND: experiment.hand_films, Region.FOOT: experiment.foot_films}
    banks = {r: FilmBank(folder, r, experiment.seed, count[r], experiment.variety) for r in Region}
    for bank in banks.values():
        bank.draw(progress)
    return banks


def fresh_networks(experiment: LocalizerExperiment) -> Networks:
    """The three networks before training, initialised from the experiment's seed."""
    return build(experiment.networks, PATCH_PX, experiment.seed)


def with_calibration(
    experiment: LocalizerExperiment,
    networks: Networks,
    shapes: dict[Region, ShapeModel],
    run: Path,
    made_by: dict[str, Any],
    progress: Progress,
) -> LocalizerWeights:
    """Calibrates on one half of films of another seed and says how far the localiser is off on the other half.

    Args:
        experiment: How many films; their seed is the training's plus 1.
        networks: Trained.
        shapes: Mean shape and its variation by region.
        run: The run's folder; held_out.csv has a row per landmark of the second half.
        made_by: What the weights file says of its origin.
        progress: Shows how far the work is.

    Returns:
        Weights with their calibration; where it is undefined, as after a run that was only tried out, without.
    """
    films = []
    for region in Region:
        count = experiment.calibration_films
        bank = FilmBank(run / "films_calibration", region, experiment.seed + 1, 2 * count, experiment.variety)
        bank.draw(progress)
        films += [held_out_film(bank, shapes[region].mean, experiment.seed, n) for n in range(2 * count)]
    progress.start("films", len(films), "calibrate and check")
    try:
        calibration = calibrated(LocalizerWeights(networks, shapes, Calibration(), made_by), films[::2])
    except UndefinedMetric as reason:  # a run that was only tried out
        progress.say(f"Not calibrated: {reason}")
        calibration, made_by = Calibration(), made_by | {"calibrated": False}
    progress.advance(len(films[::2]))
    weights = LocalizerWeights(networks, shapes, calibration, made_by)
    table = compared(Localizer(weights), films[1::2])
    progress.advance(len(films[1::2]))
    progress.finish()
    write_csv(table, run / "held_out.csv")
    for region, rows in table.groupby("region"):
        numbers = ", ".join(f"{name} {value:.3f}" for name, value in summary(rows).items())
        progress.say(f"held-out {region} films: {numbers}")
    return weights
