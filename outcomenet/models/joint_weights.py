"""Weights of the pretrained joint network as one file: how to build it, its crops, and its card beside the numbers."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from flax import nnx

from outcomenet.artifacts import JsonObject
from outcomenet.errors import DataRefused, UsageError
from outcomenet.models.embedding_reference import EmbeddingReference, reference_of
from outcomenet.models.encoders.cnn import CnnConfig
from outcomenet.models.encoders.vit import VitConfig
from outcomenet.models.joint_states import JOINT_STATES, JointNet, JointNetConfig
from outcomenet.weight_files import filled, read_weights, tensors_of, write_weights

PRETRAINED = Path(__file__).with_name("pretrained.safetensors")
FORMAT = "outcomenet joint network 2"
PART, REFERENCE = "joints", "reference"
MADE_BY = "`outcomenet train experiments/pretrained_encoder.py --out RUN`"
_ENCODERS = {"CnnConfig": CnnConfig, "VitConfig": VitConfig}


@dataclass(frozen=True)
class JointWeights:
    """A pretrained network, the crops that it takes, and what it was made with and has not seen."""

    network: JointNet
    size_px: int
    mm_per_px: float
    card: JsonObject
    reference: EmbeddingReference | None = None  # by which unlike joints are told; None: no joint is judged


def save_joint_weights(weights: JointWeights, path: Path) -> None:
    """Writes the file.

    Args:
        weights: What is written; the network's numbers are rounded to half precision.
        path: The file, which is replaced where it is there.
    """
    encoder = weights.network.config.encoder
    about: JsonObject = {
        "format": FORMAT,
        "states": list(JOINT_STATES),
        "encoder": type(encoder).__name__,
        "encoder_config": asdict(encoder),
        "size_px": weights.size_px,
        "mm_per_px": weights.mm_per_px,
        "card": weights.card,
    }
    reference = weights.reference.tensors(REFERENCE) if weights.reference else {}
    write_weights(path, tensors_of(weights.network, PART) | reference, about)


def begun_from(network: JointNet, size_px: int, path: Path) -> tuple[JointNet, JsonObject]:
    """A network that goes on from the numbers of a file, of this version or an earlier one.

    Args:
        network: From chance.
        size_px: Pixels a side of its crops.
        path: The file; what its layers lack, as changes that a version before did not tell, stays as it is.

    Returns:
        The network, and the file's card.

    Raises:
        UsageError: There is no such file, or its encoder is another one.
        DataRefused: It is no safetensors file.
    """
    about, tensors = read_weights(path, MADE_BY)
    encoder = {"encoder": type(network.config.encoder).__name__, "size_px": size_px}
    encoder |= {"encoder_config": json.loads(json.dumps(asdict(network.config.encoder)))}
    other = {name: about.get(name) for name in encoder}
    if other != encoder:
        raise UsageError(f"Training goes on from {path} with its own encoder and crops, {other}; got {encoder}.")
    own = tensors_of(network, PART)
    for name, value in own.items():
        theirs = tensors.get(name)
        if theirs is not None and all(theirs.shape[n] <= size for n, size in enumerate(value.shape)):
            # a version before told fewer changes: new ones come last
            value[tuple(map(slice, theirs.shape))] = theirs
    return filled(network, PART, own), about["card"]


def load_joint_weights(path: Path | None = None) -> JointWeights:
    """The network that comes with outcomenet, or that of a file.

    Args:
        path: The file; None: the one that is shipped.

    Raises:
        UsageError: There is no such file.
        DataRefused: It is no safetensors file, or one of another kind or version.
    """
    path = path or PRETRAINED
    about, tensors = read_weights(path, MADE_BY)
    if about.get("format") != FORMAT or about.get("states") != list(JOINT_STATES):
        raise DataRefused(
            f"{path} holds {about.get('format', 'something else')!r}, but {FORMAT!r} with this version's joint states is "
            f"needed; train it anew with {MADE_BY}."
        )
    sizes = {
        name: tuple(value) if isinstance(value, list) else value for name, value in about["encoder_config"].items()
    }
    config = JointNetConfig(_ENCODERS[about["encoder"]](**sizes))
    # shapes alone: initial numbers would be thrown away
    shapes = nnx.eval_shape(lambda: config.build(about["size_px"], 0))
    network = filled(shapes, PART, tensors)
    return JointWeights(network, about["size_px"], about["mm_per_px"], about["card"], reference_of(tensors, REFERENCE))
