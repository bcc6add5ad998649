"""Workers in jobs of a SLURM cluster, through submitit: an array of jobs, each of which fills its allocation with workers.

A job that is preempted or near the end of its time asks its workers to save their steps, is queued again by submitit, and goes on where it
stopped. What is done stands in the sweep's files: jobs that vanish, with slurmctld or slurmd killed under them, cost no trial.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from outcomenet.artifacts import read_json_object, write_whole
from outcomenet.errors import OutcomenetError, Preempted, UsageError
from outcomenet.ranges import Count, CountOrNone, Within, check_ranges
from outcomenet.sweeps import STOP

if TYPE_CHECKING:
    from submitit.helpers import DelayedSubmission

JOBS = "slurm"  # folder of the jobs' logs and of their numbers
NUMBERS = "jobs.json"
POLL_SECONDS = 2.0
SIGNAL_SECONDS = 5.0  # between the looks at the queue
# After its workers were asked to stop a job waits so long for SLURM's own signal; without one it goes on.
WAIT_FOR_SIGNAL_SECONDS = 120.0
MOST_SUBMISSIONS = 3  # in a row that brought no trial to its end


@dataclass(frozen=True)
class SlurmOptions:
    """What a job asks of the cluster."""

    jobs: Count = 1
    """Jobs of the array; each fills its allocation with workers."""
    partition: str = ""
    """Partition; empty: the cluster's default."""
    account: str = ""
    """Account; empty: yours."""
    hours: Annotated[float, Within(0.05, 24 * 30)] = 24.0
    """Time of a job; at its end it saves and is queued again."""
    cores: Count = 4
    """Cores of a job."""
    gpus: CountOrNone = 0
    """GPUs of a job."""
    memory_gb: CountOrNone = 0
    """Memory of a job; 0: the cluster's default."""
    save_seconds: Annotated[int, Within(10, 3600)] = 60
    """How long before its end a job is told to save."""

    def __post_init__(self) -> None:
        check_ranges(self)


class Allocation:
    """What a job runs: workers on all devices of its allocation, until no trial waits."""

    def __init__(self, folder: str, workers: int):
        self.folder, self.workers = folder, workers
        self.process = 0

    def __call__(self) -> int:
        """Runs in the job; gives the exit code of the workers' launcher."""
        while True:
            words = [
                sys.executable,
                "-m",
                "outcomenet.sweeps.local_launcher",
                self.folder,
                "--workers",
                str(self.workers),
            ]
            launcher = subprocess.Popen(words, stdin=subprocess.DEVNULL)
            self.process = launcher.pid
            code = _exit_code(launcher)
            if code != Preempted.exit_code or (Path(self.folder) / STOP).exists():
                return code
            # the workers heard SLURM's SIGTERM before submitit hears its own signal, which queues the job again
            time.sleep(WAIT_FOR_SIGNAL_SECONDS)

    def checkpoint(self) -> DelayedSubmission:
        """Called by submitit before the job is queued again: every worker saves its step."""
        from submitit.helpers import DelayedSubmission

        if self.process and _lives(self.process):
            os.kill(self.process, signal.SIGTERM)
            while _lives(self.process):
                time.sleep(0.1)
        return DelayedSubmission(Allocation(self.folder, self.workers))


def _exit_code(launcher: subprocess.Popen[bytes]) -> int:
    """Waits without holding the lock of Popen, since the signal's handler waits for the same process."""
    while _lives(launcher.pid):
        time.sleep(0.2)
    return launcher.wait()


def _lives(process: int) -> bool:
    """Whether a child has not ended; its exit code stays where it is."""
    try:
        return os.waitid(os.P_PID, process, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None
    except ChildProcessError:
        return False


def run_jobs(
    folder: Path, workers: int, options: SlurmOptions, ended: Callable[[], int], total: int, tell: Callable[[], None]
) -> None:
    """Submits jobs and waits until no trial is left; a call after a kill takes up the jobs that are queued already.

    Args:
        folder: Of the sweep.
        workers: In each job; 0: by the devices of its allocation.
        options: What a job asks for.
        ended: How many trials are done or failed now.
        total: How many there are.
        tell: Called every few seconds.

    Raises:
        UsageError: submitit or SLURM is not there.
        OutcomenetError: Jobs end without bringing a trial further.
        Preempted: The sweep was asked to stop.
    """
    expect_slurm()
    place = folder / JOBS
    place.mkdir(exist_ok=True)
    vain, known, looked = 0, ended(), 0.0
    while (now := ended()) < total:
        vain, known = (0, now) if now > known else (vain, known)
        tell()
        if (folder / STOP).exists():
            raise Preempted(f"{folder} was asked to stop; its jobs save their steps. Run the same command to go on.")
        if time.monotonic() - looked >= SIGNAL_SECONDS:
            looked = time.monotonic()
            queued = queued_jobs(place)
            if queued == 0 and ended() < total:
                if vain >= MOST_SUBMISSIONS:
                    raise OutcomenetError(
                        f"{vain} arrays of jobs in a row ended without finishing a trial; their words are in {place}."
                    )
                vain += 1
                _submit(folder, place, workers, options)
        time.sleep(POLL_SECONDS)


def expect_slurm() -> None:
    """Refuses where jobs cannot be submitted, before anything is written.

    Raises:
        UsageError: submitit is not installed, or there is no SLURM here.
    """
    import importlib.util
    import shutil

    if importlib.util.find_spec("submitit") is None:
        raise UsageError("--launcher slurm needs submitit: `pip install 'outcomenet[slurm]'`.")
    if shutil.which("sbatch") is None:
        raise UsageError(
            "--launcher slurm needs SLURM, and `sbatch` is not on the path: run it on the cluster's login node."
        )


def _submit(folder: Path, place: Path, workers: int, options: SlurmOptions) -> None:
    import submitit

    executor = submitit.SlurmExecutor(folder=place.resolve(), max_num_timeout=10_000)
    asked = {
        "partition": options.partition or None, "account": options.account or None, "time": round(options.hours * 60),
        "cpus_per_task": options.cores, "gpus_per_node": options.gpus or None, "mem": f"{options.memory_gb}GB" if options.memory_gb else None,
        "signal_delay_s": options.save_seconds, "array_parallelism": options.jobs, "job_name": folder.name,
    }  # fmt: skip
    executor.update_parameters(**{name: value for name, value in asked.items() if value is not None})
    with executor.batch():
        jobs = [executor.submit(Allocation(str(folder.resolve()), workers)) for _ in range(options.jobs)]
    numbers = sorted({job.job_id.partition("_")[0] for job in jobs})
    write_whole(place / NUMBERS, json.dumps({"jobs": numbers}) + "\n")


def queued_jobs(place: Path) -> int | None:
    """How many jobs of the last submission wait or run; None where SLURM does not answer now.

    Args:
        place: Folder of the jobs.
    """
    file = place / NUMBERS
    if not file.is_file():
        return 0
    numbers = read_json_object(file, "remove it, and the jobs are submitted again")["jobs"]
    asked = subprocess.run(
        ["squeue", "--noheader", "--format=%i %T", "--jobs", ",".join(numbers)], capture_output=True, text=True
    )
    if asked.returncode:
        # a number that SLURM has forgotten is an error of its own; a controller that is down is not
        return 0 if "Invalid job id" in asked.stderr else None
    waiting = [line for line in asked.stdout.splitlines() if line.split()[-1] not in _OVER]
    return len(waiting)


_OVER = ("COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL", "OUT_OF_MEMORY", "BOOT_FAIL", "DEADLINE")
