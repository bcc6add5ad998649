"""Conversion of configuration records to and from plain JSON, and to the golden text that a reviewer can compare."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeVar, get_args, get_origin, get_type_hints

from outcomenet.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T", bound="DataclassInstance")


def from_record(cls: type[T], record: Mapping[str, object]) -> T:
    """Rebuilds a frozen configuration from its JSON form.

    Args:
        cls: Class of the configuration.
        record: Its settings as JSON holds them: nested records, lists for tuples, values of enumerations. One that is
            absent has its default.

    Returns:
        The configuration, which checks its own ranges when it is made.

    Raises:
        UsageError: A setting, or a value of an enumeration, is unknown; the message offers the nearest.
    """
    hints = get_type_hints(cls)
    names = {f.name for f in fields(cls)}
    for key in record:
        if key not in names:
            raise UsageError(f"{cls.__name__} has no setting {key!r}. {did_you_mean(key, names)}")
    return cls(**{key: _value(hints[key], value) for key, value in record.items()})


def _value(hint: Any, value: Any) -> Any:
    if isinstance(hint, type) and is_dataclass(hint):
        return from_record(hint, value)
    if get_origin(hint) is tuple:
        return tuple(_value(get_args(hint)[0], item) for item in value)
    if isinstance(hint, type) and issubclass(hint, Enum):
        if value not in [member.value for member in hint]:
            raise UsageError(
                f"{value!r} is no {hint.__name__}. {did_you_mean(str(value), [str(m.value) for m in hint])}"
            )
        return hint(value)
    return value


def with_settings(config: T, settings: Mapping[str, Any]) -> T:
    """A configuration with other values at some paths.

    Args:
        config: A frozen record, with records inside.
        settings: Values by path, as on the command line: `{"training.steps": 500, "split.folds": 5}`.

    Raises:
        UsageError: There is no such setting, or it cannot hold the value.
    """
    hints, direct, inner = get_type_hints(type(config)), {}, {}
    for path, value in settings.items():
        name, _, further = path.partition(".")
        if name not in hints or (further and not is_dataclass(getattr(config, name))):
            known = [line.partition(" = ")[0] for line in as_lines(config)]
            raise UsageError(f"{type(config).__name__} has no setting {path!r}. {did_you_mean(path, known)}")
        if further:
            inner.setdefault(name, {})[further] = value
        else:
            direct[name] = value if is_dataclass(value) else _value(hints[name], value)
    within = {name: with_settings(getattr(config, name), changed) for name, changed in inner.items()}
    return replace(config, **direct, **within)  # pyright: ignore[reportArgumentType]


def as_lines(config: DataclassInstance, prefix: str = "") -> list[str]:
    """The settings of a configuration as text.

    Args:
        config: The configuration.
        prefix: Path of the configuration inside a larger one, with a dot at its end.

    Returns:
        `path = value` of every setting, in the order of declaration; those of nested records by their own paths.
    """
    lines: list[str] = []
    for f in fields(config):
        value = getattr(config, f.name)
        if is_dataclass(value) and not isinstance(value, type):
            lines += as_lines(value, f"{prefix}{f.name}.")
        else:
            lines.append(
                f"{prefix}{f.name} = {value!r}"
                if not isinstance(value, Enum)
                else f"{prefix}{f.name} = {value.value!r}"
            )
    return lines
