"""The ladder is one table: what else names predictors is derived from it, with the values that results rest on."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import outcomenet
from outcomenet import predictors
from outcomenet.errors import DataRefused
from outcomenet.ladder.nested import FORMS
from outcomenet.metrics.table import primary_contrast
from outcomenet.predictors import PREDICTORS

ROOT = Path(outcomenet.__file__).parent


def test_names_are_those_of_the_prediction_table():
    assert list(PREDICTORS) == [
        "covariates", "human_total", "human_joints", "score_mediated", "direct", "direct_adjusted", "oracle",
        "clinical_matrix", "direct_adjusted_coarse",
    ]  # fmt: skip


def test_each_derived_list_has_its_value():
    assert predictors.NETWORKS == ("direct", "direct_adjusted")
    assert predictors.FROM_FILM == ("score_mediated", "direct", "direct_adjusted")
    assert predictors.SIMULATION_ONLY == ("oracle",)
    assert predictors.IN_SUBGROUPS == ("covariates", "human_total", "direct", "direct_adjusted")
    assert predictors.REFITTED == ("covariates", "human_total")
    assert predictors.FAIR_RIVALS == ("human_joints", "score_mediated")


def test_pairs_begin_with_the_primary_contrast_and_end_beside_the_ladder():
    assert predictors.PAIRS == (
        ("direct_adjusted", "human_total"), ("direct_adjusted", "human_joints"), ("direct_adjusted", "score_mediated"),
        ("direct_adjusted", "covariates"), ("direct_adjusted", "direct"), ("oracle", "direct_adjusted"),
        ("direct_adjusted", "clinical_matrix"), ("direct_adjusted_coarse", "human_total"),
    )  # fmt: skip
    assert primary_contrast("haq")[2:] == ("direct_adjusted", "human_total")
    assert predictors.PAIRS_AT_EQUAL_ADJUSTMENT == (
        ("direct_adjusted", "human_total"), ("direct_adjusted_coarse", "human_total"),
        ("human_total", "covariates"), ("direct_adjusted", "covariates"),
    )  # fmt: skip
    assert {name for pair in predictors.PAIRS_AT_EQUAL_ADJUSTMENT for name in pair} == {*FORMS, "covariates"}


def test_every_reference_is_a_predictor_and_marks_are_told_apart():
    for predictor in PREDICTORS.values():
        assert {*predictor.compared_with, *predictor.at_equal_adjustment} <= set(PREDICTORS) - {predictor.name}
        assert predictor.needs_films or not predictor.is_network
    for field in ("title", "phrase", "explanation", "colour", "marker"):
        assert len({getattr(predictor, field) for predictor in PREDICTORS.values()}) == len(PREDICTORS), field


def test_the_most_adjusted_network_measures():
    assert predictors.measuring_network(["direct", "direct_adjusted"]) == "direct_adjusted"
    assert predictors.measuring_network(["direct"]) == "direct"
    assert predictors.measuring_network(["human_total"]) is None


def test_an_unknown_predictor_is_refused_with_the_nearest():
    with pytest.raises(DataRefused, match="no predictor called 'human_totl'.*human_total"):
        predictors.in_ladder_order({"covariates", "human_totl"})
    assert predictors.in_ladder_order({"oracle", "covariates"}) == ["covariates", "oracle"]


def test_no_other_module_spells_a_predictor_that_has_a_constant():
    """`covariates` and `direct` are words of other things too; the others name a predictor wherever they stand."""
    names = set(PREDICTORS) - {"covariates", "direct"}
    spelled = [
        f"{file.relative_to(ROOT)}:{node.lineno}"
        for file in ROOT.rglob("*.py")
        if file.name != "predictors.py"
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Constant) and node.value in names
    ]
    assert not spelled
