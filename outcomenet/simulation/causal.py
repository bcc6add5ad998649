"""Solution of the causal model: from a patient's noise to joints, readings, HAQ, symptoms and attendance.

Order of causes: demographics, serology -> severity -> treatment, activity -> joints (`disease`) -> readings
(`readers`); damage, activity, osteoarthritis, fibromyalgia, age, sex -> disability -> HAQ items (`disability`), and the
same but age and sex -> pain and fatigue (`symptoms`); disability -> who comes back (`attendance`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import expit, logit, ndtr

from outcomenet.arrays import Bool, Float, Int
from outcomenet.cohorts.splits import SPLIT_SALT, split_of
from outcomenet.scoring import SVDH
from outcomenet.simulation.disability import DisabilityParts, disability_parts, haq_answers
from outcomenet.simulation.disease import disease_activity, joint_states, with_implants
from outcomenet.simulation.exogenous import Exogenous
from outcomenet.simulation.readers import Perceived, grade, perceive, svdh_moving_by_itself, total
from outcomenet.simulation.states import JointStates
from outcomenet.simulation.symptoms import Symptom, symptoms
from outcomenet.simulation.world import World


class Patients(NamedTuple):
    """Solved world: what happened to each patient, and what was measured of it."""

    ids: tuple[str, ...]
    male: Bool[np.ndarray, "patient"]
    age: Float[np.ndarray, "patient"]  # years at the first visit
    duration: Float[np.ndarray, "patient"]  # years of symptoms at the first visit
    rf: Bool[np.ndarray, "patient"]
    acpa: Bool[np.ndarray, "patient"]
    fibromyalgia: Bool[np.ndarray, "patient"]
    site: Int[np.ndarray, "patient"]
    propensity: Float[np.ndarray, "patient"]  # probability of advanced treatment
    treatment: Bool[np.ndarray, "patient"]
    severity: Float[np.ndarray, "patient"]
    activity: Float[np.ndarray, "patient visit"]
    joints: JointStates  # each [patient, visit, joint]
    perceived: Perceived
    svdh: Int[np.ndarray, "patient visit reader site"]
    parts: DisabilityParts
    explained: Float[np.ndarray, "patient visit"]  # latent disability without person and visit noise
    disability: Float[np.ndarray, "patient visit"]
    symptoms: dict[str, Symptom]  # by reported outcome: pain, fatigue
    items: Int[np.ndarray, "patient visit item"]
    aids: Bool[np.ndarray, "patient visit category"]
    das28: Float[np.ndarray, "patient visit"]
    crp: Float[np.ndarray, "patient visit"]  # mg/L
    control_site: Float[np.ndarray, "patient visit"]  # negative control: depends on the site alone, 0-10
    control_none: Float[np.ndarray, "patient visit"]  # negative control: depends on nothing, 0-10
    present: Bool[np.ndarray, "patient visit"]  # False after death or drop-out
    died: Bool[np.ndarray, "patient visit"]
    surgery: Bool[np.ndarray, "patient visit"]


def patient_identifier(index: int) -> str:
    """`P00007` for index 6: the patient's number in the world, so that more patients leave the first ones unchanged."""
    return f"P{index + 1:05d}"


def patient_index(identifier: str) -> int:
    """The index that `patient_identifier` named.

    >>> patient_index("P00007")
    6
    """
    return int(identifier.removeprefix("P")) - 1


def solve(world: World, noise: Exogenous, patients: Sequence[int] | None = None) -> Patients:
    """Solves every equation of the world for all patients of `noise`.

    Args:
        world: Coefficients and interventions.
        noise: All randomness, drawn beforehand.
        patients: Indices of the patients in the world, which name them; None takes the world's first ones.

    Returns:
        What happened to each patient and what was measured, at all planned visits, also those that did not take place.
    """
    s = noise.static
    ids = tuple(map(patient_identifier, range(len(s["age"])) if patients is None else patients))
    male = s["male"] < world.male_share
    age = np.clip(world.age_mean + world.age_sd * s["age"], 20.0, 88.0)
    longest = np.maximum(age - 17.0, 0.1)
    duration = np.minimum(world.duration_minimum - world.duration_mean * np.log1p(-s["duration"]), longest)
    rf = s["rf"] < world.rf_share
    acpa = s["acpa"] < np.where(rf, world.acpa_given_rf, world.acpa_given_no_rf)
    severity = s["severity"] + world.seropositive_severity * ((rf & acpa) - 0.55)
    fibromyalgia = _fibromyalgia(world, noise, male)
    site = _site(world, noise, ids, severity)
    propensity, treated_before, treated_since = _treatment(world, noise, severity)
    activity = disease_activity(world, noise, severity)
    surgery = joint_surgery(world, noise, severity)
    joints = joint_states(
        world, noise, age=age, duration=duration, severity=severity, treated_before=treated_before,
        treated_since=treated_since, activity=activity,
    )  # fmt: skip
    joints = with_implants(world, noise, joints, surgery, duration, severity)
    perceived = perceive(world, joints, noise)
    svdh = grade(SVDH.name, perceived, joints)
    if world.outcome_source == "score_as_read":
        svdh = svdh_moving_by_itself(world, svdh[:, 0], noise)
    years = age[:, None] + world.visit_gap_years * np.arange(noise.visits)
    parts = disability_parts(
        world, joints, total(svdh).mean(-1), activity=activity, fibromyalgia=fibromyalgia, male=male, age=years
    )
    explained = np.asarray(world.disability_level + sum(parts))
    person = world.disability_person * s["person"][:, None] + world.disability_visit * noise.visit["disability"]
    items, aids = haq_answers(world, explained + person, noise)
    present, died = attendance(world, noise, explained + person)
    middle = 5.0 + world.control_site_step * (site - 0.5 * (len(world.sites) - 1))[:, None]
    return Patients(
        ids=ids, male=male, age=age, duration=duration, rf=rf, acpa=acpa, fibromyalgia=fibromyalgia, site=site,
        propensity=propensity, treatment=treated_since, severity=severity, activity=activity, joints=joints,
        perceived=perceived, svdh=svdh, parts=parts, explained=explained, disability=explained + person,
        symptoms=symptoms(world, noise, parts, joints, activity=activity, fibromyalgia=fibromyalgia), items=items, aids=aids,
        das28=_das28(world, noise, activity, fibromyalgia), crp=_c_reactive_protein(world, noise, activity),
        control_site=np.clip(middle + noise.visit["control_site"], 0, 10),
        control_none=np.clip(5.0 + 1.5 * noise.visit["control_none"], 0, 10),
        present=present, died=died, surgery=surgery & present,
    )  # fmt: skip


