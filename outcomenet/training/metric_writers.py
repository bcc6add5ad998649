"""Training metrics for the viewers that people have: TensorBoard, MLflow and Weights & Biases, beside a run and not in it.

A run's own record is metrics.jsonl. What a viewer wants lies beside the run folder (`RUN.tensorboard` and so on), since these files hold
clock times and would make every run another one. Nothing is sent anywhere: MLflow and W&B write to folders.
"""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Protocol

from outcomenet.artifacts import JsonObject
from outcomenet.errors import UsageError, did_you_mean


class MetricWriter(Protocol):
    """Takes the metrics of logged steps."""

    def write(self, step: int, values: Mapping[str, float]) -> None:
        """Writes the numbers of one step.

        Args:
            step: That they are of.
            values: By name, `predictor/part` or `speed/...`.
        """
        ...

    def close(self) -> None:
        """Writes what waits."""
        ...


class TensorBoardWriter:
    """Event files for TensorBoard, by tensorboardX: no TensorFlow is needed."""

    def __init__(self, place: Path, config: JsonObject, step: int):
        from tensorboardX.proto.event_pb2 import Event, SessionLog  # pyright: ignore[reportAttributeAccessIssue]
        from tensorboardX.record_writer import RecordWriter

        place.mkdir(parents=True, exist_ok=True)
        self._event = Event
        # a file for each attempt, in their order; the usual name of such a file holds the machine's
        number = len(list(place.glob("events.out.tfevents.*")))
        self._records = RecordWriter(str(place / f"events.out.tfevents.{number:06}.outcomenet"))
        self._put(Event(wall_time=time.time(), step=0, file_version="brain.Event:2"))
        # a training that goes on writes steps again that a kill had taken back: TensorBoard drops the older ones
        self._put(Event(wall_time=time.time(), step=step + 1, session_log=SessionLog(status=SessionLog.START)))

    def write(self, step: int, values: Mapping[str, float]) -> None:
        """Writes the numbers of one step."""
        from tensorboardX.summary import scalar

        now = time.time()
        for name, value in values.items():
            self._put(self._event(wall_time=now, step=step, summary=scalar(name, value)))
        self._records.flush()

    def close(self) -> None:
        """Closes the file."""
        self._records.close()

    def _put(self, event: Any) -> None:
        self._records.write(event.SerializeToString())


class MlflowWriter:
    """A run of MLflow in a database file beside the run: `mlflow ui --backend-store-uri sqlite:///RUN.mlflow/mlflow.db`."""

    def __init__(self, place: Path, config: JsonObject, step: int):
        from mlflow.tracking import MlflowClient  # pyright: ignore[reportMissingImports]

        place.mkdir(parents=True, exist_ok=True)
        self._client = MlflowClient(tracking_uri=f"sqlite:///{(place / 'mlflow.db').resolve()}")
        experiment = self._client.get_experiment_by_name(config["name"])
        number = (
            experiment.experiment_id
            if experiment
            else self._client.create_experiment(config["name"], str(place / "files"))
        )
        self._run = self._client.create_run(number, tags={"outcomenet.first_step": str(step)}).info.run_id
        for path, value in _flat(config):
            self._client.log_param(self._run, path, str(value)[:500])

    def write(self, step: int, values: Mapping[str, float]) -> None:
        """Writes the numbers of one step."""
        for name, value in values.items():
            self._client.log_metric(self._run, name, value, step=step)

    def close(self) -> None:
        """Ends the run."""
        self._client.set_terminated(self._run)


class WandbWriter:
    """An offline run of Weights & Biases beside the run; `wandb sync` sends it where somebody wants that."""

    def __init__(self, place: Path, config: JsonObject, step: int):
        import wandb  # pyright: ignore[reportMissingImports]

        place.mkdir(parents=True, exist_ok=True)
        settings = wandb.Settings(
            console="off", disable_git=True, x_disable_meta=True, x_disable_stats=True, silent=True
        )
        self._run = wandb.init(
            project="outcomenet",
            name=place.stem,
            dir=str(place),
            mode="offline",
            config=dict(_flat(config)),
            settings=settings,
        )

    def write(self, step: int, values: Mapping[str, float]) -> None:
        """Writes the numbers of one step."""
        self._run.log(dict(values), step=step)

    def close(self) -> None:
        """Ends the run."""
        self._run.finish()


_WRITERS = {"tensorboard": TensorBoardWriter, "mlflow": MlflowWriter, "wandb": WandbWriter}
WRITERS = tuple(_WRITERS)
_MODULES = {"tensorboard": "tensorboardX", "mlflow": "mlflow", "wandb": "wandb"}


def expect_writers(names: Sequence[str]) -> None:
    """Refuses writers that are not there, before a training begins.

    Args:
        names: Of `WRITERS`.

    Raises:
        UsageError: A name is unknown, or its package is not installed.
    """
    for name in names:
        if name not in _WRITERS:
            raise UsageError(f"There is no metric writer {name!r}. {did_you_mean(name, WRITERS)}")
        if importlib.util.find_spec(_MODULES[name]) is None:
            raise UsageError(f"The metric writer {name} needs {_MODULES[name]}: `pip install 'outcomenet[{name}]'`.")


@contextmanager
def opened_writers(names: Sequence[str], place: Path, config: JsonObject, step: int) -> Iterator[list[MetricWriter]]:
    """Writers of a training, closed when it ends, however it ends.

    Args:
        names: Of `WRITERS`.
        place: Where they write, less `.NAME`: a run folder, beside which they lie.
        config: The experiment as the record holds it.
        step: From which the training begins or goes on.
    """
    with ExitStack() as stack:
        writers: list[MetricWriter] = []
        for name in names:
            writers.append(_WRITERS[name](place.with_name(f"{place.name}.{name}"), config, step))
            stack.callback(writers[-1].close)
        yield writers


def _flat(record: JsonObject, prefix: str = "") -> Iterator[tuple[str, object]]:
    for key, value in record.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
