"""Values that a DICOM header describes wrongly come out right, or the film is refused: bits, signs, tables, windows."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.sequence import Sequence
from pydicom.uid import JPEG2000, ExplicitVRBigEndian, JPEG2000Lossless, JPEGLSLossless, RLELossless
from test_dicom_films import film

from outcomenet.errors import FilmRefused
from outcomenet.films.film_file import read_film, read_header
from outcomenet.films.stored_bits import used_bits

HAND = Path(__file__).parents[1] / "data" / "normal-hand-pa-small.jpg"
SHARE = np.asarray(Image.open(HAND)).astype(float)[::2, ::2] / 255


def stored(bits: int) -> np.ndarray:
    return np.rint(SHARE * (2**bits - 1)).astype(np.uint16)


def marked(bit: int) -> np.ndarray:
    """A drawn overlay, as it stands in one bit of the words."""
    drawn = np.zeros(SHARE.shape, np.uint8)
    cv2.putText(drawn, "L 4711", (10, 60), cv2.FONT_HERSHEY_SIMPLEX, 1.2, 1, 3)
    return drawn.astype(np.uint16) << bit


def write(path: Path, words: np.ndarray, bits: int, **attributes) -> Path:
    """Words as they are under a header that says `bits`."""
    path = film(path, np.zeros(words.shape, np.uint16))
    dataset = pydicom.dcmread(path)
    dataset.BitsStored, dataset.HighBit = bits, bits - 1
    dataset.PixelData = words.astype("<u2").tobytes()
    for name, value in attributes.items():
        setattr(dataset, name, value)
    dataset.save_as(path)
    return path


def off(path: Path, expected: np.ndarray = SHARE) -> float:
    """How far the film's grey levels are from the picture, as a share of the range."""
    return float(np.abs(read_film(path).pixels / 65_535 - expected).max())


@pytest.mark.parametrize(("says", "uses"), [(10, 12), (8, 10), (12, 16), (12, 13), (8, 16)])
@pytest.mark.parametrize("signed", [False, True])
def test_values_above_the_stated_bits_are_used(tmp_path, says, uses, signed):
    words = stored(uses).astype(int) - (2 ** (uses - 1) if signed else 0)
    path = write(tmp_path / "a.dcm", words & 0xFFFF, says, PixelRepresentation=int(signed))
    assert off(path) < 0.003
    assert read_film(path).header.remarks == ("header_bits",)


def test_a_window_counts_in_the_values_that_there_are(tmp_path):
    assert off(write(tmp_path / "a.dcm", stored(12), 10, WindowCenter=2048, WindowWidth=4096)) < 0.001


@pytest.mark.parametrize(
    "above",
    [
        np.full(SHARE.shape, 0xF000), marked(12), marked(15), marked(12) | np.roll(marked(13), 9, 0), marked(12) * 15,
        np.random.default_rng(0).integers(0, 16, SHARE.shape) << 12,
    ],
)  # fmt: skip
def test_bits_that_are_no_part_of_the_value_are_masked(tmp_path, above):
    path = write(tmp_path / "a.dcm", stored(12) | above.astype(np.uint16), 12)
    assert off(path) < 0.001
    assert read_film(path).header.remarks == ()


def test_an_overlay_above_values_that_need_more_bits_than_stated(tmp_path):
    assert off(write(tmp_path / "a.dcm", stored(12) | marked(15), 10)) < 0.001


def test_signed_values_may_be_extended_or_not(tmp_path):
    signed = stored(12).astype(int) - 2048
    for name, mask in (("extended", 0xFFFF), ("not", 0x0FFF)):
        path = write(tmp_path / name, signed & mask, 12, PixelRepresentation=1)
        assert (off(path) < 0.001, read_film(path).header.remarks) == (True, ())


def test_one_value_outside_the_stated_bits_marks_what_was_not_exposed(tmp_path):
    words = stored(12)
    words[:20] = 0xFFFF
    assert np.abs(read_film(write(tmp_path / "a.dcm", words, 12)).pixels[20:] / 65_535 - SHARE[20:]).max() < 0.001


def test_values_are_refused_where_the_picture_does_not_tell(tmp_path):
    noise = np.random.default_rng(0).integers(0, 4096, (200, 200))
    with pytest.raises(
        FilmRefused, match="fit into the 10 bits that its header states, this one's are larger"
    ) as caught:
        read_film(write(tmp_path / "a.dcm", noise, 10))
    assert caught.value.code == "bits"


def test_a_lossy_stream_that_rings_above_the_stated_range_keeps_it(tmp_path):
    y, x = np.mgrid[:200, :150]
    words = np.rint(2000 + 2300 * np.exp(-((x - 70) ** 2 + (y - 90) ** 2) / 1500)).astype(int)
    assert words.max() == 4300
    assert off(write(tmp_path / "a.dcm", words, 12), np.minimum(words, 4095) / 4095) < 0.001


def test_used_bits_of_words_that_fit():
    assert used_bits(np.array([[0, 4095]], np.uint16), 12, 16, signed=False) == 12


