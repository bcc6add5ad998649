"""What holds for every importer: its card, its column map, its instructions and its refusals."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from outcomenet.cohorts.contracts import TABLES
from outcomenet.cohorts.importers.registry import IMPORTERS
from outcomenet.cohorts.importers.writing import write_cohort_folder
from outcomenet.errors import DataRefused, UsageError

ROOT = Path(__file__).parents[3]
EXAMPLES = ROOT / "tests" / "data" / "importers"
every = pytest.mark.parametrize("importer", IMPORTERS.values(), ids=list(IMPORTERS))
with_example = pytest.mark.parametrize("name", [name for name in IMPORTERS if name != "rapport"])


@every
def test_the_card_is_complete(importer):
    card = importer.card
    assert card.name == importer.name
    texts = (card.title, card.licence, card.citation, card.description, card.answers, card.cannot_answer, card.dates)
    assert all(text.strip() for text in (*texts, card.unverified, *card.access))
    assert card.url.startswith("https://")
    assert card.files


@every
def test_every_column_of_the_map_goes_to_a_column_of_the_cohort(importer):
    columns = {f"{table.file}: {name}" for table in TABLES for name in table.names}
    assert {column.target for column in importer.card.columns} <= columns | {""}
    assert importer.card.columns or importer.name == "redcap"  # there the user writes it
    assert all(column.how for column in importer.card.columns)


@every
def test_absent_files_are_named_with_the_way_to_them(importer, tmp_path):
    with pytest.raises(UsageError) as refusal:
        importer.run(tmp_path / "nowhere", tmp_path / "cohort")
    text = str(refusal.value)
    assert importer.card.title in text
    assert all(file.pattern in text for file in importer.card.files)
    steps = [line.split(".")[0] for line in text.splitlines()[1:]]
    assert steps == [str(number) for number in range(1, len(importer.card.access) + 2)]
    assert f"--format {importer.name} --out DATASET" in text.splitlines()[-1]
    assert list(tmp_path.iterdir()) == []


@with_example
def test_one_absent_kind_of_file_is_enough_to_refuse(name, tmp_path):
    source = shutil.copytree(EXAMPLES / name, tmp_path / "source")
    lost = IMPORTERS[name].card.files[0]
    for path in source.glob(lost.pattern):
        path.unlink()
    with pytest.raises(UsageError, match="not found: ") as refusal:
        IMPORTERS[name].run(source, tmp_path / "cohort")
    assert lost.meaning in str(refusal.value)


@with_example
def test_an_existing_folder_is_never_overwritten(name, tmp_path):
    with pytest.raises(UsageError, match="exists already"):
        IMPORTERS[name].run(EXAMPLES / name, tmp_path)
    assert list(tmp_path.iterdir()) == []


@every
def test_the_documentation_has_a_section_for_it(importer):
    text = (ROOT / "docs" / "intake" / "importers.md").read_text()
    card = importer.card
    assert f"--format {card.name}" in text
    assert f"## {card.title}" in text
    assert card.url in text
    assert card.licence in text


def test_films_are_linked_and_nothing_is_copied_through_a_link(tmp_path):
    (tmp_path / "film.png").write_bytes(b"pixels")
    films = {"films/a.png": tmp_path / "film.png"}
    folder = write_cohort_folder(tmp_path / "deep" / "cohort", {"name": 'A "b"', "simulated": False}, {}, films)
    assert (folder / "cohort.toml").read_text() == 'name = "A \\"b\\""\nsimulated = false\n'
    assert (folder / "films/a.png").samefile(tmp_path / "film.png")
    (tmp_path / "link.png").symlink_to(tmp_path / "film.png")
    with pytest.raises(DataRefused, match="link.png, is a link; nothing is copied through it"):
        write_cohort_folder(tmp_path / "other", {"name": "A"}, {}, films | {"films/b.png": tmp_path / "link.png"})
    assert not (tmp_path / "other").exists()


def test_a_folder_of_the_same_films_and_tables_is_recognised_and_of_others_refused(tmp_path, capsys):
    """A film counts by its bytes: files of one size can be exchanged."""
    (tmp_path / "film.png").write_bytes(b"pixels")
    made = (
        {"name": "A"},
        {"patients.csv": pd.DataFrame({"patient_id": ["1"]})},
        {"films/a.png": tmp_path / "film.png"},
    )
    folder = write_cohort_folder(tmp_path / "cohort", *made)
    (folder / "note.txt").write_text("mine")
    assert write_cohort_folder(folder, *made) == folder
    assert f"{folder} is there already, whole, from this very command." in capsys.readouterr().err
    settings, tables, films = made
    others = (
        ({"name": "B"}, tables, films),
        (settings, {"patients.csv": pd.DataFrame({"patient_id": ["2"]})}, films),
        (settings, tables, {"films/b.png": tmp_path / "film.png"}),
    )
    for other in others:
        with pytest.raises(UsageError, match="exists already"):
            write_cohort_folder(folder, *other)
    (tmp_path / "film.png").unlink()  # the folder's own is a hard link
    (tmp_path / "film.png").write_bytes(b"PIXELS")
    with pytest.raises(UsageError, match="exists already"):
        write_cohort_folder(folder, *made)
    assert (folder / "films/a.png").read_bytes() == b"pixels"
    assert (folder / "note.txt").read_text() == "mine"


def test_a_write_that_fails_leaves_nothing(tmp_path):
    with pytest.raises(FileNotFoundError):
        write_cohort_folder(tmp_path / "cohort", {"name": "A"}, {}, {"films/a.png": tmp_path / "absent.png"})
    assert list(tmp_path.iterdir()) == []


def test_the_registry_loads_no_table_library():
    code = "import sys; from outcomenet.cohorts.importers.registry import IMPORTERS; assert 'pandas' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
