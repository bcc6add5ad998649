"""All randomness of the simulated world, drawn per patient before any equation is solved.

Patient i depends on (seed, i) alone: more patients leave the first ones unchanged, and an intervention solves the
equations again with the very same noise.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from outcomenet.anatomy import JOINT_COUNT
from outcomenet.arrays import Float
from outcomenet.outcomes import HAQ_CATEGORIES, HAQ_ITEM_COLUMNS
from outcomenet.scoring import KELLGREN_LAWRENCE, SVDH

STATIC_NORMALS = ("age", "severity", "oa", "person", "pain_person")
STATIC_UNIFORMS = ("male", "duration", "rf", "acpa", "fibromyalgia", "site", "treatment", "birthday", "start")
VISIT_NORMALS = ("activity", "disability", "pain", "crp", "das28")
VISIT_UNIFORMS = ("dropout", "death", "surgery", "day", "item_missing")


class Exogenous(NamedTuple):
    """Standard normal and uniform noise; `static` and `visit` dictionaries are keyed by the variable they drive."""

    static: dict[str, Float[np.ndarray, "patient"]]
    visit: dict[str, Float[np.ndarray, "patient visit"]]
    joint_damage: Float[np.ndarray, "patient joint"]
    joint_narrowing: Float[np.ndarray, "patient joint"]
    joint_oa: Float[np.ndarray, "patient joint"]
    joint_swelling: Float[np.ndarray, "patient visit joint"]
    joint_hidden: Float[np.ndarray, "patient visit joint"]
    item: Float[np.ndarray, "patient visit item"]
    aid: Float[np.ndarray, "patient visit category"]
    reading: Float[np.ndarray, "patient visit reader site"]
    grading: Float[np.ndarray, "patient visit kl_site"]

    @property
    def visits(self) -> int:
        return self.joint_swelling.shape[1]


def draw_exogenous(seed: int, patients: range, visits: int, readers: int) -> Exogenous:
    """Noise of the patients with these indices, `visits` visits each."""
    drawn = [_draw_patient(np.random.default_rng([seed, index]), visits, readers) for index in patients]
    static = {name: np.array([d["static"][name] for d in drawn]) for name in STATIC_NORMALS + STATIC_UNIFORMS}
    visit = {name: np.stack([d["visit"][name] for d in drawn]) for name in VISIT_NORMALS + VISIT_UNIFORMS}
    arrays = {name: np.stack([d[name] for d in drawn]) for name in Exogenous._fields if name not in ("static", "visit")}
    return Exogenous(static=static, visit=visit, **arrays)


def _draw_patient(rng: np.random.Generator, visits: int, readers: int) -> dict:
    static = {name: rng.standard_normal() for name in STATIC_NORMALS}
    static |= {name: rng.random() for name in STATIC_UNIFORMS}
    patient: dict = {
        "static": static,
        "joint_damage": rng.standard_normal(JOINT_COUNT),
        "joint_narrowing": rng.standard_normal(JOINT_COUNT),
        "joint_oa": rng.standard_normal(JOINT_COUNT),
    }
    per_visit = [_draw_visit(rng, readers) for _ in range(visits)]  # a further visit leaves the earlier ones unchanged
    patient["visit"] = {name: np.array([v["visit"][name] for v in per_visit]) for name in per_visit[0]["visit"]}
    return patient | {name: np.stack([v[name] for v in per_visit]) for name in per_visit[0] if name != "visit"}


def _draw_visit(rng: np.random.Generator, readers: int) -> dict:
    return {
        "visit": {name: rng.standard_normal() for name in VISIT_NORMALS}
        | {name: rng.random() for name in VISIT_UNIFORMS},
        "joint_swelling": rng.standard_normal(JOINT_COUNT),
        "joint_hidden": rng.standard_normal(JOINT_COUNT),
        "item": rng.standard_normal(len(HAQ_ITEM_COLUMNS)),
        "aid": rng.random(len(HAQ_CATEGORIES)),
        "reading": rng.standard_normal((readers, len(SVDH.sites))),
        "grading": rng.standard_normal(len(KELLGREN_LAWRENCE.sites)),
    }
