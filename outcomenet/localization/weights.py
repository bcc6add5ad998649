"""The localiser's weights as one safetensors file: half precision, shapes and calibration beside the networks."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from flax import nnx
from scipy.special import expit

from outcomenet.anatomy import FOOT_LANDMARKS, HAND_LANDMARKS, Region
from outcomenet.arrays import Float
from outcomenet.devices import usable_devices
from outcomenet.errors import DataRefused, UsageError
from outcomenet.localization.frames import PATCH_PX
from outcomenet.localization.networks import LocalizerConfig, Networks, build
from outcomenet.localization.shape_model import ShapeModel

WEIGHTS = "weights.safetensors"
SHIPPED = Path(__file__).with_name(WEIGHTS)
FORMAT = "outcomenet localiser 1"
ABOUT = "outcomenet"  # the one entry of the metadata
PARTS = ("finder", "landmarks", "refiner")


@dataclass(frozen=True)
class Calibration:
    """What held-out simulated films say of the networks' own numbers.

    `error_factor`: true error over the stated one. `visible`: intercept and weights of the logits of the
    landmark network and of the refiner in the logit that a landmark is to be seen. `least_agreement` and `worst_shape`:
    what 99 of 100 limbs keep, by region.
    """

    error_factor: float = 1.0
    visible: tuple[float, float, float] = (0.0, 0.5, 0.5)
    least_agreement: dict[str, float] = field(default_factory=dict)
    worst_shape: dict[str, float] = field(default_factory=dict)

    def doubts(self, region: Region, agreement: float, shape_distance: float) -> bool:
        """Whether a limb reads worse than simulated limbs do."""
        few, strange = self.least_agreement.get(region, 0.0), self.worst_shape.get(region, np.inf)
        return agreement < few or shape_distance > strange

    def certainty(
        self, seen_logit: Float[np.ndarray, "landmark"], there_logit: Float[np.ndarray, "landmark"]
    ) -> Float[np.ndarray, "landmark"]:
        """Share of certainty that a landmark is to be seen."""
        base, seen, there = self.visible
        return expit(base + seen * seen_logit + there * there_logit)


@dataclass(frozen=True)
class LocalizerWeights:
    """All that the localiser has learned; `made_by` says with what, for the record."""

    networks: Networks
    shapes: dict[Region, ShapeModel]
    calibration: Calibration
    made_by: dict[str, Any]


def save_weights(weights: LocalizerWeights, path: Path) -> None:
    """Writes the file under a temporary name first, so that a killed run leaves none or a whole one."""
    from safetensors.numpy import save

    tensors: dict[str, np.ndarray] = {}
    for part in PARTS:
        _, state = nnx.split(getattr(weights.networks, part))
        for name, value in _flat(nnx.to_pure_dict(state)).items():
            tensors[f"{part}/{name}"] = np.asarray(value).astype(np.float16)
    for region, shape in weights.shapes.items():
        tensors[f"shape/{region}/mean"] = shape.mean.astype(np.float32)
        tensors[f"shape/{region}/covariance"] = shape.covariance.astype(np.float32)
    about = {
        "format": FORMAT,
        "landmarks": [list(HAND_LANDMARKS), list(FOOT_LANDMARKS)],
        "config": asdict(weights.networks.config),
        "calibration": asdict(weights.calibration),
        "made_by": weights.made_by,
    }
    # one entry: safetensors writes several in an order of its own, and the same weights are to be the same file
    metadata = {ABOUT: json.dumps(about, sort_keys=True)}
    partial = path.with_name(f".{path.name}.partial")
    partial.write_bytes(save(tensors, metadata))
    partial.rename(path)


def load_weights(path: Path | None = None) -> LocalizerWeights:
    """The shipped weights, or those of a file. Raises UsageError without a file, DataRefused for one of another kind."""
    from safetensors import SafetensorError, safe_open

    usable_devices()
    path = path or SHIPPED
    if not path.is_file():
        raise UsageError(
            f"There is no weights file {path}; make one with `outcomenet train experiments/localization.py`."
        )
    try:
        with safe_open(path, "numpy") as file:
            about = json.loads((file.metadata() or {}).get(ABOUT, "{}"))
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118: not a dict
    except SafetensorError as error:
        raise DataRefused(
            f"{path} is not a readable safetensors file ({error}); copy it again or train anew."
        ) from error
    if about.get("format") != FORMAT or about["landmarks"] != [list(HAND_LANDMARKS), list(FOOT_LANDMARKS)]:
        raise DataRefused(
            f"{path} holds {about.get('format', 'something else')!r}, but {FORMAT!r} with this version's landmarks is "
            "needed; train it anew with `outcomenet train experiments/localization.py`."
        )
    config = LocalizerConfig(**{k: tuple(v) if isinstance(v, list) else v for k, v in about["config"].items()})
    # shapes alone: initial numbers that are thrown away would take 15 s to compile
    empty = nnx.eval_shape(lambda: vars(build(config, PATCH_PX, 0)) | {"config": None})
    filled = {part: _filled(empty[part], part, tensors) for part in PARTS}
    shapes = {
        region: ShapeModel(
            tensors[f"shape/{region}/mean"].astype(float), tensors[f"shape/{region}/covariance"].astype(float)
        )
        for region in Region
    }
    calibration = about["calibration"]
    return LocalizerWeights(
        Networks(**filled, config=config),
        shapes,
        Calibration(**calibration | {"visible": tuple(calibration["visible"])}),
        about["made_by"],
    )


def _filled(module: nnx.Module, part: str, tensors: dict[str, np.ndarray]) -> Any:
    definition, state = nnx.split(module)
    tree = nnx.to_pure_dict(state)
    for name in _flat(tree):
        *path, last = name.split("/")
        node = tree
        for key in path:
            node = node[int(key) if key.isdigit() else key]
        node[last] = tensors[f"{part}/{name}"].astype(np.float32)
    return nnx.merge(definition, tree)


def _flat(tree: dict[Any, Any], prefix: str = "") -> dict[str, Any]:
    """Nested dictionaries as one, names joined by "/"."""
    flat: dict[str, Any] = {}
    for name, value in tree.items():
        flat |= _flat(value, f"{prefix}{name}/") if isinstance(value, dict) else {f"{prefix}{name}": value}
    return flat
