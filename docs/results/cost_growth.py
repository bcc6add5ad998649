"""How the cost of each part grows with patients, visits and joints; fills its part of docs/results.md.

`make cost-growth`, about half an hour on one core. CPU time of this process and those that it starts, in one run, so that other work on the
machine counts little. What finished trials of a sweep cost is in docs/sweeps.md (`python -m tests.bench_sweep`).
"""

from __future__ import annotations

import resource
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
from flax import nnx

from outcomenet.cohorts.cohort import read_cohort
from outcomenet.csv_files import read_csv, write_csv
from outcomenet.experiment import Experiment
from outcomenet.intake.assembly import BuildOptions
from outcomenet.intake.build import build_dataset
from outcomenet.localization.geometry import CropGeometry
from outcomenet.models.encoders.cnn import CnnEncoder
from outcomenet.models.encoders.encoder import patches_of
from outcomenet.models.joint_weights import load_joint_weights
from outcomenet.progress import Progress
from outcomenet.simulation.cohort_folder import simulate_cohort
from outcomenet.simulation.presets import preset
from outcomenet.workflow import run_evaluation, run_training
from tools.marked_page import with_block

PATIENTS, VISITS, JOINTS = (500, 1000, 2000, 4000, 8000), (1, 2, 3, 4), (10, 20, 40, 58)
OF_FILMS = 60  # patients with films, whose number of visits is varied
GEOMETRY = CropGeometry()
KEPT = Path(__file__).parent
PAGE, FILE, NAME = KEPT.parent / "results.md", "cost_growth.csv", "`make cost-growth`"
QUIET = Progress(quiet=True)
Row = tuple[str, str, int, float]  # part, what grows, how many, seconds of CPU


def cpu_seconds(work: Callable[[], object]) -> float:
    """CPU time of a call, that of processes that it started and that have ended among it."""

    def used() -> float:
        kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
        return sum(usage.ru_utime + usage.ru_stime for usage in map(resource.getrusage, kinds))

    begun = used()
    work()
    return used() - begun


def of_patients(folder: Path) -> Iterator[Row]:
    """Cohorts without films through tables, regressions and their bootstrap."""
    experiment = Experiment("growth", "?", rungs=())
    for count in (PATIENTS[0] // 5, *PATIENTS):  # the first one compiles
        cohort, data, run = (folder / f"{name}{count}" for name in ("cohort", "data", "run"))
        yield (
            "simulate, without films",
            "patients",
            count,
            cpu_seconds(lambda c=cohort, n=count: _simulated(c, n, "none")),
        )
        yield "intake of tables", "patients", count, cpu_seconds(lambda c=cohort, d=data: _taken_in(c, d))
        run_training(None, experiment, data, run, progress=QUIET)
        yield (
            "evaluate human scores",
            "patients",
            count,
            cpu_seconds(lambda r=run, d=data: run_evaluation(r, d, progress=QUIET)),
        )


def of_visits(folder: Path) -> Iterator[Row]:
    """The same patients with films, at more visits."""
    for count in (1, *VISITS):  # the first one compiles
        place = folder / f"visits{len(list(folder.iterdir()))}"
        cohort, data = place / "cohort", place / "data"
        yield (
            "simulate crops",
            "visits",
            count,
            cpu_seconds(lambda c=cohort, n=count: _simulated(c, OF_FILMS, "crops", visits=n)),
        )
        yield "intake of crops", "visits", count, cpu_seconds(lambda c=cohort, d=data: _taken_in(c, d))


def of_joints() -> Iterator[Row]:
    """Crops through the shipped encoder's convolutions, forward and backward, the fastest of five calls of four visits each."""
    encoder = load_joint_weights().network.encoder
    if not isinstance(encoder, CnnEncoder):
        raise TypeError(f"The shipped encoder is a CNN; got {type(encoder).__name__}.")
    definition, state = nnx.split(encoder)

    def total(state: nnx.State, crops: jax.Array) -> jax.Array:
        own = nnx.merge(definition, state)
        hidden = jax.nn.gelu(own.stem(patches_of(crops, own.config.patch)))
        for stage in own.stages:
            hidden = stage(hidden)
        return own.flat(hidden.reshape(crops.shape[0] * crops.shape[1], -1)).sum()

    learn = jax.jit(jax.grad(total))
    for count in JOINTS:
        crops = jnp.ones((4, count, GEOMETRY.size_px, GEOMETRY.size_px))
        jax.block_until_ready(learn(state, crops))
        times = [cpu_seconds(lambda c=crops: jax.block_until_ready(learn(state, c))) for _ in range(5)]
        yield "encoder, forward and backward", "joints", count, min(times)


def _simulated(folder: Path, patients: int, films: str, visits: int = 2) -> None:
    world = replace(preset("default"), visits=visits)
    simulate_cohort(
        folder, world, patients=patients, seed=1, films=films, full_films=0, geometry=GEOMETRY, progress=QUIET
    )


def _taken_in(cohort: Path, data: Path) -> None:
    build_dataset(read_cohort(cohort), data, GEOMETRY, progress=QUIET, options=BuildOptions(workers=1))


def growth_block(table: pd.DataFrame) -> str:
    """The table with the fitted exponent of each part, as lines of Markdown.

    Args:
        table: Content of cost_growth.csv.
    """
    lines = ["| part | grows with | seconds of CPU | power |", "| --- | --- | --- | --- |"]
    for (part, what), rows in table.groupby(["part", "what"], sort=False):
        told = ", ".join(f"{row.seconds:.2g} ({row.number:,})" for row in rows.itertuples())
        power = np.polyfit(np.log(rows["number"]), np.log(rows["seconds"]), 1)[0]
        lines.append(f"| {part} | {what} | {told} | {power:.2f} |")
    return "\n".join(lines) + f"\n\nFrom [{FILE}](results/{FILE}).\n"


def written_into(page: str) -> str:
    """The page with its part as the kept file has it."""
    kept = KEPT / FILE
    return with_block(page, NAME, growth_block(read_csv(kept)) if kept.is_file() else f"Not run yet: {NAME}.\n")


def main() -> None:
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as name:
        for part in (of_joints(), of_visits(Path(name)), of_patients(Path(name))):
            for row in part:
                rows.append(row)
                print(*row, flush=True)
    # of two that are alike the second one counts, and of patients those that were asked for: what came before them compiled
    table = pd.DataFrame(rows, columns=["part", "what", "number", "seconds"])
    table = table.drop_duplicates(["part", "what", "number"], keep="last")
    table = table[(table["what"] != "patients") | table["number"].isin(PATIENTS)]
    write_csv(table.assign(seconds=table["seconds"].round(4)), KEPT / FILE)
    PAGE.write_text(written_into(PAGE.read_text()))


if __name__ == "__main__":
    main()
