"""Start of a cohort's networks from pretrained weights: those that come with outcomenet, or those of a file."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, cast

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from outcomenet.artifacts import JsonObject, sha256_of
from outcomenet.errors import UsageError
from outcomenet.models.aggregation import Aggregation
from outcomenet.models.encoders.cnn import CnnConfig
from outcomenet.models.joint_weights import PRETRAINED, JointWeights, load_joint_weights
from outcomenet.models.named_weights import load_named_encoder, names_file
from outcomenet.models.outcome_net import AUTO, FROM_CHANCE, SHIPPED, HumanHead, OutcomeNetConfig
from outcomenet.strategies import ConfoundingConfig
from outcomenet.training.rungs import PRETRAINED_PARTS, Parameters, RungNetwork

# Heads of grades begin as they were pretrained, but for the readers, whom nobody knows yet.
_GRADE_HEADS = ("svdh_head", "osteoarthritis_head")
_OF_READERS = "readers"


class Pretrained(NamedTuple):
    """Parameters by part of the network, and what the run's record says of them."""

    parts: dict[str, object]
    card: JsonObject


class Start(NamedTuple):
    """Architecture with nothing left to decide, and the weights that its networks begin with; None: chance."""

    config: OutcomeNetConfig
    weights: Pretrained | None


def resolved_start(config: OutcomeNetConfig, confounding: ConfoundingConfig, size_px: int, mm_per_px: float) -> Start:
    """Decides everything that depends on weights and crops.

    Args:
        config: as an experiment has it.
        confounding: how confounders are handled.
        size_px: pixels a side of the data set's crops.
        mm_per_px: their scale.

    Returns:
        `initial` and `aggregation` other than auto; the encoder is that of the weights, a file of which is named without its
        folder, which may name a person.

    Raises:
        UsageError: the weights are of other crops, or of another encoder than the one that is asked for.
        DataRefused: the weights file is damaged or of another kind.
    """
    own = config.encoder != CnnConfig()
    if config.initial == AUTO:
        fits = PRETRAINED.is_file() and not own and _takes(load_joint_weights(), size_px, mm_per_px)
        config = replace(config, initial=SHIPPED if fits else FROM_CHANCE)
    if config.initial == FROM_CHANCE:
        aggregation = Aggregation.ADDITIVE if config.aggregation is Aggregation.AUTO else config.aggregation
        return Start(replace(config, aggregation=aggregation), None)
    file = PRETRAINED if config.initial == SHIPPED else Path(config.initial)
    if config.initial != SHIPPED and names_file(file).is_file():
        return _of_another_program(config, file, size_px)
    weights = load_joint_weights(file)
    if not _takes(weights, size_px, mm_per_px):
        raise UsageError(
            f"The weights of network.initial {config.initial} take crops of {weights.size_px} px at {weights.mm_per_px:g} mm, and "
            f"the data set has crops of {size_px} px at {mm_per_px:g} mm. Take the cohort in at that size, or choose network.initial "
            "none."
        )
    encoder = weights.network.config.encoder
    if own and config.encoder != encoder:
        raise UsageError(
            f"The weights of network.initial {config.initial} are of the encoder {encoder}, and network.encoder asks for "
            f"{config.encoder}. Leave network.encoder out, or choose network.initial none."
        )
    aggregation = config.aggregation
    if aggregation is Aggregation.AUTO:
        # a part of the embedding that is kept for osteoarthritis is a thing of embeddings
        aggregation = Aggregation.ADDITIVE if confounding.oa_features else Aggregation.STATES
    initial = SHIPPED if config.initial == SHIPPED else file.name
    config = replace(config, initial=initial, encoder=encoder, aggregation=aggregation)
    parts = nnx.to_pure_dict(nnx.split(weights.network)[1])
    card = {"file": initial, "sha256": sha256_of(file), "begins": _begins(config), **weights.card}
    return Start(config, Pretrained(dict(parts), card))


def _begins(config: OutcomeNetConfig) -> list[str]:
    """Parts of a network that begin as they were pretrained, for the record; of a score from embeddings the encoder and heads alone."""
    parts = PRETRAINED_PARTS if config.of_states else ("encoder",)
    heads = [head for head in _GRADE_HEADS if head != "svdh_head" or config.human_head is not HumanHead.OFF]
    return [*parts, *heads]


def _of_another_program(config: OutcomeNetConfig, file: Path, size_px: int) -> Start:
    """An encoder of the experiment's configuration with the tensors of a file and its table of names."""
    if config.of_states:
        raise UsageError(
            f"{file} holds an encoder of another program, which tells no joint states; leave network.aggregation out or choose "
            "additive."
        )
    aggregation = Aggregation.ADDITIVE if config.aggregation is Aggregation.AUTO else config.aggregation
    parts: dict[str, object] = {"encoder": load_named_encoder(file, config.encoder, size_px)}
    return Start(
        replace(config, initial=file.name, aggregation=aggregation),
        Pretrained(parts, {"file": file.name, "sha256": sha256_of(file), "begins": ["encoder"]}),
    )


def from_pretrained(network: RungNetwork, parameters: Parameters, weights: Pretrained) -> Parameters:
    """Parameters whose encoder, states, comparison of films and heads of grades are those of the weights.

    Args:
        network: its structure.
        parameters: before training, drawn from chance.
        weights: to begin with.
    """
    stored = weights.parts
    begun = dict(parameters)
    for part in (*PRETRAINED_PARTS, *_GRADE_HEADS):
        if part in begun:
            begun[part] = _laid_over(begun[part], stored.get(part), network.members)
    return begun


def _laid_over(own: object, stored: object, members: int) -> object:
    """Values of `stored` where they have the places and shapes of `own`; all members of an ensemble begin alike."""
    if stored is None:
        return own
    if not isinstance(own, Mapping):
        value = jnp.asarray(cast(np.ndarray, stored))
        of_one = cast(jax.Array, own).shape[1:] if members > 1 else cast(jax.Array, own).shape
        # a head of other width (part of the embedding is kept) begins from chance
        if value.shape != of_one:
            return own
        return jnp.broadcast_to(value, cast(jax.Array, own).shape)
    if not isinstance(stored, Mapping):
        return own
    return {
        name: value if name == _OF_READERS else _laid_over(value, stored.get(name), members)
        for name, value in own.items()
    }


def _takes(weights: JointWeights, size_px: int, mm_per_px: float) -> bool:
    return weights.size_px == size_px and math.isclose(weights.mm_per_px, mm_per_px, rel_tol=1e-6)
