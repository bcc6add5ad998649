"""Every transfer syntax and picture format gives the pixels that it should, known without any decoder."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pydicom
import pytest
from PIL import Image

from outcomenet.errors import FilmRefused
from outcomenet.films.codecs import CODECS
from outcomenet.films.decoding import FilmDecoder
from outcomenet.films.film_file import read_film, read_header

PIXELS = Path(__file__).parents[1] / "data" / "pixels"
# what tests/data/pixels/make.py wrote: 12 bits, 40 rows of 32
RAMP = np.add.outer(np.arange(40) * 97, np.arange(32) * 61) % 4096
EXACT = np.rint(RAMP * (65_535 / 4095)).astype(np.uint16)
LOSSLESS = (
    "explicit", "implicit", "big_endian", "rle", "jpeg_lossless_14", "jpeg_lossless_sv1", "jpeg_ls", "jpeg_2000",
    "htj2k", "htj2k_rpcl",
)  # fmt: skip
# How far a grey level may be off, of 65,535: twice the error asked of JPEG-LS (2 of 4,095), else by the look of the ramp,
# whose steps of 61 and wraps of 4,096 are hard for lossy codecs.
LOSSY = {"jpeg_ls_near": 2 * 65_535 / 4095 + 1, "jpeg_2000_lossy": 900.0, "htj2k_lossy": 900.0}


@pytest.fixture(scope="module")
def decoder():
    with FilmDecoder(workers=1) as started:
        yield started


@pytest.mark.parametrize("name", LOSSLESS)
def test_lossless_syntaxes_are_exact_in_the_worker_that_intake_uses(name, decoder):
    (film,) = decoder.map(read_film, [PIXELS / f"{name}.dcm"])
    assert np.array_equal(film.pixels, EXACT)
    assert (film.header.bits, film.header.photometric, film.header.format) == (12, "MONOCHROME2", "dicom")


@pytest.mark.parametrize("name", LOSSY)
def test_lossy_syntaxes_are_near(name, decoder):
    (film,) = decoder.map(read_film, [PIXELS / f"{name}.dcm"])
    off = np.abs(film.pixels.astype(int) - EXACT)
    assert off.max() <= LOSSY[name]
    assert off.max() > 0  # it is the lossy stream that was read


def test_jpeg_baseline_is_near(decoder):
    (film,) = decoder.map(read_film, [PIXELS / "jpeg_baseline.dcm"])
    off = np.abs(film.pixels / 257.0 - (RAMP >> 4))
    assert np.median(off) < 3
    assert film.header.bits == 8


def test_every_codec_of_the_table_has_a_film_here():
    there = {str(pydicom.dcmread(path).file_meta.TransferSyntaxUID) for path in PIXELS.glob("*.dcm")}
    assert there == set(CODECS)


def write_picture(path: Path, format: str) -> np.ndarray:
    """A grey ramp in a format, and the pixels that it should give."""
    eight, sixteen = (RAMP >> 4).astype(np.uint8), (RAMP * 16).astype(np.uint16)
    if format == "png16":
        cv2.imwrite(str(path.with_suffix(".png")), sixteen)
        path.with_suffix(".png").rename(path)
        return sixteen
    if format.startswith("npy"):
        stored = (
            sixteen if format == "npy16" else np.asfortranarray(eight) if format == "npy8" else sixteen.astype(">u2")
        )
        with path.open("wb") as file:
            np.save(file, stored)
        return np.asarray(stored, np.uint16) * (257 if format == "npy8" else 1)
    if format == "tiff16":
        Image.fromarray(sixteen).save(path, format="TIFF")
        return sixteen
    mode = {"bmp_palette": "P", "bmp_colour": "RGB"}.get(format, "L")
    Image.fromarray(eight).convert(mode).save(path, format=format.split("_")[0].removesuffix("8").upper())
    return eight.astype(np.uint16) * 257


@pytest.mark.parametrize(
    "format", ["png8", "png16", "tiff8", "tiff16", "bmp", "bmp_palette", "bmp_colour", "npy8", "npy16", "npy_big"]
)
def test_pictures_take_the_same_path(tmp_path, format):
    expected = write_picture(tmp_path / "film", format)
    film = read_film(tmp_path / "film")
    assert np.array_equal(film.pixels, expected)
    assert film.header.format == format.split("_")[0].rstrip("0123456789")
    assert film.header.spacing_mm is None


def test_unused_high_bits_and_signs_are_masked(tmp_path):
    # an overlay in bit 12 and two's complement: the stored value is the low twelve bits, whatever stands above
    data = pydicom.dcmread(PIXELS / "explicit.dcm")
    data.PixelData = (RAMP | 0x1000).astype("<u2").tobytes()
    data.save_as(tmp_path / "overlay.dcm")
    assert np.array_equal(read_film(tmp_path / "overlay.dcm").pixels, EXACT)
    data.PixelData = ((RAMP - 2048) & 0xFFFF).astype("<u2").tobytes()
    data.PixelRepresentation = 1
    data.save_as(tmp_path / "signed.dcm")
    assert np.array_equal(read_film(tmp_path / "signed.dcm").pixels, EXACT)


def code_of(path: Path) -> str:
    with pytest.raises(FilmRefused) as caught:
        read_header(path)
    return caught.value.code


@pytest.mark.parametrize(
    ("array", "code"),
    [
        (np.array([[{}]], object), "bits"), (np.zeros((3, 3), np.float32), "bits"), (np.zeros((3, 3), np.int16), "bits"),
        (np.zeros((3, 3), np.uint32), "bits"), (np.zeros(3, np.uint8), "multi_frame"),
        (np.zeros((2, 3, 3), np.uint8), "multi_frame"), (np.zeros((0, 3), np.uint8), "no_pixels"),
        (np.zeros((6_001, 1), np.uint8), "too_large"), (np.zeros((2, 2), [("a", "u1")]), "bits"),
    ],
)  # fmt: skip
def test_arrays_that_are_no_film(tmp_path, array, code):
    np.save(tmp_path / "film.npy", array, allow_pickle=True)
    assert code_of(tmp_path / "film.npy") == code
