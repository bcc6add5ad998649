"""What an adversary is judged by: how well it reads a confounder; lower is a better adversary."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from outcomenet.arrays import Array, Bool, Float
from outcomenet.losses.objective import LossPart


def reading_loss(
    said: Float[Array, "batch"], value: Float[Array, "batch"], observed: Bool[Array, "batch"], *, binary: bool
) -> LossPart:
    """Per visit: logistic loss of a yes-or-no confounder, squared error of a standardised number.

    A standardised binary value is above 0 where the confounder is there (its mean lies between 0 and 1).
    """
    if binary:
        sign = jnp.where(value > 0, 1.0, -1.0)
        return LossPart(jax.nn.softplus(-sign * said), observed)
    return LossPart(jnp.square(said - value), observed)


def correlation_loss(
    said: Float[Array, "batch"], value: Float[Array, "batch"], observed: Bool[Array, "batch"]
) -> LossPart:
    """1 - squared correlation of what was said with the confounder over the batch (Adeli, WACV 2021), at each visit.

    With fewer than three observed visits, or without variation, it is 1: nothing was read.
    """
    weight = observed.astype(said.dtype)
    count = jnp.maximum(weight.sum(), 1.0)

    def centred(x: Array) -> Array:
        return (x - (x * weight).sum() / count) * weight

    a, b = centred(said), centred(jnp.where(observed, value, 0.0))
    product = jnp.square((a * b).sum()) / (jnp.square(a).sum() * jnp.square(b).sum() + 1e-6)
    enough = weight.sum() >= 3
    return LossPart(jnp.broadcast_to(1.0 - jnp.where(enough, product, 0.0), said.shape), observed)
