"""Equations of the simulated world, each solved by hand on a few joints: disease, burdens, HAQ answers, readers, attendance."""

from __future__ import annotations

import numpy as np
import pytest

from outcomenet.anatomy import JOINT_COUNT, JOINT_INDEX, JOINTS, Region
from outcomenet.errors import UndefinedMetric, UsageError
from outcomenet.haq import HAQ_CATEGORIES
from outcomenet.scoring import SVDH
from outcomenet.simulation.causal import attendance, joint_surgery, patient_identifier, patient_index, solve
from outcomenet.simulation.disability import (
    damage_burden,
    disability_parts,
    expected_haq,
    function_weight,
    haq_answers,
    haq_index,
    hidden_burden,
    oa_burden,
    oa_burden_in_sd,
)
from outcomenet.simulation.disease import (
    IMPLANT_JOINTS,
    OA_JOINTS,
    by_joint,
    disease_activity,
    joint_states,
    oa_susceptibility,
    ra_susceptibility,
    with_implants,
)
from outcomenet.simulation.exogenous import Exogenous, draw_exogenous
from outcomenet.simulation.interventions import Interventions
from outcomenet.simulation.published_targets import TARGETS, calibration_text, check_world
from outcomenet.simulation.readers import UNREADABLE, perceive, svdh_moving_by_itself, total
from outcomenet.simulation.sample import draw_sample
from outcomenet.simulation.simulate import changed_world
from outcomenet.simulation.states import JointStates
from outcomenet.simulation.symptoms import expected_points
from outcomenet.simulation.world import World

WORLD = World()


def joints(visits: int = 1, **states: float | dict[str, float]) -> JointStates:
    """One patient's joints, healthy but for `feature=state` of all or `feature={joint: state}` of some."""
    arrays = {name: np.zeros((1, visits, JOINT_COUNT)) for name in JointStates._fields}
    for name, state in states.items():
        for joint, value in (state if isinstance(state, dict) else dict.fromkeys(JOINT_INDEX, state)).items():
            arrays[name][..., JOINT_INDEX[joint]] = value
    return JointStates(**arrays)


def silent(patients: int = 1, visits: int = 2, readers: int = 2) -> Exogenous:
    """Noise that is 0 in every normal and 0.5 in every uniform number."""
    drawn = draw_exogenous(0, range(patients), visits, readers)
    arrays = {
        name: np.zeros_like(getattr(drawn, name)) for name in Exogenous._fields if name not in ("static", "visit")
    }
    static = {name: np.full_like(values, 0.5 * (values.min() >= 0)) for name, values in drawn.static.items()}
    uniform = ("dropout", "death", "surgery", "implant", "day", "item_missing")
    visit = {name: np.full_like(values, 0.5 * (name in uniform)) for name, values in drawn.visit.items()}
    return Exogenous(static=static, visit=visit, **arrays | {"aid": np.full_like(drawn.aid, 0.5)})


def test_two_diseases_take_cartilage_one_from_what_the_other_left():
    # half of the half that rheumatoid arthritis left
    assert joints(narrowing=0.5, oa_narrowing=0.5).joint_space == pytest.approx(0.25)
    assert (joints(narrowing=1.0, oa_narrowing=0.3).joint_space == 0).all()


@pytest.mark.parametrize(
    ("states", "lost"),
    [
        ({}, 0.0),
        ({"erosion": 1.0, "narrowing": 1.0}, 1.0),
        ({"erosion": 0.6}, 0.3),
        ({"narrowing": 0.6}, 0.3),
        ({"erosion": 0.6, "subluxation": 0.2}, 0.3),  # displaced by less than it had lost
        ({"erosion": 0.6, "subluxation": 0.9}, 0.9),
        ({"ankylosis": 0.7}, 0.7),
        ({"erosion": 1.0, "narrowing": 1.0, "prosthesis": 1.0}, 0.5),  # implant_relief
    ],
)
def test_damage_of_all_joints_is_a_burden_to_the_power_of_four_fifths(states, lost):
    assert damage_burden(WORLD, joints(**states)) == pytest.approx(lost**0.8)


