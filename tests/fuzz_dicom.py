"""Reads mutated DICOM films as intake does and counts what comes of them: `python -m tests.fuzz_dicom --count 20000`.

Each mutant's header is read in this process and its pixels in the decoding workers. Only a film or a FilmRefused may come back:
anything else ends the run with the mutant kept in --keep.
"""

from __future__ import annotations

import argparse
import random
import struct
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pydicom.data

from outcomenet.errors import FilmRefused
from outcomenet.films.codecs import CODECS
from outcomenet.films.decoding import FilmDecoder
from outcomenet.films.film_file import read_film, read_header

OWN = Path(__file__).parent / "data" / "pixels"
LARGEST_SEED = 100_000
REPRESENTATIONS = [
    b"AE", b"AS", b"AT", b"CS", b"DA", b"DS", b"DT", b"FD", b"FL", b"IS", b"LO", b"LT", b"OB", b"OD", b"OF", b"OL", b"OW",
    b"PN", b"SH", b"SL", b"SQ", b"SS", b"ST", b"TM", b"UC", b"UI", b"UL", b"UN", b"UR", b"US", b"UT", b"XX",
]  # fmt: skip
EXTREMES = (0, 1, 2, 0x7F, 0xFF, 0x7FFF, 0xFFFE, 0xFFFF, 0x10000, 0x7FFFFFFF, 0xFFFFFFFE, 0xFFFFFFFF)
# Rows, Columns, BitsAllocated, BitsStored, HighBit, PixelRepresentation, SamplesPerPixel, NumberOfFrames, window, rescale
IMAGE_TAGS = [
    (0x28, e) for e in (0x10, 0x11, 0x100, 0x101, 0x102, 0x103, 0x2, 0x8, 0x1050, 0x1051, 0x1052, 0x1053, 0x30)
]

Mutation = Callable[[bytearray, random.Random, list[bytes]], bytearray]


def seeds() -> list[bytes]:
    """The project's own films, four times over, and those that come with pydicom, up to 100 kB, in a fixed order.

    A third of pydicom's are no radiographs and refused as they are; the project's hold every transfer syntax.
    """
    bundled = Path(pydicom.data.__file__).parent / "test_files"
    paths = [*sorted(OWN.glob("*.dcm")) * 4, *sorted(bundled.glob("*.dcm"))]
    return [path.read_bytes() for path in paths if path.stat().st_size <= LARGEST_SEED]


def flip_bits(data: bytearray, rng: random.Random, _: list[bytes]) -> bytearray:
    end = len(data) if rng.random() < 0.4 else min(len(data), 1_500)
    for _n in range(rng.randint(1, 12)):
        data[rng.randrange(end)] ^= 1 << rng.randrange(8)
    return data


def truncate(data: bytearray, rng: random.Random, _: list[bytes]) -> bytearray:
    return data[: rng.randrange(len(data))]


def extreme_length(data: bytearray, rng: random.Random, _: list[bytes]) -> bytearray:
    """Sets the length of an element to something that is not its length."""
    at = _an_element(data, rng)
    value = rng.choice((*EXTREMES, len(data), rng.getrandbits(32)))
    if data[at + 4 : at + 6] in (b"OB", b"OW", b"SQ", b"UN", b"UT"):
        data[at + 8 : at + 12] = struct.pack("<I", value)
    else:
        data[at + 6 : at + 8] = struct.pack("<H", value & 0xFFFF)
    return data


def other_representation(data: bytearray, rng: random.Random, _: list[bytes]) -> bytearray:
    at = _an_element(data, rng)
    data[at + 4 : at + 6] = rng.choice(REPRESENTATIONS)
    return data


def other_tag(data: bytearray, rng: random.Random, _: list[bytes]) -> bytearray:
    at = _an_element(data, rng)
    tag = rng.choice(
        [*IMAGE_TAGS, (0x7FE0, 0x10), (0x7FE0, 0x8), (0xFFFE, 0xE000), (0xFFFE, 0xE0DD), (2, 0x10), (0x28, 0x3000)]
    )
    data[at : at + 4] = struct.pack("<HH", *tag)
    return data


def duplicate_or_delete(data: bytearray, rng: random.Random, _: list[bytes]) -> bytearray:
    one, two = sorted((_an_element(data, rng), _an_element(data, rng)))
    if rng.random() < 0.5:
        return data[:one] + data[two:]
    return data[:two] + data[one:two] * rng.randint(1, 4) + data[two:]


def other_syntax(data: bytearray, rng: random.Random, _: list[bytes]) -> bytearray:
    """Says the pixels were written otherwise than they are."""
    at = data.find(b"\x02\x00\x10\x00UI")
    if at < 0:
        return flip_bits(data, rng, _)
    length = struct.unpack("<H", data[at + 6 : at + 8])[0]
    name = rng.choice([*CODECS, "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.4.51", "1.2.3"]).encode()
    name += b"\0" * (len(name) % 2)
    return data[: at + 6] + struct.pack("<H", len(name)) + name + data[at + 8 + length :]


def nesting(data: bytearray, rng: random.Random, _: list[bytes]) -> bytearray:
    """Sequences within sequences before the first element after the file meta group, closed or not."""
    depth = rng.choice((2, 15, 16, 17, 40, 400))
    at = _after_meta(data)
    opened = (b"\x08\x00\x15\x11SQ\0\0\xff\xff\xff\xff" + b"\xfe\xff\x00\xe0\xff\xff\xff\xff") * depth
    closed = b"\xfe\xff\x0d\xe0\0\0\0\0\xfe\xff\xdd\xe0\0\0\0\0" * rng.choice((depth, depth, depth - 1, depth + 1))
    return data[:at] + opened + closed + data[at:]


