"""State of trials in files: who holds a trial, what a killed process leaves, what was damaged or lost."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from outcomenet.artifacts import MANIFEST, sha256_of, write_manifest
from outcomenet.errors import DataRefused, UsageError
from outcomenet.experiment import Experiment
from outcomenet.sweeps.sweep_folder import (
    SWEEP,
    Condition,
    State,
    Sweep,
    held,
    is_whole,
    read_state,
    read_sweep,
    write_state,
    write_sweep,
)
from outcomenet.sweeps.trials import planned_trials
from outcomenet.sweeps.worker import MOST_ATTEMPTS, checked, last_step, taken

HOLDER = """
import sys, time
from pathlib import Path
from outcomenet.sweeps.sweep_folder import held, read_sweep
sweep = read_sweep(Path(sys.argv[1]))
with held(sweep, sweep.trials[0]) as mine:
    print(mine, flush=True)
    time.sleep(600)
"""


@pytest.fixture
def sweep(tmp_path: Path) -> Sweep:
    trials = planned_trials(Experiment("mine", "?"), {}, seeds=3, folds=0, fingerprint="d", program="p")
    made = Sweep(tmp_path / "sweep", "mine", "?", "haq", "../data", "d", "p", "", {}, "none", tuple(trials))
    write_sweep(made)
    return made


def test_a_frozen_sweep_is_read_again(sweep: Sweep):
    assert read_sweep(sweep.folder) == sweep
    assert sweep.data_folder.resolve() == sweep.folder.parent.resolve() / "data"
    with pytest.raises(UsageError, match="is no sweep"):
        read_sweep(sweep.folder.parent)
    record = json.loads((sweep.folder / SWEEP).read_text())
    del record["fingerprint"]
    (sweep.folder / SWEEP).write_text(json.dumps(record))
    with pytest.raises(DataRefused, match="'fingerprint'"):
        read_sweep(sweep.folder)


def test_a_living_process_keeps_its_trial_however_old_its_heartbeat_is(sweep: Sweep):
    trial = sweep.trials[0]
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, str(sweep.folder)], stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout.readline().strip() == "True"
        # a clock that was set back, or forward by years, changes nothing
        for heartbeat in ("1999-01-01T00:00:00+00:00", "2099-01-01T00:00:00+00:00"):
            write_state(sweep, trial, State(Condition.RUNNING, process=holder.pid, heartbeat=heartbeat))
            with held(sweep, trial) as mine:
                assert not mine
        holder.send_signal(signal.SIGSTOP)  # alive, and silent
        with held(sweep, trial) as mine:
            assert not mine
        holder.send_signal(signal.SIGCONT)
    finally:
        os.kill(holder.pid, signal.SIGKILL)
        holder.communicate()
    with held(sweep, trial) as mine:
        assert mine


def test_a_trial_whose_process_died_is_gone_on_with_until_it_gets_no_further(sweep: Sweep):
    trial = sweep.trials[0]
    step = sweep.run(trial) / "checkpoints" / "10"
    step.mkdir(parents=True)
    assert last_step(sweep.run(trial)) == 10

    def attempt() -> State:
        state = taken(sweep, trial)
        write_state(sweep, trial, state)
        return state

    first = attempt()
    assert (first.condition, first.step, first.attempts) == (Condition.RUNNING, 10, 0)
    # died, and again without a further step
    assert [attempt().attempts for _ in range(MOST_ATTEMPTS - 1)] == [1, 2]
    step.with_name("20").mkdir()
    assert attempt().attempts == 1  # got further: the count begins anew
    for _ in range(MOST_ATTEMPTS - 2):
        assert attempt().condition is Condition.RUNNING
    failed = attempt()
    assert failed.condition is Condition.FAILED
    assert "without a step beyond 20" in failed.error


def test_a_damaged_state_counts_as_none(sweep: Sweep):
    trial = sweep.trials[0]
    write_state(sweep, trial, State(Condition.DONE))
    for text in ("", "{", "[]", '{"condition": "lost"}', '{"host": "a"}'):
        sweep.state_file(trial).write_text(text)
        assert read_state(sweep, trial) == State()


def test_a_done_trial_that_lost_a_file_is_planned_again(sweep: Sweep):
    for trial in sweep.trials:
        run = sweep.run(trial)
        run.mkdir()
        (run / "weights").write_text("1")
        write_manifest(run)
        write_state(sweep, trial, State(Condition.DONE, manifest=sha256_of(run / MANIFEST)))
    assert checked(sweep) == []
    first, second, third = sweep.trials
    (sweep.run(first) / "weights").unlink()
    (sweep.run(second) / MANIFEST).unlink()

    assert checked(sweep) == [first, second]
    assert [read_state(sweep, trial).condition.value for trial in sweep.trials] == ["planned", "planned", "done"]
    # with predictions asked for, a trial without them is not whole
    assert is_whole(sweep, third, read_state(sweep, third))
    assert not is_whole(replace(sweep, evaluate="validation"), third, read_state(sweep, third))
