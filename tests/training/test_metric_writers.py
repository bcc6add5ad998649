"""Viewers' files beside a run: every logged number is in them, a training that goes on continues them, and nothing is sent."""

from __future__ import annotations

import json
import platform
import struct
from pathlib import Path

import pytest
from tensorboardX.proto.event_pb2 import Event, SessionLog

from outcomenet.cli import main
from outcomenet.errors import UsageError
from outcomenet.training.metric_writers import WRITERS, expect_writers, opened_writers
from tests.training.test_resume import EXPERIMENT, SMALL

CONFIG = {"name": "mine", "training": {"steps": 4}, "outcomes": ["haq"]}


def events(file: Path) -> list[Event]:
    """Records of TensorFlow's format: length, its checksum, content, its checksum."""
    content, at, found = file.read_bytes(), 0, []
    while at < len(content):
        (length,) = struct.unpack_from("<Q", content, at)
        found.append(Event.FromString(content[at + 12 : at + 12 + length]))
        at += length + 16
    return found


def scalars(file: Path) -> dict[tuple[int, str], float]:
    return {(event.step, value.tag): value.simple_value for event in events(file) for value in event.summary.value}


def test_tensorboard_shows_what_metrics_jsonl_holds_and_a_training_that_goes_on_continues(
    small_dataset: Path, tmp_path: Path
):
    run = tmp_path / "run"
    words = [
        "train",
        str(EXPERIMENT),
        "--data",
        str(small_dataset),
        "--out",
        str(run),
        *SMALL,
        "--writers",
        "tensorboard",
    ]

    assert main([*words, "--training.steps", "3"]) == 0

    (file,) = (tmp_path / "run.tensorboard").iterdir()
    assert platform.node() not in file.name
    shown = scalars(file)
    logged = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    for line in logged:
        for part in ("loss", "gradient_norm"):
            assert shown[line["step"], f"direct_adjusted/{part}"] == pytest.approx(line[part], abs=1e-5)
    assert {step for step, _ in shown} == {1, 2, 3}
    assert all(shown[step, "speed/visits_per_second"] > 0 for step in (1, 2, 3))
    # the run itself holds nothing of it, so that its manifest is that of any other run
    assert not [path for path in run.rglob("*") if "tfevents" in path.name]


def test_a_second_attempt_tells_tensorboard_from_where_it_goes_on(tmp_path: Path):
    for step in (0, 20):
        with opened_writers(("tensorboard",), tmp_path / "run", CONFIG, step) as (writer,):
            writer.write(step + 1, {"direct/loss": 0.5})

    first, second = sorted((tmp_path / "run.tensorboard").iterdir())
    assert scalars(first) == {(1, "direct/loss"): 0.5}
    assert scalars(second) == {(21, "direct/loss"): 0.5}
    starts = [event.step for event in events(second) if event.session_log.status == SessionLog.START]
    assert starts == [21]


@pytest.mark.filterwarnings("ignore")  # of its own packages
def test_mlflow_keeps_settings_and_metrics_in_a_file(tmp_path: Path):
    tracking = pytest.importorskip("mlflow.tracking", reason="outcomenet[mlflow] is not installed")
    with opened_writers(("mlflow",), tmp_path / "run", CONFIG, 0) as (writer,):
        writer.write(2, {"direct/loss": 0.5})
        writer.write(4, {"direct/loss": 0.25})

    client = tracking.MlflowClient(tracking_uri=f"sqlite:///{tmp_path / 'run.mlflow/mlflow.db'}")
    experiment = client.get_experiment_by_name("mine")
    (found,) = client.search_runs([experiment.experiment_id])
    assert found.data.params["training.steps"] == "4"
    assert [(point.step, point.value) for point in client.get_metric_history(found.info.run_id, "direct/loss")] == [
        (2, 0.5),
        (4, 0.25),
    ]
    assert found.info.status == "FINISHED"


@pytest.mark.filterwarnings("ignore")
def test_wandb_writes_offline(tmp_path: Path):
    pytest.importorskip("wandb", reason="outcomenet[wandb] is not installed")
    with opened_writers(("wandb",), tmp_path / "run", CONFIG, 0) as (writer,):
        writer.write(2, {"direct/loss": 0.5})

    (folder,) = (tmp_path / "run.wandb/wandb").glob("offline-run-*")
    assert list(folder.glob("run-*.wandb"))


def test_a_writer_that_is_not_there_is_refused():
    with pytest.raises(UsageError, match="Did you mean tensorboard"):
        expect_writers(["tensorbord"])
    assert set(WRITERS) == {"tensorboard", "mlflow", "wandb"}
