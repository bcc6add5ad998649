"""A sweep from the command line to its page, with real worker processes: whole, gone on with, grown, shared, failed, stopped."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

import outcomenet as on
from outcomenet.cli import main
from outcomenet.errors import OutcomenetError, UsageError
from outcomenet.experiment import load_experiment
from outcomenet.progress import Progress
from outcomenet.runs.held_out_ledger import held_out_ledger
from outcomenet.sweeps import worker
from outcomenet.sweeps.sweep import go_on
from outcomenet.sweeps.sweep_folder import Condition, read_state, read_sweep
from outcomenet.sweeps.sweep_results import ARMS_FILE, TRIALS_FILE
from tests import sweep_kills
from tests.training.test_resume import EXPERIMENT as NETWORK
from tests.training.test_resume import SMALL

QUIET = Progress(quiet=True)
# regressions alone: a trial takes a second, so that what is tested is the sweep
EXPERIMENT = """
from dataclasses import replace
from outcomenet.experiment import EvaluationConfig, load_experiment

def get_experiment():
    return replace(load_experiment("rapport"), name="own", evaluation=EvaluationConfig(resamples=20))

def sweep_covariates():
    yield {"covariates": ("haq", "age", "male")}
    yield {"covariates": ("haq", "das28", "age", "male")}

def sweep_wrong():
    yield {"covariates": ("haq",)}
    yield {"covariates": ("haq", "acpa")}
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory, rapport) -> Path:
    folder = tmp_path_factory.mktemp("sweeps")
    shutil.copytree(rapport, folder / "data")
    (folder / "own.py").write_text(EXPERIMENT)
    return folder


def command(place: Path, name: str, *further: str) -> list[str]:
    return [
        "sweep",
        str(place / "own.py"),
        "--data",
        str(place / "data"),
        "--out",
        str(place / name / "sweep"),
        "--workers",
        "1",
        *further,
    ]


@pytest.fixture(scope="module")
def swept(place: Path) -> Path:
    assert main(command(place, "first", "--axis", "covariates", "--folds", "3")) == 0
    return place / "first/sweep"


def test_every_trial_is_done_and_arms_are_compared_on_validation_patients(swept: Path, place: Path):
    sweep = read_sweep(swept)
    assert len(sweep.trials) == 6
    assert all(read_state(sweep, trial).condition is Condition.DONE for trial in sweep.trials)
    trials, arms = pd.read_csv(swept / TRIALS_FILE), pd.read_csv(swept / ARMS_FILE)
    assert trials["state"].tolist() == ["done"] * 6
    assert trials["covariates"].tolist() == ["haq age male"] * 3 + ["haq das28 age male"] * 3
    assert arms[["arm", "outcome", "predictor", "trials"]].values.tolist() == [
        [0, "future_haq", "covariates", 3], [1, "future_haq", "covariates", 3],
    ]  # fmt: skip
    assert (swept / "sweep.html").read_text().count("</table>")
    # the held-out patients stay closed: no run was evaluated, and no prediction is of one of them
    assert not held_out_ledger(place / "data").exists()
    visits = on.open_dataset(place / "data").visits
    for trial in sweep.trials:
        assert not (sweep.run(trial) / "predictions.parquet").exists()
        predicted = pd.read_parquet(sweep.predictions(trial))
        assert set(predicted["split"]) == {"validation"}
        assert predicted["may_be_used"].all()
        assert set(predicted["patient_id"]) < set(visits["patient_id"])


def test_each_run_can_be_typed_again_by_itself(swept: Path):
    sweep = read_sweep(swept)
    record = json.loads((sweep.run(sweep.trials[4]) / "record.json").read_text())

    assert "--covariates haq das28 age male" in record["command"]
    assert "--split.folds 3 --split.fold 1" in record["command"]
    assert record["command"].startswith("outcomenet train ")


def test_the_same_command_does_nothing_again_and_more_seeds_run_only_what_is_new(swept: Path, place: Path, capsys):
    before = {file: file.stat().st_mtime_ns for file in (swept / "trials").rglob("*") if file.is_file()}

    assert main(command(place, "first", "--axis", "covariates", "--folds", "3")) == 0
    assert "All 6 trials" in capsys.readouterr().err
    assert main(command(place, "first", "--axis", "covariates", "--folds", "3", "--seeds", "2")) == 0

    assert "6 trials more than the 6 that were planned before" in capsys.readouterr().err
    assert len(read_sweep(swept).trials) == 12
    assert {file: file.stat().st_mtime_ns for file in before} == before


