"""Writer of radiographs as Computed Radiography DICOM files whose bytes follow from their content alone."""

from __future__ import annotations

import datetime
import hashlib
from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import UInt16
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, ComputedRadiographyImageStorage, ExplicitVRLittleEndian

from outcomenet.errors import UsageError
from outcomenet.films.dicom_numbers import MAGNIFICATION

BITS = 12  # of a stored value, as many detectors give
_BRIGHTEST = 2**BITS - 1


def write_dicom(
    path: Path | str,
    pixels_12bit: UInt16[np.ndarray, "height width"],
    *,
    spacing_mm: float | None,
    patient_id: str,
    study_date: datetime.date,
    laterality: Literal["L", "R", ""] = "",
    body_part: Literal["HAND", "FOOT"] = "HAND",
    view: str = "PA",
    institution: str = "",
    device: str = "",
    photometric: Literal["MONOCHROME1", "MONOCHROME2"] = "MONOCHROME2",
    window: tuple[float, float] | None = None,
    imager_magnification: float | None = None,
    burnt_in_text: bool = False,
) -> None:
    """Writes a film as CR Image Storage, Explicit VR Little Endian.

    UIDs are SHA-256 of the content under the root 2.25, so that the same call writes the same bytes.

    Args:
        path: File to write; one that exists is replaced.
        pixels_12bit: Grey levels 0 to 4095, brighter = more bone.
        spacing_mm: Millimetres per pixel at the patient, written as PixelSpacing; None leaves it out.
        patient_id: PatientID; with `study_date` it also tells the study.
        study_date: Day of the examination.
        laterality: Side that the file declares, "" for none.
        body_part: BodyPartExamined.
        view: ViewPosition, such as PA or DP.
        institution: InstitutionName.
        device: ManufacturerModelName.
        photometric: MONOCHROME1 stores the pixels inverted.
        window: Center and width of a VOI window in the brightness of `pixels_12bit`; inverted with the pixels.
        imager_magnification: Where it has a value, spacing is written the other way that CR knows: ImagerPixelSpacing =
            spacing times magnification, with the magnification beside it.
        burnt_in_text: Whether BurnedInAnnotation says that text is printed on the film.

    Raises:
        UsageError: The pixels are not two-dimensional uint16 up to 4095.
    """
    pixels = np.ascontiguousarray(pixels_12bit)
    if pixels.dtype != np.uint16 or pixels.ndim != 2 or pixels.size == 0 or pixels.max() > _BRIGHTEST:
        raise UsageError(
            f"A film is written from uint16 [height, width] of 0 to {_BRIGHTEST}, got {pixels.dtype} "
            f"{list(pixels.shape)}; rescale the pixels first."
        )
    stored = _BRIGHTEST - pixels if photometric == "MONOCHROME1" else pixels
    study = _uid(patient_id, study_date.isoformat())
    series = _uid(study, body_part, laterality, view)

    dataset = Dataset()
    dataset.SOPClassUID = ComputedRadiographyImageStorage
    dataset.StudyDate = study_date.strftime("%Y%m%d")
    dataset.StudyTime = ""
    dataset.AccessionNumber = ""
    dataset.Modality = "CR"
    dataset.Manufacturer = ""
    dataset.InstitutionName = institution
    dataset.ReferringPhysicianName = ""
    dataset.ManufacturerModelName = device
    dataset.PatientName = ""
    dataset.PatientID = patient_id
    dataset.PatientBirthDate = ""
    dataset.PatientSex = ""
    dataset.BodyPartExamined = body_part
    dataset.ViewPosition = view
    dataset.StudyInstanceUID = study
    dataset.SeriesInstanceUID = series
    dataset.StudyID = ""
    dataset.SeriesNumber = 1
    dataset.InstanceNumber = 1
    dataset.PatientOrientation = ""
    dataset.BurnedInAnnotation = "YES" if burnt_in_text else "NO"
    if laterality:
        dataset.ImageLaterality = laterality
    _set_spacing(dataset, spacing_mm, imager_magnification)
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = photometric
    dataset.Rows, dataset.Columns = stored.shape
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, BITS, BITS - 1
    dataset.PixelRepresentation = 0
    if window is not None:
        center, width = window
        # the LINEAR function is symmetric about center - 0.5, so an inverted value meets 4096 - center
        dataset.WindowCenter = _decimal(_BRIGHTEST + 1 - center if photometric == "MONOCHROME1" else center)
        dataset.WindowWidth = _decimal(width)
    described = dataset.to_json()  # before the pixels are there, which would be written out in base 64
    dataset.PixelData = stored.astype("<u2", copy=False).tobytes()
    dataset["PixelData"].VR = "OW"
    dataset.SOPInstanceUID = _uid(series, described, dataset.PixelData)

    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = ComputedRadiographyImageStorage
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = _uid("outcomenet")
    meta.ImplementationVersionName = "OUTCOMENET"
    dataset.file_meta = meta
    dataset.save_as(path, enforce_file_format=True)


def _set_spacing(dataset: Dataset, spacing_mm: float | None, magnification: float | None) -> None:
    if spacing_mm is None:
        return
    if magnification is None:
        dataset.PixelSpacing = [_decimal(spacing_mm)] * 2
    else:
        dataset.ImagerPixelSpacing = [_decimal(spacing_mm * magnification)] * 2
        setattr(dataset, MAGNIFICATION, _decimal(magnification))


def _decimal(value: float) -> str:
    """A DICOM decimal string, at most 16 characters."""
    return f"{value:.10g}"


def _uid(*parts: str | bytes) -> UID:
    """A UID under 2.25 (ISO/IEC 9834-8, a 128-bit integer) from the SHA-256 of the parts."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "big") + data)
    return UID(f"2.25.{int.from_bytes(digest.digest()[:16], 'big')}")
