"""Arguments of subcommands: values of a record, choices among records, and sentences where they contradict each other."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace

import pandas as pd
import pytest

from outcomenet.commands import simulate, train
from outcomenet.commands.arguments import FilmNaming, parse, split_options
from outcomenet.commands.making import Making, say
from outcomenet.errors import UsageError


@dataclass(frozen=True)
class Small:
    width: int = 3


@dataclass(frozen=True)
class Large:
    width: int = 9
    depth: int = 2


@dataclass(frozen=True)
class Study:
    steps: int = 5
    warm: bool = True
    encoder: Small | Large = field(default_factory=Small)


def test_what_is_not_named_keeps_its_default():
    assert parse(Study, ["--steps", "7"], "train", default=Study(warm=False)) == Study(steps=7, warm=False)
    assert parse(FilmNaming, [], "predict").film_names == "pseudonyms"


def test_a_switch_takes_its_value_as_every_setting_does():
    assert parse(Study, ["--warm", "False"], "train", default=Study()).warm is False


@pytest.mark.parametrize("arguments", [["--encoder", "Large"], ["--encoder=Large"]])
def test_a_record_is_chosen_by_its_name_and_has_settings_of_its_own(arguments):
    chosen = parse(Study, [*arguments, "--encoder.depth", "4"], "train", default=Study())
    assert chosen.encoder == Large(depth=4)


def test_a_record_that_is_not_there_is_refused_with_the_nearest():
    with pytest.raises(UsageError, match="There is no 'Larg' for the setting encoder. Did you mean Large"):
        parse(Study, ["--encoder", "Larg"], "train", default=Study())


@pytest.mark.parametrize(
    ("arguments", "message"), [(["--stepps", "7"], "--steps"), (["--steps", "many"], "many"), (["--steps"], "steps")]
)
def test_wrong_usage_ends_with_exit_code_2_and_names_it(arguments, message, capsys):
    with pytest.raises(SystemExit) as ended:
        parse(Study, arguments, "train", default=Study())
    assert ended.value.code == 2
    written = capsys.readouterr()
    assert message in written.err + written.out


def test_uses_of_an_option_are_gathered_behind_its_first():
    words = ["OUT", "--set", "a=1", "--seed", "3", "--set", "b=2", "c=3"]
    assert simulate._gathered(words, "--set") == ["OUT", "--seed", "3", "--set", "a=1", "b=2", "c=3"]
    assert simulate._gathered(["OUT"], "--set") == ["OUT"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(["OUT", "--check"], "--check writes nothing; leave out the folder"), ([], "Name the folder to write")],
)
def test_simulate_writes_a_folder_or_checks_a_world_and_never_both(arguments, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=message):
        simulate.main(arguments)
    assert not list(tmp_path.iterdir())


def test_train_without_an_experiment_shows_its_help_and_says_what_is_missing(capsys):
    with pytest.raises(UsageError, match="an experiment is needed, for instance outcome_direct"):
        train.main([])
    assert "outcome_direct" in capsys.readouterr().out
    train.main(["--help"])  # asked for, so that nothing is missing
    assert "--data DATASET" in capsys.readouterr().out


def test_where_to_read_and_write_is_told_apart_from_settings():
    words = ["--data=D", "--training.steps", "3", "--out", "R"]
    assert split_options(words, ("data", "out")) == (["--data", "D", "--out", "R"], ["--training.steps", "3"])


@pytest.mark.parametrize("count", [1, 2])
def test_films_that_could_not_be_read_are_counted_and_their_list_is_named(count, capsys):
    unread = SimpleNamespace(faults=[object()] * count)
    meta = SimpleNamespace(name="RA")
    cohort = SimpleNamespace(meta=meta, patients=[0] * 3, visits=[0] * 5, films=[0] * 4, unread=unread)
    say(SimpleNamespace(cohort=cohort, manifest=None, ledger=pd.DataFrame(), folder=None, faults="x.faults.csv"))
    printed = capsys.readouterr().out
    assert "RA: 3 patients, 5 visits, 4 films." in printed
    assert "Ledger: nothing was left out." in printed
    noun = "1 film that could not be read is" if count == 1 else "2 films that could not be read are"
    assert f"{noun} left out; x.faults.csv lists row and reason." in printed


@pytest.mark.parametrize(
    ("options", "message"),
    [({"crop_size": 7}, "crop_size .* from 8 to 512; got 7"), ({"workers": 0}, "workers .* from 1 to 1,024; got 0")],
)
def test_options_of_making_are_checked_before_anything_is_read(options, message):
    with pytest.raises(UsageError, match=message):
        Making(**options)
