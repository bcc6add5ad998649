"""What a reader is warned of before any number."""

from __future__ import annotations

import dataclasses

from outcomenet.reports.cautions import cautions
from outcomenet.reports.run_folder import RunFolder, read_run


def _with_data(folder: RunFolder, **data) -> RunFolder:
    return dataclasses.replace(folder, record={**folder.record, "data": data})


def _text(folder: RunFolder) -> str:
    return " ".join(f"{caution.title} {caution.text}" for caution in cautions(folder))


def _with_haq_r2(folder: RunFolder, predictor: str, value: float) -> RunFolder:
    metrics = folder.metrics.copy()
    chosen = (metrics["predictor"] == predictor) & (metrics["outcome"] == "haq") & (metrics["metric"] == "r2")
    metrics.loc[chosen, "value"] = value
    return dataclasses.replace(folder, metrics=metrics)


def test_simulated_patients_are_no_evidence(better_run):
    assert "It is not evidence about patients" in _text(read_run(better_run))


def test_unknown_origin_is_treated_as_simulated(better_run):
    assert "does not say whether the patients are simulated" in _text(_with_data(read_run(better_run)))


def test_real_patients_are_not_called_simulated(better_run):
    text = _text(_with_data(read_run(better_run), simulated=False))
    assert "These are real patients" in text
    assert "not evidence about patients" not in text


def test_r2_above_a_half_from_real_films_is_an_alarm_and_comes_first(better_run):
    folder = _with_haq_r2(_with_data(read_run(better_run), simulated=False), "direct_adjusted", 0.61)
    first = cautions(folder)[0]
    assert first.alarm
    assert "the outcome-direct measure (0.61)" in first.text


def test_r2_above_a_half_in_a_simulation_is_told_without_alarm(better_run):
    found = cautions(_with_haq_r2(read_run(better_run), "direct", 0.55))
    assert not any(caution.alarm for caution in found)
    assert any("which real films do not reach" in caution.title for caution in found)


def test_oracle_above_a_half_is_no_alarm(better_run):
    folder = _with_haq_r2(_with_data(read_run(better_run), simulated=False), "oracle", 0.80)
    assert not any(caution.alarm for caution in cautions(folder))


def test_alarm_is_not_mentioned_where_nothing_was_predicted_from_films(covariates_run):
    assert "alarm" not in _text(read_run(covariates_run))


def test_bootstrap_leaves_out_retraining(better_run):
    assert "They do not include how results would vary had the network been trained again" in _text(
        read_run(better_run)
    )


def test_few_events_are_counted(better_run):
    folder = read_run(better_run)
    folder = dataclasses.replace(folder, metrics=folder.metrics.assign(events=12))
    assert (
        "Every number on rapid radiographic progression within a year (0.75 to 1.25 years) rests on 12 events."
        in _text(folder)
    )


def test_site_beyond_chance_is_named_and_osteoarthritis_is_not(better_run):
    (found,) = [c for c in cautions(read_run(better_run)) if "knows more than joints" in c.title]
    assert "the hospital" in found.title
    assert "osteoarthritis" not in found.title


def test_patients_straight_to_crops_are_counted(better_run):
    assert "652 patients were simulated straight to joint crops and 48 patients came from film" in _text(
        read_run(better_run)
    )


def test_uncommitted_changes_are_told(better_run):
    folder = read_run(better_run)
    assert "not committed" in _text(dataclasses.replace(folder, record={**folder.record, "dirty": True}))
    assert "not committed" not in _text(folder)


def test_a_probe_given_the_outcome_accuses_nobody(better_run):
    folder = read_run(better_run)
    known = folder.probes.iloc[[0]].assign(target="fm", auroc=0.7, null_upper=0.6)
    accused = dataclasses.replace(folder, probes=known)
    assert "The model still knows more than joints: fibromyalgia." in _text(accused)
    described = dataclasses.replace(folder, probes=known.assign(given="age, sex, site, HAQ-DI"))
    assert "still knows more than joints" not in _text(described)
