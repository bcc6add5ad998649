"""What a training step costs and what the trainer adds to it: `python -m tests.bench_training`, also in `make bench`.

All numbers are of one run on this machine. The bare loop runs before and after, since other work comes and goes.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp

from outcomenet.cohorts.cohort import read_cohort
from outcomenet.datasets.dataset import Dataset, open_dataset
from outcomenet.experiment import Experiment, load_experiment
from outcomenet.input_pipeline.prepared_films import prepared_films
from outcomenet.intake.build import build_dataset
from outcomenet.localization.geometry import CropGeometry
from outcomenet.progress import Progress
from outcomenet.simulation.cohort_folder import simulate_cohort
from outcomenet.simulation.presets import preset
from outcomenet.training.loop import train
from outcomenet.training.sharding import CompiledStep, device_mesh, put_batch, put_state
from outcomenet.wiring import Wiring, training_data, training_step, wire

EXPERIMENT = Path(__file__).parents[1] / "experiments" / "demo.py"
GEOMETRY = CropGeometry(
    48, 0.5
)  # another than that of the shipped encoder: the encoder learns, and films are changed at random
STEPS, SAVE_EVERY, TURNS, SEEDS = 60, 20, 5, 4
QUIET = Progress(quiet=True)


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cohort = simulate_cohort(
            folder / "crops", preset("default"), patients=60, films="crops", full_films=0, seed=1, geometry=GEOMETRY,
            progress=QUIET,
        )  # fmt: skip
        build_dataset(read_cohort(cohort), folder / "data", GEOMETRY, progress=QUIET)
        bench_training(folder / "data", folder)


def bench_training(data: Path, runs: Path) -> None:
    """The trainer (log, checkpoints, pipeline) against a bare loop over the same compiled step, and where a step's time goes.

    Args:
        data: Data set of crops of `GEOMETRY`.
        runs: Folder for the trainings.
    """
    dataset = open_dataset(data)
    for cache in ("disk", "device"):
        experiment = load_experiment(EXPERIMENT).with_settings({"training.steps": 2 * STEPS, "training.cache": cache})
        _trainer(experiment, dataset, runs / cache)
    _shares(wire(load_experiment(EXPERIMENT), dataset))
    _seeds_together(dataset)


def _trainer(experiment: Experiment, dataset: Dataset, run: Path) -> None:
    training = replace(experiment.training, log_every=SAVE_EVERY, save_every=SAVE_EVERY)
    wiring, mesh = wire(replace(experiment, training=training), dataset), device_mesh(1)
    step, data = training_step(wiring), training_data(wiring, dataset.examples("train"), QUIET)
    compiled = CompiledStep(step, mesh, data.held)
    ready = [put_batch(next(data.batches), mesh) for _ in range(8)]
    state = put_state(wiring.initial_state(), mesh)
    state, _ = jax.block_until_ready(compiled(state, ready[0]))

    def bare() -> None:
        nonlocal state
        for number in range(STEPS):
            state, _ = compiled(state, ready[number % len(ready)])
        jax.block_until_ready(state)

    before = seconds(bare)
    run.mkdir()
    train(
        step, wiring.initial_state(), training_data(wiring, dataset.examples("train"), QUIET).batches, training, run, mesh,
        run_id="bench", progress=QUIET, held=data.held,
    )  # fmt: skip
    # without compiling: between log lines, with a checkpoint at each of them
    logged = {row["step"]: row["seconds"] for row in map(json.loads, (run / "metrics.jsonl").read_text().splitlines())}
    steps = training.steps - SAVE_EVERY
    ours = (logged[training.steps] - logged[SAVE_EVERY]) / steps
    bare_step = (before + seconds(bare)) / (2 * STEPS)
    print(
        f"trainer / bare loop, training.cache {training.cache}, speed: {bare_step / ours:.2f} (aim 0.97); {1 / ours:.2f} and "
        f"{1 / bare_step:.2f} steps/s, a checkpoint every {SAVE_EVERY} steps; {compiled.teraflop / ours * 1e3:.0f} GFLOP/s",
        flush=True,
    )
    if data.held is None:
        alone = training_data(wiring, dataset.examples("train"), QUIET).batches
        next(alone)
        reading = seconds(lambda: [next(alone) for _ in range(STEPS)]) / STEPS
        print(f"reading and decoding of a batch / step, time: {reading / bare_step:.3f}, in threads beside it")


def _shares(wiring: Wiring) -> None:
    """Fastest time of each part of a step, compiled by itself, of the CPU and on the clock."""
    mesh = device_mesh(1)
    batch = put_batch(next(training_data(wiring, wiring.dataset.examples("train"), QUIET).batches), mesh)
    keys = jax.random.split(jax.random.key(0), len(batch["weight"]))
    name = next(iter(wiring.networks))
    network, parameters = wiring.networks[name], wiring.initial_parameters()[name]
    prepared = prepared_films(batch, keys, None)
    crops, visible = prepared["crops"], prepared["visible"]
    number = len(wiring.networks)

    def encoded(own: Mapping[str, Any]) -> jax.Array:
        return network.merge(dict(own)).embed(crops, visible).sum()

    step = CompiledStep(training_step(wiring), mesh)
    state = put_state(wiring.initial_state(), mesh)

    def whole() -> None:
        nonlocal state
        state, _ = jax.block_until_ready(step(state, batch))

    films = jax.jit(lambda b, k: prepared_films(b, k, wiring.experiment.augmentation))
    backward, forward = jax.jit(jax.grad(encoded)), jax.jit(encoded)
    parts: dict[str, Callable[[], object]] = {
        "whole step": whole,
        "films standardised and changed": lambda: jax.block_until_ready(films(batch, keys)),
        "encoder of one network, forward": lambda: jax.block_until_ready(forward(parameters)),
        "encoder of one network, forward and backward": lambda: jax.block_until_ready(backward(parameters)),
    }
    times = {part: min(seconds(work) for _ in range(TURNS)) for part, work in parts.items() if work() is None or True}
    step_seconds = times.pop("whole step")
    print(f"step of {number} networks on {len(batch['weight'])} visits: {step_seconds * 1e3:.0f} ms")
    for part, taken in times.items():
        times_network = number if "one network" in part else 1
        share = times_network * taken / step_seconds
        print(
            f"  {part}: {taken * 1e3:.0f} ms{f', {number} times' if times_network > 1 else ''}: {share:.0%} of the step"
        )
    print("  limited by: the encoders' convolutions; see encoder beside PyTorch")


def _seeds_together(dataset: Dataset) -> None:
    """Steps of several seeds in one program, by `lax.map` and by `vmap`, against one program after the other."""
    experiment = load_experiment(EXPERIMENT).with_settings({"training.steps": 2 * STEPS, "rungs": ("direct_adjusted",)})
    wiring, mesh = wire(experiment, dataset), device_mesh(1)
    step = training_step(wiring)
    batch = put_batch(next(training_data(wiring, wiring.dataset.examples("train"), QUIET).batches), mesh)

    def stacked(tree: Any) -> Any:
        return jax.tree.map(lambda a: jnp.stack([a] * SEEDS), tree)

    state = wiring.initial_state()
    alone = jax.jit(step)
    together = {
        "lax.map": jax.jit(lambda states, batches: jax.lax.map(lambda pair: step(*pair), (states, batches))),
        "vmap": jax.jit(jax.vmap(step)),
    }
    inputs = stacked(state), stacked(batch)
    works: dict[str, Callable[[], object]] = {
        name: lambda run=run: jax.block_until_ready(run(*inputs)) for name, run in together.items()
    }

    def one_after_the_other() -> None:
        for _ in range(SEEDS):
            jax.block_until_ready(alone(state, batch))

    one_after_the_other()
    base = min(seconds(one_after_the_other) for _ in range(TURNS))
    told = []
    for name, work in works.items():
        work()
        told.append(f"{name} {base / min(seconds(work) for _ in range(TURNS)):.2f}")
    print(f"steps of {SEEDS} seeds in one program, speed over one after the other: {', '.join(told)}", flush=True)


def seconds(work: Callable[[], object]) -> float:
    """Time of a call on the clock."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
