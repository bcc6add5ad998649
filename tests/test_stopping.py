"""Real signals to real processes: every one of them ends with exit code 4, one sentence and nothing half-written."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from outcomenet.cli import main

COMMAND = [sys.executable, "-m", "outcomenet.cli"]
SIGNALS = [signal.SIGTERM, signal.SIGHUP, signal.SIGINT]


def wait_until(there: Callable[[], bool], process: subprocess.Popen) -> None:
    until = time.monotonic() + 300
    while not there() and process.poll() is None and time.monotonic() < until:
        time.sleep(0.01)
    assert process.poll() is None


def start(*arguments: object) -> subprocess.Popen:
    return subprocess.Popen([*COMMAND, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.fixture(autouse=True)
def heeded_signals():
    """A shell that runs the tests in the background lets them, and what they start, ignore SIGINT."""
    ignored = [number for number in SIGNALS if signal.getsignal(number) is signal.SIG_IGN]
    for number in ignored:
        signal.signal(number, signal.SIG_DFL)
    yield
    for number in ignored:
        signal.signal(number, signal.SIG_IGN)


def start_simulation(out: Path) -> subprocess.Popen:
    process = start("simulate", out, "--patients", 5000, "--films", "none")
    wait_until((out.parent / f".{out.name}.partial").is_dir, process)
    return process


@pytest.mark.parametrize("number", SIGNALS, ids=lambda n: n.name)
def test_a_signal_ends_a_simulation_with_exit_code_4_and_nothing_left(tmp_path, number):
    process = start_simulation(tmp_path / "cohort")
    process.send_signal(number)
    _, said = process.communicate(timeout=300)
    assert process.returncode == 4
    assert said.splitlines()[-1].endswith("nothing half-written. Run the same command again to go on.")
    assert "Traceback" not in said
    assert not list(tmp_path.iterdir())


def test_a_signal_ends_an_intake_in_the_same_way(tmp_path):
    cohort = tmp_path / "cohort"
    simulated = [
        "simulate",
        str(cohort),
        "--patients",
        "6",
        "--films",
        "crops",
        "--crop-size",
        "32",
        "--mm-per-pixel",
        "0.75",
    ]
    assert main(simulated) == 0
    process = start("intake", cohort, "--out", tmp_path / "data")
    wait_until((tmp_path / ".data.partial").is_dir, process)
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=300)
    assert process.returncode == 4
    assert "Traceback" not in said
    assert {path.name for path in tmp_path.iterdir()} <= {"cohort", "data.films"}


def test_one_folder_has_one_writer_and_a_kill_frees_it(tmp_path):
    """The second says so with exit code 2; after kill -9 the next one takes the folder and leaves nothing beside it."""
    out = tmp_path / "cohort"
    first = start_simulation(out)
    second = subprocess.run(
        [*COMMAND, "simulate", out, "--patients", "3", "--films", "none"], capture_output=True, text=True
    )
    assert second.returncode == 2
    assert second.stderr.count("\n") == 1
    assert f"is being written by another outcomenet (process {first.pid})" in second.stderr
    first.kill()
    first.communicate()
    assert (tmp_path / ".cohort.lock").exists()
    third = subprocess.run(
        [*COMMAND, "simulate", out, "--patients", "3", "--films", "none"], capture_output=True, text=True
    )
    assert third.returncode == 0, third.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["cohort"]


STUCK = """
import ctypes, sys
from outcomenet import stopping
stopping.PATIENCE_SECONDS = 0.5
mutex, c = ctypes.create_string_buffer(256), ctypes.CDLL(None)
with stopping.interrupted_by_signals():
    print("ready", flush=True)
    c.pthread_mutex_lock(mutex)
    c.pthread_mutex_lock(mutex)  # for ever, and deaf to signals
"""
DEAF = """
import threading
from outcomenet import stopping
stopping.PATIENCE_SECONDS = 0.5
with stopping.interrupted_by_signals(), stopping.asked_by_signals() as stop:
    print("ready", flush=True)
    threading.Event().wait()  # a step that never ends: `stop` is not asked again
"""
PROMPT = """
import time
from outcomenet import stopping
stopping.PATIENCE_SECONDS = 0.5
with stopping.interrupted_by_signals(), stopping.asked_by_signals() as stop:
    print("ready", flush=True)
    while not stop():
        time.sleep(0.01)
    time.sleep(1.5)  # longer than the patience: it saves
    print("saved", flush=True)
"""


@pytest.mark.parametrize(("code", "exit_code"), [(STUCK, 4), (DEAF, 4), (PROMPT, 0)], ids=["stuck", "deaf", "prompt"])
def test_what_does_not_notice_a_signal_is_ended_and_what_does_is_left_to_save(code, exit_code):
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    time.sleep(2)  # until it is stuck
    process.send_signal(signal.SIGTERM)
    out, said = process.communicate(timeout=30)
    assert process.returncode == exit_code
    assert ("saved" in out) == (exit_code == 0)
    assert ("Run the same command again" in said) == (exit_code == 4)


def test_a_signal_that_the_caller_ignores_stays_ignored(tmp_path):
    """As with nohup."""
    command = [*COMMAND, "simulate", str(tmp_path / "cohort"), "--patients", "60", "--films", "none"]
    process = subprocess.Popen(
        ["sh", "-c", 'trap "" HUP; exec "$@"', "sh", *command], stderr=subprocess.PIPE, text=True
    )
    wait_until((tmp_path / ".cohort.partial").is_dir, process)
    process.send_signal(signal.SIGHUP)
    _, said = process.communicate(timeout=300)
    assert process.returncode == 0, said
