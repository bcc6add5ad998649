"""REDCap: two made-up records, long and wide, and what a map is taught when it does not fit."""

from __future__ import annotations

import pytest

from outcomenet.cohorts.cohort import read_cohort
from outcomenet.cohorts.importers.redcap import import_redcap

DATA_SET = "redcap"


def test_events_become_visits(example, tmp_path):
    cohort = read_cohort(import_redcap(example, tmp_path / "cohort"))
    patients = cohort.patients.set_index("patient_id")
    assert patients["sex"].to_dict() == {"101": "F", "102": "M"}
    assert patients["birth_year"].to_dict() == {"101": 1958, "102": 1971}
    assert patients["rf"].isna().to_dict() == {"101": False, "102": True}  # 9 means not known
    visits = cohort.visits.set_index(["patient_id", "visit_id"])
    assert list(visits.index) == [("101", "V1"), ("101", "V2"), ("102", "V1")]
    assert visits["haq"].tolist() == [1.125, 0.875, 0.5]
    assert visits["pain"].tolist() == [40, 25, 70]  # NRS 4, 2.5 and 7
    assert visits["fm"].tolist() == [0, 0, 1]  # comorbidity___3
    assert visits["treatment"].tolist() == ["MTX+SSZ", "none", "SSZ"]
    assert visits["radai"].fillna(-1).tolist() == [2.5, -1, -1]
    assert cohort.meta.scale_of("pain") == "NRS 0-10 times 10, past week"
    assert "visits of which no mapped field was filled (1)" in cohort.meta.description


def test_a_wide_export_gives_the_same_visits(example, tmp_path):
    long = read_cohort(import_redcap(example / "redcap.toml", tmp_path / "long")).visits
    wide = read_cohort(import_redcap(example / "redcap_wide.toml", tmp_path / "wide")).visits
    same = ["patient_id", "visit_id", "date", "haq", "pain"]
    assert wide[same].equals(long[same])
    assert wide["fm"].fillna(-1).tolist() == [0, -1, 1]  # asked at baseline only


def test_what_the_map_lacks_is_listed_all_at_once(example, refused):
    (example / "redcap.toml").write_text(
        '[cohort]\nname = "A"\n[patients]\nsex = "sex"\nsiet = "x"\n[visits]\npain = 3\n'
    )
    sentences = refused("redcap.toml", "A", "B")
    named = {sentence.split(", column ")[1].split(":")[0] for sentence in sentences}
    lacking = {"export", "form", "record", "events", "cohort.licence", "patients.birth_year", "patients.site"}
    assert named == lacking | {"visits.date", "patients.siet", "visits.pain"}
    assert any("patients.siet: expected a column of patients.csv, got an unknown column. Did you mean site" in s
               for s in sentences)  # fmt: skip
    assert any('visits.date: expected this entry, got none. Name its field, for instance `date = "field_name"`' in s
               for s in sentences)  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"visit_date"', '"visit_dat"', "visits.date: expected a field of the export, got 'visit_dat'. Did you mean visit_date"),
        ('checkbox = "3"', 'checkbox = "4"', "visits.fm: expected a field of the export, got 'comorbidity___<code>'"),
        ('month_12_arm_1 = "V2"\n', "", 'expected an entry for every event of the export, got none. Add `month_12_arm_1 = "V1"`'),
        ("baseline_arm_1", "base_arm_1", "events.base_arm_1: expected one that it has, got an event that the export does"),
        ('form = "long"', 'form = "wide"', "visits.date: expected a field of the export, got 'visit_dateenrolment_arm_1'"),
        ('record = "record_id"', 'record = "id"', "record: expected a column of the export, got 'id'"),
        ("factor = 10", "facto = 10", "not facto. Did you mean factor?"),
        ("factor = 10", 'factor = "10"', "expected factor as a number"),
        ('take = "year"', 'take = "month"', "expected take as one of year, date"),
        ('{ value = "Ghent" }', "{ }", "patients.site: expected either field or value"),
        ("factor = 10", 'factor = 10, take = "year"', "expected at most one of codes, factor, take, checkbox"),
        ('licence = "CC0 1.0"', 'license = "CC0 1.0"', "cohort.licence: expected this entry, got none"),
        ("[cohort]", "[cohort", "expected a TOML file in UTF-8"),
    ],
)  # fmt: skip
def test_a_map_that_does_not_fit_is_taught(refused, old, new, said):
    assert said in " ".join(refused("redcap.toml", old, new))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("1958-04-02,1", "1958-04-02,3", "row 2, column sex: expected one of the codes 1, 2 of the map (map entry patients.sex), "
                                         "got '3'. Add it to codes there."),
        ("1.125,4,", "1.125,four,", "row 3, column pain_nrs: expected a number (map entry visits.pain), got text of 4 characters"),
        ("1958-04-02", "02.04.1958", "column dob: expected a date that begins YYYY-MM-DD (map entry patients.birth_year). "),
        (",4,1,0,1,1,", ",4,1,yes,1,1,", "column comorbidity: expected 0 or 1 in a checkbox (map entry visits.fm), got text of 3 characters"),
        ("102,month_12_arm_1", "102,baseline_arm_1", "record_id and redcap_event_name: expected a row for each of its own, got "
                                                     "the same as in a row above"),
        ("102,month_12_arm_1,", "102,month_12_arm_1,labs", "expected one row per record and event, got 1 rows of repeats"),
        ("102,month_12_arm_1", ",month_12_arm_1", "got an empty cell. Fill it in or remove the row."),
        ("101,baseline_arm_1,,,,", "101,baseline_arm_1,,,1960-01-01,", "one value for all events of a record (rows 2 and 3)"),
    ],
)  # fmt: skip
def test_a_cell_that_the_map_does_not_cover_is_named_with_its_entry(refused, old, new, said):
    assert said in " ".join(refused("export.csv", old, new))


