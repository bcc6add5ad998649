"""Quality flags of a cohort's films: listed film by film, counted in the ledger, with the films that they leave out."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from outcomenet.anatomy import Side
from outcomenet.cohorts.cohort import Cohort
from outcomenet.cohorts.ledger import Ledger
from outcomenet.csv_files import write_csv
from outcomenet.films.burnt_in_text import TextBox
from outcomenet.films.quality_flags import FLAGS

FILM_FLAGS = "film_flags.csv"
COLUMNS = ("film_id", "side", "flag", "in_words", "dropped", "text_boxes")
ADULT_YEARS = 18


class FilmFlagTable:
    """Every flag of every limb of a cohort.

    A flag leaves a limb out only where the cohort's `excluded_flags` names it, or where nothing could be cut.
    """

    def __init__(self, cohort: Cohort, ledger: Ledger):
        self._ledger = ledger
        self._excluded = cohort.meta.excluded_flags
        self._children = films_of_children(cohort)
        self._rows: list[tuple[object, ...]] = []

    def settle(
        self, film_id: str, side: Side, flags: Iterable[str], text: Iterable[TextBox] = (), *, uncuttable: str = ""
    ) -> str:
        """Lists a limb's flags and says whether it is left out.

        Args:
            film_id: Of the film.
            side: Of the limb.
            flags: Codes of `films.quality_flags.FLAGS`, each once.
            text: Where text is printed, film pixels.
            uncuttable: The flag for which nothing was cut; "" where there are crops.

        Returns:
            The ledger's reason why the limb is left out, or "". Of a limb that stays every flag is entered as kept; that one
            was left out is entered by whoever cuts, once, under this reason.
        """
        flags = [*flags, *(["child"] if film_id in self._children else [])]
        reason = self._reason(flags, uncuttable)
        boxes = " ".join(f"{b.left},{b.top},{b.right},{b.bottom}" for b in text)
        for flag in flags:
            where = boxes if flag == "burnt_in_text" else ""
            self._rows.append((film_id, str(side), flag, FLAGS[flag], int(bool(reason)), where))
            if not reason:
                self._ledger.flag("flags", "film", flag, [film_id])
        return reason

    def _reason(self, flags: list[str], uncuttable: str) -> str:
        if uncuttable:
            return f"no joints that can be relied on: {uncuttable}"
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
