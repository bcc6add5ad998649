"""Noise ceilings: the best R2 that any measure could reach in a world, given its films' latent states or everything."""

from __future__ import annotations

import numpy as np
from sklearn.linear_model import Ridge
from sklearn.metrics import r2_score
from sklearn.model_selection import KFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from outcomenet.simulation.causal import Patients
from outcomenet.simulation.disability import damage_burden, expected_haq, haq_index, hidden_burden, oa_burden
from outcomenet.simulation.readers import total
from outcomenet.simulation.sample import draw_sample
from outcomenet.simulation.symptoms import expected_points
from outcomenet.simulation.world import World

# Ridge on standardised squares and products: a penalty of 10 is light against the thousand patients that this asks for.
FOLDS, PENALTY = 5, 10.0
CEILING_PATIENTS = 2000  # the ceilings are the world's, not the cohort's, and few patients would not show them


def world_ceilings(world: World, seed: int) -> dict[str, dict[str, float]]:
    """Noise ceilings of a world, of `CEILING_PATIENTS` patients of its own, see `noise_ceilings`.

    Args:
        world: The world.
        seed: Seed of its noise.
    """
    return noise_ceilings(world, draw_sample(world, CEILING_PATIENTS, seed).solved)


def noise_ceilings(world: World, solved: Patients) -> dict[str, dict[str, float]]:
    """R2 for HAQ-DI, pain and fatigue at the first visit, cross-fitted over patients where a regression is needed.

    Args:
        world: The world.
        solved: Its patients; a thousand or more, or the regressions' own error shows.

    Returns:
        By outcome (`haq`, `pain`, `fatigue`) and kind of measure. `everything`: the expected outcome given every cause but person,
        visit and item noise. `film_states`: a quadratic ridge regression on the true joint states' summaries, so a close
        lower bound of what perfect eyes could reach. `film_states_and_covariates` adds age, sex, duration, serology and
        fibromyalgia. `score_as_read`: the same regression on the readers' mean SvdH total with those covariates.
    """
    covariates = np.column_stack(
        [solved.age, solved.male, solved.duration, solved.rf, solved.acpa, solved.fibromyalgia]
    ).astype(float)
    film = _film_summary(world, solved)
    mean_total = total(solved.svdh[:, 0]).mean(-1)
    score = np.column_stack([mean_total, np.sqrt(mean_total)])
    observed = {
        "haq": (haq_index(solved.items, solved.aids)[:, 0], expected_haq(world, solved.explained[:, 0])),
        **{
            name: (symptom.points[:, 0], expected_points(world, name, symptom.explained[:, 0]))
            for name, symptom in solved.symptoms.items()
        },
    }
    ceilings = {}
    for name, (target, expected) in observed.items():
        ceilings[name] = {
            "score_as_read": _cross_fitted_r2(np.column_stack([score, covariates]), target),
            "film_states": _cross_fitted_r2(film, target),
            "film_states_and_covariates": _cross_fitted_r2(np.column_stack([film, covariates]), target),
            "everything": float(r2_score(target, expected)),
        }
    return ceilings


def _film_summary(world: World, solved: Patients) -> np.ndarray:
    joints = type(solved.joints)(*(values[:, 0] for values in solved.joints))
    burdens = [damage_burden(world, joints), hidden_burden(world, joints), oa_burden(world, joints)]
    return np.column_stack([*burdens, *(values.mean(-1) for values in joints[:7])])


def _cross_fitted_r2(features: np.ndarray, target: np.ndarray) -> float:
    model = make_pipeline(StandardScaler(), PolynomialFeatures(2, include_bias=False), StandardScaler(), Ridge(PENALTY))
    folds = KFold(FOLDS, shuffle=True, random_state=0)
    return float(r2_score(target, cross_val_predict(model, features, target, cv=folds)))
