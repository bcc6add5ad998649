"""Trials of a sweep: the product of axes, seeds and folds; names that say what is computed; growth."""

from __future__ import annotations

from pathlib import Path

import pytest

from outcomenet.errors import UsageError
from outcomenet.experiment import Experiment, load_experiment
from outcomenet.runs.config import changed_settings, from_record, to_record
from outcomenet.sweeps.trials import arms_of, grown, named_axes, planned_trials, settings_in_words

AXES = {
    "sweep_head": ({"network.human_head": "joint"}, {"network.human_head": "off"}),
    "sweep_rate": ({"optimiser.learning_rate": 1e-3}, {"optimiser.learning_rate": 1e-4}, {"optimiser.learning_rate": 1e-5}),
}  # fmt: skip
DEMO = Experiment("mine", "?")


def planned(axes: dict = AXES, *, seeds: int = 1, folds: int = 0, data: str = "d", program: str = "p") -> list:
    return planned_trials(DEMO, axes, seeds=seeds, folds=folds, fingerprint=data, program=program)


def test_trials_are_the_product_of_axes_seeds_and_folds():
    trials = planned(seeds=2, folds=3)

    assert len(trials) == 2 * 3 * 2 * 3
    assert len({trial.name for trial in trials}) == len(trials)
    assert [trial.arm for trial in trials] == [arm for arm in range(6) for _ in range(6)]
    last = trials[-1].experiment
    assert (last.network.human_head.value, last.optimiser.learning_rate) == ("off", 1e-5)
    assert (last.training.seed, last.split.folds, last.split.fold) == (1, 3, 2)
    assert (trials[-1].seed, trials[-1].fold, trials[0].fold) == (1, 2, 0)


def test_without_axes_there_is_one_arm_as_the_experiment_stands():
    (trial,) = planned({})

    assert trial.experiment == DEMO
    assert trial.words == settings_in_words({}) == "as the file says"
    assert trial.fold is None


def test_a_name_says_what_is_computed_and_nothing_else():
    one = planned({})[0].name

    assert planned({"sweep_any": ({"training.steps": DEMO.training.steps},)})[0].name == one
    others = {planned({}, data="e")[0].name, planned({}, program="q")[0].name}
    others.add(planned({"sweep_any": ({"training.steps": 3},)})[0].name)
    assert len({one, *others}) == 4


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"seeds": 0}, "--seeds is 1 or more"),
        ({"folds": 2}, "--folds is 0 or at least 3"),
        ({"axes": {"sweep_seed": ({"training.seed": 3},)}, "seeds": 2}, "sets training.seed, which --seeds or --folds sets too"),
        ({"axes": {"sweep_fold": ({"split.folds": 3},)}, "folds": 3}, "sets split.folds"),
        ({"axes": {"sweep_a": ({"training.steps": 3},), "sweep_b": ({"training.steps": 4},)}}, "sweep_b sets training.steps, which another axis"),
        ({"axes": {"sweep_a": ({"training.steps": 3}, {"training.steps": 3})}}, "are the same training"),
        ({"axes": {"sweep_a": ({"training.stepz": 3},)}}, "Did you mean steps"),
    ],
)  # fmt: skip
def test_what_would_lose_a_trial_is_refused(arguments: dict, sentence: str):
    with pytest.raises(UsageError, match=sentence):
        planned(**arguments)


def test_a_grown_sweep_keeps_what_it_had_and_its_arms_are_told_apart():
    before = planned({"sweep_head": AXES["sweep_head"]})
    now = planned({"sweep_rate": AXES["sweep_rate"]}, seeds=2)

    both = grown(now, before)

    assert [trial.name for trial in both] == [trial.name for trial in now] + [trial.name for trial in before]
    assert [trial.arm for trial in both] == [0, 0, 1, 1, 2, 2, 3, 4]
    assert grown(before, before) == before


def test_axes_are_functions_of_the_file(tmp_path: Path):
    file = tmp_path / "own.py"
    file.write_text(
        "def sweep_depth():\n    yield {'training.steps': 1}\n    yield {'training.steps': 2}\n\ndef sweep_none():\n    return []\n"
    )

    assert named_axes(file, ["depth"]) == {"sweep_depth": ({"training.steps": 1}, {"training.steps": 2})}
    assert named_axes(file, ["sweep_depth"]) == named_axes(file, ["depth"])
    with pytest.raises(UsageError, match="has no axis 'dept'. Did you mean sweep_depth"):
        named_axes(file, ["dept"])
    with pytest.raises(UsageError, match="sweep_none of .* has no line"):
        named_axes(file, ["none"])


def test_every_axis_that_comes_with_outcomenet_can_be_planned():
    for name, axis in (
        ("confounders", "strategies"),
        ("human_head", "heads"),
        ("encoders", "encoders"),
        ("paired_change", "modes"),
    ):
        experiment = load_experiment(name)
        from outcomenet.experiment_files import experiment_file

        axes = named_axes(experiment_file(name), [axis])
        trials = planned_trials(experiment, axes, seeds=1, folds=0, fingerprint="d", program="p")
        assert len(trials) == len(arms_of(axes)) > 1


def test_changed_settings_make_the_same_experiment_again():
    other = DEMO.with_settings({"network.encoder": "VitConfig", "training.steps": 7, "outcomes": ("haq",)})

    changed = changed_settings(other, DEMO)

    assert changed["network.encoder"] == "VitConfig"
    assert (changed["training.steps"], changed["outcomes"]) == (7, ("haq",))
    assert DEMO.with_settings(changed) == other == from_record(Experiment, to_record(other))
    assert changed_settings(DEMO, DEMO) == {}
