"""Shared fixtures: a small simulated cohort and its data set, made once per session."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", os.path.join(os.path.dirname(__file__), "..", ".jax_cache"))
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
os.environ["XDG_CONFIG_HOME"] = tempfile.mkdtemp(
    prefix="outcomenet-test-config-"
)  # no key of a test in a person's home

from jaxtyping import install_import_hook

# shapes named in signatures are checked at run time, here only
CHECKED = (
    "audits", "evaluation", "inference", "input_pipeline", "ladder", "likelihoods", "localization", "losses", "metrics",
    "models", "pretraining",
)  # fmt: skip
install_import_hook([f"outcomenet.{part}" for part in CHECKED], "shape_checker.check")

import jax  # noqa: E402
import pytest  # noqa: E402

from outcomenet.localization.geometry import CropGeometry  # noqa: E402
from outcomenet.progress import Progress  # noqa: E402
from tests.cohort_folders import broken, cohort_folder  # noqa: E402, F401
from tests.trained_runs import rapport, runs, tiny_weights  # noqa: E402, F401

jax.config.update("jax_numpy_rank_promotion", "warn")  # a warning is an error in this suite

SMALL = CropGeometry(size_px=32, mm_per_px=0.75)


@pytest.fixture(scope="session")
def small_cohort(tmp_path_factory):
    """70 simulated patients, two visits, joint crops."""
    from outcomenet.simulation.cohort_folder import simulate_cohort
    from outcomenet.simulation.presets import preset

    return simulate_cohort(
        tmp_path_factory.mktemp("cohort") / "small",
        preset("default"),
        patients=70,
        seed=5,
        films="crops",
        full_films=0,
        geometry=SMALL,
        progress=Progress(quiet=True),
    )


@pytest.fixture(scope="session")
def small_dataset(small_cohort, tmp_path_factory):
    """The data set of the small cohort."""
    from outcomenet.cohorts.cohort import read_cohort
    from outcomenet.intake.build import build_dataset

    folder = tmp_path_factory.mktemp("dataset") / "small"
    build_dataset(read_cohort(small_cohort), folder, SMALL, progress=Progress(quiet=True))
    return folder


def pytest_addoption(parser):
    parser.addoption("--golden", action="store_true", help="write the golden texts anew; the diff is to be explained")


# Longest first, so that no process is left alone with one of them at the end; files behind USERS_OF_RUNS share its runs.
USERS_OF_RUNS = (
    "tests/evaluation/test_evaluation.py", "tests/evaluation/test_pool.py", "tests/evaluation/test_paired_runs.py",
    "tests/inference/test_real_films.py", "tests/audits/network/test_audits.py",
)  # fmt: skip
LONG = (
    "tests/sweeps/test_slurm.py", "tests/sweeps/test_sweep.py", *USERS_OF_RUNS, "tests/test_notebooks.py",
    "tests/localization/test_localizer_training.py",
    "tests/training/test_resume.py", "tests/localization/test_localizer_losses.py",
    "tests/localization/test_localizer.py", "tests/evaluation/test_main_outcome.py", "tests/training/test_ensemble.py",
    "tests/training/test_sharding.py", "tests/localization/test_localize_command.py", "tests/intake/test_cut_store.py",
)  # fmt: skip


def pytest_configure(config):
    # of two test files of one name the second would not be collected, which the end of a run tells alone
    seen: dict[str, Path] = {}
    for file in sorted(Path(__file__).parent.rglob("test_*.py")):
        if file.name in seen:
            raise pytest.UsageError(f"{file} and {seen[file.name]} have one name; rename one of them.")
        seen[file.name] = file


def _file_of(nodeid: str) -> str:
    return nodeid.partition("::")[0]


def pytest_collection_modifyitems(items):
    places = {file: place for place, file in enumerate(LONG)}
    unlisted = {_file_of(item.nodeid) for item in items if "runs" in getattr(item, "fixturenames", ())} - set(
        USERS_OF_RUNS
    )
    if unlisted:
        raise pytest.UsageError(
            f"Name {', '.join(sorted(unlisted))} in USERS_OF_RUNS of tests/conftest.py: it uses `runs`."
        )
    items.sort(key=lambda item: places.get(_file_of(item.nodeid), len(LONG)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Tests of one file share a process, and so do all that need the trained runs. xdist's own groups do nothing under
    pytest 9.2 (pytest-xdist issue 1386)."""
    from xdist.scheduler.loadscope import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = _file_of(nodeid)
            return "runs" if file in USERS_OF_RUNS else file

    return ByFile(config, log)
