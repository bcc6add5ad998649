"""Whole-or-nothing writes, manifests, and one sentence for every way in which they can be damaged."""

from __future__ import annotations

import hashlib
import json
import os

import pytest

from outcomenet.artifacts import (
    MANIFEST,
    digests_of,
    first_difference,
    note_of,
    read_json_object,
    read_manifest,
    sha256_of,
    sha256_of_json,
    unlisted,
    whole_folder,
    write_manifest,
    write_whole,
)
from outcomenet.errors import DataRefused, UsageError

# FIPS 180-2, appendix B.1: SHA-256 of the three bytes "abc"
ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "f" / "inner").mkdir(parents=True)
    (tmp_path / "f" / "a.txt").write_text("abc")
    (tmp_path / "f" / "inner" / "b.txt").write_text("b")
    return tmp_path / "f"


def test_sha256_is_that_of_the_standard(folder):
    assert sha256_of(folder / "a.txt") == ABC
    assert digests_of(folder) == {"a.txt": ABC, "inner/b.txt": hashlib.sha256(b"b").hexdigest()}


def test_the_digest_of_a_value_does_not_depend_on_the_order_of_its_keys():
    assert sha256_of_json({"a": (1, 2), "b": None}) == sha256_of_json({"b": None, "a": [1, 2]})
    assert sha256_of_json({"a": 1}) != sha256_of_json({"a": 1.5})


def test_a_file_is_replaced_whole(tmp_path):
    write_whole(tmp_path / "x", "old")
    write_whole(tmp_path / "x", b"new")
    assert (tmp_path / "x").read_text() == "new"
    assert [p.name for p in tmp_path.iterdir()] == ["x"]


def test_a_file_that_cannot_be_written_leaves_nothing_and_the_old_one(tmp_path, monkeypatch):
    write_whole(tmp_path / "x", "old")
    monkeypatch.setattr("outcomenet.artifacts.flush", lambda file: (_ for _ in ()).throw(OSError(28, "full")))
    with pytest.raises(OSError, match="full"):
        write_whole(tmp_path / "x", "new")
    assert (tmp_path / "x").read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["x"]


def fail_halfway(out):
    with whole_folder(out) as staging:
        (staging / "half").touch()
        raise ZeroDivisionError


def test_a_folder_is_there_whole_or_not_at_all(tmp_path):
    out = tmp_path / "out"
    (tmp_path / ".out.partial").mkdir()  # of a process that was killed
    (tmp_path / ".out.partial" / "old").touch()
    with pytest.raises(ZeroDivisionError):
        fail_halfway(out)
    assert list(tmp_path.iterdir()) == []
    with whole_folder(out) as staging:
        (staging / "whole").touch()
        assert not out.exists()
    with pytest.raises(UsageError, match="exists already; choose another --out"), whole_folder(out):
        pass
    with whole_folder(out, replace=True) as staging:
        (staging / "newer").touch()
    assert [p.name for p in tmp_path.iterdir()] == ["out"]
    assert [p.name for p in out.iterdir()] == ["newer"]


def test_every_damage_to_a_folder_is_named(folder, tmp_path):
    write_manifest(folder)
    digests = read_manifest(folder, "make it again")
    assert first_difference(folder, digests) is None
    assert unlisted(folder, digests) == []
    (folder / ".DS_Store").touch()
    for name in (".DS_Store", "._b.txt", "Thumbs.db", "b.txt~", ".b.txt.swp", "#b.txt#", "b.txt.bak"):
        (folder / "inner" / name).touch()
    (folder / "inner" / "lost+found").mkdir()
    (folder / "inner" / "lost+found" / "7").touch()
    assert unlisted(folder, digests) == []
    (folder / "inner" / "more").touch()
    assert unlisted(folder, digests) == ["inner/more"]
    (folder / "inner" / "b.txt").write_text("c")
    assert first_difference(folder, digests) == (
        "inner/b.txt",
        "is not the file that was written (its SHA-256 differs)",
    )
    (folder / "a.txt").rename(tmp_path / "elsewhere")
    assert first_difference(folder, digests) == ("a.txt", "is missing")
    (folder / "a.txt").symlink_to(tmp_path / "elsewhere")
    assert first_difference(folder, digests) == ("a.txt", "is a link")
    (folder / "a.txt").unlink()
    os.mkfifo(folder / "a.txt")
    assert first_difference(folder, digests) == ("a.txt", "is not a plain file")


def test_a_linked_folder_is_not_followed(folder, tmp_path):
    write_manifest(folder)
    (folder / "inner").rename(tmp_path / "inner")
    (folder / "inner").symlink_to(tmp_path / "inner")
    digests = read_manifest(folder, "make it again")
    assert first_difference(folder, digests) == ("inner/b.txt", "is a link")
    assert unlisted(folder, digests) == ["inner"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty"),
        (b'{"a.txt": "ba78', "is not whole JSON"),
        (b"[1, 2]", "should be a JSON object and is a list"),
        (b"null", "should be a JSON object and is a NoneType"),
        (b"\xff\xfe\x00\x80", "is not a text file"),
        (b"[" * 100_000, "is not whole JSON"),
        (b"{}", "names no file"),
        (b'{"a.txt": 7}', "has no SHA-256 for 'a.txt'"),
        (b'{"a.txt": "abc"}', "has no SHA-256 for 'a.txt'"),
        (json.dumps({"../a.txt": ABC}).encode(), "names '../a.txt', which is not a file below"),
        (json.dumps({"/etc/passwd": ABC}).encode(), "names '/etc/passwd'"),
        (json.dumps({"inner/../../a": ABC}).encode(), "names 'inner/../../a'"),
        (json.dumps({"": ABC}).encode(), "names ''"),
        (json.dumps({"..\\a": ABC}).encode(), "names"),
    ],
)
def test_a_damaged_manifest_is_one_sentence(folder, content, sentence):
    (folder / MANIFEST).write_bytes(content)
    with pytest.raises(DataRefused) as refused:
        read_manifest(folder, "make it again")
    assert sentence in str(refused.value)
    assert str(refused.value).endswith("; make it again.")
    assert "\n" not in str(refused.value)


def test_a_json_object_is_read(tmp_path):
    (tmp_path / "x.json").write_text('{"a": 1}')
    assert read_json_object(tmp_path / "x.json", "make it again") == {"a": 1}


def test_files_of_one_size_and_time_that_are_exchanged_are_other_inputs(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).write_text(name)
        os.utime(tmp_path / name, (1, 1))
    before = note_of("intake", [tmp_path])
    assert note_of("intake", [tmp_path]) == before
    for name, content in (("a", "b"), ("b", "a")):
        (tmp_path / name).write_text(content)
        os.utime(tmp_path / name, (1, 1))
    assert note_of("intake", [tmp_path]) != before
