"""Adversaries: small networks that try to read a confounder out of what the score is built from.

They learn to read it; the encoder, through a reversed gradient, learns to leave them nothing (Ganin, JMLR 2016).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from outcomenet.anatomy import JOINT_KIND_INDEX, JOINT_KINDS
from outcomenet.arrays import Array, Bool, Float
from outcomenet.confounders import CONFOUNDERS
from outcomenet.losses.confounding import adversary_loss, correlation_loss
from outcomenet.losses.reduction import LossPart

HIDDEN = 32


@jax.custom_vjp
def reverse_gradient(x: Float[Array, "*shape"], scale: Float[Array, ""]) -> Float[Array, "*shape"]:
    """The identity whose gradient is multiplied by -scale (Ganin, JMLR 2016).

    Args:
        x: comes out as it is.
        scale: weight of the reversed gradient; 0 lets none through.
    """
    del scale
    return x


def _forward(x: Array, scale: Array) -> tuple[Array, Array]:
    return x, scale


def _backward(scale: Array, gradient: Array) -> tuple[Array, Array]:
    return -scale * gradient, jnp.zeros_like(scale)


reverse_gradient.defvjp(_forward, _backward)


class Adversary(nnx.Module):
    """One confounder read from a patient's features, given the outcomes or not."""

    def __init__(self, features: int, given: int, rngs: nnx.Rngs):
        self.hidden = nnx.Linear(features + given, HIDDEN, rngs=rngs)
        self.out = nnx.Linear(HIDDEN, 1, rngs=rngs)

    def __call__(
        self, features: Float[Array, "batch feature"], given: Float[Array, "batch given"] | None
    ) -> Float[Array, "batch"]:
        """Logit (yes-or-no confounders) or standardised value.

        Args:
            features: what the score is built from.
            given: what else is known of the patient; None for nothing.
        """
        x = features if given is None else jnp.concatenate([features, given], -1)
        return self.out(jax.nn.gelu(self.hidden(x)))[:, 0]


class Adversaries(nnx.Module):
    """All adversaries of one network: the conditional ones know the outcomes, the correlation ones do not."""

    def __init__(
        self,
        conditional: tuple[str, ...],
        correlation: tuple[str, ...],
        covariates: tuple[str, ...],
        features: int,
        outcomes: int,
        rngs: nnx.Rngs,
    ):
        self.column = {name: covariates.index(name) for name in (*conditional, *correlation)}
        # each outcome comes as its value and whether it is known
        self.conditional = nnx.Dict({name: Adversary(features, 2 * outcomes, rngs) for name in conditional})
        self.correlation = nnx.Dict({name: Adversary(features, 0, rngs) for name in correlation})

    def losses(
        self,
        features: Float[Array, "batch feature"],
        given: Float[Array, "batch given"],
        covariates: Float[Array, "batch covariate"],
        observed: Bool[Array, "batch covariate"],
        push: Float[Array, ""],
    ) -> Mapping[str, LossPart]:
        """One part of the loss per adversary, by `<kind>_<confounder>`.

        Args:
            features: what the score is built from.
            given: the outcomes as conditional adversaries know them.
            covariates: standardised; adversaries know their own column.
            observed: False where a covariate is missing, which counts nothing.
            push: weight with which the encoder unlearns; 0: adversaries only watch.
        """
        seen = reverse_gradient(features, push)
        parts = {}
        for name, adversary in self.conditional.items():
            at = np.int32(self.column[name])
            parts[f"conditional_adversary_{name}"] = adversary_loss(
                adversary(seen, given), covariates[:, at], observed[:, at], binary=CONFOUNDERS[name].binary
            )
        for name, adversary in self.correlation.items():
            at = np.int32(self.column[name])
            parts[f"correlation_adversary_{name}"] = correlation_loss(
                adversary(seen, None), covariates[:, at], observed[:, at]
            )
        return parts


class Embedded(NamedTuple):
    """Embeddings of every joint, and the loss of the regression that was taken out of them, where there is one."""

    embeddings: Float[Array, "batch joint feature"]
    metadata_loss: LossPart | None = None


class MetadataResidual(nnx.Module):
    """Takes what a linear regression on the confounders explains out of every joint's embedding.

    The regression is learned beside the network (it follows the embedding, the embedding does not follow it), so that a
    prediction depends on no other patient, unlike a regression within each batch. A missing confounder counts as its
    mean.
    """

    def __init__(self, columns: tuple[int, ...], embedding: int):
        self.columns, kinds = columns, len(JOINT_KINDS)
        self.weights = nnx.Param(jnp.zeros((kinds, len(columns), embedding)))
        self.centre = nnx.Param(jnp.zeros((kinds, embedding)))

    def __call__(
        self,
        embeddings: Float[Array, "batch joint feature"],
        visible: Bool[Array, "batch joint"],
        covariates: Float[Array, "batch covariate"],
    ) -> Embedded:
        """The residual embeddings, and the regression's loss per visit and joint.

        Args:
            embeddings: of every joint.
            visible: joints that the films show; the regression learns from them alone.
            covariates: standardised, 0 where missing.
        """
        kind = np.asarray(JOINT_KIND_INDEX)
        known = covariates[:, np.asarray(self.columns)]
        explained = jnp.einsum("bc,jcf->bjf", known, self.weights[...][kind])
        # the embedding must not make itself easy to explain, nor (below) the regression help the outcome
        error = jax.lax.stop_gradient(embeddings) - explained - self.centre[...][kind][None]
        residual = embeddings - jax.lax.stop_gradient(explained)
        return Embedded(residual, LossPart(jnp.square(error).mean(-1), visible))
