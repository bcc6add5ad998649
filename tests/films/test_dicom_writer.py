"""Written DICOM files: valid, repeatable byte for byte, and nothing but what was asked for."""

from __future__ import annotations

import datetime

import numpy as np
import pydicom
import pytest

from outcomenet.errors import UsageError
from outcomenet.films.dicom_writer import write_dicom
from outcomenet.films.film_file import read_film

PIXELS = np.arange(12, dtype=np.uint16).reshape(3, 4) * 300
WHO = {"patient_id": "P1", "study_date": datetime.date(2020, 1, 2), "spacing_mm": 0.15}


def test_the_same_film_gives_the_same_bytes(tmp_path):
    for name in ("a.dcm", "b.dcm"):
        write_dicom(tmp_path / name, PIXELS, **WHO)
    assert (tmp_path / "a.dcm").read_bytes() == (tmp_path / "b.dcm").read_bytes()


def test_each_film_of_a_study_has_its_own_identifier(tmp_path):
    for name, laterality in (("a.dcm", "L"), ("b.dcm", "R")):
        write_dicom(tmp_path / name, PIXELS, laterality=laterality, **WHO)
    left, right = (pydicom.dcmread(tmp_path / name) for name in ("a.dcm", "b.dcm"))
    assert left.StudyInstanceUID == right.StudyInstanceUID
    assert left.SOPInstanceUID != right.SOPInstanceUID
    assert left.SOPInstanceUID.startswith("2.25.")
    assert left.SOPInstanceUID.is_valid


def test_it_is_computed_radiography_in_explicit_little_endian(tmp_path):
    write_dicom(
        tmp_path / "a.dcm", PIXELS, laterality="L", body_part="FOOT", view="DP", institution="A", device="X", **WHO
    )
    dataset = pydicom.dcmread(tmp_path / "a.dcm")
    assert dataset.SOPClassUID.name == "Computed Radiography Image Storage"
    assert dataset.file_meta.TransferSyntaxUID.name == "Explicit VR Little Endian"
    shown = (dataset.BodyPartExamined, dataset.ViewPosition, dataset.ImageLaterality, dataset.InstitutionName)
    assert shown == ("FOOT", "DP", "L", "A")


def test_the_window_of_an_inverted_film_shows_the_same(tmp_path):
    for name in ("MONOCHROME1", "MONOCHROME2"):
        write_dicom(tmp_path / name, PIXELS, photometric=name, window=(1200, 900), **WHO)
    one, two = (read_film(tmp_path / name).pixels for name in ("MONOCHROME1", "MONOCHROME2"))
    assert np.array_equal(one, two)


@pytest.mark.parametrize("pixels", [PIXELS + 4000, PIXELS.astype(float), PIXELS[0]])
def test_pixels_that_are_not_twelve_bit_images_are_refused(tmp_path, pixels):
    with pytest.raises(UsageError, match="uint16 .height, width. of 0 to 4095"):
        write_dicom(tmp_path / "a.dcm", pixels, **WHO)
