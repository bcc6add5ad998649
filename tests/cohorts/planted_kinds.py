"""A hundred and more ways in which the cohort folder of `conftest.py` can be wrong, and the one fault that each makes."""

from __future__ import annotations

from typing import NamedTuple

from outcomenet.haq import HAQ_CATEGORIES
from outcomenet.outcomes import REPORTED
from tests.cohorts.breaking import (
    ALL_ONE,
    Break,
    both,
    column,
    events,
    gone,
    haq_rows,
    items,
    line,
    many_measurements,
    many_visits,
    raw,
    text,
    toml,
)

SEVEN = {**ALL_ONE, "grip": None}


class Kind(NamedTuple):
    """How the folder is broken; the fault's `file|row|column`, its rule, and a piece of its sentence."""

    how: Break
    place: str
    rule: str
    says: str

    @property
    def of(self) -> tuple[str, str, str]:
        """What makes two faults of one kind: file, column and rule, whatever the row and the value."""
        file, _, column = self.place.split("|")
        return file, column, self.rule


KINDS: dict[str, Kind] = {}


def kind(name: str, how: Break, place: str, rule: str, says: str) -> None:
    assert name not in KINDS
    KINDS[name] = Kind(how, place, rule, says)


# fmt: off
# the folder and its files
kind("no cohort.toml", gone("cohort.toml"), "cohort.toml||", "no_file", "names cohort and licence")
kind("no patients.csv", gone("patients.csv"), "patients.csv||", "no_file", "expected this file")
kind("no visits.csv", gone("visits.csv"), "visits.csv||", "no_file", "expected this file")
kind("settings that are no TOML", toml("name = "), "cohort.toml||", "no_toml", "a TOML file")
kind("settings in Latin-1", raw("cohort.toml", 'name = "Zürich"'.encode("latin-1")),
     "cohort.toml||", "encoding", "Save it as UTF-8")
kind("a table in Latin-1", raw("patients.csv", "patient_id,sex,birth_year,site\nP1,F,1950,A\nP2\xfc,M,1960,A\n".encode("latin-1")),
     "patients.csv|3|", "encoding", "UTF-8 text")
kind("an empty table", raw("patients.csv", b""), "patients.csv||", "empty_file", "a header line")
kind("a header without rows", raw("patients.csv", b"patient_id,sex,birth_year,site\n"),
     "patients.csv||", "no_rows", "at least one row")
kind("no header line", raw("patients.csv", b"MRN4711,F,1950,A\nP2,M,1960,A\nP3,M,1970,B\n"),
     "patients.csv|1|", "no_header", "at least patient_id, sex, birth_year, site")
kind("scores in a spreadsheet", lambda folder: (folder / "scores.csv").rename(folder / "Scores.xlsx"),
     "scores.csv||", "misnamed_file", "exactly this name")
kind("a table named in the singular", lambda folder: (folder / "events.csv").rename(folder / "event.csv"),
     "events.csv||", "misnamed_file", "or take it out of the folder")
kind("semicolons", raw("patients.csv", b"patient_id;sex;birth_year;site\nP1;F;1950;A\n"),
     "patients.csv|1|", "separator", "commas")
kind("tabs", raw("patients.csv", b"patient_id\tsex\tbirth_year\tsite\nP1\tF\t1950\tA\n"),
     "patients.csv|1|", "separator", "commas")
kind("an open quotation mark", line("visits.csv", '"P3,V2,2020-06-01,,,,,,'),
     "visits.csv||", "no_table", "quotation mark")
kind("a row with a cell too many", line("visits.csv", "P3,V2,2020-06-01,,55,,,,,9"),
     "visits.csv|6|", "cells_in_row", "as in the header")
kind("a row with a cell too few", line("events.csv", "P1,2022-01-01"),
     "events.csv|3|", "cells_in_row", "as in the header")
kind("a column twice", raw("events.csv", b"patient_id,date,date,event\n"),
     "events.csv|1|date", "repeated_column", "each column once")
kind("an unknown column", column("visits.csv", "mood", [1]),
     "visits.csv|1|mood", "unknown_column", "an unknown column")
kind("a misspelt column", text("films.csv", "film_id,", "filmid,"),
     "films.csv|1|filmid", "unknown_column", "Did you mean film_id?")
kind("a required column missing", raw("events.csv", b"patient_id,date\nP2,2022-01-01\n"),
     "events.csv|1|event", "no_column", "required")
kind("HAQ items without all columns", column("visits.csv", "haq_grip_1", [None, None, None, 1]),
     "visits.csv|1|", "some_columns", "all 28 columns")
kind("a table in UTF-16", raw("patients.csv", "patient_id,sex,birth_year,site\nP1,F,1950,A\n".encode("utf-16")),
     "patients.csv|1|", "encoding", "UTF-8 text")
kind("a film's column that links it", column("films.csv", "visit_id", ["V1"]),
     "films.csv|1|visit_id", "other_column", "nearest visit")
