"""The causal model: from a patient's noise to joint states over time, osteoarthritis, fibromyalgia, HAQ and pain.

Order of causes: demographics, serology -> severity -> treatment, activity -> joint swelling and hidden activity ->
progression of erosion and narrowing; age -> osteoarthritis; damage, activity, osteoarthritis, fibromyalgia, age, sex
-> disability -> HAQ items and pain. Fibromyalgia touches no joint: it leaves no trace on film.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import expit, logit

from outcomenet.anatomy import JOINTS, Region
from outcomenet.arrays import Bool, Float, Int
from outcomenet.outcomes import HAQ_CATEGORIES
from outcomenet.simulation.exogenous import Exogenous
from outcomenet.simulation.states import JointStates
from outcomenet.simulation.world import World


class Patients(NamedTuple):
    """Solved world: what happened to each patient, before anybody measured it."""

    male: Bool[np.ndarray, "patient"]
    age: Float[np.ndarray, "patient"]  # years at the first visit
    duration: Float[np.ndarray, "patient"]  # years of symptoms at the first visit
    rf: Bool[np.ndarray, "patient"]
    acpa: Bool[np.ndarray, "patient"]
    fibromyalgia: Bool[np.ndarray, "patient"]
    site: Int[np.ndarray, "patient"]
    treatment: Bool[np.ndarray, "patient"]
    severity: Float[np.ndarray, "patient"]
    activity: Float[np.ndarray, "patient visit"]
    joints: JointStates  # each [patient, visit, joint]
    damage_part: Float[np.ndarray, "patient visit"]  # parts of latent disability
    activity_part: Float[np.ndarray, "patient visit"]
    oa_part: Float[np.ndarray, "patient visit"]
    fibromyalgia_part: Float[np.ndarray, "patient visit"]
    covariate_part: Float[np.ndarray, "patient visit"]
    disability: Float[np.ndarray, "patient visit"]  # with person and visit noise
    expected_pain_logit: Float[np.ndarray, "patient visit"]  # without person and visit noise
    pain_logit: Float[np.ndarray, "patient visit"]
    items: Int[np.ndarray, "patient visit item"]
    aids: Bool[np.ndarray, "patient visit category"]
    present: Bool[np.ndarray, "patient visit"]  # False after death or drop-out
    died: Bool[np.ndarray, "patient visit"]
    surgery: Bool[np.ndarray, "patient visit"]


# How often rheumatoid damage strikes a joint relative to the average (log), after the usual distribution: MCP2-3,
# wrist and MTP5 first, thumb IP and DIP hardly.
_RA_SUSCEPTIBILITY = {
    "IP1": -0.9, "DIP": -3.0, "PIP": 0.0, "MCP1": 0.0, "MCP2": 0.6, "MCP3": 0.5, "MCP4": 0.0, "MCP5": 0.1,
    "CMC1": -0.3, "CMC": 0.2, "multangular": 0.2, "navicular": 0.4, "lunate": 0.5, "radius": 0.3, "ulna": 0.6,
    "MTP1": -0.1, "MTP5": 0.7, "MTP": 0.3,
}  # fmt: skip
# Osteoarthritis: DIP > CMC1 > PIP > IP1, MTP1; spared elsewhere (log odds).
_OA_SUSCEPTIBILITY = {"DIP": 0.6, "CMC1": 0.3, "PIP": -0.6, "IP1": -0.3, "MTP1": 0.0}
# What damage of a joint costs in function, relative: wrist and MCP carry grip, MTP carry walking.
_FUNCTION_WEIGHT = {
    "IP1": 0.8, "DIP": 0.4, "PIP": 0.9, "MCP": 1.3, "MCP1": 1.4, "CMC1": 1.2, "CMC": 0.7, "multangular": 1.0,
    "navicular": 1.3, "lunate": 1.3, "radius": 1.5, "ulna": 0.7, "MTP": 1.2, "MTP1": 1.3,
}  # fmt: skip


def _by_joint(table: dict[str, float], absent: float) -> Float[np.ndarray, "joint"]:
    """Looks a joint up by its full site name, then by its kind without the ray's number."""
    return np.array([table.get(j.site, table.get(j.site.rstrip("12345"), absent)) for j in JOINTS])


