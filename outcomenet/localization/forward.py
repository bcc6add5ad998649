"""Forward passes of the three networks, in film pixels: limbs, then landmarks roughly, then finely.

Every network looks in several ways that should not matter (turned, scaled, another grey scale, noise, the film mirrored). Where
they disagree, certainties fall and errors grow.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from scipy.special import expit

from outcomenet.anatomy import Region
from outcomenet.arrays import Array, Bool, Float, Shaped
from outcomenet.localization.appearance import appearance
from outcomenet.localization.finding import LimbGuess, agreed, decode_limbs, finder_view
from outcomenet.localization.frames import (
    LIMB_WINDOWS,
    PATCH,
    PATCH_MM_PER_PX,
    PATCH_PX,
    LimbFrame,
    Pyramid,
    Window,
    fitted_frame,
    window_matrix,
)
from outcomenet.localization.networks import FINDER_FIELDS, OF_REGION
from outcomenet.localization.weights import LocalizerWeights

# Share of landmarks placed steadily below which other ways of lying are tried, and below which there is no limb.
GOOD_QUALITY, LEAST_QUALITY = 0.8, 0.05
# Ways of looking at the same limb that should not matter: turn (radians), log scale, power of the grey levels, noise.
Way = tuple[float, float, float, float]
WAYS: tuple[Way, ...] = (
    (0.0, 0.0, 1.0, 0.0),
    (0.12, 0.05, 0.75, 0.0),
    (-0.12, -0.05, 1.3, 0.0),
    (0.05, 0.08, 1.0, 0.03),
)
# Of looking at a landmark's patch: turn (radians), power of the grey levels.
PATCH_WAYS = ((0.0, 1.0), (0.15, 0.75), (-0.15, 1.3))
# Each size is compiled once. A film is shown in 3 ways, a limb in 1 or 4; a foot has 24 patches (3 ways of 8 landmarks), a
# hand 87.
BATCH_SIZES = (1, 3, 4, 8, 16, 32, 64, 96, 128, 256)
Output = TypeVar("Output")


class LandmarkOutput(NamedTuple):
    """Output of landmark network and refiner for one limb before calibration: film pixels and logits."""

    frame: LimbFrame
    places: Float[np.ndarray, "landmark 2"]
    error_px: Float[np.ndarray, "landmark"]
    seen_logit: Float[np.ndarray, "landmark"]  # of the landmark network
    there_logit: Float[np.ndarray, "landmark"]  # of the refiner
    agreement: float  # see `CoarseOutput`
    coarse: Float[np.ndarray, "landmark 2"]  # places before the refiner


class CoarseOutput(NamedTuple):
    """The landmark network's places in film pixels, how far ways of looking disagree, and logits of being seen."""

    frame: LimbFrame
    places: Float[np.ndarray, "landmark 2"]
    spread_px: Float[np.ndarray, "landmark"]
    seen_logit: Float[np.ndarray, "landmark"]
    is_limb: float  # share of certainty, the median over ways of looking

    @property
    def quality(self) -> float:
        """Share of landmarks seen, less where ways of looking disagree or hardly see a limb."""
        return float(expit(self.seen_logit).mean()) * self.agreement

    @property
    def agreement(self) -> float:
        """How well ways of looking agree where landmarks lie (1 = all the same, 6 mm apart counts 0.37), less where they
        hardly see a limb."""
        steady = np.exp(-((self.spread_px / self.frame.px_per_mm / 6.0) ** 2))
        return float(np.average(steady, weights=expit(self.seen_logit) + 1e-6)) * (0.1 + 0.9 * self.is_limb)