def test_a_joints_share_of_the_burden_is_its_share_of_function():
    weight = function_weight(WORLD)
    for joint in ("LH_MCP2", "RH_DIP4", "LF_MTP1"):
        expected = (0.4 * weight[JOINT_INDEX[joint]] / weight.sum()) ** 0.8
        assert damage_burden(WORLD, joints(erosion={joint: 0.5}, narrowing={joint: 0.3})) == pytest.approx(expected)
    idle = World(function_weight=("MCP2:0",))
    assert damage_burden(idle, joints(erosion={"LH_MCP2": 1.0})) == 0


@pytest.mark.parametrize(("state", "share"), [("swelling", 0.6), ("osteopenia", 0.2), ("micro_erosion", 0.2)])
def test_hidden_signs_are_a_burden_in_fixed_shares_and_no_damage(state, share):
    everywhere = joints(**{state: 1.0})
    assert hidden_burden(WORLD, everywhere) == pytest.approx(share)
    assert damage_burden(WORLD, everywhere) == oa_burden(WORLD, everywhere) == 0


def test_osteophytes_and_narrowing_make_half_of_the_osteoarthritis_burden_each():
    assert oa_burden(WORLD, joints(osteophyte=0.6)) == pytest.approx(0.3)
    assert oa_burden(WORLD, joints(osteophyte=0.6, oa_narrowing=0.2)) == pytest.approx(0.4)
    # mean 0.034 and SD 0.050 of the default world
    assert oa_burden_in_sd(WORLD, joints(osteophyte=0.168)) == pytest.approx(1.0)


def parts_of(world: World, states: JointStates, score: float = 0.0, **changed: float):
    """Parts of disability of one patient at one visit: a woman of 56 of average activity without fibromyalgia."""
    of = {"activity": 0.0, "fibromyalgia": False, "male": False, "age": 56.0} | changed
    return disability_parts(
        world, states, np.array([[score]]), activity=np.array([[of["activity"]]]),
        fibromyalgia=np.array([of["fibromyalgia"]], bool), male=np.array([of["male"]], bool), age=np.array([[of["age"]]]),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("part", "changed", "by"),
    [
        ("activity", {"activity": 2.0}, 2 * 0.45),
        ("fibromyalgia", {"fibromyalgia": True}, 0.92),
        ("covariates", {"age": 66.0}, 10 * 0.016),
        ("covariates", {"male": True}, -0.25),
    ],
)
def test_a_cause_moves_its_own_part_of_disability_by_its_coefficient(part, changed, by):
    usual, other = parts_of(WORLD, joints()), parts_of(WORLD, joints(), **changed)
    moved = {name: (getattr(other, name) - getattr(usual, name)).item() for name in usual._fields}
    assert moved == pytest.approx(dict.fromkeys(usual._fields, 0.0) | {part: by})


def test_outcomes_know_joints_or_the_score_as_read_and_never_both():
    null = World(outcome_source="score_as_read", schemes=("svdh",))
    bad = joints(erosion=0.9, narrowing=0.9)
    assert parts_of(null, joints(), 50.0).damage == parts_of(null, bad, 50.0).damage
    assert parts_of(WORLD, bad, 0.0).damage == parts_of(WORLD, bad, 200.0).damage
    # a quarter of the 448 points is half of the highest root: (0.5 - 0.28) / 0.14 SD
    assert parts_of(null, joints(), SVDH.maximum / 4).damage.item() == pytest.approx(0.45 * 0.22 / 0.14)


def test_an_answer_counts_the_steps_that_lie_below_disability():
    # dressing has two items around 0.25, 0.45 apart; an item's steps lie at -0.3, 1.2 and 2.7 above its difficulty
    at = np.array([[-0.4, 0.0, 1.3, 1.5, 3.0, 9.0]])
    items, _ = haq_answers(WORLD, at, silent(visits=6))
    assert items[0, :, :2].tolist() == [[0, 0], [1, 0], [2, 1], [2, 1], [3, 2], [3, 3]]
    assert items.shape == (1, 6, sum(HAQ_CATEGORIES.values()))


