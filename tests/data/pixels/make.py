"""Writes the small films of every transfer syntax: `python tests/data/pixels/make.py`, with imagecodecs installed beside.

Pixels are `ramp()`, so that a test needs no decoder to know what they should be. imagecodecs (BSD-3-Clause) encodes HTJ2K
and is used for nothing else.
"""

from __future__ import annotations

from pathlib import Path

import gdcm
import imagecodecs
import numpy as np
import pydicom
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    ComputedRadiographyImageStorage,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

HERE = Path(__file__).parent
ROWS, COLUMNS = 40, 32


def ramp() -> np.ndarray:
    """12 bits that differ from row to row and column to column."""
    return (np.add.outer(np.arange(ROWS) * 97, np.arange(COLUMNS) * 61) % 4096).astype(np.uint16)


def dataset(syntax: str, bits: int = 12) -> Dataset:
    data = Dataset()
    data.SOPClassUID, data.SOPInstanceUID = ComputedRadiographyImageStorage, "2.25.1"
    data.Rows, data.Columns, data.SamplesPerPixel = ROWS, COLUMNS, 1
    data.PhotometricInterpretation, data.PixelRepresentation = "MONOCHROME2", 0
    data.BitsAllocated, data.BitsStored, data.HighBit = (16, bits, bits - 1) if bits > 8 else (8, 8, 7)
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = syntax
    data.file_meta.MediaStorageSOPClassUID, data.file_meta.MediaStorageSOPInstanceUID = data.SOPClassUID, "2.25.1"
    return data


def native(name: str, syntax: str) -> None:
    data = dataset(syntax)
    data.PixelData = ramp().astype(">u2" if syntax == ExplicitVRBigEndian else "<u2").tobytes()
    data["PixelData"].VR = "OW"
    data.save_as(HERE / f"{name}.dcm", enforce_file_format=True)


def by_gdcm(name: str, syntax: int) -> None:
    reader, change, writer = gdcm.ImageReader(), gdcm.ImageChangeTransferSyntax(), gdcm.ImageWriter()
    reader.SetFileName(str(HERE / "explicit.dcm"))
    assert reader.Read()
    change.SetTransferSyntax(gdcm.TransferSyntax(syntax))
    change.SetInput(reader.GetImage())
    assert change.Change()
    writer.SetFile(reader.GetFile())
    writer.SetImage(change.GetOutput())
    writer.SetFileName(str(HERE / f"{name}.dcm"))
    assert writer.Write()


def by_pydicom(name: str, syntax: str, **options) -> None:
    data = pydicom.dcmread(HERE / "explicit.dcm")
    data.compress(syntax, generate_instance_uid=False, **options)
    data.save_as(HERE / f"{name}.dcm", enforce_file_format=True)


def encapsulated(name: str, syntax: str, stream: bytes, bits: int = 12) -> None:
    data = dataset(syntax, bits)
    data.PixelData = encapsulate([stream])
    data["PixelData"].VR = "OB"
    data.save_as(HERE / f"{name}.dcm", enforce_file_format=True)


def main() -> None:
    native("explicit", ExplicitVRLittleEndian)
    native("implicit", ImplicitVRLittleEndian)
    native("big_endian", ExplicitVRBigEndian)
    by_pydicom("rle", "1.2.840.10008.1.2.5")
    by_gdcm("jpeg_lossless_14", gdcm.TransferSyntax.JPEGLosslessProcess14)
    by_gdcm("jpeg_lossless_sv1", gdcm.TransferSyntax.JPEGLosslessProcess14_1)
    by_pydicom("jpeg_ls", "1.2.840.10008.1.2.4.80")
    by_pydicom("jpeg_ls_near", "1.2.840.10008.1.2.4.81", jls_error=2)
    by_pydicom("jpeg_2000", "1.2.840.10008.1.2.4.90")
    by_pydicom("jpeg_2000_lossy", "1.2.840.10008.1.2.4.91", j2k_cr=[2])
    pixels = ramp()
    encapsulated("htj2k", "1.2.840.10008.1.2.4.201", imagecodecs.htj2k_encode(pixels, reversible=True))
    # its progression is RPCL; that syntax wants tile-part lengths as well
    encapsulated("htj2k_rpcl", "1.2.840.10008.1.2.4.202", imagecodecs.htj2k_encode(pixels, reversible=True, tlm=True))
    encapsulated("htj2k_lossy", "1.2.840.10008.1.2.4.203", imagecodecs.htj2k_encode(pixels, reversible=False))
    eight = Image.fromarray((pixels >> 4).astype(np.uint8))
    eight.save(HERE / "baseline.jpg", quality=95)
    encapsulated("jpeg_baseline", "1.2.840.10008.1.2.4.50", (HERE / "baseline.jpg").read_bytes(), bits=8)
    (HERE / "baseline.jpg").unlink()


if __name__ == "__main__":
    main()
