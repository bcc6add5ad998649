"""How far the score goes with the joints' osteoarthritis grades: a penalty that needs no adversary."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from outcomenet.arrays import Array, Bool, Float, Int
from outcomenet.losses.objective import LossPart

GRADES = 5  # Kellgren-Lawrence 0-4


def share_of_grades(
    contributions: Float[Array, "batch site outcome"],
    grades: Int[Array, "batch site"],
    visible: Bool[Array, "batch site"],
    kind: Int[np.ndarray, "site"],
) -> LossPart:
    """Per visit and outcome: the square of what the score would lose if no joint had osteoarthritis, in latent units
    squared, as far as grades tell.

    Among the batch's joints of one kind, a grade's part is its joints' mean contribution minus that of the joints of
    grade 0; a visit's is the sum over its joints. It is 0 when joints of every grade contribute alike, and estimates the
    squared shift of the score under do(oa=0) when a joint's osteoarthritis goes with nothing else in it. Grades of -1
    and joints not seen do not count, nor does a grade without any joint of grade 0 beside it.
    """
    kinds = jax.nn.one_hot(kind, int(np.max(kind)) + 1)
    counted = ((grades >= 0) & visible).astype(contributions.dtype)
    cell = jax.nn.one_hot(grades, GRADES) * counted[..., None]
    count = jnp.einsum("bsg,sk->kg", cell, kinds)
    total = jnp.einsum("bsg,sk,bso->kgo", cell, kinds, contributions)
    mean = total / jnp.maximum(count, 1.0)[..., None]
    comparable = (count > 0) & (count[:, :1] > 0)
    part = jnp.where(comparable[..., None], mean - mean[:, :1], 0.0)
    of_visit = jnp.einsum("bsg,sk,kgo->bo", cell, kinds, part)
    mask = jnp.broadcast_to((counted.sum(1) > 0)[:, None], of_visit.shape)
    return LossPart(jnp.square(of_visit), mask)