kind("a day of birth", column("patients.csv", "date_of_birth", ["1950-02-03"]),
     "patients.csv|1|date_of_birth", "other_column", "Write the year alone")
kind("a surname", column("patients.csv", "surname", ["Example"]),
     "patients.csv|1|surname", "other_column", "has no place")
kind("a duration for all visits", column("patients.csv", "disease_duration", [10]),
     "patients.csv|1|disease_duration", "other_column", "Write symptom_onset")
kind("an age column", column("visits.csv", "age", [70]),
     "visits.csv|1|age", "other_column", "follows from birth_year")
kind("another HAQ scale's column", column("visits.csv", "mhaq", [0.5]),
     "visits.csv|1|mhaq", "other_column", "never pooled")
kind("a total in the visits", column("visits.csv", "svdh_total", [31]),
     "visits.csv|1|svdh_total", "other_column", "summed from the grades")
kind("a column of totals", column("scores.csv", "total", [58]),
     "scores.csv|1|total", "other_column", "summed from the grades")
kind("a column of times to events", column("events.csv", "time", [700]),
     "events.csv|1|time", "other_column", "times are counted from dates")
kind("a column of censoring flags", column("events.csv", "status", [1]),
     "events.csv|1|status", "other_column", "does not say which event")
# cohort.toml
kind("no name", text("cohort.toml", 'name = "Three patients"', ""), "cohort.toml||name", "no_key", "this key")
kind("no licence", text("cohort.toml", 'licence = "CC0 1.0"', ""), "cohort.toml||licence", "no_key", "this key")
kind("an unknown key", toml('licenze = "x"'), "cohort.toml||licenze", "unknown_key", "licence")
kind("an empty name", text("cohort.toml", '"Three patients"', '" "'), "cohort.toml||name", "value_of_key", "text")
kind("sites that are no list", text("cohort.toml", '["A", "B"]', '"A"'),
     "cohort.toml||sites", "value_of_key", "a list of site names")
kind("another HAQ scale", toml('haq_version = "MHAQ"'), "cohort.toml||haq_version", "value_of_key", "one of HAQ-DI")
for spec in REPORTED:
    kind(f"a {spec.name} range", toml(f'{spec.name}_range = "0-10"'),
         f"cohort.toml||{spec.name}_range", "value_of_key", "one of 0-100")
    kind(f"a {spec.name} scale that is a number", toml(f"{spec.name}_scale = 100"),
         f"cohort.toml||{spec.name}_scale", "value_of_key", "text")
kind("a CRP unit", toml('crp_unit = "mg/dL"'), "cohort.toml||crp_unit", "value_of_key", "one of mg/L")
kind("a unit of months", toml('symptom_months_unit = "years"'),
     "cohort.toml||symptom_months_unit", "value_of_key", "one of months")
kind("an unreadable-joint policy", toml('unreadable_joints = "zero"'),
     "cohort.toml||unreadable_joints", "value_of_key", "carry_last")
kind("a gap that is no whole number", toml("linkage_max_gap_days = 4.5"),
     "cohort.toml||linkage_max_gap_days", "value_of_key", "whole days")
kind("a hand of two metres", toml("fallback_hand_length_mm = 2000"),
     "cohort.toml||fallback_hand_length_mm", "value_of_key", "from 50 to 300")
kind("a foot of two centimetres", toml("fallback_foot_length_mm = 20"),
     "cohort.toml||fallback_foot_length_mm", "value_of_key", "30 to 250")
kind("simulated in words", toml('simulated = "no"'), "cohort.toml||simulated", "value_of_key", "true or false")
kind("deidentified in words", toml('deidentified = "yes"'),
     "cohort.toml||deidentified", "value_of_key", "true or false")
kind("a quality flag that there is not", toml('excluded_flags = ["lateral_veiw"]'),
     "cohort.toml||excluded_flags", "value_of_key", "Did you mean lateral_view")
kind("a unit of duration", toml('duration_unit = "months"'),
     "cohort.toml||duration_unit", "value_of_key", "one of years")
kind("a unit of pixel spacing", toml('pixel_spacing_unit = "cm"'),
     "cohort.toml||pixel_spacing_unit", "value_of_key", "one of mm")
kind("dates that are a date", toml("dates = 2020-01-01"), "cohort.toml||dates", "value_of_key", "shifted")
kind("a source that is a list", toml('source = ["a register"]'), "cohort.toml||source", "value_of_key", "where the data")
kind("an empty description", toml('description = ""'), "cohort.toml||description", "value_of_key", "data card")
kind("a shortest progression of two years", toml("shortest_progression_days = 730"),
     "cohort.toml||shortest_progression_days", "value_of_key", "whole days from 1 to 365")
