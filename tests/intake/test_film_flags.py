"""Flags at intake: listed film by film, counted in the ledger, and leaving a film out only where the cohort says so."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
import pandas as pd
import pytest

from outcomenet.anatomy import Side
from outcomenet.cohorts.cohort import read_cohort
from outcomenet.cohorts.faults import CohortRefused
from outcomenet.cohorts.ledger import KEPT, Ledger
from outcomenet.films.burnt_in_text import TextBox
from outcomenet.films.quality_flags import FLAGS
from outcomenet.intake.cutting import cut_film
from outcomenet.intake.film_flags import COLUMNS, FILM_FLAGS, FilmFlagTable, films_of_children
from outcomenet.intake.film_tasks import film_tasks
from outcomenet.intake.found_landmarks import find_landmarks
from outcomenet.intake.kept import Kept
from outcomenet.localization.geometry import CropGeometry
from outcomenet.progress import Progress
from tests.hospital import DATA

FILMS = {
    "plain": "normal-hand-pa-small.jpg",
    "lateral": "hard_films/normal-wrist-lateral.jpg",
    "washed": "hard_films/IMG0003381.jpg",
    "printed": "hard_films/openstax-hand-pa-annotated.jpg",
    "upside": "hard_films/IMG0003310.jpg",
    "child": "hard_films/normal-wrist-pediatric-pa.jpg",
}
SPACING_MM = {"child": 0.2}  # whose finger tips lie outside the film, so that its length gives no scale
RIGHT = {"washed", "upside", "child", "lateral"}


def write_films(folder, excluded="", births=None):
    """A cohort of one real film a patient without placed landmarks; `births` overrides years of birth."""
    folder.mkdir()
    lines = {
        "patients.csv": ["patient_id,sex,birth_year,site"],
        "visits.csv": ["patient_id,visit_id,date,haq_di"],
        "films.csv": ["film_id,patient_id,date,region,side,view,path,pixel_spacing_mm"],
    }
    for name, source in FILMS.items():
        (folder / f"{name}.png").write_bytes(
            cv2.imencode(".png", cv2.imread(str(DATA / source), cv2.IMREAD_GRAYSCALE))[1].tobytes()
        )
        year = (births or {}).get(name, 1960)
        side = "R" if name in RIGHT else "L"
        lines["patients.csv"].append(f"p-{name},F,{year},A")
        lines["visits.csv"].append(f"p-{name},v,2020-05-01,1.0")
        lines["films.csv"].append(f"{name},p-{name},2020-05-01,hand,{side},PA,{name}.png,{SPACING_MM.get(name, '')}")
    for file, rows in lines.items():
        (folder / file).write_text("\n".join(rows) + "\n")
    (folder / "cohort.toml").write_text(f'name = "A"\nlicence = "CC0-1.0"\ndeidentified = true\n{excluded}\n')
    return read_cohort(folder)


class TakenIn(NamedTuple):
    """What became of a cohort's films, limb by limb."""

    table: FilmFlagTable
    left_out: dict[tuple[str, Side], str]  # why, "" where the limb was cut
    flags: dict[str, set[str]]
    counts: dict[tuple[str, str], int]  # of the ledger, by unit and reason


def intake(cohort) -> TakenIn:
    """Finds, cuts and settles every limb of a cohort, as a build does."""
    located = find_landmarks(cohort, 1, Progress(quiet=True), Kept(cohort.folder / ".kept", cohort.folder))
    table, left_out = FilmFlagTable(cohort, cohort.ledger), {}
    for tasks in film_tasks(cohort, located, CropGeometry(32, 0.75), b"").values():
        for task in tasks:
            cut = cut_film(task)
            reason = table.settle(task.film_id, task.side, cut.flags, cut.text, uncuttable=cut.refused)
            left_out[task.film_id, task.side] = reason
    flags = table.to_frame().groupby("film_id")["flag"].agg(set).to_dict()
    counts = {(row.unit, row.reason): row.count for row in cohort.ledger.to_frame().itertuples(index=False)}
    return TakenIn(table, left_out, flags, counts)


@pytest.fixture(scope="module")
def taken_in(tmp_path_factory):
    return intake(write_films(tmp_path_factory.mktemp("films") / "c", births={"child": 2018, "upside": 2002}))


