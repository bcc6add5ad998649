"""Training loop: steps over batches, a line of metrics now and then, checkpoints, a clean stop when asked."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import jax
import numpy as np
from jax.sharding import Mesh

from outcomenet.errors import DataRefused, Preempted, TrainingDiverged
from outcomenet.progress import Progress
from outcomenet.ranges import Count, CountOrNone, Seed, Workers, check_ranges
from outcomenet.training.checkpoints import Checkpoints, abstract_of
from outcomenet.training.metric_writers import MetricWriter
from outcomenet.training.sharding import compile_step, put_batch, put_state
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
    state = put_state(state, mesh)
    # the state is on its devices already, so that the checkpoint comes back straight onto them
    restored = checkpoints.resume(abstract_of(state), progress.say)
    if restored is not None:
        state, position = restored
        batches.set_state(dict(position["batches"]))
    first = int(state.step)
    log = MetricsLog(run / "metrics.jsonl", first)
    compiled = compile_step(step, mesh)
    if first < config.steps:
        progress.start("steps", config.steps - first, "train" if not first else f"train on from step {first}")
    begun = saved = time.monotonic()
    with writers(first) as others:
        for number in range(first + 1, config.steps + 1):
            # 2. one batch, one update
            state, metrics = compiled(state, put_batch(next(batches), mesh))
            # 3. metrics leave the device only when they are written down
            if number % config.log_every == 0 or number == config.steps:
                values = jax.device_get(metrics)
                now = time.monotonic()
                speed = (number - first) * config.batch_size / (now - begun)
                loss = log.write(number, values, now - begun)
                for writer in others:
                    writer.write(number, _named(values, speed, now - saved))
                progress.advance(0, f", loss {loss:.3f}, {speed:.1f} visits/s, saved {now - saved:.0f} s ago")
            # 4. save, also when asked to stop
            # asked once a step: a signal that comes while saving is heard at the next one
            stopping = stop()
            if number % config.save_every == 0 or number == config.steps or stopping:
                checkpoints.save(number, state, {"batches": batches.get_state()})
                saved = time.monotonic()
            progress.advance()
            if stopping and number < config.steps:
                raise Preempted(f"Stopped after step {number} of {config.steps}, saved; run the same command to go on.")
    if first < config.steps:
        # steps are only queued by the calls above; the progress ends when the last one is computed
        jax.block_until_ready(state)
        progress.finish()
    return state


def _named(
    metrics: Mapping[str, Mapping[str, np.ndarray]], visits_per_second: float, checkpoint_age: float
) -> dict[str, float]:
    """Metrics by `predictor/part`, with the speed since training began or went on and the age of the last checkpoint."""
    named = {f"{rung}/{part}": float(value) for rung, parts in metrics.items() for part, value in parts.items()}
    return named | {"speed/visits_per_second": visits_per_second, "speed/checkpoint_age_seconds": checkpoint_age}


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
