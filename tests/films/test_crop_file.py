"""Files of crops, as simulated cohorts bring them instead of whole films."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from outcomenet.errors import FilmRefused
from outcomenet.films.crop_file import read_crops
from outcomenet.films.film_file import read_header

CROPS = np.arange(2 * 8 * 8, dtype=np.uint16).reshape(2, 8, 8)


def write(path: Path, **changes) -> Path:
    np.savez_compressed(path, **({"crops": CROPS, "sites": np.array(["IP1", "MTP1"]), "mm_per_px": 0.25} | changes))
    return path


def test_crops_come_back_with_their_sites_and_scale(tmp_path):
    film = read_crops(write(tmp_path / "f.npz"))
    assert np.array_equal(film.crops, CROPS)
    assert (film.sites, film.mm_per_px) == (("IP1", "MTP1"), 0.25)


def test_the_header_gives_one_crops_size(tmp_path):
    header = read_header(write(tmp_path / "f.npz"))
    assert (header.format, header.rows, header.columns, header.spacing_mm) == ("crops", 8, 8, 0.25)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"crops": CROPS.astype(float)}, r"these are float64 \[2, 8, 8\] with 2 sites"),
        ({"crops": CROPS[0]}, r"these are uint16 \[8, 8\] with 2 sites"),
        ({"crops": CROPS[:, :4]}, r"these are uint16 \[2, 4, 8\] with 2 sites"),
        ({"sites": np.array(["IP1"])}, "with 1 sites; write the file again"),
        ({"sites": np.array([1, 2])}, "Sites are text .*, here int64"),
        ({"mm_per_px": 0.0}, "mm_per_px is 0.01 to 1.0, here .* and 0.0"),
        ({"mm_per_px": np.array([0.25, 0.25])}, "Crops are uint16 .joint, size, size. with a site each"),
        ({"sites": np.array(["IP1", None], dtype=object)}, "this one could not be read so"),
    ],
)
def test_arrays_that_do_not_agree_are_refused(tmp_path, changes, sentence):
    with pytest.raises(FilmRefused, match=sentence) as refused:
        read_header(write(tmp_path / "f.npz", **changes))
    assert refused.value.code == "crops"


def test_another_zip_file_is_refused(tmp_path):
    np.savez(tmp_path / "f.npz", other=CROPS)
    with pytest.raises(FilmRefused, match="holds the arrays crops, sites and mm_per_px"):
        read_header(tmp_path / "f.npz")
