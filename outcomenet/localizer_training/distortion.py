"""Smooth bending of a limb: skeletons and hand positions beyond those that the simulator draws."""

from __future__ import annotations

import numpy as np

from outcomenet.arrays import Float

WAVES = 3


class Distortion:
    """A map of limb coordinates (mm) onto themselves: a stretch, a shear and a few slow waves about `centre`."""

    def __init__(self, rng: np.random.Generator, centre: tuple[float, float], squash: float, amplitude_mm: float):
        """Draws a distortion.

        Args:
            rng: Draws shear and waves.
            centre: Place that the stretch leaves as it is, mm.
            squash: Factor across the limb; 1 keeps its width.
            amplitude_mm: SD of the waves' push.
        """
        self.centre = np.asarray(centre, float)
        shear = rng.normal(0.0, 0.06)
        self.linear = np.array([[squash, shear], [0.0, 1.0]])
        self.wave = rng.normal(0.0, 2 * np.pi / 140.0, (WAVES, 2))
        self.phase = rng.uniform(0, 2 * np.pi, WAVES)
        self.push = amplitude_mm / np.sqrt(WAVES) * rng.standard_normal((WAVES, 2))

    def __call__(self, points: Float[np.ndarray, "*point 2"]) -> Float[np.ndarray, "*point 2"]:
        """Where the points of the drawn limb lie in the bent one."""
        moved = (points - self.centre) @ self.linear.T + self.centre
        return moved + self._waves(moved)

    def undo(self, points: Float[np.ndarray, "*point 2"]) -> Float[np.ndarray, "*point 2"]:
        """The reverse, by fixed point: the waves are slow, four rounds leave less than 0.05 mm."""
        moved = points
        for _ in range(4):
            moved = points - self._waves(moved)
        return (moved - self.centre) @ np.linalg.inv(self.linear).T + self.centre

    def _waves(self, points: np.ndarray) -> np.ndarray:
        return np.sin(points @ self.wave.T + self.phase) @ self.push
