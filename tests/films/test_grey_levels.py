"""Numbers, windows, look-up tables and grey levels of films by hand, and what a film's header may not say."""

from __future__ import annotations

import math
from dataclasses import replace
from enum import Enum

import numpy as np
import pydicom
import pytest
from pydicom.sequence import Sequence

from outcomenet.errors import FilmRefused
from outcomenet.films.answers import BadAnswer, Incoming, is_text, outgoing, packed, unpacked
from outcomenet.films.brightness import Window, brightness, is_inverse, shows_whole_range, window_of
from outcomenet.films.crop_file import crop_sites, read_crops, read_crops_header
from outcomenet.films.dicom_numbers import MAGNIFICATION, dicom_spacing, numbers_of
from outcomenet.films.dicom_structure import is_bare_data_set, looks_like_dicom
from outcomenet.films.film import Film, FilmHeader, check_size, check_upright, checked_film, scaled_to_uint16
from outcomenet.films.quality_flags import FLAGS, UNCUTTABLE, UNSCORABLE, listed, present_flags, refusal, uncuttable
from outcomenet.films.stored_bits import HEADER_BITS, bits_in_use, largest_value, used_bits, values_of


def header(photometric: str = "MONOCHROME2", **attributes: object) -> pydicom.Dataset:
    """A header; texts are written as LO, so that any text may stand where DICOM wants a number."""
    dataset = pydicom.Dataset()
    dataset.PhotometricInterpretation = photometric
    for name, value in attributes.items():
        if isinstance(value, str):
            dataset.add_new(name, "LO", value)
        else:
            setattr(dataset, name, value)
    return dataset


def table(first: int, entries: list[int]) -> Sequence:
    """A sequence with one look-up table of words."""
    item = pydicom.Dataset()
    item.add_new("LUTDescriptor", "US", [len(entries), first, 16])
    item.add_new("LUTData", "US", entries)
    return Sequence([item])


def shown(head: pydicom.Dataset, values: list[int], top: int = 4095) -> list[int]:
    return brightness(head, np.array(values), top, big_endian=False).tolist()


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0.143", 0.143), (" 0.143\0", 0.143), ("1.43E-1", 0.143), ("+2047", 2047.0), ("-5", -5.0),
        ("0,143", 0.143), ("2047,5", 2047.5), (",5", 0.5), ("0,14E1", 1.4), ("-0,143", -0.143), ("12345,678", 12345.678),
        ("1,234", math.nan), ("123,456", math.nan), ("1,234,567", math.nan),
        ("1_000", math.nan), ("inf", math.nan), ("nan", math.nan), ("1e999", math.nan), ("0.14 mm", math.nan),
    ],
)  # fmt: skip
def test_a_headers_number_is_read_where_it_can_mean_one_thing(text, number):
    assert numbers_of(header(WindowCenter=text), "WindowCenter") == pytest.approx([number], nan_ok=True)


def test_an_absent_or_empty_attribute_has_no_numbers():
    assert numbers_of(header(), "WindowCenter") == numbers_of(header(WindowCenter=""), "WindowCenter") == []
    assert numbers_of(header(WindowCenter=[1, 2]), "WindowCenter") == [1.0, 2.0]


@pytest.mark.parametrize(
    ("attributes", "spacing", "source", "passed_over"),
    [
        ({"PixelSpacing": [0.1, 0.1]}, 0.1, "PixelSpacing", False),
        ({"PixelSpacing": [0.1, 0.1005]}, math.sqrt(0.01005), "PixelSpacing", False),  # within 1 %
        ({"PixelSpacing": [0.1, 0.102]}, None, "refused: PixelSpacing 0.1 x 0.102", False),
        ({"PixelSpacing": [0.0, 0.0]}, None, "refused: PixelSpacing 0", False),
        ({"PixelSpacing": [1.1, 1.1]}, None, "refused: PixelSpacing 1.1", False),
        ({"PixelSpacing": [0.005, 0.005], "ImagerPixelSpacing": [0.2, 0.2]}, 0.2, "ImagerPixelSpacing", True),
        ({"ImagerPixelSpacing": [0.2, 0.2], MAGNIFICATION: 1.25}, 0.16, "ImagerPixelSpacing / 1.25", False),
        ({"ImagerPixelSpacing": [0.2, 0.2], MAGNIFICATION: 0}, None, "refused: ImagerPixelSpacing / 0 nan", False),
        ({"PixelSpacing": [0.2, 0.2], MAGNIFICATION: 1.25}, 0.2, "PixelSpacing", False),  # at the patient already
        ({"NominalScannedPixelSpacing": [0.175, 0.175]}, 0.175, "NominalScannedPixelSpacing", False),
        ({"PixelSpacing": [2, 2], "ImagerPixelSpacing": [3, 3]}, None, "refused: PixelSpacing 2", False),
        ({}, None, "none", False),
    ],
)
def test_a_spacing_is_believed_from_the_patient_outwards(attributes, spacing, source, passed_over):
    value, said, not_believed = dicom_spacing(header(**attributes))
    assert value == (None if spacing is None else pytest.approx(spacing))
    assert (said, not_believed) == (source, passed_over)


