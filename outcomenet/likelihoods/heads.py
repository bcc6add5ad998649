"""From a head's eta and its free numbers to the loss of an outcome and to what it predicts, kind by kind."""

from __future__ import annotations

from collections.abc import Mapping

import jax.numpy as jnp
import numpy as np

from outcomenet.arrays import Array, Float
from outcomenet.likelihoods.change import change_distribution, change_loss, change_variance, expected_change
from outcomenet.likelihoods.competing_risks import competing_risks_loss, cumulative_incidence
from outcomenet.likelihoods.follow_up import CAUSES, CENSORED, FollowUp
from outcomenet.likelihoods.haq_categories import (
    CATEGORY_COUNT,
    expected_category_scores,
    expected_index,
    haq_category_loss,
    index_probabilities,
    unit_loadings,
)
from outcomenet.likelihoods.inflated import expected_value, inflated_loss, inflated_parameters, value_variance
from outcomenet.likelihoods.ordinal import (
    bounded_negative_log_likelihood,
    grade_negative_log_likelihood,
    grid_probabilities,
    increasing_thresholds,
    known,
)
from outcomenet.losses.objective import LossPart
from outcomenet.outcomes import OutcomeKind, OutcomeSpec

# Follow-up intervals in days after the film; hazards are constant within each.
FOLLOW_UP_EDGES = (0.0, 183.0, 366.0, 548.0, 731.0)
FOLLOW_UP_INTERVALS = len(FOLLOW_UP_EDGES) - 1
_STEP_START = -1.5  # softplus: steps of about 0.2 on the latent scale


def free_numbers(spec: OutcomeSpec) -> Float[np.ndarray, "*shape"]:
    """Where the unconstrained numbers of an outcome's distribution start, before the warm start.

    Bounded: thresholds. Inflated and change: see their modules. Categories: three thresholds and a loading for each.
    Time to event: a log odds per interval and cause, and in a last row how much each cause follows eta.
    """
    if spec.kind is OutcomeKind.BOUNDED_ORDINAL:
        steps = round((spec.upper - spec.lower) / spec.step)
        return np.array([-2.0] + [_STEP_START] * (steps - 1), np.float32)
    if spec.kind is OutcomeKind.INFLATED:
        return np.array([-3.0, 6.0, -0.5, 0.5, 0.5], np.float32)
    if spec.kind is OutcomeKind.CHANGE:
        # location, slope and scale in steps of the outcome's grid; the latter two through a softplus
        slope, scale = (np.log(np.expm1(steps * spec.step)) for steps in (2.6, 4.3))
        return np.array([2 * spec.step, slope, scale, 0.5], np.float32)
    if spec.kind is OutcomeKind.CATEGORIES:
        return np.tile(np.array([-1.0, 1.0, 1.0, 0.0], np.float32), (CATEGORY_COUNT, 1))
    hazards = np.tile(np.array([-3.0] + [-5.0] * (len(CAUSES) - 1), np.float32), (FOLLOW_UP_INTERVALS, 1))
    return np.concatenate([hazards, np.zeros((1, len(CAUSES)), np.float32)])


def outcome_loss(
    spec: OutcomeSpec, eta: Float[Array, "batch"], free: Float[Array, "*shape"], batch: Mapping[str, Array]
) -> LossPart:
    """Negative log-likelihood per visit of one outcome; `batch` holds its `spec.fields`, NaN where missing."""
    targets = [batch[field] for field in spec.fields]
    if spec.kind is OutcomeKind.TIME_TO_EVENT:
        return _follow_up_loss(eta, free, *targets)
    if spec.kind is OutcomeKind.CATEGORIES:
        return _category_loss(eta, free, jnp.stack(targets, -1))
    value, width = targets
    if spec.kind is OutcomeKind.INFLATED:
        return inflated_loss(eta, inflated_parameters(free), value, width, bounds=(spec.lower, spec.upper))
    if spec.kind is OutcomeKind.CHANGE:
        return change_loss(change_distribution(eta, free), value, width)
    mask = known(value) & known(width)
    value, width = jnp.where(mask, value, spec.lower), jnp.where(mask, width, spec.step / 2)
    cuts = increasing_thresholds(free)
    return LossPart(bounded_negative_log_likelihood(eta, cuts, value, width, bounds=(spec.lower, spec.upper)), mask)


