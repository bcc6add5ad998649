"""Each way in which a folder can be wrong is refused with a sentence that says what, where and what to do."""

from __future__ import annotations

import re
import struct
import zlib
from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image

from outcomenet.cohorts.cohort import read_cohort
from outcomenet.cohorts.faults import CohortRefused, Fault


def refusal(folder: Path) -> str:
    with pytest.raises(CohortRefused) as refused:
        read_cohort(folder)
    return str(refused.value)


def test_a_missing_column_is_named(cohort_folder):
    (cohort_folder / "patients.csv").write_text("patient_id,sex,site\nP1,F,A\nP2,M,A\nP3,F,B\n")
    with pytest.raises(
        CohortRefused,
        match=re.escape(
            "patients.csv, row 1, column birth_year: expected this column, got none. Add it; it is required."
        ),
    ):
        read_cohort(cohort_folder)


def test_a_misspelt_column_gives_one_fault_with_the_right_name(broken):
    assert broken("visits.csv", "haq_di", "haq_id") == [
        "visits.csv, row 1, column haq_id: expected a column of this table, got an unknown column. Did you mean haq_di?"
    ]


def test_a_misspelt_required_column_is_not_also_missing(broken):
    sentences = broken("patients.csv", "birth_year", "birthyear")
    assert sentences == [
        "patients.csv, row 1, column birthyear: expected a column of this table, got an unknown column. "
        "Did you mean birth_year?"
    ]


def test_a_haq_above_three_is_out_of_range(broken):
    assert broken("visits.csv", "1.125", "3.2") == [
        "visits.csv, row 2, column haq_di: expected a HAQ-DI from 0 to 3 that is a multiple of 1/8 (or of 1/7 or 1/6), "
        "got '3.2'. Correct the value. An empty cell means not known."
    ]


def test_a_haq_between_the_grids_points_to_other_scales(broken):
    (sentence,) = broken("visits.csv", "1.125", "1.19")
    assert "MHAQ" in sentence


def test_grade_seven_in_a_hand_erosion_site(broken):
    assert broken("scores.csv", "MCP2,erosion,3", "MCP2,erosion,7") == [
        "scores.csv, row 2, column score: expected a Sharp/van der Heijde grade from 0 to 5 for erosion of MCP2 on LH, "
        "got 7. Correct the grade, or leave it empty where the site could not be read."
    ]


def test_the_thumb_ip_joint_has_no_narrowing_grade(broken):
    (sentence,) = broken("scores.csv", "MCP2,jsn,", "IP1,jsn,1")
    assert "grades erosion of IP1, and no jsn" in sentence


def test_an_unknown_score_site_offers_the_nearest(broken):
    (sentence,) = broken("scores.csv", "LH,MCP2,erosion", "LH,MPC2,erosion")
    assert sentence.startswith("scores.csv, row 2, column site")
    assert "Did you mean MCP2" in sentence


def test_two_films_with_one_id_name_both_rows(broken):
    sentences = broken("films.csv", "F2,P1", "F1,P1")
    assert sentences == [
        "films.csv, row 3, column film_id: expected a row of its own for each, got the same in rows 2 and 3. "
        "Remove the repeated row or correct its name."
    ]


def unread(folder: Path) -> str:
    """The sentence of the one film that cannot be read, which is left out, counted and listed."""
    cohort = read_cohort(folder)
    (fault,) = cohort.unread.faults
    assert cohort.ledger.count("films", "film") == 1
    assert fault.row not in set(cohort.films["row"])
    return fault.sentence


def test_a_text_file_named_dcm(cohort_folder):
    (cohort_folder / "films/f1.dcm").write_text("Dear colleague,\n" * 20)
    message = unread(cohort_folder)
    assert "films.csv, row 2, column path: expected a film that can be read" in message
    assert "this one is named .dcm but not one of them by its first bytes" in message
    assert "colleague" not in message


def test_a_cohort_without_a_film_that_can_be_read_is_refused(cohort_folder):
    films = sorted(path for path in (cohort_folder / "films").iterdir() if path.is_file())
    for film in films:
        film.write_text("Dear colleague,\n" * 20)
    assert refusal(cohort_folder).count("expected a film that can be read") == len(films)


def test_a_png_of_20000_by_20000_is_refused_by_its_header(cohort_folder):
    png = b"\x89PNG\r\n\x1a\n"
    for kind, data in ((b"IHDR", struct.pack(">IIBBBBB", 20_000, 20_000, 8, 0, 0, 0, 0)), (b"IEND", b"")):
        png += struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    (cohort_folder / "films/f2.png").write_bytes(png)
    assert "at most 6,000 rows and columns, its header says 20,000 x 20,000" in unread(cohort_folder)


def test_a_tiff_of_20000_by_20000_is_refused_before_it_is_decoded(cohort_folder):
    Image.new("1", (20_000, 20_000)).save(cohort_folder / "films/f2.png", format="TIFF", compression="group4")
    assert "at most 6,000 rows and columns" in unread(cohort_folder)


