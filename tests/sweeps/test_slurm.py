"""A sweep on a real SLURM of one node survives preemption and the death of every part, and computes what an undisturbed one does."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from outcomenet.cli import main
from outcomenet.sweeps.sweep_folder import Condition, Sweep, read_state, read_sweep
from tests import sweep_kills
from tests.one_node_slurm import OneNodeSlurm, missing, said, wait_for

TRIALS = 12
WHY_NOT = missing()
if WHY_NOT:
    print(f"THE TEST OF A REAL SLURM IS SKIPPED: {WHY_NOT}", file=sys.__stderr__)
pytestmark = pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT)


@pytest.fixture
def slurm(tmp_path_factory):
    cluster = OneNodeSlurm(tmp_path_factory.mktemp("slurm"))
    cluster.start()
    yield cluster
    cluster.stop()


def command(place: Path, data: Path, out: Path) -> list[str]:
    words = ["sweep", str(place / "tiny.py"), "--data", str(data), "--out", str(out), "--seeds", str(TRIALS)]
    return [
        *words,
        "--launcher",
        "slurm",
        "--slurm.partition",
        "low",
        "--slurm.cores",
        "1",
        "--slurm.save-seconds",
        "15",
        "--workers",
        "1",
    ]


def done(sweep: Sweep) -> int:
    return sum(read_state(sweep, trial).condition is Condition.DONE for trial in sweep.trials)


def test_a_sweep_survives_preemption_and_kills_of_slurm_and_of_its_controller(
    slurm, small_dataset: Path, tmp_path: Path
):
    (tmp_path / "tiny.py").write_text(sweep_kills.EXPERIMENT)
    for name in ("alone", "killed"):
        (tmp_path / name).mkdir()
    assert main(command(tmp_path, small_dataset, tmp_path / "alone/sweep")) == 0
    words, out = command(tmp_path, small_dataset, tmp_path / "killed/sweep"), tmp_path / "killed/sweep"
    log = (tmp_path / "log").open("ab")

    def controller() -> subprocess.Popen:
        return subprocess.Popen([sys.executable, "-m", "outcomenet.cli", *words], stdout=log, stderr=log)

    running = controller()
    try:
        wait_for(lambda: (out / "sweep.json").is_file() and done(read_sweep(out)) >= 1, 300, "no trial was finished")
        sweep = read_sweep(out)
        # preempted: a job of the high partition takes every core, and ends
        said("sbatch", "--partition=high", "--exclusive", "--output=/dev/null", "--wrap=sleep 3")
        wait_for(
            lambda: "high" in said("squeue", "--noheader", "--states=RUNNING", "--format=%P"),
            60,
            "nothing was preempted",
        )
        _progress(sweep, 1)
        slurm.kill("slurmctld")
        time.sleep(1)
        slurm.start_controller()
        _progress(sweep, 1)
        slurm.kill("slurmd")
        time.sleep(1)
        slurm.start_node()
        _progress(sweep, 1)
        running.kill()
        running.wait()
        running = controller()
        assert running.wait(timeout=600) == 0, (tmp_path / "log").read_text()
    finally:
        if running.poll() is None:
            running.kill()
            running.wait()
        log.close()
    assert done(sweep) == TRIALS
    assert sweep_kills.faults(read_sweep(tmp_path / "alone/sweep"), sweep) == []
    # jobs were queued again by SLURM itself: what went on was not only a new submission
    assert max(map(int, re.findall(r"Restarts=(\d+)", said("scontrol", "show", "job")))) > 0


def _progress(sweep: Sweep, more: int) -> None:
    wanted = min(done(sweep) + more, TRIALS)
    wait_for(lambda: done(sweep) >= wanted, 300, f"no further trial after {wanted - more}: {said('squeue')}")
