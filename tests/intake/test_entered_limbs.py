"""Limbs of a cohort's films: which are looked for, which enter a data set, and what is said of the others."""

from __future__ import annotations

import math
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from outcomenet.anatomy import Region, Side, joints_of
from outcomenet.cohorts.faults import CohortRefused
from outcomenet.cohorts.film_headers import UnreadFilms
from outcomenet.cohorts.ledger import Ledger
from outcomenet.errors import DataRefused, FilmRefused
from outcomenet.films.crop_file import SUFFIX
from outcomenet.films.film import FROM_CROPS, FROM_FILMS, NO_FILMS
from outcomenet.intake import film_flags
from outcomenet.intake.cutting import NOT_LOOKED_FOR, CutFilm
from outcomenet.intake.entered_limbs import EnteredLimbs
from outcomenet.intake.film_tasks import FilmTask, source_of
from outcomenet.intake.found_landmarks import FoundLandmarks, ListedFilm
from outcomenet.localization.geometry import CropGeometry
from outcomenet.localization.limb_crops import LandmarkedLimb

SIDE = Side.LEFT_HAND
JOINTS = len(joints_of(SIDE.region))
LIMB = LandmarkedLimb(Region.HAND, {"MCP1": (1.0, 2.0)}, placed=True)


def task(name: str = "f.dcm", row: int = 2) -> FilmTask:
    return FilmTask("F1", row, Path(name), SIDE, None, CropGeometry(8, 1.0))


def cut(**change) -> CutFilm:
    crops, present = np.ones((JOINTS, 8, 8), np.uint16), np.arange(JOINTS) > 1
    return CutFilm("F1", SIDE, crops, present, 0.1, "films.csv", "", b"")._replace(**change)


def listed(side: str) -> ListedFilm:
    return ListedFilm(2, "F1", "P", "V", "f.dcm", "hand", side, math.nan, "none")


@pytest.fixture
def limbs(monkeypatch):
    monkeypatch.setattr(film_flags, "films_of_children", lambda cohort: set())
    meta = SimpleNamespace(excluded_flags=())
    cohort = SimpleNamespace(ledger=Ledger(), unread=UnreadFilms(listed=9), meta=meta)
    return EnteredLimbs(cohort, FoundLandmarks(hidden={("F1", SIDE): 3}))


def counted(limbs: EnteredLimbs) -> dict[str, int]:
    table = limbs._cohort.ledger.to_frame()
    return dict(zip(table["reason"], table["count"], strict=True))


def test_a_film_of_both_sides_should_show_two_limbs_and_states_no_side():
    assert listed("both").sides == (Side.LEFT_HAND, Side.RIGHT_HAND)
    assert listed("R").sides == (Side.RIGHT_HAND,)
    assert (listed("both").declared, listed("R").declared) == ("", "R")


def test_placed_landmarks_go_before_those_that_were_found():
    other = LandmarkedLimb(Region.HAND, {}, placed=False)
    landmarks = FoundLandmarks(placed={"F1": LIMB}, limbs={("F1", SIDE): other, ("F2", SIDE): other})
    assert landmarks.limb("F1", SIDE) is LIMB
    assert landmarks.limb("F2", SIDE) is other
    assert landmarks.limb("F3", SIDE) is None


def test_a_visit_came_as_films_where_any_of_it_did():
    crops = task(f"f{SUFFIX}")
    assert [source_of(tasks) for tasks in ((), (crops,), (crops, task()))] == [NO_FILMS, FROM_CROPS, FROM_FILMS]


def test_a_limb_that_enters_is_counted_with_its_scale_and_what_it_lacks(limbs):
    assert limbs.enter(task(), cut(), "P", "V") is not None
    assert counted(limbs) == {
        "scale from films.csv": 1,
        "not found surely enough, cut off or missing": 3,
        "not on the film or without a landmark": 2,
    }


def test_a_film_that_cannot_be_read_is_left_out_and_does_not_refuse_the_cohort(limbs):
    refused = FilmRefused("It is cut off. Export it again.", "truncated")
    assert limbs.enter(task(), refused, "P", "V") is None
    assert counted(limbs) == {"could not be read: truncated": 1}
    limbs.refuse_faults()  # one of nine can be borne


def test_too_many_films_that_cannot_be_read_refuse_the_cohort_by_row(limbs):
    for row in range(2, 7):
        limbs.enter(task(row=row), FilmRefused("It is cut off.", "truncated"), "P", "V")
    with pytest.raises(CohortRefused) as refused:
        limbs.refuse_faults()
    assert [fault.row for fault in refused.value.faults] == [2, 3, 4, 5, 6]


def test_one_file_of_simulated_crops_that_cannot_be_read_refuses_the_cohort(limbs):
    limbs.enter(task(f"f{SUFFIX}"), FilmRefused("It holds crops of 9 px.", "crop_geometry"), "P", "V")
    with pytest.raises(CohortRefused, match="crops that can be read.* Simulate them again"):
        limbs.refuse_faults()
    assert isinstance(limbs.nothing_to_see(), CohortRefused)


def test_a_limb_that_was_not_looked_for_is_left_out_under_that_reason(limbs):
    assert limbs.enter(task(), cut(crops=None, present=None, refused=NOT_LOOKED_FOR), "P", "V") is None
    assert counted(limbs) == {NOT_LOOKED_FOR: 1}


def test_a_split_without_any_joint_says_what_the_ledger_says(limbs):
    limbs.count_visit_without_joints()
    limbs.count_visit_without_joints()
    error = limbs.nothing_to_see()
    assert isinstance(error, DataRefused)
    assert "No visit of a split has a joint that could be cut. The ledger says: films, but no joint" in str(error)
    assert str(error).endswith("without an example (2).")
