"""Distance of a film's joints from those that the pretrained encoder was shown."""

from __future__ import annotations

import math

import jax
import numpy as np
from flax import nnx

from outcomenet.arrays import Array, Bool, Float, UInt16
from outcomenet.models.embedding_reference import EmbeddingReference
from outcomenet.models.encoders.settled import settled_embeddings
from outcomenet.models.joint_states import JointNet
from outcomenet.models.joint_weights import PRETRAINED, JointWeights, load_joint_weights
from outcomenet.models.standardised_crops import standardised

FILMS_AT_ONCE = 8


class JointDistances:
    """A pretrained encoder with its reference, compiled for films of one size."""

    def __init__(self, weights: JointWeights, reference: EmbeddingReference, batch: int = FILMS_AT_ONCE):
        """Args:
        weights: of the encoder, and the crops that it takes.
        reference: of the same encoder.
        batch: films that are run at once.
        """
        self.reference, self.batch = reference, batch
        definition, state = nnx.split(weights.network)
        self._state: dict[str, object] = dict(nnx.to_pure_dict(state))

        @jax.jit
        def embed(state: dict[str, object], crops: Array) -> Array:
            network: JointNet = nnx.merge(definition, state)
            return settled_embeddings(network.encoder, crops)

        self._embed = embed

    def of(
        self, crops: UInt16[np.ndarray, "film joint height width"], present: Bool[np.ndarray, "film joint"]
    ) -> Float[np.ndarray, "film joint"]:
        """Distance of each joint (see `EmbeddingReference.distances`), NaN where it is not present.

        Args:
            crops: Of all 58 joints, 0 to 65535, of the encoder's size.
            present: Joints that a film shows.
        """
        distances = np.full(present.shape, np.nan)
        for first in range(0, len(crops), self.batch):
            part = slice(first, first + self.batch)
            films = [
                np.where(shown[:, None, None], standardised(film.astype(np.float32) / 65535.0, shown), 0.0)
                for film, shown in zip(crops[part], present[part], strict=True)
            ]
            # filled up: one size is one compiled program
            films += [np.zeros_like(films[0])] * (self.batch - len(films))
            embeddings = np.asarray(jax.device_get(self._embed(self._state, np.stack(films).astype(np.float32))))
            distances[part] = self.reference.distances(embeddings[: len(crops[part])].astype(np.float64))
        return np.where(present, distances, np.nan)


def shipped_distances(size_px: int, mm_per_px: float, batch: int = FILMS_AT_ONCE) -> JointDistances | None:
    """Distances from what the shipped encoder was shown; None where it takes other crops, or has no reference.

    Args:
        size_px: pixels a side of the crops.
        mm_per_px: their scale.
        batch: films that are run at once.
    """
    weights = load_joint_weights() if PRETRAINED.is_file() else None
    if weights is None or weights.reference is None:
        return None
    if weights.size_px != size_px or not math.isclose(weights.mm_per_px, mm_per_px, rel_tol=1e-6):
        return None
    return JointDistances(weights, weights.reference, batch)
