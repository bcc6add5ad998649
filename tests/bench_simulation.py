"""Benchmarks of the simulator: direct crops, whole films, and a cohort's way to a finished data set. Part of `bench`."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from outcomenet.anatomy import JOINT_COUNT, Side
from outcomenet.localization.geometry import CropGeometry
from outcomenet.simulation.rendering import (
    Scanner,
    draw_anatomy,
    draw_pose,
    noise_seeds,
    render_crops,
    render_films,
    select,
)
from outcomenet.simulation.states import JointStates

VISITS = 48
REPEATS = 3
# Two sizes of cohort tell what a patient costs apart from the start, and whether memory grows with their number.
FEW, MANY = 50, 200
GOAL_PATIENTS = 1000


def fastest(work: Callable[[], object]) -> float:
    """Seconds of the best of a few runs, after one that compiles: other work on the machine only ever slows it."""
    work()
    taken = []
    for _ in range(REPEATS):
        begun = time.perf_counter()
        work()
        taken.append(time.perf_counter() - begun)
    return min(taken)


def damaged_joints(visits: int) -> JointStates:
    """Every joint with some of every lesion but amputation; one in fifty replaced."""
    rng = np.random.default_rng(3)
    arrays = {name: 0.8 * rng.random((visits, JOINT_COUNT)) ** 4 for name in JointStates._fields}
    arrays["prosthesis"] = (rng.random((visits, JOINT_COUNT)) < 0.02) * 1.0
    arrays["amputated"] = np.zeros((visits, JOINT_COUNT))
    return JointStates(**arrays)


def bench_rendering() -> None:
    """Crops of all joints drawn directly, and hand films."""
    states = damaged_joints(VISITS)
    anatomy = draw_anatomy([np.random.default_rng([1, n]) for n in range(VISITS)], np.arange(VISITS) % 4 == 0)
    pose = select(draw_pose([np.random.default_rng([2, n]) for n in range(VISITS)], 1), (slice(None), 0))
    seeds = noise_seeds(5, range(VISITS), [0] * VISITS)
    for geometry, aim in ((CropGeometry(128, 0.1875), " (aim 60)"), (CropGeometry(), "")):
        taken = fastest(lambda geometry=geometry: render_crops(states, anatomy, pose, Scanner(), geometry, seeds))
        size = f"{geometry.size_px} px of {geometry.mm_per_px} mm"
        print(f"direct crops: {VISITS / taken:.0f} sets of {JOINT_COUNT} joints/s at {size}{aim}")
    print("  limited by: arithmetic in the closed forms (bones half of all processor time, soft tissue, noise and tone")
    print("  curve a tenth each); a third is Python's own work on shapes, frames and tiles, on one core")
    hands = select(pose, (slice(None), list(Side).index(Side.LEFT_HAND)))
    few = [select(record, slice(0, 6)) for record in (states, anatomy, hands)]
    taken = fastest(lambda: render_films(*few, Scanner(), Side.LEFT_HAND, seeds[:6]))
    print(f"whole hand films: {6 / taken:.0f} films/s at {Scanner().spacing_mm} mm (aim 3)")
    print("  limited by: the same arithmetic; air costs next to nothing")


def bench_cohort() -> None:
    """From nothing to a finished data set of crops, in a process of its own for each size."""
    few, many = (_measured(patients) for patients in (FEW, MANY))
    each = {stage: (many[stage] - few[stage]) / (MANY - FEW) for stage in ("simulate", "build")}
    total = many["simulate"] + many["build"] + (GOAL_PATIENTS - MANY) * sum(each.values())
    print(f"cohort to data set: {1 / sum(each.values()):.0f} patients/s of 2 visits at 96 px, crops")
    print(f"  {GOAL_PATIENTS} patients: {total:.0f} s, extrapolated (aim 120)")
    print(f"  peak memory: {few['peak_mb']:.0f} MB for {FEW} patients, {many['peak_mb']:.0f} MB for {MANY} (aim: flat)")
    share = each["simulate"] / sum(each.values())
    print(f"  limited by: simulating {share:.0%}, checking and building {1 - share:.0%} of a patient's time; of the")
    print("  latter, compressing ArrayRecords and passing crops from process to process are the most")


def _measured(patients: int) -> dict[str, float]:
    command = [sys.executable, "-m", "tests.bench_simulation", str(patients)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, cwd=Path(__file__).parents[1])
    return json.loads(done.stdout.splitlines()[-1])


def make_cohort(patients: int) -> dict[str, float]:
    """Seconds of both stages and the greatest memory of this process (MB)."""
    from outcomenet.cohorts.cohort import read_cohort
    from outcomenet.intake.build import build_dataset
    from outcomenet.progress import Progress
    from outcomenet.simulation.cohort_folder import simulate_cohort
    from outcomenet.simulation.presets import preset

    geometry, quiet = CropGeometry(), Progress(quiet=True)
    with tempfile.TemporaryDirectory() as name:
        begun = time.perf_counter()
        cohort = simulate_cohort(
            Path(name) / "cohort", preset("default"), patients=patients, seed=1, films="crops", full_films=0,
            geometry=geometry, progress=quiet,
        )  # fmt: skip
        simulated = time.perf_counter()
        build_dataset(read_cohort(cohort), Path(name) / "data", geometry, progress=quiet)
        built = time.perf_counter()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # kilobytes on Linux
    return {"simulate": simulated - begun, "build": built - simulated, "peak_mb": peak}


if __name__ == "__main__":
    print(json.dumps(make_cohort(int(sys.argv[1]))))
