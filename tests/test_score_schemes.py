"""Every score scheme is complete: maxima, sites and names as published, totals and parts under every policy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from outcomenet.anatomy import Region, Side
from outcomenet.datasets.visit_table import reading_totals
from outcomenet.errors import UsageError
from outcomenet.scoring import (
    SCHEMES,
    STEINBROCKER,
    SVDH,
    Combination,
    ImpossibleGrade,
    UnreadablePolicy,
    sens_from_svdh,
)

HEADER = (Path(__file__).parent / "data" / "ra2_dream_training_header.txt").read_text().split()
SUMMED = [scheme for scheme in SCHEMES.values() if scheme.combination is Combination.SUM]
# Maximum and number of sites: SvdH 448 = 160 + 120 + 120 + 48 (Lassere 1999); SENS 86 = 44 + 42; Sharp 1985 314 = 170 + 144
# (17 and 18 sites a hand); Larsen 1977 250 = 5 x (40 joints + 2 wrists that count five times), 1995 160 = 5 x 32; Ratingen
# 190 = 5 x 38 (Rau & Herborn 1998).
PUBLISHED = {
    "svdh": (448, 86), "sens": (86, 86), "sharp_1985": (314, 70), "larsen_1977": (250, 42), "larsen_1995": (160, 32),
    "ratingen": (190, 38), "steinbrocker": (4, 4), "kellgren_lawrence": (88, 22), "osteophytes": (60, 20),
}  # fmt: skip


@pytest.mark.parametrize("name", SCHEMES)
def test_maximum_and_number_of_sites_are_as_published(name):
    scheme = SCHEMES[name]
    assert (scheme.maximum, len(scheme.sites)) == PUBLISHED[name]
    assert len(scheme.by_key()) == len(scheme.sites)
    worst = {site.key: float(site.definition.maximum) for site in scheme.sites}
    assert scheme.total(worst) == scheme.maximum


def test_svdh_has_every_column_of_ra2_dream_and_no_other():
    columns = {site.dream_column for site in SVDH.sites}
    assert columns == set(HEADER) - {"Patient_ID", "Overall_Tol", "Overall_erosion", "Overall_narrowing"}
    assert len(columns) == len(SVDH.sites)


def test_svdh_has_the_names_of_ram_h1200():
    names = {site.definition.ram_h1200 for site in SVDH.sites if site.side.region is Region.HAND}
    erosion = {f"BE_PIP-{f}" for f in "IMRS"} | {f"BE_MCP-{f}" for f in "TIMRS"}
    erosion |= {"BE_IP", "BE_CMC-T", "BE_Tm", "BE_S", "BE_L", "BE_R", "BE_U"}
    narrowing = {f"JSN_PIP-{f}" for f in "IMRS"} | {f"JSN_MCP-{f}" for f in "TIMRS"} | {f"JSN_CMC-{f}" for f in "MRS"}
    narrowing |= {"JSN_STT", "JSN_SC", "JSN_SR"}
    assert names == erosion | narrowing


def test_the_parts_of_svdh():
    worst = {site.key: float(site.definition.maximum) for site in SVDH.sites}
    parts = SVDH.subtotals(worst)
    assert {name: parts[name] for name in ("erosion", "jsn", "hands", "feet")} == {
        "erosion": 280, "jsn": 168, "hands": 280, "feet": 168,
    }  # fmt: skip
    assert [parts[name] for name in ("hands_erosion", "hands_jsn", "feet_erosion", "feet_jsn")] == [160, 120, 120, 48]
    assert [parts[str(side)] for side in Side] == [140, 140, 84, 84]


@pytest.mark.parametrize(
    ("name", "published"),
    [
        ("sens", {"erosion": 44, "jsn": 42}),
        ("sharp_1985", {"erosion": 170, "jsn": 144}),
        ("larsen_1977", {"hands": 190, "feet": 60}),
        ("larsen_1995", {"hands": 120, "feet": 40}),
    ],
)
def test_the_parts_of_the_others(name, published):
    parts = SCHEMES[name].subtotals({site.key: float(site.definition.maximum) for site in SCHEMES[name].sites})
    assert {part: parts[part] for part in published} == published


@pytest.mark.parametrize("scheme", SCHEMES.values(), ids=lambda scheme: scheme.name)
def test_every_division_into_parts_holds_every_site_once(scheme):
    parts = scheme.parts()
    for division in (scheme.features, ("hands", "feet"), tuple(map(str, Side))):
        sites = [site.key for name in division for site in parts.get(name, ())]
        assert sorted(sites) == sorted(site.key for site in scheme.sites)


@pytest.mark.parametrize("scheme", SUMMED, ids=lambda scheme: scheme.name)
def test_an_unreadable_site_under_each_policy(scheme):
    ones = {site.key: 1.0 for site in scheme.sites}
    lost = scheme.sites[0]
    weight = lost.definition.weight
    read = {key: grade for key, grade in ones.items() if key != lost.key}
    whole = sum(site.definition.weight for site in scheme.sites)
    before = {lost.key: float(lost.definition.maximum)}
    assert scheme.total(ones) == whole
    assert scheme.total(read) is None
    assert scheme.total(read, UnreadablePolicy.EXCLUDE) == whole - weight
    assert scheme.total(read, UnreadablePolicy.CARRY_LAST, before) == whole - weight + lost.definition.maximum * weight
    assert scheme.total(read, UnreadablePolicy.CARRY_LAST, {}) is None
    parts, parts_of_ones = scheme.subtotals(read), scheme.subtotals(ones)
    assert parts[str(lost.side)] is None
    other = next(site.side for site in scheme.sites if site.side is not lost.side)
    assert parts[str(other)] is not None  # a part lacks only what it lacks itself
    carried = scheme.subtotals(read, UnreadablePolicy.CARRY_LAST, before)
    assert carried[str(lost.side)] == parts_of_ones[str(lost.side)] + (lost.definition.maximum - 1) * weight
    assert carried[str(other)] == parts_of_ones[str(other)]
    assert scheme.subtotals(read, UnreadablePolicy.CARRY_LAST, {})[str(lost.side)] is None
    excluded = scheme.subtotals(read, UnreadablePolicy.EXCLUDE)
    assert excluded[lost.definition.feature] == parts_of_ones[lost.definition.feature] - weight


def test_larsens_first_wrist_counts_five_times():
    scheme = SCHEMES["larsen_1977"]
    nothing = {site.key: 0.0 for site in scheme.sites}
    assert scheme.total(nothing | {("LH", "wrist", "larsen"): 2.0}) == 10
    assert scheme.total(nothing | {("LH", "DIP2", "larsen"): 2.0}) == 2


def test_a_stage_is_the_worst_limbs_and_is_never_summed():
    stages = {("LH", "stage", "stage"): 2.0, ("RH", "stage", "stage"): 3.0, ("LF", "stage", "stage"): 1.0}
    assert STEINBROCKER.total(stages) == 3
    assert STEINBROCKER.total({}) is None
    assert STEINBROCKER.subtotals(stages)["feet"] == 1
    with pytest.raises(ImpossibleGrade, match="from 1 to 4, got 0"):
        STEINBROCKER.total({("LH", "stage", "stage"): 0.0})


def test_a_readings_stage_in_tables_is_its_worst_limbs():
    limbs = pd.DataFrame([[1.0, 3.0, np.nan, np.nan]], columns=[site.name for site in STEINBROCKER.sites])
    reading = pd.concat([pd.DataFrame({"patient_id": ["P"], "visit_id": ["V"], "reader": ["r"]}), limbs], axis=1)
    assert reading_totals(reading, STEINBROCKER, UnreadablePolicy.MISSING)["total"].tolist() == [3.0]


def test_sens_is_derived_exactly():
    grades = {site.key: float(k % 3) for k, site in enumerate(SVDH.sites)}
    assert SCHEMES["sens"].total(sens_from_svdh(grades)) == sum(grade > 0 for grade in grades.values())


def test_a_site_that_the_scheme_lacks_is_named_with_the_nearest():
    with pytest.raises(UsageError, match=r"Sharp/van der Heijde has no site \('LH', 'IP1', 'jsn'\)\. Did you mean"):
        SVDH.total({("LH", "IP1", "jsn"): 1})
