"""Gaussian shape model of hands and feet: the mean place of every landmark and how they vary together.

A Gaussian over all landmarks of a region in the limb's frame. It holds bone-length ratios and order along the rays in one: it
says where a landmark must lie, given the others, and how surely. It places the landmarks that cannot be seen and
rejects those that no hand could have.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from outcomenet.anatomy import Region, landmarks_of
from outcomenet.arrays import Bool, Float
from outcomenet.localization.frames import LENGTHS_MM, LimbFrame, fitted_frame
from outcomenet.localization.geometry import limb_length_px

ROUNDS = 5  # of aligning every limb to the mean, and averaging anew
# Of the variance that each landmark has by itself beyond what goes with the others, mm: real skeletons differ from
# simulated ones. With 1.5 mm the thumb of a real oblique hand was rejected (docs/localization).
OWN_MM = 2.5


@dataclass(frozen=True)
class ShapeModel:
    """Mean [landmark, 2] in mm and covariance of (x and y of) all landmarks, as x0 y0 x1 y1 ..."""

    mean: Float[np.ndarray, "landmark 2"]
    covariance: Float[np.ndarray, "coordinate coordinate"]

    @cached_property
    def total(self) -> Float[np.ndarray, "coordinate coordinate"]:
        """Covariance with the variance that real skeletons have beyond the simulated ones."""
        return self.covariance + OWN_MM**2 * np.eye(len(self.covariance))

    def expected(
        self,
        points: Float[np.ndarray, "landmark 2"],
        error_mm: Float[np.ndarray, "landmark"],
        known: Bool[np.ndarray, "landmark"],
    ) -> tuple[Float[np.ndarray, "landmark 2"], Float[np.ndarray, "landmark"]]:
        """Where each landmark must lie, given all *other* known ones.

        Args:
            points: Places, mm of the average limb; those that are not known count for nothing.
            error_mm: Standard error of each along one axis.
            known: Which of them count.

        Returns:
            Places, mm, and their standard errors along one axis; the mean shape where nothing is known.
        """
        count = len(self.mean)
        place, error = self.mean.copy(), np.zeros(count)
        deviation = (points - self.mean).ravel()
        noise = np.repeat(error_mm**2, 2)
        rows = np.arange(2 * count).reshape(count, 2)
        for landmark in range(count):
            others = known.copy()
            others[landmark] = False
            seen, at = rows[others].ravel(), rows[landmark]
            left = self.total[np.ix_(at, at)]
            if len(seen):  # conditional mean and covariance of a Gaussian
                inner = self.total[np.ix_(seen, seen)] + np.diag(noise[seen])
                gain = np.linalg.solve(inner, self.total[np.ix_(seen, at)]).T
                place[landmark] += gain @ deviation[seen]
                left = left - gain @ self.total[np.ix_(seen, at)]
            error[landmark] = np.sqrt(max(np.trace(left) / 2, 1e-6))
        return place, error


def fit_shape(films: Float[np.ndarray, "film landmark 2"], region: Region) -> ShapeModel:
    """The shape of a region by generalised Procrustes analysis (Gower, Psychometrika 1975;40:33).

    Args:
        films: Landmarks of left limbs, film pixels, fingers about up; every landmark is known.
        region: Hand or foot.

    Returns:
        Mean in mm of the average limb, RC or BASE1 at its origin, and the covariance about it.
    """
    upright = films * (1.0, -1.0)
    mean = upright.mean(0)
    mean = mean - mean.mean(0)
    for _ in range(ROUNDS):
        aligned = np.stack([_aligned(film, mean, region) for film in films])
        mean = aligned.mean(0)
        names = dict(zip(landmarks_of(region), map(tuple, mean), strict=True))
        length = limb_length_px(names, region)
        assert length is not None
        mean = mean * LENGTHS_MM[region] / length
        mean = mean - _origin(names, region) * LENGTHS_MM[region] / length
    aligned = np.stack([_aligned(film, mean, region) for film in films])
    deviations = (aligned - aligned.mean(0)).reshape(len(films), -1)
    return ShapeModel(mean, np.cov(deviations.T))


def _origin(names: dict[str, tuple[float, float]], region: Region) -> np.ndarray:
    return np.array(names["RC" if region is Region.HAND else "BASE1"])


def _aligned(film: np.ndarray, mean: np.ndarray, region: Region) -> np.ndarray:
    frame: LimbFrame = fitted_frame(mean, film.astype(float), np.ones(len(mean)), thumb_right=True)
    return frame.to_limb(film.astype(float))
