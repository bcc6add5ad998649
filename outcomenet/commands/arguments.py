"""Arguments of a subcommand from a frozen record; wrong usage ends with exit code 2 and names the nearest option."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


def parse(record: type[T], arguments: Sequence[str], command: str, default: T | None = None) -> T:
    """Reads `arguments` into `record`; tyro prints help or the fault and leaves the program where it should."""
    import tyro

    given = {} if default is None else {"default": default}
    # choices are written as the record writes them; a switch takes its value, `--training.warm_start False`, as every other setting does
    config = (tyro.conf.FlagConversionOff, tyro.conf.EnumChoicesFromValues)
    return tyro.cli(record, args=list(arguments), prog=f"outcomenet {command}", config=config, **given)
