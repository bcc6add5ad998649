"""Nothing that could name a patient leaves a film or a table: 1,500 planted strings, and every byte written is searched."""

from __future__ import annotations

import base64
import io
import os
import re
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pydicom
import pytest
from pydicom import DataElement, Dataset
from pydicom.datadict import dictionary_VR

from outcomenet.artifacts import MADE
from outcomenet.datasets.dataset import SPLITS, open_dataset
from outcomenet.localization.anatomy_mask import anatomy_mask
from tests.hospital import SPACING_MM, hand_film, write_hospital

ATTRIBUTES = Path(__file__).parents[1] / "data" / "ps315_table_e1_1.txt"
TEXT = {"AE", "LO", "LT", "PN", "SH", "ST", "UC", "UT", "CS"}
# Read as numbers or identifiers, or written by `write_dicom` and needed to read the film at all.
WRITTEN_BELOW = {"00081115", "00880200"}  # nested sequence and icon
KEPT = {"00080018", "0020000D", "0020000E"}


class Canaries:
    """Hands out unique strings and remembers them."""

    def __init__(self) -> None:
        self.planted: list[str] = []

    def __call__(self) -> str:
        self.planted.append(f"CANARY{len(self.planted):05d}")
        return self.planted[-1]


def plant(dataset: Dataset, canary: Canaries, tags: list[str]) -> None:
    """A canary in each attribute, whatever its representation; sequences get an item with one."""
    for tag in tags:
        number = int(tag, 16)
        try:
            vr = dictionary_VR(number)
        except KeyError:
            vr = "LO"
        if vr == "SQ":
            item = Dataset()
            item.add(DataElement(0x00081030, "LO", canary()))
            dataset.add(DataElement(number, "SQ", [item]))
        elif vr in TEXT:
            dataset.add(DataElement(number, vr, canary()))
        else:  # numbers, dates, UIDs and bytes: written as bytes
            dataset.add(DataElement(number, "OB", canary().encode().ljust(12)))


def plant_everywhere(path: Path, canary: Canaries, tags: list[str], trailing: bool) -> None:
    """All of Table E.1-1, private blocks, nesting to depth 8, overlays, icon, preamble and bytes behind the film."""
    dataset = pydicom.dcmread(path)
    of_file = [tag for tag in tags if tag.startswith("0002")]
    # a file holds no commands
    tags = [tag for tag in tags if not tag.startswith(("0000", "0002")) and tag not in WRITTEN_BELOW]
    for tag in of_file:
        dataset.file_meta.add(DataElement(int(tag, 16), dictionary_VR(int(tag, 16)), canary()))
    plant(dataset, canary, tags)
    for group in (0x0009, 0x0011, 0x0029, 0x7053):
        block = dataset.private_block(group, f"MAKER {canary()}", create=True)
        for element in range(20):
            block.add_new(element, "LO", canary())
    item = dataset
    for depth in range(8):
        inner = Dataset()
        plant(inner, canary, (tags * 2)[depth * 100 : depth * 100 + 100])
        item.add(DataElement(0x00081115, "SQ", [inner]))
        item = inner
    for overlay in range(0x6000, 0x6010, 2):
        dataset.add(DataElement(overlay << 16 | 0x3000, "OW", canary().encode().ljust(16)))
        dataset.add(DataElement(overlay << 16 | 0x0022, "LO", canary()))
        dataset.add(DataElement(overlay << 16 | 0x4000, "LT", canary()))
    icon = Dataset()
    icon.add(DataElement(0x7FE00010, "OB", canary().encode().ljust(12)))
    dataset.add(DataElement(0x00880200, "SQ", [icon]))
    dataset.preamble = canary().encode().ljust(128, b"\0")
    dataset.save_as(path)
    if trailing:
        with path.open("ab") as file:
            file.write(canary().encode())