def expected_outcome(
    spec: OutcomeSpec, eta: Float[Array, "batch"], free: Float[Array, "*shape"]
) -> Float[Array, "batch"]:
    """Expected value in the outcome's unit, or the event's cumulative incidence at the horizon; rises with eta."""
    if spec.kind is OutcomeKind.TIME_TO_EVENT:
        days = jnp.full(eta.shape, float(spec.horizon_days), eta.dtype)
        edges = jnp.asarray(FOLLOW_UP_EDGES, eta.dtype)
        return cumulative_incidence(hazard_logits(eta, free), edges, days)[:, 0]
    if spec.kind is OutcomeKind.CATEGORIES:
        return expected_index(
            expected_category_scores(eta, increasing_thresholds(free[:, :-1]), unit_loadings(free[:, -1]))
        )
    if spec.kind is OutcomeKind.INFLATED:
        return expected_value(eta, inflated_parameters(free), bounds=(spec.lower, spec.upper))
    if spec.kind is OutcomeKind.CHANGE:
        return expected_change(change_distribution(eta, free))
    cuts = increasing_thresholds(free)
    return grid_probabilities(eta, cuts) @ jnp.linspace(spec.lower, spec.upper, cuts.shape[0] + 1)


def outcome_variance(
    spec: OutcomeSpec, eta: Float[Array, "batch"], free: Float[Array, "*shape"]
) -> Float[Array, "batch"]:
    """Variance of the outcome itself, in its unit squared, as one network says it: what no more films would take away."""
    if spec.kind is OutcomeKind.TIME_TO_EVENT:
        risk = expected_outcome(spec, eta, free)
        return risk * (1 - risk)
    if spec.kind is OutcomeKind.INFLATED:
        return value_variance(eta, inflated_parameters(free), bounds=(spec.lower, spec.upper))
    if spec.kind is OutcomeKind.CHANGE:
        return change_variance(change_distribution(eta, free))
    if spec.kind is OutcomeKind.CATEGORIES:
        points = index_probabilities(eta, increasing_thresholds(free[:, :-1]), unit_loadings(free[:, -1]))
    else:
        points = grid_probabilities(eta, increasing_thresholds(free))
    grid = jnp.linspace(spec.lower, spec.upper, points.shape[-1])
    mean = points @ grid
    return (points * jnp.square(grid[None, :] - mean[:, None])).sum(-1)


def hazard_logits(eta: Float[Array, "batch"], free: Float[Array, "row cause"]) -> Float[Array, "batch interval cause"]:
    """Log odds of each first event per interval: its own course, plus eta by how much the cause follows it.

    Progression follows eta fully; death and joint surgery by a learned amount, so that they may depend on the film
    less, or the other way.
    """
    follows = free[-1].at[0].set(1.0)
    return free[None, :-1, :] + eta[:, None, None] * follows[None, None, :]


def _follow_up_loss(eta: Array, free: Array, start: Array, end: Array, cause: Array) -> LossPart:
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


def _category_loss(eta: Array, free: Array, scores: Array) -> LossPart:
    """Per visit: the mean over its answered categories, so that every visit counts the same."""
    grades = jnp.where(known(scores), scores, -1.0).astype(jnp.int32)
    part = haq_category_loss(eta, increasing_thresholds(free[:, :-1]), grades, unit_loadings(free[:, -1]))
    answered = part.mask.sum(-1)
    total = jnp.where(part.mask, part.value, 0.0).sum(-1)
    return LossPart(total / jnp.maximum(answered, 1), answered > 0)


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
