"""A record tells how a run was made and names nobody: no home, user, machine, or other repository's changes."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import outcomenet
from outcomenet.evaluation.pool import _names
from outcomenet.runs import provenance
from outcomenet.runs.provenance import command_line, portable_path, public_name, resolved_path
from outcomenet.runs.record import origin

PACKAGE = Path(outcomenet.__file__).parent
SAY = "import json; from outcomenet.runs.provenance import provenance; print(json.dumps(provenance()))"


@pytest.fixture
def person(monkeypatch, tmp_path):
    """A user alice on the machine ward7 whose home is tmp_path/alice."""
    home = tmp_path / "alice"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setattr(provenance.getpass, "getuser", lambda: "alice")
    monkeypatch.setattr(provenance.platform, "node", lambda: "ward7")
    provenance._somebody.cache_clear()
    yield home
    provenance._somebody.cache_clear()


def git(folder: Path, *arguments: str) -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")} | {
        f"GIT_{who}_{what}": f"{who}@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
    }
    subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True, env=environment)


def installed(folder: Path) -> Path:
    """A copy of the parts of the package that the record needs, in a folder of its own."""
    target = folder / "outcomenet"
    (target / "runs").mkdir(parents=True)
    for name in (
        "__init__.py",
        "errors.py",
        "artifacts.py",
        "experiment_files.py",
        "runs/__init__.py",
        "runs/provenance.py",
    ):
        shutil.copy(PACKAGE / name, target / name)
    return target


def said(folder: Path, **environment: str) -> dict:
    done = subprocess.run(
        [sys.executable, "-c", SAY], cwd=folder, env={**os.environ, "PYTHONPATH": str(folder), **environment},
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    return json.loads(done.stdout)


def test_of_an_enclosing_repository_nothing_is_recorded(tmp_path):
    """The package installed inside somebody's repository, whose uncommitted change holds a password."""
    git(tmp_path, "init", "-q")
    (tmp_path / "settings.py").write_text("password = 'old'\n")
    git(tmp_path, "add", "settings.py")
    git(tmp_path, "commit", "-q", "-m", "theirs")
    (tmp_path / "settings.py").write_text("password = 'hunter2'\n")
    site = tmp_path / "venv" / "site-packages"
    installed(site)
    record = said(site)
    assert record["commit"] == ""
    assert record["dirty"] == ""
    assert "hunter2" not in json.dumps(record)
    # nor where the environment points at a repository
    record = said(site, GIT_DIR=str(tmp_path / ".git"), GIT_WORK_TREE=str(tmp_path))
    assert (record["commit"], record["dirty"]) == ("", "")


def test_of_its_own_repository_the_package_alone_is_recorded(tmp_path):
    package = installed(tmp_path)
    (tmp_path / "secrets.py").write_text("a = 1\n")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "ours")
    clean = said(tmp_path)
    assert len(clean["commit"]) == 40
    assert clean["dirty"] == ""
    (tmp_path / "secrets.py").write_text("a = 'hunter2'\n")
    (tmp_path / "experiments").mkdir()
    (tmp_path / "experiments" / "mine.py").write_text("password = 'hunter2'\n")
    with (package / "errors.py").open("a") as file:
        file.write("# changed\n")
    (package / "new_module.py").write_text("token = 'hunter2'\n")
    (package / "notes.txt").write_text("hunter2\n")
    dirty = said(tmp_path)
    assert dirty["commit"] == clean["commit"]
    assert "+# changed" in dirty["dirty"]
    assert "untracked: new_module.py " in dirty["dirty"]  # its name and digest; its text stays where it is
    assert "hunter2" not in json.dumps(dirty)
    assert dirty["source_sha256"] != clean["source_sha256"]


def test_a_command_is_quoted_and_its_paths_are_relative(person, monkeypatch):
    (person / "work").mkdir()
    monkeypatch.chdir(person / "work")
    given = ["train", str(person / "work" / "my experiment.py"), "--data", str(person / "data set"), f"--out={person}/runs/x",
             "--name", "a;b", "--note", f"see {person}/notes"]  # fmt: skip
    text = command_line(given)
    assert shlex.split(text) == [
        "outcomenet", "train", "my experiment.py", "--data", "../data set", "--out=../runs/x", "--name", "a;b",
        "--note", "see ~/notes",
    ]  # fmt: skip
    assert "alice" not in text


