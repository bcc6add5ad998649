"""The networks of the ladder that are trained side by side: built once, split once, carried as plain dictionaries."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jax
from flax import nnx

from outcomenet.arrays import Array
from outcomenet.models.outcome_net import OutcomeNet, OutcomeNetConfig, Visit
from outcomenet.predictors import PREDICTORS
from outcomenet.strategies import NO_HANDLING, ConfoundingConfig
from outcomenet.training.ensemble import over_members, stacked

Parameters = dict[str, Any]


@dataclass(frozen=True)
class RungNetwork:
    """One network's structure without its numbers, which may be those of an ensemble's `members` (see `ensemble`)."""

    confounding: ConfoundingConfig
    graph: nnx.GraphDef
    structure: Any
    members: int = 1

    def merge(self, parameters: Parameters) -> OutcomeNet:
        """The network of one member's parameters, inside a traced function."""
        leaves = jax.tree.leaves(parameters)
        return nnx.merge(self.graph, jax.tree.unflatten(self.structure, leaves))

    def each(self, say: Callable[[OutcomeNet], Any], parameters: Parameters) -> Any:
        """What `say` gives of every member, along a leading axis of `members`, 1 included."""
        said = over_members(lambda own: say(self.merge(own)), self.members)(parameters)
        return jax.tree.map(lambda a: a[None], said) if self.members == 1 else said


@dataclass(frozen=True)
class NetworkShape:
    """What a network's size depends on besides its configuration."""

    crop_size: int
    outcomes: tuple[str, ...]
    covariates: tuple[str, ...]
    readers: int


def build_networks(
    rungs: Sequence[str],
    config: OutcomeNetConfig,
    confounding: ConfoundingConfig,
    shape: NetworkShape,
    seed: int,
    members: int = 1,
) -> tuple[dict[str, RungNetwork], dict[str, Parameters]]:
    """Structures and initial parameters of every rung; all have one architecture and start from the same seed, the
    members of an ensemble from that and the following ones."""
    networks, parameters = {}, {}
    for name in rungs:
        handled = confounding if PREDICTORS[name].is_adjusted else NO_HANDLING
        split = [nnx.split(_built(config, handled, shape, seed + k), nnx.Param) for k in range(members)]
        graph, state = split[0]
        networks[name] = RungNetwork(handled, graph, jax.tree.structure(state), members)
        parameters[name] = stacked([nnx.to_pure_dict(own) for _, own in split])
    return networks, parameters


def _built(config: OutcomeNetConfig, handled: ConfoundingConfig, shape: NetworkShape, seed: int) -> OutcomeNet:
    return config.build(
        confounding=handled,
        crop_size=shape.crop_size,
        outcomes=shape.outcomes,
        covariates=shape.covariates,
        readers=shape.readers,
        seed=seed,
    )


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
