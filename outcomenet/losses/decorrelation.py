"""How much of the joints' contributions goes with their osteoarthritis grades: a penalty that needs no adversary."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from outcomenet.arrays import Array, Bool, Float, Int
from outcomenet.losses.objective import LossPart

GRADES = 5  # Kellgren-Lawrence 0-4
FEWEST_JOINTS = 2 * GRADES  # with fewer of a kind in a batch, grades explain much by chance


def between_grade_share(
    contributions: Float[Array, "batch site outcome"],
    grades: Int[Array, "batch site"],
    visible: Bool[Array, "batch site"],
    kind: Int[np.ndarray, "site"],
) -> LossPart:
    """Per outcome: variance of the contributions between grades, among joints of one kind, over their whole variance.

    This is the squared correlation ratio (Pearson 1905), pooled over kinds of joint: 0 when a joint's mean contribution
    is the same at every grade, 1 when its grade is all that decides. Grades of -1 and joints not seen do not count. The
    whole variance is a yardstick without gradient: it could be raised by noise.
    """
    kinds = jax.nn.one_hot(kind, int(np.max(kind)) + 1)
    counted = ((grades >= 0) & visible).astype(contributions.dtype)
    cell = jax.nn.one_hot(grades, GRADES)[:, :, None, :] * kinds[None, :, :, None] * counted[..., None, None]
    count = cell.sum((0, 1))
    of_kind = count.sum(-1)
    enough = (of_kind >= FEWEST_JOINTS).astype(contributions.dtype)[:, None]
    total = jnp.einsum("bskg,bso->kgo", cell, contributions)
    mean = total / jnp.maximum(count, 1.0)[..., None]
    mean_of_kind = total.sum(1) / jnp.maximum(of_kind, 1.0)[:, None]
    between = (enough * (count[..., None] * jnp.square(mean - mean_of_kind[:, None])).sum(1)).sum(0)
    around = jnp.square(contributions[:, :, None, :] - mean_of_kind[None, None])
    whole = (enough * jnp.einsum("bskg,bsko->ko", cell, around)).sum(0)
    share = between / jax.lax.stop_gradient(jnp.maximum(whole, 1e-12))
    return LossPart(share, jnp.broadcast_to(enough.any(), share.shape))
