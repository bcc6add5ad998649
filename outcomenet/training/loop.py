"""Training loop: steps over batches, a line of metrics now and then, checkpoints, a clean stop when asked."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

import jax
import numpy as np
from jax.sharding import Mesh

from outcomenet.devices import peak_teraflops
from outcomenet.errors import DataRefused, Preempted, TrainingDiverged
from outcomenet.progress import Progress
from outcomenet.ranges import Count, CountOrNone, Seed, Workers, check_ranges
from outcomenet.training import processes
from outcomenet.training.checkpoints import Checkpoints, abstract_of
from outcomenet.training.metric_writers import MetricWriter
from outcomenet.training.processes import any_says
from outcomenet.training.sharding import CompiledStep, put_batch, put_state
from outcomenet.training.state import TrainState
from outcomenet.training.step import Step


@dataclass(frozen=True)
class TrainingConfig:
    """Length and rhythm of training. `devices` 0 means all of them."""

    steps: Count = 2000
    batch_size: Count = 8
    log_every: Count = 20
    save_every: Count = 200
    seed: Seed = 0
    devices: CountOrNone = 0
    members: Count = 1  # of a deep ensemble: networks that start apart and are trained together
    threads: Workers = 2
    # where training examples are while it runs: read from disk for each batch, or all on the device
    cache: Literal["disk", "device"] = "disk"
    warm_start: bool = True

    def __post_init__(self) -> None:
        check_ranges(self)


class Batches(Protocol):
    """Endless batches that can go on from a saved position, as grain's iterators can."""

    def __next__(self) -> Mapping[str, np.ndarray]: ...

    def get_state(self) -> Mapping[str, object]:
        """The position of the next batch, for a checkpoint."""
        ...

    def set_state(self, state: dict[str, Any]) -> None:
        """Goes to a position that `get_state` gave."""
        ...


def train(
    step: Step,
    state: TrainState,
    batches: Batches,
    config: TrainingConfig,
    run: Path,
    mesh: Mesh,
    *,
    run_id: str,
    progress: Progress,
    held: Mapping[str, np.ndarray] | None = None,
    stop: Callable[[], bool] = lambda: False,
    writers: Callable[[int], AbstractContextManager[Sequence[MetricWriter]]] = lambda step: nullcontext(()),
) -> TrainState:
    """Trains to `TrainingConfig.steps`, from the newest sound checkpoint of the run or from its beginning.

    Args:
        step: one update, which is compiled here.
        state: the state before the first step.
        batches: endless; their position is saved with every checkpoint.
        config: length and rhythm.
        run: the run folder, for checkpoints and metrics.jsonl.
        mesh: the devices that the batch is split over.
        run_id: the run's identity, which checkpoints carry.
        progress: is told of the steps.
        held: all examples, put onto the devices once; batches then hold the place of each row among them.
        stop: whether training should end, asked after each step.
        writers: opens further places for the metrics, given the step that training goes on from.

    Returns:
        The final state.

    Raises:
        Preempted: `stop` said so; the last step is saved.
        TrainingDiverged: a loss is not finite.
        CheckpointError: there are checkpoints, and none is sound or of this run.
    """
    # 1. where were we: model, optimiser, step, key and data position come back together
    checkpoints = Checkpoints(run / "checkpoints", run_id)
    # onto one device here, also where several processes train: each reads for itself
    here = jax.sharding.SingleDeviceSharding(jax.local_devices()[0])
    restored = checkpoints.resume(abstract_of(state, here), progress.say)
    if restored is not None:
        state, position = restored
        batches.set_state(dict(position["batches"]))
    first = int(state.step)
    state = put_state(state, mesh)
    # of several processes all compute the same numbers, and one writes them down
    writes = processes.number() == 0
    log = MetricsLog(run / "metrics.jsonl", first) if writes else None
    compiled = CompiledStep(step, mesh, held)
    speed = Speed(config.batch_size, first, mesh)
    if first < config.steps:
        progress.start("steps", config.steps - first, "train" if not first else f"train on from step {first}")
    with writers(first) if writes else nullcontext(()) as others, _finished(checkpoints):
        for number in range(first + 1, config.steps + 1):
            # 2. one batch, one update
            with speed.waiting():
                batch = put_batch(next(batches), mesh)
            state, metrics = compiled(state, batch)
            # 3. metrics leave the device only when they are written down
            logs, last = number % config.log_every == 0, number == config.steps
            if logs or last:
                values = jax.device_get(metrics)
                if log is not None:
                    loss = log.write(number, values, speed.seconds)
                    measured = speed.measured(number, compiled.teraflop)
                    for writer in others:
                        writer.write(number, _named(values, measured))
                    progress.advance(0, f", loss {loss:.3f}, {speed.text(measured)}")
            # 4. save, also when asked to stop
            saves = number % config.save_every == 0 or last
            # asked once a step, or where several processes meet: a signal that comes while saving is heard at the next one
            stopping = any_says(stop()) if processes.count() == 1 or logs or saves else False
            if (saves or stopping) and writes:
                checkpoints.save_beside(number, state, {"batches": dict(batches.get_state())})
                speed.saved()
            progress.advance()
            if stopping and not last:
                checkpoints.wait()
                raise Preempted(f"Stopped after step {number} of {config.steps}, saved; run the same command to go on.")
    if first < config.steps:
        # steps are only queued by the calls above; the progress ends when the last one is computed
        jax.block_until_ready(state)
        progress.finish()
    return state


