"""Simulated truth: latent states, noise-free outcomes and coefficients, which nobody in a hospital knows."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pandas as pd

from outcomenet.anatomy import JOINT_COUNT, JOINT_NAMES, JOINTS
from outcomenet.scoring import SVDH
from outcomenet.simulation import disability, disease, readers
from outcomenet.simulation.causal import Patients
from outcomenet.simulation.cohort_tables import VisitPlace, index_of, keys_of
from outcomenet.simulation.disability import expected_haq
from outcomenet.simulation.states import JointStates
from outcomenet.simulation.symptoms import expected_points
from outcomenet.simulation.world import World


def truth_tables(world: World, solved: Patients, places: list[VisitPlace]) -> dict[str, pd.DataFrame]:
    """Truth of the visits that took place.

    Args:
        world: Coefficients.
        solved: The chunk's patients.
        places: Visits that took place.

    Returns:
        truth/patients, truth/visits and truth/joints, keyed by path without `.csv`.
    """
    return {
        "truth/patients": _patients(solved),
        "truth/visits": _visits(world, solved, places),
        "truth/joints": _joints(solved.joints, places),
    }


def _patients(solved: Patients) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "patient_id": solved.ids,
            "severity": solved.severity.round(5),
            "treatment_propensity": solved.propensity.round(5),
            "treatment": solved.treatment.astype(int),
        }
    )


def _visits(world: World, solved: Patients, places: list[VisitPlace]) -> pd.DataFrame:
    at = index_of(places)
    parts = {
        "ra_part": solved.parts.damage, "activity_part": solved.parts.activity, "oa_part": solved.parts.osteoarthritis,
        "fm_part": solved.parts.fibromyalgia, "covariate_part": solved.parts.covariates,
    }  # fmt: skip
    return pd.DataFrame(
        {
            **keys_of(places),
            "expected_haq": expected_haq(world, solved.explained[at]).round(5),
            **{
                f"expected_{name}": expected_points(world, name, symptom.explained[at]).round(4)
                for name, symptom in solved.symptoms.items()
            },
            **{name: np.round(values[at], 5) for name, values in parts.items()},
            "activity": solved.activity[at].round(5),
            "svdh_without_error": readers.total(readers.true_grades(SVDH.name, solved.joints))[at],
        }
    )


def _joints(joints: JointStates, places: list[VisitPlace]) -> pd.DataFrame:
    at = index_of(places)
    return pd.DataFrame(
        {
            **{name: np.repeat(values, JOINT_COUNT) for name, values in keys_of(places).items()},
            "side": np.tile(np.array([str(joint.side) for joint in JOINTS], object), len(places)),
            "site": np.tile(np.array([joint.site for joint in JOINTS], object), len(places)),
            **{name: np.round(getattr(joints, name)[at].ravel(), 4) for name in JointStates._fields},
        }
    )


def effects(world: World, seed: int) -> dict[str, object]:
    """Content of effects.json, from which `rebuild.world_of_effects` makes the same world.

    Args:
        world: The world.
        seed: Seed of the cohort.

    Returns:
        Every structural coefficient and constant by name, the interventions, and the seed.
    """
    by_joint = {
        "ra_susceptibility": disease.ra_susceptibility(world),
        "oa_susceptibility": np.where(disease.OA_JOINTS, disease.oa_susceptibility(world), np.nan),
        "function_weight": disability.function_weight(world),
    }
    cuts = {
        "erosion_cuts": readers.EROSION_CUTS, "foot_erosion_cuts": readers.FOOT_EROSION_CUTS,
        "narrowing_cuts": readers.NARROWING_CUTS, "kellgren_lawrence_cuts": readers.KL_CUTS,
        "larsen_cuts": readers.LARSEN_CUTS, "ratingen_cuts": readers.RATINGEN_CUTS,
    }  # fmt: skip
    return {
        "seed": seed,
        **world.coefficients(),
        "interventions": {k: v for k, v in asdict(world.interventions).items() if v is not None},
        "category_difficulty": list(disability.CATEGORY_DIFFICULTY),
        "item_cuts": list(disability.ITEM_CUTS),
        "aid_chance": disability.AID_CHANCE.tolist(),
        "damage_power": disability.DAMAGE_POWER,
        "item_difficulty": disability.ITEM_DIFFICULTY.tolist(),
        "null_growth": readers.NULL_GROWTH,
        "null_reader_sd": readers.NULL_READER_SD,
        "noise_memory": readers.NOISE_MEMORY,
        "subluxated_luxated_fused": [readers.SUBLUXATED, readers.LUXATED, readers.FUSED],
        "larsen_soft_sign": readers.LARSEN_SOFT_SIGN,
        "spared_by_ra_damage_below": disease.SPARED,
        "burden_scales": {
            "damage": disability.DAMAGE_BURDEN, "hidden": disability.HIDDEN_BURDEN, "osteoarthritis": disability.OA_BURDEN,
            "score": disability.SCORE_BURDEN,
        },
        **{name: values.tolist() for name, values in cuts.items()},
        "by_joint": {
            joint: {k: None if np.isnan(v[i]) else float(v[i]) for k, v in by_joint.items()}
            for i, joint in enumerate(JOINT_NAMES)
        },
    }  # fmt: skip