kind("a citation that is a number", toml("citation = 7"), "cohort.toml||citation", "value_of_key", "what to cite")
kind("an address that is true", toml("url = true"), "cohort.toml||url", "value_of_key", "where to find more")
kind("a version that is a number", toml("version = 1.2"), "cohort.toml||version", "value_of_key", "the export's version")
kind("a number of readers", toml("readers = 2"), "cohort.toml||readers", "value_of_key", "who scored the films")
# patients.csv
kind("a sex in words", text("patients.csv", "P1,F", "P1,female"),
     "patients.csv|2|sex", "unknown_word", "Did you mean F?")
kind("a sex of its own", text("patients.csv", "P1,F", "P1,3"),
     "patients.csv|2|sex", "unknown_word", "one of F, M, other, unknown")
kind("no sex", text("patients.csv", "P1,F", "P1,"), "patients.csv|2|sex", "empty_cell", "an empty cell")
kind("a birth year of two digits", text("patients.csv", "1970", "70"),
     "patients.csv|4|birth_year", "too_low", "from 1900")
kind("a birth year to come", text("patients.csv", "1970", "2270"),
     "patients.csv|4|birth_year", "too_high", "from 1900")
kind("a birth year with a fraction", text("patients.csv", "1970", "1970.5"),
     "patients.csv|4|birth_year", "fraction", "whole number")
kind("no birth year", text("patients.csv", "1970", ""), "patients.csv|4|birth_year", "empty_cell", "an empty cell")
kind("no site", text("patients.csv", "1970,B", "1970,"), "patients.csv|4|site", "empty_cell", "an empty cell")
kind("a site not declared", text("patients.csv", "1970,B", "1970,C"),
     "patients.csv|4|site", "undeclared_site", "that cohort.toml lists")
kind("spaces around an id", text("patients.csv", "1970,B", "1970,B "),
     "patients.csv|4|site", "spaces", "Remove the spaces")
kind("a patient twice", line("patients.csv", "P3,unknown,1970,B,,,"),
     "patients.csv|5|patient_id", "repeated_key", "rows 4 and 5")
kind("onset before birth", text("patients.csv", "2010-01-01", "1940-01-01"),
     "patients.csv|2|symptom_onset", "before_birth", "after the patient's birth")
kind("a German date", text("patients.csv", "2010-01-01", "01.01.2010"),
     "patients.csv|2|symptom_onset", "no_date", "YYYY-MM-DD")
kind("a rheumatoid factor as a titre", text("patients.csv", "2010-01-01,1,1", "2010-01-01,120,1"),
     "patients.csv|2|rf", "no_flag", "0 (no) or 1 (yes)")
kind("an ACPA in words", text("patients.csv", "2010-01-01,1,1", "2010-01-01,1,pos"),
     "patients.csv|2|acpa", "no_flag", "Write 0 or 1")
kind("a zero byte in a cell", text("patients.csv", "1970,B", "1970,B\0"),
     "patients.csv|4|site", "spaces", "line breaks")
kind("an onset to come", text("patients.csv", "2010-01-01", "2150-01-01"),
     "patients.csv|2|symptom_onset", "to_come", "a date up to today")
kind("a patient without an id", line("patients.csv", ",F,1960,A,,,"),
     "patients.csv|5|patient_id", "empty_cell", "an empty cell")
# visits.csv
kind("no visit id", text("visits.csv", "P3,V1", "P3,"), "visits.csv|5|visit_id", "empty_cell", "an empty cell")
kind("no date", text("visits.csv", "2020-05-05", ""), "visits.csv|5|date", "empty_cell", "an empty cell")
kind("an American date", text("visits.csv", "2020-05-05", "05/05/2020"),
     "visits.csv|5|date", "no_date", "for instance 2019-03-28")
kind("the 30th of February", text("visits.csv", "2020-05-05", "2020-02-30"),
     "visits.csv|5|date", "no_such_day", "no such day")
kind("a visit twice", line("visits.csv", "P3,V1,2021-05-05,,,,,,"),
     "visits.csv|6|patient_id, visit_id", "repeated_key", "rows 5 and 6")
kind("a visit of nobody", line("visits.csv", "P9,V1,2021-05-05,,,,,,"),
     "visits.csv|6|patient_id", "unknown_patient", "a patient of patients.csv")
kind("a visit before birth", text("visits.csv", "2020-05-05", "1960-05-05"),
     "visits.csv|5|date", "before_birth", "after the patient's birth")
kind("a visit to come", text("visits.csv", "2020-05-05", "2100-05-05"),
     "visits.csv|5|date", "to_come", "a date up to today")
kind("a visit after death", line("visits.csv", "P2,V2,2023-01-01,,,,,,"),
     "visits.csv|6|date", "after_death", "up to the patient's death")
kind("a HAQ as a sum", text("visits.csv", "1.125", "4"), "visits.csv|2|haq_di", "haq_sum", "is to be divided")
kind("a HAQ with a comma", text("visits.csv", "1.125,40", '"1,125",40'),
     "visits.csv|2|haq_di", "decimal_comma", "decimal point")
