"""Check of names in two spellings: ids, readers and hospitals that a person takes for one."""

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
# Cyrillic and Greek letters that look like one Latin letter (Unicode Technical Standard 39, confusables.txt), but for sigma,
# which a reader of Greek keeps apart from omicron.
_LATIN_LOOKS = str.maketrans(
    {
        chr(letter): looks
        for looks, letters in {
            "A": (0x410, 0x391), "a": (0x430, 0x3B1), "B": (0x412, 0x392), "C": (0x421, 0x3F9), "c": (0x441, 0x3F2),
            "d": (0x501,), "E": (0x415, 0x395), "e": (0x435,), "G": (0x50C,), "H": (0x41D, 0x397), "h": (0x4BB,),
            "I": (0x406, 0x399, 0x4C0), "i": (0x456, 0x3B9), "J": (0x408, 0x37F), "j": (0x458, 0x3F3),
            "K": (0x41A, 0x39A), "l": (0x4CF,), "M": (0x41C, 0x39C), "N": (0x39D,), "O": (0x41E, 0x39F),
            "o": (0x43E, 0x3BF), "P": (0x420, 0x3A1), "p": (0x440, 0x3C1), "Q": (0x51A,), "q": (0x51B,), "r": (0x433,),
            "S": (0x405,), "s": (0x455,), "T": (0x422, 0x3A4), "u": (0x3C5,), "V": (0x474,), "v": (0x475, 0x3BD),
            "W": (0x51C,), "w": (0x51D,), "X": (0x425, 0x3A7), "x": (0x445,), "Y": (0x423, 0x4AE, 0x3A5),
            "y": (0x443, 0x4AF, 0x3B3), "Z": (0x396,),
        }.items()
        for letter in letters
    }
)  # fmt: skip


def one_name(text: str) -> str:
    """The form that all spellings of a name share: without case, accents, width, kind of hyphens and blanks, hyphens
    between letters and digits, zeros before a number, `.0` behind it. A minus before a number stays.

    >>> one_name("P-007"), one_name("p7"), one_name("7.0"), one_name("1-11"), one_name("11-1"), one_name("-1")
    ('p7', 'p7', '7', '1-11', '11-1', '-1')
    """
    plain = _without_separators(_without_accents(unicodedata.normalize("NFKC", text).casefold()))
    return re.sub(r"(?<![\d.])0+(?=\d)", "", re.sub(r"(?<=\d)\.0+$", "", plain))


def looks_like(text: str) -> str:
    """The form that all names that look alike share: as `one_name`, and Cyrillic and Greek letters that look like Latin ones
    are these. What a letter looks like depends on its case.

    >>> looks_like("\N{CYRILLIC CAPITAL LETTER ER}-007"), looks_like("\N{CYRILLIC CAPITAL LETTER PE}-007")
    ('p7', 'п7')
    """
    return one_name(_with_latin_letters(text))


def _with_latin_letters(text: str) -> str:
    return _without_accents(unicodedata.normalize("NFKC", text)).translate(_LATIN_LOOKS)


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
    "letters of another alphabet that look the same": lambda text: _with_latin_letters(text),
}


def difference(one: str, other: str) -> str:
    """Says how two spellings of one name differ.

    Args:
        one: A spelling.
        other: Another one that is the same by `one_name` or `looks_like`.

    Returns:
        The difference in words, such as "leading zeros"; "several of these" where it is no single one.
    """
    return next((words for words, same in _DIFFERENCES.items() if same(one) == same(other)), "several of these")


def names_in_two_spellings(tables: Mapping[str, pd.DataFrame]) -> list[Fault]:
    """A fault for each name that a table spells in several ways: its readings, films and visits would be torn apart."""
    faults = []
    for file, column, within in NAMES:
        named = tables[file].dropna(subset=[column, *within])
        spellings = named.drop_duplicates([*within, column])
        names = spellings.assign(_one=spellings[column].map(one_name), _look=spellings[column].map(looks_like))
        groups = [same for _, same in names.groupby(["_one", *within], sort=False)]
        first = names.drop_duplicates(["_one", *within])  # of spellings that are a fault already
        groups += [alike for _, alike in first.groupby(["_look", *within], sort=False)]
        faults += [_two_spellings(file, column, group) for group in groups if len(group) > 1]
    return faults


def _two_spellings(file: str, column: str, spellings: pd.DataFrame) -> Fault:
    how = difference(*spellings[column].iloc[:2])
    return Fault(
        file, int(spellings.index[-1]), column, f"{len(spellings)} ({rows_in_words(spellings.index)})",
        "one spelling of a name",
        f"These differ by {how} alone. Write one of them throughout; where they are two, give them names that differ by more.",
        "two_spellings",
    )  # fmt: skip


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
    known = list(known)
    spelt, looking = ({same(name): name for name in known} for same in (one_name, looks_like))
    meant = unknown.map(lambda name: spelt.get(one_name(name), looking.get(looks_like(name))))
    faults = []
    again = unknown[meant.notna()]
    if len(again):
        spellings = again.drop_duplicates()
        how = list(
            dict.fromkeys(difference(one, meant[row]) for row, one in zip(spellings.index, spellings, strict=True))
        )
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
