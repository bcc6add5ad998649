"""Starts each outcome head where the covariates alone leave it, so that the film has to explain only the rest.

Thresholds, baseline hazards and outcome-side terms are fitted on the training visits with a film score of zero, by
full-batch Adam on the same likelihood as in training. This is an ordinary ordinal (or discrete-hazard) regression.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import jax
import jax.numpy as jnp
import numpy as np
import optax

from outcomenet.arrays import Shaped
from outcomenet.likelihoods.registry import likelihood_of
from outcomenet.losses.reduction import masked_mean
from outcomenet.models.heads import OutcomeHead
from outcomenet.outcomes import outcome
from outcomenet.training.rungs import Parameters, RungNetwork

STEPS = 400
LEARNING_RATE = 0.05  # at its start; a cosine takes it to 0, so that full-batch Adam settles
RIDGE = 1e-3  # keeps a covariate without any contrast where it is

HeadValues = dict[str, jax.Array]  # of an outcome head, by the names of its parameters


def warm_start(
    network: RungNetwork, parameters: Parameters, table: Mapping[str, Shaped[np.ndarray, "visit ..."]]
) -> Parameters:
    """Parameters with every outcome head fitted to the covariates alone; all members of an ensemble start from the same fit.

    Args:
        network: its structure.
        parameters: before training.
        table: of the training visits: `covariates` (standardised, 0 where missing), `observed`, and the outcomes' fields.
    """
    first = jax.tree.map(lambda a: a[0], parameters) if network.members > 1 else parameters
    net = network.merge(first)
    fitted = {name: _fit(net.heads[name], name, net.has_term, table) for name in net.outcomes}
    shape = (network.members,) if network.members > 1 else ()
    before = cast(Mapping[str, HeadValues], parameters["heads"])
    heads = {
        name: before[name] | {key: jnp.broadcast_to(a, (*shape, *a.shape)) for key, a in values.items()}
        for name, values in fitted.items()
    }
    return {**parameters, "heads": heads}


def _fit(head: OutcomeHead, name: str, has_term: tuple[bool, ...], table: Mapping[str, np.ndarray]) -> HeadValues:
    likelihood = likelihood_of(outcome(name))
    batch = {key: jnp.asarray(value) for key, value in table.items()}
    zero = jnp.zeros(batch["covariates"].shape[0])
    used = jnp.asarray(has_term, bool)[None, :]
    # as in the network: a covariate without a term counts as observed, and its value as 0
    covariates, observed = jnp.where(used, batch["covariates"], 0.0), batch["observed"] | ~used
    start = {"free": head.free[...], "terms": head.terms[...], "missing_terms": head.missing_terms[...]}

    def loss(values: HeadValues) -> jax.Array:
        eta = covariates @ values["terms"] + (~observed).astype(zero.dtype) @ values["missing_terms"]
        part = likelihood.loss(eta, values["free"], batch)
        penalty = sum((values[key] ** 2).sum() for key in ("terms", "missing_terms"))
        return masked_mean(part) + RIDGE * penalty

    optimiser = optax.adam(optax.cosine_decay_schedule(LEARNING_RATE, STEPS))

    def update(_: int, carry: tuple[HeadValues, optax.OptState]) -> tuple[HeadValues, optax.OptState]:
        values, state = carry
        change, state = optimiser.update(jax.grad(loss)(values), state)
        return cast(HeadValues, optax.apply_updates(values, change)), state

    values, _ = jax.jit(lambda v: jax.lax.fori_loop(0, STEPS, update, (v, optimiser.init(v))))(start)
    return values
