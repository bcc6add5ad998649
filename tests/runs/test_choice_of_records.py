"""A configuration with a choice says in its record which one was taken, and comes back as it was."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import get_type_hints

import pytest

from outcomenet.commands.arguments import parse
from outcomenet.errors import UsageError
from outcomenet.experiment import Experiment, load_module
from outcomenet.experiment_files import experiment_file
from outcomenet.models.encoders.cnn import CnnConfig
from outcomenet.models.encoders.vit import VitConfig
from outcomenet.models.outcome_net import OutcomeNetConfig
from outcomenet.runs.config import alternatives, as_lines, choices, from_record, to_record

DEFAULT = Experiment(name="x", question="?")
VIT = replace(DEFAULT, network=OutcomeNetConfig(encoder=VitConfig(blocks=2)))


@pytest.mark.parametrize("experiment", [DEFAULT, VIT], ids=["CnnConfig", "VitConfig"])
def test_the_record_says_which_encoder_it_is_and_gives_it_back(experiment):
    record = json.loads(json.dumps(to_record(experiment)))
    assert record["network"]["encoder"]["record"] == type(experiment.network.encoder).__name__
    assert from_record(Experiment, record) == experiment


def test_without_a_choice_there_is_no_tag():
    record = to_record(DEFAULT)
    assert "record" not in {*record, *record["network"], *record["training"]}


def test_an_unknown_tag_is_refused_with_the_nearest_name():
    record = to_record(VIT)
    record["network"]["encoder"]["record"] = "VitConfg"
    with pytest.raises(UsageError, match=r"There is no 'VitConfg' for the setting encoder\. Did you mean VitConfig"):
        from_record(Experiment, record)


def test_a_record_without_its_tag_is_not_guessed():
    record = to_record(VIT)
    del record["network"]["encoder"]["record"]
    with pytest.raises(UsageError, match="encoder does not say which of CnnConfig, VitConfig it is"):
        from_record(Experiment, record)


def test_a_setting_of_the_other_encoder_is_refused():
    record = to_record(VIT)
    record["network"]["encoder"]["widths"] = [8]
    with pytest.raises(UsageError, match=r"VitConfig has no setting 'widths'\. Did you mean width\?"):
        from_record(Experiment, record)


def test_the_golden_text_names_the_record_before_its_settings():
    lines = as_lines(VIT)
    at = lines.index("network.encoder = 'VitConfig'")
    assert lines[at + 1] == "network.encoder.patch = 8"
    assert lines[at + 3] == "network.encoder.blocks = 2"


def test_places_with_a_choice():
    assert list(choices(DEFAULT)) == ["network.encoder"]
    assert DEFAULT.with_settings({"network.encoder": "VitConfig"}).network.encoder == VitConfig()
    both = DEFAULT.with_settings({"network.encoder.blocks": 2, "network.encoder": "VitConfig"})
    assert both.network.encoder == VitConfig(blocks=2)
    tiny = replace(DEFAULT, network=OutcomeNetConfig(encoder=CnnConfig(widths=(8, 8))))
    assert tiny.with_settings({"network.encoder": "CnnConfig"}) == tiny
    with pytest.raises(UsageError, match="Did you mean CnnConfig"):
        tiny.with_settings({"network.encoder": "CnnConf"})


def test_the_command_line_sets_the_encoder_that_is_there():
    read = parse(Experiment, ["--network.encoder.widths", "8", "8", "--network.encoder.patch", "2"], "train", DEFAULT)
    assert read.network.encoder == CnnConfig(patch=2, widths=(8, 8))


@pytest.mark.parametrize("form", [["--network.encoder", "VitConfig"], ["--network.encoder=VitConfig"]])
def test_the_command_line_chooses_an_encoder_and_sets_it(form):
    read = parse(Experiment, ["--network.encoder.blocks", "2", *form, "--training.steps", "3"], "train", DEFAULT)
    assert read.network.encoder == VitConfig(blocks=2)
    assert read.training.steps == 3


def test_the_command_line_refuses_an_unknown_encoder():
    with pytest.raises(UsageError, match="Did you mean VitConfig"):
        parse(Experiment, ["--network.encoder", "vitConfig"], "train", DEFAULT)


def test_the_sweep_of_the_experiment_names_every_encoder():
    module = load_module(experiment_file("encoders"))
    swept = list(module.sweep_encoders())
    known = alternatives(get_type_hints(OutcomeNetConfig)["encoder"])
    assert [settings["network.encoder"] for settings in swept] == list(known)
    for settings in swept:
        encoder = module.get_experiment().with_settings(settings).network.encoder
        assert type(encoder) is known[settings["network.encoder"]]
