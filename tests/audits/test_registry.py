"""The registry of audits: every entry has its function, and the documentation's table is the registry's."""

from __future__ import annotations

from pathlib import Path

import pytest

from outcomenet.audits.network.run_audits import audit_function
from outcomenet.audits.registry import AUDIT, AUDITS, Need, audits_by_function, documented_table

DOCS = Path(__file__).parents[2] / "docs/audits.md"


def test_names_are_unique_and_questions_are_questions():
    assert len(AUDIT) == len(AUDITS)
    assert all(audit.question.endswith("?") for audit in AUDITS)


@pytest.mark.parametrize("function", audits_by_function())
def test_every_function_is_there(function):
    assert callable(audit_function(function))


def test_what_needs_the_simulator_to_draw_films_lives_with_the_network():
    drawn = {audit.function.split(".")[0] for audit in AUDITS if Need.CROPS in audit.needs}
    assert drawn == {"network"}


def test_the_documentation_lists_the_registry():
    table = documented_table()
    assert table in DOCS.read_text(), f"docs/audits.md must have this table:\n{table}"
