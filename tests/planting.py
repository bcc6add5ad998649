"""Lesions planted into real films by editing their pixels: erosions at a bone's margin, and joint spaces made narrower.

    python -m tests.planting FILMS LANDMARKS.csv OUT.png

draws each hand or foot joint of the films beside its eroded and its narrowed form.

The encoder never sees this code's films: it is trained on drawn bones alone. A joint is lifted out of the film upright
(distal up) at 0.1 mm a pixel, changed, and the difference is laid back onto the film, so that what is not changed stays as it
was to the last bit.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

PATCH_MM, STEP_MM = 32.0, 0.1
EROSION_MM = (2.5, 4.0)  # diameter
LOST_SPACE_MM = 1.2
SITES = (
    "IP1",
    "PIP2",
    "PIP3",
    "PIP4",
    "PIP5",
    "MCP1",
    "MCP2",
    "MCP3",
    "MCP4",
    "MCP5",
    "MTP1",
    "MTP2",
    "MTP3",
    "MTP4",
    "MTP5",
)


# Half width of the bone ends at most: beyond it an edge is the skin's.
WIDEST_MM = {
    site: {"I": 9.0, "P": 6.5, "C": 9.5, "T": 8.0}[site[1] if site[0] == "M" else site[0]] for site in SITES
} | {"MTP1": 12.5}


@dataclass(frozen=True)
class UprightJoint:
    """Where a joint lies on a film: film pixels, unit vectors, millimetres per film pixel."""

    centre: np.ndarray
    right: np.ndarray
    up: np.ndarray
    mm_per_px: float

    def matrix(self) -> np.ndarray:
        """Affine map from a pixel of the upright patch to one of the film, both counted from pixel middles."""
        size, step = round(PATCH_MM / STEP_MM), STEP_MM / self.mm_per_px
        right, down = np.asarray(self.right) * step, -np.asarray(self.up) * step
        origin = np.asarray(self.centre) - 0.5 - (size - 1) / 2 * (right + down)
        return np.column_stack([right, down, origin])


def lifted(film: np.ndarray, joint: UprightJoint) -> np.ndarray:
    """The joint upright, float32, at `STEP_MM` a pixel."""
    size = round(PATCH_MM / STEP_MM)
    how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(
        film.astype(np.float32), joint.matrix(), (size, size), flags=how, borderMode=cv2.BORDER_REPLICATE
    )


def laid_back(film: np.ndarray, joint: UprightJoint, before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """The film with the difference of two patches of the joint."""
    rows, columns = film.shape
    ratio = STEP_MM / joint.mm_per_px  # of a film's pixel that a patch's pixel covers
    change = after - before
    if ratio < 1:  # a film pixel takes in several of the patch's
        change = cv2.GaussianBlur(change, (0, 0), 0.4 / ratio)
    change = cv2.warpAffine(change, joint.matrix(), (columns, rows), flags=cv2.INTER_LINEAR, borderValue=0.0)
    return np.clip(np.rint(film + change), 0, 65535).astype(np.uint16)


def planted_erosion(film: np.ndarray, joint: UprightJoint, site: str, rng: np.random.Generator) -> np.ndarray:
    """A bite out of one bone's margin beside the joint, 2.5 to 4 mm across: irregular, nearly as dark as what lies beside it."""
    before = lifted(film, joint)
    after = eroded(before, WIDEST_MM[site], rng)
    return laid_back(film, joint, before, after)


def planted_narrowing(film: np.ndarray, joint: UprightJoint, lost_mm: float = LOST_SPACE_MM) -> np.ndarray:
    """The two bones moved towards each other by `lost_mm` in all; what lies 10 mm off stays where it was."""
    before = lifted(film, joint)
    return laid_back(film, joint, before, narrowed(before, lost_mm))


def eroded(patch: np.ndarray, widest_mm: float, rng: np.random.Generator) -> np.ndarray:
    """An upright patch with a bite out of a margin."""
    smooth = cv2.GaussianBlur(patch, (0, 0), 3)
    bone = _bone(smooth, widest_mm)
    size = len(patch)
    middle = (size - 1) / 2
    for _ in range(60):  # a row whose edge is clear
        beside = 1 if rng.random() < 0.5 else -1
        along = rng.uniform(1.5, 4.0) * (1 if rng.random() < 0.5 else -1) / STEP_MM
        row = round(middle + along)
        edge = _edge(bone[row], beside)
        if edge is not None and 3.0 / STEP_MM < abs(edge - middle) < widest_mm / STEP_MM:
            break
    else:
        raise ValueError("No bone margin was found beside the joint.")
    radius = 0.5 * rng.uniform(*EROSION_MM) / STEP_MM
    at = edge - beside * rng.uniform(0.3, 0.6) * radius
    y, x = np.mgrid[:size, :size].astype(np.float32)
    angle = np.arctan2(y - row, x - at)
    outline = radius * (1 + sum(rng.normal(0, 0.07) * np.cos(n * angle + rng.uniform(0, 6.3)) for n in (2, 3, 4, 5)))
    inside = np.hypot(y - row, x - at) < outline
    share = cv2.GaussianBlur(inside.astype(np.float32), (0, 0), 0.25 / STEP_MM)
    # what the bite is filled with: the soft tissue beside this edge, and a rest of the bone before and behind it
    near = (np.hypot(y - row, x - edge) < 4.0 / STEP_MM) & ~bone & ((x - edge) * beside > 0.5 / STEP_MM)
    soft = float(np.median(patch[near])) if near.any() else float(patch.min())
    left = rng.uniform(0.05, 0.3)
    filled = soft + left * (smooth - soft) + 0.5 * (patch - smooth)
    eaten = share * (smooth > soft)
    return patch + eaten * (np.minimum(filled, patch) - patch)


