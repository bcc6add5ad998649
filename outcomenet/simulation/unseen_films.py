"""Films unlike those that the joint encoder was pretrained on: bones, bone texture and scanners beyond its ranges.

Every number lies outside of what `pretraining.scenes` draws (tests hold that), and none was chosen by what a network does with it. They
are nuisances: neither a joint's states nor its cartilage are changed.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from outcomenet.simulation.rendering import LimbAnatomy, Scanner

# Factors of the average adult's; of two ranges a person has one.
SHORT_BONES = ((0.78, 0.86),)  # of usual width: bones longer than usual would leave the film
CORTEX = ((0.36, 0.46), (1.55, 1.70))
MINERAL = ((0.40, 0.47), (1.43, 1.55))
SOFT = ((0.55, 0.62), (2.20, 2.35))
FINENESS, CONTRAST = ((0.50, 0.65), (1.65, 1.90)), ((1.25, 1.50),)  # of the trabeculae

SCANNERS = (
    Scanner("XR-A", 0.22, blur_mm=0.50, noise=0.034, gamma=0.80, contrast=0.55, fog=0.28, equalisation=2.3),
    Scanner("XR-B", 0.25, blur_mm=0.06, noise=0.003, gamma=2.40, contrast=1.08, fog=0.27, equalisation=2.5),
    Scanner(
        "XR-C", 0.23, blur_mm=0.55, noise=0.038, gamma=2.50, contrast=0.50, fog=0.30, equalisation=2.2, marker=False
    ),
)

Ranges = Sequence[tuple[float, float]]


def unseen_anatomy(anatomy: LimbAnatomy, generators: Sequence[np.random.Generator]) -> LimbAnatomy:
    """The same people with other bones: shorter, with another cortex, mineral and trabeculae, in limbs of another girth.

    Args:
        anatomy: Axes patient, side.
        generators: One per patient, so that no patient depends on another.

    Returns:
        Joints, outlines, places of erosions and textures' seeds as they were.
    """
    sides = anatomy.scale.shape[1]
    drawn = [
        [_drawn(rng, ranges, sides) for ranges in (CORTEX, MINERAL, SOFT, FINENESS, CONTRAST)] for rng in generators
    ]
    cortex, mineral, soft, fineness, contrast = np.moveaxis(np.array(drawn), 1, 0)
    bones = anatomy.length.shape[1:]
    length = np.stack([_drawn(rng, SHORT_BONES, *bones) for rng in generators])
    return anatomy._replace(
        length=length, cortex=cortex, mineral=mineral, soft=soft, grain=np.stack([fineness, contrast], -1)
    )


def _drawn(rng: np.random.Generator, ranges: Ranges, *shape: int) -> np.ndarray:
    """Values of one person's limbs, all from one of the ranges."""
    low, high = ranges[int(rng.integers(len(ranges)))]
    return rng.uniform(low, high, shape)
