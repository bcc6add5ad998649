"""Attendance and joint surgery: drop-out that function drives, drop-out by chance, death, operations."""

from __future__ import annotations

import numpy as np
from scipy.special import expit, logit

from outcomenet.arrays import Bool, Float
from outcomenet.simulation.exogenous import Exogenous
from outcomenet.simulation.world import World


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
