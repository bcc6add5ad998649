"""Outcome network: films of one visit in, outcomes, joint contributions, grades and embedding out."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from outcomenet.arrays import Array, Bool, Float
from outcomenet.errors import UsageError
from outcomenet.models.adversaries import Adversaries, Embedded, MetadataResidual
from outcomenet.models.aggregation import Aggregation
from outcomenet.models.encoders.cnn import CnnConfig
from outcomenet.models.encoders.settled import settled_embeddings
from outcomenet.models.encoders.vit import VitConfig
from outcomenet.models.heads import OutcomeHead, osteoarthritis_head, svdh_head
from outcomenet.models.joint_states import (
    JOINT_STATES,
    LEVELS,
    FilmComparison,
    JointChange,
    level_moments,
    state_head,
    state_logits,
)
from outcomenet.models.state_score import PARTS, StateAggregation, state_scales
from outcomenet.models.visit import Film, Visit, VisitOutput, patient_embedding
from outcomenet.models.visit_comparison import PairComparison, PairReading, changes
from outcomenet.ranges import Name, Share, check_ranges
from outcomenet.strategies import ConfoundingConfig

AUTO, FROM_CHANCE, SHIPPED = "auto", "none", "pretrained"  # values of `network.initial` that are no file


class HumanHead(StrEnum):
    """What the auxiliary SvdH head does to the encoder."""

    JOINT = "joint"  # its gradient trains the encoder too
    STOP_GRADIENT = "stop_gradient"  # it reads the encoder without changing it
    OFF = "off"


@dataclass(frozen=True)
class OutcomeNetConfig:
    """Architecture of a network; every rung of the ladder that is a network has the same."""

    encoder: CnnConfig | VitConfig = field(default_factory=CnnConfig)
    # where the encoder's numbers begin: pretrained (the weights that come with outcomenet), none (chance), a weights file; auto is
    # pretrained where the data set's crops are those of the shipped weights and `encoder` is left at its default, else none
    initial: Name = "auto"
    # learning rate of a pretrained encoder and of its states as a share of the other layers'; 0 leaves them as they are
    encoder_rate: Share = 0.0
    layer_decay: Share = 1.0  # factor of that rate from each layer to the one before it; 0: the last layer alone learns
    aggregation: Aggregation = Aggregation.AUTO
    human_head: HumanHead = HumanHead.JOINT
    pairs: PairReading = PairReading.OFF  # whether two visits' films are compared, and how
    hide_joint: Share = 0.05  # share of joints hidden at random in training
    hide_limb: Share = 0.05  # share of limbs hidden at random in training

    def __post_init__(self) -> None:
        check_ranges(self)
        if self.aggregation is Aggregation.STATES and self.initial == FROM_CHANCE:
            raise UsageError(
                "network.aggregation states sums what a pretrained network tells of each joint; with network.initial none there "
                "is no such network. Choose another aggregation, or network.initial pretrained."
            )

    @property
    def of_states(self) -> bool:
        """Whether the score is built from joint states rather than from embeddings."""
        return self.aggregation is Aggregation.STATES

    @property
    def of_pairs(self) -> bool:
        """Whether the films of two visits are compared."""
        return self.pairs is not PairReading.OFF

    @property
    def is_frozen(self) -> bool:
        """Whether the encoder stays as it was pretrained."""
        return self.initial not in (AUTO, FROM_CHANCE) and self.encoder_rate == 0

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


class FilmChange(NamedTuple):
    """Change from one film of a patient to a later one."""

    joints: JointChange  # of each joint's states
    before: Float[Array, "batch joint state 2"]  # root and share of each state on the earlier film by itself
    after: Float[Array, "batch joint state 2"]
    parts: Float[Array, "batch joint part outcome"]  # of each joint's contributions, by `state_score.PARTS`


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
        self.outcomes, self.covariates = outcomes, covariates
        width, kept = config.encoder.embedding, confounding.oa_features
        confounding.check_embedding(width)
        # covariates without a term of their own count as not given on the outcome's side
        self.has_term = tuple(name in confounding.outcome_terms for name in covariates)
        self.encoder = config.encoder.build(crop_size, rngs)
        if config.of_states:
            if kept:
                raise UsageError(
                    "confounding.oa_features keeps part of an embedding for osteoarthritis, and network.aggregation states has a part "
                    "for it already; leave one of them out."
                )
            self.states = state_head(width, rngs)
            self.aggregation = StateAggregation(len(outcomes), rngs)
            # there also where single visits are read: two films of a patient can be compared all the same
            self.films = FilmComparison(config.pairs if config.of_pairs else PairReading.PAIRED, width, rngs)
            self.comparison = None
        else:
            self.states, self.films = None, None
            self.aggregation = config.aggregation.build(width - kept, len(outcomes), rngs)
            self.comparison = PairComparison(config.pairs, width - kept, rngs) if config.of_pairs else None
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
                (len(JOINT_STATES) if config.of_states else width - kept) + len(outcomes),
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
        embeddings, metadata_loss = self._embed(visit, visit.first())
        later, years = None, None
        if self.config.of_pairs:
            later_films, years = visit.later(self.config.pairs)
            later, _ = self._embed(visit, later_films)
        oa_eta = self._osteoarthritis(embeddings)
        oa = self._mean_osteoarthritis(oa_eta, visit.visible)
        later_oa_eta = None if later is None else self._osteoarthritis(later)
        if later_oa_eta is not None and years is not None:  # a change goes with new osteoarthritis
            oa = (self._mean_osteoarthritis(later_oa_eta, visit.visible) - oa) / years
        if self.states is None:
            scored, contributions = self._of_embeddings(embeddings, later, visit.visible, years)
            parts, states, part = None, None, self._osteoarthritis_part(oa)
        else:
            scored, parts = self._of_states(embeddings, later, visit.visible, years)
            contributions, part = self._shared_out(parts)
            states = level_moments(self._levels(embeddings), LEVELS)
        score = contributions.sum(1)
        return VisitOutput(
            embeddings=embeddings if later is None or self.states is not None else scored,
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
            parts=parts,
            states=states,
            later_svdh_eta=None if later is None else self._svdh(later),
            later_osteoarthritis_eta=later_oa_eta,
        )

    def _of_embeddings(
        self, embeddings: Array, later: Array | None, visible: Array, years: Array | None
    ) -> tuple[Array, Array]:
        """What the score is built from, and the joints' contributions."""
        assert not isinstance(self.aggregation, StateAggregation)
        kept = self.confounding.oa_features
        scored = embeddings[..., kept:]
        if later is None or years is None or self.comparison is None:
            return scored, self.aggregation(scored, visible)
        scored = self.comparison(scored, later[..., kept:])
        return scored, changes(self.aggregation, scored, visible, years)

    def _of_states(
        self, embeddings: Array, later: Array | None, visible: Array, years: Array | None
    ) -> tuple[Array, Array]:
        """The same from the joints' states: roots of the shares, or their yearly change, and contributions by part."""
        assert isinstance(self.aggregation, StateAggregation)
        levels = self._levels(embeddings)
        if later is None or years is None:
            return levels @ jnp.asarray(LEVELS), self.aggregation(levels, visible)
        of_change = self._change_of_states(embeddings, later, visible)
        roots = of_change.joints.mean[..., : len(JOINT_STATES)]
        return roots / years[:, None, None], of_change.parts / years[:, None, None, None]

    def _levels(self, embeddings: Array) -> Array:
        """Probability of each level of every joint's states."""
        assert self.states is not None
        return jax.nn.softmax(state_logits(self.states, embeddings), -1)

    def film_change(self, visit: Visit) -> FilmChange:
        """What changed between a patient's films, read together, whether or not the network's outcomes are changes.

        Raises:
            UsageError: single visits came, or the score is not built from joint states.
        """
        if self.states is None:
            raise UsageError(
                "Two films are compared joint by joint where the score is built from joint states (network.aggregation states); "
                f"this network's aggregation is {self.config.aggregation}."
            )
        later_films, _ = visit.later(PairReading.PAIRED)
        earlier, later = self._embed(visit, visit.first())[0], self._embed(visit, later_films)[0]
        return self._change_of_states(earlier, later, visit.visible)

    def _change_of_states(self, earlier: Array, later: Array, visible: Array) -> FilmChange:
        assert isinstance(self.aggregation, StateAggregation)
        assert self.films is not None
        before, after = self._levels(earlier), self._levels(later)
        joints = self.films(earlier, later)
        first, last = state_scales(before), state_scales(after)
        roots = joints.mean[..., : len(JOINT_STATES)]
        if self.config.pairs in (PairReading.OFF, PairReading.SINGLE):
            # the comparison's mean takes most small changes for none, and their sum over joints is what a group is told apart by
            roots = last[..., 0] - first[..., 0]
        parts = self.aggregation.of_change(before, after, roots, visible)
        return FilmChange(joints, first, last, parts)

    def _shared_out(self, parts: Array) -> tuple[Array, Array]:
        """Contributions to the score, and what osteoarthritis adds to the outcome beside it.

        Where osteoarthritis is held fixed its part is no part of the score; else the film's whole association is.
        """
        apart = np.array([part == "oa" and self.confounding.seen_osteoarthritis for part in PARTS])
        beside = jnp.asarray(apart, parts.dtype)
        return jnp.einsum("bjpo,p->bjo", parts, 1.0 - beside), jnp.einsum("bjpo,p->bo", parts, beside)

    def embed(self, crops: Float[Array, "batch joint height width"], visible: Bool[Array, "batch joint"]) -> Array:
        """Embedding of every joint by the encoder alone; one that no longer learns reads every crop at two places.

        Args:
            crops: standardised per film.
            visible: joints that the films show.
        """
        # a hidden crop is blanked, so that nothing of it can leak through the encoder
        shown = jnp.where(visible[..., None, None], crops, 0.0)
        return settled_embeddings(self.encoder, shown) if self.config.is_frozen else self.encoder(shown)

    def _embed(self, visit: Visit, film: Film) -> Embedded:
        if film.embedded is not None:
            embeddings = film.embedded
        else:
            assert film.crops is not None
            embeddings = self.embed(film.crops, visit.visible)
        if self.config.is_frozen:  # spares the way back through it
            embeddings = jax.lax.stop_gradient(embeddings)
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
