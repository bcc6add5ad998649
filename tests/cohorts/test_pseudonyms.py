"""Pseudonyms tell nothing without the key, are the same with it, and keep every interval."""

from __future__ import annotations

import stat

import numpy as np
import pandas as pd
import pytest

from outcomenet.cohorts.cohort import read_cohort
from outcomenet.cohorts.pseudonyms import (
    LONGEST_SHIFT_DAYS,
    Pseudonyms,
    key_of,
    linking_table,
    pseudonymous,
    write_linking_table,
)
from outcomenet.errors import DataRefused, UsageError

ONE, OTHER = Pseudonyms(b"1" * 32), Pseudonyms(b"2" * 32)


def test_the_same_key_gives_the_same_names_and_another_key_others():
    assert ONE.patient("P1") == Pseudonyms(b"1" * 32).patient("P1")
    assert ONE.patient("P1") != OTHER.patient("P1")
    # HMAC-SHA256 of "patient", zero byte, "P1" under 32 times "1", by openssl
    assert ONE.patient("P1") == "P" + OPENSSL[:12]


# printf 'patient\0P1' | openssl dgst -sha256 -hmac 11111111111111111111111111111111
OPENSSL = "c6f58a451d4687f4d4a89c257273c204feeb45f9d2a72d4f6190302e814a6250"


def test_ids_with_parts_that_run_together_differ():
    assert ONE.visit("P1", "1V") != ONE.visit("P11", "V")


def test_shifts_are_one_to_364_days_back_and_differ_between_patients():
    shifts = {ONE.days_earlier(f"P{n}") for n in range(2_000)}
    assert min(shifts) >= 1
    assert max(shifts) <= LONGEST_SHIFT_DAYS
    assert len(shifts) > 350


def test_intervals_and_links_are_kept_and_ages_nearly(cohort_folder):
    plain = read_cohort(cohort_folder)
    hidden = pseudonymous(plain, ONE)
    for table in ("patients", "visits", "films", "landmarks", "scores", "events"):
        before, after = getattr(plain, table), getattr(hidden, table)
        assert len(before) == len(after)
        for column in {"patient_id", "visit_id", "film_id", "reader"} & set(before):
            assert not set(before[column]) & set(after[column])
            # a visit is named within its patient
            same = ["patient_id", "visit_id"] if column == "visit_id" else [column]
            groups = [frame.groupby(same, sort=False).ngroup().tolist() for frame in (before, after)]
            assert groups[0] == groups[1]
    shift = (plain.visits["date"] - hidden.visits["date"]).dt.days
    assert shift.tolist() == [ONE.days_earlier(patient) for patient in plain.visits["patient_id"]]
    films = (plain.films["date"] - hidden.films["date"]).dt.days
    assert films.tolist() == [ONE.days_earlier(patient) for patient in plain.films["patient_id"]]
    assert (plain.events["date"] - hidden.events["date"]).dt.days.tolist() == [ONE.days_earlier("P2")]
    # ages are of shifted dates plus the mean shift, half a year: right to half a year, and right on average
    assert (hidden.visits["age"] - plain.visits["age"]).abs().max() <= 0.5
    # 1 January stands for a year: the onset is some day of it
    assert (hidden.visits["duration"] - plain.visits["duration"]).dropna().between(-1, 0).all()
    assert hidden.films["gap_days"].equals(plain.films["gap_days"])


def test_the_linking_table_leads_back(cohort_folder):
    cohort = read_cohort(cohort_folder)
    table = linking_table(cohort, ONE)
    hidden = pseudonymous(cohort, ONE).visits.merge(table, left_on="patient_id", right_on="pseudonym")
    back = hidden["date"] + pd.to_timedelta(hidden["dates_moved_back_days"], unit="D")
    assert back.tolist() == cohort.visits["date"].tolist()


def test_a_key_is_made_once_and_only_its_owner_may_read_it(tmp_path):
    path = tmp_path / "config" / "intake.key"
    key = key_of(path, outside=())
    assert len(key) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert key_of(path, outside=()) == key


