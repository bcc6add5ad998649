"""Reported symptoms: their equation by hand, their own noise, and cohorts of before a symptom was declared."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from outcomenet.errors import DataRefused
from outcomenet.outcomes import REPORTED
from outcomenet.simulation import exogenous
from outcomenet.simulation.causal import solve
from outcomenet.simulation.disability import oa_burden_in_sd
from outcomenet.simulation.exogenous import draw_exogenous
from outcomenet.simulation.presets import preset
from outcomenet.simulation.rebuild import world_of_effects
from outcomenet.simulation.sample import draw_sample
from outcomenet.simulation.symptoms import coefficients
from outcomenet.simulation.truth import effects
from outcomenet.simulation.world import SYMPTOM_COEFFICIENTS, World

NAMES = [spec.name for spec in REPORTED]


@pytest.mark.parametrize("name", NAMES)
def test_the_logit_is_the_sum_of_its_causes(name):
    world, noise = World(), draw_exogenous(4, range(50), visits=2, readers=2)
    solved, of = solve(world, noise), coefficients(World(), name)
    causes = (
        of["level"]
        + of["disability"] * solved.parts.damage
        + of["activity"] * solved.activity
        + of["oa"] * oa_burden_in_sd(world, solved.joints)
        + of["fibromyalgia"] * solved.fibromyalgia[:, None]
    )
    # a quarter of the person's variance is that of disability
    person = 0.5 * noise.static["person"] + np.sqrt(0.75) * noise.static[f"{name}_person"]
    added = of["person"] * person[:, None] + of["visit"] * noise.visit[name]
    symptom = solved.symptoms[name]
    assert symptom.explained == pytest.approx(of["spread"] * causes)
    assert symptom.logit == pytest.approx(of["spread"] * (causes + added))
    assert symptom.points == pytest.approx(100 / (1 + np.exp(-symptom.logit)))


def test_a_symptom_that_is_added_leaves_all_other_noise_as_it_is(monkeypatch):
    with_fatigue = draw_exogenous(4, range(5), visits=3, readers=2)
    monkeypatch.setattr(exogenous, "SYMPTOMS_WITH_STREAM", ())
    without = draw_exogenous(4, range(5), visits=3, readers=2)
    assert set(with_fatigue.static) - set(without.static) == {"fatigue_person"}
    assert set(with_fatigue.visit) - set(without.visit) == {"fatigue"}
    assert all((with_fatigue.static[name] == values).all() for name, values in without.static.items())
    assert all((with_fatigue.visit[name] == values).all() for name, values in without.visit.items())
    assert (with_fatigue.item == without.item).all()


def test_a_symptoms_noise_is_its_own_and_a_patients():
    some, more = draw_exogenous(4, range(40), visits=2, readers=1), draw_exogenous(4, range(60), visits=3, readers=2)
    assert (some.static["fatigue_person"] == more.static["fatigue_person"][:40]).all()
    assert (some.visit["fatigue"] == more.visit["fatigue"][:40, :2]).all()
    assert abs(np.corrcoef(more.static["fatigue_person"], more.static["pain_person"])[0, 1]) < 0.4  # 3 SE of 60
    assert np.unique(more.visit["fatigue"]).size == more.visit["fatigue"].size


def test_in_the_strict_null_world_films_tell_nothing_of_fatigue_but_through_the_score():
    world = preset("null")
    assert (world.fatigue_activity, world.fatigue_oa) == (0, 0)
    solved = draw_sample(world, 2000, seed=1).solved
    left = solved.symptoms["fatigue"].points[:, 0] - np.polyval(
        np.polyfit(solved.parts.damage[:, 0], solved.symptoms["fatigue"].points[:, 0], 1), solved.parts.damage[:, 0]
    )
    assert abs(np.corrcoef(left, solved.joints.erosion[:, 0].mean(-1))[0, 1]) < 0.07  # three standard errors


def test_a_cohort_of_before_a_symptom_was_declared_is_the_same_world():
    world = replace(World(), pain_level=-0.5)
    known = effects(world, seed=3)
    before = {name: value for name, value in known.items() if not name.startswith("fatigue_")}
    assert world_of_effects(before) == world


@pytest.mark.parametrize("part", SYMPTOM_COEFFICIENTS)
def test_a_symptom_that_is_known_in_part_is_refused(part):
    known = effects(World(), seed=3)
    del known[f"fatigue_{part}"]
    with pytest.raises(DataRefused, match=f"effects.json lacks fatigue_{part}"):
        world_of_effects(known)
