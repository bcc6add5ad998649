"""Changes of a window's grey levels, as scanners, archives, printers and people make them.

Each change happens with a chance of its own, so that most windows show two or three of them. All take and give float32 pixels
of about 0 to 1, brighter = more bone.
"""

from __future__ import annotations

import cv2
import numpy as np

from outcomenet.arrays import Float

Pixels = Float[np.ndarray, "row column"]
_LETTERS = "LRSDABCEHKMPTX0123456789 .:/-"


def restyled(pixels: Pixels, rng: np.random.Generator, strength: float = 1.0) -> Pixels:
    """The window as another department would have stored it.

    Args:
        pixels: Grey levels of about 0 to 1.
        rng: Draws what is changed and how far.
        strength: Scales how often; 0 changes nothing.

    Returns:
        Grey levels from -0.2 to 1.5.
    """

    def chance(share: float) -> bool:
        return rng.random() < share * strength

    if chance(0.7):
        pixels = _tone(pixels, rng)
    if chance(0.35):
        pixels = _uneven(pixels, rng)
    if chance(0.45):
        pixels = _local_contrast(pixels, rng)
    if chance(0.25):
        pixels = _soft_tissue(pixels, rng)
    if chance(0.3):
        pixels = cv2.GaussianBlur(pixels, (0, 0), rng.uniform(0.3, 1.4))
    if chance(0.2):
        pixels = _coarser(pixels, rng)
    if chance(0.1):
        pixels = _washed_out(pixels, rng)
    if chance(0.5):
        grain = rng.standard_normal(pixels.shape, dtype=np.float32)
        if rng.random() < 0.4:
            grain = cv2.GaussianBlur(grain, (0, 0), rng.uniform(0.5, 1.2)) * 1.8
        pixels = pixels + rng.uniform(0.005, 0.07) * grain
    if chance(0.12):
        pixels = _jpeg(pixels, rng)
    return np.clip(pixels, -0.2, 1.5)


def obstructed(pixels: Pixels, rng: np.random.Generator, strength: float = 1.0) -> Pixels:
    """The window with what lies on or beside a limb, or was written over it: text, lines, rings, splints, casts.

    Args:
        pixels: Grey levels of about 0 to 1.
        rng: Draws what is there.
        strength: Scales how often.

    Returns:
        Grey levels, in places above 1.
    """
    if rng.random() < 0.25 * strength:
        pixels = _written(pixels, rng)
    if rng.random() < 0.12 * strength:
        pixels = _lines(pixels, rng)
    if rng.random() < 0.06 * strength:
        pixels = _cast(pixels, rng)
    if rng.random() < 0.10 * strength:
        pixels = _metal(pixels, rng)
    return pixels


