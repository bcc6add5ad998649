"""What the network says: outcomes with outcome-side terms, and per-joint grades (SvdH, osteoarthritis)."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from outcomenet.arrays import Array, Bool, Float
from outcomenet.losses.ordinal import expected_grade, increasing_thresholds
from outcomenet.outcomes import OutcomeKind, OutcomeSpec
from outcomenet.scoring import Scheme


class OutcomeHead(nnx.Module):
    """Thresholds (bounded outcome) or baseline hazards (progression), and the outcome-side terms of the covariates.

    eta = film score + beta . covariates + gamma . (covariate missing) [+ beta_oa x osteoarthritis seen on film].
    Covariates arrive standardised, 0 where missing. All terms start at 0.
    """

    def __init__(self, spec: OutcomeSpec, covariates: int, intervals: int):
        self.spec = spec
        if spec.kind is OutcomeKind.BOUNDED_ORDINAL:
            count = round((spec.upper - spec.lower) / spec.step)
            self.cuts = nnx.Param(jnp.concatenate([jnp.full((1,), -2.0), jnp.full((count - 1,), _STEP_START)]))
        else:
            self.cuts = nnx.Param(jnp.full((intervals,), -3.0))
        self.terms = nnx.Param(jnp.zeros(covariates))
        self.missing_terms = nnx.Param(jnp.zeros(covariates))
        self.osteoarthritis_term = nnx.Param(jnp.zeros(()))

    def thresholds(self) -> Float[Array, "threshold"]:
        return increasing_thresholds(self.cuts[...])

    def __call__(
        self,
        score: Float[Array, "batch"],
        covariates: Float[Array, "batch covariate"],
        observed: Bool[Array, "batch covariate"],
        osteoarthritis: Float[Array, "batch"],
    ) -> Float[Array, "batch ..."]:
        """eta of a bounded outcome, or hazard logits per interval (the same score shifts all of them)."""
        eta = score + covariates @ self.terms[...] + (~observed).astype(score.dtype) @ self.missing_terms[...]
        eta = eta + self.osteoarthritis_term[...] * osteoarthritis
        if self.spec.kind is OutcomeKind.TIME_TO_EVENT:
            return self.cuts[...][None, :] + eta[:, None]
        return eta


_STEP_START = -1.5  # softplus: steps of about 0.2 on the latent scale


class GradeHead(nnx.Module):
    """Ordinal grade of every site of a score scheme from its joint's embedding.

    One weight vector per feature (erosion, narrowing, ...), shared by all joints, with a bias per site shared by left
    and right; thresholds per feature and grade range.
    """

    def __init__(self, scheme: Scheme, embedding: int, rngs: nnx.Rngs):
        sites = scheme.sites
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
        return jnp.where(beyond, 1e4, cuts)

    def expected(self, eta: Float[Array, "batch site"]) -> Float[Array, "batch site"]:
        """Expected grade of every site."""
        return expected_grade(eta, jnp.broadcast_to(self.thresholds()[None], (*eta.shape, self.maximum)))
