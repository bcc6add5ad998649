"""Words and numbers of a report: rounding, intervals, verdicts by each measure's direction, and the terminal's table."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from outcomenet.anatomy import Side
from outcomenet.metrics.verdict import Verdict
from outcomenet.outcomes import OUTCOMES
from outcomenet.pages.figures import LARGEST_VECTOR, Drawing, Layout, publish
from outcomenet.predictors import PREDICTORS
from outcomenet.reports.cautions import target_phrase
from outcomenet.reports.equal_terms import equal_adjustment, recalibrated_risks
from outcomenet.reports.knowledge import given_phrase, is_trace, on_film, target_title
from outcomenet.reports.measures import (
    MEASURES,
    READINGS,
    Better,
    digits_of,
    measure,
    outcome_phrase,
    verdict,
    verdict_on,
)
from outcomenet.reports.narrative import at_declared_horizon, difference_sentence, paired, reached
from outcomenet.reports.numbers import (
    count,
    counted,
    decimal,
    inside_sentence,
    interval,
    listed,
    signed,
    with_interval,
)
from outcomenet.reports.rows import Comparison
from outcomenet.reports.schematic import FOOT_POINTS, HAND_POINTS, joint_position, mirrored, points_of
from outcomenet.reports.summary import ladder_text

NAN, MINUS = math.nan, "\N{MINUS SIGN}"
METRIC_COLUMNS = ["predictor", "outcome", "horizon", "subgroup", "metric", "value", "lower", "upper", "n", "events"]


@pytest.mark.parametrize(
    ("value", "digits", "plain", "with_sign"),
    [
        (0.0, 2, "0.00", "0.00"), (-0.004, 2, "0.00", "0.00"), (0.004, 2, "0.00", "0.00"), (0.006, 2, "0.01", "+0.01"),
        (-1.5, 1, f"{MINUS}1.5", f"{MINUS}1.5"), (12.0, 0, "12", "+12"), (NAN, 2, "not defined", "not defined"),
        (math.inf, 2, "not defined", "not defined"),
    ],
)  # fmt: skip
def test_a_number_is_rounded_to_no_negative_zero_and_its_sign_is_that_of_what_is_shown(value, digits, plain, with_sign):
    assert decimal(value, digits) == plain
    assert signed(value, digits) == with_sign


@pytest.mark.parametrize(
    ("value", "lower", "upper", "words"),
    [
        (0.31, 0.22, 0.394, "0.31 (0.22 to 0.39)"), (-0.1, -0.3, -0.001, f"{MINUS}0.10 ({MINUS}0.30 to 0.00)"),
        (0.3, NAN, 0.4, "0.30 (not defined)"), (NAN, 0.1, 0.2, "not defined"),
    ],
)  # fmt: skip
def test_a_value_stands_before_its_interval(value, lower, upper, words):
    assert with_interval(value, lower, upper, 2) == words
    assert interval(lower, upper, 2) in words or words == "not defined"


def test_counts_have_narrow_spaces_and_their_noun_its_number():
    thin = "\N{NARROW NO-BREAK SPACE}"
    assert [count(n) for n in (0, 999, 1000, 1234567, NAN)] == [
        "0",
        "999",
        f"1{thin}000",
        f"1{thin}234{thin}567",
        "\N{EN DASH}",
    ]
    assert [counted(n, "patient") for n in (0, 1, 1000)] == ["0 patients", "1 patient", f"1{thin}000 patients"]
    assert [listed(names) for names in ([], ["a"], ["a", "b"])] == ["", "a", "a and b"]
    assert inside_sentence("SvdH change in a year") == "SvdH change in a year"
    assert inside_sentence("Rapid progression") == "rapid progression"


@pytest.mark.parametrize("name", MEASURES)
def test_a_difference_is_read_by_the_direction_of_its_measure(name):
    better = MEASURES[name].better
    of_rise, of_fall = verdict(name, 0.1, 0.2), verdict(name, -0.2, -0.1)
    expected = {Better.HIGHER: (Verdict.BETTER, Verdict.WORSE), Better.LOWER: (Verdict.WORSE, Verdict.BETTER)}
    assert (of_rise, of_fall) == expected.get(better, (Verdict.ABSENT, Verdict.ABSENT))
    assert MEASURES[name].name == name
    assert verdict(name, 0.01, 0.2, lower_margin=0.02) in (Verdict.BORDERLINE, Verdict.ABSENT)


def test_every_headline_has_words_and_a_direction():
    for name, spec in OUTCOMES.items():
        assert measure(spec.headline_metric).better in (Better.HIGHER, Better.LOWER), name
        assert outcome_phrase(name) in (spec.title, spec.title[0].lower() + spec.title[1:])
    assert set(READINGS) == set(Verdict)
    assert (measure("own").title, measure("own").better) == ("own", Better.UNKNOWN)


@pytest.mark.parametrize(
    ("metric", "outcome", "digits"),
    [("mae", "haq", 2), ("mae", "pain", 1), ("r2", "pain", 2), ("brier", "progression", 3)],
)
def test_errors_are_rounded_by_the_unit_of_their_outcome(metric, outcome, digits):
    assert digits_of(metric, outcome) == digits


ROW = Comparison("haq", 0, "r2", "direct_adjusted", "human_total", 0.05, 0.01, 0.09, 100, 0.99, 1000, 0.001, 0.001)
METRICS = pd.DataFrame(
    [
        ("direct_adjusted", "haq", 0, "all", "r2", 0.35, 0.3, 0.4, 100, NAN), ("human_total", "haq", 0, "all", "r2", 0.30, 0.2, 0.4, 100, NAN),
        ("human_total", "haq", 0, "women", "r2", 0.90, 0.8, 0.95, 60, NAN), ("human_total", "haq", 365, "all", "r2", 0.10, 0.0, 0.2, 80, NAN),
    ],
    columns=METRIC_COLUMNS,
)  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({}, "did better than"),
        ({"difference": -0.05, "lower": -0.09, "upper": -0.01}, "did worse than"),
        ({"lower": -0.01}, "no difference was shown between"),
        ({"lower_margin": 0.02}, "a difference is borderline between"),
        ({"lower": NAN}, "is not defined on these patients"),
        ({"metric": "mae"}, "did worse than"),  # an error that rises
    ],
)
def test_a_sentence_says_who_did_better(changed, words):
    row = replace(ROW, **changed)
    sentence = difference_sentence(METRICS, row)
    assert words in sentence
    assert PREDICTORS["human_total"].phrase in sentence
    assert ("(R² 0.350 and 0.300)" in sentence) is (row.metric == "r2" and not math.isnan(row.lower))
    assert verdict_on(row) is verdict(row.metric, row.lower, row.upper, row.lower_margin, row.upper_margin)


def test_numbers_are_those_of_all_patients_at_the_declared_horizon():
    row = reached(METRICS[::-1], "haq", "r2", "human_total")
    assert (row.value, row.lower, row.upper) == (0.30, 0.2, 0.4)
    assert reached(METRICS, "haq", "mae", "human_total") is None
    later = METRICS[METRICS["horizon"] == 365]
    assert at_declared_horizon(later, "haq").equals(later)  # judged at another one
    comparisons = pd.DataFrame([replace(ROW, horizon=365, difference=0.7), ROW])
    assert paired(comparisons, "haq", "r2", "direct_adjusted", "human_total") == ROW
    assert paired(comparisons, "haq", "r2", "human_total", "direct_adjusted") is None


@pytest.mark.parametrize(
    ("given", "words"),
    [("age, male, site", "age, sex and hospital"), ("age+male", "age and sex"), ("fm", "fm"), ("", "")],
)
def test_what_a_probe_was_given_is_said_in_words(given, words):
    assert given_phrase(given) == words
    assert target_title("site", given) == (f"Hospital, given {words}" if words else "Hospital")


@pytest.mark.parametrize(
    ("target", "given", "auroc", "trace"),
    [
        ("site", "", 0.61, True), ("site", "", 0.60, False), ("fm", "age", 0.7, True), ("fm", "age, HAQ-DI", 0.7, False),
        ("oa", "", 0.9, False), ("age", "", 0.9, False), ("male", "", 0.9, False),
    ],
)  # fmt: skip
def test_what_a_film_may_show_is_no_trace(target, given, auroc, trace):
    assert is_trace(target, given, auroc, null_upper=0.6) is trace
    assert on_film(target) is (target in ("oa", "age", "male"))
    assert target_phrase("site") == "the hospital"
    assert target_phrase("unheard of") == "unheard of"


def test_right_limbs_mirror_left_ones_on_the_schematic():
    assert points_of(Side.LEFT_HAND) == HAND_POINTS
    assert points_of(Side.LEFT_FOOT) == FOOT_POINTS
    x, y = joint_position(Side.LEFT_FOOT, "MTP1")
    assert joint_position(Side.RIGHT_FOOT, "MTP1") == (-x, y)
    assert mirrored(mirrored((3, 4), Side.RIGHT_HAND), Side.RIGHT_HAND) == (3, 4)


def drawn(shapes: int):
    """A figure of so many points, for `publish`."""

    def draw(*, layout: Layout) -> Drawing:
        figure, (axis,) = layout.panels(1, 1.0)
        for place in np.linspace(0, 1, shapes):
            axis.plot([place], [place], "o")
        return Drawing("points", figure, pd.DataFrame({"x": [1, 2]}), "caption", "words")

    return draw


def test_a_published_figure_has_its_table_and_is_the_same_each_time(tmp_path):
    first = publish(drawn(2), tmp_path)
    files = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert set(files) == {"points.csv", "points.svg", "points.png"}
    assert first.files == tuple(f"{tmp_path.name}/points.{ending}" for ending in ("csv", "svg", "png"))
    assert files["points.csv"] == b"x\n1\n2\n"
    assert files["points.png"].startswith(b"\x89PNG")
    assert first.image.startswith("data:image/svg+xml")
    assert publish(drawn(2), tmp_path) == first
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == files


def test_a_figure_of_too_many_shapes_is_sent_as_pixels(tmp_path, monkeypatch):
    monkeypatch.setattr("outcomenet.pages.figures.LARGEST_VECTOR", 10)
    assert publish(drawn(1), tmp_path).image.startswith("data:image/png")
    assert LARGEST_VECTOR == 250_000


def test_nothing_to_draw_leaves_no_file(tmp_path):
    assert publish(lambda *, layout: None, tmp_path) is None
    assert list(tmp_path.iterdir()) == []
    figure, axes = Layout.PHONE.panels(3, 2.0, further=0.5)
    assert isinstance(figure, Figure)
    assert (len(axes), *figure.get_size_inches()) == (3, 3.75, 6.5)
    assert [layout.wrapped("one two three", 8) for layout in Layout] == ["one two three", "one two\nthree"]


def test_the_terminal_shows_predictors_in_the_order_of_the_ladder(tmp_path: Path):
    METRICS.iloc[:2].to_csv(tmp_path / "metrics.csv", index=False)
    pd.DataFrame([ROW, replace(ROW, metric="mae"), replace(ROW, reference="covariates")]).to_csv(
        tmp_path / "comparisons.csv", index=False
    )
    lines = ladder_text(tmp_path).splitlines()
    assert [line.split()[0] for line in lines] == [
        "predictor",
        "human_total",
        "direct_adjusted",
        "visits",
        "direct_adjusted",
    ]
    assert lines[1].split(maxsplit=1)[1] == "0.300 (0.200 to 0.400)"
    assert lines[3].split() == ["visits", "held", "out", "100"]
    assert lines[4] == (
        "direct_adjusted - human_total, haq r2: +0.050 (+0.0100 to +0.0900; Monte Carlo +-0.0010 and +-0.0010 of 1000 resamples), better"
    )


def test_at_equal_terms_the_headline_against_the_human_total_is_shown_where_there_is_one():
    shared = {
        "adjusted_for": "age",
        "outcome": "haq",
        "horizon": 0,
        "difference": 0.05,
        "lower": 0.01,
        "upper": 0.09,
        "n": 50,
    }
    shared |= {"lower_margin": 0.0, "upper_margin": 0.0, "predictor": "direct_adjusted"}
    nested = pd.DataFrame(
        [shared | {"metric": metric, "reference": reference} for metric, reference in
         (("r2", "human_total"), ("mae", "human_total"), ("r2", "covariates"))]
    )  # fmt: skip
    (row,) = equal_adjustment(nested).rows
    assert row.cells[3:] == ["R² 0.050 (0.010 to 0.090)", "50", "first better"]
    others = equal_adjustment(nested[nested["reference"] == "covariates"]).rows
    assert [row.cells[2] for row in others] == [f"{PREDICTORS['direct_adjusted'].title} minus covariates only"]


def test_a_calibrator_without_words_keeps_its_name():
    table = pd.DataFrame(
        [("direct", name, "brier", 0.1234, NAN, NAN, 40, 9) for name in ("none", "platt", "beta")],
        columns=["predictor", "calibrator", "metric", "value", "lower", "upper", "n", "events"],
    )
    rows = recalibrated_risks(table).rows
    assert [row.cells[1] for row in rows] == ["as predicted", "Platt", "beta"]
    assert rows[0].cells[2:] == ["Brier score", "0.12 (not defined)", "40", "9"]