def test_aids_come_with_the_worst_item_of_a_category():
    noise = silent(visits=3)
    # chances 0, 0.12, 0.35 and 0.6 at a worst item of 0, 1, 2 and 3
    items, aids = haq_answers(WORLD, np.array([[-9.0, 0.5, 9.0]]), noise)
    assert aids[0].sum(1).tolist() == [0, 0, 8]
    assert haq_index(items, aids)[0].tolist() == [0.0, 1.0, 3.0]
    _, more = haq_answers(WORLD, np.array([[-9.0, 0.5, 9.0]]), noise._replace(aid=np.full_like(noise.aid, 0.1)))
    assert more[0].sum(1).tolist() == [0, 8, 8]


def test_expected_haq_without_noise_is_the_index_with_the_chance_of_an_aid():
    still = World(disability_person=0.0, disability_visit=0.0, item_noise=1e-6)
    # at 0.5 every category's worst item is 1, which an aid lifts to 2 in 12 of 100
    assert expected_haq(still, np.array([-5.0, 0.5, 6.0])) == pytest.approx([0.0, 1.12, 3.0])


def test_expected_haq_rises_with_disability_and_stays_within_its_scale():
    expected = expected_haq(WORLD, np.linspace(-8, 9, 60))
    assert (np.diff(expected) >= 0).all()
    assert 0 <= expected[0] < 0.01
    assert 2.9 < expected[-1] <= 3


@pytest.mark.parametrize("name", ["pain", "fatigue"])
def test_expected_points_are_drawn_to_the_middle_by_noise(name):
    still = WORLD.with_overrides(**{f"{name}_person": 0.0, f"{name}_visit": 0.0})
    logits = np.array([-2.0, 0.0, 2.0])
    assert expected_points(still, name, logits) == pytest.approx(100 / (1 + np.exp(-logits)))
    low, middle, high = expected_points(WORLD, name, logits)
    assert middle == pytest.approx(50)
    assert low + high == pytest.approx(100)
    assert 100 / (1 + np.exp(2.0)) < low < 50


def test_disease_activity_remembers_the_visit_before():
    noise = silent(visits=3)
    noise.visit["activity"][:] = [[1.0, 1.0, -2.0]]
    # 0.6 of the visit before and 0.8 of what is new
    wave = np.array([1.0, 0.6 + 0.8, 0.6 * 1.4 - 1.6])
    alone = disease_activity(World(activity_severity=0.0), noise, np.array([5.0]))
    assert alone[0] == pytest.approx(wave)
    shared = disease_activity(World(activity_severity=0.6), noise, np.array([2.0]))
    assert shared[0] == pytest.approx(1.2 + 0.8 * wave)
    constant = disease_activity(World(activity_severity=0.0, activity_memory=1.0), noise, np.array([0.0]))
    assert constant[0].tolist() == [1.0, 1.0, 1.0]


def test_osteoarthritis_never_comes_to_the_joints_that_it_spares():
    spared = {joint.site for joint, can in zip(JOINTS, OA_JOINTS, strict=True) if not can}
    assert {"MCP2", "MTP5", "lunate"} <= spared
    assert not spared & {"DIP2", "PIP5", "CMC1", "MTP1"}
    assert (np.isneginf(oa_susceptibility(WORLD)) == ~OA_JOINTS).all()
    # a hand's thumb has it, a foot's big toe end joint does not
    assert [OA_JOINTS[JOINT_INDEX[name]] for name in ("LH_IP1", "LF_IP1")] == [True, False]


def test_the_second_knuckle_is_struck_first_and_finger_end_joints_hardly():
    rate = dict(zip((joint.name for joint in JOINTS), ra_susceptibility(WORLD), strict=True))
    assert rate["RF_MTP5"] > rate["LH_MCP2"] > rate["LH_MCP3"] > rate["LH_PIP3"] > rate["LH_IP1"] > rate["LH_DIP3"]
    assert rate["LH_MCP2"] == rate["RH_MCP2"]


