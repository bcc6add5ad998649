"""How far the score goes with the joints' osteoarthritis grades: a penalty that needs no adversary."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from outcomenet.arrays import Array, Bool, Float, Int
from outcomenet.losses.objective import LossPart

GRADES = 5  # Kellgren-Lawrence 0-4


def squared_shift_by_grade(
    contributions: Float[Array, "batch site outcome"],
    grades: Int[Array, "batch site"],
    visible: Bool[Array, "batch site"],
    kind: Int[np.ndarray, "site"],
) -> LossPart:
    """Per visit and outcome: the square of what the score would lose if no joint had osteoarthritis, in latent units
    squared, as far as grades tell.

    Among joints of one kind, a grade's part is its joints' mean contribution minus that of the joints of grade 0; a
    visit's is the sum over its joints. It is 0 when joints of every grade contribute alike, and the squared shift of the
    score under do(oa=0) when a joint's osteoarthritis goes with nothing else in it. The square is the product of two
    estimates, from either half of the batch: the square of one would count its noise, the more the smaller the batch, and
    penalise what goes with no grade. So single values may be below 0. Grades of -1 and joints not seen do not count, nor
    does a grade that has, in either half, no joint of its own or none of grade 0 beside it.
    """
    kinds = jax.nn.one_hot(kind, int(np.max(kind)) + 1)
    counted = ((grades >= 0) & visible).astype(contributions.dtype)
    cell = jax.nn.one_hot(grades, GRADES) * counted[..., None]
    first = jnp.arange(len(grades)) % 2 == 0
    halves = [_contrasts(jnp.where(half[:, None, None], cell, 0.0), kinds, contributions) for half in (first, ~first)]
    known = halves[0][1] & halves[1][1]
    one, other = (
        jnp.einsum("bsg,sk,kgo->bo", cell, kinds, jnp.where(known[..., None], part, 0.0)) for part, _ in halves
    )
    mask = jnp.broadcast_to((counted.sum(1) > 0)[:, None], one.shape)
    return LossPart(one * other, mask)


def _contrasts(cell: Array, kinds: Array, contributions: Array) -> tuple[Array, Array]:
    """Mean contribution of each kind and grade minus that of grade 0 [kind, grade, outcome], and which are known."""
    count = jnp.einsum("bsg,sk->kg", cell, kinds)
    mean = jnp.einsum("bsg,sk,bso->kgo", cell, kinds, contributions) / jnp.maximum(count, 1.0)[..., None]
    return mean - mean[:, :1], (count > 0) & (count[:, :1] > 0)
