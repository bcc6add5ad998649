"""Transforms of one visit between disk and batch: standardise each film, scale covariates, augment crops."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

import cv2
import grain
import numpy as np

from outcomenet.arrays import Bool, Float, UInt16
from outcomenet.datasets.dataset import visit_key
from outcomenet.datasets.visit_example import GRADES, TARGETS, as_in_batch
from outcomenet.models.standardised_crops import LIMBS, standardised
from outcomenet.ranges import Share, Within, check_ranges

# As a data set stores it (`visit_example.FIELDS`): arrays by name, and the names of patient and visit as bytes.
StoredExample = Mapping[str, object]
Example = dict[str, np.ndarray]  # as networks take it


@dataclass(frozen=True)
class CovariateScale:
    """Mean and SD of each covariate over the training patients, and which columns of the data set they are."""

    names: tuple[str, ...]
    columns: tuple[int, ...]
    mean: tuple[float, ...]
    deviation: tuple[float, ...]

    def __call__(
        self, raw: Float[np.ndarray, "column"]
    ) -> tuple[Float[np.ndarray, "covariate"], Bool[np.ndarray, "covariate"]]:
        """Standardised covariates, 0 where missing, and which are observed."""
        values = np.asarray(raw, np.float32)[list(self.columns)]
        observed = np.isfinite(values)
        scaled = (values - np.asarray(self.mean, np.float32)) / np.asarray(self.deviation, np.float32)
        return np.where(observed, scaled, 0).astype(np.float32), observed


@dataclass(frozen=True)
class Standardise(grain.transforms.Map):
    """Crops to float32 with mean 0 and SD 1 over a film's visible crops; missing targets become 0 with a False mask.

    A film is the unit: scanners differ between films, and the density of one joint relative to the others is signal.
    Of a pair of visits, a joint is visible where both films show it.
    """

    covariates: CovariateScale
    # by (patient_id, visit_id); visits that are not listed weigh 1
    weights: Mapping[tuple[str, str], float] = field(default_factory=dict)

    def map(self, element: StoredExample) -> Example:  # pyright: ignore[reportIncompatibleMethodOverride]  # grain's says None
        """One stored example as the networks take it; `Dataset.examples` says what is stored."""
        visible = present = np.asarray(element["present"]).astype(bool)
        later = {}
        if "later_present" in element:
            later_visible = np.asarray(element["later_present"]).astype(bool)
            visible = present & later_visible
            later = {
                **_film(element, "later_", later_visible),
                **{f"later_{name}": as_in_batch({name: element[f"later_{name}"]}, name) for name in GRADES},
                "years": np.asarray(element["years"], np.float32),
            }
        covariates, observed = self.covariates(np.asarray(element["covariates"]))
        return {
            # over all that this film shows, whatever the later one does
            **_film(element, "", present),
            "visible": visible,
            "covariates": covariates,
            "observed": observed,
            "weight": np.asarray(self.weights.get(visit_key(element), 1.0), np.float32),
            **{name: as_in_batch(element, name) for name in GRADES},
            # a data set may lack an outcome that nobody asks of it (see `datasets.dataset`)
            **{name: as_in_batch(element, name) for name in TARGETS if name in element},
            **later,
        }


def _film(element: StoredExample, prefix: str, present: Bool[np.ndarray, "joint"]) -> Example:
    """Crops as networks take them, or what they were embedded as before (see `inference.embedded_films`)."""
    if f"{prefix}embedded" in element:
        return {f"{prefix}embedded": np.asarray(element[f"{prefix}embedded"], np.float32)}
    return {f"{prefix}crops": _from_stored(np.asarray(element[f"{prefix}crops"]), present)}


def _from_stored(
    raw: UInt16[np.ndarray, "joint height width"], visible: Bool[np.ndarray, "joint"]
) -> Float[np.ndarray, "joint height width"]:
    return standardised(raw.astype(np.float32) / 65535.0, visible)


@dataclass(frozen=True)
class AugmentationConfig:
    """Random changes of a crop that leave the disease as it is; each is one standard deviation."""

    shift_px: Annotated[float, Within(0, 100)] = 1.2
    rotation_deg: Annotated[float, Within(0, 180)] = 4.0
    zoom: Share = 0.04
    contrast: Share = 0.10
    brightness: Annotated[float, Within(0, 10)] = 0.10
    noise: Annotated[float, Within(0, 10)] = 0.03

    def __post_init__(self) -> None:
        check_ranges(self)


@dataclass(frozen=True)
class Augment(grain.transforms.RandomMap):
    """Shifts, turns, zooms and tones every crop of a visit, or of both visits of a pair, a little, each by its own draw
    from the record's generator."""

    config: AugmentationConfig = field(default_factory=AugmentationConfig)

    def random_map(self, element: Example, rng: np.random.Generator) -> Example:  # pyright: ignore[reportIncompatibleMethodOverride]
        """The same example with its crops changed; targets and masks stay."""
        films = [name for name in ("crops", "later_crops") if name in element]
        return {**element, **{name: self._augmented(element[name], element["visible"], rng) for name in films}}

    def _augmented(self, crops: np.ndarray, visible: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        c = self.config
        count, size = crops.shape[0], crops.shape[-1]
        angle = np.deg2rad(c.rotation_deg) * rng.standard_normal(count)
        zoom = np.exp(c.zoom * rng.standard_normal(count))
        shift = c.shift_px * rng.standard_normal((count, 2))
        # tone belongs to a film, not to a joint
        tone = rng.standard_normal((len(LIMBS), 2))
        out = np.empty_like(crops)
        centre = (size - 1) / 2
        for limb, (contrast, brightness) in zip(LIMBS, tone, strict=True):
            for joint in limb:
                if not visible[joint]:
                    out[joint] = crops[joint]
                    continue
                cos, sin = zoom[joint] * np.cos(angle[joint]), zoom[joint] * np.sin(angle[joint])
                dx, dy = centre + shift[joint] - (cos * centre - sin * centre, sin * centre + cos * centre)
                matrix = np.array([[cos, -sin, dx], [sin, cos, dy]])
                out[joint] = cv2.warpAffine(
                    crops[joint],
                    matrix,
                    (size, size),
                    flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
                    borderMode=cv2.BORDER_REPLICATE,
                )
            out[limb] = out[limb] * np.float32(np.exp(c.contrast * contrast)) + np.float32(c.brightness * brightness)
        out += np.float32(c.noise) * rng.standard_normal(out.shape, dtype=np.float32)
        return out
