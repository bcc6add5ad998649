"""Losses of the three networks, each a mean over its batch."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import optax

from outcomenet.arrays import Array, Float
from outcomenet.localization.frames import LIMB_WINDOWS
from outcomenet.localization.networks import LandmarkNet, LimbFinder, Refiner
from outcomenet.training.single_network import Batch, Parts, Scalar

# SD of the target around a landmark, in cells of the landmark network's map.
SPREAD_CELLS = 0.7


def finder_loss(finder: LimbFinder, batch: Batch) -> tuple[Scalar, Parts]:
    """Loss of the finder: where limbs are, and how they lie, in the cells around their middle.

    Where: penalty-reduced focal loss (CenterNet: Zhou et al. 2019, arXiv 1904.07850, alpha 2, beta 4).

    Args:
        finder: The network.
        batch: Samples of `finder_samples`, stacked.

    Returns:
        (weighted sum, its parts before weighting).
    """
    output = finder(batch["image"])
    wanted, logit = batch["heat"], output["region"]
    share = jax.nn.sigmoid(logit)
    at_middle = wanted > 0.85  # exp(-d^2 / 2) of d cells: within 0.57 cells of a limb's middle
    hit = -((1 - share) ** 2) * jax.nn.log_sigmoid(logit)
    miss = -((1 - wanted) ** 4) * share**2 * jax.nn.log_sigmoid(-logit)
    limbs = jnp.maximum(at_middle.sum(), 1.0)
    heat = jnp.where(at_middle, hit, miss).sum() / limbs

    def mean(values: Array) -> Array:
        return (batch["weight"] * values).sum() / jnp.maximum(batch["weight"].sum(), 1.0)

    direction = output["direction"] / jnp.sqrt((output["direction"] ** 2).sum(-1, keepdims=True) + 1e-6)
    parts = {
        "heat": heat,
        "place": mean(jnp.abs(output["place"] - batch["place"]).sum(-1)),
        "direction": mean(1 - (direction * batch["direction"]).sum(-1)),
        "length": mean(jnp.abs(output["log_length"][..., 0] - batch["log_length"])),
        "thumb": mean(optax.sigmoid_binary_cross_entropy(output["thumb_right"][..., 0], batch["thumb_right"])),
        "view": mean(optax.softmax_cross_entropy_with_integer_labels(output["view"], batch["view"])),
        "polarity": optax.sigmoid_binary_cross_entropy(output["dark_bones"], batch["dark_bones"].astype(float)).mean(),
    }
    weight = {"heat": 1.0, "place": 0.3, "direction": 2.0, "length": 1.5, "thumb": 1.0, "view": 0.5, "polarity": 0.5}
    return sum((weight[name] * value for name, value in parts.items()), start=jnp.zeros(())), parts


def landmark_loss(network: LandmarkNet, batch: Batch) -> tuple[Scalar, Parts]:
    """Loss of the landmark network: one choice per landmark among all cells and "nowhere", and whether there is a limb.

    A visible landmark is wanted as a small bump around its cell (cross entropy).

    Args:
        network: The network.
        batch: Samples of `limb_samples.landmark_sample`, stacked; landmarks of which nothing is known count for nothing.

    Returns:
        (weighted sum, its parts before weighting).
    """
    heat, absent, is_limb = network(batch["image"], batch["region"])
    window = next(iter(LIMB_WINDOWS.values()))
    rows, columns = heat.shape[1:3]
    cell = window.rows / rows
    column = (jnp.arange(columns) + 0.5)[None, :, None]
    row = (jnp.arange(rows) + 0.5)[None, :, None]
    x, y = (batch["points"][:, None, :, axis] / cell for axis in (0, 1))
    # a Gaussian over cells is one over columns times one over rows
    across = jax.nn.softmax(-((column - x) ** 2) / (2 * SPREAD_CELLS**2), axis=1)
    down = jax.nn.softmax(-((row - y) ** 2) / (2 * SPREAD_CELLS**2), axis=1)
    where = -jnp.einsum("nhwk,nhk,nwk->nk", heat, down, across)
    seen, known = batch["seen"], batch["known"]
    each = jnp.where(seen, where, -absent)
    parts = {
        "where": jnp.sum(jnp.where(seen, where, 0.0)) / jnp.maximum(seen.sum(), 1),
        "nowhere": jnp.sum(jnp.where(known & ~seen, -absent, 0.0)) / jnp.maximum((known & ~seen).sum(), 1),
    }
    parts["is_limb"] = optax.sigmoid_binary_cross_entropy(is_limb, batch["is_limb"].astype(float)).mean()
    landmarks = jnp.sum(jnp.where(known, each, 0.0)) / jnp.maximum(known.sum(), 1)
    return landmarks + 0.5 * parts["is_limb"], parts


def refiner_loss(refiner: Refiner, batch: Batch) -> tuple[Scalar, Parts]:
    """Loss of the refiner: where the landmark is in its patch, and whether it is there.

    Where: negative log-likelihood of the offset under a Student t (4 degrees of freedom) of the scale that the network
    states, robust where a patch says nothing (heavy tails as in Lange et al., J Am Stat Assoc 1989).

    Args:
        refiner: The network.
        batch: Samples of `limb_samples.patch_sample`, stacked; offsets in patch pixels.

    Returns:
        (weighted sum, its parts; `error_px` is shown and no part of the sum).
    """
    images = batch["image"]
    patches = images.reshape(-1, *images.shape[2:])
    offset, log_error, there = refiner(patches, batch["landmark"].ravel())
    wanted, present = batch["offset"].reshape(-1, 2), batch["there"].ravel()
    log_error = jnp.clip(log_error, -3.0, 3.0)  # 0.05 to 20 pixels: beyond these the exponential runs away
    z2 = ((offset - wanted) ** 2).sum(-1) * jnp.exp(-2 * log_error)
    likelihood = student_t_2d(z2) + 2 * log_error
    count = jnp.maximum(present.sum(), 1)
    parts = {
        "offset": jnp.where(present, likelihood, 0.0).sum() / count,
        "error_px": jnp.where(present, jnp.sqrt(((offset - wanted) ** 2).sum(-1) + 1e-9), 0.0).sum() / count,
        "there": optax.sigmoid_binary_cross_entropy(there, present.astype(float)).mean(),
    }
    return parts["offset"] + 2.0 * parts["there"], parts


def student_t_2d(z2: Float[Array, "*patch"], freedom: float = 4.0) -> Float[Array, "*patch"]:
    """Negative log-density of a two-dimensional Student t, but for a constant.

    Args:
        z2: Squared distance in units of the scale.
        freedom: Degrees of freedom.

    Returns:
        (freedom + 2) / 2 log(1 + z2 / freedom).
    """
    return 0.5 * (freedom + 2) * jnp.log1p(z2 / freedom)
