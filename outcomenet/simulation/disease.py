"""Course of rheumatoid arthritis and osteoarthritis in every joint.

Rheumatoid: severity, activity -> swelling and hidden activity -> growth of erosion and narrowing -> luxation or
fusion, late. Osteoarthritis: age, propensity -> osteophytes, narrowing, sclerosis. Both narrow the joint space of the
PIP joints: that is the confounding path.
"""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from outcomenet.anatomy import JOINT_INDEX, JOINTS, Joint, Region, Side
from outcomenet.arrays import Bool, Float
from outcomenet.errors import UsageError, did_you_mean
from outcomenet.simulation.exogenous import Exogenous
from outcomenet.simulation.states import JointStates
from outcomenet.simulation.world import World

# How often rheumatoid damage strikes a joint relative to the average (log), after the usual distribution: MCP2-3,
# wrist and MTP5 first, thumb IP and DIP hardly.
_RA_SUSCEPTIBILITY = {
    "IP1": -0.9, "DIP": -3.0, "PIP": 0.0, "MCP1": 0.0, "MCP2": 0.6, "MCP3": 0.5, "MCP4": 0.0, "MCP5": 0.1,
    "CMC1": -0.3, "CMC": 0.2, "multangular": 0.2, "navicular": 0.4, "lunate": 0.5, "radius": 0.3, "ulna": 0.6,
    "MTP1": -0.1, "MTP5": 0.7, "MTP": 0.3,
}  # fmt: skip
# Osteoarthritis: DIP > CMC1 > PIP > IP1, MTP1; spared elsewhere (log odds).
_OA_SUSCEPTIBILITY = {"DIP": 0.6, "CMC1": 0.3, "PIP": -0.8, "IP1": -0.3, "MTP1": 0.0}
SPARED = -2.0  # log rate below which do(ra_damage) leaves a joint alone: the finger end joints
_LUXATES = ("MCP", "MTP", "PIP", "CMC1")
_FUSES = ("PIP", "CMC", "multangular", "navicular", "lunate", "radius")
# Joints that are replaced by an implant, and fingers that may be lost, at the middle or at the end joint.
IMPLANT_JOINTS = np.array([j.side.region is Region.HAND and j.site[:3] in ("MCP", "PIP") for j in JOINTS])
_FINGERS = tuple((side, ray) for side in (Side.LEFT_HAND, Side.RIGHT_HAND) for ray in range(2, 6))


def by_joint(table: dict[str, float], absent: float, entries: tuple[str, ...] = ()) -> Float[np.ndarray, "joint"]:
    """Looks each joint up by its full site name, then by its kind without the ray's number.

    Args:
        table: Numbers by site (`MCP2`) or kind (`MCP`).
        absent: Number of joints that the table does not name.
        entries: Replace some of the table's: `MCP2:0.9` for one site, `MCP:0.9` for those without one of their own.

    Returns:
        A number per joint, in `anatomy.JOINTS` order.

    Raises:
        UsageError: An entry names no joint or holds no finite number.
    """
    changed = dict(table)
    sites = {name for joint in JOINTS for name in (joint.site, joint.site.rstrip("12345"))}
    for entry in entries:
        site, _, value = entry.partition(":")
        if site not in sites:
            raise UsageError(f"There is no joint {site!r} to give a coefficient. {did_you_mean(site, sites)}")
        try:
            changed[site] = float(value)
            if not np.isfinite(changed[site]):
                raise ValueError(value)
        except ValueError:
            raise UsageError(
                f"A joint's coefficient is written SITE:NUMBER, for instance MCP2:0.9; got {entry!r}."
            ) from None
    return np.array([changed.get(j.site, changed.get(j.site.rstrip("12345"), absent)) for j in JOINTS])


def ra_susceptibility(world: World) -> Float[np.ndarray, "joint"]:
    """Log rate of rheumatoid damage of each joint relative to the average."""
    return by_joint(_RA_SUSCEPTIBILITY, 0.0, world.ra_susceptibility)


def oa_susceptibility(world: World) -> Float[np.ndarray, "joint"]:
    """Log odds of osteoarthritis of each joint relative to the average; minus infinity where it never comes."""
    return np.where(OA_JOINTS, by_joint(_OA_SUSCEPTIBILITY, 0.0, world.oa_susceptibility), -np.inf)


def _is_one_of(names: tuple[str, ...]) -> Bool[np.ndarray, "joint"]:
    return by_joint(dict.fromkeys(names, 1.0), 0.0) > 0


# Joints that the default world's rheumatoid arthritis damages, and those that it may luxate or fuse late.
RA_JOINTS = by_joint(_RA_SUSCEPTIBILITY, 0.0) > SPARED
LUXATING_JOINTS, FUSING_JOINTS = _is_one_of(_LUXATES), _is_one_of(_FUSES)
# A foot's IP1 is not one of them.
OA_JOINTS = np.isfinite(by_joint(_OA_SUSCEPTIBILITY, -np.inf)) & np.array(
    [joint.side.region is Region.HAND or joint.site == "MTP1" for joint in JOINTS]
)