@pytest.mark.parametrize(
    ("window", "values", "shares"),
    [
        # PS3.3 C.11.2.1.2.1: a LINEAR window of centre 2,048 and width 4,096 ends at 0 and at 4,095
        (Window(2048, 4096, "LINEAR"), [-1, 0, 4095, 5000], [0.0, 0.0, 1.0, 1.0]),
        (Window(2048, 4096, "LINEAR_EXACT"), [0, 1024, 2048, 4096], [0.0, 0.25, 0.5, 1.0]),
        (Window(100, 2, "LINEAR"), [99, 100], [0.0, 1.0]),
        (Window(100, 40, "SIGMOID"), [100, 110, 90], [0.5, 1 / (1 + math.e**-1), 1 / (1 + math.e)]),
        (Window(0, 1e-6, "SIGMOID"), [-1e9, 1e9], [0.0, 1.0]),  # beyond what an exponential can hold
    ],
)
def test_a_windows_share_of_the_display_is_that_of_the_standard(window, values, shares):
    assert window.share(np.array(values)) == pytest.approx(shares, abs=1e-12)


@pytest.mark.parametrize(
    ("attributes", "window", "passed_over"),
    [
        ({}, None, False),
        ({"WindowCenter": [100, 200], "WindowWidth": [0, 50]}, Window(200, 50, "LINEAR"), True),
        ({"WindowCenter": 100, "WindowWidth": 1}, None, True),  # a LINEAR window is wider than 1
        ({"WindowCenter": 100, "WindowWidth": 1, "VOILUTFunction": "SIGMOID"}, Window(100, 1, "SIGMOID"), False),
        ({"WindowCenter": 100, "WindowWidth": 50, "VOILUTFunction": "CUBIC"}, None, True),
        ({"WindowCenter": "a", "WindowWidth": 50}, None, True),
        ({"WindowWidth": 50}, None, True),
    ],
)
def test_the_first_window_that_can_be_used_counts(attributes, window, passed_over):
    assert window_of(header(**attributes)) == (window, passed_over)


def test_brightness_runs_over_the_whole_range_without_a_window():
    assert shown(header(), [0, 819, 4095]) == [0, 13107, 65535]  # 819 is a fifth of 4,095
    assert shown(header("MONOCHROME1"), [0, 819, 4095]) == [65535, 52428, 0]
    assert shown(header(RescaleSlope=-1, RescaleIntercept=4095), [0, 819, 4095]) == [65535, 52428, 0]


def test_a_window_counts_in_rescaled_values():
    # values 100 and 200 become 0 and 100; the window from 0 to 100 shows them black and white
    rescaled = header(
        RescaleSlope=1, RescaleIntercept=-100, WindowCenter=50, WindowWidth=100, VOILUTFunction="LINEAR_EXACT"
    )
    assert shown(rescaled, [100, 150, 200]) == [0, 32768, 65535]


def test_tables_follow_one_another_and_are_scaled_by_their_largest_entry():
    modality = header(ModalityLUTSequence=table(0, [0, 10, 40]))
    assert shown(modality, [0, 1, 2]) == [0, 16384, 65535]
    both = header(ModalityLUTSequence=table(0, [0, 1, 2]), VOILUTSequence=table(0, [9, 3, 0]))
    assert shown(both, [0, 1, 2]) == [65535, 21845, 0]
    assert not shows_whole_range(both)
    assert not shows_whole_range(modality)
    assert shows_whole_range(header(WindowCenter=5, WindowWidth=0))


