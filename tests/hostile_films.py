"""Small files that ask for much: `python -m tests.hostile_films` says how long each takes to be refused."""

from __future__ import annotations

import os
import struct
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
from PIL import Image
from pydicom.encaps import encapsulate

PIXELS = Path(__file__).parent / "data" / "pixels"
MARK = b"\0" * 128 + b"DICM"
SEQUENCE, ITEM = b"\x08\x00\x15\x11SQ\0\0\xff\xff\xff\xff", b"\xfe\xff\x00\xe0\xff\xff\xff\xff"


def _meta(syntax: str = "1.2.840.10008.1.2.1") -> bytes:
    value = syntax.encode() + b"\0" * (len(syntax) % 2)
    return MARK + b"\x02\x00\x10\x00UI" + struct.pack("<H", len(value)) + value


def _png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_bomb(path: Path) -> None:
    """60,000 x 60,000 grey levels in 3.5 MB."""
    header = _png_chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0))
    pixels = _png_chunk(b"IDAT", zlib.compress(b"\0" * 400_000_000, 9))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + header + pixels + _png_chunk(b"IEND", b""))


def png_that_inflates_beyond_its_size(path: Path) -> None:
    """A size that is allowed, and pixel data that inflate to 400 MB."""
    header = _png_chunk(b"IHDR", struct.pack(">IIBBBBB", 100, 100, 8, 0, 0, 0, 0))
    pixels = _png_chunk(b"IDAT", zlib.compress(b"\xff" * 400_000_000, 9))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + header + pixels + _png_chunk(b"IEND", b""))


def tiff_bomb(path: Path) -> None:
    Image.new("1", (30_000, 30_000)).save(path, format="TIFF", compression="group4")


def tiff_whose_pages_form_a_ring(path: Path) -> None:
    Image.new("L", (10, 10)).save(path, format="TIFF")
    data = bytearray(path.read_bytes())
    first = struct.unpack("<I", data[4:8])[0]
    entries = struct.unpack("<H", data[first : first + 2])[0]
    data[first + 2 + 12 * entries : first + 6 + 12 * entries] = struct.pack("<I", first)
    path.write_bytes(data)


def deflated_bomb(path: Path) -> None:
    path.write_bytes(_meta("1.2.840.10008.1.2.1.99") + zlib.compress(b"\0" * 300_000_000, 9)[2:-4])


def _compressed(path: Path, fixture: str, change: Callable[[bytes], bytes]) -> None:
    data = pydicom.dcmread(PIXELS / fixture)
    stream = next(pydicom.encaps.generate_frames(data.PixelData, number_of_frames=1))
    data.PixelData = encapsulate([change(stream)])
    data.save_as(path)


def jpeg_2000_bomb(path: Path) -> None:
    """The stream says 60,000 x 60,000, the header 40 x 32."""
    _compressed(path, "jpeg_2000.dcm", lambda s: s[:8] + struct.pack(">II", 60_000, 60_000) + s[16:])


def jpeg_2000_bomb_that_the_header_confirms(path: Path) -> None:
    """6,000 x 6,000 in stream and header, which is allowed, and a thousand bytes of pixels."""
    _compressed(path, "jpeg_2000.dcm", lambda s: s[:8] + struct.pack(">II", 6_000, 6_000) + s[16:])
    data = pydicom.dcmread(path)
    data.Rows = data.Columns = 6_000
    data.save_as(path)


def jpeg_bomb(path: Path) -> None:
    def larger(stream: bytes) -> bytes:
        at = stream.find(b"\xff\xc0")
        return stream[: at + 5] + struct.pack(">HH", 65_000, 65_000) + stream[at + 9 :]

    _compressed(path, "jpeg_baseline.dcm", larger)


def rle_bomb(path: Path) -> None:
    """Header of 6,000 x 6,000 and a stream of 2 kB."""
    data = pydicom.dcmread(PIXELS / "rle.dcm")
    data.Rows = data.Columns = 6_000
    data.save_as(path)


def nested(depth: int, closed: bool) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        end = b"\xfe\xff\x0d\xe0\0\0\0\0\xfe\xff\xdd\xe0\0\0\0\0" * depth if closed else b""
        path.write_bytes(_meta() + (SEQUENCE + ITEM) * depth + end)

    return write


