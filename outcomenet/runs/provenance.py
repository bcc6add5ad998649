"""Provenance of a result: command, commit and changes of this package, source digest, versions; it names nobody."""

from __future__ import annotations

import getpass
import hashlib
import os
import platform
import re
import shlex
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path

import outcomenet
from outcomenet.experiment_files import SHIPPED

# Packages that compute numbers or decode what they are computed from.
PACKAGES = (
    "jax", "jaxlib", "flax", "optax", "orbax-checkpoint", "grain", "array-record", "tensorflow-datasets", "numpy",
    "pandas", "scipy", "scikit-learn", "lifelines", "pydicom", "opencv-python-headless", "matplotlib",
)  # fmt: skip
SOURCES = (".py", ".html", ".safetensors")
ROOT = Path(outcomenet.__file__).parent
_TYPED: ContextVar[tuple[str, ...] | None] = ContextVar("arguments of the command that runs", default=None)


def provenance() -> dict[str, object]:
    """Version, commit with uncommitted changes, source digest, package versions and machine kind."""
    import importlib.metadata  # a tenth of a second, which the command line's help does without

    return {
        "version": outcomenet.__version__,
        "commit": _git("rev-parse", "HEAD"),
        "dirty": _changes(),
        "source_sha256": source_sha256(),
        "packages": {name: importlib.metadata.version(name) for name in PACKAGES},
        "python": platform.python_version(),
        "machine": platform.machine(),
    }


@contextmanager
def typed(arguments: Sequence[str]) -> Iterator[None]:
    """Inside, these are the arguments of the command line: a notebook has none, and its kernel's are not ours."""
    before = _TYPED.set(tuple(arguments))
    try:
        yield
    finally:
        _TYPED.reset(before)


def command_line(arguments: Sequence[str] | None = None) -> str:
    """The command as it can be typed again from the same folder: quoted, its paths relative.

    Args:
        arguments: Those of the command; None takes those that were typed (see `typed`).

    Returns:
        The command; "" where none was typed, but a function called in Python.
    """
    words = _TYPED.get() if arguments is None else arguments
    if words is None:
        return ""
    return shlex.join(["outcomenet", *(_argument(text) for text in words)])


def portable_path(path: Path, start: Path) -> str:
    """A path as a record may hold it: it names neither user nor machine.

    Args:
        path: A file or folder.
        start: Folder from which the path is to lead.

    Returns:
        The path relative to `start`, or to the home (`~/...`) where it would lead into that from outside; "" where it cannot
        be told without naming the user, the machine or the home.
    """
    path, start, home = Path(os.path.abspath(path)), Path(os.path.abspath(start)), _home()
    if home is not None and path.is_relative_to(home) and not start.is_relative_to(home):
        text = f"~/{path.relative_to(home).as_posix()}"
    else:
        text = Path(os.path.relpath(path, start)).as_posix()
    return "" if _names_somebody(text) else text


def resolved_path(text: str, start: Path) -> Path:
    """Turns a text of `portable_path` into a path again.

    Args:
        text: The text.
        start: The folder that it was made for, wherever that lies now.

    Returns:
        The path; nobody says that something is there.
    """
    path = Path(text).expanduser()
    return path if path.is_absolute() else start / path


@cache
def source_sha256() -> str:
    """SHA-256 over this package's modules, templates and weights by name: two sources that differ never agree.

    Experiments are left out: a run records the digest of its own.
    """
    digest = hashlib.sha256()
    for file in sorted(f for f in ROOT.rglob("*") if f.suffix in SOURCES and f.is_file() and SHIPPED not in f.parents):
        # name and digest, so that moving text from one file to another changes the sum
        digest.update(f"{file.relative_to(ROOT).as_posix()}\n".encode())
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def public_name(run: Path) -> str:
    """The name of a run's folder as records and tables hold it: `run` where it names the user, the machine or the home."""
    return "run" if _names_somebody(run.name) else run.name


def _argument(text: str) -> str:
    """An argument of a command without absolute paths; `--name=/path` keeps its name. `...` where it would name somebody."""
    name, equals, value = text.partition("=") if text.startswith("-") else ("", "", text)
    if value.startswith((os.sep, f"~{os.sep}")):
        value = portable_path(Path(value).expanduser(), Path.cwd()) or "..."
    elif home := _home():
        value = value.replace(str(home), "~")
    if _names_somebody(value):
        value = "..."
    return "..." if _names_somebody(name) else name + equals + value


def _home() -> Path | None:
    """The user's home; None where there is none, or where it is the root of all paths."""
    try:
        home = Path.home()
    except RuntimeError:
        return None
    return home if len(home.parts) > 1 else None


@cache
def _somebody(home: Path | None) -> frozenset[str]:
    """Names of the user, the machine and the home, in lower case."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        user = ""
    machine = platform.node()
    return frozenset(name.lower() for name in (user, machine, machine.split(".")[0], home.name if home else "") if name)


def _names_somebody(text: str) -> bool:
    """Whether a text is, or holds as a word, the name of the user, the machine or the home."""
    names = "|".join(map(re.escape, _somebody(_home())))
    return bool(names) and re.search(rf"(?<![a-z0-9])(?:{names})(?![a-z0-9])", text.lower()) is not None


def _changes() -> str:
    """Uncommitted changes of this package's own files, and the names and SHA-256 of modules that are in no commit."""
    if not (changes := _git("status", "--porcelain", "--untracked-files=all", "--", ".")):
        return ""
    difference = _git("diff", "--no-ext-diff", "--no-textconv", "HEAD", "--", ".")
    new = [line[3:].strip('"') for line in changes.splitlines() if line.startswith("?? ") and line.endswith(".py")]
    top = Path(_git("rev-parse", "--show-toplevel"))
    listed = [
        f"untracked: {Path(name).name} {hashlib.sha256((top / name).read_bytes()).hexdigest()}"
        for name in new
        if (top / name).is_file()
    ]
    home = _home()
    text = "\n".join([difference, *listed]).strip()
    return text.replace(str(home), "~") if home else text


def _git(*arguments: str) -> str:
    """Output of git about this package's folder; empty where no repository tracks the package's files.

    A package that was installed inside somebody's repository is not part of it: neither its commit nor its changes are ours.
    """
    return _run_git(*arguments) if _is_tracked() else ""


@cache
def _is_tracked() -> bool:
    return bool(_run_git("ls-files", "--error-unmatch", "--", Path(outcomenet.__file__).name))


def _run_git(*arguments: str) -> str:
    # a hook of git sets variables that would lead git into another repository
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        done = subprocess.run(
            ["git", "-C", str(ROOT), *arguments],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=20,  # seconds: a record is not worth waiting for a network disk
            env=environment,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip("\n") if done.returncode == 0 else ""
