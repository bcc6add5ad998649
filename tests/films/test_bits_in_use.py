"""A film of 8 to 14 bits that is kept in words of 16 has the grey levels of the same film in 8 and in 16 bits."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pydicom
import pytest
from PIL import Image
from test_dicom_films import film as dicom_film
from test_tiff_films import tiff

from outcomenet.films.film import Film
from outcomenet.films.film_file import read_film, read_header
from outcomenet.films.stored_bits import bits_in_use

HAND = Path(__file__).parents[1] / "data" / "normal-hand-pa-small.jpg"
EIGHT = np.asarray(Image.open(HAND))[::4, ::4]
assert EIGHT.max() > 200
FLAGGED = ("header_bits",)


def stored(bits: int) -> np.ndarray:
    """The hand in so many bits, its whole range in use."""
    share = EIGHT / EIGHT.max()
    return np.rint(share * (2**bits - 1)).astype(np.uint16)


def as_npy(path: Path, words: np.ndarray) -> Film:
    with path.open("wb") as file:
        np.save(file, words)
    return read_film(path)


def as_tiff(path: Path, words: np.ndarray, bits: int = 16, **tags: int) -> Film:
    path.write_bytes(tiff(words, bits, **tags))
    return read_film(path)


def as_compressed_tiff(path: Path, words: np.ndarray, **tags: int) -> Film:
    """Compressed, so that Pillow reads it, not the reader of uncompressed films."""
    numbers = {int(tag[1:]): value for tag, value in tags.items()}
    Image.fromarray(words).save(path, format="TIFF", compression="tiff_lzw", tiffinfo=numbers)
    data = path.read_bytes()
    (begin,) = struct.unpack("<4xI", data[:8])
    (entries,) = struct.unpack("<H", data[begin : begin + 2])
    for at in range(begin + 2, begin + 2 + 12 * entries, 12):
        (tag,) = struct.unpack("<H", data[at : at + 2])
        if tag in numbers:  # Pillow's writer takes no value of these
            data = data[:at] + struct.pack("<HHIHH", tag, 3, 1, numbers.pop(tag), 0) + data[at + 12 :]
    assert not numbers
    path.write_bytes(data)
    return read_film(path)


def as_png(path: Path, words: np.ndarray, significant: int | None = None) -> Film:
    data = cv2.imencode(".png", words)[1].tobytes()
    if significant is not None:
        chunk = b"sBIT" + bytes([significant])
        chunk = struct.pack(">I", 1) + chunk + struct.pack(">I", zlib.crc32(chunk))
        data = data[:33] + chunk + data[33:]  # behind IHDR
    path.write_bytes(data)
    return read_film(path)


WRITERS = {"npy": as_npy, "tiff": as_tiff, "compressed tiff": as_compressed_tiff, "png": as_png}
STATED = {
    "tiff": lambda bits: {"t281": 2**bits - 1},
    "compressed tiff": lambda bits: {"t281": 2**bits - 1},
    "png": lambda bits: {"significant": bits},
}


@pytest.mark.parametrize("bits", [8, 10, 12, 14])
@pytest.mark.parametrize("format", WRITERS)
def test_fewer_bits_in_words_of_16_have_the_full_range_and_a_flag(tmp_path, format, bits):
    write = WRITERS[format]
    fewer, full, eight = (write(tmp_path / str(n), stored(n)) for n in (bits, 16, 8))
    assert np.abs(fewer.pixels.astype(int) - full.pixels).max() <= 65_535 / (2**bits - 1) / 2 + 1
    assert np.abs(fewer.pixels.astype(int) - eight.pixels).max() <= 257 / 2 + 65_535 / (2**bits - 1) / 2 + 1
    assert (fewer.header.remarks, full.header.remarks) == (FLAGGED, ())
    Image.fromarray(stored(8).astype(np.uint8)).save(tmp_path / "eight.png")
    known = read_film(tmp_path / "eight.png")
    assert (np.array_equal(eight.pixels, known.pixels), known.header.remarks) == (True, ())


@pytest.mark.parametrize("bits", [10, 12, 14])
@pytest.mark.parametrize("format", STATED)
def test_bits_that_the_file_states_need_no_flag(tmp_path, format, bits):
    told = WRITERS[format](tmp_path / "told", stored(bits), **STATED[format](bits))
    guessed = WRITERS[format](tmp_path / "guessed", stored(bits))
    assert np.array_equal(told.pixels, guessed.pixels)
    assert told.header.remarks == ()
    # a dark film keeps the range that its file states
    dark = WRITERS[format](tmp_path / "dark", stored(bits) // 8, **STATED[format](bits))
    assert np.array_equal(dark.pixels, np.rint((stored(bits) // 8) * (65_535 / (2**bits - 1))))
    assert dark.header.remarks == ()


@pytest.mark.parametrize("format", STATED)
def test_a_dark_film_that_states_16_bits_stays_dark(tmp_path, format):
    film = WRITERS[format](tmp_path / "dark", stored(12), **STATED[format](16))
    assert (np.array_equal(film.pixels, stored(12)), film.header.remarks) == (True, ())


@pytest.mark.parametrize("write", WRITERS.values())
def test_grey_levels_of_12_bits_in_16(tmp_path, write):
    # 65535 / 4095 = 16.0037
    film = write(tmp_path / "film", np.array([[0, 1, 2048, 4095]], np.uint16))
    assert film.pixels.tolist() == [[0, 16, 32_776, 65_535]]


def test_white_stored_as_zero_is_turned_within_the_bits_in_use(tmp_path):
    turned = 4095 - stored(12)
    for write in (as_tiff, as_compressed_tiff):
        film = write(tmp_path / "film", turned, t262=0)
        assert np.array_equal(film.pixels, as_npy(tmp_path / "known", stored(12)).pixels)


def test_a_png_that_was_scaled_up_from_its_significant_bits_is_read_as_it_is(tmp_path):
    scaled = stored(12) << 4
    film = as_png(tmp_path / "film", scaled // 2, significant=12)
    assert (np.array_equal(film.pixels, scaled // 2), film.header.remarks) == (True, ())


def test_values_above_a_stated_maximum_are_kept_with_a_flag(tmp_path):
    for write in (as_tiff, as_compressed_tiff):
        film = write(tmp_path / "film", stored(16), t281=4095)
        assert (np.array_equal(film.pixels, stored(16)), film.header.remarks) == (True, FLAGGED)


def test_a_stated_maximum_of_the_picture_alone_states_no_range(tmp_path):
    words = np.minimum(stored(12), 3987)
    film = as_tiff(tmp_path / "film", words, t281=3987)
    assert (film.pixels.max(), film.header.remarks) == (round(3987 * 65_535 / 4095), FLAGGED)


def test_a_packed_tiff_has_the_bits_that_it_states(tmp_path):
    film = as_tiff(tmp_path / "film", stored(10), bits=12)
    assert (film.pixels.max(), film.header.remarks) == (round(1023 * 65_535 / 4095), ())
    film = as_tiff(tmp_path / "film", stored(10), bits=12, t281=1023)
    assert (film.pixels.max(), film.header.remarks) == (65_535, ())


def test_white_letters_of_all_ones_do_not_hide_the_bits_in_use(tmp_path):
    words = stored(12)
    words[:9, :20] = 65_535
    film = as_npy(tmp_path / "film", words)
    known = as_npy(tmp_path / "known", stored(12))
    assert np.array_equal(film.pixels[9:], known.pixels[9:])
    assert (film.pixels[0, 0], film.header.remarks) == (65_535, FLAGGED)


def dicom(path: Path, words: np.ndarray, bits: int, **attributes) -> Film:
    dataset = pydicom.dcmread(dicom_film(path, words))
    dataset.BitsStored, dataset.HighBit = bits, bits - 1
    for name, value in attributes.items():
        setattr(dataset, name, value)
    dataset.save_as(path)
    return read_film(path)


def test_a_dicom_film_whose_header_states_all_16_bits_is_read_alike(tmp_path):
    known = dicom(tmp_path / "12", stored(12), 12)
    film = dicom(tmp_path / "16", stored(12), 16)
    assert np.array_equal(film.pixels, known.pixels)
    assert (known.header.remarks, film.header.remarks) == ((), FLAGGED)
    turned = dicom(tmp_path / "turned", 4095 - stored(12), 16, PhotometricInterpretation="MONOCHROME1")
    assert np.array_equal(turned.pixels, known.pixels)


def test_a_window_says_which_values_of_a_dicom_film_are_seen(tmp_path):
    film = dicom(tmp_path / "film", stored(12), 16, WindowCenter=2**15, WindowWidth=2**16)
    assert (np.array_equal(film.pixels, stored(12)), film.header.remarks) == (True, ())


@pytest.mark.parametrize(
    ("values", "bits", "flagged"),
    [
        ([0, 0], 16, False), ([0, 65_535], 16, False), ([0, 40_000], 16, False), ([7, 65_000], 16, False),
        ([0, 32_768], 16, False), ([0, 32_767], 15, True), ([0, 16_384], 15, True), ([0, 16_383], 14, True),
        ([0, 4_096], 14, True), ([0, 1_900], 12, True), ([0, 1_023], 10, True), ([0, 255], 8, True), ([0, 3], 8, True),
    ],
)  # fmt: skip
def test_the_fewest_bits_of_a_detector_that_hold_the_film(values, bits, flagged):
    assert bits_in_use(np.array([values], np.uint16), 16) == (bits, FLAGGED if flagged else ())


def test_the_header_alone_says_nothing_of_it(tmp_path):
    as_png(tmp_path / "film", stored(12))
    assert (read_header(tmp_path / "film").bits, read_header(tmp_path / "film").remarks) == (16, ())
