"""The parts of the loss of one network on one batch: every outcome, the osteoarthritis head, the human head."""

from __future__ import annotations

from collections.abc import Mapping

import jax.numpy as jnp

from outcomenet.arrays import Array
from outcomenet.losses.objective import LossPart
from outcomenet.losses.ordinal import bounded_negative_log_likelihood, grade_negative_log_likelihood, known
from outcomenet.losses.survival import interval_censored_negative_log_likelihood
from outcomenet.outcomes import OutcomeKind, OutcomeSpec

# Follow-up intervals in days after the film; hazards are constant within each.
FOLLOW_UP_EDGES = (0.0, 183.0, 366.0, 548.0, 731.0)
FOLLOW_UP_INTERVALS = len(FOLLOW_UP_EDGES) - 1


def outcome_loss(spec: OutcomeSpec, eta: Array, cuts: Array, batch: Mapping[str, Array]) -> LossPart:
    """Negative log-likelihood per visit of one outcome; `cuts` are the head's thresholds (bounded outcomes only)."""
    if spec.kind is OutcomeKind.TIME_TO_EVENT:
        start, end = batch[f"{spec.name}_start"], batch[f"{spec.name}_end"]
        mask = known(start)
        # missing rows become "censored at 0 days": harmless in value and gradient
        start, end = jnp.where(mask, start, 0.0), jnp.where(mask, end, jnp.inf)
        edges = jnp.asarray(FOLLOW_UP_EDGES, eta.dtype)
        return LossPart(interval_censored_negative_log_likelihood(eta, edges, start, end), mask)
    value, width = batch[spec.name], batch[f"{spec.name}_half_width"]
    mask = known(value) & known(width)
    value, width = jnp.where(mask, value, spec.lower), jnp.where(mask, width, spec.step / 2)
    loss = bounded_negative_log_likelihood(eta, cuts, value, width, bounds=(spec.lower, spec.upper))
    return LossPart(loss, mask)


def grade_loss(eta: Array, thresholds: Array, grades: Array, visible: Array) -> LossPart:
    """Negative log-likelihood per visit (reader) and site; sites of joints that were not seen do not count.

    `eta` [batch, site], `grades` [batch, site] or [batch, reader, site] with -1 missing, `visible` [batch, site].
    """
    if grades.ndim == 3:
        eta, visible = eta[:, None], visible[:, None]
    eta = jnp.broadcast_to(eta, grades.shape)
    thresholds = jnp.broadcast_to(thresholds, (*grades.shape, thresholds.shape[-1]))
    mask = (grades >= 0) & jnp.broadcast_to(visible, grades.shape)
    return LossPart(grade_negative_log_likelihood(eta, thresholds, grades), mask)