kind("a HAQ off every grid", text("visits.csv", "1.125", "1.19"), "visits.csv|2|haq_di", "haq_grid", "MHAQ, HAQ-II")
kind("a HAQ that is not its items'", items(ALL_ONE, given="1.5"),
     "visits.csv|2|haq_di", "haq_of_items", "while the items give 1.000")
kind("a HAQ on the grid of eight with seven answered", items({**SEVEN, "reach": 2}, given="1.125"),
     "visits.csv|2|haq_di", "haq_answered", "a multiple of 1/7 for 7 answered categories")
kind("a HAQ of five categories", items(dict.fromkeys(list(HAQ_CATEGORIES)[:5], 1), given="1"),
     "visits.csv|2|haq_di", "haq_too_few", "fewer than 6 of 8")
kind("a HAQ without its aids", items(ALL_ONE, {"grip": 1}, "1"),
     "visits.csv|2|haq_di", "haq_version", 'haq_version = "HAQ-DI alternative"')
kind("a pain of 101", text("visits.csv", "1.125,40", "1.125,101"),
     "visits.csv|2|pain", "too_high", "from 0 to 100")
kind("a pain below 0", text("visits.csv", "1.125,40", "1.125,-1"), "visits.csv|2|pain", "too_low", "from 0 to 100")
kind("pain in words", text("visits.csv", "1.125,40", "1.125,mild"),
     "visits.csv|2|pain", "no_number", "Write digits only")
kind("a DAS28 of 32", text("visits.csv", "3.2,5", "32,5"), "visits.csv|2|das28", "too_high", "from 0 to 10")
kind("a CRP below 0", text("visits.csv", "3.2,5,", "3.2,-5,"), "visits.csv|2|crp", "too_low", "of 0 or more mg/L")
kind("a CRP below the limit of detection", text("visits.csv", "3.2,5,", "3.2,<5,"),
     "visits.csv|2|crp", "beyond_a_limit", "the limit itself")
kind("fibromyalgia as y", text("visits.csv", "3.2,5,1,", "3.2,5,y,"), "visits.csv|2|fm", "no_flag", "Write 0 or 1")
kind("osteoarthritis as 2", text("visits.csv", "2.1,0,0,1", "2.1,0,0,2"),
     "visits.csv|4|oa", "no_flag", "Write 0 or 1")
kind("a widespread pain index of 20", column("visits.csv", "wpi", [20]),
     "visits.csv|2|wpi", "too_high", "from 0 to 19")
kind("a symptom severity of 13", column("visits.csv", "sss", [13]), "visits.csv|2|sss", "too_high", "from 0 to 12")
kind("six pain regions", column("visits.csv", "pain_regions", [6]),
     "visits.csv|2|pain_regions", "too_high", "from 0 to 5")
kind("symptoms of a century", column("visits.csv", "symptom_months", [1300]),
     "visits.csv|2|symptom_months", "too_high", "to 1200")
kind("CRP in mg/dL", many_visits("crp", [0.1, 0.3, 0.8, 0.05, 1.5]),
     "visits.csv||crp", "looks_like_mg_per_dL", 'crp_unit = "mg/L"')
kind("pain from 0 to 10", many_visits("pain", [0, 2, 5, 7, 10]),
     "visits.csv||pain", "looks_like_0_to_10", "Multiply the column by 10")
kind("pain from 0 to 1", many_visits("pain", [0, 0.2, 0.55, 1]),
     "visits.csv||pain", "looks_like_0_to_1", "Multiply the column by 100")
kind("symptom_months in years", many_visits("symptom_months", [0.5, 2, 3.5, 10, 12.25]),
     "visits.csv||symptom_months", "looks_like_years", "by 12")
kind("two visits on one day", line("visits.csv", "P3,V2,2020-05-05,,,,,,"),
     "visits.csv|6|date", "visits_on_one_day", "rows 5 and 6")
kind("a visit at 121", both(text("patients.csv", "1970", "1900"), text("visits.csv", "2020-05-05", "2021-05-05")),
     "visits.csv|5|date", "too_old", "within 120 years")
kind("a HAQ of 3.2", text("visits.csv", "1.125", "3.2"), "visits.csv|2|haq_di", "too_high", "from 0 to 3")
kind("a HAQ below 0", text("visits.csv", "1.125", "-1"), "visits.csv|2|haq_di", "too_low", "from 0 to 3")
kind("a HAQ of two versions", haq_rows(({"grip": 1, "reach": 1}, "1.25"), ({"grip": 1, "reach": 1}, "1")),
     "visits.csv|7|haq_di", "haq_versions_mixed", "two versions are mixed")
kind("a HAQ item of 4", items(ALL_ONE, single={"haq_grip_1": 4}),
     "visits.csv|2|haq_grip_1", "too_high", "from 0 to 3")
kind("a HAQ item of one and a half", items(ALL_ONE, single={"haq_grip_1": 1.5}),
     "visits.csv|2|haq_grip_1", "fraction", "a whole number")