@pytest.mark.parametrize(
    ("slope", "intercept", "words"), [(0, 5, "0 and 5"), ("x", 5, "nan and 5"), (1, "x", "1 and nan")]
)
def test_a_rescale_that_is_none_is_refused(slope, intercept, words):
    with pytest.raises(FilmRefused, match=f"this one's are {words}.*correct the header") as refused:
        shown(header(RescaleSlope=slope, RescaleIntercept=intercept), [0, 1])
    assert refused.value.code == "rescale"


@pytest.mark.parametrize(
    ("photometric", "shape", "inverse"),
    [
        ("MONOCHROME1", None, True), ("MONOCHROME2", None, False), ("MONOCHROME2", "INVERSE", True),
        ("MONOCHROME1", "INVERSE", True), ("MONOCHROME2", "IDENTITY", False),
    ],
)  # fmt: skip
def test_two_statements_of_one_inversion_are_one(photometric, shape, inverse):
    assert is_inverse(header(photometric, **{"PresentationLUTShape": shape} if shape else {})) is inverse


def test_values_are_scaled_to_the_nearest_of_65536_levels():
    assert scaled_to_uint16(np.array([-1.0, 0.0, 0.25, 1.0, 9.0]), 0, 1).tolist() == [0, 0, 16384, 65535, 65535]
    assert scaled_to_uint16(np.array([[0, 255]]), 255, 0).tolist() == [[65535, 0]]


@pytest.mark.parametrize(
    ("rows", "columns", "code"),
    [(0, 5, "no_pixels"), (5, -1, "no_pixels"), (6001, 5, "too_large"), (5, 6001, "too_large")],
)
def test_a_size_that_no_film_has_is_refused_with_the_size(rows, columns, code):
    check_size(6000, 6000)
    check_size(1, 1)
    with pytest.raises(FilmRefused, match=f"its header says {rows:,} x {columns:,}") as refused:
        check_size(rows, columns)
    assert refused.value.code == code


def test_orientations_two_to_eight_are_refused_and_others_mean_nothing():
    for orientation in (None, 0, 1, 9, "6", 2.5):
        check_upright(orientation)
    for orientation in range(2, 9):
        with pytest.raises(FilmRefused, match=rf"EXIF orientation {orientation}\); save it as it is seen"):
            check_upright(orientation)


SOUND = FilmHeader(4, 6, 12, "MONOCHROME2", 0.1, "PixelSpacing", "dicom")


@pytest.mark.parametrize(
    "lie",
    [{"rows": 5}, {"spacing_mm": 2.0}, {"spacing_mm": math.nan}, {"laterality": "B"}, {"remarks": ("no_flag",)}],
)
def test_a_decoded_film_that_contradicts_its_header_is_a_refusal(lie):
    pixels = np.zeros((4, 6), np.uint16)
    film = Film(pixels, replace(SOUND, laterality="L", remarks=("header_bits",)))
    assert checked_film(film) is film
    refused = checked_film(Film(pixels, replace(SOUND, **lie)))
    assert isinstance(refused, FilmRefused)
    assert refused.code == "decoder_answer"


@pytest.mark.parametrize(
    ("words", "bits", "signed", "values"),
    [
        ([0xF001, 0x0FFF], 12, False, [1, 4095]),  # four bits above are no part of the value
        ([0x0FFF, 0x0800, 0x07FF], 12, True, [-1, -2048, 2047]),
        ([0xFFFF, 0x8000], 16, True, [-1, -32768]),
        ([0xFFFF], 16, False, [65535]),
    ],
)
def test_low_bits_are_the_value_with_or_without_a_sign(words, bits, signed, values):
    assert values_of(np.array(words, np.uint16), bits, signed=signed).tolist() == values


@pytest.mark.parametrize(
    ("values", "largest"),
    [([0, 900], 900), ([0, 4095, 65535], 4095), ([0, 40000, 65535], 65535), ([0, 65535], 65535), ([], 0)],
)
def test_words_of_ones_far_above_the_picture_are_no_grey_level(values, largest):
    assert largest_value(np.array([values], np.uint16), 16) == largest


