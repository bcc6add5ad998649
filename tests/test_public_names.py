"""The package as a notebook meets it: names, their cost, their defaults and their documentation."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
from dataclasses import fields, is_dataclass
from importlib import import_module
from pathlib import Path

import pytest

import outcomenet as on
from outcomenet.commands.build import Build
from outcomenet.commands.demo import Demo
from outcomenet.commands.evaluate import Evaluate
from outcomenet.commands.intake import Intake
from outcomenet.commands.localize import Localize
from outcomenet.commands.pool import Pool
from outcomenet.commands.predict import Predict
from outcomenet.commands.report import Report
from outcomenet.commands.simulate import Simulate
from outcomenet.commands.train import Where
from outcomenet.errors import UsageError

NAMES = [name for name in on.__all__ if name != "__version__"]
FUNCTIONS = [name for name in NAMES if inspect.isfunction(getattr(on, name))]
COMMANDS = [
    (Simulate, "simulate"), (Intake, "intake"), (Build, "intake"), (Where, "train"), (Evaluate, "evaluate"), (Pool, "pool"),
    (Report, "report"), (Predict, "predict"), (Localize, "localize"), (Demo, "demo"),
]  # fmt: skip
# what a command says otherwise: a text in the place of a table, a mode that writes nothing, two dates, which `compare` reads
OTHERWISE = {
    ("predict", "before"),
    ("predict", "after"),
    ("simulate", "set"),
    ("simulate", "do"),
    ("simulate", "check"),
    ("simulate", "out"),
    ("intake", "out"),
    # one record, `group`
    ("train", "coordinator"),
    ("train", "processes"),
    ("train", "process"),
}


def test_importing_the_package_brings_neither_jax_nor_pandas():
    code = "import sys, outcomenet as on; dir(on)\nassert not {'jax', 'pandas', 'numpy'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_names_are_listed_and_an_unknown_one_is_answered_with_the_nearest():
    assert {
        "simulate",
        "read_cohort",
        "intake",
        "open_dataset",
        "Experiment",
        "train",
        "evaluate",
        "pool",
        "predict",
    } <= {*dir(on)}
    assert {"localize", "report", "open_run"} <= set(dir(on))
    with pytest.raises(AttributeError, match="outcomenet has no 'simulat'. Did you mean simulate"):
        _ = on.simulat


def test_intake_is_the_function_also_where_its_folder_was_imported_first():
    code = "import outcomenet.intake.build, outcomenet as on\nassert on.intake.__name__ == 'intake', on.intake"
    subprocess.run([sys.executable, "-c", code], check=True)
    from outcomenet.intake import build

    assert build.build_dataset


def test_editors_are_told_the_same_names_and_modules():
    stub = ast.parse(Path(on.__file__).with_suffix(".pyi").read_text())
    told = {a.name: node.module for node in stub.body if isinstance(node, ast.ImportFrom) for a in node.names}
    assert told == {name: f"outcomenet.{module}" for name, module in on._MODULE_OF.items()}
    assert all(getattr(on, name).__module__ == module for name, module in told.items())


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_says_what_it_takes_gives_and_raises(name):
    text, parameters = inspect.getdoc(getattr(on, name)) or "", inspect.signature(getattr(on, name)).parameters
    assert all(f"\n    {parameter}: " in text for parameter in parameters)
    assert "\nReturns:\n" in text
    assert ">>> " in text
    assert "\nRaises:\n" in text


@pytest.mark.parametrize(("record", "name"), COMMANDS, ids=lambda v: v if isinstance(v, str) else v.__name__)
def test_defaults_are_those_of_the_command_line(record, name):
    parameters = inspect.signature(getattr(on, name)).parameters
    for option in _options(record):
        if (name, option.name) not in OTHERWISE:
            required = option.default is option.default_factory  # both MISSING
            default = inspect.Parameter.empty if required else option.default
            assert parameters[option.name].default == default, option.name


def _options(record: type) -> list:
    """The fields of a command's record, with those of the records inside of it."""
    inside = {f.name: f.default_factory for f in fields(record) if is_dataclass(f.default_factory)}
    return [f for f in fields(record) if f.name not in inside] + [f for r in inside.values() for f in _options(r)]


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda out: on.simulate(out, patients=0), r"patients \(of simulate\) is a whole number from 1 to .*; got 0"),
        (lambda out: on.simulate(out, films="dicm"), "films .of simulate. is no 'dicm'. Did you mean dicom"),
        (lambda out: on.simulate(out, set={"hidden_signl": 0}), "Did you mean hidden_signal"),
        (lambda out: on.simulate(out, do={"ao": 0}), "Did you mean oa"),
        (lambda out: on.intake(out, workers=0), r"workers \(of intake\) is a whole number from 1"),
        (lambda out: on.intake(out, reading_mode="pared"), "Did you mean paired"),
        (lambda out: on.intake(out, format="rapport"), "name that with --out"),
        (lambda out: on.predict(out, out, out, pixel_spacing_mm=0), r"pixel_spacing_mm \(of predict\)"),
        (lambda out: on.localize(out, out, film_names="file"), "Did you mean files"),
        (lambda out: on.localize(out), "Name a folder to write"),
        (lambda out: on.demo(out, steps=0), r"steps \(of demo\)"),
        (lambda out: on.load_experiment("demoo"), "no experiment of that name .* Did you mean demo"),
        (lambda out: on.load_experiment("demo").with_settings({"training.stepps": 1}), "'stepps'. Did you mean steps"),
        (lambda out: on.load_experiment("demo").with_settings({"name.first": 1}), "has no setting 'name.first'"),
        (
            lambda out: on.load_experiment("demo").with_settings({"network.pairs": "pared"}),
            "'pared' is no PairReading. .* paired",
        ),
        (lambda out: on.open_run(out), "is not a run"),
    ],
)
def test_a_wrong_call_is_one_sentence_and_writes_nothing(tmp_path, call, sentence):
    with pytest.raises(UsageError, match=sentence):
        call(tmp_path / "out")
    assert not list(tmp_path.iterdir())


def test_settings_are_replaced_together_and_take_plain_values():
    experiment = on.load_experiment("paired_change").with_settings(
        {"split.folds": 5, "split.fold": 4, "network.pairs": "chronological", "outcomes": ["haq_change"]}
    )
    assert (experiment.split.folds, experiment.split.fold) == (5, 4)
    assert experiment.network.pairs is type(on.load_experiment("paired_change").network.pairs).CHRONOLOGICAL
    assert experiment.outcomes == ("haq_change",)


def test_commands_call_the_public_functions():
    """A command that wired the parts itself would do what no notebook can."""
    for record, name in COMMANDS:
        module = import_module(record.__module__)
        tree = ast.parse(Path(module.__file__).read_text())
        calls = [n.func.id for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)]
        assert calls.count(name) == 1, module.__name__
        parts = {n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
        assert "outcomenet.workflow" not in parts
