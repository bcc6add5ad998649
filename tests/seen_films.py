"""Films made of pixels alone, and the flags that their limbs get."""

from __future__ import annotations

import numpy as np

from outcomenet.films.film import Film, FilmHeader
from outcomenet.localization.found import FoundFilm
from outcomenet.localization.landmarked_limbs import see_film_without_limb, see_limb
from outcomenet.localization.network_flags import found_limbs


def film_of(pixels: np.ndarray, spacing_mm: float | None = None, laterality: str = "", text: bool = False) -> Film:
    """A decoded film, uint16, whose header states no more than this."""
    source = "PixelSpacing" if spacing_mm else "none"
    rows, columns = pixels.shape
    return Film(pixels, FilmHeader(rows, columns, 16, "MONOCHROME2", spacing_mm, source, "png", laterality, text))


def flags_of(found: FoundFilm, film: Film) -> list[set[str]]:
    """Flags of every limb that was found on a film, as `localize` writes them; of the film where there is none."""
    limbs = found_limbs(film, found)
    return [set(see_limb(film, limb).flags) for limb in limbs] or [set(see_film_without_limb(film).flags)]
