"""Looks at a film of the bank: the limb bent, its frame guessed roughly, the film cut and stored differently."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from outcomenet.arrays import Bool, Float
from outcomenet.localization.frames import LimbFrame, fitted_frame
from outcomenet.localizer_training.film_bank import BankFilm

# Share of a film's edges that run through the limb's middle. Without them a real hand without fingers was taken for a foot
# with 7 of 8 landmarks and no doubt, with them for a hand (docs/localization).
DEEP_CUT = 0.15
UPRIGHT = np.array([1.0, -1.0])  # limb coordinates as a film of their own: x right, y down
WAVES = 3  # of a distortion


class Distortion:
    """A map of limb coordinates (mm) onto themselves: a stretch, a shear and a few slow waves about `centre`.

    It makes skeletons and hand positions beyond those that the simulator draws.
    """

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


class Look(NamedTuple):
    """A bent limb and the frame in which it is looked at.

    `frame` maps limb coordinates, as guessed, to the bent limb laid out as a film in mm (see `UPRIGHT`).
    """

    film: BankFilm
    distortion: Distortion
    frame: LimbFrame
    points: Float[np.ndarray, "landmark 2"]  # landmarks in guessed limb coordinates, mm

    def pixels(self, limb_points: Float[np.ndarray, "row column 2"]) -> Float[np.ndarray, "row column"]:
        """Grey levels, 0 to 1, at points of guessed limb coordinates; the film's edge goes on for ever."""
        bent = self.frame.to_film(limb_points) * UPRIGHT
        at = self.film.frame.to_film(self.distortion.undo(bent))
        at = (at - 0.5).astype(np.float32)
        source = self.film.pixels
        return (
            cv2.remap(source, at[..., 0], at[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE).astype(
                np.float32
            )
            / 255
        )


def look_at(
    film: BankFilm,
    mean_shape: Float[np.ndarray, "landmark 2"],
    rng: np.random.Generator,
    *,
    squash: float,
    amplitude_mm: float,
    turn: float,
    log_scale: float,
    shift_mm: Float[np.ndarray, "2"],
) -> Look:
    """Bends the limb, fits its frame anew, and turns, scales and shifts that by what a rough guess is off.

    Args:
        film: Film of the bank.
        mean_shape: Mean landmarks of the region in limb coordinates, mm.
        rng: Draws the distortion.
        squash: Factor across the limb; 1 keeps its width.
        amplitude_mm: SD of the bending.
        turn: Radians by which the guess is off.
        log_scale: Natural logarithm of the factor by which its size is off.
        shift_mm: By how much its middle is off.

    Returns:
        The look, its landmarks in guessed limb coordinates.
    """
    drawn = film.frame.to_limb(film.points.astype(float))
    distortion = Distortion(rng, tuple(mean_shape.mean(0)), squash, amplitude_mm)
    bent = distortion(drawn) * UPRIGHT
    fitted = fitted_frame(mean_shape, bent, np.ones(len(bent)), thumb_right=True)
    cos, sin = np.cos(turn), np.sin(turn)
    off = np.exp(log_scale) * np.array([[cos, sin], [-sin, cos]])
    matrix = fitted.matrix @ off
    middle = mean_shape.mean(0)
    frame = LimbFrame(matrix, fitted.to_film(middle + shift_mm) - matrix @ middle)
    return Look(film, distortion, frame, frame.to_limb(bent))


def film_edges(
    points: Float[np.ndarray, "landmark 2"], grid: Float[np.ndarray, "row column 2"], rng: np.random.Generator
) -> Bool[np.ndarray, "row column"]:
    """Which points of a window lie on a film that ends somewhere around the limb, sometimes through it.

    Args:
        points: Landmarks in limb coordinates, mm.
        grid: Points of the window in limb coordinates, mm.
        rng: Draws the edges.

    Returns:
        True where the film is.
    """
    inside = np.ones(grid.shape[:2], bool)
    low, high = points.min(0), points.max(0)
    tilt = np.deg2rad(rng.normal(0, 4.0))
    across = np.array([np.cos(tilt), np.sin(tilt)])
    along = np.array([-np.sin(tilt), np.cos(tilt)])
    room = {"left": (-20, 50), "right": (-20, 50), "top": (-15, 40), "bottom": (-10, 70)}
    for edge, (least, most) in room.items():
        if rng.random() < 0.5:
            continue
        margin = rng.uniform(least, most)
        if rng.random() < DEEP_CUT:
            margin = -rng.uniform(0.1, 0.55) * float((high - low)[int(edge in ("top", "bottom"))])
        if edge == "left":
            inside &= grid @ across > low[0] - margin
        elif edge == "right":
            inside &= grid @ across < high[0] + margin
        elif edge == "top":
            inside &= grid @ along < high[1] + margin
        else:
            inside &= grid @ along > low[1] - margin
    return inside