def compressed(path: Path, syntax: str, words: np.ndarray, bits: int, signed: bool = False, **said) -> Path:
    """Words compressed as they are, under a header that then says something else."""
    write(path, words, bits, PixelRepresentation=int(signed))
    dataset = pydicom.dcmread(path)
    dataset.compress(syntax, **({"j2k_cr": [4]} if syntax == JPEG2000 else {}))
    for name, value in said.items():
        setattr(dataset, name, value)
    dataset.save_as(path)
    return path


@pytest.mark.parametrize("syntax", [JPEG2000Lossless, JPEG2000])
def test_the_sign_of_a_jpeg_2000_stream_goes_before_the_header_s(tmp_path, syntax):
    unsigned = compressed(tmp_path / "a.dcm", syntax, stored(12), 12, PixelRepresentation=1)
    assert off(unsigned) < 0.01
    assert read_film(unsigned).header.remarks == ("header_bits",)
    signed = (stored(12).astype(int) - 2048) & 0xFFFF
    assert off(compressed(tmp_path / "b.dcm", syntax, signed, 12, signed=True, PixelRepresentation=0)) < 0.01
    assert off(compressed(tmp_path / "c.dcm", syntax, signed, 12, signed=True)) < 0.01


@pytest.mark.parametrize("syntax", [JPEG2000Lossless, JPEG2000, JPEGLSLossless])
@pytest.mark.parametrize(
    ("bits", "says"),
    [
        (12, {"BitsStored": 16, "HighBit": 15}), (12, {"BitsStored": 10, "HighBit": 9}),
        (12, {"BitsAllocated": 8, "BitsStored": 8, "HighBit": 7}), (16, {"BitsStored": 12, "HighBit": 11}),
        (12, {"BitsStored": 16, "HighBit": 15, "PixelRepresentation": 1}),
    ],
)  # fmt: skip
def test_the_bits_of_a_stream_go_before_the_header_s(tmp_path, syntax, bits, says):
    assert off(compressed(tmp_path / "a.dcm", syntax, stored(bits), bits, **says)) < 0.01


@pytest.mark.parametrize("syntax", [JPEG2000Lossless, JPEGLSLossless, RLELossless])
def test_a_stream_of_16_bits_may_hold_the_12_of_the_header(tmp_path, syntax):
    path = compressed(tmp_path / "a.dcm", syntax, stored(12), 16, BitsStored=12, HighBit=11)
    assert (off(path) < 0.001, read_film(path).header.remarks) == (True, ())


def table(path: Path, kind: str, entries, first: int, bits: int, vr: str = "OW", words=None, **attributes) -> Path:
    """A film of 12 bits with a look-up table; `words` are its entries as they are stored."""
    item = pydicom.Dataset()
    item.add_new(0x00283002, "SS" if first < 0 else "US", [len(entries) % 65_536, first, bits])
    words = np.asarray(entries, "<u2") if words is None else words
    item.add_new(0x00283006, vr, words.tobytes() if vr != "US" else words.tolist())
    if kind == "ModalityLUTSequence":
        item.ModalityLUTType = "US"
    return write(path, attributes.pop("pixels", stored(12)), 12, **{kind: Sequence([item])}, **attributes)


