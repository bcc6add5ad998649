"""Searched settings: suggestions by what is finished, from files alone; ranges that are none; a search that goes on."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from outcomenet.cli import main
from outcomenet.errors import UsageError
from outcomenet.experiment import load_experiment
from outcomenet.progress import Progress
from outcomenet.sweeps.search import search
from outcomenet.sweeps.sweep_folder import read_sweep

optuna = pytest.importorskip("optuna", reason="outcomenet[optuna] is not installed")
from outcomenet.sweeps.suggestions import suggested  # noqa: E402

SPACE = {"rate": (1e-4, 1e-1, "log"), "depth": (1, 6), "head": ["joint", "off"]}


def test_suggestions_come_near_what_was_best():
    tried = pd.DataFrame()
    for _ in range(12):
        new = suggested(SPACE, tried, [], count=4, seed=0)
        values = [-abs(one["depth"] - 4) - (one["head"] == "off") - 10 * abs(one["rate"] - 0.01) for one in new]
        tried = pd.concat([tried, pd.DataFrame(new).assign(value=values)], ignore_index=True)

    assert not tried.duplicated(list(SPACE)).any()
    assert tried["rate"].between(1e-4, 1e-1).all()
    assert set(tried["depth"]) <= set(range(1, 7))
    assert tried["value"][-16:].mean() > tried["value"][:16].mean() + 0.5
    assert suggested(SPACE, tried, [], count=2, seed=0) == suggested(SPACE, tried, [], count=2, seed=0)


def test_a_failed_arm_is_not_tried_again_and_an_empty_space_says_so():
    space = {"head": ["joint", "off", "stop"]}
    (one,) = suggested(space, pd.DataFrame([{"head": "joint", "value": 1.0}]), [{"head": "off"}], count=1, seed=0)
    assert one == {"head": "stop"}
    with pytest.raises(UsageError, match="no settings left that were not tried; 0 of 1"):
        suggested(
            {"head": ["joint", "off"]},
            pd.DataFrame([{"head": "joint", "value": 1.0}]),
            [{"head": "off"}],
            count=1,
            seed=0,
        )


@pytest.mark.parametrize("given", [(2, 1), (1,), ["one"], (1, 2, "lgo"), "log", (True, False)])
def test_a_range_that_is_none_is_refused(given: object):
    with pytest.raises(UsageError, match="expected \\(low, high\\)"):
        suggested({"rate": given}, pd.DataFrame(), [], count=1, seed=0)  # pyright: ignore[reportArgumentType]


def test_a_search_goes_on_from_its_files(rapport: Path, tmp_path: Path):
    space = {
        "covariates": [("haq",), ("haq", "age"), ("haq", "das28"), ("haq", "das28", "age"), ("age", "male"), ("das28",)]
    }
    asked = {"space": space, "at_once": 2, "workers": 1, "progress": Progress(quiet=True)}
    experiment = load_experiment("rapport")

    search(experiment, rapport, tmp_path / "s", trials=2, **asked)
    first = read_sweep(tmp_path / "s")
    found = search(experiment, rapport, tmp_path / "s", trials=4, **asked)

    sweep = read_sweep(tmp_path / "s")
    assert [trial.name for trial in sweep.trials[:2]] == [trial.name for trial in first.trials]
    assert len({trial.name for trial in sweep.trials}) == 4
    assert sweep.searched
    assert "This explores; it confirms nothing" in found.page.read_text()
    with pytest.raises(UsageError, match="choose another --out"):
        search(experiment, rapport, tmp_path / "s", trials=5, **{**asked, "space": {"training.seed": (1, 5)}})


def test_a_search_without_ranges_says_what_is_missing(rapport: Path, tmp_path: Path, capsys):
    words = ["sweep", "rapport", "--data", str(rapport), "--out", str(tmp_path / "s"), "--suggest", "optuna"]
    assert main(words) == 2
    assert "search_space()" in capsys.readouterr().err
    assert main([*words, "--axis", "any"]) == 2
    assert "--suggest goes without --axis" in capsys.readouterr().err
