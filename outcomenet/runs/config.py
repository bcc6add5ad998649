"""Conversion of configuration records to and from plain JSON, and to the golden text that a reviewer can compare.

Where a setting may hold one of several records, the one that it holds is named by a tag, its class's name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from types import UnionType
from typing import TYPE_CHECKING, TypeVar, Union, get_args, get_origin, get_type_hints

from outcomenet.artifacts import JsonObject
from outcomenet.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T", bound="DataclassInstance")
TAG = "record"  # key of the tag in the JSON form


def to_record(config: DataclassInstance) -> JsonObject:
    """The JSON form of a frozen configuration, from which `from_record` makes the same again."""
    hints = get_type_hints(type(config))
    return {f.name: _plain(hints[f.name], getattr(config, f.name)) for f in fields(config)}


def _plain(hint: object, value: object) -> object:
    if isinstance(value, tuple):
        return [_plain(get_args(hint)[0], item) for item in value]
    if is_dataclass(value) and not isinstance(value, type):
        tag = {TAG: type(value).__name__} if alternatives(hint) else {}
        return tag | to_record(value)
    return value


def from_record(cls: type[T], record: Mapping[str, object]) -> T:
    """Rebuilds a frozen configuration from its JSON form.

    Args:
        cls: Class of the configuration.
        record: Its settings as JSON holds them: nested records, lists for tuples, values of enumerations. One that is
            absent has its default. Where a setting may hold one of several records, the record has a tag.

    Returns:
        The configuration, which checks its own ranges when it is made.

    Raises:
        UsageError: A setting, a tag or a value of an enumeration is unknown, and the message offers the nearest; or a tag is
            missing.
    """
    hints = get_type_hints(cls)
    names = {f.name for f in fields(cls)}
    for key in record:
        if key not in names:
            raise UsageError(f"{cls.__name__} has no setting {key!r}. {did_you_mean(key, names)}")
    return cls(**{key: _value(key, hints[key], value) for key, value in record.items()})


def alternatives(hint: object) -> dict[str, type[DataclassInstance]]:
    """The records of which a setting of this type may hold one, by tag; none where there is no choice."""
    if get_origin(hint) not in (Union, UnionType):
        return {}
    return {cls.__name__: cls for cls in get_args(hint) if is_dataclass(cls) and isinstance(cls, type)}


def choices(config: DataclassInstance, prefix: str = "") -> Iterator[str]:
    """Paths of the settings of a configuration that may hold one of several records.

    Args:
        config: The configuration.
        prefix: Path of the configuration inside a larger one, with a dot at its end.
    """
    hints = get_type_hints(type(config))
    for f in fields(config):
        if alternatives(hints[f.name]):
            yield f"{prefix}{f.name}"
        value = getattr(config, f.name)
        if is_dataclass(value) and not isinstance(value, type):
            yield from choices(value, f"{prefix}{f.name}.")


def _of_tag(name: str, known: Mapping[str, type[DataclassInstance]], tag: object) -> type[DataclassInstance]:
    if tag not in known:
        raise UsageError(f"There is no {tag!r} for the setting {name}. {did_you_mean(str(tag), known)}")
    return known[str(tag)]


def _value(name: str, hint: object, value: object) -> object:
    if known := alternatives(hint):
        if not isinstance(value, Mapping) or TAG not in value:
            raise UsageError(
                f"The setting {name} does not say which of {', '.join(known)} it is: an earlier version of outcomenet "
                "wrote it. Train the run again."
            )
        settings = {key: setting for key, setting in value.items() if key != TAG}
        return from_record(_of_tag(name, known, value[TAG]), settings)
    if isinstance(hint, type) and is_dataclass(hint) and isinstance(value, Mapping):
        return from_record(hint, value)
    if get_origin(hint) is tuple and isinstance(value, Iterable):
        return tuple(_value(name, get_args(hint)[0], item) for item in value)
    if isinstance(hint, type) and issubclass(hint, Enum):
        if value not in [member.value for member in hint]:
            raise UsageError(
                f"{value!r} is no {hint.__name__}. {did_you_mean(str(value), [str(m.value) for m in hint])}"
            )
        return hint(value)
    return value


def with_settings(config: T, settings: Mapping[str, object]) -> T:
    """A configuration with other values at some paths.

    Args:
        config: A frozen record, with records inside.
        settings: Values by path, as on the command line: `{"training.steps": 500, "split.folds": 5}`. A record among
            several is chosen by its tag, `{"network.encoder": "VitConfig"}`, and has its own defaults then.

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
            direct[name] = _set(name, hints[name], getattr(config, name), value)
    # a record that was chosen in the same call is the one whose settings follow
    within = {name: with_settings(direct.get(name, getattr(config, name)), changed) for name, changed in inner.items()}
    return replace(config, **direct | within)  # pyright: ignore[reportArgumentType]


def _set(name: str, hint: object, present: object, value: object) -> object:
    """What a setting becomes; `present` is what it is."""
    if is_dataclass(value):
        return value
    if (known := alternatives(hint)) and isinstance(value, str):
        cls = _of_tag(name, known, value)
        return present if type(present) is cls else cls()
    return _value(name, hint, value)


def as_lines(config: DataclassInstance, prefix: str = "") -> list[str]:
    """The settings of a configuration as text.

    Args:
        config: The configuration.
        prefix: Path of the configuration inside a larger one, with a dot at its end.

    Returns:
        `path = value` of every setting, in the order of declaration; those of nested records by their own paths,
        after the tag where there is a choice of records.
    """
    return [f"{path} = {value!r}" for path, value in settings_of(config, prefix).items()]


def settings_of(config: DataclassInstance, prefix: str = "") -> dict[str, object]:
    """Every setting by its path, enumerations by their values; what is given to `with_settings` makes the same again.

    Args:
        config: The configuration.
        prefix: Path of the configuration inside a larger one, with a dot at its end.
    """
    hints, settings = get_type_hints(type(config)), {}
    for f in fields(config):
        value = getattr(config, f.name)
        if is_dataclass(value) and not isinstance(value, type):
            if alternatives(hints[f.name]):
                settings[f"{prefix}{f.name}"] = type(value).__name__
            settings |= settings_of(value, f"{prefix}{f.name}.")
        else:
            settings[f"{prefix}{f.name}"] = value.value if isinstance(value, Enum) else value
    return settings


def changed_settings(config: DataclassInstance, default: DataclassInstance) -> dict[str, object]:
    """Settings whose value is not that of another configuration of the same kind.

    Args:
        config: Whose values are given.
        default: What it is compared with.
    """
    known = settings_of(default)
    return {path: value for path, value in settings_of(config).items() if path not in known or known[path] != value}
