"""Rules for one cell of a table: which texts are accepted, the value of each, and the remedy for one that is not."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import numpy as np
import pandas as pd

from outcomenet.errors import meant
from outcomenet.haq import haq_grid
from outcomenet.outcomes import HAQ

# float() also takes "1_000", "infinity" and "nan"
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
# one comma: a decimal comma, or one between thousands
_COMMA = re.compile(r"[+-]?\d+,\d+")
# more than one separator, or another one than a comma: 12,345,678 and 1,234.5 and 1.234,5 and 1 234 and 1'234
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(?:[,. '\u2019\u00a0\u2009\u202f]\d{3})+(?:[.,]\d+)?")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


class Complaint(NamedTuple):
    """A cell's fault: the broken rule's short name, and what to do now."""

    rule: str
    remedy: str


class CellRule(Protocol):
    """What a cell may hold. Empty cells are missing and never reach a rule."""

    @property
    def expected(self) -> str:
        """What a cell should hold, as a message says it behind "expected"."""
        ...

    @property
    def dtype(self) -> str:
        """Type of the column's values in pandas; one that has a missing value."""
        ...

    def parse(self, text: str) -> object:
        """The value of a text. Raises ValueError where the rule does not accept it."""
        ...

    def complaint(self, text: str) -> Complaint:
        """What is wrong with a text that `parse` does not accept."""
        ...


@dataclass(frozen=True)
class Text:
    """Any text without spaces around it."""

    expected: str = "text without spaces before or after it"
    dtype: str = "object"

    def parse(self, text: str) -> str:
        if text != text.strip() or not text.isprintable():
            raise ValueError(text)
        return text

    def complaint(self, text: str) -> Complaint:
        return Complaint("spaces", "Remove the spaces, tabs or line breaks.")


def _without_comma(text: str, rule: CellRule) -> str:
    """What to write for a number with one comma: of three digits behind it nobody knows whether they are thousandths."""
    point, thousands = text.replace(",", "."), text.replace(",", "")
    if not re.fullmatch(r"[+-]?[1-9]\d{0,2},\d{3}", text):
        return "Write a decimal point, not a comma."
    within = [number for number in (point, thousands) if fits(number, rule)]
    if within == [point]:
        return f"Write a decimal point ({point}): a comma that separates thousands would make it {thousands}, out of this column's range."
    return (
        f"It can be read as {point} (decimal comma) or as {thousands} (comma between thousands): find out which the "
        "export means, and write one of them for the whole column."
    )


def fits(text: str, rule: CellRule) -> bool:
    """Whether a rule accepts a text.

    Args:
        text: Of one cell.
        rule: Of the cell's column.
    """
    try:
        rule.parse(text)
    except ValueError:
        return False
    return True


@dataclass(frozen=True)
class Number:
    """A number from `lower` to `upper`, both allowed, in `unit`; `whole` numbers have no fraction.

    `below` and `above` say what a number out of range on that side usually is (another unit, a sum).
    """

    lower: float
    upper: float = np.inf
    unit: str = ""
    whole: bool = False
    below: str = ""
    above: str = ""
    dtype: str = "float64"

    @property
    def expected(self) -> str:
        kind = "a whole number" if self.whole else "a number"
        unit = f" {self.unit}" if self.unit else ""
        if np.isinf(self.upper):
            return f"{kind} of {self.lower:g} or more{unit}" if np.isfinite(self.lower) else f"{kind}{unit}"
        return f"{kind} from {self.lower:g} to {self.upper:g}{unit}"

    def parse(self, text: str) -> float:
        if not _NUMBER.fullmatch(text):
            raise ValueError(text)
        value = float(text)
        if not self.lower <= value <= self.upper or np.isinf(value) or (self.whole and value != round(value)):
            raise ValueError(text)
        return value

    def complaint(self, text: str) -> Complaint:
        if _COMMA.fullmatch(text):
            return Complaint("decimal_comma", _without_comma(text, self))
        if _THOUSANDS.fullmatch(text):
            return Complaint("thousands", "Write digits without separators of thousands, and a decimal point.")
        if re.match(r"\s*[<>≤≥]", text):
            return Complaint("beyond_a_limit", "Write digits only: the limit itself, by one rule for the whole column.")
        if not _NUMBER.fullmatch(text):
            return Complaint("no_number", "Write digits only.")
        value = float(text)
        if value < self.lower:
            return Complaint("too_low", self.below or "Correct the value.")
        if value > self.upper or np.isinf(value):
            return Complaint("too_high", self.above or "Correct the value.")
        return Complaint("fraction", "Correct the value.")


