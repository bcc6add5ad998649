"""The command line: each subcommand calls one library function. Heavy imports happen inside, so that help is instant."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from outcomenet import __version__
from outcomenet.errors import OutcomenetError, Preempted, did_you_mean
from outcomenet.failures import in_words
from outcomenet.runs.provenance import typed
from outcomenet.stopping import interrupted_by_signals


@dataclass(frozen=True)
class Command:
    """A subcommand: its module in `outcomenet.commands` and one line of help."""

    module: str
    help: str


COMMANDS: dict[str, Command] = {
    "demo": Command(
        "demo", "simulate a small cohort, take it in, train, evaluate and write a report (under 10 minutes)"
    ),
    "simulate": Command("simulate", "write a simulated cohort with known causal truth, as a hospital would export it"),
    "intake": Command("intake", "check a cohort folder and make a data set of it"),
    "localize": Command("localize", "find the joints of films that bring no landmarks"),
    "build": Command("build", "make a data set with another crop size or scale from a cohort folder"),
    "train": Command("train", "train an experiment on a data set; the same command goes on where it stopped"),
    "plan": Command("plan", "say what a training or a sweep would be and cost on this device; writes nothing"),
    "sweep": Command(
        "sweep", "train every arm, seed and fold of an experiment and compare the arms; goes on after anything"
    ),
    "evaluate": Command("evaluate", "compare the ladder of predictors on the held-out patients of a run"),
    "pool": Command("pool", "join runs that held out different folds or hospitals into one"),
    "analyse": Command("analyse", "analyse the biomarker of a run, or any table, beside a human score"),
    "report": Command("report", "write the report of an evaluated run as one HTML file"),
    "predict": Command("predict", "read new films with a trained run"),
    "doctor": Command("doctor", "say what devices, memory, film decoders and optional parts are there"),
}

HELP = """usage: outcomenet COMMAND ...

Measures of joint damage learned directly from what patients with rheumatoid arthritis live with (HAQ, pain,
progression), compared with the human score on the same held-out patients.

commands:
{commands}

`outcomenet COMMAND --help` explains one. A first look: `outcomenet demo`. Your own cohort:
  outcomenet intake COHORT --out DATASET
  outcomenet train experiments/outcome_direct.py --data DATASET --out runs/mine
  outcomenet evaluate runs/mine
  outcomenet report runs/mine

exit codes: 0 done, 1 failed, 2 wrong usage, 3 data refused, 4 stopped by a signal (run again to go on)
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one subcommand; returns the exit code. What goes wrong is one sentence on standard error.

    So are failures of the machine and stops by a signal (exit code 4); a fault of the program keeps its traceback.
    """
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    command = " ".join(["outcomenet", *arguments[:1]])
    try:
        try:
            with interrupted_by_signals(), typed(arguments):
                return _run(arguments)
        finally:
            sys.stdout.flush()
    except OutcomenetError as error:
        return _say(command, error, error.exit_code)
    except KeyboardInterrupt:
        stopped = "stopped as asked, with nothing half-written. Run the same command again to go on."
        return _say(command, stopped, Preempted.exit_code)
    except BrokenPipeError:
        _forget_output()
        return _say(command, "whoever read the output has closed it, so it ends here.", 1)
    except Exception as error:
        known = in_words(error)
        if known is None:
            raise
        return _say(command, known, known.exit_code)


def _run(arguments: list[str]) -> int:
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        width = max(map(len, COMMANDS))
        print(HELP.format(commands="\n".join(f"  {name:{width}}  {c.help}" for name, c in COMMANDS.items())))
        return 0 if arguments else 2
    if arguments[0] == "--version":
        print(f"outcomenet {__version__}")
        return 0
    name = arguments[0]
    if name not in COMMANDS:
        print(f"outcomenet has no command {name!r}. {did_you_mean(name, COMMANDS)}", file=sys.stderr)
        return 2
    return _load(name)(arguments[1:]) or 0


def _say(command: str, sentence: object, exit_code: int) -> int:
    with contextlib.suppress(OSError):  # nobody may listen on standard error either
        print(f"{command}: {sentence}", file=sys.stderr)
    return exit_code


def _forget_output() -> None:
    """What still waits to be printed goes nowhere: the interpreter would try again, and complain, at its end."""
    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _load(name: str) -> Callable[[list[str]], int | None]:
    import importlib

    return importlib.import_module(f"outcomenet.commands.{COMMANDS[name].module}").main


if __name__ == "__main__":
    sys.exit(main())