kind("a HAQ item in words", items(ALL_ONE, single={"haq_walking_1": "some"}),
     "visits.csv|2|haq_walking_1", "no_number", "Write digits only")
kind("an aid counted", items(ALL_ONE, single={"haq_aid_grip": 2}),
     "visits.csv|2|haq_aid_grip", "no_flag", "Write 0 or 1")
kind("a DAS28 with a comma", text("visits.csv", "3.2,5", '"3,2",5'),
     "visits.csv|2|das28", "decimal_comma", "decimal point")
kind("a DAS28 below 0", text("visits.csv", "3.2,5", "-3.2,5"), "visits.csv|2|das28", "too_low", "from 0 to 10")
kind("a CRP with its unit", text("visits.csv", "3.2,5,", "3.2,5 mg/L,"),
     "visits.csv|2|crp", "no_number", "Write digits only")
kind("a treatment with a tab", column("visits.csv", "treatment", ["MTX\t"]),
     "visits.csv|2|treatment", "spaces", "Remove the spaces")
kind("half a widespread pain index", column("visits.csv", "wpi", [7.5]),
     "visits.csv|2|wpi", "fraction", "a whole number")
kind("a symptom severity below 0", column("visits.csv", "sss", [-1]), "visits.csv|2|sss", "too_low", "from 0 to 12")
kind("more painful regions than areas", both(column("visits.csv", "wpi", [2]), column("visits.csv", "pain_regions", [4])),
     "visits.csv|2|pain_regions", "regions_beyond_areas", "at most wpi, 2")
kind("symptoms before birth", column("visits.csv", "symptom_months", [900]),
     "visits.csv|2|symptom_months", "longer_than_life", "It is given in months")
kind("CRP of active disease in mg/dL", many_visits("crp", [0.4, 0.7, 1.1, 1.6, 3.6]),
     "visits.csv||crp", "looks_like_mg_per_dL", "Multiply the column by 10")
# films.csv
kind("a film twice", text("films.csv", "F2,P1", "F1,P1"), "films.csv|3|film_id", "repeated_key", "rows 2 and 3")
kind("no film date", text("films.csv", "2020-03-11", ""), "films.csv|4|date", "empty_cell", "an empty cell")
kind("a film after death", text("films.csv", "2020-03-11", "2023-03-11"),
     "films.csv|4|date", "after_death", "up to the patient's death")
kind("a wrist", text("films.csv", "hand,R", "wrist,R"), "films.csv|3|region", "unknown_word", "Did you mean hand?")
kind("a side in words", text("films.csv", "hand,R", "hand,right"),
     "films.csv|3|side", "unknown_word", "Did you mean R?")
kind("an AP view", text("films.csv", "R,PA", "R,AP"), "films.csv|3|view", "unknown_word", "PA (hand) or DP (foot)")
kind("no path", text("films.csv", "films/f2.png", ""), "films.csv|3|path", "empty_cell", "an empty cell")
kind("an absolute path", text("films.csv", "films/f2.png", "/films/f2.png"), "films.csv|3|path", "", "It is absolute")
kind("a path upwards", text("films.csv", "films/f2.png", "../f2.png"), "films.csv|3|path", "", "leads upwards")
kind("a film that is not there", gone("films/f2.png"), "films.csv|3|path", "", "no such file")
kind("a film that is a folder", lambda folder: [gone("films/f2.png")(folder), (folder / "films/f2.png").mkdir()] and None,
     "films.csv|3|path", "", "a folder, pipe or device")
kind("a spacing in micrometres", text("films.csv", "f2.png,0.2", "f2.png,200"),
     "films.csv|3|pixel_spacing_mm", "too_high", "from 0.01 to 1 mm")
kind("one file for two patients", text("films.csv", "films/f3.png", "films/f2.png"),
     "films.csv|4|path", "film_of_two", "a file that shows one patient")
kind("a film of nobody", text("films.csv", "F3,P2", "F3,P9"),
     "films.csv|4|patient_id", "unknown_patient", "a patient of patients.csv")
kind("a film of another hospital", column("films.csv", "site", ["B"]),
     "films.csv|2|site", "film_site", "the patient's own site")
kind("a film before birth", text("films.csv", "F3,P2,2020-03-11", "F3,P2,1920-03-11"),
     "films.csv|4|date", "before_birth", "after the patient's birth")
kind("a film to come", text("films.csv", "F3,P2,2020-03-11", "F3,P2,2190-03-11"),
     "films.csv|4|date", "to_come", "a date up to today")
kind("a film's date in words", text("films.csv", "F3,P2,2020-03-11", "F3,P2,11 March 2020"),
     "films.csv|4|date", "no_date", "YYYY-MM-DD")
kind("a film without an id", text("films.csv", "F2,P1", ",P1"), "films.csv|3|film_id", "empty_cell", "an empty cell")
kind("a film without a view", text("films.csv", "L,DP", "L,"), "films.csv|4|view", "empty_cell", "an empty cell")
kind("a spacing in metres", text("films.csv", "f2.png,0.2", "f2.png,0.0002"),
     "films.csv|3|pixel_spacing_mm", "too_low", "in metres, by 1,000")
