"""Whole-or-nothing writes, SHA-256, refusal to overwrite, and manifests of folders.

A manifest is a JSON object of SHA-256 by path, written last: a folder is trusted when every file is the one that its
manifest names, none is missing and none is extra.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any, TypeAlias

from outcomenet.errors import DataRefused, UsageError
from outcomenet.experiment_files import SHIPPED
from outcomenet.locks import only_writer

JsonObject: TypeAlias = dict[str, Any]  # a JSON object; its entries are as whoever wrote the file declares them
MANIFEST = "MANIFEST.json"
MADE = ".made"  # the note under which a folder was made; hidden, so that it is in no manifest and no fingerprint
# What file managers, file systems and editors leave behind by themselves; it is in no manifest and harms none.
LITTER = re.compile(
    r"\.DS_Store|\._.*|\.AppleDouble|__MACOSX|\.Spotlight-V100|\.Trashes|\.fseventsd|Thumbs\.db|ehthumbs\.db|desktop\.ini"
    r"|\.nfs[0-9a-f]+|\.fuse_hidden.*|\.directory|\.Trash-[0-9]+|lost\+found|.*~|#.*#|\.#.*|\..*\.sw[a-p]|.*\.(bak|orig)",
    re.IGNORECASE,
)
_SHA256 = re.compile(r"[0-9a-f]{64}")


def sha256_of(path: Path) -> str:
    """SHA-256 of a file in hexadecimal; the file is hashed in pieces and may be larger than memory."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def sha256_of_json(value: object) -> str:
    """SHA-256 of a value's canonical JSON: the order of keys, and tuple or list, make no difference."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def write_whole(path: Path, content: str | bytes) -> Path:
    """Writes a file whole or not at all: under a name beside it, flushed to disk, then renamed.

    Args:
        path: The file, replaced if it is there; its folder must exist.
        content: Text, written as UTF-8, or bytes.

    Returns:
        `path`.

    Raises:
        OSError: The folder is missing or not writable, or the disk is full; an older file at `path` stays as it was.
    """
    # in the same folder: a rename is whole within one file system only
    partial = path.with_name(f".{path.name}.partial")
    try:
        partial.write_bytes(content.encode() if isinstance(content, str) else content)
        flush(partial)
    except BaseException:
        # half of a file on a full disk would keep a folder from being empty, and the same command from beginning again
        partial.unlink(missing_ok=True)
        raise
    os.replace(partial, path)
    return path


def flush(file: Path) -> None:
    """Waits until a file and its folder are on disk, so that no later rename overtakes the contents."""
    # the rename itself is an entry of the folder, which is flushed apart from the file
    for path in (file, file.parent):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def refuse_existing(out: Path, advice: str = "choose another --out or remove it first") -> None:
    """Refuses to overwrite: a result never replaces what lies at its place.

    Args:
        out: Where the result is to go.
        advice: What to do instead, as the end of a sentence.

    Raises:
        UsageError: Something is there already; a dangling link counts.
    """
    if out.exists() or out.is_symlink():
        raise UsageError(f"{out} exists already; {advice}.")


@contextmanager
def whole_folder(out: Path, *, replace: bool = False, note: str = "") -> Iterator[Path]:
    """A folder to fill, which becomes `out` when the block ends well and disappears when it does not.

    Other processes are kept from writing `out` meanwhile.

    Args:
        out: Where the folder is to be. What a killed process left of an earlier attempt is removed.
        replace: Whether a folder that is there already gives way, once the new one is whole.
        note: By which `is_made` knows the folder again; none is left where it is empty.

    Raises:
        UsageError: `out` is there already and is not to be replaced, or another process is writing it.
    """
    if not replace:
        refuse_existing(out)
    with only_writer(out):
        if not replace:  # another process may have ended in between
            refuse_existing(out)
        staging, old = out.with_name(f".{out.name}.partial"), out.with_name(f".{out.name}.old")
        shutil.rmtree(staging, ignore_errors=True)
        try:
            staging.mkdir(parents=True)  # in here: a signal may come as soon as it is there
            yield staging
            if note:
                (staging / MADE).write_text(note, encoding="ascii")
            if replace and out.exists():
                shutil.rmtree(old, ignore_errors=True)
                # a kill between the two renames leaves the old one under its hidden name, whole
                out.rename(old)
            staging.rename(out)
            shutil.rmtree(old, ignore_errors=True)
        finally:
            shutil.rmtree(staging, ignore_errors=True)


def note_of(command: str, inputs: Collection[Path], **settings: object) -> str:
    """Digest of what a command is about to make: its name, its settings, the program, and its input files.

    Args:
        command: Name of the command.
        inputs: Files, and folders with all that is in them; a file is the same while its name and its bytes are. Times
            of change do not tell: copies keep them, and two files of one size can be exchanged.
        settings: Everything else that the result depends on.

    Returns:
        SHA-256 in hexadecimal, for `whole_folder(note=...)` and `is_made`.
    """
    files = [file for place in inputs for file in (sorted(place.rglob("*")) if place.is_dir() else [place])]
    stated = [(str(file.absolute()), sha256_of(file)) for file in files if file.is_file()]
    return sha256_of_json([command, stated, repr(sorted(settings.items())), sha256_of_program()])


def is_made(out: Path, note: str) -> bool:
    """Whether the same command has already made this folder and need not run again.

    Args:
        out: The result's folder, which need not be there.
        note: Digest of the command, its settings and inputs, from `note_of`.

    Returns:
        True where `out` was made whole under exactly this note.
    """
    path = out / MADE
    return path.is_file() and path.read_text(encoding="ascii", errors="replace") == note


def already_made(out: Path) -> str:
    """Sentence that a command prints where `is_made` says that its result is there."""
    return f"{out} is there already, whole, from this very command."


@cache
def sha256_of_program() -> str:
    """SHA-256 over every module and weights file of this package, without its experiments."""
    package = Path(__file__).parent
    files = sorted(f for f in package.rglob("*") if f.suffix in (".py", ".safetensors") and SHIPPED not in f.parents)
    return sha256_of_json([(file.relative_to(package).as_posix(), sha256_of(file)) for file in files])


def read_json_object(path: Path, advice: str) -> JsonObject:
    """Parses a file that holds one JSON object.

    Args:
        path: A file that is there.
        advice: What to do when it is damaged, as the end of a sentence.

    Returns:
        The object as a dictionary.

    Raises:
        DataRefused: The file is empty, cut, not text, not JSON, or holds something other than an object.
    """
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        raise DataRefused(f"{path} is not a text file; {advice}.") from None
    except (json.JSONDecodeError, RecursionError):
        broken = "is empty" if path.stat().st_size == 0 else "is not whole JSON"
        raise DataRefused(f"{path} {broken}; {advice}.") from None
    if not isinstance(value, dict):
        raise DataRefused(f"{path} should be a JSON object and is a {type(value).__name__}; {advice}.")
    return value


def files_of(folder: Path, without: Collection[str] = ()) -> list[str]:
    """Paths of everything below a folder that is not itself a folder. Links are named and not followed.

    Args:
        folder: Where to look.
        without: Names of files and folders at the top that are left out. Always left out are the folder's own manifest,
            hidden entries at the top (`.NAME.partial` of a write that did not end) and litter of file managers.

    Returns:
        Paths relative to `folder`, with `/`, sorted.
    """
    paths = []
    for root, folders, files in os.walk(folder):
        at = Path(root).relative_to(folder)
        if at == Path():
            folders[:] = [name for name in folders if not name.startswith(".") and name not in without]
            files = [n for n in files if not n.startswith(".") and n != MANIFEST and n not in without]
        folders[:] = [name for name in folders if not LITTER.fullmatch(name)]
        linked = [name for name in folders if (Path(root) / name).is_symlink()]
        paths += [(at / name).as_posix() for name in [*files, *linked] if not LITTER.fullmatch(name)]
    return sorted(paths)


def digests_of(folder: Path, without: Collection[str] = ()) -> dict[str, str]:
    """SHA-256 of every file that `files_of` names.

    Args:
        folder: Where to look.
        without: Names at the top that are left out, see `files_of`.

    Returns:
        SHA-256 in hexadecimal by path relative to `folder`.
    """
    return {name: sha256_of(folder / name) for name in files_of(folder, without)}


def write_manifest(folder: Path, digests: Mapping[str, str] | None = None) -> Path:
    """Writes MANIFEST.json, after which nothing in the folder may change.

    Args:
        folder: The finished folder.
        digests: SHA-256 by path; None takes those of every file in the folder.

    Returns:
        Path of the manifest.
    """
    content = digests_of(folder) if digests is None else dict(sorted(digests.items()))
    return write_whole(folder / MANIFEST, json.dumps(content, indent=1) + "\n")


def read_manifest(folder: Path, advice: str) -> dict[str, str]:
    """SHA-256 by path as MANIFEST.json states them; the files themselves are not opened.

    Args:
        folder: A folder that has a manifest.
        advice: What to do when it is damaged, as the end of a sentence.

    Returns:
        SHA-256 in hexadecimal by path relative to `folder`; never empty.

    Raises:
        DataRefused: It is no JSON object of SHA-256 by path, is empty, or names a file outside of the folder.
    """
    path = folder / MANIFEST
    digests = read_json_object(path, advice)
    if not digests:
        raise DataRefused(f"{path} names no file; {advice}.")
    for name, digest in digests.items():
        if not isinstance(digest, str) or not _SHA256.fullmatch(digest):
            raise DataRefused(f"{path} has no SHA-256 for {name!r}; {advice}.")
        if not _is_below(name):
            raise DataRefused(f"{path} names {name!r}, which is not a file below {folder}; {advice}.")
    return digests


def _is_below(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return bool(parts) and not name.startswith("/") and "\\" not in name and not {".", ".."} & set(name.split("/"))


def first_difference(folder: Path, digests: Mapping[str, str], *, links: bool = False) -> tuple[str, str] | None:
    """Compares a folder with the digests that its manifest states.

    Args:
        folder: The folder.
        digests: SHA-256 by path relative to `folder`.
        links: Whether a link stands for what it points to, as where large files are kept elsewhere; otherwise a link is
            a difference.

    Returns:
        (path, what is wrong) of the first file, by name, that differs; None where all are as stated. What is wrong
        continues a sentence after the path: "is missing", "is a link", "is not the file that was written (...)".
    """
    for name in sorted(digests):
        path = folder / name
        if not links and (path.is_symlink() or any(parent.is_symlink() for parent in _parents(folder, name))):
            return name, "is a link"
        if not path.exists():
            return name, "is missing"
        if not path.is_file():
            return name, "is not a plain file"
        if sha256_of(path) != digests[name]:
            return name, "is not the file that was written (its SHA-256 differs)"
    return None


def _parents(folder: Path, name: str) -> list[Path]:
    return [folder / parent for parent in PurePosixPath(name).parents if parent != PurePosixPath(".")]


def unlisted(folder: Path, digests: Mapping[str, str]) -> list[str]:
    """Files that a folder holds beyond those of its manifest.

    Args:
        folder: The folder.
        digests: SHA-256 by path, as its manifest states them.

    Returns:
        Paths relative to `folder`, sorted; empty where every file is listed.
    """
    return [name for name in files_of(folder) if name not in digests]
