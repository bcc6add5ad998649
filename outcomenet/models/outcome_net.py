"""The outcome net: films of one visit in, outcomes, joint contributions, grades and embedding out."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

import jax
import jax.numpy as jnp
from flax import nnx

from outcomenet.arrays import Array, Bool, Float
from outcomenet.models.aggregation import Aggregation
from outcomenet.models.encoder import EncoderConfig
from outcomenet.models.heads import GradeHead, OutcomeHead
from outcomenet.outcomes import outcome
from outcomenet.scoring import KELLGREN_LAWRENCE, SVDH


class HumanHead(StrEnum):
    """What the auxiliary SvdH head does to the encoder."""

    JOINT = "joint"  # its gradient trains the encoder too
    STOP_GRADIENT = "stop_gradient"  # it reads the encoder without changing it
    OFF = "off"


@dataclass(frozen=True)
class OutcomeNetConfig:
    """Architecture of a network; every rung of the ladder that is a network has the same."""

    encoder: EncoderConfig = field(default_factory=EncoderConfig)
    aggregation: Aggregation = Aggregation.ADDITIVE
    human_head: HumanHead = HumanHead.JOINT
    hide_joint: float = 0.05  # share of joints hidden at random in training
    hide_limb: float = 0.05  # share of limbs hidden at random in training

    def build(
        self, *, adjusted: bool, crop_size: int, outcomes: tuple[str, ...], covariates: int, intervals: int, seed: int
    ) -> OutcomeNet:
        """`adjusted` gives the outcomes their outcome-side terms (covariates, fibromyalgia among them, and the
        osteoarthritis seen on film); without it the film alone must explain the outcome."""
        return OutcomeNet(self, adjusted, crop_size, outcomes, covariates, intervals, nnx.Rngs(seed))


class Visit(NamedTuple):
    """What the network sees of a batch of visits."""

    crops: Float[Array, "batch joint height width"]  # standardised per film
    visible: Bool[Array, "batch joint"]
    covariates: Float[Array, "batch covariate"]  # standardised, 0 where missing
    observed: Bool[Array, "batch covariate"]


class Reading(NamedTuple):
    """What the network says about a batch of visits. Every score and eta rises with disease."""

    embeddings: Float[Array, "batch joint feature"]
    contributions: Float[Array, "batch joint outcome"]
    score: Float[Array, "batch outcome"]  # sum of the contributions: the film's part of each outcome
    outcome_eta: dict[str, Float[Array, "batch ..."]]
    osteoarthritis: Float[Array, "batch"]  # mean expected Kellgren-Lawrence grade of the visible joints, 0-4
    osteoarthritis_eta: Float[Array, "batch kl_site"]
    svdh_eta: Float[Array, "batch svdh_site"] | None


class OutcomeNet(nnx.Module):
    """Shared joint encoder, masked aggregation, heads."""

    def __init__(
        self,
        config: OutcomeNetConfig,
        adjusted: bool,
        crop_size: int,
        outcomes: tuple[str, ...],
        covariates: int,
        intervals: int,
        rngs: nnx.Rngs,
    ):
        self.config = config
        self.adjusted = adjusted
        self.outcomes = outcomes
        width = config.encoder.embedding
        self.encoder = config.encoder.build(crop_size, rngs)
        self.aggregation = config.aggregation.build(width, len(outcomes), rngs)
        self.heads = nnx.Dict({name: OutcomeHead(outcome(name), covariates, intervals) for name in outcomes})
        self.osteoarthritis_head = GradeHead(KELLGREN_LAWRENCE, width, rngs)
        self.svdh_head = GradeHead(SVDH, width, rngs) if config.human_head is not HumanHead.OFF else None

    def __call__(self, visit: Visit) -> Reading:
        # a hidden crop is blanked, so that nothing of it can leak through the encoder
        crops = jnp.where(visit.visible[..., None, None], visit.crops, 0.0)
        embeddings = self.encoder(crops)
        contributions = self.aggregation(embeddings, visit.visible)
        score = contributions.sum(1)
        oa_eta = self.osteoarthritis_head(embeddings)
        oa = self._mean_osteoarthritis(oa_eta, visit.visible)
        return Reading(
            embeddings=embeddings,
            contributions=contributions,
            score=score,
            outcome_eta={name: self._outcome(name, score[:, i], visit, oa) for i, name in enumerate(self.outcomes)},
            osteoarthritis=oa,
            osteoarthritis_eta=oa_eta,
            svdh_eta=self._svdh(embeddings),
        )

    def _outcome(self, name: str, score: Array, visit: Visit, oa: Array) -> Array:
        head = self.heads[name]
        if not self.adjusted:
            nothing = jnp.zeros_like(visit.covariates)
            return head(score, nothing, jnp.ones_like(visit.observed), jnp.zeros_like(oa))
        # the outcome may use the osteoarthritis it sees but not bend its grading to explain disability
        return head(score, visit.covariates, visit.observed, jax.lax.stop_gradient(oa))

    def _svdh(self, embeddings: Array) -> Array | None:
        if self.svdh_head is None:
            return None
        if self.config.human_head is HumanHead.STOP_GRADIENT:
            embeddings = jax.lax.stop_gradient(embeddings)
        return self.svdh_head(embeddings)

    def _mean_osteoarthritis(self, eta: Array, visible: Array) -> Array:
        at = visible[:, jnp.asarray(self.osteoarthritis_head.joint)].astype(eta.dtype)
        grades = self.osteoarthritis_head.expected(eta)
        return (grades * at).sum(-1) / jnp.maximum(at.sum(-1), 1.0)


def patient_embedding(
    embeddings: Float[Array, "batch joint feature"], visible: Bool[Array, "batch joint"]
) -> Float[Array, "batch feature"]:
    """Mean embedding of the visible joints; zeros for a visit without any."""
    weight = visible[..., None].astype(embeddings.dtype)
    return (embeddings * weight).sum(1) / jnp.maximum(weight.sum(1), 1.0)