def test_a_site_of_its_own_goes_before_its_kind():
    table = by_joint({"MCP": 1.0, "MCP2": 2.0}, absent=-1.0)
    values = {joint.name: value for joint, value in zip(JOINTS, table, strict=True)}
    assert [values[name] for name in ("LH_MCP2", "LH_MCP3", "LH_PIP2")] == [2.0, 1.0, -1.0]
    replaced = by_joint({"MCP": 1.0, "MCP2": 2.0}, absent=-1.0, entries=("MCP:5", "PIP2:0.5"))
    values = {joint.name: value for joint, value in zip(JOINTS, replaced, strict=True)}
    assert [values[name] for name in ("LH_MCP2", "LH_MCP3", "LH_PIP2")] == [2.0, 5.0, 0.5]
    with pytest.raises(UsageError, match="SITE:NUMBER, for instance MCP2:0.9; got 'MCP2:inf'"):
        by_joint({}, 0.0, ("MCP2:inf",))


def states_of(world: World, noise: Exogenous, **changed: object) -> JointStates:
    """States of one patient of average severity with ten years of symptoms."""
    of = {
        "age": np.array([60.0]), "duration": np.array([10.0]), "severity": np.zeros(1), "treated_before": np.zeros(1, bool),
        "treated_since": np.zeros(1, bool), "activity": np.zeros((1, noise.visits)),
    } | changed  # fmt: skip
    return joint_states(world, noise, **of)  # type: ignore[arg-type]


def test_damage_of_the_past_is_one_minus_the_exponential_of_rate_times_years():
    world = World(ra_susceptibility=("MCP2:0",))
    states = states_of(world, silent())
    at = JOINT_INDEX["LH_MCP2"]
    assert states.erosion[0, 0, at] == pytest.approx(1 - np.exp(-0.0062 * 10))
    assert states.narrowing[0, 0, at] == pytest.approx(states.erosion[0, 0, at])
    lesser = states_of(World(ra_susceptibility=("MCP2:0",), damage_narrowing=0.5), silent())
    assert lesser.narrowing[0, 0, at] == pytest.approx(1 - np.exp(-0.0062 * 5))


def test_treatment_before_spares_the_past_and_treatment_since_the_time_after():
    yes = np.ones(1, bool)
    noise, world = silent(visits=3), World(progression_level=0.0)
    usual, before, since = (
        states_of(world, noise, **treated) for treated in ({}, {"treated_before": yes}, {"treated_since": yes})
    )
    assert (before.erosion[:, 0] < usual.erosion[:, 0]).all()
    assert np.array_equal(since.erosion[:, 0], usual.erosion[:, 0])
    # doses, so that what is added in a year can be compared: about half under treatment
    added = [np.diff(-np.log1p(-states.erosion), axis=1) for states in (since, usual)]
    assert added[0] == pytest.approx(np.exp(-0.7) * added[1])


@pytest.mark.parametrize("feature", ["subluxation", "ankylosis"])
def test_only_some_joints_give_way_and_only_some_fuse(feature):
    noise = silent()
    noise = noise._replace(joint_late=np.full_like(noise.joint_late, 1.5))
    reached = getattr(states_of(WORLD.do(ra_damage=1.0), noise), feature)[0, 0] > 0
    struck = {joint.site.rstrip("12345") for joint, state in zip(JOINTS, reached, strict=True) if state}
    assert (
        struck
        == {
            "subluxation": {"MCP", "MTP", "PIP", "CMC"},
            "ankylosis": {"PIP", "CMC", "multangular", "navicular", "lunate", "radius"},
        }[feature]
    )


def test_a_joint_without_cartilage_fuses_in_those_that_lean_that_way_alone():
    assert (states_of(WORLD.do(ra_damage=1.0), silent()).ankylosis == 0).all()