RA_SUSCEPTIBILITY = _by_joint(_RA_SUSCEPTIBILITY, 0.0)
OA_SUSCEPTIBILITY = np.where(
    [joint.side.region is Region.FOOT and joint.site != "MTP1" for joint in JOINTS],
    -np.inf,
    _by_joint(_OA_SUSCEPTIBILITY, -np.inf),
)
FUNCTION_WEIGHT = _by_joint(_FUNCTION_WEIGHT, 0.0)


def solve(world: World, noise: Exogenous) -> Patients:
    """Solves every equation for all patients of `noise`."""
    s = noise.static
    visits = noise.visits
    male = s["male"] < world.male_share
    age = np.clip(world.age_mean + world.age_sd * s["age"], 20.0, 88.0)
    duration = np.minimum(-world.duration_mean * np.log1p(-s["duration"]), np.maximum(age - 17.0, 0.1))
    rf = s["rf"] < world.rf_share
    acpa = s["acpa"] < np.where(rf, world.acpa_given_rf, world.acpa_given_no_rf)
    fm_odds = (
        world.fibromyalgia_share / (1 - world.fibromyalgia_share) * np.where(male, world.fibromyalgia_if_male, 1.0)
    )
    fibromyalgia = s["fibromyalgia"] < fm_odds / (1 + fm_odds)
    site = np.minimum(np.searchsorted(np.cumsum(world.site_shares), s["site"]), len(world.sites) - 1)
    severity = s["severity"] + world.seropositive_severity * ((rf & acpa) - 0.55)
    treatment = s["treatment"] < expit(world.treatment_severity * severity - 0.8)
    activity = _activity(world, noise, severity)
    joints = _joints(world, noise, age, duration, severity, treatment, activity)

    years = age[:, None] + world.visit_gap_years * np.arange(visits)
    parts = _disability_parts(world, joints, activity, fibromyalgia, male, years)
    disability = (
        sum(parts.values())
        + world.disability_level
        + world.disability_person * s["person"][:, None]
        + world.disability_visit * noise.visit["disability"]
    )
    expected_pain_logit = world.pain_spread * (
        world.pain_level
        + world.pain_disability * parts["damage"]
        + world.pain_activity * activity
        + world.pain_oa * parts["oa"] / max(world.disability_oa, 1e-9)
        + world.pain_fibromyalgia * fibromyalgia[:, None]
    )
    pain_logit = expected_pain_logit + world.pain_spread * (
        world.pain_person * (0.5 * s["person"] + np.sqrt(0.75) * s["pain_person"])[:, None]
        + world.pain_visit * noise.visit["pain"]
    )
    items, aids = _haq_answers(disability, noise)
    present, died, surgery = _follow_up(world, noise, disability, severity)
    return Patients(
        male, age, duration, rf, acpa, fibromyalgia, site, treatment, severity, activity, joints,
        parts["damage"], parts["activity"], parts["oa"], parts["fibromyalgia"], parts["covariates"],
        disability, expected_pain_logit, pain_logit, items, aids, present, died, surgery,
    )  # fmt: skip


def _activity(world: World, noise: Exogenous, severity: np.ndarray) -> np.ndarray:
    """Disease activity at each visit: a level that severity sets, remembered from visit to visit (AR(1), SD 1)."""
    z = noise.visit["activity"]
    memory = world.activity_memory
    wave = z.copy()
    for visit in range(1, z.shape[1]):
        wave[:, visit] = memory * wave[:, visit - 1] + np.sqrt(1 - memory**2) * z[:, visit]
    return world.activity_severity * severity[:, None] + np.sqrt(1 - world.activity_severity**2) * wave


