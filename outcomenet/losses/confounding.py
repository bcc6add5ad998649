"""Losses of the confounding strategies: those of adversaries, lower for a better adversary, and the decorrelation penalty."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from outcomenet.arrays import Array, Bool, Float, Int
from outcomenet.losses.reduction import LossPart

GRADES = 5  # Kellgren-Lawrence 0-4


def adversary_loss(
    output: Float[Array, "batch"], value: Float[Array, "batch"], observed: Bool[Array, "batch"], *, binary: bool
) -> LossPart:
    """Per visit: logistic loss of a yes-or-no confounder, squared error of a number.

    Args:
        output: the adversary's logit, or its value.
        value: the confounder, standardised.
        observed: False where it is missing.
        binary: whether it is yes or no.
    """
    if binary:
        # the mean of a yes-or-no confounder lies between 0 and 1: standardised, it is above 0 where it is there
        sign = jnp.where(value > 0, 1.0, -1.0)
        return LossPart(jax.nn.softplus(-sign * output), observed)
    return LossPart(jnp.square(output - value), observed)


def correlation_loss(
    output: Float[Array, "batch"], value: Float[Array, "batch"], observed: Bool[Array, "batch"]
) -> LossPart:
    """1 - squared correlation of an adversary's output with the confounder over the batch (Adeli, WACV 2021), at each visit.

    With fewer than three observed visits, or without variation, it is 1: nothing was learned of the confounder.

    Args:
        output: of the adversary.
        value: the confounder, standardised; any number where it is missing.
        observed: False where it is missing.
    """
    weight = observed.astype(output.dtype)
    count = jnp.maximum(weight.sum(), 1.0)

    def centred(x: Array) -> Array:
        return (x - (x * weight).sum() / count) * weight

    a, b = centred(output), centred(jnp.where(observed, value, 0.0))
    product = jnp.square((a * b).sum()) / (jnp.square(a).sum() * jnp.square(b).sum() + 1e-6)
    enough = weight.sum() >= 3  # two points always correlate by 1
    return LossPart(jnp.broadcast_to(1.0 - jnp.where(enough, product, 0.0), output.shape), observed)


def squared_distance_correlation(
    features: Float[Array, "batch feature"],
    value: Float[Array, "batch"],
    observed: Bool[Array, "batch"],
    weight: Float[Array, "batch"] | None = None,
) -> LossPart:
    """Squared distance correlation of features with a confounder over the batch, at each visit (Szekely, Ann Stat 2007).

    Unlike a correlation it is 0 in the population only where the two are independent. With fewer than four observed visits, or
    without variation, it is 0: nothing is known of an association.

    Args:
        features: what the score is built from.
        value: the confounder; any number where it is missing.
        observed: False where it is missing.
        weight: of each visit, so that the batch stands for another population; None: all alike.

    Returns:
        Between 0 and 1, at every observed visit.
    """
    mass = observed.astype(features.dtype) if weight is None else jnp.where(observed, weight, 0.0)
    share = mass / jnp.maximum(mass.sum(), 1e-6)
    of_features = _centred_distances(features, share)
    of_value = _centred_distances(jnp.where(observed, value, 0.0)[:, None], share)

    def covariance(a: Array, b: Array) -> Array:
        return jnp.einsum("i,j,ij->", share, share, a * b)

    both = covariance(of_features, of_features) * covariance(of_value, of_value)
    # kept above 0 under the root, whose slope at 0 is without end
    squared = covariance(of_features, of_value) / jnp.sqrt(jnp.maximum(both, 1e-12))
    enough = (observed.sum() >= 4) & (both > 1e-10)
    return LossPart(jnp.broadcast_to(jnp.where(enough, squared, 0.0), value.shape), observed)


def _centred_distances(points: Array, share: Array) -> Array:
    """Distances between all visits, less the means of their row and column, plus that of all; means by share."""
    apart = points[:, None] - points[None]
    distances = jnp.sqrt((apart**2).sum(-1) + 1e-12)  # the root's slope at 0 again
    by_row = distances @ share
    return distances - by_row[:, None] - by_row[None] + share @ by_row


def squared_shift_by_grade(
    contributions: Float[Array, "batch site outcome"],
    grades: Int[Array, "batch site"],
    visible: Bool[Array, "batch site"],
    kind: Int[np.ndarray, "site"],
) -> LossPart:
    """Squared shift of the score if no joint had osteoarthritis, per visit and outcome, as far as grades tell.

    Among joints of one kind, a grade's part is its joints' mean contribution minus that of the joints of grade 0; a
    visit's is the sum over its joints. It is 0 when joints of every grade contribute alike, and the squared shift of the
    score under do(oa=0) when a joint's osteoarthritis goes with nothing else in it. The square is the product of two
    estimates, from either half of the batch: the square of one would count its noise, the more the smaller the batch, and
    penalise what goes with no grade. So single values may be below 0. Grades of -1 and joints not seen do not count, nor
    does a grade that has, in either half, no joint of its own or none of grade 0 beside it.

    Args:
        contributions: of each joint to each outcome, in latent units.
        grades: Kellgren-Lawrence, 0 to 4; -1 where a joint was not graded.
        visible: joints that were shown to the network.
        kind: number of each site's kind of joint.

    Returns:
        Latent units squared; visits without a graded joint are masked.
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
