"""Made-up mini-examples of the known data sets, to import as they are or broken in one place."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from outcomenet.cohorts.faults import CohortRefused
from outcomenet.cohorts.importers.registry import IMPORTERS

EXAMPLES = Path(__file__).parents[2] / "data" / "importers"


@pytest.fixture
def example(request, tmp_path: Path) -> Path:
    """A copy of the mini-example that the test module names as DATA_SET."""
    return shutil.copytree(EXAMPLES / request.module.DATA_SET, tmp_path / "source")


@pytest.fixture
def refused(request, example: Path) -> Callable[[str, str, str], list[str]]:
    """Replaces a text in one file of the mini-example; returns the sentences of the faults that this makes."""

    def replace(file: str, old: str, new: str) -> list[str]:
        text = (example / file).read_text()
        assert old in text
        (example / file).write_text(text.replace(old, new, 1))
        with pytest.raises(CohortRefused) as refusal:
            IMPORTERS[request.module.DATA_SET].run(example, example.parent / "cohort")
        assert [path.name for path in example.parent.iterdir()] == ["source"]  # nothing is left
        return [fault.sentence for fault in refusal.value.faults]

    return replace
