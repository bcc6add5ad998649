"""Pseudonyms tell nothing without the key, are the same with it, and keep every interval."""

from __future__ import annotations

import stat

import pandas as pd
import pytest

from outcomenet.cohorts.cohort import read_cohort
from outcomenet.cohorts.pseudonyms import LONGEST_SHIFT_DAYS, Pseudonyms, key_of, linking_table, pseudonymous
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


def test_intervals_ages_and_links_are_kept(cohort_folder):
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
    assert hidden.visits["age"].equals(plain.visits["age"])
    assert hidden.visits["duration"].equals(plain.visits["duration"])
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