def other_pixels(data: bytearray, rng: random.Random, others: list[bytes]) -> bytearray:
    """The header of one film before the end of another."""
    other = rng.choice(others)
    return data[: rng.randrange(132, len(data))] + other[rng.randrange(132, len(other)) :]


def damaged_pixels(data: bytearray, rng: random.Random, _: list[bytes]) -> bytearray:
    """Damage to the pixels alone, so that the decoders see it."""
    at = min(max(data.rfind(b"\xe0\x7f\x10\x00"), len(data) // 3) + 12, len(data) - 2)
    for _n in range(rng.choice((1, 2, 4, 8, 40))):
        data[rng.randrange(at, len(data))] = rng.randrange(256)
    return data


def other_image_values(data: bytearray, rng: random.Random, _: list[bytes]) -> bytearray:
    for group, element in rng.sample(IMAGE_TAGS, rng.randint(1, 4)):
        at = data.find(struct.pack("<HH", group, element))
        if 0 < at < len(data) - 10:
            data[at + 8 : at + 10] = struct.pack("<H", rng.choice(EXTREMES) & 0xFFFF)
    return data


def random_bytes(data: bytearray, rng: random.Random, _: list[bytes]) -> bytearray:
    at = rng.randrange(len(data))
    return data[:at] + rng.randbytes(rng.randint(1, 64)) + data[at:]


MUTATIONS: tuple[Mutation, ...] = (
    flip_bits, truncate, extreme_length, other_representation, other_tag, duplicate_or_delete, other_syntax, nesting,
    other_pixels, damaged_pixels, other_image_values, random_bytes,
)  # fmt: skip


def _an_element(data: bytearray, rng: random.Random) -> int:
    """The place of some element of explicit representation, found by its two letters; any place where none is near."""
    start = rng.randrange(132, max(133, min(len(data), 3_000)))
    for at in range(start, min(start + 400, len(data) - 12)):
        if bytes(data[at + 4 : at + 6]) in REPRESENTATIONS:
            return at
    return min(start, max(0, len(data) - 12))


def _after_meta(data: bytearray) -> int:
    at = data.find(b"\x02\x00\x00\x00UL\x04\x00")
    return at + 12 + struct.unpack("<I", data[at + 8 : at + 12])[0] if 0 <= at < len(data) - 12 else min(132, len(data))


def mutant(number: int, seed: int, originals: list[bytes]) -> tuple[str, bytes]:
    """Mutant `number` of a run: the first mutation's name and the file."""
    rng = random.Random(f"{seed}/{number}")
    data = bytearray(rng.choice(originals))
    names = [rng.choice((*MUTATIONS, damaged_pixels, damaged_pixels)) for _ in range(1 if rng.random() < 0.7 else 2)]
    for mutation in names:
        if len(data) > 200:
            data = mutation(data, rng, originals)
    return names[0].__name__, bytes(data)


def fuzz(count: int, seed: int, keep: Path | None = None, workers: int = 2) -> tuple[Counter, Counter]:
    """Reads `count` mutants; returns counts of (mutation, outcome) and of header outcomes. Raises on anything untyped."""
    originals = seeds()
    outcomes, headers, kinds = Counter(), Counter(), []
    with tempfile.TemporaryDirectory() as folder, FilmDecoder(workers, timeout_seconds=15.0, cpu_seconds=5) as decoder:

        def paths() -> Iterator[Path]:
            for number in range(count):
                kind, data = mutant(number, seed, originals)
                kinds.append(kind)
                path = Path(folder) / f"{number}.dcm"
                path.write_bytes(data)
                if keep:
                    (keep / "last.dcm").write_bytes(data)
                try:
                    read_header(path)
                    headers["read"] += 1
                except FilmRefused as refused:
                    headers[refused.code] += 1
                yield path

        for number, result in enumerate(decoder.map(read_film, paths())):
            outcomes[kinds[number], result.code if isinstance(result, FilmRefused) else "read"] += 1
            (Path(folder) / f"{number}.dcm").unlink()
    return outcomes, headers


def table(outcomes: Counter) -> str:
    """Outcomes by mutation as a Markdown table."""
    codes = sorted({code for _, code in outcomes}, key=lambda code: (code != "read", code))
    lines = ["| mutation | " + " | ".join(codes) + " |", "| --- |" + " ---: |" * len(codes)]
    for mutation in MUTATIONS:
        row = [outcomes[mutation.__name__, code] for code in codes]
        lines.append(f"| {mutation.__name__} | " + " | ".join(f"{n:,}" if n else "" for n in row) + " |")
    totals = [sum(n for (_, code), n in outcomes.items() if code == wanted) for wanted in codes]
    lines.append("| **all** | " + " | ".join(f"**{n:,}**" for n in totals) + " |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2, help="decoding processes beside the one that reads headers")
    parser.add_argument("--keep", type=Path, help="folder that holds the mutant read last, should the run end early")
    options = parser.parse_args()
    if options.keep:
        options.keep.mkdir(parents=True, exist_ok=True)
    begun = time.monotonic()
    outcomes, headers = fuzz(options.count, options.seed, options.keep, options.workers)
    print(table(outcomes))
    print(f"\nHeaders, read in the parent process: {dict(headers.most_common())}")
    print(f"{sum(outcomes.values()):,} mutants in {time.monotonic() - begun:.0f} s; the parent lived.")


if __name__ == "__main__":
    main()