def test_a_sweep_beside_takes_over_what_is_finished(swept: Path, place: Path, capsys):
    beside = swept.with_name("beside")
    words = command(place, "first", "--axis", "covariates", "--folds", "3")
    words[words.index("--out") + 1] = str(beside)

    assert main(words) == 0

    said = capsys.readouterr().err
    assert "6 trials were finished by another sweep" in said
    assert "All 6 trials" in said
    assert not (beside / "logs").exists()


def test_a_trial_that_fails_fails_alone_and_is_tried_again_when_asked(place: Path, capsys):
    out = place / "failing/sweep"

    assert main(command(place, "failing", "--axis", "wrong")) == 0

    assert "1 trials failed" in capsys.readouterr().err
    table = pd.read_csv(out / TRIALS_FILE)
    assert table["state"].tolist() == ["done", "failed"]
    assert "Covariate 'acpa' is missing in every training visit" in table["error"][1]
    assert "is missing in every training visit" in (out / "sweep.html").read_text()
    assert main(["sweep", str(out), "--status"]) == 0
    shown = capsys.readouterr().out
    assert "1 done, 0 running, 0 planned, 1 failed of 2 trials" in shown
    assert "Covariate 'acpa' is missing" in shown
    # a failed trial waits until it is asked for
    log = out / "logs/worker-0.log"
    size = log.stat().st_size
    assert main(["sweep", str(out)]) == 0
    assert log.stat().st_size == size
    assert main(["sweep", str(out), "--workers", "1", "--retry", "failed"]) == 0
    assert log.read_text().count("DataRefused: Covariate 'acpa' is missing") == 2


def test_opening_the_held_out_patients_is_asked_for_and_counted(place: Path):
    words = command(place, "opened", "--evaluate", "test")

    assert main(words) == 0

    sweep = read_sweep(place / "opened/sweep")
    (trial,) = sweep.trials
    assert (sweep.run(trial) / "metrics.csv").is_file()
    ledger = pd.read_csv(held_out_ledger(place / "data"))
    assert ledger["run"].tolist() == [trial.name]
    assert "were opened for every trial" in (sweep.folder / "sweep.html").read_text()
    held_out_ledger(place / "data").unlink()


def test_a_disk_that_fails_is_no_fault_of_a_trial(place: Path, swept: Path, monkeypatch: pytest.MonkeyPatch):
    shutil.copytree(swept, place / "full/sweep")
    shutil.copytree(place / "data", place / "full/data")
    sweep = read_sweep(place / "full/sweep")
    trial = sweep.trials[0]
    sweep.state_file(trial).unlink()

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "metrics.jsonl")

    monkeypatch.setattr(worker, "_train_and_evaluate", full)
    with pytest.raises(OutcomenetError, match="no space is left on the disk"):
        worker.work(sweep.folder, QUIET)
    assert read_state(sweep, trial).condition is not Condition.FAILED
    monkeypatch.undo()
    assert worker.work(sweep.folder, QUIET) == 1
    assert read_state(sweep, trial).condition is Condition.DONE


def test_what_cannot_be_swept_is_refused_before_anything_is_written(place: Path, swept: Path, capsys, tmp_path: Path):
    experiment = load_experiment("rapport")
    for arguments, sentence in (
        (command(place, "no", "--axis", "covariate"), "Did you mean sweep_covariates"),
        (command(place, "no", "--seeds", "0"), "--seeds is 1 or more"),
        (["sweep", str(place / "own.py"), "--data", str(place / "data")], "A sweep needs a data set and a folder"),
        (["sweep", str(place), "--status"], "is no sweep"),
        (["sweep", str(swept), "--seeds", "3"], "is a sweep that is frozen"),
        (
            ["sweep", "localization", "--data", str(place / "data"), "--out", str(tmp_path / "no")],
            "simulated films alone",
        ),
    ):
        assert main(arguments) == 2
        assert sentence in capsys.readouterr().err
    assert not (place / "no").exists()
    (tmp_path / "other").mkdir()
    (tmp_path / "other/file").write_text("")
    with pytest.raises(UsageError, match="exists and is no sweep"):
        on.sweep(experiment, place / "data", tmp_path / "other", progress=QUIET)
    with pytest.raises(UsageError, match="was planned with another experiment"):
        on.sweep(experiment, place / "data", swept, progress=QUIET)
    with pytest.raises(UsageError, match="Axes are named by functions of an experiment file"):
        on.sweep(experiment, place / "data", tmp_path / "new", axes=["covariates"], progress=QUIET)


