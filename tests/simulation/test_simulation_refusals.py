"""What the simulation refuses, each in a sentence that says what was expected and what came."""

from __future__ import annotations

import numpy as np
import pytest

from outcomenet.errors import UsageError
from outcomenet.simulation.interventions import interventions_from_texts
from outcomenet.simulation.landmark_films import FilmVariety
from outcomenet.simulation.presets import preset
from outcomenet.simulation.rendering import draw_anatomy
from outcomenet.simulation.rendering.layout import Layout
from outcomenet.simulation.world import World


def test_a_range_of_exposures_goes_upwards():
    with pytest.raises(UsageError, match=r"gamma \(of FilmVariety\) goes from a lower to a higher number; got 2 to 1"):
        FilmVariety(gamma=(2.0, 1.0))


def test_every_patient_has_a_generator():
    with pytest.raises(UsageError, match="got 1 generators for 2 patients"):
        draw_anatomy([np.random.default_rng(0)], np.array([True, False]))


def test_a_shape_is_packed_with_exactly_its_numbers():
    with pytest.raises(ValueError, match=r"exactly the fields \['a', 'b'\], got \['a'\]"):
        Layout({"a": 1, "b": 2}).pack(a=np.zeros((1, 1)))


def test_an_intervention_is_named_once_and_by_its_name():
    with pytest.raises(UsageError, match=r"do\(oa=...\) is given twice; keep one"):
        interventions_from_texts(["oa=0", "oa=1"])
    with pytest.raises(UsageError, match="written name=value, for instance oa=0; got 'oa'"):
        interventions_from_texts(["oa"])
    with pytest.raises(UsageError, match=r"no intervention do\(osteo=...\)"):
        interventions_from_texts(["osteo=0"])


def test_an_unknown_preset_is_answered_with_the_nearest():
    with pytest.raises(UsageError, match="There is no preset 'trail'. Did you mean trial"):
        preset("trail")


def test_an_unknown_coefficient_of_a_program_is_answered_with_the_nearest():
    with pytest.raises(UsageError, match="no coefficient 'oa_ages'. Did you mean oa_age"):
        World().with_overrides(oa_ages=1.0)
