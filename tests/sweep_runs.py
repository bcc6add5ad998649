"""A reviewer's hour on a run: every damage to every file, and kills at random moments.

    python -m tests.sweep_runs damages RUN [OTHER_RUN] [--count N]    # how many damaged runs are still believed
    python -m tests.sweep_runs kills RUN --count 30       # kills of evaluate and report; RUN's tables must come back

RUN is a run of regressions or networks that is evaluated and reported; OTHER_RUN gives the files to exchange. Both are only read.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from outcomenet.artifacts import MANIFEST, digests_of, sha256_of
from outcomenet.cli import main as outcomenet
from outcomenet.runs.chain import EVALUATION

# Files that hold times or seconds, so that a second evaluation's are not the first's to the byte.
TIMED = (EVALUATION, "record.json", "report.html")


def damages(run: Path, other: Path | None) -> Iterator[tuple[str, Callable[[Path], None]]]:
    """Every damage with its name: (what, a function of a copy of the run)."""
    for name in [*digests_of(run), MANIFEST]:
        size = (run / name).stat().st_size
        yield f"{name} deleted", lambda r, n=name: (r / n).unlink()
        yield f"{name} emptied", lambda r, n=name: (r / n).write_bytes(b"")
        yield f"{name} with a line more", lambda r, n=name: (r / n).write_bytes((r / n).read_bytes() + b"\n1,2\n")
        if size > 1:
            yield f"{name} cut in half", lambda r, n=name, s=size: (r / n).write_bytes((r / n).read_bytes()[: s // 2])
            yield f"{name} with one bit turned", lambda r, n=name, s=size: _turn(r / n, s // 2)
        if other and (other / name).is_file() and sha256_of(other / name) != sha256_of(run / name):
            yield f"{name} of another run", lambda r, n=name: shutil.copy(other / n, r / n)
    for name in ("responsiveness.csv", "figures/more.png", "examples/more.png", "checkpoints/9/x", "audit_more.csv"):
        yield f"{name} added", lambda r, n=name: _add(r / n)


def _turn(file: Path, at: int) -> None:
    content = bytearray(file.read_bytes())
    content[at] ^= 1
    file.write_bytes(content)


def _add(file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("x")


def sweep_damages(run: Path, other: Path | None, most: int | None = None) -> int:
    """Tells which damaged copies `predict` and `pool` still believe, of all damages or `most` drawn ones; returns their
    number."""
    count, accepted, tracebacks, chosen = 0, [], [], list(damages(run, other))
    if most is not None and most < len(chosen):
        chosen = random.Random(0).sample(chosen, most)
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / run.name
        for what, damage in chosen:
            shutil.rmtree(copy, ignore_errors=True)
            shutil.copytree(run, copy)
            damage(copy)
            count += 1
            for command in (
                ["predict", str(copy), "no-film.dcm", "--out", f"{folder}/p"],
                ["pool", str(copy), "--out", f"{folder}/j"],
            ):
                said = io.StringIO()
                try:
                    with contextlib.redirect_stderr(said):
                        outcomenet(command)
                except Exception as error:
                    tracebacks.append(f"{what}: {error!r}")
                # what comes after the run was believed: the film that is not there, the folds that are missing
                if "There is no film" in said.getvalue() or "Joining needs" in said.getvalue():
                    accepted.append(f"{what} ({command[0]})")
    print(f"{count} damages: {len(accepted)} believed, {len(tracebacks)} tracebacks")
    print("\n".join([*accepted, *tracebacks]))
    return len(accepted) + len(tracebacks)


def sweep_kills(run: Path, count: int, seed: int = 0) -> int:
    """Kills evaluate and report at random moments; returns how many left something wrong."""
    draw, wrong, seconds = random.Random(seed), [], {}
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / run.name
        for number in range(count):
            command = ("evaluate", "report")[number % 2]
            shutil.rmtree(copy, ignore_errors=True)
            shutil.copytree(run, copy)
            if command == "evaluate":
                (copy / EVALUATION).unlink()
            if command not in seconds:
                begun = time.monotonic()
                assert _call(command, copy, run).wait() == 0
                seconds[command] = time.monotonic() - begun
                continue
            process = _call(command, copy, run)
            time.sleep(draw.uniform(0.6, 1.05) * seconds[command])
            process.send_signal(signal.SIGKILL)
            killed = process.wait() == -signal.SIGKILL
            if _call(command, copy, run).wait() != 0 or not _same(run, copy, command):
                wrong.append(f"{command} number {number}, killed: {killed}")
    print(f"{count} kills: {len(wrong)} left something wrong")
    print("\n".join(wrong))
    return len(wrong)


def _call(command: str, run: Path, original: Path) -> subprocess.Popen:
    arguments = [sys.executable, "-m", "outcomenet.cli", command, str(run)]
    if command == "evaluate":
        folder = json.loads((original / "record.json").read_text())["data_folder"]
        arguments += ["--data", str(original / folder)]
    return subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _same(run: Path, copy: Path, command: str) -> bool:
    """Whether the files of the stage, and all before it, are those of the run that nobody disturbed."""
    there = digests_of(copy)
    if json.loads((copy / MANIFEST).read_text()) != there or list(copy.glob(".*")):
        return False
    own = {name: digest for name, digest in digests_of(run).items() if name in there or command == "report"}
    return all(there.get(name) == digest for name, digest in own.items() if name not in TIMED)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("damages", "kills"))
    parser.add_argument("run", type=Path)
    parser.add_argument("other", type=Path, nargs="?")
    parser.add_argument("--count", type=int)
    given = parser.parse_args()
    if given.what == "damages":
        wrong = sweep_damages(given.run, given.other, given.count)
    else:
        wrong = sweep_kills(given.run, given.count or 30)
    sys.exit(min(1, wrong))
