"""How a DICOM file is written, against what it says of that: read where it is plain, else refused with what is wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset
from test_dicom_films import film

from outcomenet.errors import FilmRefused
from outcomenet.films.dicom_structure import inspect_dicom
from outcomenet.films.film_file import film_format, read_film, read_header

PIXELS = np.random.default_rng(0).integers(0, 4096, (40, 30)).astype(np.uint16)
FIRST = b"\x08\x00\x05\x00CS"  # of the data set that `write_dicom` writes


@pytest.fixture
def plain(tmp_path) -> bytes:
    return film(tmp_path / "plain.dcm", PIXELS).read_bytes()


def parts(data: bytes) -> tuple[bytes, bytes]:
    """File meta information with preamble, and data set."""
    at = 132 + 12 + int.from_bytes(data[140:144], "little")
    return data[:at], data[at:]


def implicit(data: bytes) -> bytes:
    """The data set without value representations."""
    buffer = DicomBytesIO()
    buffer.is_little_endian, buffer.is_implicit_VR = True, True
    dataset = pydicom.dcmread(DicomBytesIO(data))
    write_dataset(buffer, pydicom.Dataset({e.tag: e for e in dataset}))
    return buffer.getvalue()


def read(tmp_path: Path, data: bytes) -> np.ndarray:
    (tmp_path / "film").write_bytes(data)
    return read_film(tmp_path / "film").pixels


def refusal(tmp_path: Path, data: bytes) -> FilmRefused:
    (tmp_path / "film").write_bytes(data)
    with pytest.raises(FilmRefused) as caught:
        read_header(tmp_path / "film")
    assert "ends early" not in str(caught.value)
    return caught.value


def test_a_file_without_preamble_is_read(tmp_path, plain):
    assert np.array_equal(read(tmp_path, plain[132:]), read(tmp_path, plain))
    assert film_format(tmp_path / "film") == "dicom"


def test_a_data_set_without_file_meta_information_is_named(tmp_path, plain):
    for data in (parts(plain)[1], implicit(plain), plain[128:]):
        error = refusal(tmp_path, data)
        assert error.code == "no_file_meta"
        assert "nothing says how it is written. Export it as a DICOM file (Part 10)" in str(error)


def test_implicit_elements_under_an_explicit_syntax_and_the_other_way_round(tmp_path, plain):
    meta, explicit = parts(plain)
    wanted = read(tmp_path, plain)
    assert np.array_equal(read(tmp_path, meta + implicit(plain)), wanted)
    short = meta.replace(b"UI\x14\x001.2.840.10008.1.2.1\0", b"UI\x12\x001.2.840.10008.1.2\0")
    length = int.from_bytes(short[140:144], "little") - 2
    assert np.array_equal(read(tmp_path, short[:140] + length.to_bytes(4, "little") + short[144:] + explicit), wanted)


def test_a_single_implicit_element_is_named(tmp_path, plain):
    at = plain.index(b"\x10\x00\x20\x00LO")
    length = int.from_bytes(plain[at + 6 : at + 8], "little")
    error = refusal(tmp_path, plain[: at + 4] + length.to_bytes(4, "little") + plain[at + 8 :])
    assert (error.code, "(0010,0020) is written without a value representation" in str(error)) == (
        "representation",
        True,
    )
    assert "explicit and implicit mixed up" in str(error)


@pytest.mark.parametrize("vr", ["??", "ZZ"])
def test_a_value_representation_that_there_is_not_is_named(tmp_path, plain, vr):
    error = refusal(tmp_path, plain.replace(b"\x10\x00\x20\x00LO", b"\x10\x00\x20\x00" + vr.encode()))
    assert error.code == "representation"
    assert f'Element (0010,0020) has a value representation that DICOM does not know, "{vr}"' in str(error)


SEQUENCE = b"\x08\x00\x40\x11SQ\0\0"  # (0008,1140), followed by four bytes of length
ITEM, UNDEFINED = b"\xfe\xff\x00\xe0", b"\xff\xff\xff\xff"
EMPTY_CODE = b"\x08\x00\x05\x00CS\0\0"  # an element of 8 bytes without a value


@pytest.mark.parametrize(
    ("data_set", "sentence", "code"),
    [
        (b"\x08\x00\x05\x00CS", "it ends inside an element", "truncated"),
        (b"\xfe\xff\x0d\xe0\0\0\0\0", "a delimiter stands outside a sequence", "truncated"),
        (SEQUENCE + UNDEFINED, "it ends inside a sequence", "truncated"),
        (
            # the item ends 2 bytes behind the sequence of 8 + 8 bytes that holds it
            SEQUENCE + b"\x10\0\0\0" + ITEM + b"\x0a\0\0\0" + EMPTY_CODE[:-2] + b"\x02\0ab",
            "an element reaches beyond the sequence that holds it",
            "truncated",
        ),
        (EMPTY_CODE * 20_001, "it has more than 20,000 elements", "truncated"),
        ((SEQUENCE + UNDEFINED + ITEM + UNDEFINED) * 17, "nested at most 16 deep, this file's are deeper", "nesting"),
        (b"\xe0\x7f\x10\x00OW\0\0" + UNDEFINED, "do not begin with an offset table", "truncated"),
        (b"\xe0\x7f\x10\x00OW\0\0" + UNDEFINED + ITEM + b"\0\0\0\0", "it has no compressed pixels", "truncated"),
    ],
)
def test_a_broken_structure_is_named(tmp_path, plain, data_set, sentence, code):
    (tmp_path / "film").write_bytes(parts(plain)[0] + data_set)
    with pytest.raises(FilmRefused, match=sentence) as refused:
        read_header(tmp_path / "film")
    assert refused.value.code == code


def test_a_structure_without_its_mark_is_no_dicom_file(tmp_path):
    (tmp_path / "film").write_bytes(bytes(200))
    with pytest.raises(FilmRefused, match="A DICOM file has DICM at byte 128, this one has not"):
        inspect_dicom(tmp_path / "film")
