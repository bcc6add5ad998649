"""TIFF films of every depth come out at their full range, or are refused by their depth."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from outcomenet.errors import FilmRefused
from outcomenet.films.film_file import read_film, read_header

SHARE = np.add.outer(np.linspace(0, 0.5, 41), np.linspace(0, 0.5, 33))


def packed(values: np.ndarray, bits: int, order: str) -> bytes:
    """Rows of values, each row filled up to a byte; 8 and 16 bits as numbers."""
    if bits in (8, 16):
        return values.astype(f"{order}u{bits // 8}").tobytes()
    each = (values[..., None] >> np.arange(bits - 1, -1, -1)) & 1
    return np.packbits(each.reshape(len(values), -1).astype(np.uint8), axis=1).tobytes()


def tiff(values: np.ndarray, bits: int, order: str = "<", rows: int = 41, big: bool = False, **tags: int) -> bytes:
    """An uncompressed TIFF in strips of `rows` rows; `tags` by number, as t259=5."""
    strips = [packed(values[at : at + rows], bits, order) for at in range(0, len(values), rows)]
    known = {256: values.shape[1], 257: values.shape[0], 258: bits, 259: 1, 262: 1, 277: 1, 278: rows, 339: 1}
    known |= {int(name[1:]): value for name, value in tags.items()}
    entry, header = ("HHQQ", 16 + 8) if big else ("HHII", 8 + 2)
    end = header + (len(known) + 2) * struct.calcsize(f"={entry}") + (8 if big else 4)
    begins = end + 8 * len(strips)
    offsets = [begins + sum(map(len, strips[:n])) for n in range(len(strips))]
    arrays = {273: offsets, 279: [len(strip) for strip in strips]}
    data = (
        struct.pack(f"{order}HHHQQ", 43, 8, 0, 16, len(known) + 2)
        if big
        else struct.pack(f"{order}HIH", 42, 8, len(known) + 2)
    )
    for tag in sorted([*known, *arrays]):
        values_of = arrays.get(tag, [known.get(tag, 0)])
        at = end + (0 if tag == 273 else 4 * len(strips))
        data += struct.pack(f"{order}{entry}", tag, 4, len(values_of), values_of[0] if len(values_of) == 1 else at)
    data += struct.pack(f"{order}{'Q' if big else 'I'}", 0)
    data += struct.pack(f"{order}{2 * len(strips)}I", *arrays[273], *arrays[279])
    return (b"II" if order == "<" else b"MM") + data + b"".join(strips)


def read(tmp_path: Path, data: bytes) -> np.ndarray:
    (tmp_path / "film.tif").write_bytes(data)
    film = read_film(tmp_path / "film.tif")
    assert film.header == read_header(tmp_path / "film.tif")
    return film.pixels / 65_535


def code(tmp_path: Path, data: bytes) -> tuple[str, str]:
    (tmp_path / "film.tif").write_bytes(data)
    with pytest.raises(FilmRefused) as caught:
        read_header(tmp_path / "film.tif")
    return caught.value.code, str(caught.value)


@pytest.mark.parametrize("bits", [4, 8, 9, 10, 12, 14, 15, 16])
@pytest.mark.parametrize("order", ["<", ">"])
def test_every_depth_has_its_full_range(tmp_path, bits, order):
    top = 2**bits - 1
    values = np.rint(SHARE * top).astype(int)
    for data in (
        tiff(values, bits, order), tiff(top - values, bits, order, t262=0), tiff(values, bits, order, rows=7),
        tiff(values, bits, "<", big=True),
    ):  # fmt: skip
        assert np.abs(read(tmp_path, data) - values / top).max() < 1e-4


@pytest.mark.parametrize(
    ("bits", "tags", "words"),
    [(16, {"t339": 2}, "16 bits, signed"), (16, {"t339": 3}, "16 bits, floating-point"), (32, {}, "32 bits, unsigned"),
     (10, {"t259": 5}, "10 bits, unsigned, compressed"), (12, {"t266": 2}, "12 bits, unsigned"), (24, {}, "24 bits")],
)  # fmt: skip
def test_other_depths_are_named(tmp_path, bits, tags, words):
    found, sentence = code(tmp_path, tiff(np.rint(SHARE * 100).astype(int), bits, **tags))
    assert (found, words in sentence, "ends early" in sentence) == ("bits", True, False)


def test_a_big_tiff_of_high_bytes_first_is_named(tmp_path):
    found, sentence = code(tmp_path, tiff(np.rint(SHARE * 100).astype(int), 8, ">", big=True))
    assert (found, "BigTIFF" in sentence) == ("big_tiff", True)


def test_a_short_tiff_ends_early(tmp_path):
    found, sentence = code(tmp_path, tiff(np.rint(SHARE * 4095).astype(int), 12)[:-200])
    assert (found, "ends early" in sentence) == ("truncated", True)


@pytest.mark.parametrize("orientation", [0, 1, 9, 65_535])
def test_an_orientation_that_means_nothing_is_upright(tmp_path, orientation):
    values = np.rint(SHARE * 4095).astype(int)
    assert np.abs(read(tmp_path, tiff(values, 12, t274=orientation)) - values / 4095).max() < 1e-4
    exif = Image.Exif()
    exif[274] = orientation
    Image.fromarray(np.rint(SHARE * 255).astype(np.uint8)).save(tmp_path / "film.png", exif=exif)
    assert read_header(tmp_path / "film.png").rows == 41


@pytest.mark.parametrize("orientation", range(2, 9))
def test_a_tiff_to_be_turned_is_refused(tmp_path, orientation):
    for bits in (8, 12):
        assert code(tmp_path, tiff(np.rint(SHARE * 100).astype(int), bits, t274=orientation))[0] == "orientation"
