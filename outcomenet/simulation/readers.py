"""Human readers of the simulated films: SvdH and Kellgren-Lawrence grades with leniency, noise and memory.

A reader sees lost bone and lost joint space, not their cause: osteoarthritic narrowing at a PIP joint is graded as
narrowing. Swelling, osteopenia and micro-erosion are not graded.
"""

from __future__ import annotations

import numpy as np

from outcomenet.arrays import Float, Int
from outcomenet.scoring import KELLGREN_LAWRENCE, SVDH
from outcomenet.simulation.exogenous import Exogenous
from outcomenet.simulation.states import JointStates
from outcomenet.simulation.world import World

# Share of bone surface lost (hand; feet count both sides of the joint) and share of joint space lost at which a grade
# begins: erosion grades follow surface involved in fifths; narrowing: focal, less than half, more than half, none left.
EROSION_CUTS = np.array([0.08, 0.20, 0.40, 0.60, 0.80])
FOOT_EROSION_CUTS = np.array([0.05, 0.10, 0.20, 0.30, 0.40, 0.50, 0.60, 0.70, 0.80, 0.90])
NARROWING_CUTS = np.array([0.15, 0.28, 0.50, 0.92])
KL_CUTS = np.array([0.12, 0.30, 0.55, 0.80])


def read_svdh(world: World, joints: JointStates, noise: Exogenous) -> Int[np.ndarray, "patient visit reader site"]:
    """SvdH grades of every reader, sites in `scoring.SVDH.sites` order."""
    error = _remembered(noise.reading, world.reader_memory) * world.reader_noise_sd
    leniency = (
        world.reader_threshold_sd * np.linspace(-1.0, 1.0, len(world.readers)) if len(world.readers) > 1 else [0.0]
    )
    grades = np.zeros(noise.reading.shape, int)
    for index, site in enumerate(SVDH.sites):
        erosion = site.definition.feature == "erosion"
        state = joints.erosion if erosion else 1.0 - joints.joint_space
        cuts = {5: EROSION_CUTS, 10: FOOT_EROSION_CUTS, 4: NARROWING_CUTS}[site.definition.maximum]
        true = state[..., site.joint_index][..., None]
        # an intact joint is rarely misread; what is there to see is misjudged
        doubt = 0.25 + np.sqrt(np.clip(true, 0.0, 0.5) / 0.5) * 0.75
        seen = true + doubt * (error[..., index] + np.asarray(leniency))
        grades[..., index] = np.searchsorted(cuts, seen)
    return grades


def read_kellgren_lawrence(joints: JointStates, noise: Exogenous) -> Int[np.ndarray, "patient visit kl_site"]:
    """Kellgren-Lawrence grades of one reader, sites in `scoring.KELLGREN_LAWRENCE.sites` order."""
    index = [site.joint_index for site in KELLGREN_LAWRENCE.sites]
    seen = joints.osteophyte[..., index] + 0.05 * noise.grading
    return np.searchsorted(KL_CUTS, seen)


def _remembered(z: Float[np.ndarray, "patient visit reader site"], memory: float) -> np.ndarray:
    """Reading errors that partly return at the next visit, with unit variance at each."""
    error = z.copy()
    for visit in range(1, z.shape[1]):
        error[:, visit] = memory * error[:, visit - 1] + np.sqrt(1 - memory**2) * z[:, visit]
    return error
