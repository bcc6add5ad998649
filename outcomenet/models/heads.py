"""Heads of the outcome network: outcomes with outcome-side terms, and grades of every joint (SvdH, osteoarthritis)."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from outcomenet.arrays import Array, Bool, Float, Int
from outcomenet.likelihoods.ordinal import expected_grade, increasing_thresholds
from outcomenet.likelihoods.reader_effects import centred, reader_grade_loss
from outcomenet.likelihoods.registry import likelihood_of
from outcomenet.losses.reduction import LossPart
from outcomenet.outcomes import outcome
from outcomenet.scoring import KELLGREN_LAWRENCE, SVDH, Scheme


class OutcomeHead(nnx.Module):
    """The free numbers of an outcome's distribution (see its likelihood) and the covariates' terms.

    eta = film score + beta . covariates + gamma . (covariate missing). Covariates arrive standardised, 0 where missing.
    All terms start at 0; `frozen` terms are not trained with the film.
    """

    def __init__(self, name: str, covariates: int, frozen: bool = False):
        self.likelihood, self.frozen = likelihood_of(outcome(name)), frozen
        self.free = nnx.Param(jnp.asarray(self.likelihood.start()))
        self.terms = nnx.Param(jnp.zeros(covariates))
        self.missing_terms = nnx.Param(jnp.zeros(covariates))
        self.osteoarthritis_term = nnx.Param(jnp.zeros(()))

    def __call__(
        self,
        score: Float[Array, "batch"],
        covariates: Float[Array, "batch covariate"],
        observed: Bool[Array, "batch covariate"],
    ) -> Float[Array, "batch"]:
        """The outcome's eta; higher is worse.

        Args:
            score: the film's part, that of the osteoarthritis seen on film included.
            covariates: standardised, 0 where missing.
            observed: False where a covariate is missing.
        """
        terms, missing_terms = self.terms[...], self.missing_terms[...]
        if self.frozen:  # they stay where the covariates alone left them
            terms, missing_terms = jax.lax.stop_gradient(terms), jax.lax.stop_gradient(missing_terms)
        return score + covariates @ terms + (~observed).astype(score.dtype) @ missing_terms

    def expected(self, eta: Float[Array, "batch"]) -> Float[Array, "batch"]:
        """Expected outcome, or probability of the event at the horizon."""
        return self.likelihood.expected(eta, self.free[...])

    def variance(self, eta: Float[Array, "batch"]) -> Float[Array, "batch"]:
        """Variance of the outcome itself, in its unit squared."""
        return self.likelihood.variance(eta, self.free[...])


class GradeHead(nnx.Module):
    """Ordinal grade of every site of a score scheme from its joint's embedding.

    One weight vector per feature (erosion, narrowing, ...), shared by all joints, with a bias per site shared by left
    and right; thresholds per feature and grade range. With several readers each is stricter or milder by an offset
    per feature; the grades predicted are those of the average reader.
    """

    def __init__(self, scheme: Scheme, embedding: int, rngs: nnx.Rngs, readers: int = 1):
        sites = scheme.sites
        # in the order of first appearance: places in these lists are places in the parameters
        groups = list(dict.fromkeys((s.definition.feature, s.definition.maximum) for s in sites))
        kinds = list(dict.fromkeys((s.definition.region, s.definition.site, s.definition.feature) for s in sites))
        group = [groups.index((s.definition.feature, s.definition.maximum)) for s in sites]
        kind = [kinds.index((s.definition.region, s.definition.site, s.definition.feature)) for s in sites]
        self.joint = tuple(s.joint_index for s in sites)
        self.group, self.kind = tuple(group), tuple(kind)
        self.maximum = max(s.definition.maximum for s in sites)
        self.site_maximum = tuple(s.definition.maximum for s in sites)
        self.weights = nnx.Param(0.1 * jax.random.normal(rngs.params(), (len(groups), embedding)))
        self.bias = nnx.Param(jnp.zeros(len(kinds)))
        self.readers = nnx.Param(jnp.zeros((readers, len(groups))))
        self.cuts = nnx.Param(
            jnp.concatenate([jnp.ones((len(groups), 1)), jnp.full((len(groups), self.maximum - 1), 0.5)], -1)
        )

    def __call__(self, embeddings: Float[Array, "batch joint feature"]) -> Float[Array, "batch site"]:
        """eta of every site; higher means a higher grade."""
        at_site = embeddings[:, np.asarray(self.joint)]
        weights = self.weights[...][np.asarray(self.group)]
        return jnp.einsum("bsf,sf->bs", at_site, weights) + self.bias[...][np.asarray(self.kind)][None]

    def thresholds(self) -> Float[Array, "site threshold"]:
        """Thresholds per site; those beyond a site's own maximum are out of reach."""
        cuts = increasing_thresholds(self.cuts[...])[np.asarray(self.group)]
        beyond = np.arange(self.maximum)[None, :] >= np.asarray(self.site_maximum)[:, None]
        # as far as `ordinal.FAR`: those grades get a probability of exactly 0
        return jnp.where(beyond, 1e4, cuts)

    def expected(self, eta: Float[Array, "batch site"]) -> Float[Array, "batch site"]:
        """Expected grade of every site."""
        return expected_grade(eta, jnp.broadcast_to(self.thresholds()[None], (*eta.shape, self.maximum)))

    def loss_of_readers(
        self,
        eta: Float[Array, "batch site"],
        grades: Int[Array, "batch reader site"],
        visible: Bool[Array, "batch site"],
    ) -> LossPart:
        """Negative log-likelihood per visit, reader and site, with the readers' effects.

        Args:
            eta: of every site.
            grades: from 0; -1 where a reader gave none.
            visible: whether the site's joint was shown to the network.
        """
        effects = centred(self.readers[...])
        return reader_grade_loss(eta, self.thresholds(), grades, visible, effects, jnp.asarray(self.group))


def osteoarthritis_head(embedding: int, rngs: nnx.Rngs) -> GradeHead:
    """Head of the Kellgren-Lawrence grades, means over readers.

    Args:
        embedding: numbers of a joint's embedding that it sees.
        rngs: of the parameters.
    """
    return GradeHead(KELLGREN_LAWRENCE, embedding, rngs)


def svdh_head(embedding: int, readers: int, rngs: nnx.Rngs) -> GradeHead:
    """Head of the Sharp/van der Heijde grades, of every reader.

    Args:
        embedding: numbers of a joint's embedding.
        readers: people who graded the films; a data set without grades has a head all the same.
        rngs: of the parameters.
    """
    return GradeHead(SVDH, embedding, rngs, max(readers, 1))