def test_a_path_that_would_name_somebody_is_not_stored(person, tmp_path, monkeypatch):
    elsewhere = tmp_path / "runs" / "x"
    assert portable_path(person / "data", person / "runs" / "x") == "../../data"
    assert portable_path(person / "data", elsewhere) == "~/data"
    assert portable_path(tmp_path / "scratch" / "data", elsewhere) == "../../scratch/data"
    assert portable_path(tmp_path / "scratch" / "alice" / "data", elsewhere) == ""
    assert portable_path(tmp_path / "scratch-Alice" / "data", elsewhere) == ""
    assert portable_path(tmp_path / "ward7" / "data", elsewhere) == ""
    assert portable_path(tmp_path / "malice" / "data", elsewhere) == "../../malice/data"
    for folder in (person / "data", tmp_path / "scratch" / "data"):
        assert Path(os.path.normpath(resolved_path(portable_path(folder, elsewhere), elsewhere))) == folder
    monkeypatch.chdir(tmp_path)
    assert command_line(["train", f"{tmp_path}/scratch/alice/e.py"]) == "outcomenet train ..."


@pytest.mark.parametrize("user", ["anna", "anna.meier", "jean-luc", "o_brien"])
def test_no_argument_names_the_user(person, monkeypatch, user):
    monkeypatch.setattr(provenance.getpass, "getuser", lambda: user)
    provenance._somebody.cache_clear()
    assert shlex.split(command_line([f"--data=/mnt/x/{user}", f"--data=/mnt/{user}_ra/d", f"--out={user}.run"])) == [
        "outcomenet", "--data=...", "--data=...", "--out=...",
    ]  # fmt: skip
    for text in (
        f"/mnt/{user}_ra/d",
        f"{user}_run",
        user.upper(),
        f"see {user}'s",
        f"../{user}/x",
        f"-{user}",
        f"a={user}",
    ):
        assert command_line([text]) == "outcomenet ..."
    kept = f"jo{user}", f"{user}2", f"x{user}/d"
    assert shlex.split(command_line(kept)) == ["outcomenet", *kept]
    assert portable_path(Path(f"/mnt/{user}_ra/d"), person) == ""
    assert public_name(Path(f"/mnt/{user}/f0")) == "f0"
    assert public_name(Path(f"/mnt/x/{user}_f0")) == public_name(Path("ward7")) == "run"


def test_a_machine_is_known_by_its_short_name_too(person, monkeypatch):
    monkeypatch.setattr(provenance.platform, "node", lambda: "ward7.hospital.example")
    provenance._somebody.cache_clear()
    assert command_line(["--out", "ward7_run", "ward70"]) == "outcomenet --out ... ward70"


def test_parts_that_are_called_alike_stay_apart():
    assert _names([{"name": "run"}, {"name": "f1"}, {"name": "run"}]) == ["run_0", "f1", "run_2"]


def test_without_a_home_or_a_name_a_record_is_made(monkeypatch, tmp_path):
    def nobody() -> str:
        raise KeyError("uid 4711")

    def homeless() -> Path:
        raise RuntimeError("no home")

    monkeypatch.setattr(provenance.getpass, "getuser", nobody)
    monkeypatch.setattr(provenance.Path, "home", staticmethod(homeless))
    provenance._somebody.cache_clear()
    assert portable_path(tmp_path / "data", tmp_path / "run") == "../data"
    provenance._somebody.cache_clear()


def test_the_record_of_a_run_has_no_absolute_path_and_leads_to_its_data(folds, tables_only):
    for name in ("record.json", "evaluation.json"):
        text = (folds / "f0" / name).read_text()
        for path in (str(folds), str(tables_only), str(Path.home()), str(PACKAGE)):
            assert f'"{path}' not in text
            assert f" {path}/" not in text
    record = json.loads((folds / "f0" / "record.json").read_text())
    assert (folds / "f0" / record["data_folder"]).resolve() == tables_only.resolve()


def test_a_run_begun_in_python_has_no_command_and_one_of_the_command_line_has_its_own(tmp_path):
    """A kernel's own arguments are not those of a command."""
    file = tmp_path / "mine.py"
    file.write_text("")
    with provenance.typed(["train", "mine.py", "--out", "r"]):
        record = origin(file)
    assert record["command"] == "outcomenet train mine.py --out r"
    assert (record["experiment"], record["experiment_sha256"]) == ("mine.py", hashlib.sha256(b"").hexdigest())
    record = origin(None)
    assert (record["command"], record["experiment"], record["experiment_sha256"]) == ("", "", "")


def test_shipped_experiments_are_no_part_of_the_programs_digest(tmp_path, monkeypatch):
    """An installed package holds them as files, a checkout through a link: both are the same program."""
    package = Path(shutil.copytree(PACKAGE, tmp_path / "outcomenet", symlinks=False))
    monkeypatch.setattr(provenance, "ROOT", package)
    monkeypatch.setattr(provenance, "SHIPPED", package / "experiments")
    assert (package / "experiments" / "demo.py").is_file()
    expected = provenance.source_sha256()
    provenance.source_sha256.cache_clear()
    assert provenance.source_sha256() == expected
