"""Arguments of a subcommand from a frozen record; wrong usage ends with exit code 2 and names the nearest option."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from outcomenet.runs.config import choices, with_settings

T = TypeVar("T")


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
    given = {} if default is None else {"default": default}
    # choices are written as the record writes them; a switch takes its value, `--training.warm_start False`, as every other setting does
    config = (tyro.conf.FlagConversionOff, tyro.conf.EnumChoicesFromValues, tyro.conf.AvoidSubcommands)
    return tyro.cli(record, args=list(arguments), prog=f"outcomenet {command}", config=config, **given)


def _with_choices(default: T, arguments: Sequence[str]) -> tuple[T, list[str]]:
    """The default with the records that the arguments choose, and the other arguments."""
    paths, chosen, rest, words = set(choices(default)), {}, [], iter(arguments)
    for word in words:
        name, equals, value = word.removeprefix("--").partition("=")
        if word.startswith("--") and name in paths:
            chosen[name] = value if equals else next(words, "")
        else:
            rest.append(word)
    return with_settings(default, chosen), rest
