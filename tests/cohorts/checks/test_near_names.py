"""One name in two spellings is found, whatever makes the difference; two names that are merely alike are left alone."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from outcomenet.cohorts.checks.near_names import difference, looks_like, one_name
from outcomenet.cohorts.cohort import read_cohort
from outcomenet.cohorts.faults import CohortRefused, Fault
from outcomenet.errors import meant

SAME = [
    ("R1", "r1"), ("P00001", "p00001"), ("P 1", "P1"), ("P-1", "P1"), ("P_1", "P\u20111"), ("P\u20131", "P\u22121"),
    ("\uff30\uff11", "P1"), ("P\u00a01", "P1"), ("P\u200b1", "P1"), ("UZ Gent", "UZ-Gent"), ("007", "7"), ("7.0", "7"),
    ("P1.0", "P1"), (unicodedata.normalize("NFC", "Z\u00fcrich"), unicodedata.normalize("NFD", "Z\u00fcrich")),
    ("Li\u00e8ge", "Liege"), ("STRASSE", "Stra\u00dfe"), ("P\u00ad1", "P1"), ("A  B", "A B"),
]  # fmt: skip
OTHERS = [
    ("1-11", "11-1"),
    ("-1", "1"),  # a screening visit and the first one
    ("\u30cf\u75c5\u9662", "\u30d0\u75c5\u9662"),  # two hospitals: the mark makes another letter
    ("P1", "P11"),
    ("P10", "P1"),
    ("P1", "P2"),
    ("A", "B"),
    ("1.5", "15"),
    ("100", "1"),
    ("V1", "V10"),
    ("P1.01", "P1.1"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_spellings_of_one_name(one, other):
    assert one_name(one) == one_name(other)


@pytest.mark.parametrize(("one", "other"), OTHERS)
def test_names_that_are_two(one, other):
    assert one_name(one) != one_name(other)


LOOKS = "letters of another alphabet that look the same"
ALIKE = [
    ("\N{CYRILLIC CAPITAL LETTER ER}1", "P1"), ("\N{GREEK CAPITAL LETTER RHO}001", "P1"),
    ("\N{CYRILLIC SMALL LETTER ER}1", "P1"), ("\N{CYRILLIC CAPITAL LETTER VE}1", "b1"), ("\N{GREEK CAPITAL LETTER NU}1", "n1"),
    ("\N{GREEK SMALL LETTER NU}1", "V1"), ("G\N{GREEK SMALL LETTER OMICRON WITH TONOS}nt", "G\u00f3nt"),
    ("\u0430\u0441\u0435\u043e\u0440\u0445", "aceopx"),  # all six of Cyrillic
    ("\u041c\u041e\u0421", "MOC"),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_names_that_look_alike_are_not_one_name(one, other):
    assert one_name(one) != one_name(other)
    assert looks_like(one) == looks_like(other)


@pytest.mark.parametrize(
    ("one", "other"), [*OTHERS, ("\u041f1", "P1"), ("\u0432\u0435\u0441", "bec"), ("\u03bf\u03c3", "\u03bf\u03bf")]
)
def test_names_that_do_not_look_alike(one, other):
    assert looks_like(one) != looks_like(other)


def faults_of(folder: Path) -> list[Fault]:
    with pytest.raises(CohortRefused) as refused:
        read_cohort(folder)
    return list(refused.value.faults)


def change(folder: Path, file: str, old: str, new: str, count: int = 1) -> None:
    text = (folder / file).read_text()
    assert old in text
    (folder / file).write_text(text.replace(old, new, count))


NFD = unicodedata.normalize("NFD", "A\u00e9")


@pytest.mark.parametrize(
    ("file", "old", "new", "place", "how"),
    [
        ("scores.csv", "P1,V1,r1,single,svdh,LF", "P1,V1,R1,single,svdh,LF", ("scores.csv", 4, "reader"), "capitals"),
        (
            "scores.csv",
            "P1,V1,r1,single,svdh,LF",
            "P1,V1,r-1,single,svdh,LF",
            ("scores.csv", 4, "reader"),
            "blanks and hyphens",
        ),
        ("patients.csv", "P3,unknown,1970,B", "p1,unknown,1970,B", ("patients.csv", 4, "patient_id"), "capitals"),
        ("patients.csv", "P3,unknown,1970,B", "P01,unknown,1970,B", ("patients.csv", 4, "patient_id"), "leading zeros"),
        ("visits.csv", "P1,V2", "P1,v1", ("visits.csv", 3, "visit_id"), "capitals"),
        ("films.csv", "F2,P1", "f1,P1", ("films.csv", 3, "film_id"), "capitals"),
        ("patients.csv", "P3,unknown,1970,B", "\u04201,unknown,1970,B", ("patients.csv", 4, "patient_id"), LOOKS),
        ("scores.csv", "P1,V1,r1,single,svdh,LF", "P1,V1,\u04331,single,svdh,LF", ("scores.csv", 4, "reader"), LOOKS),
    ],
)
def test_a_name_in_two_spellings_is_a_fault(cohort_folder, file, old, new, place, how):
    change(cohort_folder, file, old, new)
    faults = [fault for fault in faults_of(cohort_folder) if fault.rule == "two_spellings"]
    assert [(fault.file, fault.row, fault.column) for fault in faults] == [place]
    assert f"These differ by {how} alone" in faults[0].sentence


def test_a_hospital_in_two_unicode_forms_is_a_fault(cohort_folder):
    change(cohort_folder, "cohort.toml", 'sites = ["A", "B"]', "")
    change(cohort_folder, "patients.csv", "1950,A", f"1950,{unicodedata.normalize('NFC', NFD)}")
    change(cohort_folder, "patients.csv", "1960,A", f"1960,{NFD}")
    (fault,) = faults_of(cohort_folder)
    assert (fault.column, fault.rule, fault.value) == ("site", "two_spellings", "2 (rows 2 and 3)")
    assert "their Unicode form" in fault.sentence


@pytest.mark.parametrize(
    ("known", "given", "how"),
    [
        ("000{}", "{}", "leading zeros"),
        ("{}", "{}.0", "a trailing .0"),
        ("P{}", "p{}", "capitals"),
        ("P{}", "P {}", "blanks and hyphens"),
        ("P{}", "\u0420{}", LOOKS),
    ],
)
def test_ids_in_another_spelling_are_said_once(cohort_folder, known, given, how):
    patients = [known.format(n) for n in range(1, 31)]
    (cohort_folder / "patients.csv").write_text(
        "patient_id,sex,birth_year,site\n" + "".join(f"{p},F,1950,A\n" for p in patients)
    )
    visits = "".join(f"{given.format(n)},V1,2020-01-01\n" for n in range(1, 31))
    (cohort_folder / "visits.csv").write_text("patient_id,visit_id,date\n" + visits)
    for file in ("films.csv", "landmarks.csv", "scores.csv", "events.csv", "measurements.csv"):
        (cohort_folder / file).unlink()
    (fault,) = faults_of(cohort_folder)
    assert (fault.file, fault.row, fault.column, fault.rule) == ("visits.csv", 2, "patient_id", "another_spelling")
    assert "30 in another spelling, in 30 rows" in fault.sentence
    assert f"They differ by {how} alone" in fault.sentence
    assert "Add the patient" not in fault.sentence


def test_a_visit_of_another_patient_is_no_spelling(cohort_folder):
    change(cohort_folder, "measurements.csv", "P1,V1", "P3,V2")
    assert [fault.rule for fault in faults_of(cohort_folder)] == ["unknown_visit"]


def test_paths_with_backslashes_are_said_once(cohort_folder):
    change(cohort_folder, "films.csv", "films/", "films\\", count=3)
    (fault,) = faults_of(cohort_folder)
    assert (fault.row, fault.column, fault.value) == (2, "path", "backslashes, in 3 rows")
    change(cohort_folder, "films.csv", "films\\f1.dcm", "C:/films/f1.dcm")
    assert "It is absolute" in " ".join(fault.sentence for fault in faults_of(cohort_folder))


@pytest.mark.parametrize(
    "name", ["Arthrose", "Alter", "Rauchen", "Schmerz", "Rheumafaktor", "Erosionen", "esr", "mood"]
)
def test_no_name_is_offered_that_merely_shares_letters(cohort_folder, name):
    columns = (cohort_folder / "visits.csv").read_text().splitlines()[0].split(",")
    assert meant(name, [*columns, "wpi", "sss", "pain_regions", "symptom_months", "haq_reach_1", "haq_grip_1"]) == ""
    (cohort_folder / "visits.csv").write_text(
        f"patient_id,visit_id,date,{name}\nP1,V1,2020-07-02,1\nP2,V1,2020-03-01,1\n"
    )
    said = [fault.sentence for fault in faults_of(cohort_folder) if fault.column == name]
    assert len(said) == 1
    assert "Did you mean" not in said[0]


@pytest.mark.parametrize(
    ("slip", "known"), [("filmid", "film_id"), ("pian", "pain"), ("haq_id", "haq_di"), ("birthyear", "birth_year")]
)
def test_a_slip_of_the_pen_is_known(slip, known):
    assert meant(slip, ["film_id", "pain", "haq_di", "birth_year", "date", "site"]) == known


@pytest.mark.parametrize(
    ("column", "cell", "says"),
    [
        ("crp", "1,234", "It can be read as 1.234 (decimal comma) or as 1234 (comma between thousands)"),
        ("pain", "1,234", "Write a decimal point (1.234)"),
        ("haq_di", "1,125", "Write a decimal point (1.125)"),
        ("crp", "0,125", "Write a decimal point, not a comma."),
        ("crp", "12,5", "Write a decimal point, not a comma."),
        ("crp", "1,234.5", "without separators of thousands"),
        ("crp", "1.234,5", "without separators of thousands"),
        ("crp", "12 345", "without separators of thousands"),
        ("crp", "1,234,567", "without separators of thousands"),
    ],
)
def test_a_comma_is_read_both_ways_where_both_are_possible(cohort_folder, column, cell, says):
    (cohort_folder / "visits.csv").write_text(
        f'patient_id,visit_id,date,{column}\nP1,V1,2020-07-02,"{cell}"\nP2,V1,2020-03-01,1\n'
    )
    (fault,) = [fault for fault in faults_of(cohort_folder) if fault.column == column]
    assert says in fault.sentence


FREE_TEXT = "CANARY7 of Mueller, 12 Main Street"
CELLS = [
    (file, column)
    for file, columns in {
        "patients.csv": ("sex", "birth_year", "symptom_onset", "rf"),
        "visits.csv": ("date", "haq_di", "pain", "das28", "crp", "fm", "oa"),
        "films.csv": ("date", "region", "side", "view", "pixel_spacing_mm", "path"),
        "landmarks.csv": ("landmark", "x_px"),
        "scores.csv": ("reading_mode", "scheme", "side", "site", "feature", "score"),
        "events.csv": ("date", "event"),
        "measurements.csv": ("name", "value"),
    }.items()
    for column in columns
]


@pytest.mark.parametrize("content", [FREE_TEXT, "02.04.1958", "850730-123456", "0032 478 12 34 56", "a.b@example.org"])
def test_no_fault_repeats_what_somebody_may_be_known_by(cohort_folder, content):
    import pandas as pd

    for file, column in CELLS:
        table = pd.read_csv(cohort_folder / file, dtype=str)
        table.loc[0, column] = content
        table.to_csv(cohort_folder / file, index=False)
    with (cohort_folder / "cohort.toml").open("a") as stream:
        stream.write(f'pain_range = "{content}"\nhaq_version = "{content}"\n')
    faults = faults_of(cohort_folder)
    assert len({(fault.file, fault.column) for fault in faults}) >= len(CELLS) - 2
    for fault in faults:
        assert content not in fault.sentence
        assert not [word for word in content.replace(",", " ").split() if len(word) > 3 and word in fault.sentence], (
            fault.sentence
        )


@pytest.mark.parametrize(
    ("one", "other", "words"),
    [("Jos\u00e9", "Jose", "accents"), ("P 1", "P-1", "blanks and hyphens"), ("-1", "\u22121", "blanks and hyphens")],
)
def test_it_is_said_in_what_two_spellings_differ(one, other, words):
    assert difference(one, other) == words