def disease_activity(
    world: World, noise: Exogenous, severity: Float[np.ndarray, "patient"]
) -> Float[np.ndarray, "patient visit"]:
    """Disease activity at each visit: a level that severity sets, remembered from visit to visit (AR(1), SD 1).

    Args:
        world: Share of severity, and correlation between neighbouring visits.
        noise: Standard normal noise `activity` per visit.
        severity: SDs.

    Returns:
        SDs; higher is more active.
    """
    z = noise.visit["activity"]
    memory = world.activity_memory
    wave = z.copy()
    for visit in range(1, z.shape[1]):
        wave[:, visit] = memory * wave[:, visit - 1] + np.sqrt(1 - memory**2) * z[:, visit]
    return world.activity_severity * severity[:, None] + np.sqrt(1 - world.activity_severity**2) * wave


def joint_states(
    world: World,
    noise: Exogenous,
    *,
    age: Float[np.ndarray, "patient"],
    duration: Float[np.ndarray, "patient"],
    severity: Float[np.ndarray, "patient"],
    treated_before: Bool[np.ndarray, "patient"],
    treated_since: Bool[np.ndarray, "patient"],
    activity: Float[np.ndarray, "patient visit"],
) -> JointStates:
    """Latent states of every joint at every visit; implants come later, see `with_implants`.

    Args:
        world: Coefficients and interventions.
        noise: Noise of joints and visits.
        age: Years at the first visit.
        duration: Years of symptoms at the first visit.
        severity: SDs.
        treated_before: Advanced treatment for part of the time before the first visit.
        treated_since: Advanced treatment from the first visit on.
        activity: Disease activity, SDs; that of a visit drives the damage of the next.

    Returns:
        States with axes patient, visit, joint.
    """
    swelling_logit = (
        world.swelling_level
        + world.swelling_activity * activity[..., None]
        + world.swelling_susceptibility * ra_susceptibility(world)
        + world.swelling_joint * noise.joint_damage[:, None, :]
        + world.swelling_visit * noise.joint_swelling
    )
    # hidden activity: what swelling, osteopenia and micro-erosion show and SvdH does not, standardised
    hidden = world.hidden_swelling * (swelling_logit - world.swelling_level) + world.hidden_own * noise.joint_hidden
    erosion, narrowing = _damage(world, noise, duration, severity, treated_before, treated_since, activity, hidden)
    if world.interventions.ra_damage is not None:
        erosion = np.broadcast_to(
            np.where(ra_susceptibility(world) > SPARED, world.interventions.ra_damage, 0.0), erosion.shape
        )
        narrowing = erosion
    osteoarthritis = _osteoarthritis(world, noise, age)
    nothing = np.zeros_like(erosion)
    states = JointStates(
        erosion=erosion,
        narrowing=narrowing,
        swelling=expit(swelling_logit),
        osteopenia=expit(
            world.osteopenia_level
            + world.osteopenia_activity * hidden
            + world.osteopenia_duration * (duration[:, None, None] - 7)
        ),
        micro_erosion=expit(world.micro_erosion_level + world.micro_erosion_hidden * hidden),
        osteophyte=osteoarthritis,
        oa_narrowing=world.oa_narrowing_most * osteoarthritis**world.oa_narrowing_power,
        sclerosis=world.sclerosis_most * osteoarthritis**world.sclerosis_power,
        subluxation=_subluxation(world, noise, erosion, narrowing),
        ankylosis=_ankylosis(world, noise, narrowing),
        prosthesis=nothing,
        amputated=_amputated(world, noise, erosion.shape),
    )
    return states


def _damage(
    world: World,
    noise: Exogenous,
    duration: Float[np.ndarray, "patient"],
    severity: Float[np.ndarray, "patient"],
    treated_before: Bool[np.ndarray, "patient"],
    treated_since: Bool[np.ndarray, "patient"],
    activity: Float[np.ndarray, "patient visit"],
    hidden: Float[np.ndarray, "patient visit joint"],
) -> tuple[Float[np.ndarray, "patient visit joint"], Float[np.ndarray, "patient visit joint"]]:
    """Shares of bone surface and of cartilage lost: 1 - exp(-dose), the dose growing with time at the joint's rate."""
    rate = world.damage_rate * np.exp(
        world.damage_severity * severity[:, None]
        + ra_susceptibility(world)
        + world.damage_joint * noise.joint_damage
        + 0.5 * world.treatment_effect * treated_before[:, None]  # treated for part of the past
    )
    doses = [rate * duration[:, None]]
    since = world.treatment_effect * (treated_since - 0.5 * treated_before)  # the past's half is in `rate` already
    for visit in range(1, noise.visits):
        speed = (
            world.progression_level
            + world.hidden_signal * world.hidden_progression * (hidden[:, visit - 1] - world.hidden_mean)
            + world.progression_activity * activity[:, visit - 1, None]
            + since[:, None]
        )
        doses.append(doses[-1] + world.visit_gap_years * rate * np.exp(speed))
    dose = np.stack(doses, 1)
    lean = noise.joint_narrowing[:, None]  # some joints lose bone first, others cartilage
    bone = dose * np.exp(world.lean_erosion * lean)
    cartilage = dose * world.damage_narrowing * np.exp(world.lean_narrowing * lean)
    return 1 - np.exp(-bone), 1 - np.exp(-cartilage)


