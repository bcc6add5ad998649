"""Arguments of a subcommand from a frozen record, and options that several have.

Wrong usage ends with exit code 2 and names the nearest option.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

from outcomenet.runs.config import choices, with_settings

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T", bound="DataclassInstance")


@dataclass(frozen=True)
class FilmNaming:
    """How films are called in tables and in the names of pictures."""

    film_names: Literal["pseudonyms", "files"] = "pseudonyms"
    """Keyed hashes, since files are often called after people; or the files' own names."""
    key: Path | None = None
    """File with the secret key of pseudonyms, made where there is none; by default that of `outcomenet intake`."""


def parse(record: type[T], arguments: Sequence[str], command: str, default: T | None = None) -> T:
    """Reads arguments into a record; tyro prints help or the fault and leaves the program where it should.

    Args:
        record: the class to fill.
        arguments: as on the command line; `--path.to.setting NAME` chooses among records where a setting may hold one of
            several, and settings of the chosen one follow as `--path.to.setting.own VALUE`.
        command: the subcommand, for help and faults.
        default: values of what is not named.

    Raises:
        UsageError: a record is chosen that is not there.
    """
    import tyro

    if default is not None:
        default, arguments = _with_choices(default, arguments)
    # choices are written as the record writes them; a switch takes its value, `--training.warm_start False`, as every other setting does
    config = (tyro.conf.FlagConversionOff, tyro.conf.EnumChoicesFromValues, tyro.conf.AvoidSubcommands)
    values = tyro.MISSING_NONPROP if default is None else default
    return tyro.cli(record, args=list(arguments), prog=f"outcomenet {command}", config=config, default=values)


def split_options(
    arguments: Sequence[str], values: Sequence[str], flags: Sequence[str] = ()
) -> tuple[list[str], list[str]]:
    """A command's own options apart from the settings of an experiment.

    Args:
        arguments: As typed.
        values: Names of options that take one value or several; an option named twice has the values of both.
        flags: Names of options that take none.

    Returns:
        The command's own arguments, and the others.

    >>> split_options(["--axis", "a", "b", "--training.steps", "5", "--axis=c", "--status"], ["axis"], ["status"])
    (['--axis', 'a', 'b', 'c', '--status', 'True'], ['--training.steps', '5'])
    """
    own: dict[str, list[str]] = {}
    others: list[str] = []
    taking: list[str] = others
    for word in arguments:
        name, equals, value = word.removeprefix("--").partition("=")
        if not word.startswith("--"):
            taking.append(word)
        elif name in values:
            taking = own.setdefault(name, [])
            taking += [value] if equals else []
        elif name in flags:
            own[name], taking = ["True"], others
        else:
            taking = others
            others.append(word)
    return [word for name, words in own.items() for word in (f"--{name}", *words)], others


def _with_choices(default: T, arguments: Sequence[str]) -> tuple[T, list[str]]:
    """The default with the records that the arguments choose, and the other arguments."""
    paths, words = set(choices(default)), iter(arguments)
    chosen: dict[str, str] = {}
    others: list[str] = []
    for word in words:
        name, equals, value = word.removeprefix("--").partition("=")
        if word.startswith("--") and name in paths:
            chosen[name] = value if equals else next(words, "")
        else:
            others.append(word)
    return with_settings(default, chosen), others
