"""Allowed ranges of settings, declared in the type of a record's field and checked when the record is made.

A field says what it may hold by its type, `steps: Count`, and its record calls `check_ranges(self)` in `__post_init__`: a
command line, an experiment file and a notebook meet the same check.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from numbers import Integral, Real
from types import NoneType
from typing import Annotated, Literal, get_args, get_origin, get_type_hints

from outcomenet.errors import UsageError, did_you_mean


@dataclass(frozen=True)
class Within:
    """A finite number from `lowest` to `highest`; `lowest` itself is left out where it is `open`."""

    lowest: float = -math.inf
    highest: float = math.inf
    open: bool = False

    def holds(self, value: float) -> bool:
        """Whether a number is finite and within the range."""
        return (
            math.isfinite(value) and self.lowest <= value <= self.highest and not (self.open and value == self.lowest)
        )

    def words(self, kind: str) -> str:
        """The range in words, `kind` being "whole number" or "number"."""
        low, high = math.isfinite(self.lowest), math.isfinite(self.highest)
        if low and high:
            between = f"above {self.lowest:,.10g} and at most" if self.open else f"from {self.lowest:,.10g} to"
            return f"a {kind} {between} {self.highest:,.10g}"
        if low:
            return f"a finite {kind} " + ("above" if self.open else "of at least") + f" {self.lowest:,.10g}"
        return f"a finite {kind}"


@dataclass(frozen=True)
class Filled:
    """A text that is not blank, or a list of at least `least` such texts, each of them once."""

    least: int = 1


Count = Annotated[int, Within(1, 2**31 - 1)]
CountOrNone = Annotated[int, Within(0, 2**31 - 1)]  # 0 switches off what is counted, or means all
Seed = Annotated[int, Within(0, 2**32 - 1)]  # what every generator takes: NumPy's, JAX's, grain's
# Under a hundred no bound of a 95 % interval is told; the tests take fewer. A million no longer fit into memory.
Resamples = Annotated[int, Within(2, 10**6)]
Width = Annotated[int, Within(1, 65536)]  # channels or pixels of a network
CropSize = Annotated[int, Within(8, 512)]  # pixels a side
CropScale = Annotated[float, Within(0.01, 1)]  # mm per pixel
PixelSpacing = Annotated[float, Within(0.01, 10)]  # mm between the middles of two pixels of a film
HandLength = Annotated[float, Within(50, 300)]  # mm from TIP3 to RC
FootLength = Annotated[float, Within(30, 250)]  # mm from TIP1 to BASE1
Folds = Annotated[int, Within(0, 1000)]  # 0: not divided into folds
Patients = Annotated[int, Within(1, 10**7)]
Workers = Annotated[int, Within(1, 1024)]
Share = Annotated[float, Within(0, 1)]
NotNegative = Annotated[float, Within(0, 1e6)]
Positive = Annotated[float, Within(0, 1e6, open=True)]
# Log odds, logits and effects per SD: beyond 50 a logistic curve is flat, and products of them overflow.
Coefficient = Annotated[float, Within(-50, 50)]
Deviation = Annotated[float, Within(0, 50)]  # SD on such a scale
Name = Annotated[str, Filled()]
Names = Annotated[tuple[str, ...], Filled(least=0)]


def check_ranges(record: object) -> None:
    """Raises UsageError naming the first field of a record that does not hold what its type declares.

    >>> @dataclass(frozen=True)
    ... class Training:
    ...     steps: Count = 100
    ...     def __post_init__(self):
    ...         check_ranges(self)
    >>> Training(steps=0)
    Traceback (most recent call last):
    outcomenet.errors.UsageError: Setting steps (of Training) is a whole number from 1 to 2,147,483,647; got 0.
    """
    for name, hint in field_types(type(record)).items():
        value = getattr(record, name)
        wanted = _fault(hint, value)
        if wanted:
            raise UsageError(f"Setting {name} (of {type(record).__name__}) is {wanted}; got {value!r}.")


def check_arguments(function: Callable[..., object], arguments: Mapping[str, object]) -> None:
    """As `check_ranges`, for a function whose parameters declare ranges or choices: a notebook meets the same check.

    Args:
        function: The function.
        arguments: What it was called with, by name; its first line passes `locals()`.

    Raises:
        UsageError: An argument does not hold what its type declares.
    """
    for name, hint in field_types(function).items():
        if name not in arguments:  # the type of the result
            continue
        value, choices = arguments[name], _choices(hint)
        if choices and value not in choices:
            raise UsageError(
                f"{name} (of {function.__name__}) is no {value!r}. {did_you_mean(str(value), map(str, choices))}"
            )
        if wanted := "" if choices else _fault(hint, value):
            raise UsageError(f"{name} (of {function.__name__}) is {wanted}; got {value!r}.")


def _choices(hint: object) -> tuple[object, ...]:
    """The values that a type names one by one; empty where it names none."""
    if get_origin(hint) is Literal:
        return get_args(hint)
    literal = next((inner for inner in get_args(hint) if get_origin(inner) is Literal), None)
    return () if literal is None else (*get_args(literal), *((None,) if NoneType in get_args(hint) else ()))


@cache
def field_types(record: type | Callable[..., object]) -> dict[str, object]:
    """The types of a record's fields, or of a function's parameters, with what they declare."""
    return get_type_hints(record, include_extras=True)


def _fault(hint: object, value: object) -> str:
    """What was wanted where `value` does not hold it, else ""."""
    if value is None and NoneType in get_args(hint):
        return ""
    items: list[object] | tuple[object, ...] = [value]
    if listed := get_origin(hint) is tuple:
        if not isinstance(value, tuple | list):
            return "a list"
        if ... not in get_args(hint) and len(value) != len(get_args(hint)):
            return f"a list of {len(get_args(hint))}"
        items = value
    for kind, limit in limits_of(hint):
        if isinstance(limit, Filled):
            return _text_fault(limit, value)
        fault = next(filter(None, (_number_fault(kind, limit, v) for v in items)), "")
        if fault:
            return f"a list, each {fault}" if listed else fault
    return ""


def limits_of(hint: object) -> Iterator[tuple[type, Within | Filled]]:
    """(kind, limit) that a type declares for itself, for the items of its list, or for what it may be beside None."""
    if get_origin(hint) is Annotated:
        kind, *notes = get_args(hint)
        yield from ((kind, note) for note in notes if isinstance(note, Within | Filled))
    else:
        for inner in get_args(hint):
            yield from limits_of(inner)


def _number_fault(kind: type, limit: Within, value: object) -> str:
    # a bool is an Integral in Python; as a setting it is a slip
    if kind is int:
        right = isinstance(value, Integral) and not isinstance(value, bool) and limit.holds(int(value))
        return "" if right else limit.words("whole number")
    right = isinstance(value, Real) and not isinstance(value, bool) and limit.holds(float(value))
    return "" if right else limit.words("number")


def _text_fault(limit: Filled, value: object) -> str:
    if isinstance(value, str):
        return "" if value.strip() else "a text that is not empty"
    texts = value if isinstance(value, tuple | list) else ()
    filled = all(isinstance(text, str) and text.strip() for text in texts)
    if isinstance(value, tuple | list) and filled and len(set(texts)) == len(texts) >= limit.least:
        return ""
    return f"a list of {'at least one of ' if limit.least else ''}different names"
