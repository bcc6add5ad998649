"""The networks of the ladder that are trained side by side: their structures, and their parameters as plain dictionaries."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import jax
from flax import nnx

from outcomenet.arrays import Array, Shaped
from outcomenet.models.encoders.encoder import Encoder
from outcomenet.models.outcome_net import AUTO, FROM_CHANCE, OutcomeNet, OutcomeNetConfig
from outcomenet.models.visit import Visit
from outcomenet.predictors import PREDICTORS
from outcomenet.strategies import NO_HANDLING, ConfoundingConfig
from outcomenet.training.ensemble import over_members, stacked

# Arrays of one network by their path, nested as its modules are; of an ensemble with a leading axis for the members.
Parameters = dict[str, object]
# Parts of a network that keep their meaning only as they were pretrained; heads of grades begin there and learn freely.
PRETRAINED_PARTS = ("encoder", "states", "films")
Output = TypeVar("Output")  # nested records of arrays


@dataclass(frozen=True)
class NetworkShape:
    """What a network's size depends on besides its configuration."""

    crop_size: int  # pixels a side
    outcomes: tuple[str, ...]
    covariates: tuple[str, ...]
    readers: int  # people who graded the films


@dataclass(frozen=True)
class RungNetwork:
    """One network's structure without its numbers, which may be those of an ensemble's `members` (see `ensemble`).

    Equal records have equal structures, so that a compiled program is kept under the record.
    """

    config: OutcomeNetConfig
    confounding: ConfoundingConfig
    shape: NetworkShape
    members: int = 1

    def initial_parameters(self, seed: int) -> Parameters:
        """Parameters before training; the members of an ensemble start from `seed` and the following ones."""
        return stacked([_parameters_of(self._built(seed + member)) for member in range(self.members)])

    @cached_property
    def abstract_parameters(self) -> Parameters:
        """Shapes and types of the parameters; no number is drawn and nothing is compiled for it."""
        one = _parameters_of(self._abstract)
        return jax.eval_shape(stacked, [one] * self.members)

    def merge(self, parameters: Parameters) -> OutcomeNet:
        """The network with one member's parameters, which are matched by their names."""
        return nnx.merge(self._definition, parameters)

    @cached_property
    def is_encoder(self) -> dict[str, object]:
        """The parameters' tree with True for those of the encoder and False for all others."""
        return {
            name: jax.tree.map(lambda _, part=name: isinstance(getattr(self._abstract, part), Encoder), tree)
            for name, tree in self.abstract_parameters.items()
        }

    @cached_property
    def update_rates(self) -> dict[str, object]:
        """The parameters' tree with the factor of each one's learning rate: what was pretrained moves more slowly."""
        pretrained = self.config.initial not in (AUTO, FROM_CHANCE)
        rate, decay, encoder = self.config.encoder_rate, self.config.layer_decay, self._abstract.encoder

        def factor(path: tuple[Any, ...], _: object) -> float:
            part, *below = (entry.key for entry in path)
            if not pretrained or part not in PRETRAINED_PARTS:
                return 1.0
            if part == "films" and not self.config.of_pairs:
                return 0.0  # it takes no part in the loss, and weight decay alone would wear it away
            return rate * decay ** (encoder.depth - 1 - encoder.layer_of(below)) if part == "encoder" else rate

        return jax.tree_util.tree_map_with_path(factor, self.abstract_parameters)

    def each(self, function: Callable[[OutcomeNet], Output], parameters: Parameters) -> Output:
        """What `function` gives of every member, along a leading axis of `members`, 1 included."""
        outputs = over_members(lambda member: function(self.merge(member)), self.members)(parameters)
        return jax.tree.map(lambda a: a[None], outputs) if self.members == 1 else outputs

    def _built(self, seed: int) -> OutcomeNet:
        return self.config.build(
            confounding=self.confounding,
            crop_size=self.shape.crop_size,
            outcomes=self.shape.outcomes,
            covariates=self.shape.covariates,
            readers=self.shape.readers,
            seed=seed,
        )

    @cached_property
    def _abstract(self) -> OutcomeNet:
        # any seed: no number is drawn
        return nnx.eval_shape(lambda: self._built(0))

    @cached_property
    def _definition(self) -> nnx.GraphDef[OutcomeNet]:
        # a layer with other variables, such as batch statistics, is refused here: a score must not depend on other
        # patients
        return nnx.split(self._abstract, nnx.Param)[0]


def build_networks(
    rungs: Sequence[str],
    config: OutcomeNetConfig,
    confounding: ConfoundingConfig,
    shape: NetworkShape,
    members: int = 1,
) -> dict[str, RungNetwork]:
    """Structures of every rung, all of one architecture.

    Args:
        rungs: names of networks in `predictors.PREDICTORS`.
        config: the architecture.
        confounding: how confounders are handled, by the rungs that do.
        shape: what else a network's size depends on.
        members: of a deep ensemble.
    """
    handled = {name: confounding if PREDICTORS[name].is_adjusted else NO_HANDLING for name in rungs}
    return {name: RungNetwork(config, how, shape, members) for name, how in handled.items()}


def visit_of(batch: Mapping[str, Shaped[Array, "batch ..."]]) -> Visit:
    """The part of a batch that a network sees."""
    return Visit(
        batch.get("crops"),
        batch["visible"],
        batch["covariates"],
        batch["observed"],
        batch.get("later_crops"),
        batch.get("years"),
        batch.get("embedded"),
        batch.get("later_embedded"),
    )


def _parameters_of(net: OutcomeNet) -> Parameters:
    return nnx.to_pure_dict(nnx.split(net, nnx.Param)[1])
