"""Courses of joints drawn far more widely than the disease model draws them: each kind of lesion by itself, at every degree.

An encoder that has seen only a cohort's joints takes what occurs together for one thing. What the disease model holds
impossible stays impossible: finger end joints have no rheumatoid damage, osteoarthritis keeps to its joints and begins
with osteophytes, joints slip or fuse only where bone or cartilage is mostly gone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from outcomenet.anatomy import JOINT_COUNT, JOINT_INDEX, JOINTS, Joint
from outcomenet.arrays import Bool, Float
from outcomenet.errors import UsageError
from outcomenet.ranges import Positive, Share, check_ranges
from outcomenet.simulation.disease import (
    IMPLANT_JOINTS,
    OA_JOINTS,
    RA_JOINTS,
    bridging,
    displacement,
)
from outcomenet.simulation.states import JointStates

# Kinds of lesions that never heal, and those that go up and down with disease activity.
LASTING = (
    "erosion", "narrowing", "osteophyte", "oa_narrowing", "sclerosis", "subluxation", "ankylosis", "prosthesis",
    "amputated",
)  # fmt: skip
PASSING = ("swelling", "osteopenia", "micro_erosion")
# Mean of bone and cartilage lost from which a joint may slip: lower than in the world, so that slipped joints are seen
# at every degree of damage.
SLIPS_FROM = (0.25, 0.7)
LEAST_FUSED = 0.8  # share of cartilage lost from which a joint may fuse; the world's is 0.9, met too seldom here
LEAST_DEGREE = 0.003  # of a lesion that is there: half of a trial's joints have less than .03
SLIPPING, FUSING = 0.6, 0.4  # shares of the joints so damaged that do
# Joints at which fingers and toes are lost.
_LOST_AT = tuple(joint for joint in JOINTS if joint.site[:3] in ("IP1", "DIP", "PIP", "MTP"))


@dataclass(frozen=True)
class StateVariety:
    """How often joints are struck and how far they move on; pairs of numbers are ranges, drawn anew for each visit."""

    healthy: Share = 0.2  # visits without any lesion
    present: Share = 0.6  # chance of a kind of lesion to occur at a visit at all
    struck: tuple[Share, Share] = (0.05, 0.8)  # share of the joints that such a kind strikes
    implants: Share = 0.25  # visits with implants, 1 to 4 of them
    amputations: Share = 0.2  # visits with a lost finger or toe, or two
    unchanged: Share = 0.35  # pairs whose second film shows the same states
    moving: tuple[Share, Share] = (0.05, 0.7)  # share of the joints in which each kind of lesion moves on
    years: tuple[Positive, Positive] = (1.0, 10.0)  # between two films that differ
    dose: tuple[Positive, Positive] = (0.0005, 0.5)  # a year: 1 - exp(-dose) of what is left is taken

    def __post_init__(self) -> None:
        check_ranges(self)
        for name in ("struck", "moving", "years", "dose"):
            low, high = getattr(self, name)
            if low > high:
                raise UsageError(
                    f"Setting {name} (of StateVariety) goes from a lower to a higher number; got {low:g} to {high:g}."
                )


class Course(NamedTuple):
    """States of one person's joints on two films, axes visit, joint, and the years between them, 0 if nothing changed."""

    states: JointStates
    years: float


def draw_course(rng: np.random.Generator, variety: StateVariety) -> Course:
    """A first visit, and a second that shows the same states or those of years later.

    Args:
        rng: Draws both.
        variety: How widely.

    Returns:
        States with two visits.
    """
    first = draw_states(rng, variety)
    if rng.random() < variety.unchanged:
        years, second = 0.0, first
    else:
        years = rng.uniform(*variety.years)
        second = later_states(first, years, rng, variety)
    return Course(JointStates(*(np.stack(visits) for visits in zip(first, second, strict=True))), years)


def draw_states(rng: np.random.Generator, variety: StateVariety) -> JointStates:
    """States at one visit: each kind of lesion strikes joints of its own, at every degree.

    Args:
        rng: Draws them.
        variety: How widely.

    Returns:
        Arrays with the axis joint.
    """
    states = {name: np.zeros(JOINT_COUNT) for name in JointStates._fields}
    if rng.random() >= variety.healthy:
        for name in ("erosion", "narrowing", "swelling", "micro_erosion"):
            states[name] = _struck(rng, variety, RA_JOINTS)
        states["osteopenia"] = _struck(rng, variety, np.ones(JOINT_COUNT, bool))
        states["osteophyte"] = _struck(rng, variety, OA_JOINTS)
        for name in ("oa_narrowing", "sclerosis"):  # come after osteophytes
            states[name] = states["osteophyte"] * rng.random(JOINT_COUNT)
        _slip_and_fuse(states, rng, np.ones(JOINT_COUNT, bool))
    states["amputated"] = _amputated(rng, variety)
    if rng.random() < variety.implants:
        replaceable = np.flatnonzero(IMPLANT_JOINTS & (states["amputated"] == 0))
        states["prosthesis"][rng.choice(replaceable, rng.integers(1, 5), replace=False)] = 1.0
    return JointStates(**states)