def _joints(world, noise, age, duration, severity, treatment, activity) -> JointStates:
    swelling_logit = (
        world.swelling_level
        + world.swelling_activity * activity[..., None]
        + 0.5 * RA_SUSCEPTIBILITY
        + 0.8 * noise.joint_damage[:, None, :]
        + 0.9 * noise.joint_swelling
    )
    swelling = expit(swelling_logit)
    # hidden activity: what swelling, osteopenia and micro-erosion show and SvdH does not, standardised
    hidden = 0.5 * (swelling_logit - world.swelling_level) + 0.6 * noise.joint_hidden
    osteopenia = expit(-1.2 + world.osteopenia_activity * hidden + 0.15 * (duration[:, None, None] - 7) / 7)
    micro = expit(-2.0 + 1.2 * hidden)

    rate = world.damage_rate * np.exp(
        world.damage_severity * severity[:, None]
        + RA_SUSCEPTIBILITY
        + world.damage_joint * noise.joint_damage
        + world.treatment_effect * treatment[:, None] * 0.5  # treated for part of the past
    )
    hazard = rate * duration[:, None]
    erosion_dose, narrowing_dose = [hazard], [hazard * world.damage_narrowing]
    for visit in range(1, noise.visits):
        growth = (
            world.visit_gap_years
            * rate
            * np.exp(
                world.progression_level
                + world.hidden_signal * world.hidden_progression * (hidden[:, visit - 1] - HIDDEN_MEAN)
                + 0.5 * activity[:, visit - 1, None]
                + 0.5 * world.treatment_effect * treatment[:, None]
            )
        )
        erosion_dose.append(erosion_dose[-1] + growth)
        narrowing_dose.append(narrowing_dose[-1] + growth * world.damage_narrowing)
    erosion = 1 - np.exp(-np.stack(erosion_dose, 1) * np.exp(0.3 * noise.joint_narrowing)[:, None])
    narrowing = 1 - np.exp(-np.stack(narrowing_dose, 1) * np.exp(-0.6 * noise.joint_narrowing)[:, None])

    years = age[:, None] + world.visit_gap_years * np.arange(noise.visits)
    propensity = world.oa_level + world.oa_patient * noise.static["oa"][:, None] + world.oa_age * (years - 60.0)
    oa = expit(1.6 * (propensity[..., None] + OA_SUSCEPTIBILITY + 0.9 * noise.joint_oa[:, None, :]) - 0.6)
    osteophyte = oa
    oa_narrowing = 0.75 * oa**1.3
    sclerosis = 0.8 * oa**1.5
    broadcast = np.broadcast_to
    return JointStates(
        erosion, narrowing, swelling, osteopenia, micro, osteophyte, broadcast(oa_narrowing, oa.shape), sclerosis
    )


# Mean hidden activity of a joint: progression is not faster or slower on average for the hidden signal.
HIDDEN_MEAN = 0.1

# Means and SDs of the default world's burdens, so that coefficients are per SD; frozen, since a coefficient must not
# change its meaning with the cohort at hand.
DAMAGE_BURDEN = (0.233, 0.130)  # of the square root of the function-weighted damage
HIDDEN_BURDEN = (0.209, 0.093)
OA_BURDEN = (0.034, 0.050)


def damage_burden(joints: JointStates) -> Float[np.ndarray, "*visit"]:
    """Function-weighted mean of rheumatoid joint damage, square root (first lesions count most)."""
    lost = 0.5 * joints.erosion + 0.5 * joints.narrowing
    return np.sqrt((FUNCTION_WEIGHT * lost).sum(-1) / FUNCTION_WEIGHT.sum())


def hidden_burden(joints: JointStates) -> Float[np.ndarray, "*visit"]:
    """Function-weighted mean of what SvdH does not score: swelling, osteopenia and micro-erosion."""
    hidden = 0.6 * joints.swelling + 0.2 * joints.osteopenia + 0.2 * joints.micro_erosion
    return (FUNCTION_WEIGHT * hidden).sum(-1) / FUNCTION_WEIGHT.sum()


def oa_burden(joints: JointStates) -> Float[np.ndarray, "*visit"]:
    """Mean osteoarthritis over the joints, function-weighted."""
    return (FUNCTION_WEIGHT * (0.5 * joints.osteophyte + 0.5 * joints.oa_narrowing)).sum(-1) / FUNCTION_WEIGHT.sum()


