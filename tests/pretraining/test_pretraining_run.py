"""Run of the pretraining: by the command, killed and gone on with, to a file that a cohort's training takes."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pandas as pd

from outcomenet.cli import main
from outcomenet.models.joint_states import CHANGES, JOINT_STATES
from outcomenet.models.joint_weights import load_joint_weights

ROOT = Path(__file__).parents[2]
TINY = [
    "--geometry.size-px", "16", "--geometry.mm-per-px", "1.0", "--network.encoder.patch", "4", "--network.encoder.widths", "8", "8",
    "--network.encoder.embedding", "8", "--training.steps", "6", "--training.batch-size", "1", "--training.save-every", "2",
    "--held-out-pairs", "4", "--reference-pairs", "4",
]  # fmt: skip


def test_a_run_killed_in_the_middle_ends_with_the_same_weights(tmp_path):
    experiment = str(ROOT / "experiments/pretrained_encoder.py")
    assert main(["train", experiment, "--out", str(tmp_path / "whole"), *TINY]) == 0
    command = [sys.executable, "-m", "outcomenet.cli", "train", experiment, "--out", str(tmp_path / "killed"), *TINY]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
    reached = tmp_path / "killed/joints/checkpoints/2"
    for _ in range(1200):
        if reached.exists():
            break
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert reached.exists()
    assert main(["train", experiment, "--out", str(tmp_path / "killed"), *TINY]) == 0
    whole, killed = (load_joint_weights(tmp_path / name / "joints.safetensors") for name in ("whole", "killed"))
    crops = jnp.asarray(np.random.default_rng(0).normal(size=(1, 58, 16, 16)), jnp.float32)
    np.testing.assert_array_equal(whole.network(crops).state_logits, killed.network(crops).state_logits)
    card = whole.card
    assert (whole.size_px, whole.mm_per_px, card["pairs_seen"]) == (16, 1.0, 6)
    assert "real films" in card["not_seen"]
    accuracy = pd.read_csv(tmp_path / "whole/joint_accuracy.csv")
    assert accuracy["kind"].value_counts().to_dict() == {"state": len(JOINT_STATES) + 1, "change": len(CHANGES)}
    assert [row["what"] for row in card["held_out"]] == accuracy["what"].tolist()
    assert json.loads((tmp_path / "whole/record.json").read_text())["data"] == {"name": "simulated joints"}


def test_a_training_goes_on_from_the_weights_of_another(tmp_path, capsys):
    experiment = str(ROOT / "experiments/pretrained_encoder.py")
    assert main(["train", experiment, "--out", str(tmp_path / "first"), *TINY]) == 0
    first = tmp_path / "first/joints.safetensors"
    short = [*TINY, "--training.steps", "1", "--optimiser.learning-rate", "1e-6"]
    command = ["train", experiment, "--out", str(tmp_path / "second"), *short, "--initial", str(first)]
    assert main(command) == 0
    before, after = load_joint_weights(first), load_joint_weights(tmp_path / "second/joints.safetensors")
    assert after.card["begun_from"] == before.card
    np.testing.assert_allclose(after.network.states.kernel[...], before.network.states.kernel[...], atol=2e-3)
    record = json.loads((tmp_path / "second/record.json").read_text())
    assert record["config"]["initial"] == "joints.safetensors"  # no folder, which may name a person
    assert len(record["data"]["begun_from_sha256"]) == 64
    assert main([*command[:3], str(tmp_path / "third"), *short, "--initial", str(tmp_path / "none.safetensors")]) == 2
    assert "no weights file" in capsys.readouterr().err


def test_a_training_learns_from_teachers_of_its_own_crops(tmp_path, capsys):
    experiment = str(ROOT / "experiments/pretrained_encoder.py")
    assert main(["train", experiment, "--out", str(tmp_path / "teacher"), *TINY]) == 0
    teacher = str(tmp_path / "teacher/joints.safetensors")
    taught = [*TINY, "--loss-weights.distilled", "11", "--loss-weights.masked", "0.5", "--teachers", teacher, teacher]
    assert main(["train", experiment, "--out", str(tmp_path / "taught"), *taught]) == 0
    record = json.loads((tmp_path / "taught/record.json").read_text())
    assert record["config"]["teachers"] == ["joints.safetensors"] * 2
    assert len(set(record["data"]["teachers_sha256"])) == 1
    logged = json.loads((tmp_path / "taught/joints/metrics.jsonl").read_text().splitlines()[-1])
    assert logged["distilled"] > 0
    assert logged["masked"] > 0
    other = [*taught, "--geometry.size-px", "24"]
    assert main(["train", experiment, "--out", str(tmp_path / "other"), *other]) == 2
    assert "reads the crops of this training, 24 px" in capsys.readouterr().err
    missing = [*TINY, "--teachers", str(tmp_path / "none.safetensors")]
    assert main(["train", experiment, "--out", str(tmp_path / "missing"), *missing]) == 2
    assert "(teachers)" in capsys.readouterr().err
