"""The public function that shows the whole way on a small simulated cohort."""

from __future__ import annotations

from pathlib import Path

from outcomenet.api import evaluate, report, train
from outcomenet.experiment import load_experiment
from outcomenet.experiment_files import experiment_file
from outcomenet.intake.take_in import intake
from outcomenet.progress import Progress
from outcomenet.ranges import Count, CountOrNone, Patients, Seed, check_arguments
from outcomenet.runs.run import Run
from outcomenet.simulation.simulate import simulate


def demo(
    out: Path | str = Path("runs/demo"),
    *,
    patients: Patients = 700,
    dicom_patients: CountOrNone = 48,
    seed: Seed = 0,
    steps: Count = 1500,
) -> Run:
    """The whole way on a small simulated cohort: DICOM and CSV files, intake, training, evaluation, report.

    Args:
        out: Run folder; cohort and data set lie beside it. The same call goes on after a stop.
        patients: Patients in all.
        dicom_patients: Patients that go the whole way from DICOM films; the others are simulated to joint crops.
        seed: Seed of the simulated world.
        steps: Training steps of 16 visits.

    Returns:
        The run, with its report.

    Raises:
        UsageError: `out` holds another run.

    Example:
        >>> import outcomenet as on
        >>> on.demo("runs/demo").metrics  # doctest: +SKIP
    """
    check_arguments(demo, locals())
    label = f"{Path(out).name}-{patients}-{dicom_patients}-seed{seed}"
    cohort, dataset = Path(out).parent / f"{label}-cohort", Path(out).parent / f"{label}-dataset"
    making = Progress()
    if not dataset.exists():
        if not cohort.exists():
            simulate(cohort, patients=patients, seed=seed, full_films=dicom_patients, progress=making)
        intake(cohort, dataset, progress=making)
    experiment = load_experiment("demo").with_steps(steps)
    train(experiment, dataset, out, file=experiment_file("demo"), stages=making.stages)
    run = evaluate(out, dataset)
    report(run)
    return run
