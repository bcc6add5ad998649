"""Codebook of tables: meaning, unit, direction and codes of every column, and the name and label that Stata takes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

CODEBOOK = "codebook.csv"
COLUMNS = ("table", "column", "meaning", "unit", "direction", "values", "stata_name", "stata_label")
WORSE, BETTER = "higher is worse", "lower is better"
YES_NO = {0: "no", 1: "yes"}
# Limits of Stata 8 and later (help limits): characters of a variable's name and of its label.
STATA_NAME, STATA_LABEL = 32, 80
# words that Stata keeps for itself, of those that a column may be called (help reserved)
_RESERVED = {"byte", "double", "float", "if", "in", "int", "long", "using", "with", "strL", "_all", "_n", "_N"}


@dataclass(frozen=True)
class ColumnWords:
    """What one column of a table is."""

    meaning: str
    unit: str = ""
    direction: str = ""
    values: Mapping[int, str] | None = None
    """Words of whole-number codes, such as `YES_NO`."""


def codebook_rows(table: str, columns: Sequence[str], words: Mapping[str, ColumnWords]) -> pd.DataFrame:
    """Rows of codebook.csv for one table.

    Args:
        table: Name of the file, without its ending.
        columns: Of the table, in their order.
        words: By column; one that is not named has empty cells.

    Returns:
        `COLUMNS`, a row per column. `stata_name` and `stata_label` are unique within the table and as short as Stata wants.

    >>> row = codebook_rows("visits", ["haq"], {"haq": ColumnWords("HAQ-DI at the visit. Known in eighths", "HAQ units")})
    >>> row.loc[0, ["stata_name", "stata_label"]].tolist()
    ['haq', 'HAQ-DI at the visit [HAQ units]']
    """
    said = [words.get(column, ColumnWords("")) for column in columns]
    names, labels = stata_names(columns), stata_labels(said)
    rows = [
        (table, column, word.meaning, word.unit, word.direction, values_in_words(word.values), name, label)
        for column, word, name, label in zip(columns, said, names, labels, strict=True)
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def words_of(codebook: pd.DataFrame, table: str) -> dict[str, ColumnWords]:
    """The words of one table of a codebook, by column.

    Args:
        codebook: As `codebook_rows` gives it, empty cells being empty text.
        table: Name of the table.
    """
    rows = codebook[codebook["table"] == table]
    cells = rows[["column", "meaning", "unit", "direction", "values"]].itertuples(index=False, name=None)
    return {column: ColumnWords(*texts, values=_values_from_words(values)) for column, *texts, values in cells}


def values_in_words(values: Mapping[int, str] | None) -> str:
    """Codes and their words in one cell.

    >>> values_in_words(YES_NO)
    '0 = no; 1 = yes'
    """
    return "; ".join(f"{code} = {word}" for code, word in (values or {}).items())


def _values_from_words(text: str) -> dict[int, str] | None:
    pairs = [part.split(" = ", 1) for part in text.split("; ") if " = " in part]
    return {int(code): word for code, word in pairs} or None


def stata_names(columns: Iterable[str]) -> list[str]:
    """Names that Stata takes: letters, digits and underscores, at most 32, none twice.

    >>> stata_names(["score", "with", "a column of far too many letters", "a column of far too many letters!"])
    ['score', 'with_', 'a_column_of_far_too_many_letters', 'a_column_of_far_too_many_lette_2']
    """
    names: list[str] = []
    for column in columns:
        name = re.sub(r"\W", "_", column, flags=re.ASCII)
        name = f"_{name}" if re.match(r"\d", name) or not name else name
        name = f"{name}_" if name in _RESERVED or re.fullmatch(r"str\d+", name) else name
        # Stata tells capitals apart, but not every program that reads its files does
        names.append(_unique(name[:STATA_NAME], {known.lower() for known in names}, "_", STATA_NAME))
    return names


def stata_labels(words: Iterable[ColumnWords]) -> list[str]:
    """Labels of at most 80 characters, none twice: the first clause of the meaning, and the unit in brackets."""
    labels: list[str] = []
    for word in words:
        clause = re.split(r"(?<=[\w)]{2})\. |; (?![^(]*\))", word.meaning)[0].removesuffix(".")
        unit = f" [{word.unit}]" if word.unit and word.unit not in clause else ""
        room = STATA_LABEL - len(unit)
        label = clause if len(clause) <= room else f"{clause[: room - 3].rstrip()}..."
        known = {one.lower() for one in labels}
        labels.append(_unique(f"{label}{unit}", known, " #", STATA_LABEL) if label else "")
    return labels


def _unique(text: str, known: set[str], mark: str, longest: int) -> str:
    """The text, with a number at its end where one alike is known."""
    number, found = 1, text
    while found.lower() in known:
        number += 1
        end = f"{mark}{number}"
        found = f"{text[: longest - len(end)]}{end}"
    return found