def test_stated_bits_are_believed_where_they_hold_the_film():
    film = np.array([[0, 3000]], np.uint16)
    assert bits_in_use(film, 16, stated=14) == (14, ())
    assert bits_in_use(film, 16, stated=10) == (12, (HEADER_BITS,))
    assert bits_in_use(film, 16) == (12, (HEADER_BITS,))
    assert bits_in_use(np.array([[0, 60000]], np.uint16), 16) == (16, ())
    assert bits_in_use(np.zeros((1, 2), np.uint16), 16) == (16, ())


def test_values_that_fit_need_no_look_at_the_picture():
    ramp = np.arange(1024, dtype=np.uint16).reshape(32, 32)
    assert used_bits(ramp, 10, 16, signed=False) == 10
    assert used_bits(ramp, 8, 16, signed=False) == 10
    assert used_bits(ramp, 16, 16, signed=False) == 16
    exposed = np.where(ramp > 255, 4096 + 7, ramp).astype(np.uint16)  # one value for all that was not exposed
    assert used_bits(exposed, 8, 16, signed=False) == 8


def test_noise_does_not_tell_which_bits_are_the_value():
    noise = np.random.default_rng(0).integers(0, 2**16, (64, 64)).astype(np.uint16)
    with pytest.raises(
        FilmRefused, match="fit into the 12 bits that its header states.*other bits of its 16"
    ) as refused:
        used_bits(noise, 12, 16, signed=False)
    assert refused.value.code == "bits"


def test_flags_stand_once_in_the_order_of_their_table():
    assert listed(["unsure_joints", "no_limb", "unsure_joints"]) == ("no_limb", "unsure_joints")
    assert present_flags({"metal": True, "small": False, "cast": True}) == ["metal", "cast"]
    assert refusal("too_large") == "refused:too_large"
    assert set(UNCUTTABLE) < UNSCORABLE < set(FLAGS)
    with pytest.raises(KeyError):
        listed(["no_flag"])


@pytest.mark.parametrize(
    ("flags", "placed", "first"),
    [
        (["metal"], False, ""), (["few_joints"], False, "few_joints"), (["few_joints"], True, ""),
        (["no_scale", "no_limb"], False, "no_limb"), (["few_joints", "no_scale"], True, "no_scale"), ([], True, ""),
    ],
)  # fmt: skip
def test_who_places_few_joints_means_them(flags, placed, first):
    assert uncuttable(flags, placed=placed) == first


def crop_file(path, **changed: object):
    """A crop file of two joints, or one with some arrays replaced or left out (None)."""
    arrays = {"crops": np.zeros((2, 8, 8), np.uint16), "sites": np.array(["MCP2", "PIP2"]), "mm_per_px": np.array(0.1)}
    np.savez(path, **{name: value for name, value in (arrays | changed).items() if value is not None})
    return path


def test_a_crop_file_says_its_sites_and_scale_without_its_pixels(tmp_path):
    path = crop_file(tmp_path / "film.npz")
    assert crop_sites(path) == read_crops(path).sites == ("MCP2", "PIP2")
    head = read_crops_header(path)
    assert (head.rows, head.columns, head.spacing_mm, head.format) == (8, 8, 0.1, "crops")


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"sites": None}, "could not be read so"),
        ({"sites": np.array(["MCP2"])}, "with 1 sites"),
        ({"sites": np.array([1, 2])}, "here int64"),
        ({"sites": np.array(["a"] * 65)}, "could not be read so"),
        ({"crops": np.zeros((2, 8, 9), np.uint16)}, r"these are uint16 \[2, 8, 9\]"),
        ({"crops": np.zeros((2, 8, 8), np.uint8)}, "these are uint8"),
        ({"crops": np.zeros((2, 513, 513), np.uint16)}, "at most 512 pixels wide"),
        ({"crops": np.zeros((0, 8, 8), np.uint16), "sites": np.zeros(0, "U4")}, r"\[0, 8, 8\] with 0 sites"),
        ({"mm_per_px": np.array(0.001)}, "0.01 to 1.0, here <U4 and 0.001"),
        ({"mm_per_px": np.array(np.nan)}, "here <U4 and nan"),
    ],
)
def test_a_crop_file_of_another_form_is_refused(tmp_path, changed, sentence):
    path = crop_file(tmp_path / "film.npz", **changed)
    for read in (read_crops_header, read_crops, crop_sites):
        with pytest.raises(FilmRefused, match=sentence) as refused:
            read(path)
        assert refused.value.code == "crops"


