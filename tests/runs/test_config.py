"""Configurations come back from their JSON form as they were, and an unknown setting is named with the nearest."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum

import pytest

from outcomenet.errors import UsageError
from outcomenet.runs.config import as_lines, from_record, to_record


class Shape(StrEnum):
    ROUND = "round"
    FLAT = "flat"


@dataclass(frozen=True)
class Part:
    width: float = 2.0
    shape: Shape = Shape.ROUND


@dataclass(frozen=True)
class Whole:
    name: str
    part: Part = Part()
    others: tuple[Part, ...] = ()


WHOLE = Whole("a", Part(3.0, Shape.FLAT), (Part(), Part(4.0)))


def test_a_configuration_comes_back_from_json():
    assert from_record(Whole, json.loads(json.dumps(to_record(WHOLE)))) == WHOLE


def test_a_setting_that_is_absent_has_its_default():
    assert from_record(Whole, {"name": "a"}) == Whole("a")


def test_an_unknown_setting_is_named_with_the_nearest():
    with pytest.raises(UsageError, match=r"Part has no setting 'widht'. Did you mean width\?"):
        from_record(Whole, {"name": "a", "part": {"widht": 1.0}})


def test_a_value_that_an_enumeration_lacks_is_named():
    with pytest.raises(UsageError, match=r"'rund' is no Shape. Did you mean round\?"):
        from_record(Part, {"shape": "rund"})


def test_lines_are_paths_in_the_order_of_declaration():
    assert as_lines(Whole("a")) == ["name = 'a'", "part.width = 2.0", "part.shape = 'round'", "others = ()"]
