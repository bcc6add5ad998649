"""Arms of the encoder's pretraining, from chance at equal training size, each measured in the same ways.

    python -m tests.pretraining_arms train [--runs runs/arms] [--only NAME ...]    # goes on where it stopped
    python -m tests.pretraining_arms evaluate [--runs runs/arms] [--only NAME ...] [--keep docs/pretraining]

`train` runs every line of `sweep_arms` of experiments/pretrained_encoder.py, one after the other; `evaluate` measures those that
are finished and writes arms.csv and the page's table. No number here chose a setting of an arm.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
from flax import nnx
from sklearn.metrics import roc_auc_score

from outcomenet.csv_files import read_csv, write_csv
from outcomenet.experiment import load_module
from outcomenet.experiment_files import experiment_file
from outcomenet.inference.joint_states import JointStateNetwork
from outcomenet.localization.geometry import CropGeometry
from outcomenet.models.joint_states import JOINT_STATES
from outcomenet.models.joint_weights import PRETRAINED, load_joint_weights
from outcomenet.pretraining.joint_bank import JointBank
from outcomenet.pretraining.pretraining_run import WEIGHTS
from tests.drawn_films import PLANTED, drawn_films
from tests.real_films import landmarked_films
from tests.real_joints import DATA, again, auroc, healthy, planted
from tests.state_cohorts import haq_recovery, trial_change
from tools.marked_page import with_block

EXPERIMENT = "pretrained_encoder"
SHIPPED = "shipped"  # what comes with outcomenet, beside the arms
# Names of the lines of `sweep_arms`, in its order.
ARMS = {
    "base": "96 px of 0.25 mm, patches of 8",
    "real_looks": "three films in ten as real ones",
    "agreement": "the same joint in two looks, weight 0.5",
    "crops_48": "48 px of 0.5 mm, patches of 4",
    "crops_128": "128 px of 0.2 mm",
    "vit": "vision transformer",
    "patch_4": "patches of 4, as much time",
    "masked": "half of each joint hidden, weight 0.5",
    "base_again": "the first arm, another seed",
    "distilled": "taught by the first arm's two seeds",
}
HELD_OUT_SEED, DRAWN_SEED, DRAWN_PEOPLE, HELD_OUT_PAIRS = 22, 61, 16, 32
NAME = "`make pretraining-arms`"  # what writes the page's part
# Columns of arms.csv that the page shows, with their titles.
SHOWN = {
    "steps": "steps",
    "clock_minutes": "minutes on the clock, beside other work",
    "crops_per_cpu_second": "crops per CPU second, forward and backward",
    "states_r": "states, mean correlation",
    "erosion_change_r": "change of erosion, correlation",
    "narrowing_change_r": "change of narrowing, correlation",
    "svdh_r": "SvdH of a person, correlation",
    "real_svdh_median": "SvdH of healthy real limbs, median",
    "real_svdh_largest": "SvdH of healthy real limbs, largest",
    "real_erosion_auroc": "erosion planted into real films, AUROC",
    "real_narrowing_auroc": "narrowing planted into real films, AUROC",
    "drawn_erosion_auroc": "erosion drawn, AUROC",
    "drawn_narrowing_auroc": "narrowing drawn, AUROC",
    "icc_least": "ICC, landmarks placed anew, least",
    "icc_median": "ICC, landmarks placed anew, median",
    "haq_r2_states": "R2 of HAQ by states",
    "haq_recovery": "recovery of HAQ by states",
    "trial_change_correlation": "change in a trial, correlation with the true one",
}
# The four cells: lesions of one size planted into drawn and into real films, without and with looks of real films.
FOUR_CELLS = {
    SHIPPED: "shipped, drawn looks alone",
    "base": "500 steps, drawn looks alone",
    "real_looks": "500 steps, with looks of real films",
}


def sweep() -> dict[str, dict[str, object]]:
    """Settings of each arm, by its name."""
    return dict(zip(ARMS, load_module(experiment_file(EXPERIMENT)).sweep_arms(), strict=True))


def train(runs: Path, only: list[str]) -> None:
    """Trains the arms that are not finished.

    Args:
        runs: Folder of their runs.
        only: Names of those that are wanted; none: all.
    """
    for name, settings in sweep().items():
        if (runs / name / WEIGHTS).is_file() or (only and name not in only):
            continue
        words = [
            sys.executable,
            "-m",
            "outcomenet.cli",
            "train",
            f"experiments/{EXPERIMENT}.py",
            "--out",
            str(runs / name),
        ]
        for setting, value in settings.items():
            values = value if isinstance(value, tuple) else (value,)
            if setting == "teachers":
                values = [runs / Path(path).parent.name / WEIGHTS for path in values]
            words += [f"--{setting.replace('_', '-')}", *map(str, values)]
        subprocess.run(words, check=True)


def evaluate(runs: Path, only: list[str]) -> pd.DataFrame:
    """One row for each finished arm.

    Args:
        runs: Folder of their runs.
        only: Names of those that are wanted; none: all, and what is shipped.
    """
    films = list(landmarked_films(DATA, DATA / "landmarks.csv"))
    files = {SHIPPED: PRETRAINED} | {name: runs / name / WEIGHTS for name in ARMS}
    rows = []
    for name, file in files.items():
        if only and name not in only:
            continue
        if not file.is_file():
            print(f"{name}: not finished, left out")
            continue
        network = JointStateNetwork(load_joint_weights(file))
        rows.append(
            {"arm": name}
            | training_size(network, runs / name)
            | speed(network)
            | held_out(network)
            | on_real_films(network, films)
            | on_drawn_films(network)
            | haq_recovery(network)
            | trial_change(network)
        )
        print(json.dumps(rows[-1], indent=1), flush=True)
    return pd.DataFrame(rows)


def with_kept(table: pd.DataFrame, file: Path) -> pd.DataFrame:
    """The table with the arms of the file that it has not measured anew, in the order of the sweep.

    Args:
        table: Of `evaluate`.
        file: That may be there.
    """
    kept = read_csv(file) if file.is_file() else table.iloc[:0]
    both = pd.concat([table, kept[~kept["arm"].isin(table["arm"])]], ignore_index=True)
    return both.sort_values("arm", key=lambda names: names.map([SHIPPED, *ARMS].index), ignore_index=True)


def training_size(network: JointStateNetwork, run: Path) -> dict[str, float]:
    """Steps, pairs of films and time on the clock, which other work on the machine lengthens.

    Args:
        network: Of an arm.
        run: Its folder; no time is known where there is none.
    """
    card, log = network.weights.card, run / "joints/metrics.jsonl"
    size = {"steps": card["config"]["training"]["steps"], "pairs_seen": card["pairs_seen"]}
    if not log.is_file():
        return size
    clock = np.array([json.loads(line)["seconds"] for line in log.read_text().splitlines()])
    # the clock begins anew where a run went on
    parts = np.append(clock[:-1][np.diff(clock) < 0], clock[-1])
    return size | {"clock_minutes": float(parts.sum() / 60)}


def speed(network: JointStateNetwork, films: int = 4, turns: int = 3) -> dict[str, float]:
    """Crops per second of CPU time, forward and backward through the encoder.

    Args:
        network: Whose encoder it is.
        films: In a batch.
        turns: The fastest counts, since other work disturbs.
    """
    size = network.weights.size_px
    crops = jnp.asarray(np.random.default_rng(0).normal(size=(films, 58, size, size)), jnp.float32)
    definition, state = nnx.split(network.weights.network.encoder)
    gradient = jax.jit(jax.grad(lambda state, crops: (nnx.merge(definition, state)(crops) ** 2).mean()))
    jax.block_until_ready(gradient(state, crops))
    seconds = []
    for _ in range(turns):
        begun = time.process_time()
        jax.block_until_ready(gradient(state, crops))
        seconds.append(time.process_time() - begun)
    parameters = sum(leaf.size for leaf in jax.tree.leaves(state))
    return {"encoder_parameters": parameters, "crops_per_cpu_second": films * 58 / min(seconds)}


def held_out(network: JointStateNetwork) -> dict[str, float]:
    """Correlations with the truth on drawn people of another seed: states and changes in looks, SvdH of films as drawn.

    Args:
        network: Of an arm.
    """
    told = {(row["kind"], row["what"]): row["correlation"] for row in network.weights.card["held_out"]}
    pairs = JointBank(HELD_OUT_SEED, geometry=_geometry(network)).draw(range(HELD_OUT_PAIRS))
    states = network.infer(
        16 * np.concatenate([pair.crops for pair in pairs]), np.concatenate([pair.present for pair in pairs])
    )
    true = np.concatenate([np.maximum(pair.true_svdh, 0) for pair in pairs]).sum(1)
    return {
        "states_r": float(np.mean([told["state", name] for name in JOINT_STATES])),
        "erosion_change_r": told["change", "erosion"],
        "narrowing_change_r": told["change", "narrowing"],
        "svdh_r": float(np.corrcoef(np.nansum(states.expected_svdh, 1), true)[0, 1]),
    }


def on_real_films(network: JointStateNetwork, films: list) -> dict[str, float]:
    """Healthy limbs, planted lesions, and landmarks placed anew: see `tests/real_joints.py`.

    Args:
        network: Of an arm.
        films: The three test films.
    """
    limbs, lesions, repeated = healthy(network, films), planted(network, films, 4, 7), again(network, films)
    anew = repeated[repeated["again"] == "landmarks placed anew"]["icc"]
    return {
        "real_svdh_median": float(limbs["svdh"].median()),
        "real_svdh_largest": float(limbs["svdh"].max()),
        "real_expected_svdh_median": float(limbs["expected_svdh"].median()),
        "real_erosion_auroc": auroc(lesions, "erosion"),
        "real_narrowing_auroc": auroc(lesions, "narrowing"),
        "icc_least": float(anew.min()),
        "icc_median": float(anew.median()),
    }


def on_drawn_films(network: JointStateNetwork) -> dict[str, float]:
    """The same lesions in drawn films: joints with one against the same joints without.

    Args:
        network: Of an arm.
    """
    drawn = drawn_films(DRAWN_PEOPLE, DRAWN_SEED, _geometry(network))
    plain = network.infer(drawn.crops(drawn.healthy), drawn.present).roots[:, PLANTED]
    scores = {}
    for lesion, states in (("erosion", drawn.eroded), ("narrowing", drawn.narrowed)):
        degrees = getattr(states, lesion)
        told = network.infer(drawn.crops(states._replace(**{lesion: np.nan_to_num(degrees)})), drawn.present)
        column, known = JOINT_STATES.index(lesion), np.isfinite(degrees[:, PLANTED])
        roots = np.stack([plain, told.roots[:, PLANTED]])[..., column]
        truth = np.repeat([0, 1], known.sum())
        scores[f"drawn_{lesion}_auroc"] = float(roc_auc_score(truth, roots[:, known].reshape(-1)))
        scores[f"drawn_{lesion}_joints"] = int(known.sum())
    return scores


def _geometry(network: JointStateNetwork) -> CropGeometry:
    return CropGeometry(network.weights.size_px, network.weights.mm_per_px)


def page_part(table: pd.DataFrame) -> str:
    """Both tables of the page: arms as columns, and the four cells.

    Args:
        table: Of `evaluate`.
    """
    known = table.set_index("arm")
    lines = ["| | " + " | ".join(known.index) + " |", "| --- |" + " --- |" * len(known)]
    lines.append("| | " + " | ".join(ARMS.get(arm, "trained for longer") for arm in known.index) + " |")
    lines += [f"| {title} | " + " | ".join(_cell(known[name])) + " |" for name, title in SHOWN.items() if name in known]
    cells = {arm: title for arm, title in FOUR_CELLS.items() if arm in known.index}
    if cells:
        lines += ["", "| AUROC, erosion / narrowing | into drawn films | into real films |", "| --- | --- | --- |"]
        for arm, title in cells.items():
            row = known.loc[arm]
            cells = [
                f"{row[f'{where}_erosion_auroc']:.2f} / {row[f'{where}_narrowing_auroc']:.2f}"
                for where in ("drawn", "real")
            ]
            lines.append(f"| {title} | {cells[0]} | {cells[1]} |")
    return "\n".join(lines) + "\n"


def _cell(column: pd.Series) -> list[str]:
    digits = 0 if (column.abs() >= 20).any() or (column.dropna() == column.dropna().round()).all() else 2
    return ["-" if np.isnan(value) else f"{value:,.{digits}f}" for value in column]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("train", "evaluate"))
    parser.add_argument("--runs", type=Path, default=Path("runs/arms"))
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--keep", type=Path, default=None, help="folder of README.md, whose table is written anew")
    given = parser.parse_args()
    if given.what == "train":
        train(given.runs, given.only)
        return
    table = evaluate(given.runs, given.only).round(4)  # the page is written from what the file holds
    print(table.set_index("arm").T.to_string())
    if given.keep:
        table = with_kept(table, given.keep / "arms.csv")
        write_csv(table, given.keep / "arms.csv")
        page = given.keep / "README.md"
        page.write_text(with_block(page.read_text(), NAME, page_part(table)))


if __name__ == "__main__":
    main()
