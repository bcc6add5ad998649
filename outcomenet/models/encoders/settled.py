"""Embedding by an encoder that no longer learns: the mean over two places of the patch grid.

An encoder of patches sees a crop that is moved by half a patch as another picture, because its first layer steps by whole
patches. Two readings half a patch apart along the diagonal take most of that away, for twice the time.
"""

from __future__ import annotations

import jax.numpy as jnp

from outcomenet.arrays import Array, Float
from outcomenet.models.encoders.encoder import Encoder


def settled_embeddings(
    encoder: Encoder, crops: Float[Array, "batch joint height width"]
) -> Float[Array, "batch joint feature"]:
    """Mean of the embeddings of each crop moved by a quarter of a patch to the upper left and to the lower right.

    Args:
        encoder: after training.
        crops: standardised per film; their margins go on as they are.
    """
    quarter = encoder.patch // 4
    if not quarter:  # patches of less than 4 px: nothing lies between two of them
        return encoder(crops)
    size = crops.shape[-1]
    wider = jnp.pad(crops, ((0, 0), (0, 0), (quarter, quarter), (quarter, quarter)), mode="edge")
    far = 2 * quarter
    return 0.5 * (encoder(wider[..., :size, :size]) + encoder(wider[..., far : far + size, far : far + size]))
