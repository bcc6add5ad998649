"""Shared fixtures: a small simulated cohort and its data set, made once per session."""

from __future__ import annotations

import os
import tempfile

os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", os.path.join(os.path.dirname(__file__), "..", ".jax_cache"))
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
os.environ["XDG_CONFIG_HOME"] = tempfile.mkdtemp(
    prefix="outcomenet-test-config-"
)  # no key of a test in a person's home

from jaxtyping import install_import_hook

# shapes named in signatures are checked at run time, here only
CHECKED = (
    "audits", "evaluation", "inference", "input_pipeline", "ladder", "likelihoods", "localization", "losses", "metrics",
    "models",
)  # fmt: skip
install_import_hook([f"outcomenet.{part}" for part in CHECKED], "shape_checker.check")

import jax  # noqa: E402
import pytest  # noqa: E402

from outcomenet.localization.geometry import CropGeometry  # noqa: E402
from outcomenet.progress import Progress  # noqa: E402
from tests.cohort_folders import broken, cohort_folder  # noqa: E402, F401
from tests.trained_runs import rapport, runs  # noqa: E402, F401

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


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Tests of one file share a process (`-n`), and so do all that need the trained runs, which come first: they take longest."""
    for item in items:
        group = "runs" if "runs" in getattr(item, "fixturenames", ()) else str(item.path)
        item.add_marker(pytest.mark.xdist_group(group))
    items.sort(key=lambda item: "runs" not in getattr(item, "fixturenames", ()))
