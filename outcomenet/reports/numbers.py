"""Numbers as a report writes them: fixed decimals, a true minus sign, intervals in words."""

from __future__ import annotations

import math

MINUS = "\N{MINUS SIGN}"
NOT_DEFINED = "not defined"


def decimal(value: float, digits: int) -> str:
    """`value` with `digits` decimals; a missing one is `not defined`, and nothing is rounded to a negative zero.

    Args:
        value: a number; NaN where missing.
        digits: decimals.

    >>> decimal(-0.0004, 3), decimal(-1.25, 1), decimal(float("nan"), 2)
    ('0.000', '−1.2', 'not defined')
    """
    if not math.isfinite(value):
        return NOT_DEFINED
    text = f"{value:.{digits}f}"
    if float(text) == 0:
        return text.lstrip("-")
    return text.replace("-", MINUS)


def signed(value: float, digits: int) -> str:
    """A difference, with its plus sign.

    Args:
        value: a number; NaN where missing.
        digits: decimals.

    >>> signed(0.0681, 3)
    '+0.068'
    """
    text = decimal(value, digits)
    return f"+{text}" if math.isfinite(value) and float(f"{value:.{digits}f}") > 0 else text


def interval(lower: float, upper: float, digits: int) -> str:
    """Both ends in words, since a dash would hide a minus.

    Args:
        lower: lower end.
        upper: upper end.
        digits: decimals.

    >>> interval(-0.02, 0.044, 3)
    '−0.020 to 0.044'
    """
    if not (math.isfinite(lower) and math.isfinite(upper)):
        return NOT_DEFINED
    return f"{decimal(lower, digits)} to {decimal(upper, digits)}"


def with_interval(value: float, lower: float, upper: float, digits: int) -> str:
    """`0.31 (0.22 to 0.39)`.

    Args:
        value: a number; NaN where missing.
        lower: lower end.
        upper: upper end.
        digits: decimals.
    """
    if not math.isfinite(value):
        return NOT_DEFINED
    return f"{decimal(value, digits)} ({interval(lower, upper, digits)})"


def count(value: float) -> str:
    """A whole number with narrow spaces between thousands; a missing one is a dash.

    >>> count(12345) == "12\N{NARROW NO-BREAK SPACE}345"
    True
    """
    if not math.isfinite(value):
        return "\N{EN DASH}"
    return f"{int(value):,}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def inside_sentence(title: str) -> str:
    """A title within a sentence: its first letter small, unless its first word is an abbreviation.

    >>> inside_sentence("Human total"), inside_sentence("SvdH change"), inside_sentence("HAQ-DI")
    ('human total', 'SvdH change', 'HAQ-DI')
    """
    return title[0].lower() + title[1:] if title.split()[0][1:].islower() else title


def counted(value: float, noun: str) -> str:
    """`1 patient`, `140 patients`.

    Args:
        value: a number; NaN where missing.
        noun: in the singular.

    >>> counted(1, "visit"), counted(2, "visit")
    ('1 visit', '2 visits')
    """
    return f"{count(value)} {noun}" if value == 1 else f"{count(value)} {noun}s"


def listed(names: list[str]) -> str:
    """Names as a sentence lists them.

    >>> listed(["haq"]), listed(["a", "b", "c"])
    ('haq', 'a, b and c')
    """
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"
