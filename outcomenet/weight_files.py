"""Weight files: networks in half precision and what is to be known of them, in one safetensors file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar, cast

import numpy as np
from flax import nnx
from flax.traverse_util import flatten_dict, unflatten_dict

from outcomenet.artifacts import JsonObject
from outcomenet.errors import DataRefused, UsageError

ABOUT = "outcomenet"  # the one entry of the metadata
Network = TypeVar("Network", bound=nnx.Module)


def tensors_of(network: nnx.Module, part: str) -> dict[str, np.ndarray]:
    """Numbers of a network by name, in half precision, which keeps a shipped file small.

    Args:
        network: Whose parameters.
        part: Where in the file: what its names begin with.
    """
    _, state = nnx.split(network)
    places = _flat(nnx.to_pure_dict(state))
    return {_tensor_name(part, place): np.asarray(value).astype(np.float16) for place, value in places.items()}


def filled(network: Network, part: str, tensors: Mapping[str, np.ndarray]) -> Network:
    """A network with the numbers of a file.

    Args:
        network: Its structure; its own numbers may be shapes only.
        part: What its names begin with.
        tensors: Of the file, by name.

    Raises:
        DataRefused: A tensor is missing, or has another shape.
    """
    definition, state = nnx.split(network)
    places = _flat(nnx.to_pure_dict(state))
    values = {}
    for place, value in places.items():
        name = _tensor_name(part, place)
        if name not in tensors or tensors[name].shape != value.shape:
            got = f"one of shape {list(tensors[name].shape)}" if name in tensors else "none"
            raise DataRefused(
                f"Expected a tensor {name} of shape {list(value.shape)}, got {got}: it is of another network."
            )
        values[place] = tensors[name].astype(np.float32)
    return nnx.merge(definition, unflatten_dict(values))


def write_weights(path: Path, tensors: Mapping[str, np.ndarray], about: JsonObject) -> None:
    """Writes a file of weights, under a temporary name first: a killed run leaves none or a whole one.

    Args:
        path: The file, which is replaced where it is there.
        tensors: By name.
        about: What is to be known of them.
    """
    from safetensors.numpy import save

    # one entry: safetensors writes several in an order of its own, and the same weights are to be the same file
    metadata = {ABOUT: json.dumps(about, sort_keys=True)}
    partial = path.with_name(f".{path.name}.partial")
    # safetensors writes a view's memory, not what it shows
    whole = {name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}
    partial.write_bytes(save(whole, metadata))
    partial.rename(path)


def read_weights(path: Path, make: str) -> tuple[JsonObject, dict[str, np.ndarray]]:
    """What is to be known of a file's networks, and their tensors by name.

    Args:
        path: The file.
        make: How one is made, for the message: ends "make one with ...".

    Raises:
        UsageError: There is no such file.
        DataRefused: It is no safetensors file, or what it says of itself is no JSON object.
    """
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise UsageError(f"There is no weights file {path}; make one with {make}.")
    try:
        with safe_open(path, "numpy") as file:
            about = json.loads((file.metadata() or {}).get(ABOUT, "{}"))
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  # not a dict
    except (SafetensorError, ValueError) as error:
        raise DataRefused(
            f"{path} is not a readable safetensors file ({error}); copy it again or train anew."
        ) from error
    if not isinstance(about, dict):
        raise DataRefused(
            f"{path} says of itself {about!r:.60} where a JSON object is expected; copy it again or train anew."
        )
    return about, tensors


def _flat(parameters: object) -> dict[tuple[str | int, ...], np.ndarray]:
    """Arrays, or their shapes, by their path."""
    return cast(dict[tuple[str | int, ...], np.ndarray], flatten_dict(cast(dict[str, object], parameters)))


def _tensor_name(part: str, place: tuple[str | int, ...]) -> str:
    return "/".join([part, *map(str, place)])
