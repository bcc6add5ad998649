"""Configuration records to and from plain JSON, and as the golden text a reviewer can compare."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from outcomenet.errors import UsageError, did_you_mean

T = TypeVar("T")


def from_record(cls: type[T], record: Mapping[str, Any]) -> T:
    """Rebuilds a frozen configuration from its JSON form; an unknown key raises with the nearest known one."""
    hints = get_type_hints(cls)
    names = {f.name for f in fields(cls)}  # pyright: ignore[reportArgumentType]
    for key in record:
        if key not in names:
            raise UsageError(f"{cls.__name__} has no setting {key!r}. {did_you_mean(key, names)}")
    return cls(**{key: _value(hints[key], value) for key, value in record.items()})


def _value(hint: Any, value: Any) -> Any:
    if is_dataclass(hint):
        return from_record(hint, value)  # pyright: ignore[reportArgumentType]
    if get_origin(hint) is tuple:
        return tuple(_value(get_args(hint)[0], item) for item in value)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint(value)
    return value


def as_lines(config: Any, prefix: str = "") -> list[str]:
    """`path = value` of every setting of a configuration, in the order of its declaration."""
    lines: list[str] = []
    for f in fields(config):
        value = getattr(config, f.name)
        if is_dataclass(value):
            lines += as_lines(value, f"{prefix}{f.name}.")
        else:
            lines.append(
                f"{prefix}{f.name} = {value!r}"
                if not isinstance(value, Enum)
                else f"{prefix}{f.name} = {value.value!r}"
            )
    return lines