def test_a_dicom_of_20000_by_20000_is_refused_by_its_header(cohort_folder):
    path = cohort_folder / "films/f1.dcm"
    dataset = pydicom.dcmread(path)
    dataset.Rows = dataset.Columns = 20_000
    del dataset.PixelData
    dataset.save_as(path)
    assert "its header says 20,000 x 20,000" in unread(cohort_folder)


def test_a_visit_before_birth(broken):
    assert broken("visits.csv", "P3,V1,2020-05-05", "P3,V1,1920-05-05") == [
        "visits.csv, row 5, column date: expected a date after the patient's birth, got a day of 1920. "
        "Correct the date, or birth_year in patients.csv."
    ]


def test_a_patient_in_two_sites_names_both_rows(broken):
    sentences = broken("patients.csv", "P2,M,1960,A,,0,", "P2,M,1960,A,,0,\nP2,M,1960,B,,0,")
    assert (
        "patients.csv, row 4, column site: expected one site per patient, got 2 (rows 3 and 4). "
        "Keep the row of the treating site."
    ) in sentences


def test_a_film_at_another_site_than_its_patient(cohort_folder):
    films = (cohort_folder / "films.csv").read_text().splitlines()
    films = [line + (",site" if row == 0 else ",B" if row == 1 else ",") for row, line in enumerate(films)]
    (cohort_folder / "films.csv").write_text("\n".join(films))
    with pytest.raises(
        CohortRefused, match=re.escape("films.csv, row 2, column site: expected the patient's own site, got another.")
    ):
        read_cohort(cohort_folder)


def test_an_empty_folder(tmp_path):
    (tmp_path / "nothing").mkdir()
    with pytest.raises(
        CohortRefused,
        match=re.escape(
            "nothing: expected a cohort folder with cohort.toml, patients.csv, visits.csv, got an empty folder."
        ),
    ):
        read_cohort(tmp_path / "nothing")


def test_no_folder_at_all(tmp_path):
    with pytest.raises(CohortRefused, match=re.escape("got no such folder")):
        read_cohort(tmp_path / "nowhere")


@pytest.mark.parametrize("file", ["cohort.toml", "patients.csv", "visits.csv"])
def test_a_missing_required_file_is_named(cohort_folder, file):
    (cohort_folder / file).unlink()
    with pytest.raises(CohortRefused, match=re.escape(f"{file}: expected this file, got none.")):
        read_cohort(cohort_folder)


def test_a_table_without_rows_is_refused(cohort_folder):
    header = (cohort_folder / "visits.csv").read_text().splitlines()[0]
    (cohort_folder / "visits.csv").write_text(header)
    with pytest.raises(CohortRefused, match=re.escape("visits.csv: expected at least one row below the header")):
        read_cohort(cohort_folder)


def test_an_unknown_key_of_the_settings_offers_the_nearest(broken):
    (sentence,) = broken("cohort.toml", "licence", "license")[:1]
    assert "column license" in sentence
    assert "Did you mean licence?" in sentence


def test_settings_that_are_not_toml(broken):
    assert broken("cohort.toml", 'name = "Three', "name = Three")[0].startswith("cohort.toml: expected a TOML file.")


def test_another_haq_scale_is_not_taken_for_the_haq_di(broken):
    (sentence,) = broken("cohort.toml", "licence", 'haq_version = "MHAQ"\nlicence')
    assert sentence.startswith(
        "cohort.toml, column haq_version: expected one of HAQ-DI, HAQ-DI alternative, got text of 4 characters."
    )


def test_a_site_that_the_settings_do_not_list(broken):
    (sentence,) = broken("cohort.toml", '["A", "B"]', '["A", "C"]')
    assert sentence.startswith(
        "patients.csv, row 4, column site: expected a site that cohort.toml lists, got text of 1 character."
    )


def test_the_word_male_gets_the_letter(broken):
    (sentence,) = broken("patients.csv", "P2,M,", "P2,male,")
    assert sentence.endswith("got 'male'. Did you mean M?")


def test_a_decimal_comma_is_explained(broken):
    (sentence,) = broken("visits.csv", ",3.2,5,", ',"3,2",5,')
    assert sentence.endswith("Write a decimal point, not a comma. An empty cell means not known.")


def test_a_day_that_does_not_exist(broken):
    (sentence,) = broken("visits.csv", "2021-07-02", "2021-02-30")
    assert "expected a date as YYYY-MM-DD, got '9999-99-99'" in sentence


def test_an_unknown_patient_is_named_by_row_only(broken):
    sentences = broken("events.csv", "P2,", "Mueller-1950,")
    assert sentences == [
        "events.csv, row 2, column patient_id: expected a patient of patients.csv, got another. Add the patient there."
    ]


