"""Films that cannot be read: each is left out alone, counted and listed, unless so many are that the export must be at fault."""

from __future__ import annotations

from dataclasses import dataclass, field

from outcomenet.cohorts.faults import Fault
from outcomenet.cohorts.ledger import Ledger

MOST_SHARE = 0.25  # of the films listed; who is missing then is hardly a matter of chance
ALWAYS_BEARABLE = 2  # films, of a cohort of few
# Refusals that tell of films.csv, not of a film: the row is to be corrected, as any wrong row.
OF_THE_TABLE = frozenset({"missing", "not_a_file"})


@dataclass
class UnreadFilms:
    """What could not be read of the `listed` films of a cohort, as faults of films.csv that name row and reason."""

    listed: int = 0
    faults: list[Fault] = field(default_factory=list)

    def add(self, row: int, code: str, sentence: str, ledger: Ledger, limbs: int = 1) -> None:
        """Enters the film of a row, once, and `limbs` of it in the ledger under the refusal's code."""
        ledger.add("films", "film", f"could not be read: {code}", limbs)
        if row not in {fault.row for fault in self.faults}:
            self.faults.append(
                Fault("films.csv", row, "path", "", "a film that can be read", sentence, rule=f"film:{code}")
            )

    @property
    def too_many(self) -> bool:
        """Whether the cohort is to be refused: no film is left, or more than two and more than a quarter are unread."""
        count = len(self.faults)
        return 0 < count and (count == self.listed or count > max(ALWAYS_BEARABLE, MOST_SHARE * self.listed))
