"""Several processes train one run: the numbers of one process, one writer, any number of processes goes on. Real ones, over gloo."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from outcomenet.cli import main
from tests.training.test_resume import EXPERIMENT, SMALL

STEPS = 8


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return listening.getsockname()[1]


def command(dataset: Path, run: Path, *more: str) -> list[str]:
    settings = [*SMALL, "--training.steps", str(STEPS), "--augmentation.noise", "0.05", *more]
    return ["train", str(EXPERIMENT), "--data", str(dataset), "--out", str(run), *settings]


def started(words: list[str], count: int) -> list[subprocess.Popen]:
    place = f"127.0.0.1:{free_port()}"
    environment = os.environ | {"JAX_PLATFORMS": "cpu", "XLA_FLAGS": "", "JAX_NUM_CPU_DEVICES": "1"}
    return [
        subprocess.Popen(
            [
                *(sys.executable, "-m", "outcomenet.cli", *words),
                *("--coordinator", place, "--processes", str(count), "--process", str(number)),
            ],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=environment,
        )
        for number in range(count)
    ]  # fmt: skip


def together(words: list[str], count: int) -> list[str]:
    """Runs all processes to their end; what each says."""
    processes = started(words, count)
    said = [process.communicate(timeout=600)[1] for process in processes]
    assert [process.returncode for process in processes] == [0] * count, "\n".join(said)
    return said


def numbers(run: Path) -> dict[int, np.ndarray]:
    lines = map(json.loads, (run / "metrics.jsonl").read_text().splitlines())
    return {line["step"]: np.array([line["loss"], line["gradient_norm"]]) for line in lines}


@pytest.fixture(scope="module")
def alone(small_dataset, tmp_path_factory):
    run = tmp_path_factory.mktemp("alone") / "run"
    assert main(command(small_dataset, run)) == 0
    return run


def assert_same(run: Path, other: Path) -> None:
    ours, theirs = numbers(run), numbers(other)
    assert list(ours) == list(theirs) == list(range(1, STEPS + 1))
    for step, values in ours.items():
        np.testing.assert_allclose(values, theirs[step], rtol=1e-5, err_msg=f"step {step}")


@pytest.mark.parametrize("cache", ["disk", "device"])
def test_two_processes_give_the_numbers_of_one(alone, small_dataset, tmp_path, cache):
    said = together(command(small_dataset, tmp_path / "run", "--training.cache", cache), 2)
    assert "steps" in said[0]
    assert "steps" not in said[1]  # one tells the progress
    assert_same(tmp_path / "run", alone)
    record = json.loads((tmp_path / "run/record.json").read_text())
    assert record["times"]["finished"]
    assert main(["evaluate", str(tmp_path / "run"), "--data", str(small_dataset)]) == 0


def test_any_number_of_processes_goes_on_where_another_stopped(alone, small_dataset, tmp_path):
    run = tmp_path / "run"
    words = command(small_dataset, run)
    for count in (2, 1, 2):
        if count == 1:
            environment = os.environ | {"JAX_PLATFORMS": "cpu"}
            single = [sys.executable, "-m", "outcomenet.cli", *words]
            processes = [subprocess.Popen(single, env=environment, stderr=subprocess.PIPE, text=True)]
        else:
            processes = started(words, count)
        reached = len(numbers(run)) if (run / "metrics.jsonl").exists() else 0
        while (len(numbers(run)) if (run / "metrics.jsonl").exists() else 0) < reached + 2:
            assert all(process.poll() is None for process in processes), processes[0].communicate()
            time.sleep(0.02)
        for process in processes:
            process.send_signal(signal.SIGKILL)
            process.communicate()
    together(words, 2)
    assert_same(run, alone)


def test_a_stop_that_one_process_hears_stops_both_at_a_saved_step(small_dataset, tmp_path):
    run = tmp_path / "run"
    words = [*command(small_dataset, run), "--training.steps", "100000"]
    processes = started(words, 2)
    while not (run / "metrics.jsonl").exists() or len(numbers(run)) < 2:
        assert all(process.poll() is None for process in processes)
        time.sleep(0.05)
    processes[1].send_signal(signal.SIGTERM)
    said = [process.communicate(timeout=120)[1] for process in processes]
    assert [process.returncode for process in processes] == [4, 4], said
    last = max(numbers(run))
    assert (run / "checkpoints" / str(last)).is_dir()


@pytest.mark.parametrize("victim", [0, 1])
def test_when_one_process_is_killed_the_other_ends_with_a_sentence(small_dataset, tmp_path, victim):
    run = tmp_path / "run"
    processes = started([*command(small_dataset, run), "--training.steps", "100000"], 2)
    while not (run / "metrics.jsonl").exists() or len(numbers(run)) < 2:
        assert all(process.poll() is None for process in processes)
        time.sleep(0.05)
    processes[victim].kill()
    said = processes[1 - victim].communicate(timeout=60)[1]
    processes[victim].communicate()
    assert processes[1 - victim].returncode == 4, said
    assert "another process of this run has ended" in said
    assert "Traceback" not in said


def test_what_the_first_process_refuses_ends_the_others_with_a_sentence(small_dataset, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run/other.txt").write_text("mine")
    processes = started(command(small_dataset, tmp_path / "run"), 2)
    said = [process.communicate(timeout=300)[1] for process in processes]
    assert [process.returncode for process in processes] == [2, 1], said
    assert "is not a run" in said[0]
    assert "The first process of this run refused it" in said[1]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--processes", "2"], "need --coordinator HOST:PORT"),
        (["--coordinator", "here", "--processes", "2", "--process", "0"], "takes HOST:PORT of the first process"),
        (["--coordinator", "here:1234", "--processes", "2", "--process", "2"], "--process K from 0 to N - 1"),
        (["--coordinator", "slurm", "--processes", "2"], "leave --processes and --process out"),
    ],
)
def test_a_group_that_cannot_be_is_refused(small_dataset, tmp_path, capsys, words, sentence):
    assert main([*command(small_dataset, tmp_path / "run"), *words]) == 2
    assert sentence in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
