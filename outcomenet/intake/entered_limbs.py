"""Limbs that enter a data set; every other one is counted with its reason, or refuses the cohort."""

from __future__ import annotations

import numpy as np

from outcomenet.cohorts.cohort import Cohort
from outcomenet.cohorts.faults import CohortRefused, Fault
from outcomenet.errors import DataRefused, FilmRefused
from outcomenet.films.crop_file import SUFFIX
from outcomenet.intake.cutting import NOT_LOOKED_FOR, CutFilm
from outcomenet.intake.film_flags import FilmFlagTable
from outcomenet.intake.film_table import FilmTable
from outcomenet.intake.film_tasks import FilmTask
from outcomenet.intake.found_landmarks import FoundLandmarks


class EnteredLimbs:
    """Decides on each cut limb, and keeps the table of films, their flags and the ledger."""

    def __init__(self, cohort: Cohort, located: FoundLandmarks):
        self._cohort, self._located = cohort, located
        self._faults: list[Fault] = []
        self.flags = FilmFlagTable(cohort, cohort.ledger)
        self.films = FilmTable()

    def enter(self, task: FilmTask, result: CutFilm | FilmRefused, patient_id: str, visit_id: str) -> CutFilm | None:
        """Enters a limb into the table of films, or its loss into the ledger.

        Args:
            task: The limb that was to be cut.
            result: What came of it.
            patient_id: Whose limb it is.
            visit_id: Of which visit.

        Returns:
            The cut limb; None where it is left out.
        """
        ledger = self._cohort.ledger
        if isinstance(result, FilmRefused):
            if task.path.suffix == SUFFIX:  # simulated crops are all of one making
                self._faults.append(
                    Fault("films.csv", task.row, "path", str(result), "crops that can be read", "Simulate them again.")
                )
            else:
                self._cohort.unread.add(task.row, result.code, str(result), ledger)
            return None
        reason = self._settled(task, result)
        if reason:
            ledger.add("films", "film", reason, 1)
            return None
        ledger.flag("films", "film", f"scale from {result.scale_source}", 1)
        hidden = self._located.hidden.get((task.film_id, task.side), 0)
        if hidden:
            ledger.add("localisation", "landmark", "not found surely enough, cut off or missing", hidden)
        absent = int((~np.asarray(result.present)).sum())
        if absent:
            ledger.add("films", "joint", "not on the film or without a landmark", absent)
        self.films.add(patient_id, visit_id, result)
        return result

    def count_visit_without_joints(self) -> None:
        """Counts a visit whose films show no joint."""
        reason = "films, but no joint on any of them: its row stays without an example"
        self._cohort.ledger.add("visits", "visit", reason, 1)

    def refuse_faults(self) -> None:
        """Refuses the cohort where simulated crops, or too many films, cannot be read.

        Raises:
            CohortRefused: It names each of them.
        """
        if faults := self._refusing_faults():
            raise CohortRefused(faults)

    def nothing_to_see(self) -> DataRefused:
        """Why a split had visits with films, and none with a joint on them."""
        if faults := self._refusing_faults():
            return CohortRefused(faults)
        reasons = self._cohort.ledger.to_frame()
        listed = "; ".join(f"{row.reason} ({row.count})" for row in reasons.itertuples())
        return DataRefused(f"No visit of a split has a joint that could be cut. The ledger says: {listed}.")

    def _refusing_faults(self) -> list[Fault]:
        unread = self._cohort.unread
        return self._faults + unread.faults * unread.too_many

    def _settled(self, task: FilmTask, result: CutFilm) -> str:
        """The ledger's reason why a limb is left out, else ""; simulated crops have no flags."""
        if task.path.suffix == SUFFIX or result.refused == NOT_LOOKED_FOR:
            return result.refused
        return self.flags.settle(task.film_id, task.side, result.flags, result.text, uncuttable=result.refused)
