"""Failures of the machine are one sentence with the right exit code; faults of the program keep their traceback."""

from __future__ import annotations

import errno
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from outcomenet import cli
from outcomenet.cli import main
from outcomenet.cohorts.pseudonyms import default_key_path
from outcomenet.devices import usable_devices
from outcomenet.errors import OutcomenetError, UsageError
from outcomenet.locks import only_writer

EXPERIMENT = Path(__file__).parents[1] / "experiments" / "demo.py"
SIMULATE = [sys.executable, "-m", "outcomenet.cli", "simulate"]


def raising(error: BaseException) -> Callable[[str], Callable[[list[str]], int]]:
    def run(arguments: list[str]) -> int:
        raise error

    return lambda name: run


def of_system(code: int, path: str | None = None) -> OSError:
    return OSError(code, os.strerror(code), path)


@pytest.mark.parametrize(
    ("error", "code", "sentence"),
    [
        (of_system(errno.ENOSPC, "data"), 1, "data: no space is left on the disk"),
        (of_system(errno.EDQUOT), 1, "The disk quota is used up"),
        (of_system(errno.EFBIG), 1, "ulimit -f"),
        (of_system(errno.EMFILE, "data"), 1, "ulimit -n"),
        (of_system(errno.EIO, "data"), 1, "an error of its own"),
        (of_system(errno.EACCES, "data"), 2, "data: permission is denied"),
        (of_system(errno.EROFS, "data"), 2, "data: the file system is read-only"),
        (of_system(errno.ENOTDIR, "file/data"), 2, "file/data: a part of this path is a file"),
        (of_system(errno.ENAMETOOLONG, "data"), 2, "the name is too long"),
        (of_system(errno.ENOENT, "gone"), 2, "gone: there is no such file or folder"),
        (of_system(errno.ENOMEM), 1, "The memory ran out"),
        (MemoryError(), 1, "The memory ran out"),
        (RuntimeError("can't start new thread"), 1, "The memory ran out"),
        (
            ValueError('RESOURCE_EXHAUSTED: Error writing local file "x": No space left on device'),
            1,
            "no space is left",
        ),
        (ExceptionGroup("several", [of_system(errno.ENOSPC, "data")]), 1, "data: no space is left"),
        (KeyboardInterrupt(), 4, "Run the same command again"),
    ],
    ids=lambda v: type(v).__name__ if isinstance(v, BaseException) else None,
)
def test_a_failure_of_the_machine_is_one_sentence(monkeypatch, capsys, error, code, sentence):
    monkeypatch.setattr(cli, "_load", raising(error))
    assert main(["doctor"]) == code
    said = capsys.readouterr().err
    assert said.startswith("outcomenet doctor: ")
    assert sentence.lower() in said.lower()
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    "error", [KeyError("a"), AssertionError(), TypeError("a"), ValueError("odd"), RuntimeError("odd")]
)
def test_a_fault_of_the_program_keeps_its_traceback(monkeypatch, error):
    monkeypatch.setattr(cli, "_load", raising(error))
    with pytest.raises(type(error)):
        main(["doctor"])


def test_a_full_disk_behind_a_fault_of_the_program_does_not_excuse_it(monkeypatch):
    fault = KeyError("a")
    fault.__context__ = of_system(errno.ENOSPC)
    monkeypatch.setattr(cli, "_load", raising(fault))
    with pytest.raises(KeyError):
        main(["doctor"])


def test_a_closed_pipe_is_one_sentence():
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([*SIMULATE, "--help"], stdout=writer, stderr=subprocess.PIPE, text=True)
    os.close(writer)
    assert done.returncode == 1
    assert done.stderr == "outcomenet simulate: whoever read the output has closed it, so it ends here.\n"


def test_a_file_that_may_not_grow_leaves_nothing(tmp_path):
    """RLIMIT_FSIZE stands for a disk that is full."""
    command = [*SIMULATE, str(tmp_path / "cohort"), "--patients", "50", "--films", "none"]
    limited = ["sh", "-c", 'ulimit -f 20; exec "$@"', "sh", *command]
    done = subprocess.run(limited, capture_output=True, text=True)
    assert done.returncode == 1
    assert "Raise `ulimit -f`" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk needs root")
def test_a_full_disk_leaves_nothing(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=100k", "tmpfs", str(disk)], capture_output=True).returncode:
        pytest.skip("no disk can be mounted here")
    try:
        command = [*SIMULATE, str(disk / "cohort"), "--patients", "50", "--films", "none"]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 1
        assert "no space is left on the disk" in done.stderr.splitlines()[-1].lower()
        assert "Traceback" not in done.stderr
        assert not list(disk.iterdir())
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_a_checkpoint_on_a_full_disk_is_one_error_and_gives_its_part_back(tmp_path, monkeypatch, capfd):
    import shutil

    import jax.numpy as jnp

    from outcomenet.training.checkpoints import Checkpoints

    checkpoints = Checkpoints(tmp_path, "0" * 64)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: shutil._ntuple_diskusage(100, 90, 10))
    with pytest.raises(OSError, match="No space left"):
        checkpoints.save(1, {"a": jnp.zeros(3)}, {})
    assert capfd.readouterr().err == ""
    assert not list(tmp_path.iterdir())


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    out = tmp_path_factory.mktemp("failures") / "cohort"
    assert main(["simulate", str(out), "--patients", "12", "--films", "none"]) == 0
    return out