@contextmanager
def _finished(checkpoints: Checkpoints) -> Iterator[None]:
    """Waits for what is being saved at the end of the block, and also where the block fails: its own error is the one to be told."""
    try:
        yield
    except BaseException:
        with suppress(Exception):
            checkpoints.wait()
        raise
    checkpoints.wait()


class Speed:
    """How fast a training is, from its first step or where it went on; compiling counts."""

    def __init__(self, batch_size: int, first: int, mesh: Mesh):
        self.batch_size, self.first = batch_size, first
        self.peak = peak_teraflops(mesh.devices.flat[0].device_kind) * mesh.size
        self.begun = self._saved = time.monotonic()
        self._waited = 0.0

    @property
    def seconds(self) -> float:
        """Since training began or went on."""
        return time.monotonic() - self.begun

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Counts the time in which the next batch is waited for."""
        begun = time.monotonic()
        yield
        self._waited += time.monotonic() - begun

    def saved(self) -> None:
        """Notes that a checkpoint is being written."""
        self._saved = time.monotonic()

    def measured(self, step: int, teraflop: float) -> dict[str, float]:
        """Numbers by name; those that are not known are left out.

        Args:
            step: That was reached.
            teraflop: Operations of one step, 10^12.
        """
        seconds = self.seconds
        steps = (step - self.first) / seconds
        numbers = {
            "steps_per_second": steps,
            "visits_per_second": steps * self.batch_size,
            "teraflops": steps * teraflop,
            "peak_share": steps * teraflop / self.peak,
            "input_wait_share": self._waited / seconds,
            "checkpoint_age_seconds": time.monotonic() - self._saved,
        }
        return {name: value for name, value in numbers.items() if math.isfinite(value)}

    @staticmethod
    def text(measured: Mapping[str, float]) -> str:
        """The same numbers as a line of progress has them.

        Args:
            measured: Of `measured`.
        """
        forms = {
            "visits_per_second": "{:.1f} visits/s",
            "teraflops": "{:.2g} TFLOP/s",
            "peak_share": "{:.1%} of the peak",
            "input_wait_share": "input waited for {:.1%}",
            "checkpoint_age_seconds": "saved {:.0f} s ago",
        }
        return ", ".join(form.format(measured[name]) for name, form in forms.items() if name in measured)


def _named(metrics: Mapping[str, Mapping[str, np.ndarray]], speed: Mapping[str, float]) -> dict[str, float]:
    """Metrics by `predictor/part`, and the speed."""
    named = {f"{rung}/{part}": float(value) for rung, parts in metrics.items() for part, value in parts.items()}
    return named | {f"speed/{name}": value for name, value in speed.items()}


class MetricsLog:
    """metrics.jsonl: one line per logged step and rung. Lines after the step resumed from are dropped, not doubled."""

    def __init__(self, path: Path, step: int):
        self.path = path
        if path.exists():
            lines = path.read_text(errors="replace").splitlines(keepends=True)
            # a line without its end was cut by a kill; the step is logged again
            kept = [line for n, line in enumerate(lines, 1) if line.endswith("\n") and _step_of(line, n, path) <= step]
            path.write_text("".join(kept))

    def write(self, step: int, metrics: Mapping[str, Mapping[str, np.ndarray]], seconds: float) -> float:
        """Appends one line per rung.

        Args:
            step: that the metrics are of.
            metrics: by rung and part; `loss` is the whole.
            seconds: since training began or went on.

        Returns:
            The last rung's loss.

        Raises:
            TrainingDiverged: a loss is not finite.
        """
        loss = float("nan")
        with self.path.open("a") as file:
            for rung, parts in metrics.items():
                values = {name: round(float(value), 6) for name, value in parts.items()}
                file.write(json.dumps({"step": step, "predictor": rung, **values, "seconds": round(seconds, 2)}) + "\n")
                loss = values["loss"]
                # after the line is written: the log shows where it diverged
                if not np.isfinite(loss):
                    raise TrainingDiverged(
                        f"The loss of {rung} is {loss} at step {step}: training diverged. Start a new run with a lower "
                        "optimiser.learning_rate."
                    )
        return loss


def _step_of(line: str, number: int, path: Path) -> int:
    """The step that a line of metrics.jsonl speaks of; DataRefused where somebody changed the line."""
    try:
        return int(json.loads(line)["step"])
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        raise DataRefused(
            f"{path}, line {number}: expected a JSON object with a step, as training writes it, got {line.strip()!r:.60}; "
            "remove that line and run the same command to go on."
        ) from None
