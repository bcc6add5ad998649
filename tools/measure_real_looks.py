"""Statistics of real films for `outcomenet/pretraining/real_looks.csv`: spread of grey levels, strength of detail.

    python -m tools.measure_real_looks FOLDER

FOLDER has the films of `FILMS`, in any resolution. No pixel is kept. Films that the encoder is tested on must not be added.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from outcomenet.arrays import Float
from outcomenet.csv_files import write_csv
from outcomenet.films.film_file import read_film
from outcomenet.pretraining.real_looks import (
    BANDS,
    KEPT,
    PERCENTS,
    grey_quantiles,
    log_power,
    power_column,
    quantile_column,
)

WINDOW_MM, STRIDE_MM = 24.0, 8.0  # a window is as wide as a joint's crop
LIMB_SHARE = 0.55  # of a window that must lie on the limb: a finger's crop has air at both sides
FINEST_MM = 0.1875  # of the measured pixels: 128 to a window, as many as the finest crops have
HAGGSTROM = "M. Häggström, Wikimedia Commons: CC0 1.0"
SAN_DIEGO = "UC San Diego Health, Wikimedia Commons: public domain"
FRACATLAS = "FracAtlas, Abedeen et al. 2023, doi 10.1038/s41597-023-02432-4: CC BY 4.0"


@dataclass(frozen=True)
class MeasuredFilm:
    """What is known of a film by eye: it has no pixel spacing."""

    height_mm: float  # of the whole film, from the limb's length on it
    part: tuple[float, float, float, float]  # left, top, right, bottom of the limb: shares of width and height
    licence: str


FILMS = {
    # by TIP3 to RC 185 mm
    "IMG0002353_640px.jpg": MeasuredFilm(485, (0.46, 0.30, 0.74, 0.90), FRACATLAS),
    "IMG0003310.jpg": MeasuredFilm(455, (0.44, 0.20, 0.88, 0.75), FRACATLAS),
    "IMG0003381.jpg": MeasuredFilm(470, (0.10, 0.20, 0.45, 0.86), FRACATLAS),
    # one scanner, 0.1 mm a pixel by the hand's 185 mm and the foot's 245
    "normal-foot-lateral.jpg": MeasuredFilm(132, (0.02, 0.00, 0.97, 0.95), HAGGSTROM),
    "normal-hand-lateral.jpg": MeasuredFilm(212, (0.02, 0.02, 0.90, 0.97), HAGGSTROM),
    "normal-hand-oblique.jpg": MeasuredFilm(210, (0.00, 0.00, 1.00, 1.00), HAGGSTROM),
    "normal-wrist-lateral.jpg": MeasuredFilm(175, (0.10, 0.00, 0.85, 1.00), HAGGSTROM),
    # by a third metacarpal of 37 mm: about four years old
    "normal-wrist-pediatric-pa.jpg": MeasuredFilm(199, (0.00, 0.00, 1.00, 0.63), SAN_DIEGO),
}


def measured(folder: Path) -> pd.DataFrame:
    """The table of looks, one row per film.

    Args:
        folder: Of the films.
    """
    rows = []
    for name, film in sorted(FILMS.items()):
        windows, finest_cycles = limb_windows(folder / name, film)
        quantiles = grey_quantiles(windows)
        quantiles = (quantiles - quantiles[0]) / (quantiles[-1] - quantiles[0])
        power = np.where(BANDS[1:] <= finest_cycles, log_power(windows), np.nan)
        rows.append(
            {"film": name, "licence": film.licence, "windows": len(windows)}
            | {quantile_column(percent): value for percent, value in zip(PERCENTS, quantiles, strict=True)}
            | {power_column(band): value for band, value in enumerate(power)}
        )
    return pd.DataFrame(rows)


def limb_windows(path: Path, film: MeasuredFilm) -> tuple[Float[np.ndarray, "window height width"], float]:
    """Windows of a film that lie on its limb.

    Args:
        path: The film.
        film: Its size and where the limb is.

    Returns:
        Grey levels from 0 to 1, and the cycles per window up to which the film holds detail.
    """
    pixels = read_film(path).pixels.astype(np.float32) / np.float32(65535)
    mm_per_px = film.height_mm / len(pixels)
    left, top, right, bottom = np.array(film.part) * np.tile(pixels.shape[::-1], 2)
    part = pixels[round(top) : round(bottom), round(left) : round(right)]
    scale = mm_per_px / FINEST_MM
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    part = np.clip(cv2.resize(part, None, fx=scale, fy=scale, interpolation=how), 0.0, 1.0)
    limb = _limb(part)
    size, stride = round(WINDOW_MM / FINEST_MM), round(STRIDE_MM / FINEST_MM)
    corners = [
        (row, column)
        for row in range(0, part.shape[0] - size + 1, stride)
        for column in range(0, part.shape[1] - size + 1, stride)
        if limb[row : row + size, column : column + size].mean() > LIMB_SHARE
    ]
    windows = np.stack([part[row : row + size, column : column + size] for row, column in corners])
    return windows, 0.5 * WINDOW_MM / max(mm_per_px, FINEST_MM)


def _limb(part: Float[np.ndarray, "row column"]) -> np.ndarray:
    """The limb by Otsu's threshold on the logarithm, where soft tissue is nearer to bone than to air."""
    smooth = cv2.GaussianBlur(part, (0, 0), 1.0 / FINEST_MM)
    logs = np.log(smooth + 0.02)
    low, high = np.percentile(logs, [1, 99])
    levels = np.clip(255 * (logs - low) / (high - low), 0, 255).astype(np.uint8)
    return cv2.threshold(levels, 0, 1, cv2.THRESH_BINARY + cv2.THRESH_OTSU)[1] > 0


def main(folder: str) -> None:
    """Writes the kept table."""
    table = measured(Path(folder))
    write_csv(table, KEPT, float_format="%.4f")
    print(table.iloc[:, [0, 2]].to_string(index=False))


if __name__ == "__main__":
    main(*sys.argv[1:])
