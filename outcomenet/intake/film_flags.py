"""Quality flags of a cohort's films: entered in the ledger, listed film by film, and which films they leave out."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from outcomenet.anatomy import Side
from outcomenet.cohorts.cohort import Cohort
from outcomenet.cohorts.ledger import Ledger
from outcomenet.csv_files import write_csv
from outcomenet.films.burnt_in_text import TextBox
from outcomenet.films.quality_flags import FLAGS, UNCUTTABLE

FILM_FLAGS = "film_flags.csv"
COLUMNS = ("film_id", "side", "flag", "in_words", "dropped", "text_boxes")
ADULT_YEARS = 18


class FilmFlagTable:
    """Every flag of every limb. A flag leaves a limb out only where the cohort's `excluded_flags` names it; without joints
    that can be relied on (`UNCUTTABLE`) there is nothing to cut."""

    def __init__(self, cohort: Cohort, ledger: Ledger):
        self._ledger = ledger
        self._excluded = cohort.meta.excluded_flags
        self._children = films_of_children(cohort)
        self._rows: list[tuple[object, ...]] = []

    def settle(
        self, film_id: str, side: Side, flags: Iterable[str], text: Iterable[TextBox] = (), *, found: bool = False
    ) -> str:
        """Lists a limb's flags; returns the ledger's reason why it is not to be cut, or "".

        `found` says that the joints were looked for, not placed. Of a limb that stays every flag is entered as kept; that one
        was left out is entered by whoever cuts, once, under the reason returned.
        """
        flags = [*flags, *(["child"] if film_id in self._children else [])]
        reason = self._reason(flags, found)
        boxes = " ".join(f"{b.left},{b.top},{b.right},{b.bottom}" for b in text)
        for flag in flags:
            where = boxes if flag == "burnt_in_text" else ""
            self._rows.append((film_id, str(side), flag, FLAGS[flag], int(bool(reason)), where))
            if not reason:
                self._ledger.flag("flags", "film", flag, [film_id])
        return reason

    def _reason(self, flags: list[str], found: bool) -> str:
        unreliable = next((flag for flag in UNCUTTABLE if flag in flags), "")
        if found and unreliable:
            return f"no joints that can be relied on: {unreliable}"
        excluded = next((flag for flag in self._excluded if flag in flags), "")
        return f"left out by flag: {excluded}" if excluded else ""

    def to_frame(self) -> pd.DataFrame:
        """One row per limb and flag; `dropped` is 1 where the limb was left out, for this flag or another."""
        return pd.DataFrame(self._rows, columns=list(COLUMNS)).sort_values(["film_id", "side"], kind="stable")

    def write(self, folder: Path) -> None:
        """film_flags.csv, with a header alone where no film has a flag."""
        write_csv(self.to_frame(), folder / FILM_FLAGS)


def films_of_children(cohort: Cohort) -> set[str]:
    """Films taken in a year before the one in which the patient turned 18: of birth only the year is known, so that in
    the year of the birthday itself nothing is said."""
    return set(cohort.films.loc[cohort.films["years_since_birth_year"] < ADULT_YEARS, "film_id"])
