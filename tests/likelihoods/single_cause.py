"""An independent, simpler likelihood of one event, to check the competing-risks loss against: discrete-time hazards for
an event known only between two films, or not seen until the last one.

Follow-up time from the film is cut into intervals; `hazard_logits[k]` is the log odds that the event falls into
interval k given that it did not fall before. Within an interval the hazard rate is constant, so log-survival is
linear in time and a film may lie anywhere. With L the last film without the event and R the first with it, an
example contributes log(S(L) - S(R)); without an event it contributes log S(L) (Finkelstein, Biometrics 1986; Tutz &
Schmid, Modeling Discrete Time-to-Event Data, 2016).
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

from outcomenet.arrays import Array, Float


def log_survival(
    hazard_logits: Float[Array, "batch interval"], edges: Float[Array, "edge"], days: Float[Array, "batch"]
) -> Float[Array, "batch"]:
    """log P(no event until `days`); `edges` are the intervals' bounds in days, one more than intervals, first 0.

    Beyond the last edge the survival stays at its last value: the model says nothing there.
    """
    start, end = edges[:-1], edges[1:]
    elapsed = jnp.clip((days[:, None] - start[None, :]) / (end - start)[None, :], 0.0, 1.0)
    return -(jax.nn.softplus(hazard_logits) * elapsed).sum(-1)


def interval_censored_negative_log_likelihood(
    hazard_logits: Float[Array, "batch interval"],
    edges: Float[Array, "edge"],
    start: Float[Array, "batch"],
    end: Float[Array, "batch"],
) -> Float[Array, "batch"]:
    """Negative log-likelihood of the event lying in (start, end] days; `end` infinite = not seen until `start`.

    An `end` beyond the last edge says only that there was no event until `start`. A censoring at 0 days carries no
    information and costs 0. NaN must be masked by the caller.
    """
    before = log_survival(hazard_logits, edges, start)
    seen = end <= edges[-1]
    until = log_survival(hazard_logits, edges, jnp.where(seen, end, edges[-1]))
    drop = jnp.where(seen, jnp.minimum(until - before, -1e-7), -1.0)
    return -(before + jnp.where(seen, jnp.log(-jnp.expm1(drop)), 0.0))


def event_probability(
    hazard_logits: Float[Array, "batch interval"], edges: Float[Array, "edge"], days: float
) -> Float[Array, "batch"]:
    """P(event within `days` of the film); rises towards the event."""
    at = jnp.full(hazard_logits.shape[:1], days, hazard_logits.dtype)
    return -jnp.expm1(log_survival(hazard_logits, edges, at))
