"""Outcome network: films of one visit in, outcomes, joint contributions, grades and embedding out."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

import jax
import jax.numpy as jnp
from flax import nnx

from outcomenet.arrays import Array, Bool, Float
from outcomenet.models.adversaries import Adversaries, Embedded, MetadataResidual
from outcomenet.models.aggregation import Aggregation
from outcomenet.models.encoders.cnn import CnnConfig
from outcomenet.models.encoders.vit import VitConfig
from outcomenet.models.heads import OutcomeHead, osteoarthritis_head, svdh_head
from outcomenet.models.visit import Visit, VisitOutput, patient_embedding
from outcomenet.models.visit_comparison import PairComparison, PairReading, changes
from outcomenet.ranges import Share, check_ranges
from outcomenet.strategies import ConfoundingConfig


class HumanHead(StrEnum):
    """What the auxiliary SvdH head does to the encoder."""

    JOINT = "joint"  # its gradient trains the encoder too
    STOP_GRADIENT = "stop_gradient"  # it reads the encoder without changing it
    OFF = "off"


@dataclass(frozen=True)
class OutcomeNetConfig:
    """Architecture of a network; every rung of the ladder that is a network has the same."""

    encoder: CnnConfig | VitConfig = field(default_factory=CnnConfig)
    aggregation: Aggregation = Aggregation.ADDITIVE
    human_head: HumanHead = HumanHead.JOINT
    pairs: PairReading = PairReading.OFF  # whether two visits' films are compared, and how
    hide_joint: Share = 0.05  # share of joints hidden at random in training
    hide_limb: Share = 0.05  # share of limbs hidden at random in training

    def __post_init__(self) -> None:
        check_ranges(self)

    def build(
        self,
        *,
        confounding: ConfoundingConfig,
        crop_size: int,
        outcomes: tuple[str, ...],
        covariates: tuple[str, ...],
        readers: int,
        seed: int,
    ) -> OutcomeNet:
        """Makes the network with parameters before training.

        Args:
            confounding: how confounders are handled; without any strategy the film alone must explain the outcome.
            crop_size: pixels a side of a joint's crop.
            outcomes: names of `outcomes.OUTCOMES`.
            covariates: names of the columns of `Visit.covariates`.
            readers: people who graded the films.
            seed: of the parameters.

        Raises:
            UsageError: the parts do not fit each other or the crops.
        """
        return OutcomeNet(self, confounding, crop_size, outcomes, covariates, readers, nnx.Rngs(seed))


class OutcomeNet(nnx.Module):
    """Shared joint encoder, masked aggregation, heads, and what the confounding strategies add."""

    def __init__(
        self,
        config: OutcomeNetConfig,
        confounding: ConfoundingConfig,
        crop_size: int,
        outcomes: tuple[str, ...],
        covariates: tuple[str, ...],
        readers: int,
        rngs: nnx.Rngs,
    ):
        self.config, self.confounding = config, confounding
        self.outcomes = outcomes
        width, kept = config.encoder.embedding, confounding.oa_features
        confounding.check_embedding(width)
        # covariates without a term of their own count as not given on the outcome's side
        self.has_term = tuple(name in confounding.outcome_terms for name in covariates)
        self.encoder = config.encoder.build(crop_size, rngs)
        self.aggregation = config.aggregation.build(width - kept, len(outcomes), rngs)
        of_pairs = config.pairs is not PairReading.OFF
        self.comparison = PairComparison(config.pairs, width - kept, rngs) if of_pairs else None
        frozen = confounding.residualised_outcome
        self.heads = nnx.Dict({name: OutcomeHead(name, len(covariates), frozen) for name in outcomes})
        self.osteoarthritis_head = osteoarthritis_head(kept or width, rngs)
        self.svdh_head = svdh_head(width, readers, rngs) if config.human_head is not HumanHead.OFF else None
        columns = tuple(covariates.index(name) for name in confounding.metadata_residual)
        self.metadata = MetadataResidual(columns, width) if columns else None
        self.adversaries = (
            Adversaries(
                confounding.conditional_adversary,
                confounding.correlation_adversary,
                covariates,
                width - kept + len(outcomes),
                len(outcomes),
                rngs,
            )
            if confounding.adversarial
            else None
        )

    def __call__(self, visit: Visit) -> VisitOutput:
        """Runs the network over a batch.

        Raises:
            UsageError: the network compares pairs of visits and single visits came.
        """
        embeddings, metadata_loss = self._embed(visit, visit.crops)
        kept = self.confounding.oa_features
        later, scored = None, embeddings[..., kept:]
        if self.comparison is None:
            contributions = self.aggregation(scored, visit.visible)
        else:
            later_crops, years = visit.later(self.config.pairs)
            later, _ = self._embed(visit, later_crops)
            scored = self.comparison(scored, later[..., kept:])
            contributions = changes(self.aggregation, scored, visit.visible, years)
        score = contributions.sum(1)
        oa_eta = self._osteoarthritis(embeddings)
        oa = self._mean_osteoarthritis(oa_eta, visit.visible)
        later_oa_eta = None if later is None else self._osteoarthritis(later)
        if later_oa_eta is not None and visit.years is not None:  # a change goes with new osteoarthritis
            oa = (self._mean_osteoarthritis(later_oa_eta, visit.visible) - oa) / visit.years
        part = self._osteoarthritis_part(oa)
        return VisitOutput(
            embeddings=embeddings if later is None else scored,
            scored=scored,
            contributions=contributions,
            score=score,
            outcome_eta={
                name: self._outcome(name, score[:, i] + part[:, i], visit) for i, name in enumerate(self.outcomes)
            },
            osteoarthritis=oa,
            osteoarthritis_eta=oa_eta,
            osteoarthritis_part=part,
            svdh_eta=self._svdh(embeddings),
            metadata_loss=metadata_loss,
            later_svdh_eta=None if later is None else self._svdh(later),
            later_osteoarthritis_eta=later_oa_eta,
        )

    def _embed(self, visit: Visit, crops: Array) -> Embedded:
        # a hidden crop is blanked, so that nothing of it can leak through the encoder
        embeddings = self.encoder(jnp.where(visit.visible[..., None, None], crops, 0.0))
        if self.metadata is None:
            return Embedded(embeddings)
        return self.metadata(embeddings, visit.visible, visit.covariates)

    def _osteoarthritis(self, embeddings: Array) -> Array:
        kept = self.confounding.oa_features
        return self.osteoarthritis_head(embeddings[..., :kept] if kept else embeddings)

    def adversary_features(
        self, output: VisitOutput, visible: Bool[Array, "batch joint"]
    ) -> Float[Array, "batch feature"]:
        """What adversaries look at: the mean embedding that the score is built from, and the scores.

        Args:
            output: the network's own.
            visible: the joints that were shown to it.
        """
        part = patient_embedding(output.scored, visible)
        return jnp.concatenate([part, output.score], -1)

    def _osteoarthritis_part(self, oa: Array) -> Array:
        if not self.confounding.seen_osteoarthritis:
            return jnp.zeros((oa.shape[0], len(self.outcomes)), oa.dtype)
        # the outcome may use the osteoarthritis it sees but not bend its grading to explain disability
        seen = jax.lax.stop_gradient(oa)
        return jnp.stack([self.heads[name].osteoarthritis_term[...] * seen for name in self.outcomes], -1)

    def _outcome(self, name: str, latent: Array, visit: Visit) -> Array:
        used = jnp.asarray(self.has_term, bool)[None, :]
        covariates, observed = jnp.where(used, visit.covariates, 0.0), visit.observed | ~used
        return self.heads[name](latent, covariates, observed)

    def _svdh(self, embeddings: Array) -> Array | None:
        if self.svdh_head is None:
            return None
        if self.config.human_head is HumanHead.STOP_GRADIENT:
            embeddings = jax.lax.stop_gradient(embeddings)
        return self.svdh_head(embeddings)

    def _mean_osteoarthritis(self, eta: Array, visible: Array) -> Array:
        at = visible[:, jnp.asarray(self.osteoarthritis_head.joint)].astype(eta.dtype)
        grades = self.osteoarthritis_head.expected(eta)
        # a visit that shows no graded joint has 0, not NaN, which would reach its outcomes
        return (grades * at).sum(-1) / jnp.maximum(at.sum(-1), 1.0)
