"""DICOM films: grey levels through rescale, window and lookup tables; spacings believed or not; broken files."""

from __future__ import annotations

import datetime
from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.uid import DeflatedExplicitVRLittleEndian, RLELossless

from outcomenet.errors import FilmRefused
from outcomenet.films.dicom_decoder import ALLOWED_ATTRIBUTES
from outcomenet.films.dicom_writer import write_dicom
from outcomenet.films.film_file import read_film, read_header
from outcomenet.intake.cutting import identity_of

HAND = Path(__file__).parents[1] / "data" / "normal-hand-pa-small.jpg"
VALUES = np.array([[0, 1, 2048, 4095]], np.uint16)


def film(path: Path, pixels: np.ndarray = VALUES, **attributes) -> Path:
    """A written film whose header attributes are then changed."""
    write_dicom(path, pixels, spacing_mm=0.15, patient_id="P1", study_date=datetime.date(2020, 1, 2))
    dataset = pydicom.dcmread(path)
    for name, value in attributes.items():
        setattr(dataset, name, value)
    dataset.save_as(path)
    return path


def test_twelve_bits_map_to_the_full_range(tmp_path):
    # 65535 / 4095 = 16.0037: 1 -> 16, 2048 -> 32775.5 rounded to the even neighbour
    assert read_film(film(tmp_path / "a.dcm")).pixels.tolist() == [[0, 16, 32776, 65535]]


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_a_real_hand_comes_back_from_either_polarity(tmp_path, photometric):
    pixels = np.rint(np.asarray(Image.open(HAND)) * (4095 / 255)).astype(np.uint16)
    write_dicom(
        tmp_path / "a.dcm", pixels, spacing_mm=0.2, patient_id="P1", study_date=datetime.date(2020, 1, 2),
        laterality="L", photometric=photometric,
    )  # fmt: skip
    read = read_film(tmp_path / "a.dcm")
    assert read.header.photometric == photometric
    assert np.array_equal(read.pixels, np.rint(pixels * (65535 / 4095)))


def test_a_negative_slope_turns_the_film(tmp_path):
    pixels = read_film(film(tmp_path / "a.dcm", RescaleSlope=-1, RescaleIntercept=4095)).pixels
    assert pixels.tolist() == [[65535, 65519, 32759, 0]]


def test_a_positive_rescale_changes_nothing_that_can_be_seen(tmp_path):
    pixels = read_film(film(tmp_path / "a.dcm", RescaleSlope="0.5", RescaleIntercept=-100)).pixels
    assert pixels.tolist() == [[0, 16, 32776, 65535]]


def test_a_slope_of_zero_is_refused(tmp_path):
    with pytest.raises(FilmRefused, match="The rescale slope of a film is a number other than 0") as refused:
        read_film(film(tmp_path / "a.dcm", RescaleSlope=0, RescaleIntercept=0))
    assert refused.value.code == "rescale"


def test_a_linear_window_follows_the_standard(tmp_path):
    # PS3.3 C.11.2.1.2.1: (x - (c - 0.5)) / (w - 1) + 0.5 of the range, clipped
    pixels = film(
        tmp_path / "a.dcm", np.array([[0, 1000, 1500, 2000, 4095]], np.uint16), WindowCenter=1500, WindowWidth=1001
    )
    expected = [0, round(0.0005 * 65535), round(0.5005 * 65535), 65535, 65535]
    assert read_film(pixels).pixels.tolist() == [expected]


def test_an_exact_linear_window(tmp_path):
    path = film(
        tmp_path / "a.dcm", np.array([[1000, 1500, 2000]], np.uint16), WindowCenter=1500, WindowWidth=1000,
        VOILUTFunction="LINEAR_EXACT",
    )  # fmt: skip
    assert read_film(path).pixels.tolist() == [[0, 32768, 65535]]


def test_a_sigmoid_window(tmp_path):
    # 1 / (1 + exp(-4 (x - c) / w)); one width above the center: 1 / (1 + e^-4) = 0.98201
    path = film(
        tmp_path / "a.dcm",
        np.array([[1500, 2000]], np.uint16),
        WindowCenter=1500,
        WindowWidth=500,
        VOILUTFunction="SIGMOID",
    )
    assert read_film(path).pixels.tolist() == [[32768, round(0.9820138 * 65535)]]


def test_of_several_windows_the_first_counts(tmp_path):
    one = film(tmp_path / "a.dcm", WindowCenter=1500, WindowWidth=1001)
    two = film(tmp_path / "b.dcm", WindowCenter=[1500, 40], WindowWidth=[1001, 80])
    assert np.array_equal(read_film(one).pixels, read_film(two).pixels)