LINE = np.arange(4096)
BYTES = (LINE // 16).astype(np.uint8)


@pytest.mark.parametrize("kind", ["VOILUTSequence", "ModalityLUTSequence"])
def test_a_table_s_own_top_is_white(tmp_path, kind):
    assert off(table(tmp_path / "a.dcm", kind, LINE, 0, 16)) < 0.001
    turned = 4095 - stored(12)
    assert (
        off(table(tmp_path / "b.dcm", kind, LINE, 0, 16, pixels=turned, PhotometricInterpretation="MONOCHROME1"))
        < 0.001
    )
    part = np.rint(np.linspace(0, 4095, 2065))
    expected = np.clip((stored(12).astype(int) - 736) / 2064, 0, 1)
    assert off(table(tmp_path / "c.dcm", kind, part, 736, 16), expected) < 0.001


@pytest.mark.parametrize(
    ("vr", "words"),
    [
        ("OW", BYTES.astype("<u2")),
        ("OW", BYTES.view("<u2")),
        ("OB", BYTES),
        ("US", BYTES.astype("<u2")),
        ("US", BYTES.view("<u2")),
    ],
)
def test_entries_of_8_bits_stand_one_or_two_in_a_word(tmp_path, vr, words):
    assert off(table(tmp_path / "a.dcm", "VOILUTSequence", BYTES, 0, 8, vr, words)) < 1 / 255


def test_an_odd_number_of_entries_of_8_bits(tmp_path):
    padded = np.append(BYTES[:4095], 0).astype(np.uint8)
    assert off(table(tmp_path / "a.dcm", "VOILUTSequence", BYTES[:4095], 0, 8, "OB", padded)) < 1 / 255


def test_a_table_of_65536_entries_says_0(tmp_path):
    assert off(table(tmp_path / "a.dcm", "VOILUTSequence", np.minimum(np.arange(65_536), 4095), 0, 16)) < 0.001


@pytest.mark.parametrize("first", [-1024, 2**16 - 1024])
def test_the_first_value_of_a_table_may_be_below_0(tmp_path, first):
    path = table(tmp_path / "a.dcm", "VOILUTSequence", LINE, first, 16, RescaleSlope=1, RescaleIntercept=-1024)
    assert off(path) < 0.001


def test_the_first_value_of_a_table_may_be_40000(tmp_path):
    entries = np.linspace(0, 1000, 25_536)
    path = table(tmp_path / "a.dcm", "VOILUTSequence", entries, 40_000, 10, pixels=stored(16))
    dataset = pydicom.dcmread(path)
    dataset.BitsStored, dataset.HighBit = 16, 15
    dataset.save_as(path)
    assert off(path, np.clip((stored(16).astype(int) - 40_000) / 25_535, 0, 1)) < 0.002


def test_a_table_of_a_big_endian_film(tmp_path):
    path = table(tmp_path / "a.dcm", "VOILUTSequence", LINE, 0, 16)
    dataset = pydicom.dcmread(path)
    dataset.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
    dataset.PixelData = stored(12).astype(">u2").tobytes()
    dataset.VOILUTSequence[0].LUTData = LINE.astype(">u2").tobytes()
    pydicom.dcmwrite(path, dataset, implicit_vr=False, little_endian=False, force_encoding=True)
    assert off(path) < 0.001


@pytest.mark.parametrize("entries", [np.zeros(4096), np.ones(100)])
def test_a_table_without_its_entries_is_refused(tmp_path, entries):
    words = np.asarray(entries[:10], "<u2") if entries[0] else None
    with pytest.raises(FilmRefused, match="A look-up table .* export the film without it") as caught:
        read_film(table(tmp_path / "a.dcm", "VOILUTSequence", entries, 0, 16, words=words))
    assert caught.value.code == "look_up_table"


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_an_inverse_presentation_turns_a_film_once(tmp_path, photometric):
    path = write(
        tmp_path / "a.dcm", 4095 - stored(12), 12, PhotometricInterpretation=photometric, PresentationLUTShape="INVERSE"
    )
    assert off(path) < 0.001


def with_text(path: Path, **texts: str) -> Path:
    """A film whose header holds these texts where numbers belong, as DS."""
    path = write(path, stored(12), 12, **{keyword: [7.25] * (text.count("\\") + 1) for keyword, text in texts.items()})
    dataset = pydicom.dcmread(path)
    for keyword, text in texts.items():
        raw = dataset.get_item(keyword)
        dataset._dict[raw.tag] = pydicom.dataelem.RawDataElement(
            raw.tag, "DS", len(text) + len(text) % 2, (text + " " * (len(text) % 2)).encode(), 0, False, True
        )
    dataset.save_as(path)
    assert dataset.file_meta is not None
    return path


@pytest.mark.parametrize(
    ("center", "width"),
    [("0", "0"), ("2048", "-1"), ("2048", "1"), ("abc", "4096"), ("", "4096"), ("2048", "4,096"), ("2048", "nan")],
)
def test_a_window_that_cannot_be_used_is_passed_over_with_a_flag(tmp_path, center, width):
    path = with_text(tmp_path / "a.dcm", WindowCenter=center, WindowWidth=width)
    assert off(path) < 0.001
    assert read_header(path).remarks == ("window_ignored",)


def test_of_several_windows_the_first_that_can_be_used_counts(tmp_path):
    path = with_text(tmp_path / "a.dcm", WindowCenter="0\\2047.5", WindowWidth="0\\4096")
    assert off(path) < 0.001
    assert read_header(path).remarks == ("window_ignored",)


def test_a_window_of_an_unknown_function_is_passed_over(tmp_path):
    path = write(tmp_path / "a.dcm", stored(12), 12, WindowCenter=9, WindowWidth=9, VOILUTFunction="CUBIC")
    assert (off(path) < 0.001, read_header(path).remarks) == (True, ("window_ignored",))


def test_a_table_serves_where_the_window_cannot(tmp_path):
    turned = np.arange(4095, -1, -1)
    path = table(tmp_path / "a.dcm", "VOILUTSequence", turned, 0, 12, WindowCenter=0, WindowWidth=0)
    assert off(path, 1 - SHARE) < 0.001


def test_a_decimal_comma_is_read_where_it_can_mean_nothing_else(tmp_path):
    window = with_text(tmp_path / "a.dcm", WindowCenter="2047,5", WindowWidth="4096,0")
    assert (off(window) < 0.001, read_header(window).remarks) == (True, ())
    spacing = with_text(tmp_path / "b.dcm", PixelSpacing="0,143\\0,143")
    assert read_header(spacing).spacing_mm == pytest.approx(0.143)
    rescaled = with_text(tmp_path / "c.dcm", RescaleSlope="-1,0", RescaleIntercept="4095,0")
    assert off(rescaled, 1 - SHARE) < 0.001


def test_a_rescale_that_is_no_number_is_refused(tmp_path):
    with pytest.raises(
        FilmRefused, match="rescale slope of a film is a number other than 0 and its intercept a number"
    ):
        read_film(with_text(tmp_path / "a.dcm", RescaleSlope="1", RescaleIntercept="-1,024"))
