"""The settings of a cohort."""

from __future__ import annotations

from dataclasses import fields

from outcomenet.cohorts.meta import KEYS, REPORTED_KEYS, CohortMeta, read_meta
from outcomenet.scoring import UnreadablePolicy


def test_what_is_not_said_has_its_default(tmp_path):
    (tmp_path / "cohort.toml").write_text('name = "A"\nlicence = "CC0"\n')
    meta, faults = read_meta(tmp_path / "cohort.toml")
    assert faults == []
    assert meta == CohortMeta("A", "CC0")
    assert (meta.linkage_max_gap_days, meta.unreadable_joints, meta.simulated) == (42, UnreadablePolicy.MISSING, False)


def test_every_setting_has_a_meaning():
    assert {field.name for field in fields(CohortMeta)} - {"reported"} | set(REPORTED_KEYS) == set(KEYS)


def test_instruments_of_reported_outcomes_are_told_apart(tmp_path):
    (tmp_path / "cohort.toml").write_text('name = "A"\nlicence = "CC0"\npain_scale = "VAS"\nfatigue_range = "0-100"\n')
    meta, faults = read_meta(tmp_path / "cohort.toml")
    assert meta is not None, faults
    assert (meta.scale_of("pain"), meta.scale_of("fatigue")) == ("VAS", "")
    assert (meta.declares("fatigue_range"), meta.declares("pain_range"), meta.declares("crp_unit")) == (
        True,
        False,
        False,
    )


def test_every_key_can_be_given(tmp_path):
    (tmp_path / "cohort.toml").write_text(
        'name = "A"\nlicence = "CC0"\nsites = ["x"]\nhaq_version = "HAQ-DI alternative"\npain_scale = "VAS"\n'
        'unreadable_joints = "carry_last"\nlinkage_max_gap_days = 30\nfallback_hand_length_mm = 185\n'
        'fallback_foot_length_mm = 130.5\nsimulated = true\ndates = "shifted"\n'
    )
    meta, faults = read_meta(tmp_path / "cohort.toml")
    assert faults == []
    assert (meta.unreadable_joints, meta.fallback_hand_length_mm) == (UnreadablePolicy.CARRY_LAST, 185.0)
    assert not meta.haq_uses_aids


def test_a_value_of_the_wrong_kind_is_named(tmp_path):
    (tmp_path / "cohort.toml").write_text('name = "A"\nlicence = "CC0"\nlinkage_max_gap_days = "30"\n')
    _, (fault,) = read_meta(tmp_path / "cohort.toml")
    assert fault.sentence == (
        "cohort.toml, column linkage_max_gap_days: expected whole days from 0 to 3650, got '30'. "
        "It says how far a film may lie from its visit."
    )
