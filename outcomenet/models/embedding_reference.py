"""Reference of an encoder: where embeddings of simulated joints lie that it was not trained on, and how far others are from them.

The distance is Mahalanobis' (Lee et al., NeurIPS 2018, arXiv 1807.03888), with a mean for each joint and a covariance for each kind. Its unit
is the same for all kinds: at 1 begin the farthest `FALSE_ALARMS` of simulated joints.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from outcomenet.anatomy import JOINT_KIND_INDEX
from outcomenet.arrays import Float

# Share of joints like those of the pretraining that lie beyond 1: they are flagged, and a person can look.
FALSE_ALARMS = 0.005
UNLIKE_FROM = 1.0  # the distance at which they begin
# The same of joints that are masked. What is masked must not be the disease: of simulated joints with most of their bone or cartilage
# lost a tenth lies beyond 1, and seven in a thousand beyond this limit (docs/pretraining/unlike.csv).
FALSE_MASKS = 0.001
# Shares of held-out joints that lie nearer than the distances in `EmbeddingReference.quantiles`.
LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1 - FALSE_ALARMS, 1 - FALSE_MASKS)
_TENSORS = ("mean", "whitening", "quantiles")


@dataclass(frozen=True)
class EmbeddingReference:
    """Place and spread of the embeddings of held-out simulated joints."""

    mean: Float[np.ndarray, "joint feature"]
    whitening: Float[
        np.ndarray, "kind feature feature"
    ]  # of embeddings less their mean; gives the distance's components
    quantiles: Float[np.ndarray, "level"]  # distances at `LEVELS`, over held-out joints of all kinds

    def distances(self, embeddings: Float[np.ndarray, "film joint feature"]) -> Float[np.ndarray, "film joint"]:
        """Distance of each joint; above 1 it lies beyond all but `FALSE_ALARMS` of held-out simulated joints.

        Args:
            embeddings: of the encoder that the reference is of, of all 58 joints.
        """
        off = embeddings - self.mean
        components = np.einsum("jab,fjb->fja", self.whitening[list(JOINT_KIND_INDEX)], off)
        return np.linalg.norm(components, axis=-1)

    def limit(self, share: float) -> float:
        """The distance beyond which this share of held-out joints lies.

        Args:
            share: one of 1 - `LEVELS`.
        """
        return float(self.quantiles[[round(1 - level, 6) for level in LEVELS].index(round(share, 6))])

    def tensors(self, part: str) -> dict[str, np.ndarray]:
        """As a weights file holds it, in single precision: distances are sums of many squares.

        Args:
            part: what the names begin with.
        """
        return {f"{part}/{name}": np.ascontiguousarray(getattr(self, name), np.float32) for name in _TENSORS}


def reference_of(tensors: Mapping[str, np.ndarray], part: str) -> EmbeddingReference | None:
    """The reference of a weights file; None where it has none.

    Args:
        tensors: of the file, by name.
        part: what the reference's names begin with.
    """
    names = [f"{part}/{name}" for name in _TENSORS]
    return EmbeddingReference(*(tensors[name] for name in names)) if all(name in tensors for name in names) else None
