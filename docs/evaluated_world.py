"""A simulated world from patients to an evaluated run, for tables of many worlds."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import outcomenet as on
from outcomenet.experiment_files import experiment_file

# What such tables ask needs one network; readings of changed films and audits are cut to their least.
ONE_NETWORK: dict[str, object] = {
    "rungs": ("direct_adjusted",), "evaluation.rereadings": 0, "evaluation.audits.intervention_patients": 10,
    "evaluation.audits.border_visits": 60, "evaluation.audits.explained_visits": 8, "evaluation.audits.shuffled_networks": 1,
}  # fmt: skip


def evaluated_world(place: Path, experiment: str, settings: Mapping[str, object], **cohort: object) -> Path:
    """Simulates a cohort, takes it in, trains an experiment on it and evaluates; cohort and data set are deleted then.

    Args:
        place: Folder of this world; what is there already is gone on with, and an evaluated run is left as it is.
        experiment: Name of one that comes with outcomenet.
        settings: Of the experiment, beside its own.
        cohort: Arguments of `on.simulate`.

    Returns:
        The run's folder.
    """
    run = place / "run"
    if (run / "metrics.csv").is_file():
        return run
    if not (place / "dataset").exists():
        if not (place / "cohort").exists():
            on.simulate(place / "cohort", films="crops", **cohort)  # pyright: ignore[reportArgumentType]
        on.intake(place / "cohort", place / "dataset")
    asked = on.load_experiment(experiment).with_settings(settings)
    on.train(asked, place / "dataset", run, file=experiment_file(experiment))
    on.evaluate(run, place / "dataset")
    for name in ("cohort", "dataset"):  # a gigabyte for 300 patients
        shutil.rmtree(place / name)
    return run
