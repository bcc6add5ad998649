"""docs/intake/tables.md lists every column of every table as the contracts have it; `--golden` writes the lists anew."""

from __future__ import annotations

import datetime
from pathlib import Path

from outcomenet.cohorts.cells import Choice
from outcomenet.cohorts.contracts import TABLES, Column, TableContract
from outcomenet.cohorts.meta import KEYS
from outcomenet.haq import HAQ_AID_COLUMNS, HAQ_ITEM_COLUMNS
from outcomenet.scoring import SCHEMES

PAGE = Path(__file__).parents[2] / "docs" / "intake" / "tables.md"
START, END = "<!-- from the contracts -->", "<!-- end -->"


def column_line(column: Column) -> str:
    rule = column.rule
    expected = f"one of {', '.join(rule.allowed)}" if isinstance(rule, Choice) else rule.expected
    expected = expected.replace(f"to {datetime.date.today().year}", "to this year")
    need = "required, never empty" if column.filled else "required" if column.required else ""
    return f"| `{column.name}` | {expected} | {need} |"


def table_text(table: TableContract) -> str:
    lines = [
        f"### {table.file}{' (required)' if table.required else ''}",
        f"A row is named by {', '.join(table.key)}.",
        "",
        "| column | what it holds | |",
        "| --- | --- | --- |",
    ]
    for column in table.columns:
        if column.name in (*HAQ_ITEM_COLUMNS[1:], *HAQ_AID_COLUMNS[1:]):
            continue
        if column.name == HAQ_ITEM_COLUMNS[0]:
            lines.append(
                f"| `{HAQ_ITEM_COLUMNS[0]}` ... `{HAQ_ITEM_COLUMNS[-1]}` | {column.rule.expected} | all 28 or none |"
            )
        elif column.name == HAQ_AID_COLUMNS[0]:
            lines.append(
                f"| `{HAQ_AID_COLUMNS[0]}` ... `{HAQ_AID_COLUMNS[-1]}` | {column.rule.expected} | all 28 or none |"
            )
        else:
            lines.append(column_line(column))
    return "\n".join(lines)


def listed() -> str:
    keys = [
        f"| `{name}` | {key.meaning} | {key.expected} | {'required' if key.required else ''} |"
        for name, key in KEYS.items()
    ]
    schemes = [
        f"| `{scheme.name}` | {scheme.title} | {', '.join(scheme.features)} | {len(scheme.sites)} | "
        f"{'worst' if scheme.combination == 'maximum' else 'sum'} | {scheme.maximum} |"
        for scheme in SCHEMES.values()
    ]
    parts = [
        "\n".join(
            ["### cohort.toml (required)", "", "| key | meaning | value | |", "| --- | --- | --- | --- |", *keys]
        ),
        *(table_text(table) for table in TABLES),
        "\n".join(
            [
                "### Score schemes",
                "",
                "| scheme | | features | sites | total | maximum |",
                "| --- | --- | --- | ---: | --- | ---: |",
                *schemes,
            ]
        ),
    ]
    return "\n\n".join(parts)


def test_the_page_lists_what_the_contracts_say(request):
    page = PAGE.read_text()
    before, rest = page.split(START)
    old, after = rest.split(END)
    if request.config.getoption("--golden"):
        PAGE.write_text(f"{before}{START}\n\n{listed()}\n\n{END}{after}")
        return
    assert old.strip() == listed()
