"""Names of modules and of what is in them, as docstrings, comments and pages write them, are there."""

from __future__ import annotations

import ast
import dataclasses
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

import outcomenet

PACKAGE = Path(outcomenet.__file__).parent
ROOT = PACKAGE.parent
TICKED = re.compile(r"`([^`\n]+)`")
DOTTED = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+(?=$|\()")
PYTHON_FILE = re.compile(r"[a-z_][\w/]*\.py")
REFERRED = re.compile(r"\b(?:[Ss]ee|[Aa]s in) `([A-Za-z_]\w+)`")
# files that a run or a data set has
DATA_FILES = {"csv", "dta", "html", "ipynb", "json", "jsonl", "md", "parquet", "png", "qmd", "svg", "toml"}


def _parts(file: Path) -> tuple[str, ...]:
    return tuple(part for part in file.relative_to(ROOT).with_suffix("").parts if part != "__init__")


MODULES = {_parts(file): file for file in PACKAGE.rglob("*.py")}


def _names(node: ast.Module | ast.ClassDef) -> dict[str, ast.AST]:
    """What a module or class defines or imports at its top, by name."""
    names: dict[str, ast.AST] = {}
    for entry in node.body:
        if isinstance(entry, ast.FunctionDef | ast.ClassDef):
            names[entry.name] = entry
        elif isinstance(entry, ast.Import | ast.ImportFrom):
            names |= {(alias.asname or alias.name): entry for alias in entry.names}
        else:
            names |= {n.id: entry for n in ast.walk(entry) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    for function in (n for n in ast.walk(node) if isinstance(n, ast.FunctionDef) and n.name == "__init__"):
        names |= {
            n.attr: function
            for n in ast.walk(function)
            if isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Store)
        }
    return names


TREES = {parts: _names(ast.parse(file.read_text())) for parts, file in MODULES.items()}
CLASSES = {name: entry for names in TREES.values() for name, entry in names.items() if isinstance(entry, ast.ClassDef)}
WORDS = {word for parts in MODULES for word in parts} | {*CLASSES}


def _is_config(path: list[str]) -> bool:
    """Whether a dotted name is a setting of an experiment, as `training.batch_size`."""
    from outcomenet.experiment import Experiment
    from outcomenet.ranges import field_types

    record: object = Experiment
    for name in path:
        options = [record, *getattr(record, "__args__", ())]
        records = [option for option in options if isinstance(option, type) and dataclasses.is_dataclass(option)]
        fields = next((field_types(option) for option in records if name in field_types(option)), None)
        if fields is None:
            return False
        record = fields[name]
    return True


def _is_there(name: str) -> bool:
    """Whether some module's path ends like the name's beginning and defines what follows."""
    path = name.split(".")
    if (
        path[0] == "outcomenet" and len(path) == 2 and hasattr(outcomenet, path[1])
    ):  # the public names are made on first use
        return True
    for cut in range(len(path), 0, -1):
        head, tail = tuple(path[:cut]), path[cut:]
        if any(parts[-cut:] == head and (not tail or _defines(TREES[parts], tail)) for parts in MODULES):
            return True
    return path[0] in CLASSES and _defines({path[0]: CLASSES[path[0]]}, path) or _is_config(path)


def _defines(names: dict[str, ast.AST], path: list[str]) -> bool:
    entry = names.get(path[0])
    if entry is None or len(path) == 1:
        return entry is not None
    # what is imported, or a value, is not followed further
    return not isinstance(entry, ast.ClassDef) or _defines(_names(entry), path[1:])


def _texts() -> Iterator[tuple[str, str]]:
    """(where, text) of every docstring, comment and page."""
    for file in MODULES.values():
        source = file.read_text()
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
                yield file.relative_to(ROOT).as_posix(), ast.get_docstring(node) or ""
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type == tokenize.COMMENT:
                yield f"{file.relative_to(ROOT).as_posix()}:{token.start[0]}", token.string
    for page in (*(ROOT / "docs").rglob("*.md"), ROOT / "README.md"):
        yield page.relative_to(ROOT).as_posix(), page.read_text()


def _missing() -> Iterator[str]:
    for where, text in _texts():
        for ticked in TICKED.findall(text):
            if PYTHON_FILE.fullmatch(ticked):
                if not any((base / ticked).is_file() for base in (ROOT, PACKAGE)) and not list(PACKAGE.rglob(ticked)):
                    yield f"{where}: {ticked}"
            elif dotted := DOTTED.match(ticked):
                first, *_, last = dotted.group().split(".")
                if first in WORDS and last not in DATA_FILES and not _is_there(dotted.group()):
                    yield f"{where}: {dotted.group()}"


def _unexplained() -> Iterator[str]:
    """Single words after "see" that are no neighbour, no part, no class, and not spoken of in the module itself."""
    words = {where: set(re.findall(r"\w+", source)) for where, source in _code()}
    for where, text in _texts():
        file = ROOT / where.split(":")[0]
        if file.suffix != ".py":
            continue
        near = (file.parent, file.with_suffix(""), PACKAGE)
        for word in REFERRED.findall(text):
            modules = any((folder / f"{word}.py").is_file() or (folder / word).is_dir() for folder in near)
            if not modules and word not in CLASSES and word not in words[file.relative_to(ROOT).as_posix()]:
                yield f"{where}: {word}"


def _code() -> Iterator[tuple[str, str]]:
    """Every module's program without docstrings and comments."""
    for file in MODULES.values():
        tree = ast.parse(file.read_text())
        for node in ast.walk(tree):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
                node.body = node.body[1:] or [ast.Pass()]
        yield file.relative_to(ROOT).as_posix(), ast.unparse(tree)


def test_every_name_after_see_is_a_neighbour_or_of_the_module_itself():
    assert sorted(set(_unexplained())) == []


def test_every_module_and_function_that_a_text_names_is_there():
    assert sorted(set(_missing())) == []


@pytest.mark.parametrize(
    "name", ["limb_anatomy.select", "World.do", "outcomenet.datasets.dataset", "training.batch_size"]
)
def test_a_name_that_is_there_is_found(name):
    assert _is_there(name)


@pytest.mark.parametrize("name", ["limbs.selected", "World.undo", "outcomenet.datasets.nothing", "training.batches"])
def test_a_name_that_is_gone_is_noticed(name):
    assert not _is_there(name)
