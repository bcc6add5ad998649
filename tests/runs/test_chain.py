"""No file of a run is believed that its command did not write: edits, cuts, losses, swaps and kills, one by one."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from outcomenet.artifacts import MANIFEST, digests_of, sha256_of
from outcomenet.cli import main
from outcomenet.errors import DataRefused, UsageError
from outcomenet.runs import chain
from outcomenet.runs.chain import EVALUATION, Stage, check_run, finish, staged
from outcomenet.runs.record import RECORD


def refused(run: Path, capsys: pytest.CaptureFixture[str], code: int = 3) -> str:
    """The one sentence with which report, pool and predict refuse a run; all three must."""
    said = []
    capsys.readouterr()
    for arguments in (
        ["report", str(run)],
        ["pool", str(run), "--out", str(run.parent / "joined")],
        ["predict", str(run), "film.dcm", "--out", str(run.parent / "read")],
    ):
        assert main(arguments) == code, arguments
        said.append(capsys.readouterr().err.strip())
    for sentence in said:
        assert "\n" not in sentence
        assert "Traceback" not in sentence
    assert not (run.parent / "joined").exists()
    assert not (run.parent / "read").exists()
    return said[0]


def test_a_whole_run_is_believed_and_looking_at_it_changes_nothing(run):
    before = digests_of(run)
    record = check_run(run, needs=Stage.EVALUATION)
    assert record["name"] == "f0"
    manifest = json.loads((run / MANIFEST).read_text())
    assert manifest == before
    assert {"record.json", "evaluation.json", "report.html"} <= manifest.keys()


def test_report_takes_over_the_digests_of_other_commands_as_they_stand(run):
    listed = json.loads((run / MANIFEST).read_text())
    (run / "report.html").write_text("old")
    assert main(["report", str(run)]) == 0
    assert json.loads((run / MANIFEST).read_text()) == listed
    assert sha256_of(run / "report.html") == listed["report.html"]


EVERY_FILE = (
    "audits.csv", "audit_sites.csv", "metrics.csv", "comparisons.csv", "predictions.parquet", "undefined_metrics.csv",
    "ledger.csv", EVALUATION,
)  # fmt: skip


@pytest.mark.parametrize("name", EVERY_FILE)
def test_every_file_that_is_edited_cut_emptied_or_gone_is_named_with_the_next_step(run, capsys, name):
    whole = (run / name).read_bytes()
    for damaged in (whole + b"\n", whole[: len(whole) // 2], b"", b"\xff" + whole[1:], None):
        if damaged is None:
            (run / name).unlink()
        else:
            (run / name).write_bytes(damaged)
        sentence = refused(run, capsys)
        assert str(run / name) in sentence
        assert f"run `outcomenet evaluate {run}`, which writes it anew" in sentence
    (run / name).write_bytes(whole)
    assert main(["report", str(run)]) == 0


def test_an_alarm_that_was_taken_out_gives_no_report(run, capsys):
    """`sed -i /alarm/d audits.csv`, and the manifest made to fit."""
    text = (run / "audits.csv").read_text().splitlines(keepends=True)
    (run / "audits.csv").write_text("".join(text[:-1]))
    manifest = json.loads((run / MANIFEST).read_text())
    manifest["audits.csv"] = sha256_of(run / "audits.csv")
    (run / MANIFEST).write_text(json.dumps(manifest))
    assert f"{EVALUATION} does not name the same files as {MANIFEST}" in refused(run, capsys)
    (run / "audits.csv").unlink()
    del manifest["audits.csv"]
    (run / MANIFEST).write_text(json.dumps(manifest))
    assert f"{EVALUATION} does not name the same files as {MANIFEST}" in refused(run, capsys)


def test_an_edited_record_is_refused_with_and_without_a_fitting_manifest(run, capsys):
    record = json.loads((run / RECORD).read_text())
    edits = (
        lambda r: r["data"].update(simulated=False),
        lambda r: r["config"]["split"].update(folds=4),
        lambda r: r["config"]["training"].update(seed=7),
        lambda r: r["data"].update(fingerprint="0" * 64),
        lambda r: r.update(experiment_sha256="0" * 64),
    )
    for edit in edits:
        edited = json.loads(json.dumps(record))
        edit(edited)
        (run / RECORD).write_text(json.dumps(edited))
        assert "was changed after the run began" in refused(run, capsys)
        assert main(["evaluate", str(run)]) == 3
        manifest = json.loads((run / MANIFEST).read_text())
        (run / MANIFEST).write_text(json.dumps(manifest | {RECORD: sha256_of(run / RECORD)}))
        assert "was changed after the run began" in refused(run, capsys)
    (run / RECORD).write_text(json.dumps(record | {"command": "outcomenet train other.py"}))
    assert f"{run / RECORD} is not the file that was written" in refused(run, capsys)


@pytest.mark.parametrize(
    "content", [b"", b'{"name": "f', b"[1]", b"7", b'"x"', b"null", b"\xff\x00\xfe", b"{}", b'{"run_id": 3}']
)
def test_a_damaged_record_is_one_sentence(run, capsys, content):
    (run / RECORD).write_bytes(content)
    assert str(run / RECORD) in refused(run, capsys)
    assert main(["evaluate", str(run)]) == 3
    capsys.readouterr()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b'{"record.json": "ab',
        b"[]",
        b"null",
        b"\xff\x00",
        b"{}",
        b'{"record.json": 1}',
        b'{"../x": "' + b"0" * 64 + b'"}',
    ],
)
def test_a_damaged_manifest_is_one_sentence(run, capsys, content):
    (run / MANIFEST).write_bytes(content)
    sentence = refused(run, capsys)
    assert str(run / MANIFEST) in sentence
    assert "restore it from a copy, or delete it and run" in sentence
    assert main(["evaluate", str(run)]) == 3
    capsys.readouterr()


def test_a_run_without_a_manifest_is_not_trained_to_its_end_and_no_report_makes_one(run, capsys):
    (run / MANIFEST).unlink()
    assert "is not trained to the end (it has no MANIFEST.json" in refused(run, capsys, code=2)
    assert not (run / MANIFEST).exists()
    assert main(["evaluate", str(run)]) == 2


def test_files_that_no_command_wrote_are_refused_and_litter_is_not(run, capsys):
    (run / ".DS_Store").touch()
    (run / "figures" / ".DS_Store").touch()
    check_run(run, needs=Stage.EVALUATION)
    (run / "responsiveness.csv").write_text("measure,statistic,against,value,lower,upper,n\n")
    assert "responsiveness.csv was written by no command of outcomenet; move it" in refused(run, capsys)
    (run / "responsiveness.csv").unlink()
    (run / "predictions.parquet").rename(run.parent / "p")
    (run / "predictions.parquet").symlink_to(run.parent / "p")
    assert "predictions.parquet is a link" in refused(run, capsys)


def test_files_of_another_run_are_refused(three, capsys):
    first, second, _ = three
    for name in EVERY_FILE:
        if (first / name).read_bytes() == (second / name).read_bytes():
            continue
        own = (first / name).read_bytes()
        shutil.copy(second / name, first / name)
        assert str(first / name) in refused(first, capsys)
        (first / name).write_bytes(own)
    # a whole evaluation of another run, manifest and all: what it stands on says so
    for name in json.loads((second / EVALUATION).read_text())["files"].keys() | {EVALUATION}:
        shutil.copy(second / name, first / name)
    listed = json.loads((second / MANIFEST).read_text()) | {RECORD: sha256_of(first / RECORD)}
    shutil.rmtree(first / "figures")
    (first / "report.html").unlink()
    (first / MANIFEST).write_text(json.dumps(listed))
    assert "is of another run, or of other networks than lie here" in refused(first, capsys)


def test_a_run_that_is_not_evaluated_is_neither_reported_nor_pooled(run, tables_only, tmp_path, capsys):
    record = json.loads((run / MANIFEST).read_text())[RECORD]
    for name in digests_of(run):
        if name != RECORD:
            (run / name).unlink()
    (run / MANIFEST).write_text(json.dumps({RECORD: record}))
    for command in (["report", str(run)], ["pool", str(run), "--out", str(tmp_path / "x")]):
        assert main(command) == 2
        assert f"is not evaluated to the end (it has no whole evaluation.json); run `outcomenet evaluate {run}`" in (
            capsys.readouterr().err
        )


def test_an_evaluation_that_is_whole_is_done_and_a_damaged_one_is_made_anew(run, tables_only, capsys):
    before = digests_of(run)
    assert main(["evaluate", str(run), "--data", str(tables_only)]) == 0
    assert "is evaluated already" in capsys.readouterr().err
    assert digests_of(run) == before
    (run / "audits.csv").write_text("audit,question,judgement,finding\n")
    assert main(["evaluate", str(run), "--data", str(tables_only)]) == 0
    after = digests_of(run)
    assert "report.html" not in after  # it told of the damaged evaluation
    tables = [name for name in EVERY_FILE if name != EVALUATION]  # that holds times
    assert {name: after[name] for name in tables} == {name: before[name] for name in tables}
    check_run(run, needs=Stage.EVALUATION)


def kept(run: Path) -> dict[str, str]:
    """A run folder with a record and one old result, in a manifest that holds."""
    return {name: digest for name, digest in digests_of(run).items() if chain.stage_of(name) is Stage.TRAINING}


def fill(folder: Path, text: str) -> None:
    (folder / "examples").mkdir()
    (folder / "examples" / "a.png").write_text(text)
    (folder / "metrics.csv").write_text(text)


@pytest.mark.parametrize("at", range(1, 14))
def test_publishing_can_be_interrupted_anywhere_and_goes_on(run, monkeypatch, at):
    """Every rename and removal of publishing is the last one that is reached: the run is never believed half, and the
    next call ends it."""
    calls, real = 0, {name: getattr(os, name) for name in ("replace", "unlink")}

    class Killed(BaseException):
        pass

    def counted(name: str):
        def call(*arguments, **named):
            nonlocal calls
            calls += 1
            if calls > at:
                raise Killed
            return real[name](*arguments, **named)

        return call

    with monkeypatch.context() as patched:
        for name in real:
            patched.setattr(os, name, counted(name))
        killed = False
        try:
            with staged(run, Stage.EVALUATION) as folder:
                fill(folder, "new")
                calls = 0
        except Killed:
            killed = True
    assert killed
    with pytest.raises((UsageError, DataRefused)):
        check_run(run, needs=Stage.EVALUATION)
    finish(run, Stage.EVALUATION)
    assert not list(run.glob(".*"))
    there = digests_of(run)
    assert json.loads((run / MANIFEST).read_text()) == there
    assert there.keys() == kept(run).keys() | {"metrics.csv", "examples/a.png"}
    assert (run / "metrics.csv").read_text() == "new"


def test_what_was_only_begun_is_taken_back(run):
    before = digests_of(run)
    (run / ".evaluation.partial").mkdir()
    (run / ".evaluation.partial" / "metrics.csv").write_text("half")
    finish(run, Stage.EVALUATION)
    assert not list(run.glob(".*"))
    assert digests_of(run) == before
    check_run(run, needs=Stage.EVALUATION)


KILLED = """
import os, signal, sys
from pathlib import Path
from outcomenet.runs import chain
calls, replace = 0, os.replace
def dying(*arguments):
    global calls
    calls += 1
    if calls > int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
    replace(*arguments)
