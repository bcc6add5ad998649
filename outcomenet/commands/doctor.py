"""`outcomenet doctor`: what this machine has."""

from __future__ import annotations

from dataclasses import dataclass

from outcomenet.commands.arguments import parse


@dataclass(frozen=True)
class Doctor:
    """Says what devices, memory, film decoders and optional parts are there, and what is missing."""


def main(arguments: list[str]) -> None:
    parse(Doctor, arguments, "doctor")
    from outcomenet.doctor import examine

    for topic, lines in examine().items():
        print(f"{topic}:")
        for line in lines:
            print(f"  {line}")
