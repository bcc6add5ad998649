"""Imports go one way, and statistics never bring JAX, nor anything TensorFlow."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import outcomenet

ROOT = Path(outcomenet.__file__).parent
NETWORK_AUDITS = "outcomenet.audits.network"
# Lowest first; a part may import parts below it and, within one row, nothing of its neighbours.
LAYERS = [
    {"arrays", "errors"},
    {"__init__"},
    {
        "anatomy",
        "codebooks",
        "csv_files",
        "devices",
        "experiment_files",
        "failures",
        "haq",
        "locks",
        "picture_files",
        "progress",
        "ranges",
        "stopping",
        "typed_rows",
    },
    {"artifacts", "confounders", "outcome_kinds", "pages", "predictors", "scoring"},
    {"outcomes", "stata_files", "weight_files"},
    {"films", "losses", "predictions", "runs", "strategies"},
    {"cohorts", "likelihoods", "metrics"},
    {"audits", "biomarkers", "localization", "models"},
    {"datasets", "reports", "simulation", "training"},
    {"input_pipeline", "intake", "ladder"},
    {"experiment", "inference", "localizer_training"},
    {"pretraining"},
    {"audits.network", "experiment_data"},
    {"evaluation", "wiring"},
    {"doctor", "workflow"},
    {"analysis", "api", "new_films", "sweeps"},
    {"demonstration"},
    {"commands"},
    {"cli"},
]


def _imports(file: Path) -> set[str]:
    """Modules of outcomenet that a file imports anywhere: lazily and for types too."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("outcomenet"):
            found |= {node.module, *(f"{node.module}.{a.name}" for a in node.names)}
        elif isinstance(node, ast.Import):
            found |= {a.name for a in node.names if a.name.startswith("outcomenet")}
    return found


def _module(file: Path) -> str:
    parts = ("outcomenet", *file.relative_to(ROOT).with_suffix("").parts)
    return ".".join(part for part in parts if part != "__init__")


MODULES = {_module(file): file for file in ROOT.rglob("*.py")}
GRAPH = {name: {m for m in _imports(file) if m in MODULES and m != name} for name, file in MODULES.items()}


def _part(module: str) -> str:
    """The part of a module; audits that need a network or the simulator are a part of their own."""
    if module.startswith(NETWORK_AUDITS):
        return "audits.network"
    return module.split(".")[1] if "." in module else "__init__"


def test_no_part_imports_a_part_above_or_beside_it():
    level = {part: number for number, parts in enumerate(LAYERS) for part in parts}
    wrong = [
        f"{name} imports {other}"
        for name, others in GRAPH.items()
        for other in others
        if _part(name) != _part(other) and level[_part(other)] >= level[_part(name)]
    ]
    assert not wrong


def test_modules_have_no_cycle():
    state: dict[str, int] = {}

    def visit(name: str, path: tuple[str, ...]) -> None:
        assert state.get(name) != 1, f"cycle: {' -> '.join([*path, name])}"
        if state.get(name) == 2:
            return
        state[name] = 1
        for other in GRAPH[name]:
            if not name.startswith(f"{other}."):  # a package's __init__ is imported with every module of it
                visit(other, (*path, name))
        state[name] = 2

    for name in GRAPH:
        visit(name, ())


def test_statistics_import_neither_jax_nor_tensorflow():
    names = [
        m
        for m in MODULES
        if _part(m)
        in (
            "audits",
            "biomarkers",
            "cohorts",
            "films",
            "ladder",
            "metrics",
            "outcomes",
            "predictions",
            "predictors",
            "reports",
        )
    ]
    # what decoding workers import; the networks beside it need JAX
    names += [f"outcomenet.localization.{name}" for name in ("limb_crops", "placed")]
    names += ["outcomenet.intake.cutting"]
    code = f"import sys, {', '.join(names)}\nassert not {{'jax', 'tensorflow'}} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_every_module_imports_and_none_brings_tensorflow():
    names = [m for m in MODULES if m != "outcomenet.films.decoder_worker"]
    code = f"import sys, {', '.join(names)}\nassert 'tensorflow' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
