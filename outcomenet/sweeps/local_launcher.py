"""Workers on this machine: one process for each device set, started again when one crashes, ended with its step saved.

python -m outcomenet.sweeps.local_launcher SWEEP [--workers N]     # what a job or a pod runs on the devices that it was given
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from outcomenet.artifacts import sha256_of_json
from outcomenet.errors import OutcomenetError, Preempted
from outcomenet.runs.environment import environment
from outcomenet.stopping import interrupted_by_signals
from outcomenet.sweeps.sweep_folder import count_ended, read_sweep

POLL_SECONDS = 0.5
# A worker saves its step within seconds; one that hangs is not waited for longer.
END_SECONDS = 60.0
MOST_DEATHS = 5  # in a row, of workers that brought no trial further
LOGS = "logs"


@dataclass
class Worker:
    """A process, and the devices that it alone sees."""

    number: int
    variables: dict[str, str]
    cores: Sequence[int]
    log: Path
    process: subprocess.Popen[bytes] | None = None
    stream: IO[bytes] | None = field(default=None, repr=False)


def device_sets(workers: int) -> list[tuple[dict[str, str], list[int]]]:
    """Environment and cores of each worker, so that no two share a device.

    Args:
        workers: How many are wanted; 0: one for each GPU, or one for two cores where there is none.

    Returns:
        For each worker the variables that hide other devices, and its cores.
    """
    cores = sorted(os.sched_getaffinity(0))
    gpus = _gpus()
    if gpus:
        count = workers or len(gpus)
        return [({"CUDA_VISIBLE_DEVICES": gpus[at % len(gpus)]}, _share(cores, at, count)) for at in range(count)]
    count = workers or max(len(cores) // 2, 1)
    return [({}, _share(cores, at, count)) for at in range(count)]


def _gpus() -> list[str]:
    """Names of the GPUs that this process may use."""
    allowed = os.environ.get("CUDA_VISIBLE_DEVICES")
    if allowed is not None:
        return [name for name in allowed.split(",") if name.strip()]
    if shutil.which("nvidia-smi") is None or os.environ.get("JAX_PLATFORMS", "") == "cpu":
        return []
    listed = subprocess.run(
        ["nvidia-smi", "--query-gpu=index", "--format=csv,noheader"], capture_output=True, text=True
    )
    return listed.stdout.split() if listed.returncode == 0 else []


def _share(cores: Sequence[int], number: int, count: int) -> list[int]:
    """Cores of one of `count` workers; with more workers than cores one core has several."""
    if count >= len(cores):
        return [cores[number % len(cores)]]
    each = len(cores) // count
    return list(cores[number * each : (number + 1) * each])


def run_workers(
    folder: Path, workers: int, ended: Callable[[], int], tell: Callable[[], None], *, log: str = "worker"
) -> None:
    """Runs workers until no trial is left.

    Args:
        folder: Of the sweep.
        workers: How many; 0: by the devices.
        ended: How many trials are done or failed now.
        tell: Called a few times a second.
        log: How the logs of these workers begin, where several machines work for one sweep.

    Raises:
        Preempted: A signal came, or the sweep was asked to stop; the workers have saved their steps.
        OutcomenetError: The disk failed, or workers die before they bring a trial further.
    """
    (folder / LOGS).mkdir(exist_ok=True)
    common = os.environ | compilation_cache(folder)
    everyone = [
        Worker(number, common | variables, cores, folder / LOGS / f"{log}-{number}.log")
        for number, (variables, cores) in enumerate(device_sets(workers))
    ]
    deaths, known = 0, ended()
    try:
        for worker in everyone:
            _start(worker, folder)
        while any(worker.process is not None for worker in everyone):
            time.sleep(POLL_SECONDS)
            tell()
            if (now := ended()) > known:
                deaths, known = 0, now
            for worker in everyone:
                code = worker.process.poll() if worker.process is not None else None
                if code is None:
                    continue
                _close(worker)
                if code == 0:
                    continue
                if code == Preempted.exit_code:
                    raise Preempted(
                        f"{folder} was asked to stop; every trial's last step is saved. Run the same command to go on."
                    )
                if code > 0 and not _crashed(worker.log):
                    raise OutcomenetError(_last_line(worker.log))
                deaths += 1
                if deaths >= MOST_DEATHS:
                    raise OutcomenetError(
                        f"Workers ended {deaths} times in a row without finishing a trial (the last by {_how(code)}); "
                        f"{worker.log} says more: {_last_line(worker.log)}"
                    )
                _start(worker, folder)
    finally:
        _end(everyone)


def compilation_cache(folder: Path) -> dict[str, str]:
    """Variables by which the workers of a sweep share what one of them compiled, in a folder that nobody else can write.

    Args:
        folder: Of the sweep.

    Returns:
        No variables where the user has named a folder of his own.
    """
    if "JAX_COMPILATION_CACHE_DIR" in os.environ:
        return {}
    # what was compiled for other cores may not run here: a sweep's folder can move to another machine
    machine = environment()
    name = sha256_of_json([machine["machine"], machine["cpu_features"], machine["packages"]])[:8]
    place = folder / ".compiled" / name
    place.mkdir(parents=True, exist_ok=True)
    for made in (place.parent, place):
        made.chmod(0o700)
    return {
        "JAX_COMPILATION_CACHE_DIR": str(place.resolve()),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0.5",
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
    }


def _start(worker: Worker, folder: Path) -> None:
    words = [sys.executable, "-m", "outcomenet.sweeps.worker", str(folder), "--parent", str(os.getpid())]
    worker.stream = worker.log.open("ab")
    worker.process = subprocess.Popen(
        [*words, "--cores", *map(str, worker.cores)], env=worker.variables, stdin=subprocess.DEVNULL, stdout=worker.stream,
        stderr=worker.stream, start_new_session=True,
    )  # fmt: skip


def _close(worker: Worker) -> None:
    worker.process = None
    if worker.stream is not None:
        worker.stream.close()


def _end(workers: Sequence[Worker]) -> None:
    """Asks every worker to save its step and end, and waits for it."""
    running = [worker for worker in workers if worker.process is not None]
    for worker in running:
        worker.process.send_signal(signal.SIGTERM)  # pyright: ignore[reportOptionalMemberAccess]
    limit = time.monotonic() + END_SECONDS
    for worker in running:
        try:
            worker.process.wait(max(limit - time.monotonic(), 0.1))  # pyright: ignore[reportOptionalMemberAccess]
        except subprocess.TimeoutExpired:
            worker.process.kill()  # pyright: ignore[reportOptionalMemberAccess]
            worker.process.wait()  # pyright: ignore[reportOptionalMemberAccess]
        _close(worker)


def _crashed(log: Path) -> bool:
    """Whether a worker ended by a fault of the program, whose traceback stands last in its log, and not with a sentence."""
    return not _last_line(log).startswith("outcomenet sweep:")


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines() if log.is_file() else []
    return lines[-1] if lines else "nothing was said"


def _how(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"


def main(arguments: list[str] | None = None) -> int:
    """Runs workers on the devices that this process may use; its exit codes are those of the command line."""
    parser = argparse.ArgumentParser(prog="python -m outcomenet.sweeps.local_launcher")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--workers", type=int, default=0)
    given = parser.parse_args(arguments)
    try:
        with interrupted_by_signals():
            sweep = read_sweep(given.folder)
            log = f"{os.environ.get('SLURM_JOB_ID') or socket.gethostname()}-worker"
            waiting = list(sweep.trials)
            run_workers(given.folder, given.workers, lambda: count_ended(sweep, waiting), lambda: None, log=log)
    except OutcomenetError as error:
        print(f"outcomenet sweep: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return Preempted.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
