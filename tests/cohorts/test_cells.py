"""Rules of single cells: what each accepts, and the rule and remedy that a wrong text gets."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from outcomenet.cohorts.cells import Choice, Date, Flag, HaqIndex, Number, Text, accepted, typed

SEX = Choice(("F", "M"), hints={"female": "F"}, advice={"u": "Leave it empty."})
CRP = Number(0, unit="mg/L")
AGE = Number(18, 110, "years", whole=True, below="A child.", above="Divide months by 12.")

WRONG = [
    (CRP, "1,5", "decimal_comma", "Write a decimal point, not a comma."),
    (CRP, "1,234", "decimal_comma", "It can be read as 1.234 (decimal comma) or as 1234 (comma between thousands)"),
    (Number(0, 10), "1,234", "decimal_comma", "Write a decimal point (1.234)"),
    (CRP, "< 3", "beyond_a_limit", "the limit itself, by one rule for the whole column"),
    (CRP, "high", "no_number", "Write digits only."),
    (CRP, "-0.1", "too_low", "Correct the value."),
    (AGE, "17", "too_low", "A child."),
    (AGE, "480", "too_high", "Divide months by 12."),
    (AGE, "40.5", "fraction", "Correct the value."),
    (HaqIndex(), "12", "haq_sum", "divided by the number of them that were answered"),
    (HaqIndex(), "1.3", "haq_grid", "No six to eight category scores average to this"),
    (HaqIndex(), "1,5", "decimal_comma", "Write a decimal point, not a comma."),
    (SEX, "Female", "unknown_word", "Did you mean F?"),
    (SEX, "U", "other_meaning", "Leave it empty."),
    (SEX, "zebra", "unknown_word", "Use one of these words."),
    (Flag(), "2", "no_flag", "Write 0 or 1."),
    (Flag(), "yes", "no_flag", "Write 0 or 1."),
    (Date(), "2019-02-30", "no_such_day", "There is no such day"),
    (Date(), "1849-12-31", "no_such_day", "its year is not from 1850 to 2199"),
    (Date(), "28.03.2019", "no_date", "for instance 2019-03-28"),
    (Text(), " P1", "spaces", "Remove the spaces"),
    (Text(), "P\t1", "spaces", "tabs or line breaks"),
]
RIGHT = [
    (CRP, "0", 0.0),
    (CRP, "1e2", 100.0),
    (AGE, "18", 18.0),
    (AGE, "110", 110.0),
    (HaqIndex(), "1.375", 1.375),  # 11 eighths
    (SEX, "F", "F"),
    (Flag(), "1", 1.0),
    (Date(), "2020-02-29", pd.Timestamp(2020, 2, 29)),
    (Text(), "Übersee 3", "Übersee 3"),
]


@pytest.mark.parametrize(("rule", "text", "broken", "remedy"), WRONG)
def test_a_wrong_cell_gets_its_rule_and_what_to_do(rule, text, broken, remedy):
    with pytest.raises(ValueError):
        rule.parse(text)
    complaint = rule.complaint(text)
    assert complaint.rule == broken
    assert remedy in complaint.remedy


@pytest.mark.parametrize(("rule", "text", "value"), RIGHT)
def test_a_right_cell_is_its_value(rule, text, value):
    assert rule.parse(text) == value


def test_what_is_expected_is_said_in_words():
    assert AGE.expected == "a whole number from 18 to 110 years"
    assert CRP.expected == "a number of 0 or more mg/L"
    assert Number(-np.inf).expected == "a number"
    assert SEX.expected == "one of F, M"


def test_a_column_keeps_its_type_and_what_is_wrong_is_missing():
    cells = pd.Series(["1", None, "x", "1,5"], dtype=object)
    values = typed(cells, CRP)
    assert values.dtype == np.float64
    assert values.isna().tolist() == [False, True, True, True]
    assert typed(pd.Series(["2019-03-28", "28.3."], dtype=object), Date()).isna().tolist() == [False, True]
    assert accepted(pd.Series(["1", "x"], dtype=object), CRP).tolist() == [True, False]
