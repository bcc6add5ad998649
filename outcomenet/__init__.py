"""Outcome-direct measures of joint damage from hand and foot radiographs in rheumatoid arthritis.

    import outcomenet as on

    cohort = on.simulate("cohort", patients=300, films="crops")
    on.intake(cohort, "dataset")
    run = on.train(on.load_experiment("demo"), "dataset", "runs/first")
    on.evaluate(run).metrics
    on.report(run)

Each name is loaded when it is first used, so that importing the package takes no time. The notebooks in examples/ use them all.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType

__version__ = "0.1.0"

# The public names, in the order of a study, and the module of each; __init__.pyi tells editors the same.
_MODULE_OF = {
    "simulate": "simulation.simulate",
    "read_cohort": "cohorts.cohort",
    "intake": "intake.take_in",
    "open_dataset": "datasets.dataset",
    "Experiment": "experiment",
    "load_experiment": "experiment",
    "train": "api",
    "sweep": "sweeps.sweep",
    "evaluate": "api",
    "pool": "api",
    "analyse": "analysis",
    "report": "api",
    "open_run": "runs.run",
    "Run": "runs.run",
    "predict": "new_films",
    "compare": "new_films",
    "localize": "new_films",
    "demo": "demonstration",
    "Progress": "progress",
    "OutcomenetError": "errors",
}
__all__ = [*_MODULE_OF, "__version__"]  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> object:
    if name not in _MODULE_OF:
        from outcomenet.errors import did_you_mean

        raise AttributeError(f"outcomenet has no {name!r}. {did_you_mean(name, _MODULE_OF)}")
    value = getattr(importlib.import_module(f"outcomenet.{_MODULE_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)


class _Package(ModuleType):
    """The package without the names of its folders where these are names of functions, as `intake`.

    The import system would put the folder in the function's place when something imports from it.
    """

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in _MODULE_OF and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
