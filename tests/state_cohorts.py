"""Simulated cohorts as a pretrained network sees them: how much of HAQ its states tell, and whether it sees a trial's change.

Quick stand-ins for training on a cohort: a ridge regression on sums of states, and the sum of what changed.
"""

from __future__ import annotations

from collections.abc import Iterator

import jax
import numpy as np
from flax import nnx
from sklearn.linear_model import RidgeCV
from sklearn.metrics import r2_score
from sklearn.model_selection import KFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from outcomenet.anatomy import JOINT_KIND_INDEX
from outcomenet.inference.joint_states import JointStateNetwork
from outcomenet.localization.geometry import CropGeometry
from outcomenet.models.joint_states import CHANGES, JOINT_STATES
from outcomenet.models.standardised_crops import standardised
from outcomenet.simulation.causal import Patients, solve
from outcomenet.simulation.disability import haq_index
from outcomenet.simulation.disease import RA_JOINTS
from outcomenet.simulation.exogenous import draw_exogenous
from outcomenet.simulation.film_files import archives_of, draw_limbs
from outcomenet.simulation.presets import preset
from outcomenet.simulation.rendering import present_joints, render_crops, select

CHUNK = 50  # patients that are drawn at once
DAMAGE = ("erosion", "narrowing")
FOLDS = KFold(5, shuffle=True, random_state=0)


def drawn_patients(
    name: str, seed: int, count: int, visits: int, geometry: CropGeometry
) -> Iterator[tuple[Patients, np.ndarray, np.ndarray]]:
    """Patients of a preset and the films of all their planned visits, in chunks.

    Args:
        name: Of the preset.
        seed: Of the world.
        count: Patients.
        visits: Of each.
        geometry: Of the crops.

    Returns:
        What happened to them; crops with the axes patient, visit, joint, height, width, 16-bit; joints that are there.
    """
    world = preset(name)
    scanners = [archive.scanner for archive in archives_of(world).values()]
    for first in range(0, count, CHUNK):
        patients = range(first, min(first + CHUNK, count))
        solved = solve(world, draw_exogenous(seed, patients, visits, len(world.readers)), patients)
        anatomy, pose = draw_limbs(seed, patients, solved.male, visits=visits)
        rows, visit = (axis.reshape(-1) for axis in np.mgrid[: len(patients), :visits])
        states = select(solved.joints, (rows, visit))
        noise = np.random.default_rng([seed, first]).integers(0, 2**32, len(rows), dtype=np.uint32)
        crops = render_crops(
            states, select(anatomy, rows), select(pose, (rows, visit)), [scanners[solved.site[row]] for row in rows], geometry, noise
        )  # fmt: skip
        shape = len(patients), visits
        yield solved, 16 * crops.reshape(*shape, *crops.shape[1:]), present_joints(states).reshape(*shape, -1)


def haq_recovery(network: JointStateNetwork, count: int = 500, seed: int = 93) -> dict[str, float]:
    """R2 of HAQ at the first visit by what readers grade, by the network's states, and by the truth, cross-validated.

    Args:
        network: Pretrained.
        count: Patients of preset default.
        seed: Of the world.
    """
    geometry = CropGeometry(network.weights.size_px, network.weights.mm_per_px)
    parts: dict[str, list[np.ndarray]] = {name: [] for name in ("haq", "known", "human", "states", "truth")}
    kinds = np.eye(max(JOINT_KIND_INDEX) + 1)[np.array(JOINT_KIND_INDEX)]
    for solved, crops, present in drawn_patients("default", seed, count, 1, geometry):
        states = network.infer(crops[:, 0], present[:, 0])
        both = [np.nan_to_num(values) for values in (states.roots, states.shares)]
        graded = np.maximum(solved.svdh[:, 0], 0).mean(1)
        total = graded.sum(1, keepdims=True)
        known = [solved.age, solved.male, solved.duration, solved.rf, solved.acpa, solved.fibromyalgia]
        true = [getattr(solved.joints, name)[:, 0].mean(1) for name in solved.joints._fields]
        rows = {
            "haq": haq_index(solved.items[:, 0], solved.aids[:, 0]),
            "known": np.stack(known, -1).astype(float),
            "human": np.concatenate([graded, total, np.sqrt(total)], 1),
            "states": np.concatenate(
                [x.sum(1) for x in both] + [np.einsum("njs,jk->nks", x, kinds).reshape(len(x), -1) for x in both], 1
            ),
            "truth": np.stack([*true, solved.parts.damage[:, 0], solved.parts.activity[:, 0], solved.parts.osteoarthritis[:, 0]], -1),
        }  # fmt: skip
        for name, values in rows.items():
            parts[name].append(values)
    table = {name: np.concatenate(values) for name, values in parts.items()}
    r2 = {
        name: _ridge(np.concatenate([table["known"], table[name]], 1), table["haq"])
        for name in ("human", "states", "truth")
    }
    return {f"haq_r2_{name}": value for name, value in r2.items()} | {
        "haq_recovery": (r2["states"] - r2["human"]) / (r2["truth"] - r2["human"])
    }


