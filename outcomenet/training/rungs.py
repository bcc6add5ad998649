"""The networks of the ladder that are trained side by side: built once, split once, carried as plain dictionaries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jax
from flax import nnx

from outcomenet.arrays import Array
from outcomenet.confounding import NO_HANDLING, ConfoundingConfig
from outcomenet.models.outcome_net import OutcomeNet, OutcomeNetConfig, Reading, Visit

Parameters = dict[str, Any]

# The rungs of the ladder that are networks, and whether they handle confounders as the experiment says.
NETWORK_RUNGS = {"direct": False, "direct_adjusted": True}


@dataclass(frozen=True)
class RungNetwork:
    """One network's structure without its numbers; calling it merges the two inside a traced function."""

    confounding: ConfoundingConfig
    graph: nnx.GraphDef
    structure: Any

    def merge(self, parameters: Parameters) -> OutcomeNet:
        leaves = jax.tree.leaves(parameters)
        return nnx.merge(self.graph, jax.tree.unflatten(self.structure, leaves))

    def __call__(self, parameters: Parameters, visit: Visit) -> Reading:
        return self.merge(parameters)(visit)


@dataclass(frozen=True)
class NetworkShape:
    """What a network's size depends on besides its configuration."""

    crop_size: int
    outcomes: tuple[str, ...]
    covariates: tuple[str, ...]
    readers: int


def build_networks(
    rungs: Sequence[str], config: OutcomeNetConfig, confounding: ConfoundingConfig, shape: NetworkShape, seed: int
) -> tuple[dict[str, RungNetwork], dict[str, Parameters]]:
    """Structures and initial parameters of every rung; all have one architecture and start from the same seed."""
    networks, parameters = {}, {}
    for name in rungs:
        handled = confounding if NETWORK_RUNGS[name] else NO_HANDLING
        net = config.build(
            confounding=handled,
            crop_size=shape.crop_size,
            outcomes=shape.outcomes,
            covariates=shape.covariates,
            readers=shape.readers,
            seed=seed,
        )
        graph, state = nnx.split(net, nnx.Param)
        networks[name] = RungNetwork(handled, graph, jax.tree.structure(state))
        parameters[name] = nnx.to_pure_dict(state)
    return networks, parameters


def visit_of(batch: Mapping[str, Array]) -> Visit:
    """The part of a batch that a network sees."""
    return Visit(
        batch["crops"],
        batch["visible"],
        batch["covariates"],
        batch["observed"],
        batch.get("later_crops"),
        batch.get("years"),
    )
