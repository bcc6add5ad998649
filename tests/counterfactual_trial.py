"""The treatment's effect on each measure of change, from the same simulated patients under both arms of preset `trial`.

    python -m tests.counterfactual_trial [--patients 600] [--seed 555] [--weights FILE] [--keep FOLDER]

A trial of some hundred patients cannot tell how many patients a measure needs: the difference between its arms has an error as large as
itself. Here each patient's second film is drawn twice, treated and untreated, with the same noise, so that the effect is a mean of
differences within patients. What an arm scatters by is that of its patients, as in a trial.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from outcomenet.csv_files import write_csv
from outcomenet.evaluation.change_statistics import POWERS
from outcomenet.evaluation.damage_change import SUMS
from outcomenet.inference.film_changes import FilmChanges
from outcomenet.inference.joint_states import JointStateNetwork
from outcomenet.localization.geometry import CropGeometry
from outcomenet.metrics.trial_size import patients_per_arm
from outcomenet.models.joint_states import GRADED_DAMAGE, JOINT_STATES
from outcomenet.models.joint_weights import load_joint_weights
from outcomenet.simulation.causal import solve
from outcomenet.simulation.exogenous import draw_exogenous
from outcomenet.simulation.film_files import archives_of, draw_limbs
from outcomenet.simulation.presets import preset
from outcomenet.simulation.rendering import present_joints, render_crops, select

AT_ONCE = 40
RESAMPLES = 2000
HUMAN = "SvdH, two readers, chronological"
HUMAN_BOUNDED = f"{HUMAN}, no site's change counting for more than one grade"
FILMS = ((0, 0), (0, 1), (1, 1))  # arm (1: treated) and visit; the first film is the same in both
_DAMAGE = [JOINT_STATES.index(name) for name in GRADED_DAMAGE]
Changes = dict[str, np.ndarray]  # of a measure: axes arm, patient


def counterfactual_changes(network: JointStateNetwork, patients: int, seed: int) -> Changes:
    """Each measure's change in a year of every patient, untreated and treated.

    Args:
        network: Reads the films.
        patients: Simulated; those who come to both visits count.
        seed: Of the patients.
    """
    blocks = list(_blocks(network, patients, seed))
    return {name: np.concatenate([block[name] for block in blocks], 1) for name in blocks[0]}


def _blocks(network: JointStateNetwork, patients: int, seed: int) -> Iterator[Changes]:
    world = preset("trial")
    geometry = CropGeometry(network.weights.size_px, network.weights.mm_per_px)
    arms = [replace(world, interventions=replace(world.interventions, treatment=treated)) for treated in (False, True)]
    scanners = [archive.scanner for archive in archives_of(world).values()]
    for start in range(0, patients, AT_ONCE):
        index = range(start, min(start + AT_ONCE, patients))
        noise = draw_exogenous(seed, index, 2, len(world.readers))
        solved = [solve(arm, noise, index) for arm in arms]
        came = np.flatnonzero(solved[0].present.all(1) & solved[1].present.all(1))
        anatomy, pose = draw_limbs(seed, index, solved[0].male, visits=2)
        grain = np.random.default_rng([seed, start]).integers(0, 2**32, (len(came), 2), dtype=np.uint32)
        readings, shares = [], []
        for arm, visit in FILMS:
            at = (came, np.full(len(came), visit))
            states = select(solved[arm].joints, at)
            of_site = [scanners[solved[arm].site[patient]] for patient in came]
            shown = present_joints(states)
            crops = render_crops(states, select(anatomy, came), select(pose, at), of_site, geometry, grain[:, visit])
            read = network.infer((crops << 4).astype(np.uint16), shown)
            readings.append(np.nan_to_num(np.stack([read.roots, read.shares], -1)[:, :, _DAMAGE]))
            share = np.stack([getattr(states, name) for name in GRADED_DAMAGE], -1) * shown[..., None]
            shares.append(np.stack([np.sqrt(share), share], -1))
        yield (
            {
                name: np.stack([_human(solved[arm].svdh[came], most) for arm in (0, 1)])
                for name, most in ((HUMAN, np.inf), (HUMAN_BOUNDED, 1.0))
            }
            | {f"readings: {way}": np.stack([way.of(_films(readings[0], after)) for after in readings[1:]]) for way in SUMS}
            | {f"truth: {way}": np.stack([way.of(_films(shares[0], after)) for after in shares[1:]]) for way in SUMS}
        )  # fmt: skip


def _human(grades: np.ndarray, most: float) -> np.ndarray:
    """Change of the mean of both readers' totals, axes of the grades patient, visit, reader, site; a site counts for `most` at most."""
    known = np.where(grades < 0, np.nan, grades.astype(float))
    by_site = (known[:, 1] - known[:, 0]).mean(1)
    return np.nansum(np.clip(by_site, -most, most), -1)


def _films(before: np.ndarray, after: np.ndarray) -> FilmChanges:
    """Two films of each patient, of which bone and cartilage lost are told."""
    people, joints = before.shape[:2]
    none = np.zeros((people, joints, len(JOINT_STATES)))
    return FilmChanges(
        [("", "")] * people, np.ones((people, joints), bool), none, none, none, none[..., 0], none[..., 0], before, after, none[..., None]
    )  # fmt: skip


def effects(changes: Changes, seed: int) -> pd.DataFrame:
    """Cohen's d of the treatment and the patients per arm of a trial for each measure, and their ratio to the human total's.

    Args:
        changes: Of both arms.
        seed: Of the resamples of patients, that intervals are from.
    """
    people = changes[HUMAN].shape[1]
    weights = np.random.default_rng(seed).multinomial(people, np.full(people, 1 / people), RESAMPLES)
    weights = np.concatenate([np.ones((1, people)), weights])
    of = {name: _cohens_d(change, weights) for name, change in changes.items()}
    rows = []
    for name, d in of.items():
        ratio = (of[HUMAN] / d) ** 2
        rows.append(
            {"measure": name, "patients": people, "d": d[0], "d_lower": np.quantile(d[1:], 0.025), "d_upper": np.quantile(d[1:], 0.975)}
            | {f"n_per_arm_{round(100 * power)}": patients_per_arm(float(d[0]), power=power) for power in POWERS}
            | {"n_ratio": ratio[0], "n_ratio_lower": np.quantile(ratio[1:], 0.025), "n_ratio_upper": np.quantile(ratio[1:], 0.975)}
            | {"srm_untreated": changes[name][0].mean() / changes[name][0].std(ddof=1)}
        )  # fmt: skip
    return pd.DataFrame(rows)


def _cohens_d(change: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Mean untreated minus mean treated, over the SD within arms; a value for each row of weights."""
    total = weights.sum(1)
    means = np.stack([weights @ arm / total for arm in change])
    variances = np.stack([weights @ arm**2 / total for arm in change]) - means**2
    return (means[0] - means[1]) / np.sqrt(variances.mean(0))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--patients", type=int, default=600)
    parser.add_argument("--seed", type=int, default=555)
    parser.add_argument("--weights", type=Path, default=None)
    parser.add_argument("--keep", type=Path, default=None, help="folder that counterfactual_trial.csv is written to")
    given = parser.parse_args()
    network = JointStateNetwork(load_joint_weights(given.weights), batch=8)
    table = effects(counterfactual_changes(network, given.patients, given.seed), given.seed)
    print(table.round(3).to_string(index=False))
    if given.keep:
        write_csv(table.round(4), given.keep / "counterfactual_trial.csv")


if __name__ == "__main__":
    main()
