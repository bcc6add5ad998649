"""`outcomenet demo`: the whole way on a small simulated cohort, from DICOM files to a report."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from outcomenet.commands.arguments import parse
from outcomenet.locks import only_writer
from outcomenet.ranges import Count, CountOrNone, Patients, Seed, check_ranges


@dataclass(frozen=True)
class Demo:
    """Simulates a small cohort as a hospital would export it, takes it in, trains, evaluates and writes a report."""

    out: Path = Path("runs/demo")
    """Run folder. The cohort and the data set lie beside it; run the same command again to go on after a stop."""
    patients: Patients = 700
    """Patients in all; the others are simulated straight to joint crops."""
    dicom_patients: CountOrNone = 48
    """Patients that go the whole way from DICOM films."""
    seed: Seed = 0
    """Seed of the simulated world."""
    steps: Count = 500
    """Training steps of 8 visits."""

    def __post_init__(self) -> None:
        check_ranges(self)


def main(arguments: list[str]) -> None:
    options = parse(Demo, arguments, "demo")
    from outcomenet.commands.making import Making, make_and_say
    from outcomenet.experiment import load_experiment
    from outcomenet.localization.geometry import CropGeometry
    from outcomenet.progress import Progress
    from outcomenet.reports.summary import ladder_text
    from outcomenet.simulation.cohort_folder import simulate_cohort
    from outcomenet.simulation.presets import preset
    from outcomenet.workflow import run_evaluation, run_report, run_training

    begun = time.monotonic()
    run, geometry = options.out, CropGeometry(size_px=48, mm_per_px=0.5)
    label = f"{run.name}-{options.patients}-{options.dicom_patients}-seed{options.seed}"
    cohort, dataset = run.parent / f"{label}-cohort", run.parent / f"{label}-dataset"
    making = Progress()
    if not cohort.exists() and not dataset.exists():
        simulate_cohort(
            cohort,
            preset("default"),
            patients=options.patients,
            seed=options.seed,
            films="dicom",
            full_films=options.dicom_patients,
            geometry=geometry,
            progress=making,
        )
    if not dataset.exists():
        make_and_say(cohort, dataset, Making(), making)
    file = experiment_file("demo")
    experiment = load_experiment(file).with_steps(options.steps)
    with only_writer(run):
        run_training(file, experiment, dataset, run, progress=Progress(), before=making.stages)
        notes = run_evaluation(run, dataset, progress=Progress())
        report = run_report(run)
    print()
    print(ladder_text(run))
    for note in notes:
        print(f"Note: {note}")
    print(
        f"\nThe demo took {(time.monotonic() - begun) / 60:.1f} minutes. The report is in {report}; open it in a browser."
    )


def experiment_file(name: str) -> Path:
    """An experiment file that comes with the source tree."""
    import outcomenet
    from outcomenet.errors import UsageError

    file = Path(outcomenet.__file__).parents[1] / "experiments" / f"{name}.py"
    if not file.is_file():
        raise UsageError(
            f"The demo needs {file.name} of the source tree's folder experiments/; run it from a checkout."
        )
    return file