def lookup(values: list[int], first: int, bits: int = 12) -> pydicom.Sequence:
    item = pydicom.Dataset()
    item.LUTDescriptor = [len(values), first, bits]
    item["LUTDescriptor"].VR = "US"
    item.LUTData = np.array(values, "<u2").tobytes()
    item["LUTData"].VR = "OW"
    return pydicom.Sequence([item])


def test_a_voi_lookup_table_is_used_where_there_is_no_window(tmp_path):
    path = film(tmp_path / "a.dcm", np.array([[0, 1, 2, 99]], np.uint16), VOILUTSequence=lookup([0, 1000, 4095], 0))
    assert read_film(path).pixels.tolist() == [[0, round(1000 / 4095 * 65535), 65535, 65535]]


def test_a_window_goes_before_a_lookup_table(tmp_path):
    with_both = film(tmp_path / "a.dcm", VOILUTSequence=lookup([4095, 0], 0), WindowCenter=1500, WindowWidth=1001)
    with_window = film(tmp_path / "b.dcm", WindowCenter=1500, WindowWidth=1001)
    assert np.array_equal(read_film(with_both).pixels, read_film(with_window).pixels)


def test_signed_values_below_zero_are_darker(tmp_path):
    pixels = np.array([[0x800, 0xFFF, 0x000, 0x7FF]], np.uint16)  # 12 bits: -2048, -1, 0, 2047
    read = read_film(film(tmp_path / "a.dcm", pixels, PixelRepresentation=1)).pixels
    assert read.tolist() == [[0, 32759, 32776, 65535]]


def test_bits_above_the_stored_ones_are_no_part_of_the_value(tmp_path):
    path = film(tmp_path / "a.dcm")
    dataset = pydicom.dcmread(path)
    dataset.PixelData = (VALUES | 0x8000).astype("<u2").tobytes()
    dataset.save_as(path)
    assert read_film(path).pixels.tolist() == [[0, 16, 32776, 65535]]


def test_a_run_length_encoded_film_is_the_same_film(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 4096, (40, 30)).astype(np.uint16)
    path = film(tmp_path / "a.dcm", pixels)
    plain = read_film(path).pixels
    dataset = pydicom.dcmread(path)
    dataset.compress(RLELossless)
    dataset.save_as(path)
    assert np.array_equal(read_film(path).pixels, plain)


def test_a_damaged_run_length_encoded_film_is_refused(tmp_path):
    path = film(tmp_path / "a.dcm", np.random.default_rng(0).integers(0, 4096, (40, 30)).astype(np.uint16))
    dataset = pydicom.dcmread(path)
    dataset.compress(RLELossless)
    header, data = dataset.PixelData[:80], dataset.PixelData[80:]
    dataset.PixelData = header + bytes(len(data))  # every run's length is nought
    dataset.save_as(path)
    with pytest.raises(FilmRefused, match="could not be read as a DICOM image") as refused:
        read_film(path)
    assert refused.value.code == "truncated"


def test_a_deflated_film_is_refused_before_it_is_inflated(tmp_path):
    path = film(tmp_path / "a.dcm")
    dataset = pydicom.dcmread(path)
    dataset.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    dataset.save_as(path)
    with pytest.raises(FilmRefused, match="inflates before it can be checked: Deflated Explicit VR Little Endian"):
        read_header(path)


