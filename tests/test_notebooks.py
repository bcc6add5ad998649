"""The notebooks of examples/ run from start to end, shrunk; they use public names alone and carry no outputs."""

from __future__ import annotations

import ast
from dataclasses import asdict
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

import outcomenet as on
from tests.trained_runs import AUDITS

FOLDER = Path(__file__).parents[1] / "examples"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
FEW = {"evaluation.resamples": 20, "evaluation.rereadings": 2}
NETWORK = {
    "rungs": ("direct_adjusted",), "training.steps": 1, "training.batch_size": 2, "network.encoder.widths": (8, 8),
    "network.encoder.embedding": 8,
}  # fmt: skip
# what stands in the place of a notebook's parameters
SHRUNK = {
    "first_run": {
        "patients": 70,
        "settings": FEW | NETWORK | {f"evaluation.audits.{name}": size for name, size in asdict(AUDITS).items()},
    },
    "tables_of_a_run": {},
    "your_own_cohort": {"patients": 60, "settings": {"evaluation.resamples": 20}},
}


def parameters(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    [cell] = [cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])]
    return cell


def run(name: str, folder: Path) -> list[str]:
    """Runs a notebook in a folder; what its cells show, as text."""
    notebook = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)
    cell = parameters(notebook)
    known = {node.targets[0].id for node in ast.parse(cell.source).body if isinstance(node, ast.Assign)}
    assert SHRUNK[name].keys() <= known
    cell.source += "".join(f"\n{key} = {value!r}" for key, value in SHRUNK[name].items())
    NotebookClient(notebook, timeout=1800, resources={"metadata": {"path": str(folder)}}).execute()
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    return [output.get("text") or output.data["text/plain"] for output in outputs]


@pytest.fixture
def quiet_kernel(tmp_path, monkeypatch):
    """The kernel leaves nothing in a person's home."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "jupyter"))


def test_the_first_run_and_the_tables_that_it_made(tmp_path, quiet_kernel):
    assert "first/run/report.html" in "".join(run("first_run", tmp_path))
    run_made = on.open_run(tmp_path / "first/run")
    assert (run_made.record["command"], run_made.record["experiment"]) == ("", "")
    shown = "".join(run("tables_of_a_run", tmp_path))
    assert run_made.record["data"]["name"] in shown
    assert "Outcome-direct joint damage" in shown


def test_a_cohort_of_ones_own_is_refused_mended_and_answered(tmp_path, quiet_kernel):
    shown = "".join(run("your_own_cohort", tmp_path))
    assert "VAS_pain" in shown
    assert "The cohort was refused for" in shown
    assert (tmp_path / "own/intake.key").is_file()
    assert on.open_run(tmp_path / "own/run").record["config"]["rungs"] == []


@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.stem)
def test_notebooks_are_small_public_and_without_outputs(file):
    notebook = nbformat.read(file, as_version=4)
    nbformat.validate(notebook)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.outputs == [] and cell.execution_count is None for cell in cells)
    assert all(len(cell.source.splitlines()) <= 15 for cell in cells)
    tree = ast.parse("\n".join(cell.source for cell in cells))
    imported = {a.name for node in ast.walk(tree) if isinstance(node, ast.Import) for a in node.names}
    imported |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.split(".")[0] for name in imported} <= {"outcomenet", "pandas", "lifelines", "matplotlib", "pathlib"}
    used = {
        n.attr
        for n in ast.walk(tree)
        if isinstance(n, ast.Attribute) and isinstance(n.value, ast.Name) and n.value.id == "on"
    }
    assert used <= set(dir(on))


def test_every_notebook_is_run():
    assert SHRUNK.keys() == {file.stem for file in NOTEBOOKS}
