"""The localiser's weights as one safetensors file: half precision, shapes and calibration beside the networks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from flax import nnx
from scipy.special import expit

from outcomenet.anatomy import FOOT_LANDMARKS, HAND_LANDMARKS, Region
from outcomenet.arrays import Float
from outcomenet.devices import usable_devices
from outcomenet.errors import DataRefused
from outcomenet.localization.networks import LocalizerConfig, Networks
from outcomenet.localization.placed import PlacedLimb
from outcomenet.localization.shape_model import ShapeModel
from outcomenet.progress import Progress
from outcomenet.weight_files import filled, read_weights, tensors_of, write_weights

WEIGHTS = "weights.safetensors"
SHIPPED = Path(__file__).with_name(WEIGHTS)
FORMAT = "outcomenet localiser 1"
PARTS = ("finder", "landmarks", "refiner")


@dataclass(frozen=True)
class Calibration:
    """Correction of the networks' stated errors and certainties, from held-out simulated films.

    `error_factor`: true error over the stated one. `visible`: intercept and weights of the logits of the
    landmark network and of the refiner in the logit that a landmark is to be seen. `least_agreement` and `worst_shape`:
    what 99 of 100 limbs keep, by region.
    """

    error_factor: float = 1.0
    visible: tuple[float, float, float] = (0.0, 0.5, 0.5)
    least_agreement: dict[str, float] = field(default_factory=dict)
    worst_shape: dict[str, float] = field(default_factory=dict)

    def doubts(self, region: Region, agreement: float, shape_distance: float) -> bool:
        """Whether a limb's landmarks agree less, or its shape is stranger, than those of simulated limbs.

        Args:
            region: Hand or foot.
            agreement: Of several ways of looking at the limb, 0 to 1.
            shape_distance: Standardised distance of the landmarks from what the others say.
        """
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
    made_by: dict[str, object]


@runtime_checkable
class Tuning(Protocol):
    """How networks learn further from corrected films; `localizer_training.fine_tune.FineTuning` is one."""

    def tuned(
        self,
        weights: LocalizerWeights,
        corrections: Mapping[Path, list[PlacedLimb]],
        folder: Path,
        *,
        progress: Progress,
    ) -> LocalizerWeights:
        """Weights trained further, in `folder`, where a killed training goes on."""
        ...


def save_weights(weights: LocalizerWeights, path: Path) -> None:
    """Writes a file of weights, under a temporary name first: a killed run leaves none or a whole one.

    Args:
        weights: What is written; numbers of the networks are rounded to half precision.
        path: The file, which is replaced where it is there.
    """
    tensors = {}
    for part in PARTS:
        # half precision keeps the shipped file below 8 MB, to which a test holds it
        tensors |= tensors_of(getattr(weights.networks, part), part)
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
    write_weights(path, tensors, about)


def load_weights(path: Path | None = None) -> LocalizerWeights:
    """The shipped weights, or those of a file.

    Raises:
        UsageError: There is no such file.
        DataRefused: It is no safetensors file, or one of another kind or version.
    """
    usable_devices()
    path = path or SHIPPED
    about, tensors = read_weights(path, "`outcomenet train experiments/localization.py`")
    if about.get("format") != FORMAT or about["landmarks"] != [list(HAND_LANDMARKS), list(FOOT_LANDMARKS)]:
        raise DataRefused(
            f"{path} holds {about.get('format', 'something else')!r}, but {FORMAT!r} with this version's landmarks is "
            "needed; train it anew with `outcomenet train experiments/localization.py`."
        )
    sizes = about["config"]
    config = LocalizerConfig(
        finder_px=sizes["finder_px"],
        finder_widths=tuple(sizes["finder_widths"]),
        landmark_widths=tuple(sizes["landmark_widths"]),
        refiner_widths=tuple(sizes["refiner_widths"]),
    )
    # shapes alone: initial numbers that are thrown away would take 15 s to compile
    finder, landmarks, refiner = nnx.eval_shape(lambda: config.build(0).each)
    networks = Networks(
        filled(finder, "finder", tensors),
        filled(landmarks, "landmarks", tensors),
        filled(refiner, "refiner", tensors),
        config,
    )
    shapes = {
        region: ShapeModel(
            tensors[f"shape/{region}/mean"].astype(float), tensors[f"shape/{region}/covariance"].astype(float)
        )
        for region in Region
    }
    calibration = about["calibration"]
    return LocalizerWeights(
        networks,
        shapes,
        Calibration(**calibration | {"visible": tuple(calibration["visible"])}),
        about["made_by"],
    )
