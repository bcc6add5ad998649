"""Eight devices compute what one computes."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import sys
import jax
jax.config.update("jax_platforms", "cpu")
jax.config.update("jax_num_cpu_devices", 8)
from pathlib import Path
import numpy as np
from outcomenet.datasets.dataset import open_dataset
from outcomenet.experiment import load_experiment
from outcomenet.wiring import training_step, wire
from outcomenet.input_pipeline.batches import training_batches
from outcomenet.training.sharding import CompiledStep, device_mesh, put_batch, put_state
assert len(jax.devices()) == 8
experiment = load_experiment(Path("experiments/demo.py"))
results = []
for devices in (1, 8):
    mesh, wiring = device_mesh(devices), wire(experiment, open_dataset(Path(sys.argv[1])))
    step = CompiledStep(training_step(wiring), mesh)
    batches = training_batches(wiring.dataset.examples("train"), wiring.covariates, batch_size=8, seed=0)
    state = put_state(wiring.initial_state(), mesh)
    losses = []
    for _ in range(3):
        state, metrics = step(state, put_batch(next(batches), mesh))
        losses.append(float(metrics["direct_adjusted"]["loss"]))
    results.append(losses)
one, eight = np.array(results)
assert np.allclose(one, eight, rtol=1e-5), (one, eight)
"""


def test_eight_virtual_devices_give_the_numbers_of_one(small_dataset):
    done = subprocess.run([sys.executable, "-c", CODE, str(small_dataset)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
