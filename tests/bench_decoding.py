"""Rates of the decoders and what isolation costs, on a film of 2,500 x 2,000, 12 bits: `python -m tests.bench_decoding`."""

from __future__ import annotations

import datetime
import io
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import gdcm
import numpy as np
import pydicom
from PIL import Image
from pydicom.encaps import encapsulate

from outcomenet.films.codecs import CODECS, Codec
from outcomenet.films.decoding import FilmDecoder
from outcomenet.films.dicom_writer import write_dicom
from outcomenet.films.film_file import Film, read_film

ROWS, COLUMNS = 2_500, 2_000
HTJ2K = ("1.2.840.10008.1.2.4.201", "1.2.840.10008.1.2.4.202", "1.2.840.10008.1.2.4.203")


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        films = write_films(Path(name))
        print(
            "| transfer syntax | decoder | licence | film to array, ms | MB of pixels/s |\n| --- | --- | --- | ---: | ---: |"
        )
        for syntax, path in films.items():
            codec: Codec = CODECS[syntax]
            seconds = best_of(5, lambda path=path: read_film(path))
            rate = ROWS * COLUMNS * 2 / 1e6 / seconds
            print(
                f"| {codec.name} | {codec.decoder} | {codec.licence} | {seconds * 1e3:.0f} | {rate:.0f} |", flush=True
            )
        print()
        for syntax in ("1.2.840.10008.1.2.1", "1.2.840.10008.1.2.4.80"):
            isolation(films[syntax], CODECS[syntax].name)


def isolation(path: Path, name: str) -> None:
    """One film read 40 times here and by one worker, in turns: sending its size back, and the whole film."""
    from tests.bench_decoding import size_of  # by the name under which a worker can import it

    count, here, small, whole = 40, [], [], []
    with FilmDecoder(workers=1) as decoder:
        list(decoder.map(size_of, [path] * 3))
        for _ in range(3):
            here.append(seconds_of(lambda: [size_of(path) for _ in range(count)]))
            small.append(seconds_of(lambda: list(decoder.map(size_of, [path] * count))))
            whole.append(seconds_of(lambda: [film for film in decoder.map(read_film, [path] * count) if not film]))
    print(
        f"Isolation, {name}: {count / min(here):.1f} films/s in this process; {count / min(small):.1f} by one worker that "
        f"returns a small result ({min(here) / min(small):.2f} of it), {count / min(whole):.1f} returning the film "
        f"({min(here) / min(whole):.2f})",
        flush=True,
    )


def size_of(path: Path) -> tuple[int, ...]:
    film: Film = read_film(path)
    return film.pixels.shape


def write_films(folder: Path) -> dict[str, Path]:
    """One film in every syntax that can be written here, by UID."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:ROWS, :COLUMNS]
    smooth = 2000 + 900 * np.sin(x / 90) * np.cos(y / 130)
    pixels = np.clip(smooth + rng.normal(0, 12, smooth.shape), 0, 4095).astype(np.uint16)
    explicit = folder / "explicit.dcm"
    write_dicom(explicit, pixels, spacing_mm=0.1, patient_id="P", study_date=datetime.date(2020, 1, 1))
    paths = {"1.2.840.10008.1.2.1": explicit}
    for syntax in ("1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.91"):
        data = pydicom.dcmread(explicit)
        data.compress(syntax, **({"j2k_cr": [10]} if syntax.endswith(".91") else {}))
        paths[syntax] = folder / f"{syntax}.dcm"
        data.save_as(paths[syntax])
    lossless = folder / "jpeg_lossless.dcm"
    by_gdcm(explicit, lossless)
    paths["1.2.840.10008.1.2.4.70"] = lossless
    paths["1.2.840.10008.1.2.4.50"] = baseline(explicit, pixels, folder / "baseline.dcm")
    try:
        import imagecodecs  # not among the project's packages: HTJ2K is measured where it happens to be there
    except ImportError:
        return paths
    data = pydicom.dcmread(explicit)
    data.PixelData = encapsulate([imagecodecs.htj2k_encode(pixels, reversible=True)])
    data.file_meta.TransferSyntaxUID = HTJ2K[0]
    paths[HTJ2K[0]] = folder / "htj2k.dcm"
    data.save_as(paths[HTJ2K[0]])
    return paths


def by_gdcm(source: Path, target: Path) -> None:
    reader, change, writer = gdcm.ImageReader(), gdcm.ImageChangeTransferSyntax(), gdcm.ImageWriter()
    reader.SetFileName(str(source))
    assert reader.Read()
    change.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.JPEGLosslessProcess14_1))
    change.SetInput(reader.GetImage())
    assert change.Change()
    writer.SetFile(reader.GetFile())
    writer.SetImage(change.GetOutput())
    writer.SetFileName(str(target))
    assert writer.Write()


def baseline(source: Path, pixels: np.ndarray, target: Path) -> Path:
    stream = io.BytesIO()
    Image.fromarray((pixels >> 4).astype(np.uint8)).save(stream, format="JPEG", quality=90)
    data = pydicom.dcmread(source)
    data.BitsAllocated, data.BitsStored, data.HighBit = 8, 8, 7
    data.PixelData = encapsulate([stream.getvalue()])
    data["PixelData"].VR = "OB"
    data.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.50"
    data.save_as(target)
    return target


def best_of(times: int, action: Callable[[], object]) -> float:
    return min(seconds_of(action) for _ in range(times))


def seconds_of(action: Callable[[], object]) -> float:
    begun = time.perf_counter()
    action()
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
