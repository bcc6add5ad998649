"""Ways to break the good cohort folder of `conftest.py` in one place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pandas as pd

from outcomenet.haq import HAQ_AID_COLUMNS, HAQ_CATEGORIES, HAQ_ITEM_COLUMNS

Break = Callable[[Path], object]
ALL_ONE: dict[str, int | None] = dict.fromkeys(HAQ_CATEGORIES, 1)


def text(file: str, old: str, new: str) -> Break:
    """Replaces a text that must be there, once."""

    def change(folder: Path) -> None:
        before = (folder / file).read_text()
        assert old in before, f"{old!r} is not in {file}"
        (folder / file).write_text(before.replace(old, new, 1))

    return change


def both(*steps: Break) -> Break:
    """One after the other."""
    return lambda folder: [step(folder) for step in steps]


def column(file: str, name: str, values: list[object]) -> Break:
    """Adds (or replaces) a column, missing where there are fewer values than rows."""

    def change(folder: Path) -> None:
        table = pd.read_csv(folder / file, dtype=str)
        table[name] = [*values, *[None] * (len(table) - len(values))]
        table.to_csv(folder / file, index=False)

    return change


def line(file: str, *rows: str) -> Break:
    """Adds rows at the end: from row 6 of visits.csv, 5 of patients.csv, films.csv and scores.csv, 3 of events.csv and
    measurements.csv."""

    def change(folder: Path) -> None:
        with (folder / file).open("a") as stream:
            stream.writelines(f"{row}\n" for row in rows)

    return change


def toml(setting: str) -> Break:
    return line("cohort.toml", setting)


def raw(file: str, data: bytes) -> Break:
    return lambda folder: (folder / file).write_bytes(data)


def gone(file: str) -> Break:
    return lambda folder: (folder / file).unlink()


def events(*rows: str) -> Break:
    """An events.csv that says which joints were operated on."""
    return raw("events.csv", "\n".join(["patient_id,date,event,side,site", *rows, ""]).encode())


def items(
    answers: Mapping[str, int | None],
    aids: Mapping[str, int] | None = None,
    given: object = None,
    single: Mapping[str, object] | None = None,
) -> Break:
    """HAQ items for the first visit: `answers` by category (all its items), `single` cells, and its index as given."""

    def change(folder: Path) -> None:
        table = pd.read_csv(folder / "visits.csv", dtype=str)
        for name in (*HAQ_ITEM_COLUMNS, *HAQ_AID_COLUMNS):
            table[name] = pd.Series(None, index=table.index, dtype=object)
        for category, answer in answers.items():
            for n in range(1, HAQ_CATEGORIES[category] + 1):
                table.loc[0, f"haq_{category}_{n}"] = answer
        for category, aid in (aids or {}).items():
            table.loc[0, f"haq_aid_{category}"] = aid
        for name, cell in (single or {}).items():
            table.loc[0, name] = cell
        table.loc[0, "haq_di"] = given
        table.to_csv(folder / "visits.csv", index=False)

    return change


def haq_rows(*rows: tuple[Mapping[str, int], str]) -> Break:
    """One further visit of the second patient per row: aids used, and the index as given; every item is 1."""

    def change(folder: Path) -> None:
        table = pd.read_csv(folder / "visits.csv", dtype=str)
        for name in (*HAQ_ITEM_COLUMNS, *HAQ_AID_COLUMNS):
            table[name] = None
        more = [
            {"patient_id": "P2", "visit_id": f"H{n}", "date": f"2020-0{n + 4}-01", "haq_di": given}
            | dict.fromkeys(HAQ_ITEM_COLUMNS, "1")
            | {f"haq_aid_{category}": str(aid) for category, aid in aids.items()}
            for n, (aids, given) in enumerate(rows)
        ]
        pd.concat([table, pd.DataFrame(more)]).to_csv(folder / "visits.csv", index=False)

    return change


def many_visits(name: str, values: list[float], patient: str = "P1") -> Break:
    """Forty or more further visits of a patient with these values of a column in turn; the first four have none."""

    def change(folder: Path) -> None:
        table = pd.read_csv(folder / "visits.csv", dtype=str).assign(**{name: None})
        number = max(40, len(values))
        days = pd.date_range("2012-01-01", periods=number, freq="10D").strftime("%Y-%m-%d")
        more = pd.DataFrame({"patient_id": patient, "visit_id": [f"X{n}" for n in range(number)], "date": days})
        more[name] = [f"{values[n % len(values)]:g}" for n in range(number)]
        pd.concat([table, more]).to_csv(folder / "visits.csv", index=False)

    return change


def many_measurements(name: str, values: list[float]) -> Break:
    """As `many_visits` for a measurement of the second patient, who has no symptom onset."""

    def change(folder: Path) -> None:
        many_visits("treatment", [1], "P2")(folder)
        rows = [f"P2,X{n},{name},{values[n % len(values)]:g}" for n in range(40)]
        line("measurements.csv", *rows)(folder)

    return change
