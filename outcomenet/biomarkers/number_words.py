"""Numbers as they stand in sentences and tables of an analysis."""

from __future__ import annotations

import math


def number(value: float, like: float | None = None) -> str:
    """A number with as many decimals as its size calls for, at least 2 below 10; "-" where it is missing.

    Args:
        value: The number.
        like: A number whose decimals it takes, such as the estimate between two bounds.

    >>> number(0.0312), number(0.31), number(31.2), number(312.0)
    ('0.031', '0.31', '31.2', '312')
    """
    if not math.isfinite(value):
        return "-"
    size = abs(value if like is None or not math.isfinite(like) else like)
    decimals = 3 if size < 0.095 else 2 if size < 10 else 1 if size < 100 else 0
    text = f"{value:.{decimals}f}"
    return text.removeprefix("-") if float(text) == 0 else text


def with_interval(estimate: float, lower: float, upper: float) -> str:
    """An estimate with its bounds, in the decimals of the widest of the three.

    Args:
        estimate: The estimate.
        lower: Its lower bound.
        upper: Its upper bound.

    >>> with_interval(0.31, 0.042, 0.58)
    '0.31 (0.04 to 0.58)'
    """
    if not math.isfinite(estimate):
        return "-"
    size = max((abs(v) for v in (estimate, lower, upper) if math.isfinite(v)), default=estimate)
    if not (math.isfinite(lower) and math.isfinite(upper)):
        return number(estimate, size)
    return f"{number(estimate, size)} ({number(lower, size)} to {number(upper, size)})"


def p_words(p: float) -> str:
    """A p value as a paper prints it.

    Args:
        p: Two-sided.

    >>> p_words(0.0004), p_words(0.034), p_words(0.41)
    ('p < 0.001', 'p = 0.034', 'p = 0.41')
    """
    if not math.isfinite(p):
        return "no p"
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}" if p < 0.1 else f"p = {p:.2f}"


def sentence(text: str) -> str:
    """Text with a capital first letter and a full stop.

    Args:
        text: Words of a sentence.
    """
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."
