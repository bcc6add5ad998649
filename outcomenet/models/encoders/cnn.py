"""Convolutional encoder: patches, stages that halve the map, then one linear layer over all positions.

There are no batch statistics (a patient's score must not depend on who else is in the batch) and no depthwise
convolutions (8 times slower on CPUs).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import jax
import jax.numpy as jnp
from flax import nnx
from jax.typing import DTypeLike

from outcomenet.anatomy import JOINT_KINDS, Side
from outcomenet.arrays import Array, Float
from outcomenet.errors import UsageError
from outcomenet.models.encoders.encoder import joint_identity, layer_in, patches_of, patches_per_side
from outcomenet.ranges import Width, check_ranges


@dataclass(frozen=True)
class CnnConfig:
    """`patch` pixels a side become one position; each stage halves the map and has two convolutions."""

    patch: Width = 4
    widths: tuple[Width, ...] = (32, 64, 96)
    embedding: Width = 48
    bfloat16: bool = False  # activations; parameters, norms and losses stay float32

    def __post_init__(self) -> None:
        check_ranges(self)
        if not self.widths:
            raise UsageError(
                "network.encoder.widths gives the channels of each stage, for instance 32 64 96; got none."
            )

    def build(self, crop_size: int, rngs: nnx.Rngs) -> CnnEncoder:
        """See `EncoderConfig.build`."""
        return CnnEncoder(self, crop_size, rngs)


class CnnEncoder(nnx.Module):
    """Crops to embeddings by convolutions; knows which joint and side it looks at."""

    def __init__(self, config: CnnConfig, crop_size: int, rngs: nnx.Rngs):
        self.config = config
        self.embedding = config.embedding
        dtype = jnp.bfloat16 if config.bfloat16 else jnp.float32
        first, *later = config.widths
        self.stem = nnx.Linear(config.patch**2, first, dtype=dtype, rngs=rngs)
        # each width with the next one; the last has none
        self.stages = nnx.List([ConvStage(a, b, dtype, rngs) for a, b in zip(config.widths, later, strict=False)])
        # rounded up at every stage, as convolutions with stride 2 and padding do
        side = math.ceil(patches_per_side(crop_size, config.patch) / 2 ** len(later))
        self.flat = nnx.Linear(side * side * config.widths[-1], config.embedding, dtype=dtype, rngs=rngs)
        self.flat_norm = nnx.LayerNorm(config.embedding, rngs=rngs)
        self.kind = nnx.Embed(len(JOINT_KINDS), config.embedding, rngs=rngs)
        self.side = nnx.Embed(len(Side), config.embedding, rngs=rngs)
        self.mix = nnx.Linear(config.embedding, 2 * config.embedding, rngs=rngs)
        self.out = nnx.Linear(2 * config.embedding, config.embedding, rngs=rngs)

    @property
    def patch(self) -> int:
        """See `Encoder`."""
        return self.config.patch

    @property
    def depth(self) -> int:
        """See `Encoder`: patches, stages, and what makes an embedding of them."""
        return len(self.stages) + 2

    def layer_of(self, path: Sequence[str | int]) -> int:
        """See `Encoder`."""
        return layer_in(path, ("stem",), "stages", self.depth)

    def __call__(self, crops: Float[Array, "batch joint height width"]) -> Float[Array, "batch joint feature"]:
        """See `Encoder`."""
        batch, joints = crops.shape[:2]
        hidden = jax.nn.gelu(self.stem(patches_of(crops, self.config.patch)))
        for stage in self.stages:
            hidden = stage(hidden)
        flat = self.flat(hidden.reshape(batch * joints, -1)).astype(jnp.float32)
        seen = self.flat_norm(flat).reshape(batch, joints, -1) + joint_identity(self.kind, self.side)[None]
        return seen + self.out(jax.nn.gelu(self.mix(seen)))


class ConvStage(nnx.Module):
    """A convolution that halves the map, then a residual one, each with channel-wise layer norm."""

    def __init__(self, width_in: int, width_out: int, dtype: DTypeLike, rngs: nnx.Rngs):
        self.down = nnx.Conv(width_in, width_out, (3, 3), strides=2, dtype=dtype, rngs=rngs)
        self.down_norm = nnx.LayerNorm(width_out, dtype=dtype, rngs=rngs)
        self.same = nnx.Conv(width_out, width_out, (3, 3), dtype=dtype, rngs=rngs)
        self.same_norm = nnx.LayerNorm(width_out, dtype=dtype, rngs=rngs)

    def __call__(
        self, hidden: Float[Array, "image row column channel"]
    ) -> Float[Array, "image half_row half_column wider"]:
        """Half the rows and columns, rounded up."""
        hidden = jax.nn.gelu(self.down_norm(self.down(hidden)))
        return hidden + jax.nn.gelu(self.same_norm(self.same(hidden)))
