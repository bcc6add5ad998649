"""Human readers of the films: each perceives every joint with an error of his own and grades what he perceives.

A reader sees lost bone and lost joint space, not their cause: osteoarthritic narrowing at a PIP joint is graded as
narrowing. Swelling, osteopenia and micro-erosion move no grade except Larsen's first.

perceived share = true share + doubt x (leniency + drift x years + patient tendency + sitting + joint tendency + noise)

Tendencies come back at every reading, a sitting's error is shared by the films that are read in it, noise is new for
every film. In `single` mode each film is a sitting; in `paired` and `chronological` mode all films of a patient are
one, and noise partly returns since the films lie side by side: that is why these modes see change better (van der
Heijde, J Rheumatol 1999).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from outcomenet.arrays import Float, Int
from outcomenet.scoring import SVDH, Scheme, scheme
from outcomenet.simulation.exogenous import PERCEIVED, Exogenous
from outcomenet.simulation.states import JointStates
from outcomenet.simulation.world import World

UNREADABLE = -1
# Share of the noise that returns at a patient's next film.
NOISE_MEMORY = {"single": 0.0, "paired": 0.8, "chronological": 0.95}

# Share of bone surface lost (feet count both sides of the joint) and share of joint space lost at which a grade
# begins: erosion grades follow surface involved in fifths; narrowing: focal, less than half, more than half, none left.
EROSION_CUTS = np.array([0.08, 0.20, 0.40, 0.60, 0.80])
FOOT_EROSION_CUTS = np.array([0.05, 0.10, 0.20, 0.30, 0.40, 0.50, 0.60, 0.70, 0.80, 0.90])
NARROWING_CUTS = np.array([0.15, 0.28, 0.50, 0.92])
# Displacement at which a joint counts as subluxated (narrowing 3) and as luxated (4), and bridging as ankylosis (4).
SUBLUXATED, LUXATED, FUSED = 0.25, 0.8, 0.6
# Ratingen: share of the joint surface destroyed, in fifths, from the first definite destruction on.
RATINGEN_CUTS = np.array([0.06, 0.20, 0.40, 0.60, 0.80])
# Larsen: mean of bone and cartilage lost; the first grade also where only soft tissue or bone density has changed.
LARSEN_CUTS = np.array([0.10, 0.20, 0.40, 0.62, 0.85])
LARSEN_SOFT_SIGN = 0.6
KL_CUTS = np.array([0.12, 0.30, 0.55, 0.80])


class Perceived(NamedTuple):
    """Each reader's perception of every joint's state, in shares of a joint (may leave 0..1)."""

    erosion: Float[np.ndarray, "patient visit reader joint"]
    narrowing: Float[np.ndarray, "patient visit reader joint"]
    osteophyte: Float[np.ndarray, "patient visit reader joint"]


def perceive(world: World, joints: JointStates, noise: Exogenous, reading: int = 0) -> Perceived:
    """Perception of all films by all readers.

    Args:
        world: SDs of the readers' errors, their leniency, and the reading mode.
        joints: True joint states, axes patient, visit, joint.
        noise: Noise of readers, sittings and readings.
        reading: 0 for the reading that is exported, 1 for the same readers' second, blinded one.

    Returns:
        What each reader takes erosion, lost joint space and osteophytes for.
    """
    fresh = _remembered(noise.reading[:, :, reading], NOISE_MEMORY[world.reading_mode])
    session = noise.session[:, :, reading]
    if world.reading_mode != "single":
        session = np.broadcast_to(session[:, :1], session.shape)
    leniency = world.reader_leniency * (
        np.linspace(-1.0, 1.0, len(world.readers)) if len(world.readers) > 1 else np.zeros(1)
    )
    years = world.visit_gap_years * np.arange(noise.visits)
    tendency = (
        leniency
        + world.reader_drift * years[:, None]
        + world.reader_patient_sd * noise.reader_patient[:, None]
        + world.reader_session_sd * session
    )
    error = tendency[..., None, None] + world.reader_joint_sd * noise.reader_joint[:, None]
    error = error + world.reader_noise_sd * fresh
    true = {"erosion": joints.erosion, "narrowing": 1.0 - joints.joint_space, "osteophyte": joints.osteophyte}
    return Perceived(*(_seen(true[name], error[..., n, :]) for n, name in enumerate(PERCEIVED)))


def _seen(true: np.ndarray, error: np.ndarray) -> np.ndarray:
    """An intact joint is rarely misread; what is there to see is misjudged."""
    doubt = 0.25 + 0.75 * np.sqrt(np.clip(true, 0.0, 0.5) / 0.5)
    return true[:, :, None] + doubt[:, :, None] * error


def grade(name: str, perceived: Perceived, joints: JointStates) -> Int[np.ndarray, "patient visit reader site"]:
    """Grades by a score scheme, from what readers perceive.

    Args:
        name: Name of the scheme, one of `world.SCHEMES_READ`.
        perceived: Perception by each reader.
        joints: True states, for what nobody mistakes: luxation, fusion, implants, amputations.

    Returns:
        Grades in the order of the scheme's sites; UNREADABLE where an implant or no joint is.
    """
    known = scheme(name)
    if known.name == "sens":  # derived, by definition
        svdh = grade(SVDH.name, perceived, joints)
        return np.where(svdh == UNREADABLE, UNREADABLE, np.minimum(svdh, 1))
    graders = {"larsen": _larsen, "ratingen": _ratingen, "kl": _kellgren_lawrence}
    grades = np.empty((*perceived.erosion.shape[:3], len(known.sites)), int)
    for index, site in enumerate(known.sites):
        feature, joint = site.definition.feature, site.joint_index
        if feature == "erosion":
            cuts = FOOT_EROSION_CUTS if site.definition.maximum == 10 else EROSION_CUTS
            grades[..., index] = np.searchsorted(cuts, perceived.erosion[..., joint])
        elif feature == "jsn":
            grades[..., index] = _narrowing(perceived, joints, joint)
        else:
            grades[..., index] = graders[feature](perceived, joints, joint)
    gone = _unreadable(known, joints)
    return np.where(gone[:, :, None], UNREADABLE, grades)


def _unreadable(known: Scheme, joints: JointStates) -> np.ndarray:
    at = [site.joint_index for site in known.sites]
    return (joints.prosthesis[..., at] > 0) | (joints.amputated[..., at] > 0)


def _narrowing(perceived: Perceived, joints: JointStates, joint: int) -> np.ndarray:
    """Grade 3 also for subluxation, 4 for luxation and ankylosis, as the definition says."""
    grades = np.searchsorted(NARROWING_CUTS, perceived.narrowing[..., joint])
    displaced, fused = joints.subluxation[:, :, None, joint], joints.ankylosis[:, :, None, joint]
    grades = np.where(displaced >= SUBLUXATED, np.maximum(grades, 3), grades)
    return np.where((displaced >= LUXATED) | (fused >= FUSED), 4, grades)


def _larsen(perceived: Perceived, joints: JointStates, joint: int) -> np.ndarray:
    lost = 0.5 * (perceived.erosion[..., joint] + perceived.narrowing[..., joint])
    soft = np.maximum(joints.swelling[..., joint], joints.osteopenia[..., joint])[:, :, None] >= LARSEN_SOFT_SIGN
    return np.maximum(np.searchsorted(LARSEN_CUTS, lost), soft.astype(int))


def _ratingen(perceived: Perceived, joints: JointStates, joint: int) -> np.ndarray:
    return np.searchsorted(RATINGEN_CUTS, perceived.erosion[..., joint])


def _kellgren_lawrence(perceived: Perceived, joints: JointStates, joint: int) -> np.ndarray:
    """Osteophytes make the grade; without marked narrowing it stays below 4."""
    grades = np.searchsorted(KL_CUTS, perceived.osteophyte[..., joint])
    return np.where(perceived.narrowing[..., joint] < NARROWING_CUTS[1], np.minimum(grades, 3), grades)


def true_grades(name: str, joints: JointStates) -> Int[np.ndarray, "patient visit site"]:
    """Grades that a reader without any error would give.

    Args:
        name: Name of the scheme.
        joints: True joint states, axes patient, visit, joint.

    Returns:
        Grades in the order of the scheme's sites; UNREADABLE where an implant or no joint is.
    """
    exact = Perceived(joints.erosion[:, :, None], (1.0 - joints.joint_space)[:, :, None], joints.osteophyte[:, :, None])
    return grade(name, exact, joints)[:, :, 0]


def total(grades: Int[np.ndarray, "*visit site"]) -> Float[np.ndarray, "*visit"]:
    """Sum of the grades; sites that cannot be graded count 0."""
    return np.maximum(grades, 0).sum(-1).astype(float)


def svdh_moving_by_itself(
    world: World, first: Int[np.ndarray, "patient reader site"], noise: Exogenous
) -> Int[np.ndarray, "patient visit reader site"]:
    """SvdH of the strict null world: as read at the first visit, then growing by chance, whatever the films show.

    Points gained in a year are a shifted log-normal number that rises with the readers' mean total, nothing else; each
    reader misses or adds a few. So the next total, too, depends on the joints through the total as read alone.

    Args:
        world: Years between visits.
        first: Grades at the first visit.
        noise: Noise of growth, sittings and readings.

    Returns:
        Grades at every visit; no site falls or exceeds its maximum.
    """
    grades = np.repeat(first[:, None], noise.visits, axis=1)
    top = np.array([site.definition.maximum for site in SVDH.sites])
    for visit in range(1, noise.visits):
        before = grades[:, visit - 1]
        mean_total = total(before).mean(-1)
        z = noise.visit["score_growth"][:, visit]
        points = NULL_GROWTH * world.visit_gap_years * (0.5 + mean_total / 60.0) * np.exp(1.7 * z) - 0.6
        for reader in range(before.shape[1]):
            added = points + NULL_READER_SD * noise.session[:, visit, 0, reader]
            order = np.argsort(noise.reading[:, visit, 0, reader].reshape(len(added), -1)[:, : len(top)], axis=-1)
            grades[:, visit, reader] = _spread(before[:, reader], np.rint(np.maximum(added, 0)).astype(int), order, top)
    return grades


NULL_GROWTH = 0.29  # calibrated to a change of 1.7 +- 5.0 a year
NULL_READER_SD = 2.8


def _spread(grades: np.ndarray, points: np.ndarray, order: np.ndarray, top: np.ndarray) -> np.ndarray:
    """Adds each patient's points, one a site, to the first readable sites of `order` that are below their maximum."""
    room = np.take_along_axis((grades < top) & (grades >= 0), order, -1)
    take = room & (np.cumsum(room, -1) <= points[:, None])
    added = np.zeros_like(grades)
    np.put_along_axis(added, order, take.astype(int), -1)
    return grades + added


def _remembered(z: np.ndarray, memory: float) -> np.ndarray:
    """Reading noise that partly returns at the next visit, with unit variance at each; visits are axis 1."""
    error = z.copy()
    for visit in range(1, z.shape[1]):
        error[:, visit] = memory * error[:, visit - 1] + np.sqrt(1 - memory**2) * z[:, visit]
    return error
