"""The wheel holds all that a command needs outside of a checkout."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import outcomenet as on

ROOT = Path(__file__).parents[1]
BUILD = "from setuptools.build_meta import build_wheel; build_wheel('dist')"
# only what git would carry: caches and builds of the checkout do not travel
LEFT = shutil.ignore_patterns("__pycache__", "*.pyc")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """A wheel built from a copy of the sources."""
    source = tmp_path_factory.mktemp("source")
    for name in ("outcomenet", "experiments"):
        shutil.copytree(ROOT / name, source / name, symlinks=True, ignore=LEFT)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    subprocess.run([sys.executable, "-c", BUILD], cwd=source, check=True, capture_output=True)
    [file] = (source / "dist").glob("*.whl")
    return file


def test_the_wheel_has_every_module_experiment_template_and_weight(wheel):
    kinds = {".py", ".pyi", ".html", ".css", ".safetensors", ".R"}
    modules = {file.relative_to(ROOT) for file in (ROOT / "outcomenet").rglob("*") if file.suffix in kinds}
    experiments = {"outcomenet" / file.relative_to(ROOT) for file in (ROOT / "experiments").rglob("*.py")}
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert {file.as_posix() for file in modules | experiments} <= set(names)
    assert {name.split("/")[0] for name in names} == {"outcomenet", f"outcomenet-{on.__version__}.dist-info"}


def test_an_installed_package_finds_its_experiments_and_is_the_same_program(wheel, tmp_path):
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    say = (
        "import outcomenet as on; from outcomenet.artifacts import sha256_of_program; from outcomenet.runs import provenance;"
        "print(on.__file__, on.load_experiment('demo').name, provenance.source_sha256(), sha256_of_program())"
    )
    said = [
        subprocess.run(
            [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(place)!r}); {say}"],
            cwd=tmp_path, check=True, capture_output=True, text=True,
        ).stdout.split()
        for place in (tmp_path / "site", ROOT)
    ]  # fmt: skip
    assert said[0][0].startswith(str(tmp_path))
    assert said[0][1] == "demo"
    assert said[0][2:] == said[1][2:]
