"""What becomes of one visit between disk and batch: scaled covariates, masks, types; and how films may be changed at random."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

import grain
import numpy as np

from outcomenet.arrays import Bool, Float
from outcomenet.datasets.dataset import visit_key
from outcomenet.datasets.visit_example import GRADES, TARGETS, as_in_batch
from outcomenet.ranges import Share, Within, check_ranges

# As a data set stores it (`visit_example.FIELDS`): arrays by name, and the names of patient and visit as bytes.
StoredExample = Mapping[str, object]
Example = dict[str, np.ndarray]  # as a batch holds it
FILMS = ("", "later_")  # prefixes of the names of a visit's film, and of that of the later visit of a pair


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
class AsInBatch(grain.transforms.Map):
    """A stored example with the types and names of a batch; missing targets become 0 with a False mask.

    Crops stay as they are stored, with the joints that each film shows beside them: `prepared_films` makes of them what networks take. Of a
    pair of visits, a joint is visible where both films show it.
    """

    covariates: CovariateScale
    # by (patient_id, visit_id); visits that are not listed weigh 1
    weights: Mapping[tuple[str, str], float] = field(default_factory=dict)

    def map(self, element: StoredExample) -> Example:  # pyright: ignore[reportIncompatibleMethodOverride]  # grain's says None
        """One stored example as a batch holds it; `Dataset.examples` says what is stored."""
        visible = np.asarray(element["present"]).astype(bool)
        later = {}
        if "later_present" in element:
            visible = visible & np.asarray(element["later_present"]).astype(bool)
            later = {
                **_film(element, "later_"),
                **{f"later_{name}": as_in_batch({name: element[f"later_{name}"]}, name) for name in GRADES},
                "years": np.asarray(element["years"], np.float32),
            }
        covariates, observed = self.covariates(np.asarray(element["covariates"]))
        return {
            **_film(element, ""),
            "visible": visible,
            "covariates": covariates,
            "observed": observed,
            "weight": np.asarray(self.weights.get(visit_key(element), 1.0), np.float32),
            **{name: as_in_batch(element, name) for name in GRADES},
            # a data set may lack an outcome that nobody asks of it (see `datasets.dataset`)
            **{name: as_in_batch(element, name) for name in TARGETS if name in element},
            **later,
        }


def _film(element: StoredExample, prefix: str) -> Example:
    """Crops as stored with the joints of that film, or what they were embedded as before (see `inference.embedded_films`)."""
    if f"{prefix}embedded" in element:
        return {f"{prefix}embedded": np.asarray(element[f"{prefix}embedded"], np.float32)}
    # a film is standardised over all that it shows, whatever the other film of a pair does
    present = np.asarray(element[f"{prefix}present"]).astype(bool)
    return {f"{prefix}crops": np.asarray(element[f"{prefix}crops"]), f"{prefix}present": present}


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