def later_states(before: JointStates, years: float, rng: np.random.Generator, variety: StateVariety) -> JointStates:
    """States of the same joints after years: damage grows in some, swelling and bone density go up or down.

    Args:
        before: Axis joint.
        years: Between the films; damage grows with them.
        rng: Draws what moves.
        variety: Shares of joints that move, and how fast.

    Returns:
        Arrays with the axis joint; what does not heal is nowhere less than before.
    """
    states = {name: np.array(value, float) for name, value in before._asdict().items()}
    fresh = draw_states(rng, variety)
    slowest, fastest = np.log(variety.dose)
    moving = {
        name: _moving(rng, variety) & open_to
        for name, open_to in (("erosion", RA_JOINTS), ("narrowing", RA_JOINTS), ("osteophyte", OA_JOINTS))
    }
    for name, moved in moving.items():
        left = np.exp(-years * np.exp(rng.uniform(slowest, fastest, JOINT_COUNT)))
        states[name] = np.where(moved, 1.0 - (1.0 - states[name]) * left, states[name])
    for name in ("oa_narrowing", "sclerosis"):
        # part of the way to the osteophyte's degree, which they never pass
        room = states["osteophyte"] - states[name]
        states[name] = states[name] + moving["osteophyte"] * room * rng.random(JOINT_COUNT) ** 2
    worse = moving["erosion"] | moving["narrowing"]
    for name in PASSING:
        states[name] = np.where(_moving(rng, variety), getattr(fresh, name), states[name])
    _slip_and_fuse(states, rng, worse)
    if rng.random() < variety.implants:
        worn = np.flatnonzero(IMPLANT_JOINTS & worse & (states["amputated"] == 0))
        if len(worn):
            states["prosthesis"][rng.choice(worn)] = 1.0
    return JointStates(**states)


def _struck(
    rng: np.random.Generator, variety: StateVariety, open_to: Bool[np.ndarray, "joint"]
) -> Float[np.ndarray, "joint"]:
    if rng.random() >= variety.present:
        return np.zeros(JOINT_COUNT)
    struck = open_to & (rng.random(JOINT_COUNT) < rng.uniform(*variety.struck))
    return np.where(struck, _degrees(rng), 0.0)


def _degrees(rng: np.random.Generator) -> Float[np.ndarray, "joint"]:
    """Two fifths of them any degree, two fifths early ones, a fifth the last ones: a uniform draw has few of the ends."""
    u = rng.random(JOINT_COUNT)
    earliest = LEAST_DEGREE * (0.35 / LEAST_DEGREE) ** u
    return np.choose(rng.integers(0, 5, JOINT_COUNT), [earliest, 0.35 * u, u, u, 1.0 - 0.15 * u])


def _moving(rng: np.random.Generator, variety: StateVariety) -> Bool[np.ndarray, "joint"]:
    return rng.random(JOINT_COUNT) < rng.uniform(*variety.moving)


def _slip_and_fuse(
    states: dict[str, Float[np.ndarray, "joint"]], rng: np.random.Generator, worse: Bool[np.ndarray, "joint"]
) -> None:
    """Late damage of the joints `worse`, which slip or fuse, never both; what was there stays."""
    end = rng.random(JOINT_COUNT)
    slips = worse & (end < SLIPPING) & (states["ankylosis"] == 0)
    fuses = worse & (end > 1.0 - FUSING) & (states["subluxation"] == 0)
    slipped = displacement(states["erosion"], states["narrowing"], rng.uniform(*SLIPS_FROM, JOINT_COUNT))
    states["subluxation"] = np.maximum(states["subluxation"], slipped * slips)
    states["ankylosis"] = np.maximum(states["ankylosis"], bridging(states["narrowing"], LEAST_FUSED) * fuses)


def _amputated(rng: np.random.Generator, variety: StateVariety) -> Float[np.ndarray, "joint"]:
    lost = np.zeros(JOINT_COUNT)
    if rng.random() < variety.amputations:
        for place in rng.choice(len(_LOST_AT), rng.integers(1, 3), replace=False):
            lost[[JOINT_INDEX[joint.name] for joint in _with_joints_beyond(_LOST_AT[place])]] = 1.0
    return lost


def _with_joints_beyond(joint: Joint) -> list[Joint]:
    """The joint, and the end joint of its finger or big toe, which is lost with it."""
    beyond = {"PIP": f"DIP{joint.site[-1]}", "MTP": f"IP{joint.site[-1]}"}.get(joint.site[:3])
    return [joint, *(other for other in _LOST_AT if other.side is joint.side and other.site == beyond)]
