"""Weights of another program's encoder, taken tensor by tensor by a table of names (FILE.names.toml beside the file).

    # FILE.names.toml beside FILE.safetensors: our parameter = theirs
    [encoder]
    "stem/kernel" = { name = "patch_embed.weight", axes = [1, 0] }    # a linear layer of PyTorch has (out, in)
    "stem/bias" = { name = "patch_embed.bias" }

`axes` are the places that the tensor's axes take, as numpy's `transpose` has them.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import cast

import numpy as np
from flax import nnx
from flax.traverse_util import flatten_dict, unflatten_dict

from outcomenet.errors import DataRefused, UsageError, did_you_mean
from outcomenet.models.encoders.cnn import CnnConfig
from outcomenet.models.encoders.vit import VitConfig
from outcomenet.weight_files import read_weights

SECTION = "encoder"


def names_file(weights: Path) -> Path:
    """Where the table of names of a weights file lies."""
    return weights.with_suffix(".names.toml")


def load_named_encoder(weights: Path, config: CnnConfig | VitConfig, crop_size: int) -> dict[str, object]:
    """Parameters of an encoder from another program's tensors.

    Args:
        weights: A safetensors file with its table of names beside it.
        config: The encoder that the tensors are put into.
        crop_size: Pixels a side of the crops.

    Returns:
        The encoder's parameters as nested dictionaries.

    Raises:
        UsageError: The table lacks a parameter of the encoder, or names one that it does not have.
        DataRefused: A file cannot be parsed, a tensor is not there, or has another shape.
    """
    table = names_file(weights)
    try:
        entries = tomllib.loads(table.read_text(encoding="utf-8")).get(SECTION, {})
    except (OSError, ValueError) as error:
        raise DataRefused(
            f"{table} cannot be parsed as TOML ({error}); write it as the head of outcomenet/models/named_weights.py shows."
        ) from error
    _, tensors = read_weights(weights, "the program that it comes from")
    shapes = nnx.to_pure_dict(nnx.split(nnx.eval_shape(lambda: config.build(crop_size, nnx.Rngs(0))), nnx.Param)[1])
    flat = cast(dict[tuple[str | int, ...], np.ndarray], flatten_dict(shapes))  # shapes alone
    places = {"/".join(map(str, place)): value.shape for place, value in flat.items()}
    for name in entries:
        if name not in places:
            raise UsageError(f"{table} names {name!r}, which the encoder does not have. {did_you_mean(name, places)}")
    if missing := [name for name in places if name not in entries]:
        raise UsageError(f"{table} lacks {', '.join(missing[:5])}: every parameter of the encoder needs a tensor.")
    values = {
        place: _tensor(entries["/".join(map(str, place))], value.shape, tensors, weights)
        for place, value in flat.items()
    }
    return cast(dict[str, object], unflatten_dict(values))


def _tensor(entry: object, shape: tuple[int, ...], tensors: dict[str, np.ndarray], file: Path) -> np.ndarray:
    if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
        raise DataRefused(f'{names_file(file)}: expected {{ name = "..." }}, got {entry!r:.60}.')
    name = entry["name"]
    if name not in tensors:
        raise DataRefused(f"{file} has no tensor {name!r}. {did_you_mean(name, tensors)}")
    tensor = tensors[name]
    axes = entry.get("axes", list(range(tensor.ndim)))
    if sorted(axes) != list(range(tensor.ndim)):
        raise DataRefused(
            f"{names_file(file)}: axes of {name!r} are the numbers 0 to {tensor.ndim - 1} in some order; got {axes}."
        )
    moved = tensor.transpose(axes).astype(np.float32)
    if moved.shape != shape:
        raise DataRefused(
            f"{file}: {name!r} has shape {list(moved.shape)} where the encoder needs {list(shape)}; check its axes."
        )
    return moved
