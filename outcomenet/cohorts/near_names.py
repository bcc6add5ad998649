"""Names in two spellings: ids, readers and hospitals that a person takes for one, and words that somebody meant."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping

import pandas as pd

from outcomenet.cohorts.faults import Fault, rows_in_words

_SEPARATORS = re.compile(r"[\s_\-]+")
# Columns of names: within which other columns a name has to be one (a visit's is its patient's own).
NAMES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("patients.csv", "patient_id", ()),
    ("patients.csv", "site", ()),
    ("visits.csv", "visit_id", ("patient_id",)),
    ("visits.csv", "treatment", ()),
    ("films.csv", "film_id", ()),
    ("films.csv", "device", ()),
    ("scores.csv", "reader", ()),
)


def one_name(text: str) -> str:
    """What is the same of all spellings of a name: without case, accents, width, kind of hyphens and blanks, hyphens
    between letters and digits, zeros before a number, `.0` behind it. A minus before a number stays.

    >>> one_name("P-007"), one_name("p7"), one_name("7.0"), one_name("1-11"), one_name("11-1"), one_name("-1")
    ('p7', 'p7', '7', '1-11', '11-1', '-1')
    """
    plain = _without_separators(_without_accents(unicodedata.normalize("NFKC", text).casefold()))
    return re.sub(r"(?<![\d.])0+(?=\d)", "", re.sub(r"(?<=\d)\.0+$", "", plain))


def _without_accents(text: str) -> str:
    """Without the accents of Latin, Greek and Cyrillic letters; a mark of another script makes another letter (ハ, バ)."""
    kept, base = [], ""
    for letter in unicodedata.normalize("NFKD", text):
        if unicodedata.category(letter) != "Mn":
            base = letter
        elif unicodedata.name(base, "").startswith(("LATIN", "GREEK", "CYRILLIC")):
            continue
        kept.append(letter)
    return unicodedata.normalize("NFC", "".join(kept))


def _without_separators(text: str) -> str:
    """Without blanks, hyphens of any kind and what cannot be seen, but between digits (1-11, 11-1), and for a minus before a
    number."""
    plain = "".join(
        "-" if unicodedata.category(c) == "Pd" or c == "\N{MINUS SIGN}" else c
        for c in text
        if unicodedata.category(c) not in ("Cf", "Cc") or c.isspace()
    )
    minus = "-" if re.match(r"\s*-\d", plain) else ""
    return minus + re.sub(r"(?<!\d)-|-(?!\d)", "", _SEPARATORS.sub("-", plain).strip("-"))


_DIFFERENCES: Mapping[str, Callable[[str], str]] = {
    "leading zeros": lambda text: re.sub(r"(?<!\d)0+(?=\d)", "", text),
    "a trailing .0": lambda text: re.sub(r"(?<=\d)\.0+$", "", text),
    "capitals": str.casefold,
    "their Unicode form": lambda text: unicodedata.normalize("NFKC", text),
    "accents": lambda text: _without_accents(text),
    "blanks and hyphens": lambda text: _without_separators(text),
}


def difference(one: str, other: str) -> str:
    """In what two spellings of one name differ, in words."""
    return next((words for words, same in _DIFFERENCES.items() if same(one) == same(other)), "several of these")


def names_in_two_spellings(tables: Mapping[str, pd.DataFrame]) -> list[Fault]:
    """A fault for each name that a table spells in several ways: its readings, films and visits would be torn apart."""
    faults = []
    for file, column, within in NAMES:
        named = tables[file].dropna(subset=[column, *within])
        spellings = named.drop_duplicates([*within, column])
        folded = spellings[column].map(one_name)
        keys = [folded, *(spellings[name] for name in within)]
        for _, same in spellings.groupby(keys, sort=False):
            if len(same) > 1:
                how = difference(*same[column].iloc[:2])
                faults.append(
                    Fault(file, int(same.index[-1]), column, f"{len(same)} ({rows_in_words(same.index)})",
                          "one spelling of a name",
                          f"These differ by {how} alone. Write one of them throughout; where they are two, give them names "
                          "that differ by more.", "two_spellings")
                )  # fmt: skip
    return faults


def unknown_names(
    file: str, column: str, unknown: pd.Series, known: Iterable[str], *, of: str, remedy: str, rule: str
) -> list[Fault]:
    """Faults of names that are not known.

    Args:
        file: The table that they stand in.
        column: Its column.
        unknown: The names, with line numbers as index.
        known: The names that there are.
        of: What was expected, as "a patient of patients.csv".
        remedy: What to do about a name that is really unknown.
        rule: The broken rule's short name for these.

    Returns:
        One fault for all names that are known in another spelling; one for each other name, at its first row (a scored
        visit that is missing has a row for each of 172 grades).
    """
    spelt = {one_name(name): name for name in known}
    meant = unknown.map(lambda name: spelt.get(one_name(name)))
    faults = []
    again = unknown[meant.notna()]
    if len(again):
        how = list(dict.fromkeys(difference(one, meant[row]) for row, one in again.drop_duplicates().items()))
        rows = f", in {len(again)} rows" if len(again) > 1 else ""
        faults.append(
            Fault(file, int(again.index[0]), column, f"{again.nunique()} in another spelling{rows}", f"{of}, spelt as there",
                  f"They differ by {' and by '.join(how)} alone; spreadsheets drop zeros and add .0. Export the column as "
                  "text, spelt alike in all tables.", "another_spelling")
        )  # fmt: skip
    for _, rows in unknown[meant.isna()].groupby(unknown[meant.isna()], sort=False):
        value = "another" if len(rows) == 1 else f"another, in {len(rows)} rows"
        faults.append(Fault(file, int(rows.index[0]), column, value, of, remedy, rule))
    return faults
