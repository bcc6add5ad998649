"""Worlds: calibrated to published numbers, null where they say so, confounded where they say so."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from outcomenet.cohorts.splits import SPLIT_SALT, split_of
from outcomenet.errors import UndefinedMetric, UsageError
from outcomenet.haq import HAQ_AID_COLUMNS, HAQ_ITEM_COLUMNS, haq_disability_index
from outcomenet.metrics.detectable import smallest_detectable_change
from outcomenet.simulation.causal import solve
from outcomenet.simulation.ceilings import noise_ceilings
from outcomenet.simulation.disability import disability_parts, haq_index
from outcomenet.simulation.exogenous import draw_exogenous
from outcomenet.simulation.presets import PRESETS, PURPOSES, preset
from outcomenet.simulation.published_targets import TARGETS, check_world
from outcomenet.simulation.readers import total
from outcomenet.simulation.sample import draw_sample
from outcomenet.simulation.world import World


@pytest.fixture(scope="module")
def default():
    return draw_sample(preset("default"), 3000, seed=4)


@pytest.mark.parametrize("name", ["default", "trial", "null", "high_risk", "early", "established"])
def test_a_preset_meets_every_published_target_that_applies(name):
    table = check_world(preset(name), name)
    assert len(table) == sum(target.applies_to(name) for target in TARGETS) > 0
    assert table.loc[~table["within"], ["target", "obtained"]].empty


def test_every_preset_has_a_purpose_and_solves():
    assert PRESETS.keys() == PURPOSES.keys()
    for world in PRESETS.values():
        solved = solve(world, draw_exogenous(0, range(10), world.visits, len(world.readers)))
        assert np.isfinite(solved.disability).all()


def test_a_target_out_of_reach_is_reported_as_missed():
    table = check_world(preset("default").with_overrides(disability_fibromyalgia=0.0), "default", patients=1000)
    assert not table.set_index("target").loc["fibromyalgia on HAQ-DI", "within"]


def test_the_index_of_many_answers_is_that_of_each(default):
    for i in range(40):
        items, aids = default.solved.items[i, 0], default.solved.aids[i, 0]
        answers = dict(zip(HAQ_ITEM_COLUMNS, map(int, items), strict=True))
        answers |= dict(zip(HAQ_AID_COLUMNS, map(int, aids), strict=True))
        assert haq_index(items, aids) == haq_disability_index(answers).value


def test_smallest_detectable_change_by_hand():
    # differences of the two readers' changes: 2, -2, 0 -> SD 2; 1.96 x 2 / (sqrt 2 x sqrt 2) = 1.96
    assert smallest_detectable_change(np.array([[3.0, 1.0], [0.0, 2.0], [1.0, 1.0]])) == pytest.approx(1.96)


def test_in_the_null_world_outcomes_know_the_joints_through_the_score_alone():
    world = preset("null")
    solved = solve(world, draw_exogenous(1, range(50), 2, 2))
    other = solve(world.do(ra_damage=0.7), draw_exogenous(2, range(50), 2, 2)).joints
    known = {
        "activity": solved.activity, "fibromyalgia": solved.fibromyalgia, "male": solved.male,
        "age": solved.age[:, None] + np.arange(2),
    }  # fmt: skip
    score = total(solved.svdh).mean(-1)
    for mine, others in zip(
        disability_parts(world, solved.joints, score, **known),
        disability_parts(world, other, score, **known),
        strict=True,
    ):
        assert np.array_equal(mine, others)
    assert np.ptp(solved.parts.activity) == np.ptp(solved.parts.osteoarthritis) == 0


def test_in_the_null_world_no_film_measure_beats_the_score_as_read():
    ceilings = noise_ceilings(preset("null"), draw_sample(preset("null"), 6000, seed=0).solved)
    for outcome in ("haq", "pain"):
        assert ceilings[outcome]["film_states_and_covariates"] < ceilings[outcome]["score_as_read"]
        assert ceilings[outcome]["score_as_read"] == pytest.approx(ceilings[outcome]["everything"], abs=0.01)


def test_in_the_null_world_the_score_moves_and_the_films_do_not():
    solved = draw_sample(preset("null"), 500, seed=0).solved
    assert np.allclose(solved.joints.erosion[:, 0], solved.joints.erosion[:, 1], atol=1e-12)
    change = total(solved.svdh[:, 1]) - total(solved.svdh[:, 0])
    assert change.mean() > 1
    assert change.min() >= 0


def test_an_implant_placed_long_ago_does_not_know_the_future():
    world = World(implant_share=1.0, surgery_per_year=0.1)
    short, long = (solve(world, draw_exogenous(7, range(200), visits, 2)).joints.prosthesis for visits in (2, 4))
    assert short[:, 0].sum() > 20
    assert np.array_equal(short, long[:, :2])
    treated = solve(world.do(treatment=True), draw_exogenous(7, range(200), 2, 2)).joints.prosthesis
    assert np.array_equal(short[:, 0], treated[:, 0])


def test_perfect_eyes_beat_the_reader_in_the_default_world_and_less_so_without_a_hidden_signal(default):
    with_signal = noise_ceilings(default.world, default.solved)["haq"]
    without = noise_ceilings(preset("no_hidden_signal"), draw_sample(preset("no_hidden_signal"), 3000, 4).solved)["haq"]

    def gain(ceilings):
        return ceilings["film_states_and_covariates"] - ceilings["score_as_read"]

    assert gain(with_signal) > gain(without) > 0


def test_without_the_hidden_signal_hidden_activity_drives_no_erosion():
    noise = draw_exogenous(3, range(30), 2, 2)
    calmer = noise._replace(joint_hidden=np.zeros_like(noise.joint_hidden))
    for strength, same in ((0.0, True), (1.0, False)):
        world = World(hidden_signal=strength)
        eroded = [solve(world, z).joints.erosion for z in (noise, calmer)]
        assert np.array_equal(*eroded) is same


def test_fibromyalgia_raises_function_and_pain_but_no_joint():
    noise = draw_exogenous(5, range(200), 2, 2)
    nobody, everybody = (solve(World().do(fm=fm), noise) for fm in (False, True))
    assert (haq_index(everybody.items, everybody.aids) >= haq_index(nobody.items, nobody.aids) - 1e-9).mean() > 0.99
    assert (everybody.symptoms["pain"].logit > nobody.symptoms["pain"].logit).all()


def test_rheumatoid_and_osteoarthritic_narrowing_meet_at_the_pips(default):
    from outcomenet.anatomy import JOINTS

    joints = default.solved.joints
    both = (joints.narrowing[:, 0] > 0.1) & (joints.oa_narrowing[:, 0] > 0.1)
    sites = {JOINTS[j].site for j in np.flatnonzero(both.mean(0) > 0.01)}
    assert {"PIP2", "PIP3", "PIP4", "PIP5"} <= sites
    assert not [site for site in sites if site.startswith(("MCP", "lunate", "radius"))]


def test_luxation_and_fusion_come_late_and_rarely(default):
    joints = default.solved.joints
    lost = 0.5 * (joints.erosion + joints.narrowing)
    assert lost[joints.subluxation > 0].min() > 0.3
    assert joints.narrowing[joints.ankylosis > 0].min() >= default.world.ankylosis_onset
    for state in (joints.subluxation, joints.ankylosis, joints.prosthesis, joints.amputated):
        assert 0 < (state[:, 0] > 0.25).any(-1).mean() < 0.15


def test_the_disabled_drop_out_more_often_unless_drop_out_is_uninformative():
    def lost_share(world):
        solved = draw_sample(world, 4000, seed=0).solved
        able = solved.disability[:, 1] < np.median(solved.disability[:, 1])
        return 1 - solved.present[able, 1].mean(), 1 - solved.present[~able, 1].mean()

    able, disabled = lost_share(World())
    assert disabled > able + 0.02
    able, disabled = lost_share(World(dropout_per_disability=0.0))
    assert disabled == pytest.approx(able, abs=0.02)


def test_a_clinic_treats_the_severely_ill_and_a_trial_draws_lots():
    clinic, trial = (draw_sample(preset(name), 3000, seed=0).solved for name in ("default", "trial"))
    for solved, differs in ((clinic, True), (trial, False)):
        gap = solved.severity[solved.treatment].mean() - solved.severity[~solved.treatment].mean()
        assert bool(abs(gap) > 0.3) is differs
    assert trial.treatment.mean() == pytest.approx(0.5, abs=0.03)


def test_the_scanner_shortcut_is_there_in_training_and_not_in_the_test_split():
    world = preset("scanner_shortcut")
    solved = solve(world, draw_exogenous(0, range(3000), world.visits, 2))
    haq = haq_index(solved.items, solved.aids)[:, 0]
    test = np.array([split_of(patient, SPLIT_SALT) == "test" for patient in solved.ids])
    assert np.corrcoef(solved.site[~test], haq[~test])[0, 1] > 0.25
    assert abs(np.corrcoef(solved.site[test], haq[test])[0, 1]) < 0.1


def test_a_site_shift_is_one_of_severity_and_age():
    solved = draw_sample(preset("site_shift"), 3000, seed=0).solved
    usual = draw_sample(preset("default"), 3000, seed=0).solved
    for value in ("severity", "age"):
        assert np.corrcoef(solved.site, getattr(solved, value))[0, 1] > 0.3
        assert abs(np.corrcoef(usual.site, getattr(usual, value))[0, 1]) < 0.06


def test_negative_controls_depend_on_the_site_and_on_nothing(default):
    solved = default.solved
    steps = [solved.control_site[solved.site == s].mean() for s in range(3)]
    assert np.diff(steps) == pytest.approx(default.world.control_site_step, abs=0.1)
    haq = haq_index(solved.items, solved.aids)
    for s in range(3):
        assert abs(np.corrcoef(solved.control_site[solved.site == s, 0], haq[solved.site == s, 0])[0, 1]) < 0.1
    assert abs(np.corrcoef(solved.control_none[:, 0], haq[:, 0])[0, 1]) < 0.06
    assert abs(np.corrcoef(solved.control_none[:, 0], solved.site)[0, 1]) < 0.06


def test_more_patients_readers_or_visits_leave_the_first_ones_as_they_are():
    few, many = draw_exogenous(9, range(3), 2, 2), draw_exogenous(9, range(6), 3, 3)
    for name in ("joint_damage", "joint_late"):
        assert np.array_equal(getattr(few, name), getattr(many, name)[:3])
    assert np.array_equal(few.joint_swelling, many.joint_swelling[:3, :2])
    assert np.array_equal(few.reading, many.reading[:3, :2, :, :2])
    assert np.array_equal(few.visit["pain"], many.visit["pain"][:3, :2])


@pytest.mark.parametrize(
    ("texts", "sentence"),
    [
        (["hiden_signal=0"], "Did you mean hidden_signal"),
        (["hidden_signal"], "set as name=value"),
        (["hidden_signal=much"], "is a number, for instance hidden_signal=1.0; got 'much'"),
        (["visits=2.5"], "is a whole number"),
        (["visits=0"], "a whole number from 1 to 100; got 0"),
        (["reading_mode=twice"], "single, paired, chronological"),
        (["schemes=svdh,larson"], "larsen_1995"),
        (["sites=A,B"], "gives each of the 2 sites a share"),
        (["sites=A,A,B"], "a list of at least one of different names"),
        (["readers=R1,R1"], "a list of at least one of different names"),
        (["male_share=3"], r"male_share \(of World\) is a number from 0 to 1; got 3"),
        (["hidden_signal=nan"], "a number from 0 to 50; got nan"),
        (["damage_rate=-1"], r"damage_rate \(of World\) is a number from 0 to 1,000,000; got -1"),
        (["fibromyalgia_share=1"], "from 0 to 0.95"),
        (["visit_gap_years=0.02"], "from 0.2 to 10"),
        (["male_share=0.3", "male_share=0.4"], "set twice"),
        (["outcome_source=score_as_read", "schemes=svdh,larsen_1995"], "no other score of damage can agree"),
    ],
)
def test_a_wrong_coefficient_is_answered_in_a_sentence(texts, sentence):
    with pytest.raises(UsageError, match=sentence):
        World().with_texts(texts)


def test_lists_of_coefficients_keep_their_kind():
    world = World().with_texts(["sites=A,B", "site_shares=0.5,0.5", "schemes=svdh", "visits=3"])
    assert (world.sites, world.site_shares, world.schemes, world.visits) == (("A", "B"), (0.5, 0.5), ("svdh",), 3)
    assert world == replace(World(), sites=("A", "B"), site_shares=(0.5, 0.5), schemes=("svdh",), visits=3)


def test_a_table_by_joint_is_changed_by_name():
    noise = draw_exogenous(0, range(40), 1, 2)
    usual, struck = (
        solve(world, noise).joints.erosion for world in (World(), World().with_texts(["ra_susceptibility=MCP2:3"]))
    )
    from outcomenet.anatomy import JOINTS

    mcp2 = np.array([joint.site == "MCP2" for joint in JOINTS])
    assert (struck[..., mcp2] > usual[..., mcp2]).all()
    assert np.array_equal(struck[..., ~mcp2], usual[..., ~mcp2])
    for text, sentence in (("MPC2:3", "or MCP2"), ("MCP2=3", "no joint"), ("MCP2:x", "SITE:NUMBER")):
        with pytest.raises(UsageError, match=sentence):
            solve(World(function_weight=(text,)), noise)


def test_a_trial_without_two_arms_says_how_many_were_treated():
    (target,) = (t for t in TARGETS if t.name == "change a year, active minus control")
    sample = draw_sample(preset("trial").with_overrides(randomised_share=0.0), 6, seed=1)
    with pytest.raises(
        UndefinedMetric, match=r"two arms; of the patients who came twice 0 were treated and \d were not"
    ):
        target.obtain(sample)
