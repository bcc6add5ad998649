"""CSV files as typed: line numbers of an editor, and no file that breaks the reader."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from outcomenet.cohorts.contracts import VISITS, read_table
from outcomenet.cohorts.csv_text import read_csv_text


def read(tmp_path: Path, text: str | bytes):
    path = tmp_path / "table.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_csv_text(path)


def test_rows_have_the_line_numbers_of_an_editor(tmp_path):
    table, faults = read(tmp_path, 'a,b\n1,"two\nlines"\n\n3,4\n')
    assert faults == []
    assert list(table.index) == [2, 5]


def test_an_empty_cell_is_missing_and_the_word_na_is_not(tmp_path):
    table, _ = read(tmp_path, "a,b\n,NA\n")
    assert table.iloc[0].tolist() == [None, "NA"]


def test_a_row_of_another_length_is_named(tmp_path):
    table, (fault,) = read(tmp_path, "a,b\n1,2\n1,2,3\n")
    assert len(table) == 1
    assert fault.sentence.startswith("table.csv, row 3: expected 2 cells, as in the header, got 3.")


def test_semicolons_are_recognised(tmp_path):
    _, (fault,) = read(tmp_path, "a;b\n1;2\n")
    assert "cells separated by commas" in fault.sentence


def test_another_encoding_is_named_with_its_row(tmp_path):
    _, (fault,) = read(tmp_path, "a,b\n1,2\nGrün,3\n".encode("latin-1"))
    assert fault.sentence.startswith("table.csv, row 3: expected UTF-8 text, got bytes of another encoding.")


def test_a_column_given_twice_is_named(tmp_path):
    _, (fault,) = read(tmp_path, "a,a\n1,2\n")
    assert fault.sentence.startswith("table.csv, row 1, column a: expected each column once, got it 2 times.")


@pytest.mark.parametrize("text", ["", "\n\n"])
def test_an_empty_file_is_a_fault(tmp_path, text):
    _, (fault,) = read(tmp_path, text)
    assert "expected a header line" in fault.sentence


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=200))
def test_any_bytes_give_a_table_or_faults(tmp_path, data):
    table, faults = read(tmp_path, data)
    assert table is not None or faults


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cells=st.lists(st.text(st.characters(codec="utf-8"), max_size=8), min_size=5, max_size=5))
def test_whatever_a_visit_holds_is_typed_or_named(tmp_path, cells):
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(["patient_id", "visit_id", "date", "haq_di", "pain"])
    writer.writerow(cells)
    path = tmp_path / "visits.csv"
    path.write_bytes(buffer.getvalue().encode())
    table, faults = read_table(path, VISITS)
    named = {fault.column for fault in faults}
    if len(table):
        for name, cell in zip(["patient_id", "visit_id", "date", "haq_di", "pain"], cells, strict=True):
            optional = name in ("haq_di", "pain") and cell == ""
            assert table[name].notna().all() or name in named or optional
    else:
        assert faults