_HAQ_SUM = (
    "A sum of categories (0 to 24) is to be divided by the number of them that were answered; a sum of items or a "
    "percentage is no HAQ-DI."
)


@dataclass(frozen=True)
class HaqIndex:
    """A HAQ-DI: 0 to 3 on the grid of 8, 7 or 6 answered categories."""

    dtype: str = "float64"

    @property
    def expected(self) -> str:
        return f"a HAQ-DI from {HAQ.lower:g} to {HAQ.upper:g} that is a multiple of 1/8 (or of 1/7 or 1/6)"

    def parse(self, text: str) -> float:
        value = Number(HAQ.lower, HAQ.upper).parse(text)
        if haq_grid(value) is None:
            raise ValueError(text)
        return value

    def complaint(self, text: str) -> Complaint:
        number = Number(HAQ.lower, HAQ.upper)
        try:
            number.parse(text)
        except ValueError:
            rule, remedy = number.complaint(text)
            return (
                Complaint("haq_sum", _HAQ_SUM)
                if rule == "too_high" and float(text) % 1 == 0
                else Complaint(rule, remedy)
            )
        return Complaint(
            "haq_grid",
            "No six to eight category scores average to this; check whether another scale (MHAQ, HAQ-II) was exported, or "
            "the index with too few digits.",
        )


@dataclass(frozen=True)
class Choice:
    """One of a few words; `hints` name what a frequent other spelling should be, `advice` says what to do instead."""

    allowed: tuple[str, ...]
    hints: Mapping[str, str] = field(default_factory=dict)
    advice: Mapping[str, str] = field(default_factory=dict)
    dtype: str = "object"

    @property
    def expected(self) -> str:
        return f"one of {', '.join(self.allowed)}"

    def parse(self, text: str) -> str:
        if text not in self.allowed:
            raise ValueError(text)
        return text

    def complaint(self, text: str) -> Complaint:
        word = text.strip().lower()
        if (advice := self.advice.get(word)) is not None:
            return Complaint("other_meaning", advice)
        nearest = self.hints.get(word) or meant(word, self.allowed)
        return Complaint("unknown_word", f"Did you mean {nearest}?" if nearest else "Use one of these words.")

    @property
    def words(self) -> tuple[str, ...]:
        """All words that are known here, right and wrong."""
        return (*self.allowed, *self.hints, *self.advice)


@dataclass(frozen=True)
class Flag:
    """0 or 1."""

    expected: str = "0 (no) or 1 (yes)"
    dtype: str = "float64"

    def parse(self, text: str) -> float:
        if text not in ("0", "1"):
            raise ValueError(text)
        return float(text)

    def complaint(self, text: str) -> Complaint:
        return Complaint("no_flag", "Write 0 or 1.")


@dataclass(frozen=True)
class Date:
    """A calendar day as YYYY-MM-DD, 1850 to 2199."""

    expected: str = "a date as YYYY-MM-DD"
    dtype: str = "datetime64[ns]"

    def parse(self, text: str) -> pd.Timestamp:
        if not _DATE.fullmatch(text):
            raise ValueError(text)
        day = datetime.date.fromisoformat(text)  # raises ValueError for the 30th of February, too
        # far beyond any patient's life, and within what pandas can hold (1677 to 2262)
        if not 1850 <= day.year < 2200:
            raise ValueError(text)
        return pd.Timestamp(day)

    def complaint(self, text: str) -> Complaint:
        if _DATE.fullmatch(text):
            return Complaint("no_such_day", "There is no such day, or its year is not from 1850 to 2199; correct it.")
        return Complaint("no_date", "Write year, month and day, for instance 2019-03-28.")


def typed(text: pd.Series, rule: CellRule) -> pd.Series:
    """The values of a column.

    Args:
        text: Cells as typed, None where one is empty.
        rule: What a cell may hold.

    Returns:
        Values of the rule's type; missing (NaN, NaT or None) where a cell is empty or not accepted.
    """
    values = {}
    # each text once: a score table repeats few words millions of times
    for cell in text.dropna().unique():
        try:
            values[cell] = rule.parse(cell)
        except ValueError:
            continue
    return text.map(values).astype(pd.api.types.pandas_dtype(rule.dtype))


def accepted(text: pd.Series, rule: CellRule) -> pd.Series:
    """Tells which cells of a column a rule accepts.

    Args:
        text: Cells as typed, None where one is empty.
        rule: What a cell may hold.

    Returns:
        True or False for each cell; empty cells count as accepted.
    """
    good = set()
    for cell in text.dropna().unique():
        try:
            rule.parse(cell)
        except ValueError:
            continue
        good.add(cell)
    return text.isna() | text.isin(good)
