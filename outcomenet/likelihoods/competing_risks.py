"""Time to the first of several competing events in discrete time: progression, death, joint surgery.

In interval m the chances of each cause, and of none, are a multinomial logit: P(cause k | no event before) =
exp(z_mk) / (1 + sum_j exp(z_mj)) (Tutz & Schmid, Modeling Discrete Time-to-Event Data, 2016, ch. 8). Within an
interval all hazards are constant: the total rate per interval is L_m = log(1 + sum_j exp(z_mj)) and
cause k has the share softmax(z_m)_k of it. Hence, with S the chance of no event of any kind and F_k the cumulative
incidence, dF_k = S share_mk L_m dt. A patient free of events at entry E contributes (Mao, Lin & Zeng, Biometrics 2017)

    censored at L:               S(L) / S(E)
    cause k known in (L, R]:     [F_k(R) - F_k(L)] / S(E),  F_k(R) - F_k(L) the integral of dF_k over (L, R]

What is known at L is that no event of any kind happened. A higher logit of a cause means an earlier event of it.

First events only: a death is counted as one without progression. Between the last film and the death progression may
have come unseen, so that the model puts a little too little on it (Joly et al., Biostatistics 2002): of the order of
the rate of death times half the gap between films, 1 % of the progressions at 2 deaths in 100 years and yearly films.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax.scipy.special import logsumexp

from outcomenet.arrays import Array, Float
from outcomenet.errors import UsageError
from outcomenet.likelihoods.first_event import CENSORED, FollowUp
from outcomenet.likelihoods.ordinal import known
from outcomenet.losses.reduction import LossPart

ONE_DAY = 1.0
NOTHING = -1e30  # log of a probability of 0; minus infinity would make NaN gradients


def competing_risks_loss(
    hazard_logits: Float[Array, "batch interval cause"], edges: Float[Array, "edge"], follow_up: FollowUp
) -> LossPart:
    """Negative log-likelihood of each patient's first event.

    An event on a known day (end = start) has the chance of that day. An end beyond the last edge says only that there
    was no event until `start`.

    Args:
        hazard_logits: log odds of each cause against no event in each interval; higher for an earlier event.
        edges: of the intervals in days, rising, the first 0.
        follow_up: what is known of each patient.

    Returns:
        A value per patient; rows with a NaN day are masked.

    Raises:
        UsageError: there is not one edge more than intervals.
    """
    _check_edges(hazard_logits, edges)
    mask = known(follow_up.entry) & known(follow_up.start) & known(follow_up.end)
    # missing rows become "censored on the day of entry": harmless in value and gradient
    entry, start = jnp.where(mask, follow_up.entry, 0.0), jnp.where(mask, follow_up.start, 0.0)
    seen = mask & (follow_up.cause != CENSORED) & (follow_up.end <= edges[-1])
    end = jnp.where(seen, follow_up.end, edges[-1])
    # an event on a known day lies in the day that ends then
    start = jnp.maximum(jnp.where(seen, jnp.minimum(start, end - ONE_DAY), start), entry)

    total = logsumexp(hazard_logits, -1)
    free = -(jax.nn.softplus(total) * shares_of_intervals(edges, entry, start)).sum(-1)
    # censored rows look cause 0 up, and `seen` takes it out again
    cause = jnp.clip(follow_up.cause, 0, hazard_logits.shape[-1] - 1)
    of_cause = jnp.take_along_axis(hazard_logits, cause[:, None, None], -1)[..., 0] - total
    event = _log_event_probability(total, of_cause, shares_of_intervals(edges, start, end))
    return LossPart(-(free + jnp.where(seen, event, 0.0)), mask)


def cumulative_incidence(
    hazard_logits: Float[Array, "batch interval cause"],
    edges: Float[Array, "edge"],
    days: Float[Array, "batch"],
    entry: Float[Array, "batch"] | None = None,
) -> Float[Array, "batch cause"]:
    """P(first event is the cause and comes by a day | no event until entry).

    The causes' incidences and `event_free_probability` sum to 1.

    Args:
        hazard_logits: log odds of each cause against no event in each interval.
        edges: of the intervals in days, rising, the first 0.
        days: that are asked about.
        entry: the day since when the patient was watched; None: the day of the film.

    Returns:
        Probabilities that never fall with `days` and stay as they are after the last edge.

    Raises:
        UsageError: there is not one edge more than intervals.
    """
    _check_edges(hazard_logits, edges)
    share = shares_of_intervals(edges, jnp.zeros_like(days) if entry is None else entry, days)
    total = logsumexp(hazard_logits, -1)
    drop = jax.nn.softplus(total) * share
    of_interval = jnp.exp(drop - jnp.cumsum(drop, -1)) * -jnp.expm1(-drop)
    return (of_interval[..., None] * jax.nn.softmax(hazard_logits, -1)).sum(1)


def event_free_probability(
    hazard_logits: Float[Array, "batch interval cause"],
    edges: Float[Array, "edge"],
    days: Float[Array, "batch"],
    entry: Float[Array, "batch"] | None = None,
) -> Float[Array, "batch"]:
    """P(no event of any kind by a day | none until entry).

    Args:
        hazard_logits: log odds of each cause against no event in each interval.
        edges: of the intervals in days, rising, the first 0.
        days: that are asked about.
        entry: the day since when the patient was watched; None: the day of the film.

    Raises:
        UsageError: there is not one edge more than intervals.
    """
    _check_edges(hazard_logits, edges)
    share = shares_of_intervals(edges, jnp.zeros_like(days) if entry is None else entry, days)
    return jnp.exp(-(jax.nn.softplus(logsumexp(hazard_logits, -1)) * share).sum(-1))


def shares_of_intervals(
    edges: Float[Array, "edge"], start: Float[Array, "batch"], end: Float[Array, "batch"]
) -> Float[Array, "batch interval"]:
    """The share of every interval that lies within a patient's days.

    Args:
        edges: of the intervals in days, rising.
        start: day that is no longer counted.
        end: last day that is.

    Returns:
        0 to 1.
    """
    low, high = edges[None, :-1], edges[None, 1:]
    overlap = jnp.minimum(end[:, None], high) - jnp.maximum(start[:, None], low)
    return jnp.maximum(overlap, 0.0) / (high - low)


def _check_edges(hazard_logits: Array, edges: Array) -> None:
    """Refuses edges of another follow-up before they are stretched over the intervals."""
    if len(edges) != hazard_logits.shape[1] + 1:
        raise UsageError(
            f"{hazard_logits.shape[1]} intervals of hazard lie between {hazard_logits.shape[1] + 1} edges; got "
            f"{len(edges)} edges. Build the head with as many intervals as the follow-up has."
        )


def _log_event_probability(total: Array, log_share: Array, window: Array) -> Array:
    """log P(event of the cause within the window | none before it), summed over the intervals it touches.

    log(1 - exp(-x)) is log x - x / 2 where the drop x of log-survival is small, so that rare events keep their digits.
    """
    touched = window > 0
    window = jnp.where(touched, window, 1.0)
    # below -15 softplus is exp to float32's last digit; further down it would be 0 and its log infinite
    log_rate = jnp.where(total < -15.0, total, jnp.log(jax.nn.softplus(jnp.maximum(total, -15.0))))
    drop = jax.nn.softplus(total) * window
    # the next term of the series, x^2 / 24, is then below float32's last digit
    small = drop < 1e-3
    event = jnp.where(small, log_rate + jnp.log(window) - drop / 2, jnp.log(-jnp.expm1(-jnp.where(small, 1.0, drop))))
    drop = jnp.where(touched, drop, 0.0)
    before = jnp.cumsum(drop, -1) - drop
    return logsumexp(jnp.where(touched, event + log_share - before, NOTHING), -1)