@pytest.mark.parametrize("rights", [0o644, 0o640, 0o604, 0o620, 0o602])
def test_a_key_that_others_may_use_is_refused(tmp_path, rights):
    path = tmp_path / "key"
    key_of(path, outside=())
    path.chmod(rights)
    with pytest.raises(DataRefused, match="chmod 600"):
        key_of(path, outside=())


@pytest.mark.parametrize(
    "key",
    [bytes(32), b"\xff" * 32, bytes(range(32)), bytes(range(0, 256, 8)), bytes(range(32))[::-1], b"0123456789abcdef" * 2,
     b"correct horse battery staple 123", bytes.fromhex("deadbeef") * 8, bytes(31) + b"\x01", bytes.fromhex("0123456789abcdef") * 4,
     bytes(64)],
)  # fmt: skip
def test_a_key_that_could_be_guessed_is_refused(tmp_path, key):
    path = tmp_path / "key"
    path.write_text(key.hex())
    path.chmod(0o600)
    with pytest.raises(DataRefused, match="can be guessed"):
        key_of(path, outside=())


def test_random_keys_are_taken(tmp_path):
    for n in range(200):
        path = tmp_path / f"key{n}"
        assert len(key_of(path, outside=())) == 32


@pytest.mark.parametrize("size", [32, 64, 128, 384, 512])
def test_long_random_keys_are_taken(tmp_path, size):
    path = tmp_path / "key"  # of 512 random bytes about 221 of the 256 values are there, fewer than half of 512
    path.write_text(np.random.default_rng(size).bytes(size).hex())
    path.chmod(0o600)
    assert len(key_of(path, outside=())) == size


@pytest.mark.parametrize("there", [False, True])
def test_the_linking_table_is_its_owners_alone(cohort_folder, tmp_path, there):
    path = tmp_path / "links.csv"
    if there:
        path.write_text("old")
        path.chmod(0o644)
    write_linking_table(read_cohort(cohort_folder), ONE, path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert pd.read_csv(path)["patient_id"].tolist() == ["P1", "P2", "P3"]


def test_an_onset_keeps_its_side_of_every_visit(cohort_folder):
    text = (cohort_folder / "patients.csv").read_text()
    # the first visit is on 2 July 2020: an onset in the middle of 2020, on the day before, and in a month
    for onset, first, last in (
        ("2020-07-01", "2020-01-01", "2020-07-02"),
        ("2020-12-31", "2020-07-03", "2020-12-31"),
        ("2020-07-15", "2020-07-03", "2020-07-31"),
        ("2020-03-17", "2020-03-17", "2020-03-17"),
    ):
        (cohort_folder / "patients.csv").write_text(text.replace("2010-01-01", onset))
        cohort = read_cohort(cohort_folder)
        days = set()
        for n in range(60):
            names = Pseudonyms(bytes([n]) * 32)
            hidden = pseudonymous(cohort, names)
            days.add(hidden.patients["symptom_onset"][0] + pd.Timedelta(days=names.days_earlier("P1")))
            assert hidden.visits["duration"].isna().tolist() == cohort.visits["duration"].isna().tolist()
        assert pd.Timestamp(first) <= min(days)
        assert max(days) <= pd.Timestamp(last)
        assert (len(days) > 15) == (first != last)


@pytest.mark.parametrize("text", ["", "abc", "zz" * 32, "12" * 31])
def test_a_file_that_is_no_key_is_refused(tmp_path, text):
    path = tmp_path / "key"
    path.write_text(text)
    with pytest.raises(DataRefused, match="64 hexadecimal digits"):
        key_of(path, outside=())
    assert path.read_text() == text


def test_a_key_beside_the_data_is_refused(tmp_path):
    with pytest.raises(UsageError, match="keep it elsewhere"):
        key_of(tmp_path / "data" / "key", outside=(tmp_path / "data",))
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(("kind", "named"), [("patient", "Two patients"), ("film", "Two films")])
def test_two_ids_that_meet_in_one_hash_are_refused(cohort_folder, monkeypatch, kind, named):
    monkeypatch.setattr(Pseudonyms, kind, lambda self, identifier: "P000000000000")
    with pytest.raises(DataRefused, match=f"{named} get the same pseudonym under this key; use another key"):
        pseudonymous(read_cohort(cohort_folder), ONE)