@pytest.fixture(scope="module")
def canaries_of_the_hospital(tmp_path_factory):
    """The workspace with a cohort full of canaries, its films and the canaries."""
    work = tmp_path_factory.mktemp("planted")
    canary = Canaries()
    name = cache(lambda what: canary())
    cohort = work / "cohort"
    films = write_hospital(
        cohort,
        patients=4,
        name=name,
        placed=lambda patient: patient < 3,  # the last one's joints are looked for
    )
    tags = [line.split()[0] for line in ATTRIBUTES.read_text().splitlines() if not line.startswith("#")]
    tags = [tag for tag in tags if tag not in KEPT]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pydicom.config.settings, "writing_validation_mode", pydicom.config.IGNORE)
        patch.setattr(pydicom.config.settings, "reading_validation_mode", pydicom.config.IGNORE)
        for n, film in enumerate(films):
            plant_everywhere(film, canary, tags, trailing=n == 0)
    return work, films, canary.planted


def run(work: Path, *arguments: str, log: str) -> int:
    """The command line as a hospital would use it; everything it says is kept in the workspace too."""
    homes = {"HOME": work / "home", "TMPDIR": work / "tmp", "XDG_CONFIG_HOME": work / "config"}
    for folder in homes.values():
        folder.mkdir(exist_ok=True)
    with (work / log).open("wb") as file:
        return subprocess.run(
            [sys.executable, "-m", "outcomenet.cli", *arguments],
            cwd=work, env={**os.environ, **{name: str(path) for name, path in homes.items()}}, stdout=file, stderr=file,
        ).returncode  # fmt: skip


def contents(path: Path) -> Iterator[bytes]:
    """A file's bytes, and what a reader of its format would see: members of archives, cells of tables."""
    raw = path.read_bytes()
    yield path.name.encode()
    yield raw
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            for member in archive.namelist():
                yield archive.read(member)
    if path.suffix == ".parquet":
        yield pd.read_parquet(io.BytesIO(raw)).to_csv().encode()


SEARCHED = re.compile(
    b"|".join(
        re.escape(word)
        for word in (
            b"CANARY",
            "CANARY".encode("utf-16-le"),
            "CANARY".encode("utf-16-be"),
            b"CANARY".hex().encode(),
            # base64 at its three offsets, without the characters that neighbours change
            *(base64.b64encode(b"\0" * k + b"CANARY" + b"\0" * 3)[3:9] for k in range(3)),
        )
    ),
    re.IGNORECASE,
)


def found_in(folder: Path, *, except_for: tuple[Path, ...]) -> list[str]:
    """Files below the folder that hold a canary in any spelling."""
    files = [
        path for path in folder.rglob("*") if path.is_file() and not any(path.is_relative_to(e) for e in except_for)
    ]
    return [str(path) for path in files if any(SEARCHED.search(content) for content in contents(path))]


def test_the_search_finds_what_was_planted(canaries_of_the_hospital):
    work, films, planted = canaries_of_the_hospital
    raw = b"".join(path.read_bytes() + str(path).encode() for path in (work / "cohort").rglob("*") if path.is_file())
    assert len(planted) >= 1_500 * len(films)
    there = set(re.findall(rb"CANARY\d{5}", raw))
    assert there == {canary.encode() for canary in planted}
    assert len(found_in(work / "cohort", except_for=())) >= len(films) + 5


def test_no_canary_is_written_by_an_intake(canaries_of_the_hospital):
    work, _, _ = canaries_of_the_hospital
    assert run(work, "intake", str(work / "cohort"), "--out", str(work / "data"), log="intake.log") == 0, (
        work / "intake.log"
    ).read_text()
    dataset = open_dataset(work / "data")
    assert dataset.manifest.visits_with_films == 8  # the films were read, found and cut
    for split in SPLITS:
        for example in dataset.examples(split):
            assert not SEARCHED.search(repr(example).encode())
    assert found_in(work, except_for=(work / "cohort",)) == []
    assert {path.name for path in work.iterdir()} == {
        "cohort", "config", "data", "data.films", "home", "tmp", "intake.log"
    }  # fmt: skip