def _das28(world: World, noise: Exogenous, activity: np.ndarray, fibromyalgia: np.ndarray) -> np.ndarray:
    """Disease activity as measured: its tender joints and global health rise with fibromyalgia too."""
    expected = world.das28_level + world.das28_activity * activity + world.das28_fibromyalgia * fibromyalgia[:, None]
    return np.clip(expected + world.das28_noise * noise.visit["das28"], 0.5, 9.0)


def _c_reactive_protein(world: World, noise: Exogenous, activity: np.ndarray) -> np.ndarray:
    """Log-normal, following disease activity; mg/L."""
    return np.clip(
        np.exp(world.crp_level + world.crp_activity * activity + world.crp_noise * noise.visit["crp"]), 0.2, 250.0
    )


def _fibromyalgia(world: World, noise: Exogenous, male: np.ndarray) -> np.ndarray:
    if world.interventions.fm is not None:
        return np.full(len(male), world.interventions.fm)
    share = world.fibromyalgia_share
    odds = share / (1 - share) * np.where(male, world.fibromyalgia_if_male, 1.0)
    return noise.static["fibromyalgia"] < odds / (1 + odds)


def _site(world: World, noise: Exogenous, ids: tuple[str, ...], severity: np.ndarray) -> np.ndarray:
    """Which hospital: by chance, by case mix and, in a world with a shortcut, by what nothing else explains."""
    if world.interventions.site is not None:
        return np.full(len(ids), world.sites.index(world.interventions.site))
    held_out = np.array([split_of(patient, SPLIT_SALT) == "test" for patient in ids])
    shortcut = np.where(held_out, 0.0, world.site_shortcut)
    place = noise.static["site"] + world.site_by_severity * severity + world.site_by_age * noise.static["age"]
    place = place + shortcut * noise.static["person"]
    spread = np.sqrt(1.0 + world.site_by_severity**2 + world.site_by_age**2 + shortcut**2)
    return np.minimum(np.searchsorted(np.cumsum(world.site_shares), ndtr(place / spread)), len(world.sites) - 1)


def _treatment(world: World, noise: Exogenous, severity: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(propensity, advanced treatment before the first visit, and since); a trial draws lots, a clinic treats the ill.

    An intervention sets the treatment from the first visit on; the past stays as it was.
    """
    if world.randomised_share > 0:
        propensity = np.full(len(severity), world.randomised_share)
        before = np.zeros(len(severity), bool)
        since = noise.static["treatment"] < propensity
    else:
        propensity = expit(world.treatment_severity * severity + world.treatment_level)
        before = since = noise.static["treatment"] < propensity
    if world.interventions.treatment is not None:
        since = np.full(len(severity), world.interventions.treatment)
    return propensity, before, since


def joint_surgery(
    world: World, noise: Exogenous, severity: Float[np.ndarray, "patient"]
) -> Bool[np.ndarray, "patient visit"]:
    """Whether a joint was operated on in the year before each visit, never before the first.

    Args:
        world: Coefficients; the yearly chance rises with half a log unit per SD of severity.
        noise: Uniform noise `surgery` per visit.
        severity: SDs.

    Returns:
        True where there was an operation, also for visits that will not take place.
    """
    chance = world.surgery_per_year * world.visit_gap_years * np.exp(0.5 * severity[:, None])
    surgery = noise.visit["surgery"] < chance
    surgery[:, 0] = False
    return surgery


def attendance(
    world: World, noise: Exogenous, disability: Float[np.ndarray, "patient visit"]
) -> tuple[Bool[np.ndarray, "patient visit"], Bool[np.ndarray, "patient visit"]]:
    """Who comes to which visit; nobody comes back, and everybody comes to the first visit.

    Args:
        world: Coefficients; drop-out is informative, since its log odds rise with disability.
        noise: Uniform noise `dropout` and `death` per visit.
        disability: Latent disability, higher is worse.

    Returns:
        (came to the visit, died before it).
    """
    yearly = min(world.dropout_per_year * world.visit_gap_years, 0.95)
    if yearly > 0:
        chance = expit(logit(yearly) + world.dropout_per_disability * disability)
    else:
        chance = np.zeros_like(disability)
    dropout = noise.visit["dropout"] < chance
    death = noise.visit["death"] < world.death_per_year * world.visit_gap_years
    present, died = np.ones_like(dropout), np.zeros_like(death)
    for visit in range(1, noise.visits):
        died[:, visit] = death[:, visit] & present[:, visit - 1]
        present[:, visit] = present[:, visit - 1] & ~dropout[:, visit] & ~death[:, visit]
    return present, died
