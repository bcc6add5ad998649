"""Speed of one training step with each encoder at the demo's size, on batches of noise: `python -m tests.bench_encoders`.

Encoders take turns, and the fastest of several steps counts, since other work on the machine comes and goes.
"""

from __future__ import annotations

import time

import jax
import numpy as np

from outcomenet.anatomy import JOINT_COUNT
from outcomenet.datasets.visit_example import TARGETS
from outcomenet.experiment import Experiment, load_experiment, load_module
from outcomenet.experiment_files import experiment_file
from outcomenet.scoring import KELLGREN_LAWRENCE, SVDH
from outcomenet.training.sharding import CompiledStep, device_mesh, put_batch, put_state
from outcomenet.training.state import initial_state
from outcomenet.training.step import TrainStep
from outcomenet.wiring import networks_of

CROP_PX, READERS, TURNS = 48, 2, 12


def main() -> None:
    mesh, steps = device_mesh(1), {}
    for settings in load_module(experiment_file("encoders")).sweep_encoders():
        experiment = load_experiment("encoders").with_settings(settings)
        steps[str(settings["network.encoder"])] = StepOfNoise(experiment, mesh)
    for _ in range(TURNS):
        for step in steps.values():
            step()
    for name, step in steps.items():
        print(f"{name}: {step.parameters / 1e6:.2f} million parameters a network, {step.cpu:.2f} s of CPU a step")
        print(
            f"  and {step.wall:.2f} s on the clock with {jax.device_count()} device, {step.compiled:.0f} s to compile"
        )


class StepOfNoise:
    """The step of an experiment on one batch; remembers its fastest time."""

    def __init__(self, experiment: Experiment, mesh: jax.sharding.Mesh):
        networks = networks_of(experiment, CROP_PX, READERS)
        first = next(iter(networks.values()))
        self.parameters = sum(leaf.size for leaf in jax.tree.leaves(first.abstract_parameters))
        optimiser = experiment.optimiser.build(experiment.training.steps)
        parameters = {name: network.initial_parameters(0) for name, network in networks.items()}
        self.state = put_state(initial_state(parameters, optimiser, 0), mesh)
        self.batch = put_batch(noise(experiment.training.batch_size, len(experiment.covariates)), mesh)
        self.step = CompiledStep(TrainStep(networks, optimiser, {}, experiment.training.steps), mesh)
        self.cpu = self.wall = float("inf")
        begun = time.process_time()
        self()
        self.compiled = time.process_time() - begun
        self.cpu = self.wall = float("inf")

    def __call__(self) -> None:
        wall, cpu = time.perf_counter(), time.process_time()
        self.state, _ = jax.block_until_ready(self.step(self.state, self.batch))
        self.cpu = min(self.cpu, time.process_time() - cpu)
        self.wall = min(self.wall, time.perf_counter() - wall)


def noise(visits: int, covariates: int) -> dict[str, np.ndarray]:
    """A batch whose every joint is seen and whose grades are all known; no outcome is."""
    rng = np.random.default_rng(0)
    return {
        "crops": rng.standard_normal((visits, JOINT_COUNT, CROP_PX, CROP_PX), np.float32),
        "visible": np.ones((visits, JOINT_COUNT), bool),
        "covariates": rng.standard_normal((visits, covariates), np.float32),
        "observed": np.ones((visits, covariates), bool),
        "weight": np.ones(visits, np.float32),
        "svdh": np.zeros((visits, READERS, len(SVDH.sites)), np.int32),
        "kellgren_lawrence": np.zeros((visits, len(KELLGREN_LAWRENCE.sites)), np.int32),
        **{name: np.full(visits, np.nan, np.float32) for name in TARGETS},
    }


if __name__ == "__main__":
    main()
