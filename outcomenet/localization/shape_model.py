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

ROUNDS = 5
# Of the variance that each landmark has by itself beyond what goes with the others, mm: real skeletons differ from
# simulated ones.
OWN_MM = 2.5


@dataclass(frozen=True)
class ShapeModel:
    """Mean [landmark, 2] in mm and covariance of (x and y of) all landmarks, as x0 y0 x1 y1 ..."""

    mean: Float[np.ndarray, "landmark 2"]
    covariance: Float[np.ndarray, "coordinate coordinate"]

    @cached_property
    def total(self) -> Float[np.ndarray, "coordinate coordinate"]:
        return self.covariance + OWN_MM**2 * np.eye(len(self.covariance))

    def expected(
        self,
        points: Float[np.ndarray, "landmark 2"],
        error_mm: Float[np.ndarray, "landmark"],
        known: Bool[np.ndarray, "landmark"],
    ) -> tuple[Float[np.ndarray, "landmark 2"], Float[np.ndarray, "landmark"]]:
        """Each landmark's place given all *other* known ones (mm), and its standard error along one axis."""
        count = len(self.mean)
        place, error = self.mean.copy(), np.zeros(count)
        deviation = (points - self.mean).ravel()
        noise = np.repeat(error_mm**2, 2)
        rows = np.arange(2 * count).reshape(count, 2)
        for landmark in range(count):
            others = known.copy()
            others[landmark] = False
            seen = rows[others].ravel()
            own = rows[landmark]
            if len(seen):
                inner = self.total[np.ix_(seen, seen)] + np.diag(noise[seen])
                gain = np.linalg.solve(inner, self.total[np.ix_(seen, own)]).T
                place[landmark] += gain @ deviation[seen]
                left = self.total[np.ix_(own, own)] - gain @ self.total[np.ix_(seen, own)]
            else:
                left = self.total[np.ix_(own, own)]
            error[landmark] = np.sqrt(max(np.trace(left) / 2, 1e-6))
        return place, error


def fit_shape(films: Float[np.ndarray, "film landmark 2"], region: Region) -> ShapeModel:
    """The shape of a region from the landmarks of left limbs (film pixels, fingers about up), by generalised Procrustes."""
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
