"""The first of competing events after a film, with hazards that are constant within the intervals between films."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np

from outcomenet.arrays import Array, Float
from outcomenet.likelihoods.competing_risks import competing_risks_loss, cumulative_incidence
from outcomenet.likelihoods.first_event import CAUSES, CENSORED, FollowUp
from outcomenet.likelihoods.likelihood import OutcomeFeature
from outcomenet.likelihoods.ordinal import known
from outcomenet.losses.reduction import LossPart
from outcomenet.outcomes import OutcomeSpec

# Follow-up intervals in days after the film; hazards are constant within each.
FOLLOW_UP_EDGES = (0.0, 183.0, 366.0, 548.0, 731.0)
FOLLOW_UP_INTERVALS = len(FOLLOW_UP_EDGES) - 1


@dataclass(frozen=True)
class TimeToEvent:
    """Free numbers: a log odds per interval and cause, and in a last row how much each cause follows eta."""

    spec: OutcomeSpec

    def start(self) -> Float[np.ndarray, "row cause"]:
        # chances per half-year: 5 % for progression, 0.7 % for each of the others
        hazards = np.tile(np.array([-3.0] + [-5.0] * (len(CAUSES) - 1), np.float32), (FOLLOW_UP_INTERVALS, 1))
        return np.concatenate([hazards, np.zeros((1, len(CAUSES)), np.float32)])

    def loss(self, eta: Float[Array, "batch"], free: Float[Array, "row cause"], batch: Mapping[str, Array]) -> LossPart:
        start, end, cause = (batch[field] for field in self.spec.fields)
        mask = known(start)
        # missing rows become "censored at 0 days": harmless in value and gradient
        follow_up = FollowUp(
            entry=jnp.zeros_like(start),
            start=jnp.where(mask, start, 0.0),
            end=jnp.where(mask, end, jnp.inf),
            cause=jnp.where(mask, cause, CENSORED).astype(jnp.int32),
        )
        part = competing_risks_loss(hazard_logits(eta, free), jnp.asarray(FOLLOW_UP_EDGES, eta.dtype), follow_up)
        return LossPart(part.value, mask)

    def expected(self, eta: Float[Array, "batch"], free: Float[Array, "row cause"]) -> Float[Array, "batch"]:
        days = jnp.full(eta.shape, float(self.spec.horizon_days), eta.dtype)
        edges = jnp.asarray(FOLLOW_UP_EDGES, eta.dtype)
        return cumulative_incidence(hazard_logits(eta, free), edges, days)[:, 0]

    def variance(self, eta: Float[Array, "batch"], free: Float[Array, "row cause"]) -> Float[Array, "batch"]:
        risk = self.expected(eta, free)
        return risk * (1 - risk)

    def as_feature(self, batch: Mapping[str, Array]) -> OutcomeFeature:
        """Whether the event itself was seen at all."""
        start, _, cause = (batch[field] for field in self.spec.fields)
        return OutcomeFeature((cause == 0).astype(jnp.float32), known(start))


def hazard_logits(eta: Float[Array, "batch"], free: Float[Array, "row cause"]) -> Float[Array, "batch interval cause"]:
    """Log odds of each first event per interval: its own course, plus eta by how much the cause follows it.

    Progression follows eta fully; death and joint surgery by a learned amount, so that they may depend on the film
    less, or the other way.

    Args:
        eta: latent risk; higher for an earlier progression.
        free: log odds of each interval and cause, and in the last row how much each cause follows eta.
    """
    # fixed for progression: eta has no scale of its own otherwise
    follows = free[-1].at[0].set(1.0)
    return free[None, :-1, :] + eta[:, None, None] * follows[None, None, :]