def narrowed(patch: np.ndarray, lost_mm: float) -> np.ndarray:
    """An upright patch whose halves meet: above and below the joint line all moves to it, less and less up to 10 mm off."""
    size = len(patch)
    y, x = (np.mgrid[:size, :size].astype(np.float32) - (size - 1) / 2) * STEP_MM
    line = _joint_line(patch)[None]  # mm below the patch's middle, by column
    gap, reach = 0.9, 10.0  # mm: half of what gives way, and where nothing moves any more
    off = np.abs(y - line)
    # how far a place has come: all of the half loss beyond the gap, fading out along the shaft and beside the bone
    fade = np.clip((reach - off) / (reach - gap), 0, 1) * np.clip((13.0 - np.abs(x)) / 4.0, 0, 1)
    moved = 0.5 * lost_mm * fade
    # looked up where it came from; inside the gap the place is stretched linearly to it
    source = np.where(off < gap - moved, off * gap / np.maximum(gap - moved, 0.1), off + moved)
    rows = (line + np.sign(y - line) * source) / STEP_MM + (size - 1) / 2
    return cv2.remap(
        patch, (x / STEP_MM + (size - 1) / 2).astype(np.float32), rows.astype(np.float32), cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )  # fmt: skip


def _joint_line(patch: np.ndarray) -> np.ndarray:
    """Where the joint space lies in each column, mm below the middle: a parabola through the darkest places near it."""
    smooth = cv2.GaussianBlur(patch, (0, 0), 3)
    size = len(patch)
    mm = (np.arange(size) - (size - 1) / 2) * STEP_MM
    near, inner = np.abs(mm) < 3.5, np.flatnonzero(np.abs(mm) < 4.5)
    at = mm[near][smooth[near][:, inner].argmin(0)]
    weight = np.ones(len(inner))
    for _ in range(5):  # columns whose darkest place is another one count less and less
        parabola = np.polyfit(mm[inner], at, 2, w=weight)
        weight = 1 / (0.3 + np.abs(at - np.polyval(parabola, mm[inner])))
    return np.clip(np.polyval(parabola, np.clip(mm, -6, 6)), -4, 4).astype(np.float32)


def _bone(smooth: np.ndarray, widest_mm: float) -> np.ndarray:
    """Bone by Otsu's threshold of the patch's middle; by that of the brighter part where the first one found the skin."""
    low, high = np.percentile(smooth, [1, 99])
    levels = np.clip(255 * (smooth - low) / max(high - low, 1), 0, 255).astype(np.uint8)
    sixth = len(levels) // 6
    part = np.ascontiguousarray(levels[sixth:-sixth, sixth:-sixth])
    for _ in range(2):
        threshold, _ = cv2.threshold(part, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
        bone = levels > threshold
        edges = [_edge(bone[row], beside) for row in _rows(len(bone)) for beside in (-1, 1)]
        widths = [abs(edge - len(bone) / 2) * STEP_MM for edge in edges if edge is not None]
        if widths and np.median(widths) < widest_mm:
            break
        part = part[part > threshold][None]
    return bone


def _rows(size: int) -> list[int]:
    """Rows 1.5 to 4 mm above and below a patch's middle."""
    off = np.concatenate([np.arange(-40, -14, 5), np.arange(15, 41, 5)])
    return [int(size // 2 + row) for row in off]


def _edge(row: np.ndarray, beside: int) -> int | None:
    """Column where the bone in the middle of a row ends on one side."""
    middle = len(row) // 2
    if not row[middle - 10 : middle + 11].mean() > 0.8:
        return None
    ends = np.flatnonzero(~(row[middle:] if beside > 0 else row[middle::-1]))
    return None if not len(ends) else middle + beside * int(ends[0])


def main(films: str, landmarks: str, out: str) -> None:
    """Draws the contact sheet: joint, eroded, narrowed."""
    from tests.real_films import landmarked_films

    rows = []
    for film in landmarked_films(Path(films), Path(landmarks)):
        for number, (site, joint) in enumerate(film.joints.items()):
            if site not in SITES:
                continue
            rng = np.random.default_rng([7, number])
            patches = [lifted(film.pixels, joint)]
            try:
                patches.append(lifted(planted_erosion(film.pixels, joint, site, rng), joint))
            except ValueError:
                patches.append(patches[0])
            patches.append(lifted(planted_narrowing(film.pixels, joint), joint))
            low, high = np.percentile(patches[0], [1, 99.7])
            tile = np.hstack([np.clip((p - low) / (high - low), 0, 1)[40:-40, 40:-40] for p in patches])
            tile = (255 * tile).astype(np.uint8)
            cv2.putText(tile, site, (5, 20), cv2.FONT_HERSHEY_SIMPLEX, 0.6, 255, 2)
            rows.append(tile)
    rows += [np.zeros_like(rows[0])] * (-len(rows) % 4)
    cv2.imwrite(out, np.vstack([np.hstack(rows[n : n + 2]) for n in range(0, len(rows), 2)]))


if __name__ == "__main__":
    main(*sys.argv[1:])
