"""Input and output of the outcome network for a batch of visits, or of pairs of visits."""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp

from outcomenet.arrays import Array, Bool, Float
from outcomenet.errors import UsageError
from outcomenet.losses.reduction import LossPart


class Film(NamedTuple):
    """Crops of a batch of visits, or their embeddings where these were made before."""

    crops: Float[Array, "batch joint height width"] | None
    embedded: Float[Array, "batch joint feature"] | None = None


class Visit(NamedTuple):
    """What the network sees of a batch of visits, or of pairs of visits (then a joint is visible if both films show it)."""

    crops: Float[Array, "batch joint height width"] | None  # standardised per film; None: `embedded` is there
    visible: Bool[Array, "batch joint"]
    covariates: Float[Array, "batch covariate"]  # standardised, 0 where missing
    observed: Bool[Array, "batch covariate"]
    later_crops: Float[Array, "batch joint height width"] | None = None
    years: Float[Array, "batch"] | None = None  # between the two visits
    # what an encoder that no longer learns made of the crops, once for all steps
    embedded: Float[Array, "batch joint feature"] | None = None
    later_embedded: Float[Array, "batch joint feature"] | None = None

    def first(self) -> Film:
        """The films, or what they are embedded as."""
        return Film(self.crops, self.embedded)

    def later(self, mode: str) -> tuple[Film, Float[Array, "batch"]]:
        """Films of the later visits, and the years between.

        Args:
            mode: how the network compares the two, for the message.

        Raises:
            UsageError: these are single visits.
        """
        if (self.later_crops is None and self.later_embedded is None) or self.years is None:
            raise UsageError(f"network.pairs is {mode}: it compares pairs of visits, and one visit came.")
        return Film(self.later_crops, self.later_embedded), self.years


class VisitOutput(NamedTuple):
    """The network's output for a batch of visits. Every score and eta rises with disease.

    Of a pair, embeddings, contributions and score are those of the yearly change; grades are of each film.
    """

    embeddings: Float[Array, "batch joint feature"]
    # what the score is built from: states, or embeddings without what is kept for osteoarthritis
    scored: Float[Array, "batch joint scored"]
    contributions: Float[Array, "batch joint outcome"]
    score: Float[Array, "batch outcome"]  # sum of the contributions: the film's part of each outcome
    outcome_eta: dict[str, Float[Array, "batch"]]
    # mean expected Kellgren-Lawrence grade of the visible joints, 0-4; of a pair its yearly change
    osteoarthritis: Float[Array, "batch"]
    osteoarthritis_eta: Float[Array, "batch kl_site"]
    osteoarthritis_part: Float[Array, "batch outcome"]  # of each outcome's eta: visible, and can be taken off
    svdh_eta: Float[Array, "batch svdh_site"] | None
    parts: (
        Float[Array, "batch joint part outcome"] | None
    )  # contributions by `state_score.PARTS`, where states are summed
    # of a visit: mean and SD of the root of each joint's share, by `joint_states.JOINT_STATES`, where states are summed
    states: Float[Array, "batch joint state 2"] | None
    metadata_loss: LossPart | None  # of the regression of the embedding on confounders, where there is one
    later_svdh_eta: Float[Array, "batch svdh_site"] | None = None
    later_osteoarthritis_eta: Float[Array, "batch kl_site"] | None = None


def patient_embedding(
    embeddings: Float[Array, "batch joint feature"], visible: Bool[Array, "batch joint"]
) -> Float[Array, "batch feature"]:
    """Mean embedding of the visible joints.

    Args:
        embeddings: of every joint.
        visible: joints that the films show.

    Returns:
        Zeros for a visit without any.
    """
    weight = visible[..., None].astype(embeddings.dtype)
    return (embeddings * weight).sum(1) / jnp.maximum(weight.sum(1), 1.0)
