"""Limbs of single films run through a network in batches: score, grades and contribution of every joint."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from outcomenet.anatomy import JOINT_NAMES
from outcomenet.arrays import Bool, Float, UInt16
from outcomenet.datasets.visit_example import ExampleShape, nothing_known
from outcomenet.inference.compiled_network import CompiledNetwork
from outcomenet.inference.film_risks import film_risks
from outcomenet.ladder.calibrators import Calibrators
from outcomenet.models.embedding_reference import UNLIKE_FROM
from outcomenet.models.joint_states import JOINT_STATES
from outcomenet.predictions import NetworkOutput
from outcomenet.scoring import KELLGREN_LAWRENCE, SVDH


def state_columns(name: str) -> tuple[str, str, str]:
    """Columns of joints.csv of one joint state: its share, and its lower and upper bound."""
    return name, f"{name}_lower", f"{name}_upper"


JOINT_COLUMNS = [
    "film_id", "joint", "x_px", "y_px", "visible", "distance", "unlike_training", "contribution",
    "svdh_erosion", "svdh_jsn", "kellgren_lawrence", *(column for state in JOINT_STATES for column in state_columns(state)),
]  # fmt: skip


@dataclass(frozen=True)
class LimbJoints:
    """The joints of one limb, cut from its film."""

    crops: UInt16[np.ndarray, "joint height width"]  # of all joints of a visit; those that were not cut are black
    present: Bool[np.ndarray, "joint"]
    own: Sequence[int]  # places of the limb's joints among all of a visit
    centre: Float[np.ndarray, "own 2"]  # of each of them, film pixels: column, row
    # from what the encoder was trained on, of all joints; beyond `UNLIKE_FROM` a joint is flagged. None: not judged
    distances: Float[np.ndarray, "joint"] | None = None


@dataclass(frozen=True)
class PreparedLimb:
    """One row of films.csv as it is before a network is run, with the limb's joints where there is something to score."""

    row: Mapping[str, object]  # of films.csv, by column
    sheet: np.ndarray | None = None  # the crops side by side
    joints: LimbJoints | None = None
    file: str = ""  # name of the film's file


def infer_limbs(
    network: CompiledNetwork,
    limbs: Iterable[PreparedLimb],
    *,
    outcomes: Sequence[str],
    main: str,
    calibrators: Mapping[str, Calibrators] | None,
) -> Iterator[tuple[PreparedLimb, dict[str, object], list[dict[str, object]]]]:
    """Runs a network over limbs, those of several films together.

    Args:
        network: see `prediction_task.film_network`; as many limbs as its batch holds are taken at once.
        limbs: each is prepared when it is needed.
        outcomes: names of the run's outcomes.
        main: the one that the score is of.
        calibrators: of the network, by outcome; None where the run has no calibration.json.

    Yields:
        Each limb in its order, with its numbers for films.csv and its rows of joints.csv; both are empty for a limb without
        joints.
    """
    limbs = iter(limbs)
    while block := list(islice(limbs, network.batch_size)):
        examples = [_example(limb.joints, len(network.scale.names)) for limb in block if limb.joints is not None]
        output = network.infer(network.batches(examples)) if examples else None
        # rows of the output are those of the block's limbs that have joints
        scored = 0
        for limb in block:
            if limb.joints is None or output is None:
                yield limb, {}, []
                continue
            contribution = output.contributions[scored, :, outcomes.index(main)]
            values: dict[str, object] = {}
            if limb.joints.present.any():  # else every joint was masked, and a score of nothing would be 0
                values = _limb_values(limb.joints, output, scored, contribution)
                values |= film_risks(outcomes, output, calibrators, scored)
            yield limb, values, _joint_rows(str(limb.row["film_id"]), limb.joints, output, scored, contribution)
            scored += 1


def _example(joints: LimbJoints, covariates: int) -> dict[str, np.ndarray]:
    """A visit of which nothing is known but one limb's film."""
    shape = ExampleShape(crop_size=joints.crops.shape[1], covariates=covariates, readers=1)
    return {**nothing_known(shape), "crops": joints.crops, "present": joints.present}


def _limb_values(
    joints: LimbJoints, output: NetworkOutput, at: int, contribution: Float[np.ndarray, "joint"]
) -> dict[str, object]:
    """The limb's numbers in films.csv, from row `at` of the network's output."""
    svdh = _grades(output, at)
    return {
        "score": float(contribution[joints.present].sum()),
        "oa_score": float(output.osteoarthritis[at]),
        "svdh_of_film": float(np.nansum(svdh)) if np.isfinite(svdh).any() else np.nan,
    }


def _grades(output: NetworkOutput, at: int) -> Float[np.ndarray, "svdh_site"]:
    return np.full(len(SVDH.sites), np.nan) if output.svdh is None else output.svdh[at]


def _joint_rows(
    film_id: str, joints: LimbJoints, output: NetworkOutput, at: int, contribution: Float[np.ndarray, "joint"]
) -> list[dict[str, object]]:
    """The limb's rows of joints.csv, from row `at` of the network's output."""
    sites = zip(SVDH.sites, _grades(output, at), strict=True)
    grades = {(site.joint_index, str(site.definition.feature)): grade for site, grade in sites}
    kl_sites = zip(KELLGREN_LAWRENCE.sites, output.osteoarthritis_grades[at], strict=True)
    kl = {site.joint_index: grade for site, grade in kl_sites}
    states = None if output.states is None else output.states[at]
    rows = []
    for joint, (x, y) in zip(joints.own, joints.centre, strict=True):
        numbers = {
            "x_px": round(float(x), 1),
            "y_px": round(float(y), 1),
            "contribution": float(contribution[joint]),
            "svdh_erosion": grades.get((joint, "erosion"), np.nan),
            "svdh_jsn": grades.get((joint, "jsn"), np.nan),
            "kellgren_lawrence": kl.get(joint, np.nan),
            **_shares(None if states is None else states[joint]),
        }
        seen = bool(joints.present[joint])
        numbers = numbers if seen else dict.fromkeys(numbers, np.nan)
        named = {"film_id": film_id, "joint": JOINT_NAMES[joint], "visible": seen}
        rows.append({**named, **_likeness(joints, joint), **numbers})
    return rows


def _likeness(joints: LimbJoints, joint: int) -> dict[str, object]:
    """How far a joint lies from what the encoder was trained on; empty where it was not judged."""
    distance = np.nan if joints.distances is None else float(joints.distances[joint])
    return {"distance": distance, "unlike_training": "" if np.isnan(distance) else distance > UNLIKE_FROM}


def _shares(roots: Float[np.ndarray, "state 2"] | None) -> dict[str, float]:
    """Share of each state, 0 healthy to 1 worst, with the bounds in which it lies with probability 0.95.

    Args:
        roots: mean and SD of the root of each share; None: the network tells no states.
    """
    shares = {}
    for number, name in enumerate(JOINT_STATES):
        mean, sd = (np.nan, np.nan) if roots is None else roots[number]
        bounds = np.clip([mean, mean - 1.96 * sd, mean + 1.96 * sd], 0.0, 1.0) ** 2
        shares |= dict(zip(state_columns(name), map(float, bounds), strict=True))
    return shares