def _ridge(features: np.ndarray, target: np.ndarray) -> float:
    """R2 on patients that the regression has not seen."""
    # a state that hardly any joint has is nearly constant: one patient who has it would lie a thousand SDs off
    near = FunctionTransformer(np.clip, kw_args={"a_min": -5.0, "a_max": 5.0})
    regression = make_pipeline(StandardScaler(), near, RidgeCV(np.logspace(-1, 5, 25)))
    return float(r2_score(target, cross_val_predict(regression, features, target, cv=FOLDS)))


def trial_change(network: JointStateNetwork, count: int = 300, seed: int = 78) -> dict[str, float]:
    """How the summed change of bone and cartilage, two films read together, goes with the true one and with readers'.

    Args:
        network: Pretrained.
        count: Patients of preset trial, all of whom are taken to come twice.
        seed: Of the world.

    Returns:
        Correlation over patients, of sums of changes of roots over joints with rheumatoid damage, and of SvdH's change as
        two readers gave it.
    """
    geometry = CropGeometry(network.weights.size_px, network.weights.mm_per_px)
    definition, state = nnx.split(network.weights.network)

    @jax.jit
    def changes(state, crops):
        joints = nnx.merge(definition, state)
        embeddings = joints(crops).embeddings
        return joints.films(embeddings[0::2], embeddings[1::2]).mean

    columns = [CHANGES.index(name) for name in DAMAGE]
    stated, true, graded = [], [], []
    for solved, crops, present in drawn_patients("trial", seed, count, 2, geometry):
        films, shown = crops.reshape(-1, *crops.shape[2:]), present.reshape(-1, present.shape[-1])
        both = np.asarray(present.all(1))[:, RA_JOINTS]
        mean = []
        for first in range(0, len(films), 10):
            block = np.stack([
                standardised(film.astype(np.float32) / 65535, seen) * seen[:, None, None]
                for film, seen in zip(films[first : first + 10], shown[first : first + 10], strict=True)
            ]).astype(np.float32)  # fmt: skip
            mean.append(np.asarray(changes(state, block)))
        told = np.concatenate(mean)[:, RA_JOINTS][..., columns].sum(-1)
        roots = np.sum([np.sqrt(getattr(solved.joints, name)) for name in DAMAGE], axis=0)
        change = (roots[:, 1] - roots[:, 0])[:, RA_JOINTS]
        stated.append(np.where(both, told, 0).sum(1))
        true.append(np.where(both, change, 0).sum(1))
        totals = np.maximum(solved.svdh, 0).sum(-1).mean(-1)
        graded.append(totals[:, 1] - totals[:, 0])
    stated, true, graded = map(np.concatenate, (stated, true, graded))
    assert set(DAMAGE) <= set(JOINT_STATES)
    return {
        "trial_change_correlation": float(np.corrcoef(stated, true)[0, 1]),
        "trial_change_correlation_svdh": float(np.corrcoef(graded, true)[0, 1]),
    }
