"""A hundred ways in which a cohort folder can be wrong: each is found, at its place, and nothing else is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from outcomenet.cohorts.cohort import read_cohort
from outcomenet.cohorts.faults import COLUMNS, SHOWN, CohortRefused, Fault, write_faults
from outcomenet.outcomes import HAQ_AID_COLUMNS, HAQ_CATEGORIES, HAQ_ITEM_COLUMNS

Break = Callable[[Path], None]


def text(file: str, old: str, new: str) -> Break:
    """Replaces a text that must be there, once."""

    def change(folder: Path) -> None:
        before = (folder / file).read_text()
        assert old in before, f"{old!r} is not in {file}"
        (folder / file).write_text(before.replace(old, new, 1))

    return change


def column(file: str, name: str, values: list[object]) -> Break:
    """Adds (or replaces) a column, missing where there are fewer values than rows."""

    def change(folder: Path) -> None:
        table = pd.read_csv(folder / file, dtype=str)
        table[name] = [*values, *[None] * (len(table) - len(values))]
        table.to_csv(folder / file, index=False)

    return change


def line(file: str, *rows: str) -> Break:
    """Adds rows at the end; they are rows 6 and on of visits.csv, 5 of patients.csv, films.csv and scores.csv."""

    def change(folder: Path) -> None:
        with (folder / file).open("a") as stream:
            stream.writelines(f"{row}\n" for row in rows)

    return change


def toml(setting: str) -> Break:
    return line("cohort.toml", setting)


def raw(file: str, data: bytes) -> Break:
    return lambda folder: (folder / file).write_bytes(data) and None


def gone(file: str) -> Break:
    return lambda folder: (folder / file).unlink()


def items(answers: dict[str, int | None], aids: dict[str, int] | None = None, given: object = None) -> Break:
    """HAQ items for the first visit: `answers` by category (all its items), and its index as given."""

    def change(folder: Path) -> None:
        table = pd.read_csv(folder / "visits.csv", dtype=str)
        for name in (*HAQ_ITEM_COLUMNS, *HAQ_AID_COLUMNS):
            table[name] = None
        for category, answer in answers.items():
            for n in range(1, HAQ_CATEGORIES[category] + 1):
                table.loc[0, f"haq_{category}_{n}"] = answer
        for category, aid in (aids or {}).items():
            table.loc[0, f"haq_aid_{category}"] = aid
        table.loc[0, "haq_di"] = given
        table.to_csv(folder / "visits.csv", index=False)

    return change


def many_visits(name: str, values: list[float]) -> Break:
    """Forty further visits of the first patient with values of a column."""

    def change(folder: Path) -> None:
        table = pd.read_csv(folder / "visits.csv", dtype=str)
        days = pd.date_range("2012-01-01", periods=40, freq="60D").strftime("%Y-%m-%d")
        more = pd.DataFrame({"patient_id": "P1", "visit_id": [f"X{n}" for n in range(40)], "date": days})
        more[name] = [f"{values[n % len(values)]:g}" for n in range(40)]
        table = table.assign(**{name: None}) if name in ("crp", "symptom_months") else table.assign(pain=None)
        pd.concat([table, more]).to_csv(folder / "visits.csv", index=False)

    return change


ALL_ONE = dict.fromkeys(HAQ_CATEGORIES, 1)
SEVEN = {**ALL_ONE, "grip": None}
KINDS: dict[str, tuple[Break, str, str]] = {}  # name -> how it is broken, place of the only fault, part of its sentence


def kind(name: str, how: Break, place: str, says: str) -> None:
    assert name not in KINDS
    KINDS[name] = how, place, says


# the folder and its files
kind("no cohort.toml", gone("cohort.toml"), "cohort.toml||", "names cohort and licence")
kind("no patients.csv", gone("patients.csv"), "patients.csv||", "expected this file")
kind("no visits.csv", gone("visits.csv"), "visits.csv||", "expected this file")
kind("settings that are no TOML", toml("name = "), "cohort.toml||", "a TOML file")
kind(
    "settings in Latin-1", raw("cohort.toml", 'name = "Zürich"'.encode("latin-1")), "cohort.toml||", "Save it as UTF-8"
)
kind("a table in Latin-1", raw(
    "patients.csv", "patient_id,sex,birth_year,site\nP1,F,1950,A\nP2\xfc,M,1960,A\n".encode("latin-1")),
    "patients.csv|3|", "UTF-8 text")  # fmt: skip
kind("an empty table", raw("patients.csv", b""), "patients.csv||", "a header line")
kind(
    "a header without rows",
    raw("patients.csv", b"patient_id,sex,birth_year,site\n"),
    "patients.csv||",
    "at least one row",
)
kind("semicolons", raw("patients.csv", b"patient_id;sex;birth_year;site\nP1;F;1950;A\n"), "patients.csv|1|", "commas")
kind("tabs", raw("patients.csv", b"patient_id\tsex\tbirth_year\tsite\nP1\tF\t1950\tA\n"), "patients.csv|1|", "commas")
kind("an open quotation mark", line("visits.csv", '"P3,V2,2020-06-01,,,,,,'), "visits.csv||", "quotation mark")
kind(
    "a row with a cell too many", line("visits.csv", "P3,V2,2020-06-01,,55,,,,,9"), "visits.csv|6|", "as in the header"
)
kind("a row with a cell too few", line("events.csv", "P1,2022-01-01"), "events.csv|3|", "as in the header")
kind("a column twice", raw("events.csv", b"patient_id,date,date,event\n"), "events.csv|1|date", "each column once")
kind("an unknown column", column("visits.csv", "mood", [1]), "visits.csv|1|mood", "an unknown column")
kind("a misspelt column", text("films.csv", "film_id,", "filmid,"), "films.csv|1|filmid", "Did you mean film_id?")
kind(
    "a required column missing",
    raw("events.csv", b"patient_id,date\nP2,2022-01-01\n"),
    "events.csv|1|event",
    "required",
)
kind(
    "HAQ items without all columns",
    column("visits.csv", "haq_grip_1", [None, None, None, 1]),
    "visits.csv|1|",
    "all 28 columns",
)
# cohort.toml
kind("no name", text("cohort.toml", 'name = "Three patients"', ""), "cohort.toml||name", "this key")
kind("no licence", text("cohort.toml", 'licence = "CC0 1.0"', ""), "cohort.toml||licence", "this key")
kind("an unknown key", toml('licenze = "x"'), "cohort.toml||licenze", "licence")
kind("an empty name", text("cohort.toml", '"Three patients"', '" "'), "cohort.toml||name", "text")
kind("sites that are no list", text("cohort.toml", '["A", "B"]', '"A"'), "cohort.toml||sites", "a list of site names")
kind("another HAQ scale", toml('haq_version = "MHAQ"'), "cohort.toml||haq_version", "one of HAQ-DI")
kind("a pain range", toml('pain_range = "0-10"'), "cohort.toml||pain_range", "one of 0-100")
kind("a CRP unit", toml('crp_unit = "mg/dL"'), "cohort.toml||crp_unit", "one of mg/L")
kind("a unit of months", toml('symptom_months_unit = "years"'), "cohort.toml||symptom_months_unit", "one of months")
kind("an unreadable-joint policy", toml('unreadable_joints = "zero"'), "cohort.toml||unreadable_joints", "carry_last")
kind(
    "a gap that is no whole number",
    toml("linkage_max_gap_days = 4.5"),
    "cohort.toml||linkage_max_gap_days",
    "whole days",
)
kind(
    "a hand of two metres",
    toml("fallback_hand_length_mm = 2000"),
    "cohort.toml||fallback_hand_length_mm",
    "from 50 to 300",
)
kind(
    "a foot of two centimetres",
    toml("fallback_foot_length_mm = 20"),
    "cohort.toml||fallback_foot_length_mm",
    "30 to 250",
)
kind("simulated in words", toml('simulated = "no"'), "cohort.toml||simulated", "true or false")
kind("deidentified in words", toml('deidentified = "yes"'), "cohort.toml||deidentified", "true or false")
# patients.csv
kind("a sex in words", text("patients.csv", "P1,F", "P1,female"), "patients.csv|2|sex", "Did you mean F?")
kind("a sex of its own", text("patients.csv", "P1,F", "P1,3"), "patients.csv|2|sex", "one of F, M, other, unknown")
kind("no sex", text("patients.csv", "P1,F", "P1,"), "patients.csv|2|sex", "an empty cell")
kind("a birth year of two digits", text("patients.csv", "1970", "70"), "patients.csv|4|birth_year", "from 1900")
kind("a birth year to come", text("patients.csv", "1970", "2270"), "patients.csv|4|birth_year", "from 1900")
kind(
    "a birth year with a fraction", text("patients.csv", "1970", "1970.5"), "patients.csv|4|birth_year", "whole number"
)
kind("no birth year", text("patients.csv", "1970", ""), "patients.csv|4|birth_year", "an empty cell")
kind("no site", text("patients.csv", "1970,B", "1970,"), "patients.csv|4|site", "an empty cell")
kind("a site not declared", text("patients.csv", "1970,B", "1970,C"), "patients.csv|4|site", "that cohort.toml lists")
kind("spaces around an id", text("patients.csv", "1970,B", "1970,B "), "patients.csv|4|site", "Remove the spaces")
kind("a patient twice", line("patients.csv", "P3,unknown,1970,B,,,"), "patients.csv|5|patient_id", "rows 4 and 5")
kind(
    "onset before birth",
    text("patients.csv", "2010-01-01", "1940-01-01"),
    "patients.csv|2|symptom_onset",
    "after the patient's birth",
)
kind(
    "an onset in the future format",
    text("patients.csv", "2010-01-01", "01.01.2010"),
    "patients.csv|2|symptom_onset",
    "YYYY-MM-DD",
)
kind(
    "a rheumatoid factor as a titre",
    text("patients.csv", "2010-01-01,1,1", "2010-01-01,120,1"),
    "patients.csv|2|rf",
    "0 (no) or 1 (yes)",
)
kind(
    "an ACPA in words",
    text("patients.csv", "2010-01-01,1,1", "2010-01-01,1,pos"),
    "patients.csv|2|acpa",
    "Write 0 or 1",
)
# visits.csv
kind("no visit id", text("visits.csv", "P3,V1", "P3,"), "visits.csv|5|visit_id", "an empty cell")
kind("no date", text("visits.csv", "2020-05-05", ""), "visits.csv|5|date", "an empty cell")
kind("an American date", text("visits.csv", "2020-05-05", "05/05/2020"), "visits.csv|5|date", "for instance 2019-03-28")
kind("the 30th of February", text("visits.csv", "2020-05-05", "2020-02-30"), "visits.csv|5|date", "no such day")
kind("a visit twice", line("visits.csv", "P3,V1,2021-05-05,,,,,,"), "visits.csv|6|patient_id, visit_id", "rows 5 and 6")
kind(
    "a visit of nobody",
    line("visits.csv", "P9,V1,2021-05-05,,,,,,"),
    "visits.csv|6|patient_id",
    "a patient of patients.csv",
)
kind(
    "a visit before birth",
    text("visits.csv", "2020-05-05", "1960-05-05"),
    "visits.csv|5|date",
    "after the patient's birth",
)
kind("a visit at 130", text("visits.csv", "2020-05-05", "2100-05-05"), "visits.csv|5|date", "within 120 years")
kind(
    "a visit after death",
    line("visits.csv", "P2,V2,2023-01-01,,,,,,"),
    "visits.csv|6|date",
    "up to the patient's death",
)
kind("a HAQ of 4", text("visits.csv", "1.125", "4"), "visits.csv|2|haq_di", "from 0 to 3")
kind("a HAQ with a comma", text("visits.csv", "1.125,40", '"1,125",40'), "visits.csv|2|haq_di", "decimal point")
kind("a HAQ off every grid", text("visits.csv", "1.125", "1.19"), "visits.csv|2|haq_di", "MHAQ, HAQ-II")
kind("a HAQ that is not its items'", items(ALL_ONE, given="1.5"), "visits.csv|2|haq_di", "while the items give 1.000")
kind("a HAQ on the grid of eight with seven answered", items({**SEVEN, "reach": 2}, given="1.125"), "visits.csv|2|haq_di",
     "a multiple of 1/7 for 7 answered categories")  # fmt: skip
kind(
    "a HAQ of five categories",
    items(dict.fromkeys(list(HAQ_CATEGORIES)[:5], 1), given="1"),
    "visits.csv|2|haq_di",
    "fewer than 6 of 8",
)
kind(
    "a HAQ without its aids",
    items(ALL_ONE, {"grip": 1}, "1"),
    "visits.csv|2|haq_di",
    'haq_version = "HAQ-DI alternative"',
)
kind("a pain of 101", text("visits.csv", "1.125,40", "1.125,101"), "visits.csv|2|pain", "from 0 to 100 mm")
kind("a pain below 0", text("visits.csv", "1.125,40", "1.125,-1"), "visits.csv|2|pain", "from 0 to 100 mm")
kind("pain in words", text("visits.csv", "1.125,40", "1.125,mild"), "visits.csv|2|pain", "Write digits only")
kind("a DAS28 of 32", text("visits.csv", "3.2,5", "32,5"), "visits.csv|2|das28", "from 0 to 10")
kind("a CRP below 0", text("visits.csv", "3.2,5,", "3.2,-5,"), "visits.csv|2|crp", "of 0 or more mg/L")
kind(
    "a CRP below the limit of detection",
    text("visits.csv", "3.2,5,", "3.2,<5,"),
    "visits.csv|2|crp",
    "Write digits only",
)
kind("fibromyalgia as y", text("visits.csv", "3.2,5,1,", "3.2,5,y,"), "visits.csv|2|fm", "Write 0 or 1")
kind("osteoarthritis as 2", text("visits.csv", "2.1,0,0,1", "2.1,0,0,2"), "visits.csv|4|oa", "Write 0 or 1")
kind("a widespread pain index of 20", column("visits.csv", "wpi", [20]), "visits.csv|2|wpi", "from 0 to 19")
kind("a symptom severity of 13", column("visits.csv", "sss", [13]), "visits.csv|2|sss", "from 0 to 12")
kind("six pain regions", column("visits.csv", "pain_regions", [6]), "visits.csv|2|pain_regions", "from 0 to 5")
kind("symptoms of a century", column("visits.csv", "symptom_months", [1300]), "visits.csv|2|symptom_months", "to 1200")
kind("CRP in mg/dL", many_visits("crp", [0.1, 0.3, 0.8, 0.05, 1.5]), "visits.csv||crp", 'crp_unit = "mg/L"')
kind("pain from 0 to 10", many_visits("pain", [0, 2, 5, 7, 10]), "visits.csv||pain", "Multiply the column by 10")
kind("pain from 0 to 1", many_visits("pain", [0, 0.2, 0.55, 1]), "visits.csv||pain", "Multiply the column by 100")
kind(
    "symptom_months in years",
    many_visits("symptom_months", [0.5, 2, 3.5, 10, 12.25]),
    "visits.csv||symptom_months",
    "by 12",
)
# films.csv
kind("a film twice", text("films.csv", "F2,P1", "F1,P1"), "films.csv|3|film_id", "rows 2 and 3")
kind("no film date", text("films.csv", "2020-03-11", ""), "films.csv|4|date", "an empty cell")
kind(
    "a film after death", text("films.csv", "2020-03-11", "2023-03-11"), "films.csv|4|date", "up to the patient's death"
)
kind("a wrist", text("films.csv", "hand,R", "wrist,R"), "films.csv|3|region", "Did you mean hand?")
kind("a side in words", text("films.csv", "hand,R", "hand,right"), "films.csv|3|side", "Did you mean R?")
kind("an AP view", text("films.csv", "R,PA", "R,AP"), "films.csv|3|view", "PA (hand) or DP (foot)")
kind("no path", text("films.csv", "films/f2.png", ""), "films.csv|3|path", "an empty cell")
kind("an absolute path", text("films.csv", "films/f2.png", "/films/f2.png"), "films.csv|3|path", "It is absolute")
kind("a path upwards", text("films.csv", "films/f2.png", "../f2.png"), "films.csv|3|path", "leads upwards")
kind("a film that is not there", gone("films/f2.png"), "films.csv|3|path", "no such file")
kind("a film that is a folder", lambda folder: [gone("films/f2.png")(folder), (folder / "films/f2.png").mkdir()] and None,
     "films.csv|3|path", "a folder, pipe or device")  # fmt: skip
kind("a film that ends early", lambda folder: (folder / "films/f2.png").write_bytes((folder / "films/f2.png").read_bytes()[:-40]) and None,
     "films.csv|3|path", "ends early")  # fmt: skip
kind(
    "a film that is a letter",
    raw("films/f2.png", b"Dear colleague," * 20),
    "films.csv|3|path",
    "not one of them by its first bytes",
)
kind(
    "a spacing in micrometres",
    text("films.csv", "f2.png,0.2", "f2.png,200"),
    "films.csv|3|pixel_spacing_mm",
    "from 0.01 to 1 mm",
)
kind(
    "one file for two patients",
    text("films.csv", "films/f3.png", "films/f2.png"),
    "films.csv|4|path",
    "a file that shows one patient",
)
# landmarks.csv
kind("a landmark twice", line("landmarks.csv", "F1,RC,31,71"), "landmarks.csv|5|film_id, landmark", "rows 3 and 5")
kind("a landmark of no film", line("landmarks.csv", "F9,RC,31,71"), "landmarks.csv|5|film_id", "a film of films.csv")
kind(
    "a landmark of the other region",
    text("landmarks.csv", "F1,MCP2", "F1,MTP2"),
    "landmarks.csv|2|landmark",
    "a hand landmark",
)
kind("a landmark beside its film", text("landmarks.csv", "30,70", "61,70"), "landmarks.csv|3|x_px", "60 pixels wide")
kind("a landmark below its film", text("landmarks.csv", "30,70", "30,81"), "landmarks.csv|3|y_px", "80 pixels high")
kind(
    "a landmark at a negative place",
    text("landmarks.csv", "30,70", "-3,70"),
    "landmarks.csv|3|x_px",
    "of 0 or more pixels",
)
kind("a landmark without a place", text("landmarks.csv", "30,70", ",70"), "landmarks.csv|3|x_px", "an empty cell")
kind("a certainty of 2", column("landmarks.csv", "certainty", [2]), "landmarks.csv|2|certainty", "from 0 to 1")
# scores.csv
kind(
    "no reader",
    text("scores.csv", "r1,single,svdh,LH,MCP2,erosion", ",single,svdh,LH,MCP2,erosion"),
    "scores.csv|2|reader",
    "an empty cell",
)
kind(
    "a reading mode of its own",
    text("scores.csv", "single", "blinded"),
    "scores.csv|2|reading_mode",
    "one of single, paired",
)
kind("an unknown scheme", text("scores.csv", "svdh", "sharp"), "scores.csv|2|scheme", "Did you mean svdh?")
kind("a side in one letter", text("scores.csv", "svdh,LH", "svdh,L"), "scores.csv|2|side", "one of LH, RH, LF, RF")
kind(
    "a site that the scheme lacks",
    text("scores.csv", "LH,MCP2,erosion", "LH,DIP2,erosion"),
    "scores.csv|2|site",
    "a site that Sharp/van der Heijde grades",
)
kind("a hand's site on a foot", text("scores.csv", "LF,MTP5", "LF,MCP5"), "scores.csv|4|site", "grades on LF")
kind(
    "narrowing of the thumb's IP", text("scores.csv", "LH,MCP2,jsn", "LH,IP1,jsn"), "scores.csv|3|feature", "and no jsn"
)
kind(
    "a feature of another scheme",
    text("scores.csv", "LH,MCP2,erosion", "LH,MCP2,kl"),
    "scores.csv|2|feature",
    "grades on LH",
)
kind("an erosion of 7 at a hand", text("scores.csv", "erosion,3", "erosion,7"), "scores.csv|2|score", "from 0 to 5")
kind("an erosion of 11 at a foot", text("scores.csv", "erosion,7", "erosion,11"), "scores.csv|4|score", "from 0 to 10")
kind("a narrowing of 5", text("scores.csv", "MCP2,jsn,", "MCP2,jsn,5"), "scores.csv|3|score", "from 0 to 4 for jsn")
kind("half a grade", text("scores.csv", "erosion,3", "erosion,2.5"), "scores.csv|2|score", "a whole number")
kind("a negative grade", text("scores.csv", "erosion,3", "erosion,-3"), "scores.csv|2|score", "from 0 to 10")
kind(
    "a grade twice",
    line("scores.csv", "P1,V1,r1,single,svdh,LH,MCP2,erosion,4"),
    "scores.csv|5|patient_id, visit_id, reader, reading_mode, scheme, side, site, feature",
    "rows 2 and 5",
)
kind(
    "a grade of nobody",
    line("scores.csv", "P9,V1,r1,single,svdh,LH,MCP2,erosion,4"),
    "scores.csv|5|patient_id",
    "a patient of patients.csv",
)
kind(
    "a grade of no visit",
    line("scores.csv", "P1,V9,r1,single,svdh,LH,MCP2,erosion,4"),
    "scores.csv|5|visit_id",
    "a visit of this patient",
)
kind(
    "a SENS grade of 2",
    line("scores.csv", "P1,V1,r1,single,sens,LH,MCP2,erosion,2"),
    "scores.csv|5|score",
    "from 0 to 1",
)
kind(
    "a Kellgren-Lawrence grade at an MCP",
    line("scores.csv", "P1,V1,r1,single,kellgren_lawrence,LH,MCP2,kl,2"),
    "scores.csv|5|site",
    "Kellgren-Lawrence",
)
kind("a grade of a joint after its operation", lambda folder: [
    raw("events.csv", b"patient_id,date,event,side,site\nP1,2019-01-01,joint_surgery,LH,MCP2\n")(folder)] and None,
    "scores.csv|2|score", "after its operation on 2019-01-01")  # fmt: skip
kind(
    "a Steinbrocker stage of 0",
    line("scores.csv", "P1,V1,r1,single,steinbrocker,LH,stage,stage,0"),
    "scores.csv|5|score",
    "from 1 to 4",
)
# events.csv
kind(
    "a censoring flag",
    line("events.csv", "P1,2022-01-01,0"),
    "events.csv|3|event",
    "a patient to whom nothing happened has none",
)
kind("an event flag", line("events.csv", "P1,2022-01-01,1"), "events.csv|3|event", "does not say which event")
kind(
    "an event called censored",
    line("events.csv", "P1,2022-01-01,censored"),
    "events.csv|3|event",
    "is censored at the last film",
)
kind(
    "progression as an event",
    line("events.csv", "P1,2022-01-01,progression"),
    "events.csv|3|event",
    "found from the scores",
)
kind("a withdrawal", line("events.csv", "P1,2022-01-01,withdrawn"), "events.csv|3|event", "Did you mean lost?")
kind("an event without a day", line("events.csv", "P1,,lost"), "events.csv|3|date", "an empty cell")
kind(
    "an event of nobody",
    line("events.csv", "P9,2022-01-01,lost"),
    "events.csv|3|patient_id",
    "a patient of patients.csv",
)
kind(
    "an event twice", line("events.csv", "P2,2022-01-01,death"), "events.csv|3|patient_id, date, event", "rows 2 and 3"
)
kind(
    "an operation after death",
    line("events.csv", "P2,2023-01-01,joint_surgery"),
    "events.csv|3|date",
    "up to the patient's death",
)
kind(
    "a patient lost before a later visit",
    line("events.csv", "P1,2021-01-01,lost"),
    "events.csv|3|date",
    "no mark for a visit that was missed",
)
kind(
    "an operation of half a joint",
    raw("events.csv", b"patient_id,date,event,side,site\nP1,2022-01-01,joint_surgery,LH,\n"),
    "events.csv|2|site",
    "side and site",
)
kind(
    "a death of a joint",
    raw("events.csv", b"patient_id,date,event,side,site\nP2,2022-01-01,death,LH,MCP2\n"),
    "events.csv|2|site",
    "no joint for death",
)
# measurements.csv
kind("an unknown measurement", line("measurements.csv", "P1,V2,esr,20"), "measurements.csv|3|name", "one of")
kind("a RADAI of 11", line("measurements.csv", "P1,V2,radai,11"), "measurements.csv|3|value", "from 0 to 10 for radai")
kind(
    "a measurement without a value",
    line("measurements.csv", "P1,V2,radai,"),
    "measurements.csv|3|value",
    "an empty cell",
)
kind(
    "a measurement twice",
    line("measurements.csv", "P1,V1,radai,3"),
    "measurements.csv|3|patient_id, visit_id, name",
    "rows 2 and 3",
)
kind(
    "a measurement that visits give too",
    line("measurements.csv", "P1,V1,das28,3"),
    "measurements.csv|3|name",
    "which visits.csv gives too",
)
kind(
    "a measurement of no visit",
    line("measurements.csv", "P1,V9,radai,3"),
    "measurements.csv|3|visit_id",
    "a visit of this patient",
)


def faults_of(folder: Path) -> list[Fault]:
    with pytest.raises(CohortRefused) as refused:
        read_cohort(folder)
    return list(refused.value.faults)


def place(fault: Fault) -> str:
    return f"{fault.file}|{'' if fault.row is None else fault.row}|{fault.column}"


@pytest.mark.parametrize("name", KINDS)
def test_it_is_found_at_its_place_and_alone(name, cohort_folder):
    how, where, says = KINDS[name]
    how(cohort_folder)
    faults = faults_of(cohort_folder)
    assert [place(fault) for fault in faults] == [where], [fault.sentence for fault in faults]
    assert says in faults[0].sentence


def test_they_are_a_hundred_kinds():
    # a kind is a column of a file and the rule that it breaks, not a value
    assert len(KINDS) >= 130
    rules = {(where.split("|")[0], where.split("|")[2], says) for _, where, says in KINDS.values()}
    assert len(rules) >= 100


def haq_rows(*rows: tuple[dict[str, int], str]) -> Break:
    """One further visit of the second patient per row: aids used, and the index as given; every item is 1."""

    def change(folder: Path) -> None:
        table = pd.read_csv(folder / "visits.csv", dtype=str)
        for name in (*HAQ_ITEM_COLUMNS, *HAQ_AID_COLUMNS):
            table[name] = None
        for n, (aids, given) in enumerate(rows):
            answers = {name: "1" for name in HAQ_ITEM_COLUMNS}
            used = {f"haq_aid_{category}": str(aid) for category, aid in aids.items()}
            new = {
                "patient_id": "P2",
                "visit_id": f"H{n}",
                "date": f"2020-0{n + 4}-01",
                "haq_di": given,
                **answers,
                **used,
            }
            table = pd.concat([table, pd.DataFrame([new])])
        table.to_csv(folder / "visits.csv", index=False)

    return change


def test_mixed_versions_of_the_haq_are_named_as_such(cohort_folder):
    # with an aid for two categories the index is (6 x 1 + 2 x 2) / 8 = 1.25, without it 1
    aids = {"grip": 1, "reach": 1}
    haq_rows((aids, "1.25"), (aids, "1"), (aids, "1.25"))(cohort_folder)
    (fault,) = faults_of(cohort_folder)
    assert (fault.row, fault.column) == (7, "haq_di")
    assert "two versions are mixed" in fault.sentence


def test_one_other_version_of_the_haq_throughout_is_to_be_declared(cohort_folder):
    aids = {"grip": 1, "reach": 1}
    haq_rows((aids, "1"), (aids, "1"))(cohort_folder)
    faults = faults_of(cohort_folder)
    assert len(faults) == 2
    assert all('haq_version = "HAQ-DI alternative"' in fault.sentence for fault in faults)
    toml('haq_version = "HAQ-DI alternative"')(cohort_folder)
    assert read_cohort(cohort_folder).visits["haq"].dropna().tolist()[-2:] == [1.0, 1.0]


def test_two_deaths_are_a_fault_beside_what_follows_from_them(cohort_folder):
    line("events.csv", "P2,2021-01-01,death")(cohort_folder)
    assert any("one death per patient" in fault.sentence for fault in faults_of(cohort_folder))


def test_declared_units_are_taken_as_they_are(cohort_folder):
    many_visits("crp", [0.1, 0.3, 0.8, 0.05, 1.5])(cohort_folder)
    assert [fault.column for fault in faults_of(cohort_folder)] == ["crp"]
    toml('crp_unit = "mg/L"')(cohort_folder)
    assert len(read_cohort(cohort_folder).visits) == 44


@pytest.mark.parametrize("preset_name", ["default", "trial", "early"])
def test_simulated_values_would_not_be_suspected_either(preset_name, tmp_path):
    from outcomenet.cohorts.unit_checks import SUSPICIONS
    from outcomenet.localization.geometry import CropGeometry
    from outcomenet.progress import Progress
    from outcomenet.simulation.cohort_folder import simulate_cohort
    from outcomenet.simulation.presets import PRESETS, preset

    name = preset_name if preset_name in PRESETS else next(iter(PRESETS))
    simulate_cohort(
        tmp_path / "c", preset(name), patients=40, seed=3, films="none", full_films=0, geometry=CropGeometry(),
        progress=Progress(quiet=True),
    )  # fmt: skip
    visits = read_cohort(tmp_path / "c").visits
    for suspicion in SUSPICIONS:
        values = visits[suspicion.column].dropna().to_numpy(float)
        assert len(values) == 0 or not suspicion.looks_like(values), suspicion.column


def test_an_operation_of_an_unknown_joint_is_counted(cohort_folder):
    line("events.csv", "P1,2019-01-01,joint_surgery")(cohort_folder)
    ledger = read_cohort(cohort_folder).ledger.to_frame()
    row = ledger[ledger["reason"] == "after a joint operation of which the joint is not known"]
    assert row["count"].tolist() == [2]  # two grades were given, one was left empty


def test_all_faults_are_listed_and_twenty_are_shown(cohort_folder, tmp_path):
    line("visits.csv", *(f"P3,W{n},yesterday,,,,,," for n in range(30)))(cohort_folder)
    with pytest.raises(CohortRefused) as refused:
        read_cohort(cohort_folder)
    write_faults(refused.value.faults, tmp_path / "faults.csv")
    listed = pd.read_csv(tmp_path / "faults.csv")
    assert tuple(listed.columns) == COLUMNS
    assert listed["row"].tolist() == list(range(6, 36))
    assert set(listed["value"]) == {"'yesterday'"}
    shown = str(refused.value.listed_in(tmp_path / "faults.csv"))
    assert shown.count("\n- ") == SHOWN == 20
    assert "and 10 more." in shown
    assert shown.endswith(f"All of them stand in {tmp_path / 'faults.csv'}.")
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_no_list_of_faults_repeats_an_identifier(cohort_folder, tmp_path):
    for how in (line("films.csv", "SECRET1,SECRET2,2020-01-01,hand,L,PA,SECRET3/SECRET4.png,"),
                line("visits.csv", "SECRET5,SECRET6,2020-01-01,,,,,,"), line("landmarks.csv", "SECRET7,RC,1,1")):  # fmt: skip
        how(cohort_folder)
    write_faults(faults_of(cohort_folder), tmp_path / "faults.csv")
    assert len(pd.read_csv(tmp_path / "faults.csv")) >= 4
    assert "SECRET" not in (tmp_path / "faults.csv").read_text()