def test_flags_of_real_films_are_listed(taken_in):
    flags = taken_in.flags
    assert flags["plain"] == {"landmarks_found", "scale_from_limb_length"}
    assert {"doubtful"} <= flags["lateral"]
    assert {"washed_out"} <= flags["washed"]
    assert {"burnt_in_text"} <= flags["printed"]
    assert {"turned", "small"} <= flags["upside"]
    assert {"child", "child_like", "cut_off"} <= flags["child"]


def test_a_flag_leaves_out_nothing_but_what_has_no_reliable_joints(taken_in):
    reasons = {film: reason for (film, _), reason in taken_in.left_out.items()}
    assert reasons == dict.fromkeys(FILMS, "") | {"lateral": "no joints that can be relied on: doubtful"}
    counts = taken_in.counts
    assert counts["film" + KEPT, "washed_out"] == counts["film" + KEPT, "child"] == 1
    assert ("film" + KEPT, "doubtful") not in counts


def test_the_table_says_what_was_dropped_and_where_text_stands(taken_in, tmp_path):
    taken_in.table.write(tmp_path)
    table = pd.read_csv(tmp_path / FILM_FLAGS)
    assert list(table) == list(COLUMNS)
    assert set(table.loc[table["dropped"] == 1, "film_id"]) == {"lateral"}
    assert table["in_words"].tolist() == [FLAGS[flag] for flag in table["flag"]]
    written = table[table["flag"] == "burnt_in_text"].iloc[0]
    boxes = [TextBox(*map(int, box.split(","))) for box in written["text_boxes"].split()]
    assert any(box.left <= 90 < box.right and box.top <= 160 < box.bottom for box in boxes)


def test_a_cohort_leaves_out_what_it_names(tmp_path):
    taken = intake(write_films(tmp_path / "c", 'excluded_flags = ["burnt_in_text", "child_like"]'))
    reasons = {film: reason for (film, _), reason in taken.left_out.items() if reason}
    counts = taken.counts
    assert reasons == {
        "lateral": "no joints that can be relied on: doubtful",
        "printed": "left out by flag: burnt_in_text",
        "child": "left out by flag: child_like",
    }
    assert ("film" + KEPT, "burnt_in_text") not in counts
    assert counts["film" + KEPT, "washed_out"] == 1  # not named, so it stays


def test_an_unknown_flag_is_refused_with_the_nearest(tmp_path):
    with pytest.raises(CohortRefused, match="Did you mean lateral_view"):
        write_films(tmp_path / "c", 'excluded_flags = ["lateral_veiw"]')


def test_a_child_is_known_by_year_of_birth_and_date_of_the_film(tmp_path):
    # who turns 18 in the year of the film may be 17 or 18 on its date: nothing is said
    cohort = write_films(tmp_path / "c", births={"plain": 2003, "washed": 2002, "printed": 2004})
    assert films_of_children(cohort) == {"plain", "printed"}


def test_flags_of_placed_films_drop_by_the_cohorts_word_alone(tmp_path):
    cohort = write_films(tmp_path / "c", 'excluded_flags = ["oblique_view"]')
    ledger = Ledger()
    table = FilmFlagTable(cohort, ledger)
    assert table.settle("plain", Side.LEFT_HAND, ["few_joints", "small"]) == ""  # a person placed them
    assert table.settle("washed", Side.RIGHT_HAND, ["oblique_view", "small"]) == "left out by flag: oblique_view"
    assert table.settle("upside", Side.RIGHT_HAND, []) == ""
    frame = table.to_frame()
    assert frame[["film_id", "flag", "dropped"]].to_numpy().tolist() == [
        ["plain", "few_joints", 0],
        ["plain", "small", 0],
        ["washed", "oblique_view", 1],
        ["washed", "small", 1],
    ]
    assert ledger.ids("flags", "film" + KEPT, "small") == ["plain"]
    assert ledger.count(unit="film") == 0  # whoever cuts enters the reason, once


def test_a_film_of_both_sides_without_a_limb_is_refused_for_both(tmp_path):
    cohort = write_films(tmp_path / "c")
    cohort.films.loc[cohort.films["film_id"] == "plain", "side"] = "both"
    cv2.imwrite(str(tmp_path / "c" / "plain.png"), np.zeros((500, 400), np.uint8))
    taken = intake(cohort)
    assert [taken.left_out["plain", side] for side in (Side.LEFT_HAND, Side.RIGHT_HAND)] == [
        "no joints that can be relied on: no_limb"
    ] * 2
    assert taken.flags["plain"] == {"no_limb", "nearly_black"}
