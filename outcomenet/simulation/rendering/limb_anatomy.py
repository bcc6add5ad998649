"""Anatomy of one patient's hands and feet: everything about their bones that stays the same from visit to visit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeVar

import numpy as np

from outcomenet.anatomy import HAND_JOINTS, Side
from outcomenet.arrays import Bool, Float, UInt
from outcomenet.errors import UsageError
from outcomenet.simulation.rendering.template import TEMPLATES

LONG_BONES = max(len(template.long_bones) for template in TEMPLATES.values())
ROUND_BONES = 12  # outlines that are drawn; further bones vary as those of the same place in the list
OUTLINE_WAVES = 8
BITES = 6  # possible erosions of a joint: three on the distal, three on the proximal bone
# Erosion states at which a bone's bites open on average: at its thumb-side margin, its other margin, its surface.
ONSETS = (0.0, 0.2, 0.45)

# Distance TIP3-RC in mm, mean and SD by sex: about 185 +- 9 in a cohort with three women in four. Limits keep a hand on
# its film.
HAND_LENGTH_MM = {False: (181.5, 6.5), True: (194.0, 7.0)}
HAND_LENGTH_LIMITS_MM = (162.0, 208.0)
TEMPLATE_HAND_LENGTH_MM = 185.0

Record = TypeVar("Record", bound=tuple)


class LimbAnatomy(NamedTuple):
    """Bones of the four limbs (axis `side` in `anatomy.Side` order); factors are 1 for the average adult.

    Bones and joints are in the order of the region's `template`; a foot uses the first entries only.
    """

    scale: Float[np.ndarray, "*patient side"]  # of the whole limb
    length: Float[np.ndarray, "*patient side long"]  # factor
    width: Float[np.ndarray, "*patient side long"]  # factor
    angle: Float[np.ndarray, "*patient side long"]  # radians towards the thumb, against the bone before it
    relief: Float[
        np.ndarray, "*patient side long end 3"
    ]  # mm, added to the surface of base and head, see `template.BoneShape`
    outline: Float[np.ndarray, "*patient side round wave"]  # mm, Fourier terms of round bones' outlines
    gap: Float[np.ndarray, "*patient side joint"]  # factor of the joint's cartilage thickness
    bite: Float[np.ndarray, "*patient side joint bite 3"]  # uniform: place, size and onset of each possible erosion
    onset: Float[np.ndarray, "*patient side joint bite"]  # erosion at which each opens, before its uniform trait's part
    spur: Float[np.ndarray, "*patient side joint 4"]  # factor of the osteophytes at base and head, thumb side first
    cortex: Float[np.ndarray, "*patient side"]  # factor of cortical thickness
    mineral: Float[np.ndarray, "*patient side"]  # factor of bone mineral density
    soft: Float[np.ndarray, "*patient side"]  # factor of soft-tissue girth
    grain: Float[np.ndarray, "*patient side 2"]  # factors of the trabeculae's fineness and contrast
    seed: UInt[np.ndarray, "*patient side"]  # of the trabecular texture


def draw_anatomy(generators: Sequence[np.random.Generator], male: Bool[np.ndarray, "patient"]) -> LimbAnatomy:
    """Draws every patient's limbs, each from their own generator, so that no patient depends on another.

    Args:
        generators: One per patient.
        male: Men's hands are larger, their bones wider and denser.

    Returns:
        Axes patient, side.

    Raises:
        UsageError: There are more or fewer generators than patients.
    """
    if len(generators) != len(male):
        raise UsageError(
            f"Each patient needs a generator of their own: got {len(generators)} generators for {len(male)} patients."
        )
    drawn = [_draw_patient(generator, bool(is_male)) for generator, is_male in zip(generators, male, strict=True)]
    return LimbAnatomy(*(np.stack(values) for values in zip(*drawn, strict=True)))


def noise_seeds(seed: int, patients: Sequence[int], visits: Sequence[int]) -> UInt[np.ndarray, "film"]:
    """A noise seed for each film, the same whatever else is rendered; limbs differ by themselves.

    Args:
        seed: Seed of the series.
        patients: Number of each film's patient.
        visits: Number of each film's visit.

    Returns:
        32-bit seeds.
    """
    pairs = zip(patients, visits, strict=True)
    states = [np.random.SeedSequence([seed, patient, visit]).generate_state(1) for patient, visit in pairs]
    return np.concatenate(states) if states else np.empty(0, np.uint32)


def select(record: Record, index: object) -> Record:
    """Selects rows of a record of arrays.

    Args:
        record: A named tuple whose arrays share their leading axes.
        index: Whatever NumPy takes between brackets.

    Returns:
        The same kind of record, `index` applied to each array.
    """
    return type(record)(*(np.asarray(value)[index] for value in record))  # type: ignore[call-arg]


def bone_seed(seed: UInt[np.ndarray, "film"], row: int) -> Float[np.ndarray, "film"]:
    """A texture seed for each of a limb's bones that a float32 holds exactly (below 2^23).

    Args:
        seed: Texture seed of the limb on each film.
        row: Number of the bone in the limb.

    Returns:
        Whole numbers as floats, since the kernel's tables hold float32 alone.
    """
    mixed = (seed.astype(np.uint64) * 0x9E3779B1 + row * 0x85EBCA77 + 0x1B873593) & 0xFFFFFFFF
    return (mixed >> 9).astype(float)


def of_side(anatomy: LimbAnatomy, side: Side) -> LimbAnatomy:
    """One limb of each patient.

    Args:
        anatomy: Axes patient, side.
        side: The limb.

    Returns:
        Axis patient.
    """
    return select(anatomy, (slice(None), list(Side).index(side)))


def _draw_patient(rng: np.random.Generator, male: bool) -> LimbAnatomy:
    mean, spread = HAND_LENGTH_MM[male]
    length = np.clip(mean + spread * rng.standard_normal(), *HAND_LENGTH_LIMITS_MM)
    girth = 0.03 * rng.standard_normal() + (0.04 if male else -0.02)
    sides = len(Side)

    def paired(spread: float, *shape: int) -> np.ndarray:
        """Variation that the two hands (feet) of a person share to nine tenths of its variance."""
        shared = np.repeat(rng.standard_normal((2, *shape)), 2, axis=0)
        return spread * (np.sqrt(0.9) * shared + np.sqrt(0.1) * rng.standard_normal((sides, *shape)))

    joints = len(HAND_JOINTS)
    return LimbAnatomy(
        scale=length / TEMPLATE_HAND_LENGTH_MM * (1.0 + paired(0.008)),
        length=1.0 + paired(0.022, LONG_BONES),
        width=1.0 + girth + paired(0.03, LONG_BONES),
        angle=paired(0.025, LONG_BONES),
        relief=np.zeros((sides, LONG_BONES, 2, 3)),  # a cohort's joints have the average one
        outline=paired(0.22, ROUND_BONES, 2 * OUTLINE_WAVES),
        gap=1.0 + np.clip(paired(0.08, joints), -0.25, 0.25),
        bite=rng.random((sides, joints, BITES, 3)),
        onset=np.tile(ONSETS, (sides, joints, BITES // len(ONSETS))),
        spur=np.exp(0.5 * rng.standard_normal((sides, joints, 4))),
        cortex=np.clip(1.0 + paired(0.1), 0.7, 1.3),
        mineral=np.clip(1.0 + paired(0.08) + (0.04 if male else -0.02), 0.75, 1.25),
        soft=np.clip(1.0 + girth + paired(0.05), 0.85, 1.2),
        grain=np.ones((sides, 2)),
        seed=rng.integers(0, 2**32, sides, dtype=np.uint32),
    )
