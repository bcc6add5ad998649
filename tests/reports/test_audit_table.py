"""The audits on the first page: alarms come first, and what could not be computed says why."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from outcomenet.errors import DataRefused
from outcomenet.reports import write_report
from outcomenet.reports.audit_section import audit_summary, audit_table


def test_alarms_come_first_and_absent_audits_last(better_run: Path):
    table = audit_table(pd.read_csv(better_run / "audits.csv"))
    assert [row.cells[1] for row in table.rows] == ["alarm", "pass", "not computed"]
    assert [row.strong for row in table.rows] == [True, False, False]


def test_the_page_counts_the_audits_and_shows_their_sentences(better_run: Path):
    page = write_report(better_run).read_text(encoding="utf-8")
    assert "Of 3 audits, 1 passed, 1 raised an alarm and 1 could not be computed." in page
    assert "It holds information about the hospital." in page
    assert page.index('<h2 id="conclusions">') < page.index('<h2 id="audits">') < page.index('<h2 id="ladder">')


def test_one_audit_is_counted_in_the_singular():
    assert audit_summary(pd.DataFrame({"judgement": ["pass"]})) == "Of 1 audit, 1 passed."


def test_a_broken_file_is_named(own_run: Path):
    pd.DataFrame({"audit": ["bias"]}).to_csv(own_run / "audits.csv", index=False)
    with pytest.raises(DataRefused, match="audits.csv lacks the columns question, judgement, finding"):
        write_report(own_run)
