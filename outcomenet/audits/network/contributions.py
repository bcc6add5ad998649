"""Joint contributions of a trained network to one outcome, with joints hidden or with other parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import jax
import numpy as np

from outcomenet.arrays import Array, Bool, Float
from outcomenet.input_pipeline.batches import Batch
from outcomenet.training.rungs import Parameters, RungNetwork, visit_of


class ContributionReader:
    """Contributions to one outcome, on its latent scale; higher is worse. Compiled once for all readings."""

    def __init__(self, network: RungNetwork, batches: Sequence[Batch], outcome: int):
        self.batches = batches
        self.ids = [key for batch in batches for key in batch.ids]
        self._read = jax.jit(lambda parameters, arrays: _contributions(network, parameters, arrays, outcome))

    @property
    def visible(self) -> Bool[np.ndarray, "visit joint"]:
        return np.concatenate([np.asarray(b.arrays["visible"])[: b.real] for b in self.batches])

    def read(
        self, parameters: Parameters, visible: Bool[np.ndarray, "visit joint"] | None = None
    ) -> Float[np.ndarray, "visit joint"]:
        """Contributions of every visit; `visible` hides further joints, as if they were not on the film.

        Args:
            parameters: of the network.
            visible: joints that are shown.
        """
        parts, start = [], 0
        for batch in self.batches:
            arrays = dict(batch.arrays)
            if visible is not None:
                shown = np.array(arrays["visible"])
                shown[: batch.real] = visible[start : start + batch.real]
                arrays["visible"] = shown
            parts.append(np.asarray(self._read(parameters, arrays))[: batch.real])
            start += batch.real
        return np.concatenate(parts)


def _contributions(network: RungNetwork, parameters: Parameters, arrays: Mapping[str, Array], outcome: int) -> Array:
    visit = visit_of(arrays)
    return network.each(lambda net: net(visit).contributions[..., outcome], parameters).mean(0)