@pytest.mark.parametrize(("place", "lost"), [(0.0, {"LH_PIP2", "LH_DIP2"}), (0.1, {"LH_DIP2"}), (0.99, {"RH_DIP5"})])
def test_a_finger_is_lost_at_its_end_joint_or_with_its_middle_joint(place, lost):
    noise = silent()
    noise.static["amputation"][:] = place * 0.5
    states = states_of(World(amputation_share=0.5), noise)
    assert {name for name, index in JOINT_INDEX.items() if (states.amputated[0, :, index] == 1).all()} == lost
    assert states.amputated[0, 0].sum() == len(lost)


def implanted(states: JointStates, visits: list[bool], **uniform: float) -> list[set[str]]:
    """Replaced joints at each visit, where the patient was operated on before some of the visits."""
    noise = silent(visits=len(visits))
    noise.visit["implant"][:] = uniform.get("visit", 0.0)
    noise.static["implant"][:] = uniform.get("static", 1.0)
    placed = with_implants(WORLD, noise, states, np.array([visits]), np.array([10.0]), np.zeros(1)).prosthesis[0]
    return [{name for name, index in JOINT_INDEX.items() if row[index]} for row in placed]


def test_an_implant_takes_the_worst_finger_joint_that_is_there():
    bad = {"erosion": {"LH_MCP2": 0.9, "RH_PIP3": 0.8, "LF_MTP5": 1.0, "LH_lunate": 1.0}}
    assert implanted(joints(3, **bad), [False, True, False]) == [set(), {"LH_MCP2"}, {"LH_MCP2"}]
    gone = joints(2, **bad, amputated={"LH_MCP2": 1.0})
    assert implanted(gone, [False, True])[1] == {"RH_PIP3"}
    assert {JOINTS[i].side.region for i in np.flatnonzero(IMPLANT_JOINTS)} == {Region.HAND}


@pytest.mark.parametrize(("uniform", "placed"), [({}, True), ({"visit": 0.31}, False), ({"visit": 0.29}, True)])
def test_three_in_ten_operations_place_an_implant(uniform, placed):
    assert bool(implanted(joints(2), [False, True], **uniform)[1]) is placed


def test_without_an_operation_an_implant_is_of_the_past():
    # 0.3 of 0.010 operations a year in ten years
    assert implanted(joints(1), [False], static=0.031) == [set()]
    assert implanted(joints(1), [False], static=0.029) != [set()]


def test_nobody_is_operated_on_before_the_first_visit_and_the_severe_more_often():
    noise = silent(patients=2, visits=3)
    noise.visit["surgery"][:] = 0.02
    # 0.010 a year times e at a severity of 2 SD
    assert joint_surgery(WORLD, noise, np.array([0.0, 2.0])).tolist() == [[False] * 3, [False, True, True]]


def test_who_has_left_or_died_does_not_come_back():
    noise = silent(patients=4, visits=4)
    noise.visit["dropout"][:], noise.visit["death"][:] = 1.0, 1.0
    noise.visit["dropout"][1, 2] = noise.visit["death"][2, 1] = 0.0
    noise.visit["dropout"][3, 0] = noise.visit["death"][3, 0] = 0.0  # everybody comes to the first visit
    present, died = attendance(WORLD, noise, np.zeros((4, 4)))
    assert present.astype(int).tolist() == [[1, 1, 1, 1], [1, 1, 0, 0], [1, 0, 0, 0], [1, 1, 1, 1]]
    assert died.astype(int).tolist() == [[0] * 4, [0] * 4, [0, 1, 0, 0], [0] * 4]


def test_nobody_dies_after_he_has_left():
    noise = silent(visits=4)
    noise.visit["dropout"][:], noise.visit["death"][:] = [1, 0, 1, 1], [1, 1, 0, 0]
    assert not attendance(WORLD, noise, np.zeros((1, 4)))[1].any()


@pytest.mark.parametrize(("disability", "stays"), [(0.0, True), (4.0, False)])
def test_the_odds_of_leaving_rise_with_disability(disability, stays):
    noise = silent()
    noise.visit["dropout"][:] = 0.2
    # odds 1/9 at 0, times exp(0.35 x 4) at 4: a chance of 0.31
    assert attendance(WORLD, noise, np.full((1, 2), disability))[0][0, 1] == stays
    assert attendance(World(dropout_per_year=0.0), noise, np.full((1, 2), disability))[0].all()