def _osteoarthritis(world: World, noise: Exogenous, age: np.ndarray) -> Float[np.ndarray, "patient visit joint"]:
    shape = noise.joint_swelling.shape
    if world.interventions.oa is not None:
        return np.broadcast_to(np.where(OA_JOINTS, world.interventions.oa, 0.0), shape)
    years = age[:, None] + world.visit_gap_years * np.arange(noise.visits)
    propensity = world.oa_level + world.oa_patient * noise.static["oa"][:, None] + world.oa_age * (years - 60.0)
    of_joint = propensity[..., None] + oa_susceptibility(world) + world.oa_joint * noise.joint_oa[:, None, :]
    return expit(world.oa_steepness * of_joint + world.oa_offset)


def _subluxation(world: World, noise: Exogenous, erosion: np.ndarray, narrowing: np.ndarray) -> np.ndarray:
    """Ligaments give way where bone and cartilage are mostly gone, in joints that lean that way."""
    return displacement(erosion, narrowing, world.subluxation_onset + 0.08 * noise.joint_late[:, None])


def displacement(
    erosion: Float[np.ndarray, "*visit joint"],
    narrowing: Float[np.ndarray, "*visit joint"],
    onset: Float[np.ndarray, "*visit joint"],
) -> Float[np.ndarray, "*visit joint"]:
    """Subluxation of joints whose ligaments give way.

    Args:
        erosion: Share of bone surface lost.
        narrowing: Share of cartilage lost.
        onset: Mean of the two from which the joint slips; 0.35 more is a complete luxation.

    Returns:
        0 to 1; 0 in joints that never luxate.
    """
    displaced = np.clip((0.5 * (erosion + narrowing) - onset) / 0.35, 0.0, 1.0)
    return np.where(LUXATING_JOINTS, displaced, 0.0)


def _ankylosis(world: World, noise: Exogenous, narrowing: np.ndarray) -> np.ndarray:
    """Bone bridges a joint without cartilage, in about one of six such joints of wrist and middle fingers."""
    return np.where(noise.joint_late[:, None] > 1.0, bridging(narrowing, world.ankylosis_onset), 0.0)


def bridging(narrowing: Float[np.ndarray, "*visit joint"], onset: float) -> Float[np.ndarray, "*visit joint"]:
    """Ankylosis of joints whose cartilage is gone.

    Args:
        narrowing: Share of cartilage lost.
        onset: Share from which bone bridges the joint; 0.08 more fuses it.

    Returns:
        0 to 1; 0 in joints that never fuse.
    """
    return np.where(FUSING_JOINTS, np.clip((narrowing - onset) / 0.08, 0.0, 1.0), 0.0)


def _amputated(world: World, noise: Exogenous, shape: tuple[int, ...]) -> np.ndarray:
    """A finger lost long ago, at its end joint or at its middle joint; no effect of any disease."""
    lost = np.zeros(shape)
    u = noise.static["amputation"]
    for patient in np.flatnonzero(u < world.amputation_share):
        place = u[patient] / world.amputation_share
        side, ray = _FINGERS[int(place * len(_FINGERS))]
        proximal = place * len(_FINGERS) % 1 < 0.5
        for site in (f"PIP{ray}", f"DIP{ray}") if proximal else (f"DIP{ray}",):
            lost[patient, :, JOINT_INDEX[Joint(side, site).name]] = 1.0
    return lost


def with_implants(
    world: World,
    noise: Exogenous,
    joints: JointStates,
    surgery: Bool[np.ndarray, "patient visit"],
    duration: Float[np.ndarray, "patient"],
    severity: Float[np.ndarray, "patient"],
) -> JointStates:
    """Places a prosthesis in the worst finger joint of those who had one placed, then and ever after.

    Args:
        world: Share of operations that place one.
        noise: Uniform noise `implant`, per patient for the past and per visit.
        joints: States without implants.
        surgery: Operations before each visit, see `causal.joint_surgery`.
        duration: Years of symptoms at the first visit, in which one may have been placed already.
        severity: SDs; operations are more frequent in severe disease.

    Returns:
        The states with `prosthesis` 1 where a joint was replaced.
    """
    before = world.implant_share * world.surgery_per_year * duration * np.exp(0.5 * severity)
    since = np.maximum.accumulate(surgery & (noise.visit["implant"] < world.implant_share), axis=1)
    placed = since | (noise.static["implant"] < before)[:, None]
    # the joint is chosen when it is replaced, by what was lost until then
    everyone, when = np.arange(len(placed)), placed.argmax(1)
    lost = (joints.erosion + joints.narrowing)[everyone, when]
    replaceable = IMPLANT_JOINTS & (joints.amputated[:, 0] == 0)
    worst = np.where(replaceable, lost, -1.0).argmax(-1)
    prosthesis = np.zeros_like(joints.erosion)
    prosthesis[everyone, :, worst] = placed
    return joints._replace(prosthesis=prosthesis)