kind("a spacing in centimetres", text("films.csv", "f2.png,0.2", "f2.png,0.02"),
     "films.csv||pixel_spacing_mm", "looks_like_centimetres", "Multiply the column by 10")
kind("a spacing with its unit", text("films.csv", "f2.png,0.2", "f2.png,0.2mm"),
     "films.csv|3|pixel_spacing_mm", "no_number", "Write digits only")
kind("a film between two visits", line("visits.csv", "P2,V2,2020-03-21,,,,,,"),
     "films.csv|4|date", "", "two equally near")
# landmarks.csv
kind("a landmark twice", line("landmarks.csv", "F1,RC,31,71"),
     "landmarks.csv|5|film_id, landmark", "repeated_key", "rows 3 and 5")
kind("a landmark of no film", line("landmarks.csv", "F9,RC,31,71"),
     "landmarks.csv|5|film_id", "unknown_film", "a film of films.csv")
kind("a landmark of the other region", text("landmarks.csv", "F1,MCP2", "F1,MTP2"),
     "landmarks.csv|2|landmark", "unknown_landmark", "a hand landmark")
kind("a landmark beside its film", text("landmarks.csv", "30,70", "61,70"),
     "landmarks.csv|3|x_px", "off_film", "60 pixels wide")
kind("a landmark below its film", text("landmarks.csv", "30,70", "30,81"),
     "landmarks.csv|3|y_px", "off_film", "80 pixels high")
kind("a landmark at a negative place", text("landmarks.csv", "30,70", "-3,70"),
     "landmarks.csv|3|x_px", "too_low", "of 0 or more pixels")
kind("a landmark without a place", text("landmarks.csv", "30,70", ",70"),
     "landmarks.csv|3|x_px", "empty_cell", "an empty cell")
kind("a certainty of 2", column("landmarks.csv", "certainty", [2]),
     "landmarks.csv|2|certainty", "too_high", "from 0 to 1")
kind("a landmark without a name", text("landmarks.csv", "F1,RC", "F1,"),
     "landmarks.csv|3|landmark", "empty_cell", "an empty cell")
kind("a landmark's error below 0", column("landmarks.csv", "error_px", [-1]),
     "landmarks.csv|2|error_px", "too_low", "of 0 or more")
kind("a landmark's place with a comma", text("landmarks.csv", "20,30.5", '20,"30,5"'),
     "landmarks.csv|2|y_px", "decimal_comma", "decimal point")
# scores.csv
kind("no reader", text("scores.csv", "r1,single,svdh,LH,MCP2,erosion", ",single,svdh,LH,MCP2,erosion"),
     "scores.csv|2|reader", "empty_cell", "an empty cell")
kind("a reading mode of its own", text("scores.csv", "single", "blinded"),
     "scores.csv|2|reading_mode", "unknown_word", "one of single, paired")
kind("an unknown scheme", text("scores.csv", "svdh", "sharp"),
     "scores.csv|2|scheme", "unknown_word", "Did you mean svdh?")
kind("a side in one letter", text("scores.csv", "svdh,LH", "svdh,L"),
     "scores.csv|2|side", "unknown_word", "one of LH, RH, LF, RF")
kind("a site that the scheme lacks", text("scores.csv", "LH,MCP2,erosion", "LH,DIP2,erosion"),
     "scores.csv|2|site", "no_such_site", "a site that Sharp/van der Heijde grades")
kind("a hand's site on a foot", text("scores.csv", "LF,MTP5", "LF,MCP5"),
     "scores.csv|4|site", "no_such_site", "grades on LF")
kind("narrowing of the thumb's IP", text("scores.csv", "LH,MCP2,jsn", "LH,IP1,jsn"),
     "scores.csv|3|feature", "no_such_feature", "and no jsn")
kind("a feature of another scheme", text("scores.csv", "LH,MCP2,erosion", "LH,MCP2,kl"),
     "scores.csv|2|feature", "no_such_feature", "grades on LH")
kind("an erosion of 7 at a hand", text("scores.csv", "erosion,3", "erosion,7"),
     "scores.csv|2|score", "grade_range", "from 0 to 5")
kind("an erosion of 11 at a foot", text("scores.csv", "erosion,7", "erosion,11"),
     "scores.csv|4|score", "too_high", "from 0 to 10")
kind("a narrowing of 5", text("scores.csv", "MCP2,jsn,", "MCP2,jsn,5"),
     "scores.csv|3|score", "grade_range", "from 0 to 4 for jsn")
kind("half a grade", text("scores.csv", "erosion,3", "erosion,2.5"),
     "scores.csv|2|score", "fraction", "a whole number")
kind("a negative grade", text("scores.csv", "erosion,3", "erosion,-3"),
     "scores.csv|2|score", "too_low", "from 0 to 10")
