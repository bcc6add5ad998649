"""What trained networks say about visits, as numpy arrays with one row per visit: the border out of the JAX world."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from outcomenet.arrays import Array, Bool, Float
from outcomenet.losses.heads import FOLLOW_UP_EDGES
from outcomenet.losses.ordinal import grid_probabilities
from outcomenet.losses.survival import event_probability
from outcomenet.models.outcome_net import patient_embedding
from outcomenet.outcomes import OutcomeKind, outcome
from outcomenet.progress import Progress
from outcomenet.training.rungs import Parameters, RungNetwork, visit_of


@dataclass(frozen=True)
class NetworkReading:
    """Rows are visits in the order of `ids`. Higher always means worse."""

    ids: list[tuple[str, str]]
    visible: Bool[np.ndarray, "visit joint"]
    outcome: dict[str, Float[np.ndarray, "visit"]]  # expected value, or probability of the event at the horizon
    contributions: Float[np.ndarray, "visit joint outcome"]
    osteoarthritis: Float[np.ndarray, "visit"]
    osteoarthritis_grades: Float[np.ndarray, "visit kl_site"]  # expected Kellgren-Lawrence grade of each site
    embedding: Float[np.ndarray, "visit feature"]
    svdh: Float[np.ndarray, "visit svdh_site"] | None  # expected grades, NaN where the joint is not visible
    score: dict[str, Float[np.ndarray, "visit"]]  # the film's part of each outcome on its latent scale


def read_visits_with(
    network: RungNetwork,
    parameters: Parameters,
    batches: Iterable[tuple[Mapping[str, np.ndarray], list[tuple[str, str]], int]],
    progress: Progress | None = None,
) -> NetworkReading:
    """Runs a network over evaluation batches (see `input_pipeline.evaluation_batches`)."""

    @jax.jit
    def read(params: Parameters, batch: Mapping[str, Array]) -> dict[str, Any]:
        return _say(network, params, batch)

    ids: list[tuple[str, str]] = []
    rows: list[dict[str, Any]] = []
    for batch, names, real in batches:
        said = jax.device_get(read(parameters, dict(batch)))
        rows.append(jax.tree.map(lambda a, real=real: np.asarray(a)[:real], said))
        ids += names
        if progress is not None:
            progress.advance(real)
    joined = jax.tree.map(lambda *parts: np.concatenate(parts), *rows)
    return NetworkReading(ids=ids, **joined)


def _say(network: RungNetwork, parameters: Parameters, batch: Mapping[str, Array]) -> dict[str, Any]:
    net = network.merge(parameters)
    reading = net(visit_of(batch))
    values = {}
    for name in net.outcomes:
        spec, eta = outcome(name), reading.outcome_eta[name]
        if spec.kind is OutcomeKind.BOUNDED_ORDINAL:
            cuts = net.heads[name].thresholds()
            grid = jnp.linspace(spec.lower, spec.upper, cuts.shape[0] + 1)
            values[name] = grid_probabilities(eta, cuts) @ grid
        else:
            values[name] = event_probability(eta, jnp.asarray(FOLLOW_UP_EDGES, eta.dtype), float(spec.horizon_days))
    svdh = None
    if net.svdh_head is not None and reading.svdh_eta is not None:
        seen = batch["visible"][:, np.asarray(net.svdh_head.joint)]
        svdh = jnp.where(seen, net.svdh_head.expected(reading.svdh_eta), jnp.nan)
    return {
        "visible": batch["visible"],
        "outcome": values,
        "contributions": reading.contributions,
        "osteoarthritis": reading.osteoarthritis,
        "osteoarthritis_grades": net.osteoarthritis_head.expected(reading.osteoarthritis_eta),
        "embedding": patient_embedding(reading.embeddings, batch["visible"]),
        "svdh": svdh,
        "score": {name: reading.score[:, i] for i, name in enumerate(net.outcomes)},
    }
