"""Ledger of rows that were left out or noted, counted with their reasons."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field

import pandas as pd

from outcomenet.errors import UsageError

COLUMNS = ("step", "unit", "reason", "count")
KEPT = " (kept)"


@dataclass
class Ledger:
    """Counts of rows lost or noted, in the order in which they were first entered.

    Everything that can lose a row is handed one. `unit` says what is counted (patient, visit, film, landmark, score).
    """

    _counts: dict[tuple[str, str, str], int] = field(default_factory=dict)
    _ids: dict[tuple[str, str, str], list[Hashable]] = field(default_factory=dict)

    def add(self, step: str, unit: str, reason: str, rows: int | Iterable[Hashable]) -> None:
        """Enters `rows` (their number, or their ids) that `step` left out for `reason`; none at all enters nothing."""
        ids = [] if isinstance(rows, int) else list(rows)
        count = rows if isinstance(rows, int) else len(ids)
        if count < 0:
            raise UsageError(f"A ledger counts rows upwards; step {step!r} entered {count}. Enter 0 or more.")
        if count == 0:
            return
        key = (step, unit, reason)
        self._counts[key] = self._counts.get(key, 0) + count
        self._ids.setdefault(key, []).extend(ids)

    def flag(self, step: str, unit: str, reason: str, rows: int | Iterable[Hashable]) -> None:
        """Enters rows that stay but must be known about; their unit is written with " (kept)" behind it."""
        self.add(step, unit + KEPT, reason, rows)

    def count(self, step: str | None = None, unit: str | None = None) -> int:
        """Number of rows left out (flagged ones not counted), of one step or unit if named."""
        return sum(
            count
            for (entered_step, entered_unit, _), count in self._counts.items()
            if step in (None, entered_step) and unit in (None, entered_unit) and not entered_unit.endswith(KEPT)
        )

    def ids(self, step: str, unit: str, reason: str) -> list[Hashable]:
        """The ids entered under one reason; empty where only a number was entered."""
        return list(self._ids.get((step, unit, reason), ()))

    def to_frame(self) -> pd.DataFrame:
        """Columns step, unit, reason, count; ids stay in memory, since they may name patients."""
        return pd.DataFrame([(*key, count) for key, count in self._counts.items()], columns=list(COLUMNS))
