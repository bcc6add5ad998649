"""Vision transformer encoder: patches of one crop attend to each other, their mean is the joint's embedding.

A small form of Dosovitskiy, ICLR 2021: pre-norm blocks, a learned vector per position, mean instead of a class token. It
attends within a crop alone, so that a joint's embedding stays its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import jax
import jax.numpy as jnp
from flax import nnx
from jax.typing import DTypeLike

from outcomenet.anatomy import JOINT_KINDS, Side
from outcomenet.arrays import Array, Float
from outcomenet.errors import UsageError
from outcomenet.models.encoders.encoder import joint_identity, layer_in, patches_of, patches_per_side
from outcomenet.ranges import Width, Within, check_ranges

MLP_WIDER = 2  # the usual 4 would give two thirds of all parameters to the position-wise part


@dataclass(frozen=True)
class VitConfig:
    """`patch` pixels a side become one token of `width` numbers; `blocks` of attention with `heads` each.

    By default it has as many parameters as the default `CnnConfig`, 0.25 million at 48 px.
    """

    patch: Width = 8
    width: Width = 96
    blocks: Annotated[int, Within(1, 1000)] = 3
    heads: Width = 4
    embedding: Width = 48
    bfloat16: bool = False  # activations; parameters, softmax and losses stay float32

    def __post_init__(self) -> None:
        check_ranges(self)
        if self.width % self.heads:
            raise UsageError(
                f"network.encoder.width {self.width} cannot be shared out to {self.heads} heads; choose a multiple of "
                "network.encoder.heads."
            )

    def build(self, crop_size: int, rngs: nnx.Rngs) -> VitEncoder:
        """See `EncoderConfig.build`."""
        return VitEncoder(self, crop_size, rngs)


class VitEncoder(nnx.Module):
    """Crops to embeddings by attention; knows which joint and side it looks at."""

    def __init__(self, config: VitConfig, crop_size: int, rngs: nnx.Rngs):
        self.config = config
        self.embedding = config.embedding
        dtype = jnp.bfloat16 if config.bfloat16 else jnp.float32
        positions = patches_per_side(crop_size, config.patch) ** 2
        self.stem = nnx.Linear(config.patch**2, config.width, dtype=dtype, rngs=rngs)
        self.position = nnx.Param(0.02 * jax.random.normal(rngs.params(), (positions, config.width)))
        self.blocks = nnx.List([Block(config.width, config.heads, dtype, rngs) for _ in range(config.blocks)])
        self.pooled_norm = nnx.LayerNorm(config.width, rngs=rngs)
        self.pooled = nnx.Linear(config.width, config.embedding, rngs=rngs)
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
        """See `Encoder`: patches, blocks, and what makes an embedding of them."""
        return len(self.blocks) + 2

    def layer_of(self, path: Sequence[str | int]) -> int:
        """See `Encoder`."""
        return layer_in(path, ("stem", "position"), "blocks", self.depth)

    def __call__(self, crops: Float[Array, "batch joint height width"]) -> Float[Array, "batch joint feature"]:
        """See `Encoder`."""
        batch, joints = crops.shape[:2]
        patches = patches_of(crops, self.config.patch)
        tokens = self.stem(patches.reshape(batch * joints, -1, patches.shape[-1]))
        tokens = tokens + self.position[...].astype(tokens.dtype)[None]
        for block in self.blocks:
            tokens = block(tokens)
        # in float32: bfloat16 keeps 8 bits, too few for a mean over all tokens
        pooled = self.pooled(self.pooled_norm(tokens.astype(jnp.float32).mean(1)))
        seen = pooled.reshape(batch, joints, -1) + joint_identity(self.kind, self.side)[None]
        return seen + self.out(jax.nn.gelu(self.mix(seen)))


class Block(nnx.Module):
    """Attention among the patches of one crop, then the same two layers at each patch; both are added to what came in."""

    def __init__(self, width: int, heads: int, dtype: DTypeLike, rngs: nnx.Rngs):
        self.heads = heads
        self.attention_norm = nnx.LayerNorm(width, dtype=dtype, rngs=rngs)
        self.query_key_value = nnx.Linear(width, 3 * width, dtype=dtype, rngs=rngs)
        self.attended = nnx.Linear(width, width, dtype=dtype, rngs=rngs)
        self.mix_norm = nnx.LayerNorm(width, dtype=dtype, rngs=rngs)
        self.mix = nnx.Linear(width, MLP_WIDER * width, dtype=dtype, rngs=rngs)
        self.out = nnx.Linear(MLP_WIDER * width, width, dtype=dtype, rngs=rngs)

    def __call__(self, tokens: Float[Array, "image token width"]) -> Float[Array, "image token width"]:
        """Tokens of the same number and width."""
        images, count, width = tokens.shape
        joined = self.query_key_value(self.attention_norm(tokens))
        query, key, value = jnp.split(joined.reshape(images, count, 3 * self.heads, width // self.heads), 3, axis=2)
        attended = jax.nn.dot_product_attention(query, key, value).reshape(images, count, width)
        tokens = tokens + self.attended(attended)
        return tokens + self.out(jax.nn.gelu(self.mix(self.mix_norm(tokens))))