@pytest.mark.parametrize(
    ("coefficients", "check"),
    [
        ({"male_share": 0.0}, lambda s: not s.male.any()),
        ({"male_share": 1.0}, lambda s: s.male.all()),
        ({"rf_share": 1.0, "acpa_given_rf": 0.0}, lambda s: s.rf.all() and not s.acpa.any()),
        ({"rf_share": 0.0, "acpa_given_no_rf": 1.0}, lambda s: s.acpa.all() and not s.rf.any()),
        ({"fibromyalgia_share": 0.0}, lambda s: not s.fibromyalgia.any()),
        ({"age_sd": 40.0}, lambda s: (s.age.min(), s.age.max()) == (20.0, 88.0)),
        ({"duration_mean": 60.0}, lambda s: (s.duration <= s.age - 16.9).all()),
        ({"duration_minimum": 5.0, "age_mean": 60.0, "age_sd": 1.0}, lambda s: (s.duration >= 5.0).all()),
        ({"crp_level": 50.0}, lambda s: (s.crp == 250.0).all()),
        ({"crp_level": -50.0}, lambda s: (s.crp == 0.2).all()),
        ({"das28_level": 50.0}, lambda s: (s.das28 == 9.0).all()),
        ({"surgery_per_year": 0.0}, lambda s: not s.surgery.any() and not s.joints.prosthesis.any()),
        ({"amputation_share": 0.0}, lambda s: not s.joints.amputated.any()),
        ({"dropout_per_year": 0.0, "death_per_year": 0.0}, lambda s: s.present.all() and not s.died.any()),
        ({"randomised_share": 0.25}, lambda s: (s.propensity == 0.25).all()),
        ({"treatment_severity": 0.0}, lambda s: s.propensity == pytest.approx(1 / (1 + np.exp(0.8)))),
    ],
)
def test_an_extreme_coefficient_shows_in_every_patient(coefficients, check):
    assert check(solve(WORLD.with_overrides(**coefficients), draw_exogenous(3, range(300), 2, 2)))


def test_an_identifier_has_five_digits_and_more_where_they_are_needed():
    assert [patient_identifier(index) for index in (0, 99_998, 99_999)] == ["P00001", "P99999", "P100000"]
    assert [patient_index(patient_identifier(index)) for index in (0, 12_345, 250_000)] == [0, 12_345, 250_000]


def test_readers_without_error_perceive_the_truth():
    exact = World(reader_leniency=0.0)
    states = joints(2, erosion=0.3, narrowing=0.2, oa_narrowing=0.5, osteophyte=0.4)
    seen = perceive(exact, states, silent())
    # 1 - 0.8 x 0.5 of the joint space is lost, whatever took it
    for values, truth in ((seen.erosion, 0.3), (seen.narrowing, 0.6), (seen.osteophyte, 0.4)):
        assert values == pytest.approx(np.full((1, 2, 2, JOINT_COUNT), truth))


def test_the_first_reader_is_mild_the_last_severe_and_a_lone_one_neither():
    lenient = World(reader_leniency=0.1, readers=("R1", "R2", "R3"))
    seen = perceive(lenient, joints(2, erosion=0.5), silent(readers=3)).erosion
    assert seen[0, 0, :, 0] == pytest.approx([0.4, 0.5, 0.6])
    # an intact joint is misjudged by a quarter of that
    intact = perceive(lenient, joints(2), silent(readers=3)).erosion
    assert intact[0, 0, :, 0] == pytest.approx([-0.025, 0.0, 0.025])
    alone = perceive(World(reader_leniency=0.1, readers=("R1",)), joints(2, erosion=0.5), silent(readers=1)).erosion
    assert alone == pytest.approx(np.full((1, 2, 1, JOINT_COUNT), 0.5))


