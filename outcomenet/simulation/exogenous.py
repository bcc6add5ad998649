"""All randomness of the simulated world, drawn per patient before any equation is solved.

Patient i depends on (seed, i) alone: more patients leave the first ones unchanged, and an intervention solves the
equations again with the very same noise.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from outcomenet.anatomy import JOINT_COUNT
from outcomenet.arrays import Float
from outcomenet.haq import HAQ_CATEGORIES, HAQ_ITEM_COLUMNS
from outcomenet.outcomes import REPORTED

STATIC_NORMALS = ("age", "severity", "oa", "person", "pain_person", "site")
STATIC_UNIFORMS = (
    "male", "duration", "rf", "acpa", "fibromyalgia", "treatment", "birthday", "start", "amputation", "implant",
)  # fmt: skip
VISIT_NORMALS = ("activity", "disability", "pain", "crp", "das28", "control_site", "control_none", "score_growth")
VISIT_UNIFORMS = ("dropout", "death", "surgery", "implant", "day", "item_missing")
# Symptoms whose noise was drawn before each had a stream of its own; theirs stays where it was.
_DRAWN_IN_ORDER = ("pain",)
SYMPTOMS_WITH_STREAM = tuple(spec.name for spec in REPORTED if spec.name not in _DRAWN_IN_ORDER)
# What a reader perceives of each joint.
PERCEIVED = ("erosion", "narrowing", "osteophyte")


class Exogenous(NamedTuple):
    """Standard normal and uniform noise; `static` and `visit` dictionaries are keyed by the variable they drive."""

    static: dict[str, Float[np.ndarray, "patient"]]
    visit: dict[str, Float[np.ndarray, "patient visit"]]
    joint_damage: Float[np.ndarray, "patient joint"]
    joint_narrowing: Float[np.ndarray, "patient joint"]
    joint_oa: Float[np.ndarray, "patient joint"]
    joint_late: Float[np.ndarray, "patient joint"]  # how a badly damaged joint ends: luxation or fusion
    reader_patient: Float[np.ndarray, "patient reader"]
    reader_joint: Float[np.ndarray, "patient reader feature joint"]
    joint_swelling: Float[np.ndarray, "patient visit joint"]
    joint_hidden: Float[np.ndarray, "patient visit joint"]
    item: Float[np.ndarray, "patient visit item"]
    aid: Float[np.ndarray, "patient visit category"]
    # two readings of every film, so that a reader can be compared with himself; the second is never exported
    session: Float[np.ndarray, "patient visit reading reader"]
    reading: Float[np.ndarray, "patient visit reading reader feature joint"]

    @property
    def visits(self) -> int:
        """Planned visits of each patient."""
        return self.joint_swelling.shape[1]


def draw_exogenous(seed: int, patients: Sequence[int], visits: int, readers: int) -> Exogenous:
    """Noise of some patients; each depends on (seed, index) alone.

    Args:
        seed: Seed of the world.
        patients: Indices of the patients.
        visits: Planned visits; more of them leave the earlier ones' noise as it is.
        readers: Readers; more of them leave the first ones' noise as it is.

    Returns:
        Noise with the patients in the order of `patients`.
    """
    drawn = [_draw_patient(np.random.default_rng([seed, index]), visits, readers) for index in patients]
    static = {name: np.array([d.static[name] for d in drawn]) for name in STATIC_NORMALS + STATIC_UNIFORMS}
    visit = {name: np.stack([d.visit[name] for d in drawn]) for name in VISIT_NORMALS + VISIT_UNIFORMS}
    for name in SYMPTOMS_WITH_STREAM:
        # keyed by its name: a symptom that is added leaves all other noise unchanged
        streams = [np.random.default_rng([seed, index, *name.encode()]) for index in patients]
        normals = np.stack([stream.standard_normal(1 + visits) for stream in streams])
        static[f"{name}_person"], visit[name] = normals[:, 0], normals[:, 1:]
    fields = [name for name in Exogenous._fields if name not in ("static", "visit")]
    arrays = {name: np.stack([d.arrays[name] for d in drawn]) for name in fields}
    return Exogenous(static=static, visit=visit, **arrays)


class _Patient(NamedTuple):
    """Noise of one patient by name; `arrays` are the other fields of `Exogenous`, without the patient's axis."""

    static: dict[str, float]
    visit: dict[str, Float[np.ndarray, "visit"]]
    arrays: dict[str, Float[np.ndarray, "*axis"]]


def _draw_patient(rng: np.random.Generator, visits: int, readers: int) -> _Patient:
    static = {name: rng.standard_normal() for name in STATIC_NORMALS}
    static |= {name: rng.random() for name in STATIC_UNIFORMS}
    joints = ("joint_damage", "joint_narrowing", "joint_oa", "joint_late")
    arrays = {name: rng.standard_normal(JOINT_COUNT) for name in joints}
    # streams of their own: a further reader or visit leaves everything else unchanged
    visit_rng, reader_rng = rng.spawn(2)
    per_visit = [_draw_visit(visit_rng) for _ in range(visits)]
    visit = {name: np.array([values[name] for values, _ in per_visit]) for name in VISIT_NORMALS + VISIT_UNIFORMS}
    arrays |= {name: np.stack([drawn[name] for _, drawn in per_visit]) for name in per_visit[0][1]}
    per_reader = [_draw_reader(child, visits) for child in reader_rng.spawn(readers)]
    axes = {"reader_patient": 0, "reader_joint": 0, "session": 2, "reading": 2}
    arrays |= {name: np.stack([r[name] for r in per_reader], axis) for name, axis in axes.items()}
    return _Patient(static, visit, arrays)


def _draw_visit(rng: np.random.Generator) -> tuple[dict[str, float], dict[str, Float[np.ndarray, "*axis"]]]:
    # the order of the draws is part of every simulated cohort: whatever is new is drawn last
    values = {name: rng.standard_normal() for name in VISIT_NORMALS}
    values |= {name: rng.random() for name in VISIT_UNIFORMS}
    return values, {
        "joint_swelling": rng.standard_normal(JOINT_COUNT),
        "joint_hidden": rng.standard_normal(JOINT_COUNT),
        "item": rng.standard_normal(len(HAQ_ITEM_COLUMNS)),
        "aid": rng.random(len(HAQ_CATEGORIES)),
    }


def _draw_reader(rng: np.random.Generator, visits: int) -> dict[str, Float[np.ndarray, "*axis"] | float]:
    features = len(PERCEIVED)
    drawn = {"reader_patient": rng.standard_normal(), "reader_joint": rng.standard_normal((features, JOINT_COUNT))}
    per_visit = [(rng.standard_normal(2), rng.standard_normal((2, features, JOINT_COUNT))) for _ in range(visits)]
    return drawn | {
        "session": np.stack([session for session, _ in per_visit]),
        "reading": np.stack([reading for _, reading in per_visit]),
    }
