"""Plans of analyses: read as written, frozen by what they say, faults named."""

from __future__ import annotations

import pytest

from outcomenet.biomarkers.analysis_plan import AnalysisPlan, Outcome, Primary, Rung, plan_text, read_plan
from outcomenet.errors import UsageError

PLAN = AnalysisPlan(
    outcomes=(Outcome("haq", "ordinal", "HAQ-DI", minimal_difference=0.22), Outcome("progressed", "event")),
    adjustment=(Rung("crude"), Rung("age, sex", ("age", "sex"))),
    primary=Primary(outcome="progressed", adjustment="crude"),
    titles={"sex": 'Sex "as recorded"', "über": "umlaut"},
)


def test_a_plan_is_read_as_it_was_written():
    assert read_plan(plan_text(PLAN)) == PLAN
    assert PLAN.primary_outcome.column == "progressed"
    assert PLAN.primary_rung.name == "crude"


def test_every_setting_is_explained():
    lines = plan_text(PLAN).splitlines()
    settings = [at for at, line in enumerate(lines) if " = " in line and not line.startswith("#")]

    # titles are the user's own words
    unexplained = [lines[at] for at in settings if not lines[at - 1].startswith("# ") and not lines[at].startswith('"')]
    assert not unexplained
    assert not any(line.strip() == "#" for line in lines)


def test_the_digest_tells_what_a_plan_says_and_not_how():
    text = plan_text(PLAN)

    assert read_plan("\n".join(line for line in text.splitlines() if not line.startswith("#"))).sha256 == PLAN.sha256
    assert read_plan(text.replace("margin = 0.0", "margin = 0.01")).sha256 != PLAN.sha256


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[colums]\n", "no setting 'colums'. Did you mean columns"),
        ("question = 3", "question is text in quotation marks; got 3"),
        ('[measures]\nreaders = "reader_1"', "measures.readers is a list in square brackets; got 'reader_1'"),
        ('outcomes = ["haq"]', "an entry of outcomes is a table; got 'haq'"),
        ('[[outcomes]]\ncolumn = "haq"\nkind = "numbr"', "of kind 'numbr'. Did you mean number"),
        ("[primary]\nresamples = 100", "at least 10,000 are needed"),
        ('[primary]\noutcome = "hqa"', "'hqa' is none of the plan's. Did you mean haq"),
        ("adjustment = []", "at least one is needed"),
        ("[trial]\npowers = [8]", "powers .of Trial. is a list, each a number from 0.5 to 0.999"),
        ("question = ", "is no TOML"),
    ],
)
def test_faults_of_a_plan_are_named(text: str, sentence: str):
    with pytest.raises(UsageError, match=f"analysis.toml.*{sentence}"):
        read_plan(text)
