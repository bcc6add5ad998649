"""`outcomenet simulate`: a cohort with known causal truth, or a check of a world against published numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from outcomenet.commands.arguments import parse
from outcomenet.ranges import Count, CropScale, CropSize, Patients, Seed, Within, check_ranges


@dataclass(frozen=True)
class Simulate:
    """Writes a simulated cohort as a hospital would export it: films and CSV tables, and the truth that made them.

    Presets: default, early, established, high_risk, trial, no_hidden_signal, null, heavy_oa, heavy_fm, site_shift,
    scanner_shortcut, unseen_films (what each is for: docs/simulation.md). With --check nothing is written: a table says how far the
    world meets published numbers.
    """

    out: Annotated[Path | None, tyro.conf.Positional] = None
    """Folder to write; it must not exist, unless this command made it."""
    preset: str = "default"
    """World to simulate."""
    patients: Patients = 100
    """Number of patients; more of them leave the first ones unchanged."""
    visits: Count | None = None
    """Planned visits per patient, a year apart, before drop-out; the preset's own number where it is not given."""
    seed: Seed = 0
    films: Literal["dicom", "png", "crops", "none"] = "dicom"
    """Whole films as DICOM or 16-bit PNG, joint crops without films (much faster), or tables only."""
    full_films: Annotated[int, Within(-1, 10**7)] = -1
    """With dicom or png: only the first N patients get whole films, the others crops; -1 means all."""
    crop_size: CropSize = 96
    """Pixels a side, where crops are written."""
    mm_per_pixel: CropScale = 0.25
    """Scale, where crops are written."""
    set: tuple[str, ...] = ()
    """Coefficients of the world to replace, for instance `--set hidden_signal=0 fibromyalgia_share=0.3`."""
    do: tuple[str, ...] = ()
    """Interventions on the same patients: `--do oa=0 fm=1 site=B scanner=B ra_damage=0.2 treatment=1`, any of them."""
    check: bool = False
    """Print the calibration table of the world instead of writing a cohort; exit code 1 where a target is missed."""

    def __post_init__(self) -> None:
        check_ranges(self)


def main(arguments: list[str]) -> None:
    # people repeat `--set` for every coefficient, and tyro keeps the last use alone
    arguments = _gathered(_gathered(arguments, "--set"), "--do")
    options = parse(Simulate, _with_value(arguments, "--check"), "simulate")
    from outcomenet.simulation.interventions import interventions_from_texts
    from outcomenet.simulation.presets import preset

    coefficients = preset(options.preset).values_of(options.set)
    interventions = interventions_from_texts(options.do)
    if options.check:
        _check(options, coefficients, interventions)
    else:
        _write(options, coefficients, interventions)


def _gathered(arguments: list[str], option: str) -> list[str]:
    """The values of all uses of an option behind its first: the parser keeps the last use alone."""
    values: list[str] = []
    others: list[str] = []
    taking = False
    for argument in arguments:
        if argument == option or argument.startswith("--"):
            taking = argument == option
        if taking:
            values += [argument] if argument != option else []
        else:
            others.append(argument)
    return [*others, option, *values] if values else arguments


def _with_value(arguments: list[str], switch: str) -> list[str]:
    """The arguments with True behind a switch that stands alone, which reads better than `--check True`."""
    words = []
    for place, argument in enumerate(arguments):
        words.append(argument)
        if argument == switch and arguments[place + 1 : place + 2] not in (["True"], ["False"]):
            words.append("True")
    return words


def _check(options: Simulate, coefficients: Mapping[str, object], interventions: Mapping[str, object]) -> None:
    from outcomenet.errors import OutcomenetError, UsageError
    from outcomenet.simulation.published_targets import CHECK_PATIENTS, calibration_text, check_world
    from outcomenet.simulation.simulate import changed_world

    if options.out is not None:
        raise UsageError("--check writes nothing; leave out the folder, or leave out --check to write it.")
    world = changed_world(options.preset, options.visits, coefficients, interventions)
    table = check_world(world, options.preset, seed=options.seed)
    changed = (
        " ".join(("with", *options.set, *(f"do({text})" for text in options.do))) if options.set or options.do else ""
    )
    print(f"World {options.preset!r} {changed}".rstrip() + f", {CHECK_PATIENTS} patients, seed {options.seed}")
    print(calibration_text(table))
    missed = int((~table["within"]).sum())
    if missed:
        raise OutcomenetError(f"{missed} of {len(table)} calibration targets are missed, see the table.")


def _write(options: Simulate, coefficients: Mapping[str, object], interventions: Mapping[str, object]) -> None:
    from outcomenet.errors import UsageError
    from outcomenet.simulation.simulate import simulate

    if options.out is None:
        raise UsageError("Name the folder to write, `outcomenet simulate OUT`, or ask for the table with --check.")
    options_of_call = {
        name: value for name, value in vars(options).items() if name not in ("out", "check", "set", "do")
    }
    simulate(options.out, **options_of_call, set=coefficients, do=interventions)
    print(f"The simulated cohort is in {options.out}; take it in with `outcomenet intake {options.out} --out DATASET`.")