def _tone(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """A monotone curve through random heights, and a power."""
    steps = rng.uniform(0.15, 1.0, 6)
    heights = np.concatenate([[0.0], np.cumsum(steps)]) / steps.sum()
    curved = np.interp(pixels, np.linspace(0.0, 1.0, 7), heights).astype(np.float32)
    return curved ** np.float32(np.exp(rng.normal(0.0, 0.35)))


def _smooth_field(shape: tuple[int, ...], rng: np.random.Generator, cells: int) -> Pixels:
    coarse = rng.standard_normal((cells, cells)).astype(np.float32)
    return cv2.resize(coarse, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC)


def _uneven(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """The heel effect, scatter, a badly lit lightbox."""
    field = _smooth_field(pixels.shape, rng, int(rng.integers(2, 5)))
    if rng.random() < 0.5:
        return pixels * np.exp(rng.uniform(0.05, 0.35) * field)
    return pixels + rng.uniform(0.03, 0.2) * field


def _local_contrast(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Unsharp masks of any width: edges with a halo, or flat ones."""
    reach = np.exp(rng.uniform(np.log(1.0), np.log(24.0)))
    return pixels + rng.uniform(-0.45, 1.6) * (pixels - cv2.GaussianBlur(pixels, (0, 0), reach))


def _soft_tissue(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Soft tissue brighter or darker than its share: the lower half of the scale bent."""
    bend = rng.uniform(-0.5, 0.6)
    low = np.clip(pixels / 0.5, 0.0, 1.0)
    return pixels + 0.5 * bend * low * (1.0 - low)


def _coarser(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Scanned at few pixels."""
    factor = rng.uniform(0.3, 0.8)
    size = max(8, int(pixels.shape[1] * factor)), max(8, int(pixels.shape[0] * factor))
    way = cv2.INTER_NEAREST if rng.random() < 0.15 else cv2.INTER_LINEAR
    return cv2.resize(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), pixels.shape[::-1], interpolation=way)


def _washed_out(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    return rng.uniform(0.0, 0.6) + rng.uniform(0.15, 0.4) * pixels


def _jpeg(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    quality = int(rng.integers(15, 75))
    stored = np.clip(pixels * 255, 0, 255).astype(np.uint8)
    coded = cv2.imencode(".jpg", stored, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE), np.float32) / 255


def _written(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Letters and numbers, bright or dark, solid or as a watermark, some turned, in a box or not."""
    height, width = pixels.shape
    written = np.zeros(pixels.shape, np.uint8)
    for _ in range(int(rng.integers(1, 4))):
        text = "".join(rng.choice(list(_LETTERS), int(rng.integers(1, 9))))
        size = float(np.exp(rng.uniform(np.log(0.25), np.log(1.6)))) * width / 128
        at = int(rng.uniform(-0.1, 0.9) * width), int(rng.uniform(0.05, 1.0) * height)
        thick = int(np.ceil(size * rng.uniform(0.8, 3.0)))
        if rng.random() < 0.2:
            cv2.rectangle(written, at, (at[0] + int(22 * size * len(text)), at[1] - int(28 * size)), 64, -1)
        cv2.putText(written, text, at, int(rng.integers(0, 5)), size, 255, thick, cv2.LINE_AA)
    layer = written.astype(np.float32) / 255
    if rng.random() < 0.5:
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), float(rng.choice([90, 180, 270, 15, -40])), 1.0)
        layer = cv2.warpAffine(layer, turn, (width, height))
    strength = rng.uniform(0.08, 0.3) if rng.random() < 0.4 else rng.uniform(0.6, 1.0)
    ink = 0.0 if rng.random() < 0.2 else rng.uniform(0.7, 1.2)
    return pixels + strength * layer * (ink - pixels)


def _lines(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Arrows and leader lines of a drawing, or scratches."""
    height, width = pixels.shape
    pixels = np.ascontiguousarray(pixels)
    grey = float(rng.choice([0.0, 0.5, 1.1]))
    for _ in range(int(rng.integers(1, 8))):
        ends = (rng.random(4) * (width, height, width, height)).astype(int)
        cv2.line(pixels, ends[:2].tolist(), ends[2:].tolist(), grey, 1, cv2.LINE_AA)
    return pixels


def _cast(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """A bright, patchy sleeve over part of the limb."""
    height, width = pixels.shape
    layer = np.zeros(pixels.shape, np.float32)
    corners = (rng.uniform(-0.2, 1.2, (4, 2)) * (width, height)).astype(np.int32)
    cv2.fillConvexPoly(layer, cv2.convexHull(corners), 1.0)
    layer = cv2.GaussianBlur(layer, (0, 0), rng.uniform(0.5, 4.0))
    patchy = 1.0 + 0.4 * _smooth_field(pixels.shape, rng, int(rng.integers(6, 24)))
    return pixels + rng.uniform(0.08, 0.35) * layer * patchy


def _metal(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Rings, wires, plates, screws: saturated."""
    height, width = pixels.shape
    pixels = np.ascontiguousarray(pixels)
    grey = float(rng.uniform(1.05, 1.4))
    for _ in range(int(rng.integers(1, 4))):
        x, y = int(rng.random() * width), int(rng.random() * height)
        kind = rng.random()
        if kind < 0.4:
            axes = int(rng.uniform(0.02, 0.07) * width) + 1, int(rng.uniform(0.01, 0.03) * width) + 1
            cv2.ellipse(pixels, (x, y), axes, float(rng.uniform(-30, 30)), 0, 360, grey, int(rng.integers(1, 4)))
        elif kind < 0.8:
            end = x + int(rng.normal(0, 0.12) * width), y + int(rng.normal(0, 0.25) * height)
            cv2.line(pixels, (x, y), end, grey, int(rng.integers(1, 5)), cv2.LINE_AA)
        else:
            end = x + int(rng.normal(0, 0.08) * width), y + int(rng.normal(0, 0.2) * height)
            cv2.rectangle(pixels, (x, y), end, grey, -1)
    return pixels


def distracted(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """The window with bones and things that are no hand and no foot: shafts, plates, blobs.

    Args:
        pixels: Grey levels of about 0 to 1.
        rng: Draws what is there.

    Returns:
        Grey levels, nowhere darker than before.
    """
    size = pixels.shape[0]
    layer = np.zeros_like(pixels)
    for _ in range(int(rng.integers(1, 5))):
        x, y = (rng.random(2) * size).astype(int)
        grey = float(rng.uniform(0.2, 1.0))
        if rng.random() < 0.5:
            end = (x + int(rng.normal(0, 50)), y + int(rng.normal(0, 50)))
            thick = int(rng.integers(3, 16))
            cv2.line(layer, (x, y), end, grey, thick)
            cv2.line(layer, (x, y), end, grey * 0.7, max(1, thick // 2))
        else:
            axes = int(rng.uniform(3, 30)), int(rng.uniform(3, 30))
            cv2.ellipse(layer, (x, y), axes, float(rng.uniform(0, 180)), 0, 360, grey, -1)
    return np.maximum(pixels, cv2.GaussianBlur(layer, (0, 0), rng.uniform(0.3, 1.5)))