class CompiledLocalizer:
    """The three networks, compiled once and run often."""

    def __init__(self, weights: LocalizerWeights):
        nets = weights.networks
        self.shapes, self.finder_px = weights.shapes, nets.config.finder_px
        self._finder = _compiled(nets.finder)
        self._landmarks = _compiled(nets.landmarks)
        self._refiner = _compiled(nets.refiner)

    def find(self, pixels: np.ndarray) -> tuple[list[LimbGuess], float]:
        """Limbs that the finder sees, the film shown as it is, mirrored and with a flatter curve."""
        size = self.finder_px
        views = [finder_view(p, size) for p in (pixels, np.ascontiguousarray(pixels[:, ::-1]), _power(pixels, 0.6))]
        output = self._finder(np.stack([view.image for view in views]))
        scale = views[0].scale
        mirrored = (None, round(pixels.shape[1] * scale), None)
        cells = {name: np.asarray(output[name]) for name in FINDER_FIELDS}
        seen = [decode_limbs({k: v[n] for k, v in cells.items()}, scale, mirrored[n]) for n in range(len(views))]
        return agreed(seen), float(expit(output["dark_bones"].mean()))

    def infer(self, pyramid: Pyramid, guess: LimbGuess) -> LandmarkOutput | None:
        """Landmarks of one limb, None where too few of them are to be seen.

        Args:
            pyramid: Of the film with bright bones.
            guess: Where the finder sees the limb.
        """
        coarse = self._best_coarse(pyramid, guess)
        if coarse is None:
            return None
        places, error, there = self._refine(pyramid, coarse.frame, guess.region, coarse.places)
        return LandmarkOutput(coarse.frame, places, error, coarse.seen_logit, there, coarse.agreement, coarse.places)

    def _best_coarse(self, pyramid: Pyramid, guess: LimbGuess) -> CoarseOutput | None:
        """Landmarks from the finder's guess, or from other ways the limb may lie where few are placed steadily."""
        outputs = [self._coarse(pyramid, guess.region, guess.frame())]
        if outputs[0] is None or outputs[0].quality < GOOD_QUALITY or 0.1 < guess.thumb_right < 0.9:
            frames = [guess.frame(guess.thumb_right < 0.5)]
            frames += [
                guess._replace(turned=guess.turned + turn).frame(right)
                for turn in (0.5, -0.5, np.pi)
                for right in (True, False)
            ]
            frames += [guess._replace(length_px=guess.length_px * factor).frame() for factor in (0.8, 1.25)]
            outputs += [self._coarse(pyramid, guess.region, frame) for frame in frames]
        best = max((o for o in outputs if o is not None), key=lambda o: o.quality, default=None)
        return best if best is not None and best.quality >= LEAST_QUALITY else None

    def _coarse(self, pyramid: Pyramid, region: Region, frame: LimbFrame) -> CoarseOutput | None:
        """One forward pass, its frame fitted, then several ways of looking from that frame, twice."""
        heat, seen, limb = self._look(pyramid, region, [frame], WAYS[:1])
        points, logit, spread = heat[0], seen[0], np.zeros(len(heat[0]))
        for _ in range(2):
            weight = expit(logit)
            if weight.sum() < 3:
                return None
            frame = _refitted(self.shapes[region].mean, points, weight, frame.thumb_right)
            views, logits, limb = self._look(pyramid, region, [frame] * len(WAYS), WAYS)
            trust = expit(logits)[..., None] + 1e-3  # a landmark that no view sees still has a mean place
            points = (trust * views).sum(0) / trust.sum(0)
            spread = np.sqrt(((trust * (views - points) ** 2).sum(0) / trust.sum(0)).mean(-1))
            logit = np.median(logits, axis=0)  # one view that goes astray decides nothing
        return CoarseOutput(frame, points, spread, logit, float(np.median(expit(limb))))

    def _look(
        self, pyramid: Pyramid, region: Region, frames: Sequence[LimbFrame], ways: Sequence[Way]
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Landmarks [way, landmark, 2] in film pixels, logits of being seen [way, landmark], of being a limb [way]."""
        window = LIMB_WINDOWS[region]
        images, turned = [], []
        for frame, (turn, log_scale, power, noise) in zip(frames, ways, strict=True):
            other = _moved(frame, window, turn, log_scale)
            turned.append(other)
            pixels, on_film = pyramid.cut(window_matrix(other, window), window.rows, window.columns)
            images.append(_seen_as(pixels, on_film, power, noise))
        index = np.full(len(images), list(Region).index(region), np.int32)
        heat, absent, is_limb = map(np.asarray, self._landmarks(np.stack(images), index))
        of_region = OF_REGION[region]
        places, logits = [], []
        for n, other in enumerate(turned):
            cells = _peaks(heat[n][..., of_region])
            cell = window.rows / heat.shape[1]
            places.append(other.to_film(window.to_limb(cells * cell)))
            nowhere = np.clip(np.exp(absent[n][of_region]), 1e-6, 1 - 1e-6)  # so that logits stay finite
            logits.append(np.log1p(-nowhere) - np.log(nowhere))
        return np.stack(places), np.stack(logits), is_limb

    def _refine(
        self, pyramid: Pyramid, frame: LimbFrame, region: Region, places: Float[np.ndarray, "landmark 2"]
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Places, standard errors (film pixels) and logits of being there, from patches seen in several ways, twice."""
        count = len(places)
        landmark = np.arange(count) + OF_REGION[region].start
        error, there = np.zeros(count), np.zeros(count)
        for _ in range(2):
            images, matrices = [], []
            for turn, power in PATCH_WAYS:
                for place in places:
                    local = frame.about(place, turn)
                    matrix = window_matrix(local, PATCH)
                    matrices.append(matrix)
                    images.append(_seen_as(*pyramid.cut(matrix, PATCH_PX, PATCH_PX), power, 0.0))
            patches = np.stack(images), np.tile(landmark, len(PATCH_WAYS))
            offset, log_error, logit = map(np.asarray, self._refiner(*patches))
            at = offset + PATCH_PX / 2
            film = np.stack([m[:, :2] @ p + m[:, 2] for m, p in zip(matrices, at, strict=True)])
            film = film.reshape(len(PATCH_WAYS), count, 2)
            places = film.mean(0)
            pixel = frame.px_per_mm * PATCH_MM_PER_PX
            stated = np.exp(np.clip(log_error, -3, 3)).reshape(len(PATCH_WAYS), count).mean(0) * pixel
            spread2 = ((film - places) ** 2).mean((0, 2))
            # the networks' own error, and how far ways of looking disagree
            error = np.sqrt(stated**2 + spread2)
            there = logit.reshape(len(PATCH_WAYS), count).mean(0)
        return places, error, there


def _compiled(network: Callable[..., Output]) -> Callable[..., Output]:
    """The network as a jitted function that gives numpy arrays; batches are padded to few sizes so that few programs are
    compiled."""
    definition, state = nnx.split(network)
    parameters = jax.tree.map(jnp.asarray, nnx.to_pure_dict(state))

    def padded(*inputs: Shaped[np.ndarray, "batch ..."]) -> Output:
        size = len(inputs[0])
        room = next(n for n in BATCH_SIZES if n >= size)
        filled = [np.concatenate([x, np.repeat(x[:1], room - size, axis=0)]) for x in inputs]
        return jax.tree.map(lambda y: np.asarray(y)[:size], _run(definition, parameters, *filled))

    return padded


# The definition is static: all localisers of one process share the compiled programs, whatever their weights.
@partial(jax.jit, static_argnums=0)
def _run(
    definition: nnx.GraphDef[Callable[..., Output]],
    parameters: Mapping[str, object],
    *inputs: Shaped[Array, "batch ..."],
) -> Output:
    return nnx.merge(definition, parameters)(*inputs)


def _peaks(log_share: Float[np.ndarray, "row column landmark"]) -> Float[np.ndarray, "landmark 2"]:
    """The centre of mass of 5 x 5 cells about each landmark's likeliest cell: (column, row) from the map's corner."""
    rows, columns, count = log_share.shape
    share = np.exp(log_share - log_share.max((0, 1)))
    at = np.zeros((count, 2))
    for landmark in range(count):
        row, column = np.unravel_index(int(share[..., landmark].argmax()), (rows, columns))
        top, left = max(row - 2, 0), max(column - 2, 0)
        block = share[top : row + 3, left : column + 3, landmark]
        total = block.sum()
        at[landmark] = (
            (block.sum(0) @ (np.arange(block.shape[1]) + left + 0.5)) / total,
            (block.sum(1) @ (np.arange(block.shape[0]) + top + 0.5)) / total,
        )
    return at


def _refitted(mean: np.ndarray, points: np.ndarray, weight: np.ndarray, thumb_right: bool) -> LimbFrame:
    """The frame of visible landmarks; those far from it count less (two rounds of Cauchy weights, 8 mm)."""
    frame = fitted_frame(mean, points, weight, thumb_right)
    for _ in range(2):
        away = np.hypot(*(frame.to_limb(points) - mean).T)
        frame = fitted_frame(mean, points, weight / (1.0 + (away / 8.0) ** 2), thumb_right)
    return frame


def _moved(frame: LimbFrame, window: Window, turn: float, log_scale: float) -> LimbFrame:
    """The frame turned and scaled about the middle of its window."""
    middle = np.asarray(window.centre)
    cos, sin = np.cos(turn), np.sin(turn)
    matrix = np.exp(log_scale) * frame.matrix @ np.array([[cos, sin], [-sin, cos]])
    return LimbFrame(matrix, frame.to_film(middle) - matrix @ middle)


def _seen_as(pixels: np.ndarray, on_film: Bool[np.ndarray, "row column"], power: float, noise: float) -> np.ndarray:
    if power != 1.0:
        pixels = _power(pixels, power)
    if noise:
        grain = np.random.default_rng(0).standard_normal(pixels.shape, dtype=np.float32)
        pixels = pixels + noise * np.ptp(pixels) * grain
    return appearance(pixels, on_film)


def _power(pixels: np.ndarray, power: float) -> np.ndarray:
    low, high = float(pixels.min()), float(pixels.max())
    return ((pixels - low) / max(high - low, 1e-6)) ** np.float32(power)