kind("a grade twice", line("scores.csv", "P1,V1,r1,single,svdh,LH,MCP2,erosion,4"),
     "scores.csv|5|patient_id, visit_id, reader, reading_mode, scheme, side, site, feature", "repeated_key", "rows 2 and 5")
kind("a grade of nobody", line("scores.csv", "P9,V1,r1,single,svdh,LH,MCP2,erosion,4"),
     "scores.csv|5|patient_id", "unknown_patient", "a patient of patients.csv")
kind("a grade of no visit", line("scores.csv", "P1,V9,r1,single,svdh,LH,MCP2,erosion,4"),
     "scores.csv|5|visit_id", "unknown_visit", "a visit of this patient")
kind("a SENS grade of 2", line("scores.csv", "P1,V1,r1,single,sens,LH,MCP2,erosion,2"),
     "scores.csv|5|score", "grade_range", "from 0 to 1")
kind("a Kellgren-Lawrence grade at an MCP", line("scores.csv", "P1,V1,r1,single,kellgren_lawrence,LH,MCP2,kl,2"),
     "scores.csv|5|site", "no_such_site", "Kellgren-Lawrence")
kind("a grade of a joint after its operation", lambda folder: [ events("P1,2019-01-01,joint_surgery,LH,MCP2")(folder)] and None,
     "scores.csv|2|score", "grade_after_surgery", "after its operation in 2019")
kind("a Steinbrocker stage of 0", line("scores.csv", "P1,V1,r1,single,steinbrocker,LH,stage,stage,0"),
     "scores.csv|5|score", "grade_range", "from 1 to 4")
kind("a total among the grades", line("scores.csv", "P1,V1,r1,single,svdh,LH,total,erosion,9"),
     "scores.csv|5|site", "no_such_site", "single sites")
kind("a total for a grade", text("scores.csv", "erosion,3", "erosion,58"),
     "scores.csv|2|score", "too_high", "leave totals out")
kind("a misspelt feature", text("scores.csv", "MCP2,erosion", "MCP2,erosoin"),
     "scores.csv|2|feature", "no_such_feature", "Did you mean erosion")
kind("no side", text("scores.csv", "svdh,LH,MCP2,erosion", "svdh,,MCP2,erosion"),
     "scores.csv|2|side", "empty_cell", "an empty cell")
kind("no scheme", text("scores.csv", "svdh,LH,MCP2,erosion", ",LH,MCP2,erosion"),
     "scores.csv|2|scheme", "empty_cell", "an empty cell")
kind("no reading mode", text("scores.csv", "single,svdh,LH,MCP2,erosion", ",svdh,LH,MCP2,erosion"),
     "scores.csv|2|reading_mode", "empty_cell", "an empty cell")
kind("a grade in words", text("scores.csv", "erosion,3", "erosion,severe"),
     "scores.csv|2|score", "no_number", "Write digits only")
kind("a Larsen grade of 6", line("scores.csv", "P1,V1,r1,single,larsen_1995,LH,MCP2,larsen,6"),
     "scores.csv|5|score", "grade_range", "Larsen 1995 grade from 0 to 5")
kind("a Larsen scheme without its year", line("scores.csv", "P1,V1,r1,single,larsen,LH,MCP2,larsen,3"),
     "scores.csv|5|scheme", "unknown_word", "larsen_19")
kind("a Ratingen grade of the first big toe's base", line("scores.csv", "P1,V1,r1,single,ratingen,LF,MTP1,ratingen,2"),
     "scores.csv|5|site", "no_such_site", "Ratingen")
kind("an osteophyte of 4", line("scores.csv", "P1,V1,r1,single,osteophytes,LH,DIP2,osteophyte,4"),
     "scores.csv|5|score", "grade_range", "from 0 to 3")
kind("a foot in Sharp 1985", line("scores.csv", "P1,V1,r1,single,sharp_1985,LF,MTP2,erosion,2"),
     "scores.csv|5|site", "no_such_site", "Sharp 1985")
# events.csv
kind("a censoring flag", line("events.csv", "P1,2022-01-01,0"),
     "events.csv|3|event", "other_meaning", "a patient to whom nothing happened has none")
kind("an event flag", line("events.csv", "P1,2022-01-01,1"),
     "events.csv|3|event", "other_meaning", "does not say which event")
kind("an event called censored", line("events.csv", "P1,2022-01-01,censored"),
     "events.csv|3|event", "other_meaning", "is censored at the last film")
kind("progression as an event", line("events.csv", "P1,2022-01-01,progression"),
     "events.csv|3|event", "other_meaning", "found from the scores")
kind("a withdrawal", line("events.csv", "P1,2022-01-01,withdrawn"),
     "events.csv|3|event", "unknown_word", "Did you mean lost?")
kind("an event without a day", line("events.csv", "P1,,lost"), "events.csv|3|date", "empty_cell", "an empty cell")
kind("an event of nobody", line("events.csv", "P9,2022-01-01,lost"),
     "events.csv|3|patient_id", "unknown_patient", "a patient of patients.csv")