@pytest.mark.parametrize(
    ("start", "dicom", "bare"),
    [
        (bytes(128) + b"DICM", True, False),
        (b"\x02\x00\x00\x00UL\x04\x00" + bytes(124), True, False),
        (b"DICM" + bytes(128), False, True),
        (b"\x08\x00\x05\x00CS\x0a\x00", False, True),
        (b"\x08\x00\x00\x00\x04\x00\x00\x00", False, True),
        (b"\x08\x00\x05\x00\xff\xff\xff\xff", False, False),
        (b"\x08\x00", False, False),
        (b"\x89PNG\r\n\x1a\n" + bytes(124), False, False),
        (b"", False, False),
    ],
)  # fmt: skip
def test_a_file_begins_as_dicom_or_as_a_bare_data_set_or_as_neither(start, dicom, bare):
    assert (looks_like_dicom(start), is_bare_data_set(start)) == (dicom, bare)


class Colour(Enum):
    """A word of an answer."""

    GREY = "grey"


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (int, 3), (float, 2.5), (str, "a"), (bool, True), (int | None, None), (int | None, 4), (bytes, b"abc"),
        (tuple[int, ...], (1, 2, 3)), (tuple[int, str], (1, "a")), (Colour, Colour.GREY), (FilmHeader, SOUND),
    ],
)  # fmt: skip
def test_what_a_worker_packs_is_unpacked_as_its_type(kind, value):
    message, arrays = packed(value)
    pieces = outgoing("done", [message], arrays)
    # two lengths, then as many bytes as they say
    lengths = int.from_bytes(pieces[0][:4], "little"), int.from_bytes(pieces[0][4:], "little")
    assert lengths == (len(pieces[1]), sum(map(len, pieces[2:])))
    assert unpacked(kind, message, bytearray(b"".join(pieces[2:]))) == value


@pytest.mark.parametrize("value", [[1], {"a": 1}, np.zeros(2), object(), {1, 2}])
def test_a_worker_packs_plain_values_records_and_whole_numbers_alone(value):
    with pytest.raises(TypeError, match=f"not with {type(value).__name__}"):
        packed(value)


def test_bytes_that_nobody_named_are_no_answer():
    with pytest.raises(BadAnswer, match="more bytes than were named"):
        unpacked(int, 3, bytearray(b"x"))


@pytest.mark.parametrize(
    ("value", "is_one"),
    [("a sentence", True), ("", True), ("two\nlines", False), ("\x1b[31m", False), (b"bytes", False), (None, False)],
)
def test_a_text_of_a_worker_is_one_printable_line(value, is_one):
    assert is_text(value) is is_one
    assert not is_text("long", most=3)


class Connection:
    """A connection that gives its pieces one by one; between them it has nothing."""

    def __init__(self, pieces: list[bytes]) -> None:
        self.pieces = pieces

    def recv_into(self, view: memoryview) -> int:
        if not self.pieces:
            raise BlockingIOError
        whole = self.pieces.pop(0)
        piece = whole[: len(view)]
        if len(piece) < len(whole):
            self.pieces.insert(0, whole[len(piece) :])
        view[: len(piece)] = piece
        return len(piece)


def test_an_answer_is_whole_once_its_last_byte_came():
    whole = b"".join(outgoing("done", [1, "a"], [np.arange(3, dtype=np.uint8)]))
    incoming = Incoming()
    for byte in range(len(whole)):
        assert incoming.take(Connection([whole[byte : byte + 1]])) is (byte == len(whole) - 1)
    assert (incoming.message, bytes(incoming.data)) == (["done", 1, "a"], b"\x00\x01\x02")


def test_a_worker_that_closes_in_the_middle_is_gone():
    whole = b"".join(outgoing("done", []))
    with pytest.raises(EOFError):
        Incoming().take(Connection([whole[:5], b""]))
