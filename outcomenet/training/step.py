"""The training step: one batch, one update of every network."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple, cast

import jax
import jax.numpy as jnp
import optax

from outcomenet.arrays import Array, Float
from outcomenet.strategies import ConfoundingConfig
from outcomenet.training.ensemble import over_members
from outcomenet.training.objective import network_objective
from outcomenet.training.rungs import Parameters, RungNetwork
from outcomenet.training.state import NetworkState, TrainState

Losses = dict[str, Float[Array, ""]]  # of one network, by part; and `gradient_norm`
Metrics = dict[str, Losses]  # by rung
OF_FILMS = 2**31 - 1  # of a step's random numbers, apart from those of an ensemble's members, who take (key, member)
Step = Callable[[TrainState, Mapping[str, Array]], tuple[TrainState, Metrics]]


class Phase(NamedTuple):
    """What adversaries do at a step (see `ConfoundingConfig`)."""

    push: Float[Array, ""]  # weight with which they make the encoder unlearn; 0: they only watch
    encoder_rate: Float[Array, ""]  # factor of the encoder's learning rate

    @classmethod
    def at(cls, step: Array, steps: int, how: ConfoundingConfig) -> Phase:
        """They watch until a share of the steps is over and push from then on; the encoder moves more slowly then."""
        pushing = how.adversarial & (step >= how.adversary_from * steps)
        return cls(
            push=jnp.where(pushing, how.adversary_weight, 0.0),
            encoder_rate=jnp.where(pushing, how.encoder_rate_after, 1.0),
        )


@dataclass(frozen=True, eq=False)
class TrainStep:
    """Every network learns from the same batch with the same joints hidden.

    Randomness is (key, step), the row in the batch where films are changed, and the member's place in an ensemble, whose members
    start apart and hide joints apart. All of it is drawn within the step: it costs no host its time and no restart or number of
    devices changes it.
    """

    networks: Mapping[str, RungNetwork]  # by rung
    optimiser: optax.GradientTransformation
    loss_weights: Mapping[str, float]  # by part of the loss; 1 for those that are not named
    steps: int = 1  # of the whole training
    # what a batch becomes before networks see it, given a key of this step: films prepared, with random changes
    prepare: Callable[[Mapping[str, Array], Array], Mapping[str, Array]] = lambda batch, key: batch

    def __call__(self, state: TrainState, batch: Mapping[str, Array]) -> tuple[TrainState, Metrics]:
        """(The state after one update, the losses before it as means over the members)."""
        # the state holds the key as plain numbers, which checkpoints can store
        key = jax.random.fold_in(jax.random.wrap_key_data(state.key), state.step)
        batch = self.prepare(batch, jax.random.fold_in(key, OF_FILMS))
        networks: dict[str, NetworkState] = {}
        metrics: Metrics = {}
        for name, network in self.networks.items():
            phase = Phase.at(state.step, self.steps, network.confounding)

            # bound as defaults: a closure would see the last network of the loop
            def update(
                old: NetworkState, member: Array, network: RungNetwork = network, phase: Phase = phase
            ) -> tuple[NetworkState, Losses]:
                own_key = jax.random.fold_in(key, member) if network.members > 1 else key
                return self._update(network, old, batch, key=own_key, phase=phase)

            updated = over_members(update, network.members)(state.networks[name], jnp.arange(network.members))
            networks[name], losses = updated
            metrics[name] = jax.tree.map(jnp.mean, losses)
        return replace(state, step=state.step + 1, networks=networks), metrics

    def _update(
        self, network: RungNetwork, old: NetworkState, batch: Mapping[str, Array], *, key: Array, phase: Phase
    ) -> tuple[NetworkState, Losses]:
        """One update of one member."""

        def loss(parameters: Parameters) -> tuple[Float[Array, ""], Losses]:
            return network_objective(network.merge(parameters), batch, key, self.loss_weights, phase.push)

        (total, parts), gradient = jax.value_and_grad(loss, has_aux=True)(old.parameters)
        parameters = cast(optax.Params, old.parameters)  # nested dictionaries of arrays, as optax takes them
        update, optimiser = self.optimiser.update(gradient, old.optimiser, parameters)
        # on the update: Adam would divide a factor on the gradient out again
        update = jax.tree.map(lambda change, rate: change if rate == 1 else rate * change, update, network.update_rates)
        if network.confounding.adversarial:
            update = jax.tree.map(
                lambda change, of_encoder: phase.encoder_rate * change if of_encoder else change,
                update,
                network.is_encoder,
            )
        new = NetworkState(cast(Parameters, optax.apply_updates(parameters, update)), optimiser)
        return new, {"loss": total, "gradient_norm": optax.tree.norm(gradient), **parts}