def test_drift_grows_with_the_years_between_visits():
    world = World(reader_leniency=0.0, reader_drift=0.02, visit_gap_years=2.0)
    seen = perceive(world, joints(3, erosion=0.5), silent(visits=3)).erosion
    assert seen[0, :, 0, 0] == pytest.approx([0.5, 0.54, 0.58])


@pytest.mark.parametrize(("mode", "second"), [("single", 0.47), ("paired", 0.53), ("chronological", 0.53)])
def test_films_of_a_patient_are_one_sitting_unless_they_are_read_singly(mode, second):
    noise = silent()
    noise.session[:, :, 0] = np.array([1.0, -1.0])[:, None]
    seen = perceive(World(reader_leniency=0.0, reading_mode=mode), joints(2, erosion=0.5), noise).erosion
    assert seen[0, :, 0, 0] == pytest.approx([0.53, second])


def test_a_total_counts_what_could_be_graded():
    assert total(np.array([[3, UNREADABLE, 2], [0, 0, 0]])).tolist() == [5.0, 0.0]


def test_a_score_that_moves_by_itself_never_falls_nor_leaves_its_range():
    top = np.array([site.definition.maximum for site in SVDH.sites])
    noise = draw_exogenous(1, range(60), 6, 2)
    rng = np.random.default_rng(0)
    first = rng.integers(0, top + 1, (60, 2, len(top)))
    first[:, :, :3] = UNREADABLE
    grades = svdh_moving_by_itself(World(), first, noise)
    assert np.array_equal(grades[:, 0], first)
    assert (np.diff(grades, axis=1) >= 0).all()
    assert (np.diff(grades, axis=1) <= 1).all()  # a site gains one point a visit at most
    assert (grades[..., :3] == UNREADABLE).all()
    assert (grades <= top).all()
    assert total(grades[:, -1]).sum() > total(first).sum()


def test_without_chance_each_reader_adds_the_points_of_the_mean_total():
    first = np.zeros((1, 2, len(SVDH.sites)), int)
    # 0.29 x 10 years x (0.5 + 0) - 0.6 = 0.85 points, rounded to one
    grades = svdh_moving_by_itself(World(visit_gap_years=10.0), first, silent())
    assert total(grades)[0].tolist() == [[0.0, 0.0], [1.0, 1.0]]


def test_a_world_is_changed_by_name_and_its_visits_once():
    world = changed_world("default", 4, {"hidden_signal": 0.5}, {"oa": 0})
    assert (world.visits, world.hidden_signal, world.interventions.oa) == (4, 0.5, 0)
    assert changed_world("trial", None, {}, {}).visits == World().visits
    with pytest.raises(UsageError, match=r"given twice, by visits \(--visits\) and by set \(--set\); keep one"):
        changed_world("default", 4, {"visits": 3}, {})


@pytest.mark.parametrize(("name", "place"), [("site", "D"), ("scanner", "b")])
def test_an_intervention_names_one_of_the_sites(name, place):
    Interventions(**{name: "B"}).check(("A", "B"))
    with pytest.raises(UsageError, match=rf"do\({name}=...\) names one of the sites, got '{place}'"):
        Interventions(**{name: place}).check(("A", "B"))


def test_a_target_that_a_world_cannot_be_asked_is_missed_and_shown_as_such():
    table = check_world(World(readers=("R1",)), "established", patients=300)
    asked = {target.name for target in TARGETS if target.applies_to("established")}
    assert set(table["target"]) == asked
    row = table.set_index("target").loc["ICC(2,1) between readers"]
    assert np.isnan(row["obtained"])
    assert not row["within"]
    line = next(line for line in calibration_text(table).splitlines() if line.startswith("ICC(2,1) between"))
    assert line.split()[-2:] == ["nan", "NO"]


def test_a_trials_arms_are_compared_where_both_are_there():
    (target,) = (t for t in TARGETS if t.name == "change a year, active minus control")
    assert target.applies_to("trial")
    assert not target.applies_to("default")
    sample = draw_sample(World(randomised_share=1.0), 6, seed=1)
    with pytest.raises(UndefinedMetric, match=r"of the patients who came twice \d+ were treated and 0 were not"):
        target.obtain(sample)
