"""Crops of all joints of a visit, put together from the limbs that are cut out of its films."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial

import numpy as np

from outcomenet.anatomy import JOINT_COUNT, JOINT_INDEX, Joint, joints_of
from outcomenet.datasets.visit_example import VisitKey
from outcomenet.films.decoding import FilmDecoder
from outcomenet.intake.account.joint_sheets import JointSheets
from outcomenet.intake.cut_store import CutStore
from outcomenet.intake.entered_limbs import EnteredLimbs
from outcomenet.intake.film_tasks import FilmTask
from outcomenet.intake.kept import Kept
from outcomenet.intake.unlike_joints import UnlikeJoints, Visit
from outcomenet.intake.visit_examples import CutVisits
from outcomenet.progress import Progress


class VisitCrops:
    """Cuts the films of visits; remembers which visits have a joint, and samples their crops for the joint sheets."""

    def __init__(
        self,
        tasks: Mapping[VisitKey, Sequence[FilmTask]],
        limbs: EnteredLimbs,
        unlike: UnlikeJoints,
        size_px: int,
        kept: Kept,
        progress: Progress,
    ):
        self._tasks, self._limbs, self._size, self._progress = tasks, limbs, size_px, progress
        self.unlike = unlike
        self.store = CutStore(kept)
        self.sheets = JointSheets(len(tasks))
        self.with_joints: set[VisitKey] = set()

    @contextmanager
    def cutting(self, workers: int) -> Iterator[CutVisits]:
        """Starts the processes that decode films.

        Args:
            workers: How many.

        Yields:
            A function that cuts visits in their order; a visit without any joint is counted and left out.
        """
        with FilmDecoder(workers=workers) as decoder:
            yield partial(self._cut, decoder)

    def _cut(self, decoder: FilmDecoder, visits: Sequence[VisitKey]) -> Iterator[Visit]:
        for visit, crops, present in self.unlike.masked(self._joined(decoder, visits)):
            if not present.any():
                self._limbs.count_visit_without_joints()
                continue
            self.with_joints.add(visit)
            self.sheets.offer(*visit, crops, present.astype(bool))
            yield visit, crops, present

    def _joined(self, decoder: FilmDecoder, visits: Sequence[VisitKey]) -> Iterator[Visit]:
        """Every visit with the joints of all its limbs."""
        # one stream for all visits, so that the workers never wait for the end of a visit
        results = self.store.cut(decoder, [task for visit in visits for task in self._tasks[visit]])
        for visit in visits:
            # what no film shows stays 0, and `present` says so
            crops = np.zeros((JOINT_COUNT, self._size, self._size), np.uint16)
            present = np.zeros(JOINT_COUNT, np.uint8)
            for task in self._tasks[visit]:
                self._progress.advance()
                limb = self._limbs.enter(task, next(results), *visit)
                if limb is not None and limb.crops is not None and limb.present is not None:
                    at = [JOINT_INDEX[Joint(limb.side, site).name] for site in joints_of(limb.side.region)]
                    crops[at], present[at] = limb.crops, limb.present
            yield visit, crops, present
