"""Confounding of an association, on a world in which osteoarthritis confounds."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from outcomenet.biomarkers.clustered_fits import exchangeable_gee
from outcomenet.biomarkers.confounding import confounding
from outcomenet.biomarkers.e_values import Effect, e_value
from outcomenet.pages.figures import Layout
from tests.biomarkers.association_table import world

WORLD = world(300)
JOINTS = {"PIP only": "score_pip", "DIP only": "score_dip"}


@pytest.fixture(scope="module")
def section():
    return confounding(
        WORLD, scores=["score"], outcome="haq", covariates=["age", "oa"], before=["age"], strata=["oa", "fm"],
        restricted=JOINTS, negative_outcomes=["shoe_size"], visit="visit_id", unit="HAQ", titles={"oa": "OA"},
    )  # fmt: skip


def _row(section, term: str) -> pd.Series:
    return section.estimates.set_index("term").loc[term]


def test_adjustment_takes_the_part_that_osteoarthritis_brings(section):
    before, after = _row(section, "before adjustment"), _row(section, "after adjustment")
    sd = WORLD["score"].std()

    assert after["lower"] < 0.3 * sd < after["upper"]
    assert before["estimate"] > after["estimate"] + 0.01
    taken = _row(section, "share of the slope that adjustment takes")["estimate"]
    assert taken == pytest.approx(1 - after["estimate"] / before["estimate"])
    assert "Adjustment for age, OA takes the slope of haq on score from" in section.sentences[0]


def test_slopes_are_those_of_the_estimating_equations(section):
    design = pd.DataFrame({"score": WORLD["score"] / WORLD["score"].std(), "age": WORLD["age"]})
    fit = exchangeable_gee(WORLD["haq"].to_numpy(float), design, WORLD["patient_id"].to_numpy())
    assert _row(section, "before adjustment")["estimate"] == pytest.approx(fit.term("score").estimate)


def test_the_e_value_is_that_of_the_slope_in_sd_of_the_outcome(section):
    row, spread = _row(section, "after adjustment"), WORLD["haq"].std()
    expected = e_value(row["estimate"] / spread, row["lower"] / spread, row["upper"] / spread, Effect.MEAN_DIFFERENCE)

    # its standard error is taken from Student's interval by the normal quantile, as a reader of the row would
    assert _row(section, "E-value, after adjustment")["estimate"] == pytest.approx(expected.estimate)
    assert _row(section, "E-value of the bound, after adjustment")["estimate"] == pytest.approx(expected.bound)


def test_strata_hold_the_true_slope(section):
    sd = WORLD["score"].std()
    for term in ("OA: no", "OA: yes"):
        assert _row(section, term)["lower"] < 0.3 * sd < _row(section, term)["upper"]
    assert _row(section, "interaction with OA")["p"] > 0.01


def test_joints_that_arthritis_spares_are_told_apart():
    crude = confounding(WORLD, scores=["score"], outcome="haq", covariates=["age"], restricted=JOINTS)
    adjusted = confounding(WORLD, scores=["score"], outcome="haq", covariates=["age", "oa"], restricted=JOINTS)

    # the DIP score is OA and little damage: it goes with HAQ until OA is adjusted for
    dip = _row(crude, "DIP only, alone"), _row(adjusted, "DIP only, alone")
    assert dip[1]["estimate"] < 0.7 * dip[0]["estimate"]
    contrast = _row(adjusted, "PIP only minus DIP only")
    assert contrast["lower"] > 0


def test_a_negative_outcome_shows_confounding_where_there_is_some(section):
    assert _row(section, "negative outcome, after adjustment")["p"] > 0.01
    assert section.sentences[-1].endswith("no sign of confounding was shown.")
    table = WORLD.assign(shoe_size=WORLD["shoe_size"] + 2 * WORLD["score"])
    marked = confounding(table, scores=["score"], outcome="haq", covariates=["age"], negative_outcomes=["shoe_size"])
    assert marked.sentences[-1].endswith("a sign of confounding or of a shortcut.")
    assert (marked.estimates.loc[marked.estimates["outcome"] == "shoe_size", "unit"] == "SD").all()


def test_a_negative_outcome_that_cannot_be_used_is_a_refusal_and_the_others_go_on():
    table = WORLD.assign(empty=np.nan)
    section = confounding(
        table, scores=["score"], outcome="haq", covariates=["age"], negative_outcomes=["empty", "shoe_size"]
    )

    assert "Negative outcome empty: Column 'empty' is empty" in section.refusals[0]
    assert "negative outcome, after adjustment" in set(section.estimates["term"])


def test_strata_that_are_too_small_are_named(section):
    table = WORLD.assign(fm=(WORLD["patient_id"] < "0020") * 1.0)
    small = confounding(table, scores=["score"], outcome="haq", covariates=["age"], strata=["fm"])

    assert np.isnan(_row(small, "fm: yes")["estimate"])
    assert "1 group of 50 patients or more" in small.refusals[0]


def test_the_figure_is_drawn_for_page_and_phone(section):
    for layout in Layout:
        (drawing,) = (draw(layout=layout) for draw in section.draws)
        assert drawing.name == "confounding_haq"
        assert "PIP only minus DIP only" in set(drawing.data["label"])
