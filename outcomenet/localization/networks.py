"""The three networks that find joints: limbs on a film, landmarks of a limb, and each landmark's exact place.

All look at two channels (`appearance`), are convolutional without batch statistics, and are small: together they
train on two cores in an hour and their weights ship with the package.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import jax
import jax.numpy as jnp
from flax import nnx

from outcomenet.anatomy import FOOT_LANDMARKS, HAND_LANDMARKS, Region, View
from outcomenet.arrays import Array, Float, Int
from outcomenet.localization.appearance import CHANNELS
from outcomenet.localization.frames import PATCH_PX
from outcomenet.ranges import Width, check_ranges

# One output per landmark: the hand's, then the foot's.
LANDMARK_COUNT = len(HAND_LANDMARKS) + len(FOOT_LANDMARKS)
OF_REGION = {
    Region.HAND: slice(0, len(HAND_LANDMARKS)),
    Region.FOOT: slice(len(HAND_LANDMARKS), LANDMARK_COUNT),
}
VIEWS = (View.PA, View.OBLIQUE, View.LATERAL)  # PA stands for a foot's DP too


@dataclass(frozen=True)
class LocalizerConfig:
    """Sizes of the three networks: channels at each halving of the map."""

    finder_px: Width = 128  # a film's longer side as the finder sees it
    finder_widths: tuple[Width, ...] = (32, 64, 96, 128)
    landmark_widths: tuple[Width, ...] = (64, 96, 128, 160)
    refiner_widths: tuple[Width, ...] = (40, 64, 96)

    def __post_init__(self) -> None:
        check_ranges(self)

    def build(self, seed: int) -> Networks:
        """The three networks before training, initialised from `seed` and the two numbers after it."""
        return Networks(
            LimbFinder(self, nnx.Rngs(seed)),
            LandmarkNet(self, nnx.Rngs(seed + 1)),
            Refiner(self, PATCH_PX, nnx.Rngs(seed + 2)),
            self,
        )


class Block(nnx.Module):
    """Two convolutions whose result is added to what came in."""

    def __init__(self, width: int, rngs: nnx.Rngs):
        self.norm = nnx.LayerNorm(width, rngs=rngs)
        self.first = nnx.Conv(width, width, (3, 3), rngs=rngs)
        self.second = nnx.Conv(width, width, (3, 3), kernel_init=nnx.initializers.zeros_init(), rngs=rngs)

    def __call__(self, x: Float[Array, "image h w c"]) -> Float[Array, "image h w c"]:
        return x + self.second(jax.nn.gelu(self.first(self.norm(x))))


class Pyramidal(nnx.Module):
    """Down to a coarse map that sees everything, and up again to the finest one (or to `up_to` halvings of it)."""

    def __init__(self, patch: int, widths: tuple[int, ...], up_to: int, rngs: nnx.Rngs):
        self.patch, self.up_to = patch, up_to
        self.stem = nnx.Linear(patch * patch * CHANNELS, widths[0], rngs=rngs)
        self.down_blocks = nnx.List([Block(width, rngs) for width in widths])
        pairs = list(zip(widths, widths[1:], strict=False))
        self.narrow = nnx.List([nnx.Linear(4 * a, b, rngs=rngs) for a, b in pairs])
        self.widen = nnx.List([nnx.Linear(b, 4 * a, rngs=rngs) for a, b in pairs[up_to:]])
        self.up_blocks = nnx.List([Block(a, rngs) for a, _ in pairs[up_to:]])

    def __call__(
        self, images: Float[Array, "image row column 2"], known: Float[Array, "image width"] | None = None
    ) -> tuple[Float[Array, "image r c fine"], Float[Array, "image h w coarse"]]:
        """(finest map wanted, coarsest map); `known` is added to every position of the stem."""
        x = self.stem(folded(images, self.patch))
        if known is not None:
            x = x + known[:, None, None]
        maps = [self.down_blocks[0](x)]
        for narrow, block in zip(self.narrow, self.down_blocks[1:], strict=True):
            maps.append(block(narrow(folded(maps[-1], 2))))
        x = coarsest = maps[-1]
        for level in reversed(range(self.up_to, len(maps) - 1)):
            x = maps[level] + unfolded(self.widen[level - self.up_to](x))
            x = self.up_blocks[level - self.up_to](x)
        return x, coarsest


def folded(x: Float[Array, "image height width channel"], patch: int) -> Float[Array, "image row column folded"]:
    """Squares of pixels become channels.

    Args:
        x: Height and width are multiples of `patch`.
        patch: Side of a square.

    Returns:
        Height and width are divided by `patch`, channels multiplied by its square.
    """
    images, height, width, channels = x.shape
    x = x.reshape(images, height // patch, patch, width // patch, patch, channels)
    return x.transpose(0, 1, 3, 2, 4, 5).reshape(images, height // patch, width // patch, patch * patch * channels)


def unfolded(x: Float[Array, "image row column folded"]) -> Float[Array, "image height width channel"]:
    """The reverse for 2 x 2."""
    images, height, width, channels = x.shape
    x = x.reshape(images, height, width, 2, 2, channels // 4).transpose(0, 1, 3, 2, 4, 5)
    return x.reshape(images, 2 * height, 2 * width, channels // 4)


# The finder's output per cell: hand and foot logits, place in the cell (2), direction (2), log length, thumb on the
# right, views (3); and once per film: bones darker than their surroundings.
FINDER_FIELDS = {"region": 2, "place": 2, "direction": 2, "log_length": 1, "thumb_right": 1, "view": len(VIEWS)}
FINDER_CELL = 8  # pixels


class LimbFinder(nnx.Module):
    """Network that finds hands and feet on a film, how they lie, and whether the film's polarity is wrong."""

    def __init__(self, config: LocalizerConfig, rngs: nnx.Rngs):
        self.trunk = Pyramidal(4, config.finder_widths, 1, rngs)
        self.cells = nnx.Linear(config.finder_widths[1], sum(FINDER_FIELDS.values()), rngs=rngs)
        self.film = nnx.Linear(config.finder_widths[-1], 1, rngs=rngs)

    def __call__(self, images: Float[Array, "film row column 2"]) -> dict[str, Array]:
        fine, coarse = self.trunk(images)
        values, fields, start = self.cells(fine), {}, 0
        for name, width in FINDER_FIELDS.items():
            fields[name] = values[..., start : start + width]
            start += width
        return fields | {"dark_bones": self.film(coarse.mean((1, 2)))[:, 0]}


