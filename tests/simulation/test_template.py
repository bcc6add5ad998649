"""The average limb: contacts lie where bones end, and metacarpal heads lean as real ones do."""

from __future__ import annotations

import numpy as np
import pytest
from limb_films import film, layers, states

from outcomenet.anatomy import Region, Side
from outcomenet.simulation.rendering import draw_anatomy, of_side
from outcomenet.simulation.rendering.lesions import JointLesions
from outcomenet.simulation.rendering.limb_anatomy import OUTLINE_WAVES
from outcomenet.simulation.rendering.round_bones import round_bone
from outcomenet.simulation.rendering.subluxation import CARPUS
from outcomenet.simulation.rendering.template import HAND_POINTS, TEMPLATES, RoundBone

CONTACTS = [
    (row, bone, contact)
    for row, bone in enumerate(TEMPLATES[Region.HAND].round_bones)
    for contact in (*bone.contacts, *bone.erodes)
]


def average_hand() -> JointLesions:
    limb = of_side(draw_anatomy([np.random.default_rng(0)], np.array([False])), Side.LEFT_HAND)
    return JointLesions(Side.LEFT_HAND, states(), limb._replace(scale=np.ones(1), outline=np.zeros_like(limb.outline)))


def outline_mm(bone: RoundBone, row: int, place: tuple[float, float]) -> tuple[float, float]:
    """Distance of a place from the bone's middle, and the outline's distance in that direction."""
    points = {name: np.array([point]) for name, point in HAND_POINTS.items()} | {CARPUS: np.zeros((1, 2))}
    drawn = round_bone(bone, row, points, average_hand())
    dx, dy = np.subtract(place, drawn["centre"][0])
    turns = np.arctan2(dy, dx) * np.arange(1, OUTLINE_WAVES + 1)
    waves = np.stack([np.cos(turns), np.sin(turns)], axis=-1).ravel()
    return float(np.hypot(dx, dy)), float(drawn["radius"][0, 0] + drawn["radius"][0, 1:] @ waves)


@pytest.mark.parametrize(
    ("row", "bone", "contact"), CONTACTS, ids=[f"{bone.name}-{contact.joint}" for _, bone, contact in CONTACTS]
)
def test_a_contact_lies_on_its_bones_outline(row, bone, contact):
    distance, outline = outline_mm(bone, row, contact.place)
    assert distance == pytest.approx(outline, abs=1.5)


def test_a_metacarpal_heads_tubercle_stands_out_on_the_little_fingers_side():
    _, bone = layers(Side.LEFT_HAND)
    _, landmarks = film(Side.LEFT_HAND)
    column, row = (int(value) for value in landmarks["MCP3"])
    little_finger_side, thumb_side = [], []
    for behind_mm in (4.0, 9.0):
        line = bone[row + round(behind_mm / 0.2)] > 0.05
        little_finger_side.append(0.2 * np.argmin(line[column::-1]))
        thumb_side.append(0.2 * np.argmin(line[column:]))
    assert little_finger_side[1] - little_finger_side[0] > thumb_side[1] - thumb_side[0] + 0.3