with chain.staged(Path(sys.argv[1]), chain.Stage.EVALUATION) as folder:
    for number in range(5):
        (folder / f"audit_{number}.csv").write_text("new")
    os.replace = dying
"""


@pytest.mark.parametrize("at", [0, 2, 5])
def test_a_real_kill_leaves_nothing_that_is_believed_half(run, at):
    done = subprocess.run([sys.executable, "-c", KILLED, str(run), str(at)], check=False)
    assert done.returncode == -signal.SIGKILL
    if at == 0:  # before the new files had a manifest: the old evaluation stands
        check_run(run, needs=Stage.EVALUATION)
        finish(run, Stage.EVALUATION)
        check_run(run, needs=Stage.EVALUATION)
        return
    with pytest.raises(UsageError, match="is not evaluated to the end"):
        check_run(run)
    finish(run, Stage.EVALUATION)
    assert {name for name in digests_of(run) if name.startswith("audit")} == {f"audit_{n}.csv" for n in range(5)}
    assert json.loads((run / MANIFEST).read_text()) == digests_of(run)


def test_joined_runs_are_whole_or_not_there_and_joining_them_again_is_done(three, capsys, monkeypatch):
    out = three[0].parent / "all"
    arguments = ["pool", *map(str, three), "--out", str(out)]

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("outcomenet.evaluation.pool.write_manifest", killed)
        assert main(arguments) == 4  # stopped: run again to go on
    assert not out.exists()
    assert main(arguments) == 0
    before = digests_of(out)
    assert main(arguments) == 0  # killed in the last instant or not: it is done
    assert digests_of(out) == before
    record = check_run(out, needs=Stage.EVALUATION)
    assert record["pooled"] == ["f0", "f1", "f2"]
    capsys.readouterr()
    (out / "metrics.csv").write_text("predictor\n")
    assert main(["report", str(out)]) == 3
    assert "remove this folder and run its `outcomenet pool` command again" in capsys.readouterr().err
    assert main(arguments) == 2
    assert "exists already" in capsys.readouterr().err
    shutil.rmtree(out)
    (three[1] / "audits.csv").write_text("")
    assert main(arguments) == 3
    assert str(three[1] / "audits.csv") in capsys.readouterr().err
    assert not out.exists()
