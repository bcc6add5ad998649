"""What trained networks say about visits, as numpy arrays with one row per visit: the border out of the JAX world."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from outcomenet.arrays import Array
from outcomenet.input_pipeline.batches import evaluation_batches
from outcomenet.input_pipeline.transforms import CovariateScale
from outcomenet.models.outcome_net import OutcomeNet, patient_embedding
from outcomenet.predictions import NetworkReading
from outcomenet.progress import Progress
from outcomenet.training.rungs import Parameters, RungNetwork, visit_of


@dataclass(frozen=True)
class FilmReader:
    """A trained network that reads examples as they are, without augmentation."""

    network: RungNetwork
    parameters: Parameters
    scale: CovariateScale
    batch_size: int

    def batches(
        self, examples: Sequence[Mapping[str, Any]]
    ) -> Iterator[tuple[Mapping[str, np.ndarray], list[tuple[str, str]], int]]:
        return evaluation_batches(examples, self.scale, batch_size=self.batch_size)

    def read(self, examples: Sequence[Mapping[str, Any]], progress: Progress | None = None) -> NetworkReading:
        return read_visits_with(self.network, self.parameters, self.batches(examples), progress)


def read_visits_with(
    network: RungNetwork,
    parameters: Parameters,
    batches: Iterable[tuple[Mapping[str, np.ndarray], list[tuple[str, str]], int]],
    progress: Progress | None = None,
) -> NetworkReading:
    """Runs a network over evaluation batches (see `batches.evaluation_batches`)."""

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
    return NetworkReading(ids=ids, members=network.members, **joined)


def _say(network: RungNetwork, parameters: Parameters, batch: Mapping[str, Array]) -> dict[str, Any]:
    """What the ensemble says: the mean of its members. Embeddings of members have nothing in common: the first one's."""
    said = network.each(lambda net: _say_of_one(net, batch), parameters)
    variance = said.pop("variance")
    whole = jax.tree.map(lambda a: a[0] if a.dtype == bool else a.mean(0), said)
    spread = {name: values.std(0) for name, values in said["outcome"].items()}
    deviation = {name: jnp.sqrt(variance[name].mean(0) + jnp.square(spread[name])) for name in spread}
    return {**whole, "embedding": said["embedding"][0], "spread": spread, "deviation": deviation}


def _say_of_one(net: OutcomeNet, batch: Mapping[str, Array]) -> dict[str, Any]:
    reading = net(visit_of(batch))
    eta = reading.outcome_eta
    values = {name: net.heads[name].expected(eta[name]) for name in net.outcomes}
    svdh = None
    if net.svdh_head is not None and reading.svdh_eta is not None:
        seen = batch["visible"][:, np.asarray(net.svdh_head.joint)]
        grades = net.svdh_head.expected(reading.svdh_eta)
        if reading.later_svdh_eta is not None:
            grades = (net.svdh_head.expected(reading.later_svdh_eta) - grades) / batch["years"][:, None]
        svdh = jnp.where(seen, grades, jnp.nan)
    return {
        "visible": batch["visible"],
        "outcome": values,
        "variance": {name: net.heads[name].variance(eta[name]) for name in net.outcomes},
        "contributions": reading.contributions,
        "osteoarthritis": reading.osteoarthritis,
        "osteoarthritis_grades": net.osteoarthritis_head.expected(reading.osteoarthritis_eta),
        "embedding": patient_embedding(reading.embeddings, batch["visible"]),
        "svdh": svdh,
        "score": {name: reading.score[:, i] for i, name in enumerate(net.outcomes)},
    }