def test_an_unknown_visit_of_a_score(broken):
    (sentence,) = broken("scores.csv", "P1,V1,", "P1,V9,")
    assert sentence.startswith("scores.csv, row 2, column visit_id")
    assert "in 3 rows" in sentence


def test_a_landmark_that_the_region_does_not_have(broken):
    (sentence,) = broken("landmarks.csv", "F3,MTP1", "F3,MCP1")
    assert sentence.startswith("landmarks.csv, row 4, column landmark: expected a foot landmark, got 'MCP1'.")


def test_a_landmark_beside_its_film(broken):
    (sentence,) = broken("landmarks.csv", "MCP2,20,", "MCP2,61,")
    assert "row 2, column x_px: expected a point on its film, which is 60 pixels wide, got 61." in sentence


def test_a_visit_after_death(broken):
    sentences = broken("events.csv", "2022-01-01", "2020-03-05")
    assert [sentence.split(":")[0] for sentence in sentences] == ["films.csv, row 4, column date"]
    assert "expected a date up to the patient's death" in sentences[0]


def test_one_file_for_two_patients(broken):
    (sentence,) = broken("films.csv", "films/f3.png", "films/f2.png")
    assert "the same file for two patients (rows 3 and 4)" in sentence
    assert "f2" not in sentence


@pytest.mark.parametrize("path", ["../f1.dcm", "/etc/hostname"])
def test_a_path_out_of_the_folder(broken, path):
    (sentence,) = broken("films.csv", "films/f1.dcm", path)
    assert sentence.startswith("films.csv, row 2, column path: expected a path inside the cohort folder.")


def test_a_link_out_of_the_folder(cohort_folder, tmp_path):
    film = cohort_folder / "films/f1.dcm"
    film.rename(tmp_path / "elsewhere.dcm")
    film.symlink_to(tmp_path / "elsewhere.dcm")
    with pytest.raises(CohortRefused, match=re.escape("It leads through a link")):
        read_cohort(cohort_folder)


def test_a_film_that_is_not_there(cohort_folder):
    (cohort_folder / "films/f1.dcm").unlink()
    with pytest.raises(
        CohortRefused,
        match=re.escape("films.csv, row 2, column path: expected a film that can be read. There is no such file"),
    ):
        read_cohort(cohort_folder)


def test_crops_without_a_film_in_a_real_cohort(broken):
    (sentence,) = broken("films.csv", "films/f1.dcm", "films/f1.npz")
    assert "Crops without a film are for simulated cohorts" in sentence


def test_a_measurement_that_visits_give_too(broken):
    (sentence,) = broken("measurements.csv", "radai,2.5", "das28,2.5")
    assert "expected one value, got 'das28', which visits.csv gives too." in sentence


def test_a_measurement_out_of_its_range(broken):
    (sentence,) = broken("measurements.csv", "radai,2.5", "radai,25")
    assert "expected a number from 0 to 10 for radai, got '25'." in sentence


def test_haq_items_without_all_their_columns(cohort_folder):
    visits = (cohort_folder / "visits.csv").read_text().splitlines()
    lines = [line + (",haq_grip_1" if row == 0 else ",") for row, line in enumerate(visits)]
    (cohort_folder / "visits.csv").write_text("\n".join(lines))
    with pytest.raises(
        CohortRefused,
        match=re.escape(
            "expected all 28 columns haq_dressing_1 to haq_aid_activities, or none, got none called haq_dressing_1"
        ),
    ):
        read_cohort(cohort_folder)


def test_the_faults_of_all_files_come_together(cohort_folder):
    for file, old, new in (
        ("cohort.toml", "licence", "license"),
        ("patients.csv", "P2,M", "P2,male"),
        ("visits.csv", "1.125", "9"),
        ("scores.csv", "erosion,3", "erosion,9"),
    ):
        text = (cohort_folder / file).read_text()
        (cohort_folder / file).write_text(text.replace(old, new))
    message = refusal(cohort_folder)
    assert all(f"- {file}, row" in message for file in ("patients.csv", "visits.csv", "scores.csv"))
    assert "- cohort.toml" in message


def test_a_long_list_of_faults_is_cut_with_a_count():
    message = str(CohortRefused([Fault("visits.csv", row, "pain", "", "a number") for row in range(2, 27)]))
    assert message.startswith("The cohort was refused for 25 faults")
    assert message.endswith("and 5 more.")
    assert message.count("\n- ") == 20


def test_a_refused_cohort_leaves_by_exit_code_three():
    assert CohortRefused([Fault("visits.csv")]).exit_code == 3


def test_floats_in_numpy_are_not_a_film(cohort_folder):
    np.save(cohort_folder / "films/f1.npy", np.zeros(3))
    (cohort_folder / "films/f1.npy").replace(cohort_folder / "films/f1.dcm")
    assert "unsigned numbers of 8 or 16 bits, this one holds" in unread(cohort_folder)
