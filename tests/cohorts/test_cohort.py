"""What a valid folder becomes: typed tables, derived covariates, linked films, and a ledger of what was left out."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from outcomenet.anatomy import HAND_JOINTS
from outcomenet.cohorts.cohort import read_cohort
from outcomenet.haq import HAQ_AID_COLUMNS, HAQ_ITEM_COLUMNS


def visit(cohort, patient: str, visit_id: str) -> pd.Series:
    visits = cohort.visits
    return visits[(visits["patient_id"] == patient) & (visits["visit_id"] == visit_id)].iloc[0]


def add_columns(path, columns: dict[str, str], row: int = 0) -> None:
    """Adds columns to a table, filled in one row and empty in the others."""
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    for name, value in columns.items():
        table[name] = [value if place == row else "" for place in range(len(table))]
    table.to_csv(path, index=False)


def counts(cohort) -> dict[str, int]:
    frame = cohort.ledger.to_frame()
    return dict(zip(frame["reason"], frame["count"], strict=True))


def test_age_counts_from_the_middle_of_the_birth_year(cohort_folder):
    # 2 July 2020 is day 183 of the year: 2020 + 183 / 365.25 - 1950.5
    assert visit(read_cohort(cohort_folder), "P1", "V1")["age"] == pytest.approx(70.001, abs=1e-3)


def test_sex_is_missing_where_it_is_neither(cohort_folder):
    cohort = read_cohort(cohort_folder)
    assert [visit(cohort, patient, "V1")["male"] for patient in ("P1", "P2")] == [0.0, 1.0]
    assert np.isnan(visit(cohort, "P3", "V1")["male"])


def test_duration_is_missing_without_an_onset(cohort_folder):
    cohort = read_cohort(cohort_folder)
    # 2010-01-01 to 2020-07-02 are 3,835 days
    assert visit(cohort, "P1", "V1")["duration"] == pytest.approx(3835 / 365.25)
    assert np.isnan(visit(cohort, "P2", "V1")["duration"])


def test_a_visit_before_the_first_symptom_has_no_duration_and_is_noted(cohort_folder):
    text = (cohort_folder / "patients.csv").read_text()
    (cohort_folder / "patients.csv").write_text(text.replace("2010-01-01", "2020-08-01"))
    cohort = read_cohort(cohort_folder)
    assert np.isnan(visit(cohort, "P1", "V1")["duration"])
    assert counts(cohort)["before symptom onset: no duration"] == 1


def test_a_given_haq_does_not_say_how_many_categories_were_answered(cohort_folder):
    row = visit(read_cohort(cohort_folder), "P1", "V1")
    assert row["haq"] == 1.125
    assert np.isnan(row["haq_answered"])


def test_haq_items_are_scored_with_aids(cohort_folder):
    items = dict.fromkeys(HAQ_ITEM_COLUMNS, "1") | dict.fromkeys(HAQ_AID_COLUMNS, "") | {"haq_aid_grip": "1"}
    add_columns(cohort_folder / "visits.csv", items, row=3)
    row = visit(read_cohort(cohort_folder), "P3", "V1")
    assert row["haq"] == 9 / 8  # seven categories 1, grip raised to 2


def test_the_alternative_index_ignores_aids(cohort_folder):
    items = dict.fromkeys(HAQ_ITEM_COLUMNS, "1") | dict.fromkeys(HAQ_AID_COLUMNS, "") | {"haq_aid_grip": "1"}
    add_columns(cohort_folder / "visits.csv", items, row=3)
    with (cohort_folder / "cohort.toml").open("a") as file:
        file.write('haq_version = "HAQ-DI alternative"\n')
    assert visit(read_cohort(cohort_folder), "P3", "V1")["haq"] == 1.0


def test_fewer_than_six_answered_categories_are_no_haq_and_counted(cohort_folder):
    items = dict.fromkeys((*HAQ_ITEM_COLUMNS, *HAQ_AID_COLUMNS), "")
    items |= {f"haq_{category}_1": "2" for category in ("dressing", "arising", "eating", "walking", "hygiene")}
    add_columns(cohort_folder / "visits.csv", items, row=3)
    cohort = read_cohort(cohort_folder)
    assert np.isnan(visit(cohort, "P3", "V1")["haq"])
    assert counts(cohort)["no HAQ: fewer than 6 of 8 categories answered"] == 1


def test_items_that_contradict_the_given_index_are_refused(cohort_folder, broken):
    items = dict.fromkeys(HAQ_ITEM_COLUMNS, "1") | dict.fromkeys(HAQ_AID_COLUMNS, "")
    add_columns(cohort_folder / "visits.csv", items, row=0)
    (sentence,) = broken("visits.csv", "1.125", "1.25")
    assert (
        "row 2, column haq_di: expected the index that the items give, got 1.25, while the items give 1.000" in sentence
    )


def test_fibromyalgia_is_derived_where_it_is_not_given(cohort_folder):
    # ACR 2016: WPI 8 and SSS 6 in 4 regions for 12 months is fibromyalgia
    add_columns(
        cohort_folder / "visits.csv", {"wpi": "8", "sss": "6", "pain_regions": "4", "symptom_months": "12"}, row=3
    )
    cohort = read_cohort(cohort_folder)
    assert tuple(visit(cohort, "P3", "V1")[["fm", "fm_source"]]) == (1.0, "acr2016")
    assert tuple(visit(cohort, "P1", "V1")[["fm", "fm_source"]]) == (1.0, "given")


def test_three_of_four_criteria_leave_fibromyalgia_missing(cohort_folder):
    add_columns(
        cohort_folder / "visits.csv", {"wpi": "8", "sss": "6", "pain_regions": "4", "symptom_months": ""}, row=3
    )
    assert np.isnan(visit(read_cohort(cohort_folder), "P3", "V1")["fm"])


def kellgren_lawrence(folder, grades: dict[tuple[str, str, str], int]) -> None:
    """Appends grades of visit P1 V1 by (reader, side, site)."""
    with (folder / "scores.csv").open("a") as file:
        for (reader, side, site), grade in grades.items():
            file.write(f"P1,V1,{reader},single,kellgren_lawrence,{side},{site},kl,{grade}\n")


def test_osteoarthritis_needs_grade_two_in_two_joints(cohort_folder):
    kellgren_lawrence(cohort_folder, {("r1", "LH", "DIP2"): 2, ("r1", "RH", "CMC1"): 3})
    row = visit(read_cohort(cohort_folder), "P1", "V1")
    assert tuple(row[["oa", "oa_source"]]) == (1.0, "kellgren_lawrence")


def test_osteoarthritis_averages_readers_first(cohort_folder):
    grades = {("r1", "LH", "DIP2"): 2, ("r2", "LH", "DIP2"): 1, ("r1", "RH", "CMC1"): 3}
    kellgren_lawrence(cohort_folder, grades)
    assert np.isnan(
        visit(read_cohort(cohort_folder), "P1", "V1")["oa"]
    )  # 1.5 is below 2; the other joints are ungraded


def test_no_osteoarthritis_needs_all_joints_but_one(cohort_folder):
    sites = ("DIP2", "DIP3", "DIP4", "DIP5", "PIP2", "PIP3", "PIP4", "PIP5", "IP1", "CMC1")
    grades = {("r1", side, site): 0 for side in ("LH", "RH") for site in sites}
    del grades["r1", "RH", "CMC1"]
    kellgren_lawrence(cohort_folder, grades)
    assert visit(read_cohort(cohort_folder), "P1", "V1")["oa"] == 0.0


def test_a_measurement_becomes_a_column(cohort_folder):
    cohort = read_cohort(cohort_folder)
    assert visit(cohort, "P1", "V1")["radai"] == 2.5
    assert np.isnan(visit(cohort, "P2", "V1")["radai"])


def test_a_measurement_fills_a_column_that_is_empty_for_the_visit(cohort_folder):
    with (cohort_folder / "measurements.csv").open("a") as file:
        file.write("P3,V1,das28,4.5\n")
    cohort = read_cohort(cohort_folder)
    assert [visit(cohort, patient, "V1")["das28"] for patient in ("P1", "P3")] == [3.2, 4.5]


def test_films_carry_their_visit_and_their_header(cohort_folder):
    films = read_cohort(cohort_folder).films.set_index("film_id")
    assert list(films["visit_id"]) == ["V1", "V1", "V1"]
    assert list(films["gap_days"]) == [-1, -1, 10]
    assert list(films["format"]) == ["dicom", "png", "png"]
    assert tuple(films.loc["F1", ["rows", "columns", "bits", "spacing_mm", "spacing_source"]]) == (
        80, 60, 12, 0.15, "PixelSpacing",
    )  # fmt: skip


def test_a_spacing_in_films_csv_overrides_the_file(cohort_folder):
    films = read_cohort(cohort_folder).films.set_index("film_id")
    assert tuple(films.loc["F2", ["spacing_mm", "spacing_source"]]) == (0.2, "films.csv")


def test_headers_can_be_left_unread(cohort_folder):
    (cohort_folder / "films/f1.dcm").write_bytes(b"")
    films = read_cohort(cohort_folder, check_films=False).films
    assert films["rows"].isna().all()
    assert len(films) == 3


def test_films_that_cannot_be_scored_are_counted(cohort_folder):
    text = (cohort_folder / "films.csv").read_text()
    text = text.replace("hand,L,PA", "hand,both,PA").replace("hand,R,PA", "hand,R,oblique")
    (cohort_folder / "films.csv").write_text(text)
    cohort = read_cohort(cohort_folder)
    assert list(cohort.films["film_id"]) == ["F3"]
    assert list(cohort.landmarks["film_id"]) == ["F3"]
    assert counts(cohort) == {
        "shows both sides; landmarks.csv cannot tell them apart": 1,
        "oblique view, not scorable": 1,
        "its film was left out": 2,
        "site could not be read (empty score)": 1,
        "fibromyalgia: as given": 2,
        "osteoarthritis: as given": 1,
    }


def test_osteoarthritis_from_osteophytes_says_so(cohort_folder):
    rows = [f"P1,V2,r1,single,osteophytes,LH,{site},osteophyte,1" for site in ("DIP2", "PIP3")]
    rows += [f"P2,V1,r1,single,osteophytes,{hand},{site},osteophyte,0" for hand in ("LH", "RH")
             for site in ("DIP2", "DIP3", "DIP4", "DIP5", "PIP2", "PIP3", "PIP4", "PIP5", "IP1", "CMC1")]  # fmt: skip
    with (cohort_folder / "scores.csv").open("a") as file:
        file.writelines(f"{row}\n" for row in rows)
    (cohort_folder / "visits.csv").write_text(
        (cohort_folder / "visits.csv").read_text().replace("2.1,0,0,1", "2.1,0,0,")
    )
    visits = read_cohort(cohort_folder).visits.set_index(["patient_id", "visit_id"])
    assert visits.loc[("P1", "V2"), ["oa", "oa_source"]].tolist() == [1.0, "osteophytes"]
    assert visits.loc[("P2", "V1"), ["oa", "oa_source"]].tolist() == [0.0, "osteophytes"]
    assert pd.isna(visits.loc[("P3", "V1"), "oa_source"])


def test_an_unreadable_site_stays_as_a_missing_grade(cohort_folder):
    scores = read_cohort(cohort_folder).scores
    assert scores["score"].isna().sum() == 1
    assert len(scores) == 3


def test_optional_files_may_be_absent(cohort_folder):
    for file in ("films.csv", "landmarks.csv", "scores.csv", "events.csv", "measurements.csv"):
        (cohort_folder / file).unlink()
    cohort = read_cohort(cohort_folder)
    assert len(cohort.visits) == 4
    assert cohort.films.empty
    assert cohort.events.empty
    assert {"visit_id", "gap_days", "spacing_mm"} <= set(cohort.films.columns)


def test_crops_of_a_simulated_cohort_are_films(cohort_folder):
    np.savez(
        cohort_folder / "films/f1.npz",
        crops=np.zeros((len(HAND_JOINTS), 96, 96), np.uint16), sites=np.array(HAND_JOINTS), mm_per_px=0.25,
    )  # fmt: skip
    for file, old, new in (("films.csv", "f1.dcm", "f1.npz"), ("cohort.toml", "licence", "simulated = true\nlicence")):
        text = (cohort_folder / file).read_text()
        (cohort_folder / file).write_text(text.replace(old, new))
    film = read_cohort(cohort_folder).films.set_index("film_id").loc["F1"]
    assert tuple(film[["format", "rows", "spacing_mm"]]) == ("crops", 96, 0.25)


def test_a_byte_order_mark_is_no_fault(cohort_folder):
    path = cohort_folder / "patients.csv"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert len(read_cohort(cohort_folder).patients) == 3


def test_a_colour_film_is_accepted(cohort_folder):
    film = cohort_folder / "films/f2.png"
    Image.new("RGB", (30, 40), (10, 20, 30)).save(film)
    films = read_cohort(cohort_folder).films.set_index("film_id")
    assert tuple(films.loc["F2", ["rows", "columns", "photometric"]]) == (40, 30, "RGB")


def test_reading_a_cohort_leaves_jax_unimported():
    modules = ["cohorts.cohort", "films.decoding", "films.dicom_writer", "films.crop_file", "cohorts.importers.rapport"]
    code = "; ".join(f"import outcomenet.{name}" for name in modules)
    subprocess.run([sys.executable, "-c", f"import sys; {code}; assert 'jax' not in sys.modules"], check=True)
