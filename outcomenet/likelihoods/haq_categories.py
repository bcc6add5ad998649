"""HAQ by category: eight ordinal scores of 0 to 3 that share one latent disability, and the index that they give.

The graded response model (Samejima, Psychometrika Monograph 17, 1969): P(Y_c > k) = sigmoid(loading_c eta -
theta_ck), independent over categories given eta. A higher `eta` means a higher (worse) score in every category. A
category that was not answered, -1, takes no part; the index keeps the rule of the form, a mean over what was answered.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np
from jax.scipy.special import expit

from outcomenet.arrays import Array, Bool, Float, Int
from outcomenet.errors import UsageError
from outcomenet.haq import HAQ_CATEGORIES, HAQ_MINIMUM_CATEGORIES
from outcomenet.likelihoods.likelihood import OutcomeFeature, variance_on_grid
from outcomenet.likelihoods.ordinal import expected_grade, grade_negative_log_likelihood, increasing_thresholds, known
from outcomenet.losses.reduction import LossPart
from outcomenet.outcomes import OutcomeSpec

CATEGORY_COUNT = len(HAQ_CATEGORIES)
CATEGORY_THRESHOLDS = 3  # scores 0, 1, 2, 3


@dataclass(frozen=True)
class HaqCategories:
    """Free numbers: three thresholds and a loading for each category."""

    spec: OutcomeSpec

    def start(self) -> Float[np.ndarray, "category number"]:
        # thresholds at -1, 0.3 and 1.6, and all loadings alike
        return np.tile(np.array([-1.0, 1.0, 1.0, 0.0], np.float32), (CATEGORY_COUNT, 1))

    def loss(
        self, eta: Float[Array, "batch"], free: Float[Array, "category number"], batch: Mapping[str, Array]
    ) -> LossPart:
        """Per visit: the mean over its answered categories, so that every visit counts the same."""
        scores = self._scores(batch)
        grades = jnp.where(known(scores), scores, -1.0).astype(jnp.int32)
        part = haq_category_loss(eta, increasing_thresholds(free[:, :-1]), grades, unit_loadings(free[:, -1]))
        answered = part.mask.sum(-1)
        total = jnp.where(part.mask, part.value, 0.0).sum(-1)
        return LossPart(total / jnp.maximum(answered, 1), answered > 0)

    def expected(self, eta: Float[Array, "batch"], free: Float[Array, "category number"]) -> Float[Array, "batch"]:
        return expected_index(
            expected_category_scores(eta, increasing_thresholds(free[:, :-1]), unit_loadings(free[:, -1]))
        )

    def variance(self, eta: Float[Array, "batch"], free: Float[Array, "category number"]) -> Float[Array, "batch"]:
        points = index_probabilities(eta, increasing_thresholds(free[:, :-1]), unit_loadings(free[:, -1]))
        return variance_on_grid(self.spec, points)

    def as_feature(self, batch: Mapping[str, Array]) -> OutcomeFeature:
        """The mean of the answered categories."""
        scores = self._scores(batch)
        answered = known(scores)
        mean = jnp.where(answered, scores, 0.0).sum(-1) / jnp.maximum(answered.sum(-1), 1)
        return OutcomeFeature(mean / self.spec.upper, answered.any(-1))

    def _scores(self, batch: Mapping[str, Array]) -> Float[Array, "batch category"]:
        return jnp.stack([batch[field] for field in self.spec.fields], -1)


def haq_category_loss(
    eta: Float[Array, "batch"],
    thresholds: Float[Array, "category threshold"],
    scores: Int[Array, "batch category"],
    loadings: Float[Array, "category"] | None = None,
) -> LossPart:
    """Negative log-likelihood of every category's score; their sum over a row is that of the patient's whole form.

    Args:
        eta: latent disability.
        thresholds: of each category, rising (`ordinal.increasing_thresholds`).
        scores: 0 to 3; -1 where a category was not answered.
        loadings: how closely each category follows eta, positive; 1 where None.

    Raises:
        UsageError: a category has another number of thresholds than 3.
    """
    latent, cuts = _by_category(eta, thresholds, loadings)
    return LossPart(grade_negative_log_likelihood(latent, cuts, scores), scores >= 0)


def unit_loadings(free: Float[Array, "category"]) -> Float[Array, "category"]:
    """Positive loadings with geometric mean 1, from unconstrained numbers.

    Positive, so that no category may fall with eta; mean 1, since eta and the loadings have one scale between them.
    """
    return jnp.exp(free - free.mean())


def expected_category_scores(
    eta: Float[Array, "batch"],
    thresholds: Float[Array, "category threshold"],
    loadings: Float[Array, "category"] | None = None,
) -> Float[Array, "batch category"]:
    """Expected score of every category.

    Args:
        eta: latent disability.
        thresholds: of each category, rising.
        loadings: how closely each category follows eta, positive; 1 where None.

    Returns:
        0 to 3.

    Raises:
        UsageError: a category has another number of thresholds than 3.
    """
    return expected_grade(*_by_category(eta, thresholds, loadings))


def expected_index(
    category_scores: Float[Array, "batch category"], answered: Bool[Array, "batch category"] | None = None
) -> Float[Array, "batch"]:
    """Expected HAQ-DI: the mean of the categories' expected scores.

    Args:
        category_scores: expected, 0 to 3.
        answered: categories that count; all where None.

    Returns:
        0 to 3; NaN with fewer than 6 categories answered, as the form itself has no index then.
    """
    if answered is None:
        return category_scores.mean(-1)
    count = answered.sum(-1)
    total = jnp.where(answered, category_scores, 0.0).sum(-1)
    return jnp.where(count >= HAQ_MINIMUM_CATEGORIES, total / jnp.maximum(count, 1), jnp.nan)


def index_probabilities(
    eta: Float[Array, "batch"],
    thresholds: Float[Array, "category threshold"],
    loadings: Float[Array, "category"] | None = None,
) -> Float[Array, "batch point"]:
    """P(HAQ-DI = 0, 1/8, ..., 3), all categories answered: the sum of independent scores given eta, by convolution.

    Args:
        eta: latent disability.
        thresholds: of each category, rising.
        loadings: how closely each category follows eta, positive; 1 where None.

    Returns:
        25 probabilities per patient.

    Raises:
        UsageError: a category has another number of thresholds than 3.
    """
    latent, cuts = _by_category(eta, thresholds, loadings)
    above = expit(latent[..., None] - cuts)
    one, none = jnp.ones_like(above[..., :1]), jnp.zeros_like(above[..., :1])
    of_category = -jnp.diff(jnp.concatenate([one, above, none], -1), axis=-1)
    total = jnp.ones_like(eta)[:, None]
    for category in range(thresholds.shape[0]):
        score = of_category[:, category]
        width = total.shape[1] + CATEGORY_THRESHOLDS
        shifted = [
            jnp.pad(total * score[:, k, None], ((0, 0), (k, width - total.shape[1] - k)))
            for k in range(CATEGORY_THRESHOLDS + 1)
        ]
        total = sum(shifted[1:], shifted[0])
    return total


def _by_category(eta: Array, thresholds: Array, loadings: Array | None) -> tuple[Array, Array]:
    """Each category's latent value and thresholds in the shapes [batch, category] and [batch, category, threshold]."""
    if thresholds.shape[1] != CATEGORY_THRESHOLDS:
        raise UsageError(
            f"A HAQ category is scored 0 to 3 and has {CATEGORY_THRESHOLDS} thresholds; got {thresholds.shape[1]}. "
            "Thresholds of the index (24 of them) belong to `ordinal.bounded_negative_log_likelihood`."
        )
    loadings = jnp.ones_like(thresholds[:, 0]) if loadings is None else loadings
    return eta[:, None] * loadings[None, :], jnp.broadcast_to(thresholds[None], (eta.shape[0], *thresholds.shape))
