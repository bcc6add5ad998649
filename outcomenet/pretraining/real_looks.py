"""Looks of real films: how their grey levels are spread and how fine their detail is, given to drawn crops.

Kept are statistics alone, in real_looks.csv beside this file; `python -m tools.measure_real_looks` makes it of films whose
licences are named there. No film that the encoder is tested on is among them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from outcomenet.arrays import Float
from outcomenet.csv_files import read_csv

KEPT = Path(__file__).with_name("real_looks.csv")
PERCENTS = np.array([0.5, 1, 2, 5, *range(10, 95, 5), 95, 98, 99, 99.5])
# Edges of the bands of spatial frequency, cycles per crop: a third of an octave and wider, up to what 128 pixels hold.
BANDS = np.array([0.5, 1.5, 2.5, 3.5, 4.5, 6, 8, 11, 15, 20, 27, 36, 48, 64])
REFERENCE = slice(0, 4)  # bands whose mean is the zero of the logarithms: shapes of bones, whatever the contrast
FACTORS = (0.5, 2.0)  # of an amplitude at most: beyond it noise of one film would be made detail of another
FINENESS_CROPS = 16  # that a film's own spectrum is told by


@dataclass(frozen=True)
class RealLook:
    """Statistics of one film's windows, each as wide as a joint's crop."""

    film: str
    licence: str
    quantiles: Float[np.ndarray, "percent"]  # at `PERCENTS`, the first 0 and the last 1
    power: Float[np.ndarray, "band"]  # see `log_power`; NaN beyond what the film resolves


@cache
def real_looks() -> tuple[RealLook, ...]:
    """The kept looks, in the order of their films' names."""
    table = read_csv(KEPT)
    quantiles = table[[quantile_column(percent) for percent in PERCENTS]].to_numpy(np.float32)
    power = table[[power_column(band) for band in range(len(BANDS) - 1)]].to_numpy(np.float32)
    films = zip(table["film"].tolist(), table["licence"].tolist(), quantiles, power, strict=True)
    return tuple(RealLook(*film) for film in films)


def quantile_column(percent: float) -> str:
    """Column of the kept table for a percentage of the pixels."""
    return f"grey_{percent:g}"


def power_column(band: int) -> str:
    """Column of the kept table for a band of `BANDS`, counted from 0."""
    return f"power_{BANDS[band]:g}_{BANDS[band + 1]:g}"


def with_histogram(
    crops: Float[np.ndarray, "joint height width"], look: RealLook, share: float
) -> Float[np.ndarray, "joint height width"]:
    """Crops whose grey levels are spread as a real film's: each level moves, and none passes another.

    Args:
        crops: Grey levels of one film, 0 to 1.
        look: Of the real film.
        share: Of the way from the old levels to the new ones, 0 to 1.

    Returns:
        Grey levels from 0 to 1.
    """
    levels = grey_quantiles(crops)
    # levels that many pixels share would make a step of the curve: its end is taken
    rising = np.append(np.diff(levels) > 0, True)
    mapped = np.interp(crops, levels[rising], look.quantiles[rising]).astype(np.float32)
    return np.clip(crops + np.float32(share) * (mapped - crops), 0.0, 1.0)


def with_spectrum(
    crops: Float[np.ndarray, "joint height width"], look: RealLook, share: float
) -> Float[np.ndarray, "joint height width"]:
    """Crops whose detail is as strong, at each fineness, as a real film's beside the shapes of its bones.

    Args:
        crops: Grey levels of one film, 0 to 1, square.
        look: Of the real film.
        share: Of the way, on the scale of logarithms, from the old strengths to the new ones, 0 to 1; each amplitude is
            multiplied by a factor within `FACTORS`.

    Returns:
        Grey levels from 0 to 1.
    """
    size = crops.shape[-1]
    every = max(1, len(crops) // FINENESS_CROPS)
    lacking = 0.5 * (look.power - log_power(crops[::every]))  # an amplitude is the root of a power
    lacking = np.clip(np.where(np.isfinite(lacking), lacking, 0.0), *np.log(FACTORS))
    margin = size // 4  # mirrored, so that one side of a crop does not reach the other
    whole = size + 2 * margin
    middles = np.sqrt(BANDS[:-1] * BANDS[1:])
    cycles = _cycles(whole) * size / whole
    at_cycles = np.interp(np.log(np.maximum(cycles, 1e-6)), np.log(middles), share * lacking)
    factor = np.where(cycles > 0, np.exp(at_cycles), 1.0).astype(np.float32)  # the mean stays
    around = ((0, 0), (margin, margin), (margin, margin))
    waves = np.fft.rfft2(np.pad(crops, around, mode="reflect")) * factor[:, : whole // 2 + 1]
    changed = np.fft.irfft2(waves, s=(whole, whole))[:, margin : margin + size, margin : margin + size]
    return np.clip(changed, 0.0, 1.0).astype(np.float32)


def grey_quantiles(crops: Float[np.ndarray, "window height width"]) -> Float[np.ndarray, "percent"]:
    """Grey levels at `PERCENTS` of all pixels.

    Args:
        crops: Grey levels of one film's windows.
    """
    every = max(1, crops.size // 40_000)  # good to a tenth of a percent; sorting all takes long
    return np.percentile(crops.reshape(-1)[::every], PERCENTS)


def log_power(crops: Float[np.ndarray, "window height width"]) -> Float[np.ndarray, "band"]:
    """Logarithm of the mean power in each band of `BANDS`, beside that of the bands of `REFERENCE`.

    Args:
        crops: Grey levels of one film's windows, square.

    Returns:
        NaN in a band that is not whole below half a cycle per pixel, and everywhere where nothing is to be seen.
    """
    size = crops.shape[-1]
    taper = np.outer(np.hanning(size), np.hanning(size))
    flat = (crops - crops.mean((1, 2), keepdims=True)) * taper
    power = (np.abs(np.fft.fft2(flat)) ** 2).mean(0)
    band = np.digitize(_cycles(size), BANDS) - 1
    sums = [power[band == number].mean() if (band == number).any() else np.nan for number in range(len(BANDS) - 1)]
    whole = BANDS[1:] <= size / 2
    with np.errstate(divide="ignore"):
        logs = np.log(np.where(whole, sums, np.nan))
    relative = logs - logs[REFERENCE].mean()
    return np.where(np.isfinite(relative), relative, np.nan)


def _cycles(size: int) -> Float[np.ndarray, "size size"]:
    """Cycles per window of each coefficient of a Fourier transform."""
    each = np.fft.fftfreq(size, 1 / size)
    return np.hypot(*np.meshgrid(each, each))