@pytest.mark.parametrize("below", ["file/run", "file/deep/run"])
@pytest.mark.parametrize("command", ["simulate", "train", "intake", "localize"])
def test_a_path_below_a_plain_file_is_one_sentence(tmp_path, capsys, command, below, cohort):
    (tmp_path / "file").write_text("a plain file")
    film = tmp_path / "film.png"
    film.write_bytes(b"none")
    out = str(tmp_path / below)
    arguments = {
        "simulate": ["simulate", out, "--patients", "1", "--films", "none"],
        "train": ["train", str(EXPERIMENT), "--data", "no", "--out", out],
        "intake": ["intake", str(cohort), "--out", out],
        "localize": ["localize", str(film), "--out", out],
    }
    assert main(arguments[command]) == 2
    assert "a part of this path is a file" in capsys.readouterr().err
    assert (tmp_path / "file").read_text() == "a plain file"


def test_a_folder_that_may_not_be_written_is_one_sentence(tmp_path, capsys):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o555)
    os.chmod(tmp_path, 0o755)
    before = os.geteuid()
    if before == 0:
        os.seteuid(12345)  # root may write anywhere
    try:
        code = main(["simulate", str(closed / "cohort"), "--patients", "1", "--films", "none"])
    finally:
        os.seteuid(before)
    assert code == 2
    assert "permission is denied" in capsys.readouterr().err


def test_a_name_that_is_too_long_is_one_sentence(tmp_path, capsys):
    assert main(["simulate", str(tmp_path / ("a" * 300)), "--patients", "1", "--films", "none"]) == 2
    assert "the name is too long" in capsys.readouterr().err


@pytest.mark.parametrize("platform", ["cuda", "nonsense"])
def test_a_device_that_is_not_there_is_one_sentence_and_the_doctor_goes_on(platform):
    code = (
        "from outcomenet.cli import main; from outcomenet.devices import usable_devices\n"
        "from outcomenet.errors import UsageError\n"
        "try: usable_devices()\n"
        "except UsageError as error: print(error)\n"
        "else: raise SystemExit('started')\n"
        "raise SystemExit(main(['doctor']))"
    )
    environment = {**os.environ, "JAX_PLATFORMS": platform}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
    if "started" in done.stderr:
        pytest.skip(f"this machine has {platform}")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(f"JAX_PLATFORMS={platform} asks for a device that cannot be started") == 2
    assert "Film decoders:" in done.stdout


def test_too_small_an_address_space_is_refused_before_anything_hangs(monkeypatch):
    monkeypatch.setattr(resource, "getrlimit", lambda which: (4 * 2**30, 4 * 2**30))
    with pytest.raises(OutcomenetError, match=r"allows 4.0 GB of address space .*ulimit -v"):
        usable_devices()


@pytest.mark.parametrize("command", ["train", "evaluate", "report", "intake", "localize"])
def test_every_command_leaves_a_folder_alone_that_another_process_writes(
    tmp_path, capsys, monkeypatch, command, cohort
):
    out, film = tmp_path / "out", tmp_path / "film.png"
    film.write_bytes(b"none")
    if command in ("evaluate", "report"):
        out.mkdir()
        monkeypatch.setattr("outcomenet.api.read_record", lambda run: {})
    arguments = {
        "train": ["train", str(EXPERIMENT), "--data", "no", "--out", str(out)],
        "evaluate": ["evaluate", str(out)],
        "report": ["report", str(out)],
        "intake": ["intake", str(cohort), "--out", str(out)],
        "localize": ["localize", str(film), "--out", str(out)],
    }
    with only_writer(out):
        assert main(arguments[command]) == 2
    assert "is being written by another outcomenet" in capsys.readouterr().err
    assert not (tmp_path / ".out.lock").exists()


def test_a_lock_is_free_again_and_may_be_taken_through_another_name(tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "link").symlink_to("run")
    with (
        only_writer(tmp_path / "link"),
        pytest.raises(UsageError, match="being written"),
        only_writer(tmp_path / "run"),
    ):
        pass
    with only_writer(tmp_path / "run"):
        pass


@pytest.mark.parametrize("home", [None, "relative"])
def test_without_a_home_the_key_needs_a_place(monkeypatch, home):
    """A user whom the system does not know, as in many containers."""
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.delenv("HOME", raising=False)
    if home is not None:
        monkeypatch.setenv("HOME", home)
    monkeypatch.setattr("pwd.getpwuid", lambda number: {}[number])
    with pytest.raises(UsageError, match=r"name a file for it by key \(--key\)"):
        default_key_path()