def test_a_sweep_from_a_notebook_names_its_axes_by_lines(place: Path, tmp_path: Path):
    lines = [{"covariates": ("haq",)}, {"covariates": ("haq", "age")}]

    result = on.sweep(
        load_experiment("rapport"),
        place / "data",
        tmp_path / "s",
        axes={"covariates": lines},
        workers=1,
        progress=QUIET,
    )

    assert result.trials["state"].tolist() == ["done", "done"]
    assert result.page.is_file()
    # a folder that moved without its data says so; beside its data it goes on
    elsewhere = tmp_path / "deeper/within"
    elsewhere.parent.mkdir()
    result.folder.rename(elsewhere)
    with pytest.raises(UsageError, match="there is none now"):
        go_on(elsewhere, progress=QUIET)


def test_a_second_controller_is_refused_and_a_stop_saves_every_step(small_dataset: Path, tmp_path: Path, capsys):
    (tmp_path / "tiny.py").write_text(sweep_kills.EXPERIMENT.replace("steps=24", "steps=5000"))
    words = [
        "sweep",
        str(tmp_path / "tiny.py"),
        "--data",
        str(small_dataset),
        "--out",
        str(tmp_path / "s"),
        "--workers",
        "1",
    ]
    first = subprocess.Popen([sys.executable, "-m", "outcomenet.cli", *words], stderr=subprocess.PIPE, text=True)
    try:
        log = tmp_path / "s/trials"
        _wait(lambda: any(log.glob("*/checkpoints/4")))
        assert main(words) == 2
        assert "is being written by another outcomenet" in capsys.readouterr().err

        assert main(["sweep", str(tmp_path / "s"), "--stop"]) == 0

        _, said = first.communicate(timeout=120)
        assert first.returncode == 4
        assert "Run the same command to go on" in said
    finally:
        if first.poll() is None:
            first.send_signal(signal.SIGKILL)
            first.communicate()
    sweep = read_sweep(tmp_path / "s")
    state = read_state(sweep, sweep.trials[0])
    assert state.condition is Condition.PLANNED
    assert state.step == worker.last_step(sweep.run(sweep.trials[0])) >= 4


def test_kills_of_controller_and_workers_change_nothing():
    done = subprocess.run(
        [sys.executable, "-m", "tests.sweep_kills", "--trials", "4", "--kills", "8", "--workers", "2"],
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stdout + done.stderr


def _wait(there, seconds: float = 240) -> None:
    limit = time.monotonic() + seconds
    while not there():
        assert time.monotonic() < limit
        time.sleep(0.2)


def test_a_plan_says_what_would_be_run_and_writes_nothing(small_dataset: Path, tmp_path: Path, capsys):
    (tmp_path / "tiny.py").write_text(sweep_kills.EXPERIMENT)
    before = sorted(tmp_path.rglob("*"))
    words = [
        "plan",
        str(tmp_path / "tiny.py"),
        "--data",
        str(small_dataset),
        "--axis",
        "head",
        "--seeds",
        "3",
        "--training.batch-size",
        "4",
    ]

    assert main(words) == 0

    said = capsys.readouterr().out
    assert "training.batch_size = 4" in said.partition("Resolved settings")[0]
    assert "encoder.stem.kernel [16, 8]" in said
    assert "ms a step of 4 visits" in said
    assert "GFLOP a step" in said
    assert "6 trials: 2 arms, 3 trainings of each." in said
    assert "1: network.human_head off" in said
    assert sorted(path for path in tmp_path.rglob("*") if "__pycache__" not in path.parts) == before


def test_viewers_files_of_trials_lie_beside_the_runs_and_not_among_them(place: Path, small_dataset: Path):
    out = place / "viewed/sweep"
    words = ["sweep", str(NETWORK), "--data", str(small_dataset), "--out", str(out), "--workers", "1", *SMALL]

    assert main([*words, "--training.steps", "2", "--writers", "tensorboard"]) == 0

    (trial,) = read_sweep(out).trials
    assert [path.name for path in (out / "trials").iterdir()] == [trial.name]
    assert [path.name for path in (out / "viewers").iterdir()] == [f"{trial.name}.tensorboard"]
    assert any((out / "viewers" / f"{trial.name}.tensorboard").glob("events*"))
    assert main([*words, "--training.steps", "2", "--writers", "tensorbord"]) == 2
    assert main(["sweep", str(out), "--writers", "mlflow"]) == 2  # frozen: by its first command alone
