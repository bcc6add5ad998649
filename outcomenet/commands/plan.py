"""`outcomenet plan`: what a training or a sweep would be and cost, before anything is written."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

from outcomenet.commands.arguments import parse, split_options
from outcomenet.commands.sweep import FLAGS, VALUES, Asked, on_a_dataset
from outcomenet.errors import UsageError
from outcomenet.experiment_files import experiment_file, shipped_experiments

if TYPE_CHECKING:
    from outcomenet.sweeps.sweep_folder import Sweep
    from outcomenet.sweeps.training_cost import TrainingCost

HELP = """usage: outcomenet plan EXPERIMENT --data DATASET [--out SWEEP] [--axis NAME ...] [--seeds K] [--folds K] [--path.to.setting VALUE ...]

Says what `outcomenet sweep` (or `train`) with the same arguments would do: which settings differ from the experiment's file, how many
parameters, one step compiled and timed on this device, memory, trials and hours; with --out also what is done already. Nothing is written.
EXPERIMENT is a file, or the name of one that comes with outcomenet:
  {names}
"""
MOST_ARMS = 40


def main(arguments: list[str]) -> None:
    if not arguments or arguments[0] in ("-h", "--help"):
        print(HELP.format(names=", ".join(shipped_experiments())))
        if not arguments:
            raise UsageError("an experiment is needed, for instance human_head.")
        return
    name = arguments[0]
    own, overrides = split_options(arguments[1:], VALUES, FLAGS)
    asked = parse(Asked, own, f"plan {name}")
    if asked.data is None:
        raise UsageError(f"A plan needs a data set: `outcomenet plan {name} --data DATASET`.")
    from outcomenet.experiment import Experiment
    from outcomenet.progress import Progress
    from outcomenet.sweeps.sweep import plan_sweep
    from outcomenet.sweeps.training_cost import measure_training

    file = experiment_file(name)
    default = on_a_dataset(file)
    experiment = parse(Experiment, overrides, f"plan {name} --data DATASET", default=default)
    planned = plan_sweep(
        experiment, asked.data, asked.out or Path("sweep"), axes=asked.axis, seeds=asked.seeds, folds=asked.folds, evaluate=asked.evaluate, file=file
    )  # fmt: skip
    cost = measure_training(planned.trials[0].experiment, asked.data, Progress())
    print(plan_text(planned, experiment, default, cost, asked.out, asked.workers))


def plan_text(
    planned: Sweep, experiment: object, default: object, cost: TrainingCost | None, out: Path | None, workers: int
) -> str:
    """The plan in words.

    Args:
        planned: The sweep that would be frozen.
        experiment: With the overrides.
        default: As the file says.
        cost: Of one training of the first arm; None without networks.
        out: Folder of the sweep, in which finished trials are looked for.
        workers: Processes at a time; 0: by the devices.
    """
    from outcomenet.runs.config import as_lines, changed_settings

    changed = changed_settings(experiment, default)  # pyright: ignore[reportArgumentType]
    lines = [f"{planned.name}: {planned.question}", "", "Settings that differ from the file's:"]
    lines += [f"  {path} = {value!r}" for path, value in changed.items()] or ["  none"]
    lines += ["", f"Resolved settings of the first arm ({planned.trials[0].words}):"]
    lines += [f"  {line}" for line in as_lines(planned.trials[0].experiment)]
    if cost is not None:
        lines += ["", *_cost_lines(cost)]
    return "\n".join([*lines, "", *_trial_lines(planned, cost, out, workers)])


def _cost_lines(cost: TrainingCost) -> list[str]:
    lines = ["Networks (numbers of parameters, those of a frozen encoder too):"]
    for name, count in cost.parameters.items():
        lines.append(f"  {name}: {count:,}")
        lines += [f"    {path} {list(shape)}" for path, shape in cost.shapes[name].items()]
    embed = f", films embedded once in about {cost.embed_seconds:.0f} s" if cost.embed_seconds else ""
    per_visit = cost.batch_size / cost.step_seconds
    return [
        *lines,
        "",
        f"On {cost.devices} device{'s' if cost.devices > 1 else ''} ({cost.device}): compiled in {cost.compile_seconds:.1f} s, "
        f"{cost.step_seconds * 1000:.0f} ms a step of {cost.batch_size} visits ({per_visit:,.0f} visits/s; "
        f"{cost.waiting_share:.0%} of it waiting for the batch){embed}.",
        _operations(cost),
        f"Memory: {cost.device_mb:,.0f} MB on the device for the step, {cost.host_mb:,.0f} MB peak of this process.",
        f"One training: {cost.steps:,} steps, {cost.steps * cost.batch_size / cost.training_visits:.1f} times each of the {cost.training_visits:,} "
        f"training visits: about {cost.training_seconds / 60:.1f} minutes, its evaluation not counted.",
    ]


def _operations(cost: TrainingCost) -> str:
    if not math.isfinite(cost.step_teraflop):
        return "The compiler does not count the operations of a step."
    peak = "the device's peak is not known"
    if math.isfinite(cost.peak_teraflops):
        peak = (
            f"{cost.teraflops / cost.peak_teraflops:.1%} of the devices' peak of {cost.peak_teraflops:,.0f} in bfloat16"
        )
    return f"{cost.step_teraflop * 1000:,.2f} GFLOP a step as the compiler counts them, {cost.teraflops:.3f} TFLOP/s ({peak})."


def _trial_lines(planned: Sweep, cost: TrainingCost | None, out: Path | None, workers: int) -> list[str]:
    from dataclasses import replace

    from outcomenet.sweeps.local_launcher import device_sets
    from outcomenet.sweeps.sweep_folder import SWEEP, Condition, is_whole, read_state

    arms = list(dict.fromkeys((trial.arm, trial.words) for trial in planned.trials))
    lines = [f"{len(planned.trials):,} trials: {len(arms)} arms, {len(planned.trials) // len(arms)} trainings of each."]
    lines += [f"  {arm}: {words}" for arm, words in arms[:MOST_ARMS]]
    if len(arms) > MOST_ARMS:
        lines.append(f"  ... and {len(arms) - MOST_ARMS} more")
    done = 0
    if out is not None and (out / SWEEP).is_file():
        there = replace(planned, folder=out)
        states = [(trial, read_state(there, trial)) for trial in there.trials]
        done = sum(state.condition is Condition.DONE and is_whole(there, trial, state) for trial, state in states)
        lines.append(f"{done:,} of them are done already in {out}.")
    if cost is not None:
        at_once = len(device_sets(workers))
        hours = cost.training_seconds * (len(planned.trials) - done) / at_once / 3600
        lines.append(
            f"About {hours:.1f} hours for what is left, {at_once} at a time and each as fast as the first arm alone on this device: arms that cost "
            "more, and processes that share cores, take longer."
        )
    return lines
