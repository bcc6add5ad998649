"""One encoder for all joints: a small convolutional network from a crop to an embedding.

Joints are folded into the batch. There are no batch statistics (a patient's score must not depend on who else is in
the batch) and no depthwise convolutions (8 times slower on CPUs).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import jax
import jax.numpy as jnp
from flax import nnx
from jax.typing import DTypeLike

from outcomenet.anatomy import JOINT_COUNT, JOINT_KIND_INDEX, JOINT_KINDS, JOINTS, Side
from outcomenet.arrays import Array, Float
from outcomenet.errors import UsageError
from outcomenet.ranges import Width, check_ranges


@dataclass(frozen=True)
class EncoderConfig:
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

    def build(self, crop_size: int, rngs: nnx.Rngs) -> JointEncoder:
        return JointEncoder(self, crop_size, rngs)


class JointEncoder(nnx.Module):
    """Crops to embeddings; knows which joint and side it looks at."""

    def __init__(self, config: EncoderConfig, crop_size: int, rngs: nnx.Rngs):
        self.config = config
        dtype = jnp.bfloat16 if config.bfloat16 else jnp.float32
        first, *later = config.widths
        self.stem = nnx.Linear(config.patch**2, first, dtype=dtype, rngs=rngs)
        self.stages = nnx.List([ConvStage(a, b, dtype, rngs) for a, b in zip(config.widths, later, strict=False)])
        if crop_size % config.patch:
            raise UsageError(
                f"Crops of {crop_size} px cannot be cut into patches of {config.patch} px; "
                "choose `network.encoder.patch` so that it divides the crop size."
            )
        side = math.ceil(crop_size // config.patch / 2 ** len(later))
        self.flat = nnx.Linear(side * side * config.widths[-1], config.embedding, dtype=dtype, rngs=rngs)
        self.flat_norm = nnx.LayerNorm(config.embedding, rngs=rngs)
        self.kind = nnx.Embed(len(JOINT_KINDS), config.embedding, rngs=rngs)
        self.side = nnx.Embed(len(Side), config.embedding, rngs=rngs)
        self.mix = nnx.Linear(config.embedding, 2 * config.embedding, rngs=rngs)
        self.out = nnx.Linear(2 * config.embedding, config.embedding, rngs=rngs)

    def __call__(self, crops: Float[Array, "batch joint height width"]) -> Float[Array, "batch joint feature"]:
        batch, joints, height, width = crops.shape
        patch = self.config.patch
        pixels = crops.reshape(batch * joints, height // patch, patch, width // patch, patch)
        pixels = pixels.transpose(0, 1, 3, 2, 4).reshape(batch * joints, height // patch, width // patch, patch**2)
        hidden = jax.nn.gelu(self.stem(pixels))
        for stage in self.stages:
            hidden = stage(hidden)
        flat = self.flat(hidden.reshape(batch * joints, -1)).astype(jnp.float32)
        seen = self.flat_norm(flat).reshape(batch, joints, -1)
        where = self.kind(jnp.asarray(JOINT_KIND_INDEX)) + self.side(jnp.asarray(SIDE_INDEX))
        seen = seen + where[None]
        return seen + self.out(jax.nn.gelu(self.mix(seen)))


class ConvStage(nnx.Module):
    """A convolution that halves the map, then a residual one, each with channel-wise layer norm."""

    def __init__(self, width_in: int, width_out: int, dtype: DTypeLike, rngs: nnx.Rngs):
        self.down = nnx.Conv(width_in, width_out, (3, 3), strides=2, dtype=dtype, rngs=rngs)
        self.down_norm = nnx.LayerNorm(width_out, dtype=dtype, rngs=rngs)
        self.same = nnx.Conv(width_out, width_out, (3, 3), dtype=dtype, rngs=rngs)
        self.same_norm = nnx.LayerNorm(width_out, dtype=dtype, rngs=rngs)

    def __call__(self, hidden: Float[Array, "image h w c"]) -> Float[Array, "image h2 w2 c2"]:
        hidden = jax.nn.gelu(self.down_norm(self.down(hidden)))
        return hidden + jax.nn.gelu(self.same_norm(self.same(hidden)))


SIDE_INDEX: tuple[int, ...] = tuple(list(Side).index(joint.side) for joint in JOINTS)
assert len(SIDE_INDEX) == JOINT_COUNT