def a_million_elements(path: Path) -> None:
    path.write_bytes(_meta() + (b"\x09\x00\x01\x10LO\x02\x00ab") * 1_000_000)


def a_value_longer_than_the_file(path: Path) -> None:
    path.write_bytes(_meta() + b"\x10\x00\x10\x00UN\0\0" + struct.pack("<I", 0xFFFFFFF0))


def look_up_table_without_end(path: Path) -> None:
    """A VOI LUT that says 65,536 entries and holds two."""
    data = pydicom.dcmread(PIXELS / "explicit.dcm")
    entry = pydicom.Dataset()
    entry.LUTDescriptor, entry.LUTData = [0, 0, 16], [0, 1]
    entry["LUTDescriptor"].VR = entry["LUTData"].VR = "US"
    data.VOILUTSequence = [entry]
    data.save_as(path)


def array_of_objects(path: Path) -> None:
    with path.open("wb") as file:
        np.save(file, np.array([[print]], object), allow_pickle=True)


def array_that_says_a_terabyte(path: Path) -> None:
    text = b"{'descr': '|u1', 'fortran_order': False, 'shape': (1000000, 1000000), }"
    path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text)


def pipe(path: Path) -> None:
    os.mkfifo(path)


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def link_to_itself(path: Path) -> None:
    path.symlink_to(path.name)


def folder(path: Path) -> None:
    path.mkdir()


# Name -> how it is written and the code with which it is refused; Pillow takes the ring for the one page that it is.
HOSTILE: dict[str, tuple[Callable[[Path], None], str]] = {
    "PNG of 60,000 x 60,000": (png_bomb, "too_large"),
    "PNG of 100 x 100 that inflates to 400 MB": (png_that_inflates_beyond_its_size, "truncated"),
    "TIFF of 30,000 x 30,000": (tiff_bomb, "too_large"),
    "TIFF whose pages form a ring": (tiff_whose_pages_form_a_ring, "read"),
    "deflated DICOM of 300 MB": (deflated_bomb, "transfer_syntax"),
    "JPEG 2000 of 60,000 x 60,000 in a header of 40 x 32": (jpeg_2000_bomb, "stream_size"),
    "JPEG 2000 of 6,000 x 6,000 with 1 kB of pixels": (jpeg_2000_bomb_that_the_header_confirms, "truncated"),
    "JPEG of 65,000 x 65,000 in a header of 40 x 32": (jpeg_bomb, "stream_size"),
    "RLE of 6,000 x 6,000 with 2 kB of pixels": (rle_bomb, "truncated"),
    "sequences nested 17 deep": (nested(17, closed=True), "nesting"),
    "sequences nested 100,000 deep": (nested(100_000, closed=True), "nesting"),
    "sequences nested 100,000 deep, never closed": (nested(100_000, closed=False), "nesting"),
    "a million elements": (a_million_elements, "truncated"),
    "a value of 4 GB in a file of 160 bytes": (a_value_longer_than_the_file, "truncated"),
    "a look-up table of 65,536 entries with two": (look_up_table_without_end, "look_up_table"),
    "NPY of objects": (array_of_objects, "bits"),
    "NPY of a terabyte": (array_that_says_a_terabyte, "too_large"),
    "pipe": (pipe, "not_a_file"),
    "link to /dev/zero": (device, "not_a_file"),
    "link to itself": (link_to_itself, "unreadable"),
    "folder": (folder, "not_a_file"),
}


def main() -> None:
    import tempfile

    from outcomenet.films.decoding import FilmDecoder
    from outcomenet.films.film_file import read_film

    print("| file | bytes | answer | seconds |\n| --- | ---: | --- | ---: |")
    with tempfile.TemporaryDirectory() as name, FilmDecoder(workers=1) as decoder:
        list(decoder.map(read_film, [PIXELS / "explicit.dcm"]))  # the worker has started
        for number, (what, (write, _)) in enumerate(HOSTILE.items()):
            path = Path(name) / f"{number}"
            write(path)
            begun = time.monotonic()
            (result,) = decoder.map(read_film, [path])
            seconds = time.monotonic() - begun
            size = f"{path.stat().st_size:,}" if path.is_file() else ""
            print(f"| {what} | {size} | {getattr(result, 'code', 'read')} | {seconds:.3f} |")


if __name__ == "__main__":
    main()
