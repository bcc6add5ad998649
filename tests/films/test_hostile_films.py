"""Files that ask for much, or are no files, are refused by their code, as headers and as pixels, and without waiting."""

from __future__ import annotations

from pathlib import Path

import pytest

from outcomenet.errors import FilmRefused
from outcomenet.films.codecs import stream_header
from outcomenet.films.decoding import FilmDecoder
from outcomenet.films.dicom_structure import inspect_dicom
from outcomenet.films.film_file import read_film, read_header
from tests.hostile_films import HOSTILE, PIXELS


@pytest.fixture(scope="module")
def decoder():
    with FilmDecoder(workers=1, timeout_seconds=10.0) as started:
        yield started


def header_code(path: Path) -> str:
    """The code with which the header alone is refused, "read" where it is not."""
    try:
        read_header(path)
    except FilmRefused as refused:
        return refused.code
    return "read"


@pytest.mark.parametrize("what", HOSTILE)
def test_it_is_refused_by_its_code(what, tmp_path, decoder):
    write, code = HOSTILE[what]
    write(tmp_path / "film")
    (result,) = decoder.map(read_film, [tmp_path / "film"])
    assert (result.code if isinstance(result, FilmRefused) else "read") == code
    assert header_code(tmp_path / "film") in ("read", code)
    (after,) = decoder.map(read_film, [PIXELS / "explicit.dcm"])
    assert not isinstance(after, FilmRefused)


def test_the_structure_of_a_good_film():
    seen = inspect_dicom(PIXELS / "jpeg_ls.dcm")
    assert seen.transfer_syntax == "1.2.840.10008.1.2.4.80"
    assert seen.depth == 0
    data = (PIXELS / "jpeg_ls.dcm").read_bytes()
    assert data[seen.stream_at : seen.stream_at + 2] == b"\xff\xd8"
    assert seen.stream_at + seen.stream_bytes <= len(data)


@pytest.mark.parametrize(
    "name",
    ["jpeg_baseline", "jpeg_lossless_14", "jpeg_lossless_sv1", "jpeg_ls", "jpeg_2000", "htj2k", "jpeg_2000_lossy"],
)
def test_a_stream_says_its_size(name):
    seen = inspect_dicom(PIXELS / f"{name}.dcm")
    data = (PIXELS / f"{name}.dcm").read_bytes()
    said = stream_header(data[seen.stream_at : seen.stream_at + seen.stream_bytes])
    assert said is not None
    assert said[:2] == (40, 32)
    assert said.signed is (False if "2000" in name or "htj2k" in name else None)


@pytest.mark.parametrize(
    "start", [b"", b"\xff\xd8", b"\xff\xd8\xff", b"\xff\x4f\xff\x51\0", b"\xff\xd8\xff\xe0\xff", b"text"]
)
def test_a_stream_that_ends_early_says_nothing(start):
    assert stream_header(start) is None