def test_an_unknown_transfer_syntax_is_refused(tmp_path):
    path = film(tmp_path / "a.dcm")
    path.write_bytes(path.read_bytes().replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.6\0"))
    with pytest.raises(FilmRefused, match="transfer syntax .*; export it as Explicit VR Little Endian") as refused:
        read_header(path)
    assert refused.value.code == "transfer_syntax"


@pytest.mark.parametrize(
    ("attributes", "spacing", "source"),
    [
        ({"PixelSpacing": [0.143, 0.143]}, 0.143, "PixelSpacing"),
        ({"PixelSpacing": None}, None, "none"),
        ({"PixelSpacing": [0, 0]}, None, "refused: PixelSpacing 0"),
        ({"PixelSpacing": [-0.1, -0.1]}, None, "refused: PixelSpacing -0.1"),
        ({"PixelSpacing": [1.5, 1.5]}, None, "refused: PixelSpacing 1.5"),
        ({"PixelSpacing": [0.1, 0.102]}, None, "refused: PixelSpacing 0.1 x 0.102"),
        ({"PixelSpacing": [0.1, 0.2]}, None, "refused: PixelSpacing 0.1 x 0.2"),
        ({"PixelSpacing": None, "ImagerPixelSpacing": [0.2, 0.2]}, 0.2, "ImagerPixelSpacing"),
        ({"PixelSpacing": [0, 0], "ImagerPixelSpacing": [1.5, 1.5]}, None, "refused: PixelSpacing 0"),
        ({"PixelSpacing": None, "NominalScannedPixelSpacing": [0.3, 0.3]}, 0.3, "NominalScannedPixelSpacing"),
    ],
)
def test_which_spacing_is_believed(tmp_path, attributes, spacing, source):
    header = read_header(film(tmp_path / "a.dcm", **attributes))
    assert (header.spacing_mm, header.spacing_source) == (pytest.approx(spacing), source)


@pytest.mark.parametrize(
    "attributes",
    [
        {"PixelSpacing": [0, 0], "ImagerPixelSpacing": [0.2, 0.2]},
        {"PixelSpacing": [25.4, 25.4], "ImagerPixelSpacing": [0.2, 0.2]},
        {"PixelSpacing": [0.1, 0.2], "ImagerPixelSpacing": [0, 0], "NominalScannedPixelSpacing": [0.2, 0.2]},
    ],
)
def test_a_good_spacing_beside_a_bad_one_is_taken_with_a_flag(tmp_path, attributes):
    header = read_header(film(tmp_path / "a.dcm", **attributes))
    assert (header.spacing_mm, header.spacing_source) == (pytest.approx(0.2), list(attributes)[-1])
    assert header.remarks == ("other_spacing",)


def test_magnification_is_taken_out_of_the_detector_spacing(tmp_path):
    write_dicom(
        tmp_path / "a.dcm", VALUES, spacing_mm=0.2, patient_id="P1", study_date=datetime.date(2020, 1, 2),
        imager_magnification=1.05,
    )  # fmt: skip
    assert pydicom.dcmread(tmp_path / "a.dcm").ImagerPixelSpacing == [0.21, 0.21]
    header = read_header(tmp_path / "a.dcm")
    assert (header.spacing_mm, header.spacing_source) == (pytest.approx(0.2), "ImagerPixelSpacing / 1.05")


def test_several_frames_are_refused(tmp_path):
    with pytest.raises(FilmRefused, match="the header states 2 frames; export each on its own") as refused:
        read_header(film(tmp_path / "a.dcm", NumberOfFrames=2))
    assert refused.value.code == "multi_frame"


def test_a_palette_is_refused(tmp_path):
    with pytest.raises(FilmRefused, match="this one is PALETTE COLOR with 1 samples") as refused:
        read_header(film(tmp_path / "a.dcm", PhotometricInterpretation="PALETTE COLOR"))
    assert refused.value.code == "photometric"


def test_a_file_cut_short_is_refused_by_its_header(tmp_path):
    path = film(tmp_path / "a.dcm", np.zeros((50, 50), np.uint16))
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(FilmRefused, match="The file ends early") as refused:
        read_header(path)
    assert refused.value.code == "truncated"


def test_a_header_cut_short_is_refused(tmp_path):
    path = film(tmp_path / "a.dcm")
    path.write_bytes(path.read_bytes()[:150])
    with pytest.raises(FilmRefused, match="export") as refused:
        read_header(path)
    assert refused.value.code in ("truncated", "transfer_syntax", "no_image")


def test_a_header_without_pixels_is_refused_when_it_is_read(tmp_path):
    path = film(tmp_path / "a.dcm")
    dataset = pydicom.dcmread(path)
    del dataset.PixelData
    dataset.save_as(path)
    with pytest.raises(FilmRefused, match="A film needs pixel data, the file has none") as refused:
        read_film(path)
    assert refused.value.code == "no_pixels"


def test_an_object_that_is_no_image_is_refused(tmp_path):
    path = film(tmp_path / "a.dcm")
    dataset = pydicom.dcmread(path)
    del dataset.Rows
    dataset.save_as(path)
    with pytest.raises(FilmRefused, match="header needs Rows, this one lacks it") as refused:
        read_header(path)
    assert refused.value.code == "no_image"


def test_only_the_allowed_attributes_are_ever_asked_for(tmp_path, monkeypatch):
    asked: set[str] = set()
    shipped = pydicom.dcmread

    def watched(*arguments, specific_tags, **options):
        asked.update(specific_tags)  # a read without a list of attributes is a TypeError here
        return shipped(*arguments, specific_tags=specific_tags, **options)

    path = film(tmp_path / "a.dcm", AccessionNumber="A1")
    monkeypatch.setattr(pydicom, "dcmread", watched)
    read_header(path)
    pixels = read_film(path).pixels
    assert identity_of(path, pixels, pixels, b"key").accession
    assert identity_of(path, pixels, pixels, b"").accession == ""  # without a key it could be found by trying
    assert asked <= ALLOWED_ATTRIBUTES
    assert {"PixelData", "AccessionNumber"} <= asked
    assert 30 <= len(ALLOWED_ATTRIBUTES) <= 40
