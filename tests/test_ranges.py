"""Every number and name of every configuration record has a range, and what lies outside of it is one sentence."""

from __future__ import annotations

import copy
import math
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import get_args

import pytest

from outcomenet.cli import main
from outcomenet.commands.demo import Demo
from outcomenet.commands.localize import Localize
from outcomenet.commands.making import Making
from outcomenet.commands.predict import Predict
from outcomenet.commands.simulate import Simulate
from outcomenet.errors import UsageError
from outcomenet.experiment import Experiment, load_experiment
from outcomenet.localization.geometry import CropGeometry
from outcomenet.localizer_training.fine_tune import FineTuning
from outcomenet.localizer_training.localizer_experiment import LocalizerExperiment
from outcomenet.ranges import Filled, Within, field_types, limits_of
from outcomenet.simulation.world import SCHEMES_READ, World

EXPERIMENT = Path(__file__).parents[1] / "experiments" / "demo.py"
ODD = (-1, 0, math.nan, math.inf, -math.inf, "", 10**30, 0.5, True, None, (), ("",), (-1,), ("a", "a"))


def records() -> list:
    """An instance of every configuration record, those inside of others too."""
    found = [
        Experiment("name", "question"), LocalizerExperiment(), FineTuning(), World(), CropGeometry(), Simulate(), Making(),
        Demo(), Localize((Path("film"),)), Predict(Path("run"), (Path("film"),), Path("out")),
    ]  # fmt: skip
    for record in found:
        found += [v for v in (getattr(record, f.name) for f in fields(record)) if is_dataclass(v)]
    return list({type(record): record for record in found}.values())


RECORDS = records()
LIMITED = [(r, name) for r in RECORDS for name, hint in field_types(type(r)).items() if any(limits_of(hint))]


def _leaves(hint: object) -> set:
    return set().union(*map(_leaves, get_args(hint))) if get_args(hint) else {hint}


@pytest.mark.parametrize("record", RECORDS, ids=lambda r: type(r).__name__)
def test_every_number_has_a_range(record):
    without = [
        name
        for name, hint in field_types(type(record)).items()
        if {int, float} & _leaves(hint) and not any(isinstance(limit, Within) for _, limit in limits_of(hint))
    ]
    assert not without


@pytest.mark.parametrize(("record", "name"), LIMITED, ids=lambda v: v if isinstance(v, str) else type(v).__name__)
def test_an_odd_value_is_legal_or_one_sentence_that_names_the_field(record, name):
    hint = field_types(type(record))[name]
    limits = list(limits_of(hint))
    said, legal = [], []
    for value in ODD:
        other = copy.copy(record)
        object.__setattr__(other, name, value)  # past the types that are checked under pytest alone
        try:
            other.__post_init__()
        except UsageError as error:
            said.append(str(error))
        else:
            legal.append(value)
    assert len(said) >= 5
    assert all("\n" not in text and (name in text or "split.fold" in text) for text in said)
    for value in legal:
        for kind, limit in limits if value is not None else ():
            for item in value if isinstance(value, tuple) else (value,):
                if isinstance(limit, Filled):
                    assert isinstance(item, str)
                    assert item
                else:
                    assert limit.lowest <= item <= limit.highest
                    assert kind is float or item == int(item)


@pytest.mark.parametrize(
    "override",
    [
        "training.steps 0", "training.steps -5", "training.batch-size 0", "training.batch-size -1", "training.members 0",
        "training.log-every 0", "training.save-every 0", "training.save-every -1", "training.seed -1", "training.threads -2",
        "training.devices -1", "optimiser.learning-rate 0", "optimiser.learning-rate -0.1", "optimiser.learning-rate nan",
        "optimiser.learning-rate inf", "optimiser.warm-up 2", "optimiser.weight-decay -1", "optimiser.clip 0",
        "network.hide-joint 1.5", "network.encoder.patch 0", "network.encoder.widths 0 8", "network.encoder.embedding -8",
        "augmentation.noise -1", "loss-weights.haq nan", "loss-weights.pain -1", "evaluation.resamples 0",
        "evaluation.batch-size 0", "evaluation.cross-fit-folds -1", "split.folds -1", "split.fold -1", "split.folds 2",
        "confounding.adversary-weight inf", "evaluation.audits.subgroup-visits -3", "training.seed 99999999999999999999",
    ],
)  # fmt: skip
def test_an_odd_override_ends_with_exit_code_2_and_makes_nothing(tmp_path, capsys, override):
    path, *values = override.split()
    code = main(["train", str(EXPERIMENT), "--data", "no", "--out", str(tmp_path / "run"), f"--{path}", *values])
    assert code == 2
    said = capsys.readouterr().err
    assert path.rsplit(".", 1)[1].replace("-", "_") in said
    assert said.count("\n") == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("empty", [["--name", ""], ["--outcomes", ""], ["--outcomes"], ["--rungs", "direct", "direct"]])
def test_names_are_not_empty_and_each_stands_once(tmp_path, capsys, empty):
    assert main(["train", str(EXPERIMENT), "--data", "no", "--out", str(tmp_path / "run"), *empty]) == 2
    assert empty[0].strip("-") in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_list_of_widths_is_checked_item_by_item():
    experiment = load_experiment(EXPERIMENT)
    with pytest.raises(UsageError, match=r"Setting widths .* each a whole number from 1 to 65,536; got \(8, 0\)"):
        replace(experiment.network.encoder, widths=(8, 0))


@pytest.mark.parametrize("name", ["steinbrocker", "osteophytes"])
def test_a_scheme_that_simulated_readers_do_not_use_is_refused_by_name(name):
    with pytest.raises(UsageError, match=f"no score scheme called '{name}'"):
        World(schemes=(name,))
    assert World(schemes=SCHEMES_READ).schemes == SCHEMES_READ


def _tables(world: World) -> dict:
    from outcomenet.simulation.causal import solve
    from outcomenet.simulation.cohort_tables import cohort_tables, planned_days, visits_that_took_place
    from outcomenet.simulation.exogenous import draw_exogenous

    patients = range(2)
    noise = draw_exogenous(0, patients, world.visits, len(world.readers))
    solved = solve(world, noise, patients)
    days = planned_days(world, noise)
    return cohort_tables(world, noise, solved, days, visits_that_took_place(world, solved, days))


ENDS = [
    (name, end)
    for name, hint in field_types(World).items()
    for kind, limit in limits_of(hint)
    if isinstance(limit, Within) and name not in ("site_shares", "visits")
    for end in (limit.lowest if not limit.open else 1e-6, limit.highest)
]


def test_a_world_at_either_end_of_a_range_still_is_one():
    """No overflow and no missing number: warnings are errors here."""
    for name, end in ENDS[::5]:  # all of them take a minute
        visits = _tables(replace(World(), **{name: end}))["visits"]
        assert visits["das28"].notna().all(), name
        assert visits["crp"].notna().all(), name