def test_a_date_of_birth_is_never_printed(refused):
    assert "04.1958" not in " ".join(refused("export.csv", "1958-04-02", "02.04.1958"))


def test_an_export_without_events_is_read_as_wide(example, tmp_path):
    (example / "export_wide.csv").write_text("record_id,sex,dob,visit_date\n7,1,1950-01-01,2020-01-01\n")
    text = (example / "redcap_wide.toml").read_text()
    text = text.replace('_bl = "V1"\n_m12 = "V2"', '"" = "V1"').split("haq_di")[0]
    (example / "redcap_wide.toml").write_text(text)
    cohort = read_cohort(import_redcap(example / "redcap_wide.toml", tmp_path / "cohort"))
    assert cohort.visits[["patient_id", "visit_id"]].to_numpy().tolist() == [["7", "V1"]]


@pytest.mark.parametrize(
    "dob", ["02-04-1958", "04/02/1958", "2-4-1958", "19580402", "1958-13-02", "2.4.58", "April 1958"]
)
def test_a_day_of_birth_in_another_format_is_refused_and_nowhere_repeated(refused, tmp_path, dob):
    (sentence,) = refused("export.csv", "1958-04-02", dob)
    assert (
        "column dob: expected a date that begins YYYY-MM-DD (map entry patients.birth_year). Export dates" in sentence
    )
    assert not [path for path in tmp_path.rglob("patients.csv") if dob in path.read_text()]


def test_a_day_of_birth_that_no_year_is_taken_of_is_refused(refused):
    (sentence,) = refused("redcap.toml", '{ field = "dob", take = "year" }', '"dob"')
    assert (
        'expected a year of four digits (map entry patients.birth_year). Take it from a date with take = "year"'
        in sentence
    )
    assert "1958" not in sentence


def with_forms(text: str, statuses: dict[str, tuple[str, str]]) -> str:
    """The long export with the `..._complete` fields of two forms: function and pain, then illnesses and drugs.

    `statuses` are the two forms' by the row's start; other rows are of another event.
    """
    rows = []
    for line in text.splitlines():
        cells = line.split(",")
        at = cells.index("pain_nrs") + 1 if line.startswith("record_id") else 10
        named = ("function_complete", "illness_complete") if line.startswith("record_id") else ("", "")
        one, two = next((status for start, status in statuses.items() if line.startswith(start)), named)
        rows.append(",".join([*cells[:at], one, *cells[at:-1], two, cells[-1]]))
    return "\n".join(rows) + "\n"


@pytest.mark.parametrize("status", ["0", "", "Incomplete"])
def test_boxes_of_a_form_that_was_never_opened_are_not_known(example, tmp_path, status):
    text = (example / "export.csv").read_text().replace("0.5,7,0,1,0,1,", "0.5,7,0,0,0,0,")
    statuses = {"101,baseline": ("2", "2"), "101,month": ("2", "0"), "102,baseline": ("2", status)}
    (example / "export.csv").write_text(with_forms(text, statuses))
    cohort = read_cohort(import_redcap(example, tmp_path / "cohort"))
    visits = cohort.visits
    assert visits["fm"].fillna(-1).tolist() == [0, 0, -1]  # at the second visit a box of the unmarked form is ticked
    assert visits["treatment"].fillna("").tolist() == ["MTX+SSZ", "none", ""]
    assert "boxes of forms that were never opened, which are not known (2)" in cohort.meta.description


@pytest.mark.parametrize("status", ["1", "2", "Unverified", "Complete"])
def test_boxes_of_a_form_that_somebody_marked_are_answers(example, tmp_path, status):
    text = (example / "export.csv").read_text().replace("0.5,7,0,1,0,1,", "0.5,7,0,0,0,0,")
    statuses = {"101": ("2", "2"), "102,baseline": ("2", status)}
    (example / "export.csv").write_text(with_forms(text, statuses))
    visits = read_cohort(import_redcap(example, tmp_path / "cohort")).visits
    assert visits["fm"].tolist() == [0, 0, 0]
    assert visits["treatment"].tolist() == ["MTX+SSZ", "none", "none"]


def test_an_export_that_does_not_say_which_forms_were_opened_is_noted(example, tmp_path):
    meta = read_cohort(import_redcap(example, tmp_path / "cohort")).meta
    assert "The export has no ..._complete fields" in meta.description
