"""Joint schema, score schemes, HAQ and fibromyalgia rules against their published definitions."""

from __future__ import annotations

from collections import Counter

import pytest

from outcomenet.anatomy import JOINT_COUNT, JOINT_NAMES, OSTEOARTHRITIS_HAND_JOINTS, Side
from outcomenet.confounders import confounder, fibromyalgia_acr2016
from outcomenet.errors import UsageError
from outcomenet.haq import HAQ_CATEGORIES, haq_category, haq_disability_index, haq_grid
from outcomenet.outcomes import annual_change, is_rapid_progression, outcome
from outcomenet.scoring import SENS, SVDH, ImpossibleGrade, UnreadablePolicy, scheme, sens_from_svdh

# Column names of the RA2-DREAM score table without its patient id and totals (the challenge's published header).
DREAM = [
    f"{side}_{name}"
    for side in ("LH", "RH")
    for name in (
        ["mcp_E__ip", *(f"pip_E__{n}" for n in range(2, 6)), *(f"mcp_E__{n}" for n in range(1, 6))]
        + [f"wrist_E__{b}" for b in ("mc1", "mul", "nav", "lunate", "radius", "ulna")]
        + [*(f"pip_J__{n}" for n in range(2, 6)), *(f"mcp_J__{n}" for n in range(1, 6))]
        + [f"wrist_J__{b}" for b in ("cmc3", "cmc4", "cmc5", "mna", "capnlun", "radcar")]
    )
] + [f"{s}_mtp_{f}__{n}" for s in ("LF", "RF") for f in "EJ" for n in ("ip", "1", "2", "3", "4", "5")]


def test_svdh_has_the_published_sites_and_total():
    assert SVDH.maximum == 448  # Lassere 1999
    per = Counter((site.side.region, site.definition.feature) for site in SVDH.sites)
    assert per == {("hand", "erosion"): 32, ("hand", "jsn"): 30, ("foot", "erosion"): 12, ("foot", "jsn"): 12}
    assert sum(s.definition.maximum for s in SVDH.sites if s.definition.feature == "erosion") == 280
    assert SENS.maximum == 86


def test_svdh_sites_are_the_dream_columns():
    assert sorted(site.dream_column for site in SVDH.sites) == sorted(DREAM)


def test_thumb_ip_has_no_narrowing_site_and_dips_have_none():
    sites = {(s.definition.region, s.definition.site, s.definition.feature) for s in SVDH.sites}
    assert ("hand", "IP1", "jsn") not in sites
    assert not [s for s in sites if s[1].startswith("DIP")]


def test_the_joint_schema_holds_the_dips_and_every_scored_joint():
    assert JOINT_COUNT == 58
    assert {f"{side}_DIP{n}" for side in ("LH", "RH") for n in range(2, 6)} <= set(JOINT_NAMES)
    assert all(0 <= site.joint_index < JOINT_COUNT for site in SVDH.sites)
    assert not [j for j in OSTEOARTHRITIS_HAND_JOINTS if j.startswith("MCP")]
    assert Side.of("L", "foot") is Side.LEFT_FOOT


def test_totals_follow_the_policy_for_unreadable_sites():
    full = {site.key: 1.0 for site in SVDH.sites}
    assert SVDH.total(full) == 86
    part = {key: grade for key, grade in full.items() if key != ("LH", "MCP2", "erosion")}
    assert SVDH.total(part, UnreadablePolicy.MISSING) is None
    assert SVDH.total(part, UnreadablePolicy.EXCLUDE) == 85
    last = {("LH", "MCP2", "erosion"): 3.0}
    assert SVDH.total(part, UnreadablePolicy.CARRY_LAST, last) == 88
    assert SVDH.total(part, UnreadablePolicy.CARRY_LAST, {}) is None
    assert sum(sens_from_svdh(full).values()) == 86


def test_a_grade_outside_its_range_is_refused_by_the_definition():
    with pytest.raises(ImpossibleGrade, match="from 0 to 5, got 7"):
        SVDH.total({("LH", "MCP2", "erosion"): 7})
    assert SVDH.total({("LF", "MTP2", "erosion"): 7}, UnreadablePolicy.EXCLUDE) == 7  # feet go to 10


@pytest.mark.parametrize(
    ("items", "aid", "expected"),
    [([0, 1], False, 1), ([0, 0], True, 2), ([1, 0], True, 2), ([3, 0], True, 3), ([None, None], True, None)],
)
def test_haq_category_rule(items, aid, expected):
    assert haq_category(items, aid) == expected


@pytest.mark.parametrize("item", [4, -1])
def test_an_item_that_the_haq_does_not_have_is_refused(item):
    with pytest.raises(UsageError, match=f"A HAQ item is 0, 1, 2 or 3; got {item}"):
        haq_disability_index({"haq_grip_1": item})


def test_haq_index_divides_by_the_answered_categories():
    answers = {f"haq_{category}_1": 1 for category in HAQ_CATEGORIES}
    assert haq_disability_index(answers).value == 1.0
    del answers["haq_grip_1"]
    assert haq_disability_index(answers | {"haq_reach_1": 2}) == (8 / 7, 7) or (
        haq_disability_index(answers | {"haq_reach_1": 2}).value == pytest.approx(8 / 7)
    )
    del answers["haq_reach_1"]
    assert haq_disability_index(answers).grid == pytest.approx(1 / 6)
    del answers["haq_eating_1"]
    assert haq_disability_index(answers) is None


def test_the_alternative_index_ignores_aids():
    answers = {f"haq_{category}_1": 0 for category in HAQ_CATEGORIES} | {"haq_aid_walking": 1}
    assert haq_disability_index(answers).value == 0.25
    assert haq_disability_index(answers, use_aids=False).value == 0.0


def test_haq_grid_knows_eighths_sevenths_and_sixths():
    assert [haq_grid(v) for v in (1.125, 1.143, 1.167, 1.5)] == [8, 7, 6, 8]
    assert haq_grid(1.06) is None


def test_rapid_progression_is_five_units_a_year():
    assert is_rapid_progression(10, 15, 365.25)
    assert not is_rapid_progression(10, 15, 730.5)
    assert annual_change(10, 15, 730.5) == pytest.approx(2.5)
    with pytest.raises(UsageError, match="second film after the first"):
        annual_change(1, 2, 0)


def test_acr_2016_criteria():
    assert fibromyalgia_acr2016(7, 5, 4, 3)
    assert fibromyalgia_acr2016(4, 9, 5, 6)
    assert not fibromyalgia_acr2016(7, 5, 3, 3)  # pain not generalised
    assert not fibromyalgia_acr2016(3, 12, 5, 6)


def test_unknown_names_are_answered_with_the_nearest():
    with pytest.raises(UsageError, match="Did you mean svdh"):
        scheme("svhd")
    with pytest.raises(UsageError, match="Did you mean pain"):
        outcome("pian")
    with pytest.raises(UsageError, match="Did you mean duration"):
        confounder("durations")
