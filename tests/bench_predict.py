"""Speed of `outcomenet predict` on a patient's films, first and again in one process: `python -m tests.bench_predict RUN FILM...`.

The first time everything is compiled, afterwards nothing should be. The least of several times counts, since other work on the machine
comes and goes; a last call is profiled and says what it was spent on.
"""

from __future__ import annotations

import cProfile
import pstats
import resource
import sys
import tempfile
import time
from pathlib import Path

from outcomenet.progress import Progress
from outcomenet.workflow import run_prediction
from tests.compilation import compiled_programs

WARM = 3
# functions that a prediction's time is spent in, with what they do
STEPS = {
    ("workflow.py", "_prediction_task"): "the run is checked and its parameters restored",
    ("decoding.py", "map"): "a worker is started and decodes films, which is waited for",
    ("localizer.py", "locate"): "limbs and landmarks are found",
    ("limb_crops.py", "cut_limb"): "joints are cut",
    ("compiled_network.py", "infer"): "the network is run",
    ("picture_files.py", "write_png"): "sheets of crops are written",
}


def main() -> None:
    run, *films = map(Path, sys.argv[1:])
    with tempfile.TemporaryDirectory(prefix="bench_predict") as folder:
        times = []
        for number in range(1 + WARM):
            # Python's start and its imports count for the first time, as they do on the command line
            begun, busy = time.monotonic(), cpu_seconds() if number else 0.0
            with compiled_programs() as programs:
                run_prediction(run, films, Path(folder) / str(number), progress=Progress(quiet=True))
            times.append((time.monotonic() - begun, cpu_seconds() - busy, len(programs)))
        for name, (wall, cpu, compiled) in (("first", times[0]), ("again, at best", tuple(map(min, *times[1:])))):
            print(
                f"{name}: {len(films)} films, {cpu:.1f} s of CPU, {wall:.1f} s on the clock, {compiled} programs compiled"
            )
        profile = cProfile.Profile()
        profile.runcall(run_prediction, run, films, Path(folder) / "profiled", progress=Progress(quiet=True))
    say_steps(profile)


def cpu_seconds() -> float:
    """CPU time of this process and of the decoding workers that have ended."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def say_steps(profile: cProfile.Profile) -> None:
    """Prints the seconds on the clock of each step, by the profile of one call; a profiled call is a little slower."""
    # by file and name: several modules have functions of one name
    took = {(Path(path).name, name): values[3] for (path, _, name), values in pstats.Stats(profile).stats.items()}
    for function, words in STEPS.items():
        if function in took:
            print(f"  {took[function]:.2f} s: {words}")


if __name__ == "__main__":
    main()