def _disability_parts(world, joints, activity, fibromyalgia, male, years) -> dict[str, np.ndarray]:
    def standard(value: np.ndarray, scale: tuple[float, float]) -> np.ndarray:
        return (value - scale[0]) / scale[1]

    damage = world.disability_damage * standard(damage_burden(joints), DAMAGE_BURDEN)
    hidden = world.hidden_signal * world.hidden_function * standard(hidden_burden(joints), HIDDEN_BURDEN)
    return {
        "damage": damage + hidden,
        "activity": world.disability_activity * activity,
        "oa": world.disability_oa * standard(oa_burden(joints), OA_BURDEN),
        "fibromyalgia": world.disability_fibromyalgia * np.broadcast_to(fibromyalgia[:, None], activity.shape),
        "covariates": world.disability_age * (years - 56.0) + world.disability_male * male[:, None],
    }


def _haq_answers(disability: np.ndarray, noise: Exogenous) -> tuple[np.ndarray, np.ndarray]:
    """Answers to the 20 items by a graded response model, and aids where a category is hard.

    Grip and activities are hard early, dressing late; the worst item makes a category's score.
    """
    latent = disability[..., None] - ITEM_DIFFICULTY + ITEM_NOISE * noise.item
    items = sum((latent > cut).astype(int) for cut in ITEM_CUTS)
    aids = noise.aid < AID_CHANCE[_worst_item(items)]
    return np.asarray(items), aids


# Latent disability at which a category's middle item becomes hard, the three steps of an item around it, and the SD of
# one answer; calibrated to the HAQ's median and zeros.
CATEGORY_DIFFICULTY = (0.25, 0.15, 0.10, 0.20, 0.0, -0.05, -0.05, -0.15)
ITEM_DIFFICULTY = np.concatenate(
    [
        centre + 0.45 * (np.arange(count) - (count - 1) / 2)
        for centre, count in zip(CATEGORY_DIFFICULTY, HAQ_CATEGORIES.values(), strict=True)
    ]
)
ITEM_CUTS = (-0.3, 1.2, 2.7)
ITEM_NOISE = 0.8
AID_CHANCE = np.array([0.0, 0.12, 0.35, 0.6])  # by the category's worst item
ITEM_CATEGORY = np.repeat(np.arange(len(HAQ_CATEGORIES)), list(HAQ_CATEGORIES.values()))


def _worst_item(items: Int[np.ndarray, "*visit item"]) -> Int[np.ndarray, "*visit category"]:
    return np.stack([items[..., ITEM_CATEGORY == c].max(-1) for c in range(len(HAQ_CATEGORIES))], -1)


def expected_haq(
    world: World, disability: Float[np.ndarray, "*visit"], draws: int = 200
) -> Float[np.ndarray, "*visit"]:
    """Expected HAQ-DI at a given latent disability without visit noise (Monte Carlo over item noise, fixed seed)."""
    grid = np.linspace(-5.0, 6.0, 111)
    rng = np.random.default_rng(0)
    spread = np.hypot(world.disability_visit, world.disability_person)
    total = np.zeros_like(grid)
    for _ in range(draws):
        latent = (
            grid[:, None] + spread * rng.standard_normal() - ITEM_DIFFICULTY + ITEM_NOISE * rng.standard_normal((1, 20))
        )
        items = sum((latent > cut).astype(int) for cut in ITEM_CUTS)
        worst = _worst_item(items)
        raised = np.where(worst < 2, worst + AID_CHANCE[worst] * (2 - worst), worst)
        total += raised.mean(-1)
    return np.interp(disability, grid, total / draws)


def _follow_up(world, noise, disability, severity) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    visits = noise.visits
    dropout = noise.visit["dropout"] < expit(
        logit(world.dropout_per_year * world.visit_gap_years) + world.dropout_per_disability * disability
    )
    died = noise.visit["death"] < world.death_per_year * world.visit_gap_years
    surgery = noise.visit["surgery"] < world.surgery_per_year * world.visit_gap_years * np.exp(0.5 * severity[:, None])
    present = np.ones_like(dropout)
    ever_died = np.zeros_like(died)
    for visit in range(1, visits):
        ever_died[:, visit] = died[:, visit] & present[:, visit - 1]
        present[:, visit] = present[:, visit - 1] & ~dropout[:, visit] & ~died[:, visit]
    surgery[:, 0] = False
    return present, ever_died, surgery & present