kind("an event twice", line("events.csv", "P2,2022-01-01,death"),
     "events.csv|3|patient_id, date, event", "repeated_key", "rows 2 and 3")
kind("an operation after death", line("events.csv", "P2,2023-01-01,joint_surgery"),
     "events.csv|3|date", "after_death", "up to the patient's death")
kind("a patient lost before a later visit", line("events.csv", "P1,2021-01-01,lost"),
     "events.csv|3|date", "seen_after_lost", "no mark for a visit that was missed")
kind("an operation of half a joint", events("P1,2022-01-01,joint_surgery,LH,"),
     "events.csv|2|site", "half_a_joint", "side and site")
kind("a death of a joint", events("P2,2022-01-01,death,LH,MCP2"),
     "events.csv|2|site", "joint_of_no_operation", "no joint for death")
kind("a second loss", line("events.csv", "P1,2022-01-01,lost", "P1,2023-01-01,lost"),
     "events.csv|4|event", "several_losses", "one loss to follow-up per patient")
kind("a loss in three words", line("events.csv", "P1,2022-01-01,lost to follow-up"),
     "events.csv|3|event", "other_meaning", "Did you mean lost?")
kind("the end of a study", line("events.csv", "P1,2022-01-01,end of study"),
     "events.csv|3|event", "other_meaning", "is censored at the last film")
kind("an event called alive", line("events.csv", "P1,2022-01-01,alive"),
     "events.csv|3|event", "other_meaning", "is censored at the last film")
kind("an event in another word", line("events.csv", "P1,2022-01-01,exitus"),
     "events.csv|3|event", "unknown_word", "one of death")
kind("an event before birth", line("events.csv", "P1,1922-01-01,joint_surgery"),
     "events.csv|3|date", "before_birth", "after the patient's birth")
kind("an event to come", line("events.csv", "P1,2192-01-01,death"),
     "events.csv|3|date", "to_come", "a date up to today")
kind("an event on a day that is none", line("events.csv", "P1,2022-13-01,death"),
     "events.csv|3|date", "no_such_day", "no such day")
kind("a second death", line("events.csv", "P2,2022-02-01,death"),
     "events.csv|3|event", "several_deaths", "rows 2 and 3")
kind("an operation of a joint that there is not", events("P1,2022-01-01,joint_surgery,LH,MPC2"),
     "events.csv|2|site", "unknown_joint", "Did you mean MCP2")
kind("an operation of a foot's joint on a hand", events("P1,2022-01-01,joint_surgery,LH,MTP2"),
     "events.csv|2|site", "unknown_joint", "graded site of the LH")
# measurements.csv
kind("an unknown measurement", line("measurements.csv", "P1,V2,esr,20"),
     "measurements.csv|3|name", "unknown_word", "one of")
kind("a RADAI of 11", line("measurements.csv", "P1,V2,radai,11"),
     "measurements.csv|3|value", "too_high", "from 0 to 10 for radai")
kind("a measurement without a value", line("measurements.csv", "P1,V2,radai,"),
     "measurements.csv|3|value", "empty_cell", "an empty cell")
kind("a measurement twice", line("measurements.csv", "P1,V1,radai,3"),
     "measurements.csv|3|patient_id, visit_id, name", "repeated_key", "rows 2 and 3")
kind("a measurement that visits give too", line("measurements.csv", "P1,V1,das28,3"),
     "measurements.csv|3|name", "given_twice", "which visits.csv gives too")
kind("a measurement of no visit", line("measurements.csv", "P1,V9,radai,3"),
     "measurements.csv|3|visit_id", "unknown_visit", "a visit of this patient")
kind("a flag of 2 as a measurement", line("measurements.csv", "P3,V1,acpa,2"),
     "measurements.csv|3|value", "no_flag", "0 (no) or 1 (yes) for acpa")
kind("a measurement below 0", line("measurements.csv", "P1,V2,radai,-1"),
     "measurements.csv|3|value", "too_low", "of 0 or more")
kind("a duration of 120 years", line("measurements.csv", "P3,V1,duration,120"),
     "measurements.csv|3|value", "too_high", "In months, divide by 12")
kind("a duration longer than life", line("measurements.csv", "P3,V1,duration,60"),
     "measurements.csv|3|value", "longer_than_life", "at most 51 years")
kind("a duration beside the onset", line("measurements.csv", "P1,V2,duration,11"),
     "measurements.csv|3|name", "given_twice", "which patients.csv gives too")
kind("durations in months", many_measurements("duration", [6, 33, 36, 41]),
     "measurements.csv||value", "looks_like_months", "Divide it by 12")
kind("CRP in mg/dL among measurements", many_measurements("crp", [0.1, 0.3, 0.8, 0.5, 1.5]),
     "measurements.csv||value", "looks_like_mg_per_dL", "crp values that look like")