def test_no_canary_is_written_when_a_film_or_the_cohort_is_refused(canaries_of_the_hospital, tmp_path):
    work, films, _ = canaries_of_the_hospital
    whole, table = films[0].read_bytes(), work / "cohort" / "visits.csv"
    visits = table.read_text()
    try:
        films[0].write_bytes(whole[: len(whole) // 2])
        assert run(work, "intake", str(work / "cohort"), "--out", str(work / "fewer"), log="left_out.log") == 0
        films[0].write_bytes(whole)
        table.write_text(visits.replace("1.125,4", "1.19,4").replace("2020-01-11", "11 January"))
        assert run(work, "intake", str(work / "cohort"), "--out", str(work / "other"), log="faults.log") == 3
    finally:
        films[0].write_bytes(whole)
        table.write_text(visits)
    assert "1 film that could not be read is left out" in (work / "left_out.log").read_text()
    assert len(pd.read_csv(work / "other.faults.csv")) == 9
    assert found_in(work, except_for=(work / "cohort",)) == []


def test_no_canary_is_left_behind_by_a_killed_intake(canaries_of_the_hospital):
    work, _, _ = canaries_of_the_hospital
    command = [sys.executable, "-m", "outcomenet.cli", "intake", str(work / "cohort"), "--out", str(work / "killed")]
    env = {**os.environ, "HOME": str(work / "home"), "XDG_CONFIG_HOME": str(work / "config")}
    with (work / "killed.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=work, env=env, stdout=log, stderr=log)
        store = work / "killed.films"
        while process.poll() is None and not (store.is_dir() and any(store.iterdir())):
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert found_in(work, except_for=(work / "cohort",)) == []


def text_places(shape: tuple[int, int], inside: np.ndarray) -> list[tuple[int, int]]:
    """Twelve places (left, baseline) spread over the film where a stamp of 90 x 22 pixels lies beside the hand."""
    rng = np.random.default_rng(3)
    height, width = shape
    places: list[tuple[int, int]] = [
        (4, 24), (width - 94, 24), (4, height - 8), (width - 94, height - 8), (width // 2, 24), (width // 2, height - 8),
        (4, height // 2), (width - 94, height // 2),
    ]  # fmt: skip
    while len(places) < 12:
        x, y = int(rng.integers(4, width - 94)), int(rng.integers(24, height - 8))
        near = inside[max(y - 60, 0) : y + 40, max(x - 30, 0) : x + 120].any()  # beside the hand, not in a corner
        if near and not inside[y - 22 : y + 4, x : x + 90].any():
            places.append((x, y))
    return places


def test_burnt_in_text_in_twelve_places_changes_no_byte(tmp_path):
    film, landmarks = hand_film()
    inside = anatomy_mask(film, landmarks, "hand", SPACING_MM).on_film(film.shape)
    places = text_places(film.shape, inside)

    def stamped(pixels: np.ndarray, patient: int) -> np.ndarray:
        text = np.zeros(pixels.shape, np.uint8)
        for number, (x, y) in enumerate(places):
            cv2.putText(text, f"NAME{number:02d}", (x, y), cv2.FONT_HERSHEY_SIMPLEX, 0.7, 255, 2)
        assert (text[~inside] == 255).sum() > 12 * 100
        return np.where(text > 0, np.uint16(4095), pixels)

    key = tmp_path / "key"
    for name, change in (("plain", lambda pixels, patient: pixels), ("stamped", stamped)):
        write_hospital(tmp_path / name, patients=3, change=change)
        arguments = ["intake", str(tmp_path / name), "--out", str(tmp_path / f"{name}-data"), "--key", str(key)]
        assert run(tmp_path, *arguments, log=f"{name}.log") == 0
    one, two = (tmp_path / f"{name}-data" for name in ("plain", "stamped"))
    differing = [
        str(path.relative_to(one))
        for path in one.rglob("*")
        if path.is_file() and path.read_bytes() != (two / path.relative_to(one)).read_bytes()
    ]
    # the keyed hash of the whole film differs, as it should, and with it the list of hashes
    films = [pd.read_parquet(folder / "films.parquet") for folder in (one, two)]
    assert (films[0]["pixels"] != films[1]["pixels"]).all()
    assert films[0].drop(columns="pixels").equals(films[1].drop(columns="pixels"))
    holding_hashes = {"dataset.json", "films.parquet", "croissant.json", "card.md", "intake.html"}
    # that there is text, and in which boxes, is said
    saying_so = {"film_flags.csv", "ledger.csv"}
    note_of_the_command = {MADE}  # a digest of where and when the cohort's files were written
    assert set(differing) == holding_hashes | saying_so | note_of_the_command, differing
    assert set(pd.read_csv(two / "film_flags.csv")["flag"]) == {"burnt_in_text"}
    assert len(list((one / "previews").glob("*.png"))) == 6
