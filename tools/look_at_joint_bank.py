"""Contact sheets of the pretraining bank: each joint before, after, and in one look of either, side by side.

    python tools/look_at_joint_bank.py FOLDER [FIRST PAIRS]

writes FOLDER/pair-N.png for some pairs of the bank.
"""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np

from outcomenet.anatomy import JOINTS, Side
from outcomenet.pages.contact_sheet import TILE_PX, tiled
from outcomenet.pretraining.crop_looks import LookRanges, grey_levels, new_look
from outcomenet.pretraining.joint_bank import JointBank, JointPair

COLUMNS = 16  # four joints in a row, each with four tiles
INITIALS = {
    "erosion": "e", "narrowing": "n", "osteophyte": "o", "sclerosis": "c", "swelling": "s", "osteopenia": "p",
    "micro_erosion": "m", "subluxation": "x", "ankylosis": "a", "prosthesis": "I",
}  # fmt: skip


def contact_sheet_of(pair: JointPair, rng: np.random.Generator) -> np.ndarray:
    """Before, after, a look of each, for every joint; letters name lesions with their tenths, `INITIALS`."""
    plain = grey_levels(pair.crops)
    looks = np.zeros_like(plain)
    for visit in range(2):
        for side in Side:
            limb = np.array([joint.side is side for joint in JOINTS])
            looks[visit, limb] = new_look(plain[visit, limb], pair.present[visit, limb], rng, LookRanges())
    tiles = []
    for row, joint in enumerate(JOINTS):
        for crops in (plain, looks):
            for visit in range(2):
                named = joint.name if visit == 0 else f"{pair.years:.0f}y {_lesions(pair, visit, row)}"
                tiles.append(_tile(crops[visit, row], named if crops is plain else _lesions(pair, visit, row)))
    return tiled(tiles, COLUMNS)


def _lesions(pair: JointPair, visit: int, row: int) -> str:
    degrees = {letter: getattr(pair.states, name)[visit, row] for name, letter in INITIALS.items()}
    return "".join(f"{letter}{10 * degree:.0f}" for letter, degree in degrees.items() if degree >= 0.05)


def _tile(crop: np.ndarray, text: str) -> np.ndarray:
    grey = cv2.resize((255 * np.clip(crop, 0, 1)).astype(np.uint8), (TILE_PX, TILE_PX), interpolation=cv2.INTER_CUBIC)
    cv2.putText(grey, text, (2, 10), cv2.FONT_HERSHEY_SIMPLEX, 0.28, 255, 1, cv2.LINE_AA)
    return grey


if __name__ == "__main__":
    folder, *numbers = sys.argv[1:]
    first, pairs = (int(word) for word in numbers or ("0", "4"))
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    bank = JointBank()
    for index in range(first, first + pairs):
        sheet = contact_sheet_of(bank[index], np.random.default_rng([1, index]))
        cv2.imwrite(str(folder / f"pair-{index}.png"), sheet)