class LandmarkNet(nnx.Module):
    """Log-probability of each landmark at each cell of a limb's window, and that it is not to be seen there; and the
    logit that the window shows a limb of that region at all, upright, unmirrored, and not from the side."""

    def __init__(self, config: LocalizerConfig, rngs: nnx.Rngs):
        first, last = config.landmark_widths[0], config.landmark_widths[-1]
        self.trunk = Pyramidal(4, config.landmark_widths, 0, rngs)
        self.region = nnx.Embed(len(Region), first, rngs=rngs)
        self.heat = nnx.Linear(first, LANDMARK_COUNT, rngs=rngs)
        self.mix = nnx.Linear(last, last, rngs=rngs)
        self.absent = nnx.Linear(last, LANDMARK_COUNT, rngs=rngs)
        self.is_limb = nnx.Linear(last, 1, rngs=rngs)

    def __call__(
        self, images: Float[Array, "limb row column 2"], region: Int[Array, "limb"]
    ) -> tuple[Float[Array, "limb h w landmark"], Float[Array, "limb landmark"], Float[Array, "limb"]]:
        fine, coarse = self.trunk(images, self.region(region))
        heat = self.heat(fine)
        whole = jax.nn.gelu(self.mix(coarse)).max((1, 2))
        absent = self.absent(whole)
        # one choice among all cells and "nowhere"
        everything = jnp.concatenate([heat.reshape(len(heat), -1, LANDMARK_COUNT), absent[:, None]], axis=1)
        total = jax.nn.logsumexp(everything, axis=1)
        return heat - total[:, None, None], absent - total, self.is_limb(whole)[:, 0]


class Refiner(nnx.Module):
    """Network that tells how far a landmark lies from the middle of its patch, how sure that is, and whether it is there."""

    def __init__(self, config: LocalizerConfig, patch_px: int, rngs: nnx.Rngs):
        widths = config.refiner_widths
        self.trunk = Pyramidal(4, widths, len(widths) - 1, rngs)
        side = patch_px // 4 // 2 ** (len(widths) - 1)
        self.kind = nnx.Embed(LANDMARK_COUNT, widths[0], rngs=rngs)
        self.kind_late = nnx.Embed(LANDMARK_COUNT, 96, rngs=rngs)
        self.flat = nnx.Linear(side * side * widths[-1], 96, rngs=rngs)
        self.norm = nnx.LayerNorm(96, rngs=rngs)
        self.out = nnx.Linear(96, 4, rngs=rngs)

    def __call__(
        self, patches: Float[Array, "patch row column 2"], landmark: Int[Array, "patch"]
    ) -> tuple[Float[Array, "patch 2"], Float[Array, "patch"], Float[Array, "patch"]]:
        """(column and row offset in patch pixels, log of its standard error, logit that the landmark is there)."""
        coarse, _ = self.trunk(patches, self.kind(landmark))
        hidden = self.flat(coarse.reshape(len(coarse), -1)) + self.kind_late(landmark)
        values = self.out(jax.nn.gelu(self.norm(hidden)))
        return 4.0 * values[:, :2], values[:, 2], values[:, 3]


@dataclass(frozen=True)
class Networks:
    """The three together."""

    finder: LimbFinder
    landmarks: LandmarkNet
    refiner: Refiner
    config: LocalizerConfig = field(default_factory=LocalizerConfig)

    @property
    def each(self) -> tuple[LimbFinder, LandmarkNet, Refiner]:
        """Finder, landmark network and refiner."""
        return self.finder, self.landmarks, self.refiner
