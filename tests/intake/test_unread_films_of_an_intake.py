"""An intake goes on without the films that cannot be read: counted, listed, on the page; too many refuse the cohort."""

from __future__ import annotations

import pandas as pd
import pydicom
from pydicom.uid import RLELossless

from outcomenet.cli import main
from outcomenet.datasets.dataset import open_dataset
from tests.hospital import write_hospital

TOML = "deidentified = true\n"


def no_film(path) -> None:
    path.write_text("Dear colleague,\n" * 20)


def damaged_pixels(path) -> None:
    """A film whose header is read, and whose pixels are not."""
    dataset = pydicom.dcmread(path)
    dataset.compress(RLELossless)
    dataset.PixelData = dataset.PixelData[:2000] + bytes(len(dataset.PixelData) - 2000)
    dataset.save_as(path)


def test_an_intake_goes_on_without_the_films_that_cannot_be_read(tmp_path, capsys):
    films = write_hospital(tmp_path / "cohort", patients=6, toml=TOML, placed=lambda n: True)
    no_film(films[0])
    damaged_pixels(films[3])
    assert main(["intake", str(tmp_path / "cohort"), "--out", str(tmp_path / "data")]) == 0
    said = capsys.readouterr().out
    assert "2 films that could not be read are left out" in said
    data = open_dataset(tmp_path / "data")
    assert data.manifest.visits_with_films == 10
    ledger = pd.read_csv(tmp_path / "data" / "ledger.csv").set_index("reason")["count"]
    assert ledger["could not be read: not_a_film"] == ledger["could not be read: truncated"] == 1
    for listed in (tmp_path / "data.faults.csv", tmp_path / "data" / "faults.csv"):
        table = pd.read_csv(listed)
        assert table["row"].tolist() == [2, 5]
        assert table["rule"].tolist() == ["film:not_a_film", "film:truncated"]
        assert not table["remedy"].str.contains("folder|file0|colleague").any()
    page = (tmp_path / "data" / "intake.html").read_text()
    assert "Films that could not be read" in page
    assert "not one of them by its first bytes" in page


def test_too_many_refuse_the_cohort_whenever_they_are_known(tmp_path, capsys):
    films = write_hospital(tmp_path / "cohort", patients=3, toml=TOML)
    no_film(films[0])
    for film in films[1:3]:
        damaged_pixels(film)
    assert main(["intake", str(tmp_path / "cohort"), "--out", str(tmp_path / "data")]) == 3
    assert capsys.readouterr().err.count("expected a film that can be read") == 3
    assert not (tmp_path / "data").exists()
    assert len(pd.read_csv(tmp_path / "data.faults.csv")) == 3
    listed = tmp_path / "listed.csv"  # of one film: two only show it when they are decoded
    assert main(["intake", str(tmp_path / "cohort"), "--faults", str(listed)]) == 0
    assert "1 film that could not be read is left out" in capsys.readouterr().out
    assert len(pd.read_csv(listed)) == 1
