"""No CSV file that outcomenet writes holds a cell that a spreadsheet would compute, and numbers stay numbers."""

from __future__ import annotations

import ast
import csv
import io
import itertools
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import outcomenet
from outcomenet.cohorts.csv_text import read_csv_text
from outcomenet.csv_files import guarded, read_csv, unguarded, write_csv

FORMULAS = [
    "=1+1", "=cmd|' /C calc'!A0", "+1+1", "-1+1", "-2-3", "@SUM(A1)", "\tx", "\rx", "  =1+1", "＝1+1",
    "＋1+1", "－1+1", "＠SUM(1)", "-", "+", "=", "@", "-x", "+32 9 332", "-0.1 to 0.2", "\u00a0=1",
]  # fmt: skip
HARMLESS = [
    "MTX",
    "",
    "a=b",
    "a-b",
    "-0.5",
    "+0.201",
    "-4",
    "-1e-05",
    "-.5",
    "-inf",
    "nan",
    "a; b",
    "x @ y",
    "'s Gravenhage",
]


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_is_guarded_and_read_back(text):
    assert guarded(text) == f"'{text}"
    assert unguarded(guarded(text)) == text


@pytest.mark.parametrize("text", HARMLESS)
def test_other_text_and_numbers_stay_as_they_are(text):
    assert guarded(text) == unguarded(text) == text


def test_a_formula_behind_a_separator_is_guarded_too():
    assert guarded("MTX;=1+1\t@x") == "MTX;'=1+1\t'@x"
    assert unguarded("MTX;'=1+1\t'@x") == "MTX;=1+1\t@x"


@pytest.mark.parametrize("gap", ["\n", "\r", "\r\n", "\n\n", "\t", "\n \t"])
def test_a_formula_behind_a_line_break_is_guarded_too(gap):
    for before in ("x", "", " "):
        text = f"{before}{gap}=HYPERLINK(1)"
        assert guarded(text).endswith(f"{gap}'=HYPERLINK(1)")
        assert unguarded(guarded(text)) == text


def test_every_text_is_read_back_as_it_was():
    for length in range(6):
        for signs in itertools.product("x=1\n;\t '", repeat=length):
            text = "".join(signs)
            assert unguarded(guarded(text)) == text


def test_a_table_is_written_with_guarded_text_and_its_numbers(tmp_path):
    path = tmp_path / "t.csv"
    mixed = pd.Series(["=1", -2, None], dtype=object)
    table = pd.DataFrame({"=name": ["-x", "b", "c"], "value": [-1.5, np.nan, 3], "n": [-1, 2, 3], "mixed": mixed})
    table["kind"] = pd.Categorical(["+a", "b", "b"])
    write_csv(table, path)
    write_csv(table.head(1), path, append=True)
    rows = list(csv.reader(io.StringIO(path.read_text())))
    assert rows == [
        ["'=name", "value", "n", "mixed", "kind"],
        ["'-x", "-1.5", "-1", "'=1", "'+a"], ["b", "", "2", "-2", "b"], ["c", "3.0", "3", "", "b"],
        ["'-x", "-1.5", "-1", "'=1", "'+a"],
    ]  # fmt: skip
    back, faults = read_csv_text(path)
    assert faults == []
    assert back is not None
    assert back["=name"].tolist() == ["-x", "b", "c", "-x"]


def test_without_text_the_file_is_the_one_that_pandas_writes(tmp_path):
    table = pd.DataFrame(
        {"metric": ["r2", "mae"], "value": [-0.1234567890123, 1e-20], "at": pd.to_datetime(["2020-01-01"] * 2)}
    )
    write_csv(table, tmp_path / "t.csv")
    assert (tmp_path / "t.csv").read_text() == table.to_csv(index=False)


def test_nothing_else_in_the_product_writes_csv_or_reads_what_was_written():
    root = Path(outcomenet.__file__).parent
    writers = {"to_csv", "writer", "DictWriter", "read_csv"}
    found = [
        file.name
        for file in root.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in writers
    ]
    assert set(found) == {"csv_files.py"}


def test_what_is_written_is_read_back(tmp_path):
    table = pd.DataFrame({"=name": ["-x", "'a", "; +0.2 SD", np.nan], "value": [-1.5, 2.0, None, 3.0]})
    write_csv(table, tmp_path / "t.csv")
    assert "'-x" in (tmp_path / "t.csv").read_text()
    pd.testing.assert_frame_equal(read_csv(tmp_path / "t.csv"), table)


@pytest.mark.parametrize("text", ["12e3456789012", "3e2147483999", "1E3000000000", "0e2999999999", "1e-99999999999"])
def test_a_hash_that_looks_like_a_number_is_read_back(text, tmp_path):
    # pandas' default conversion ends the process on the first four: a power of ten beyond its table
    write_csv(pd.DataFrame({"film": [text, "F1"], "x": [0.1, 0.2]}), tmp_path / "t.csv")
    assert read_csv(tmp_path / "t.csv")["film"].tolist() == [text, "F1"]


def test_nothing_in_the_product_lets_pandas_guess_numbers():
    root = Path(outcomenet.__file__).parent
    assert [
        file.name for file in root.rglob("*.py") if "to_numeric" in file.read_text().replace("`pandas.to_numeric`", "")
    ] == []
