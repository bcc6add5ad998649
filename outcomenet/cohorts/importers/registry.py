"""Registry of the data sets that `outcomenet intake --format` knows; each is loaded only when it is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from outcomenet.artifacts import MADE, refuse_existing
from outcomenet.cohorts.importers.data_set_card import DataSetCard


@dataclass(frozen=True)
class Importer:
    """One value of `--format`; its module `outcomenet.cohorts.importers.<name>` has a CARD and `import_<name>`."""

    name: str

    @property
    def card(self) -> DataSetCard:
        """What is known of the data set."""
        return import_module(f"outcomenet.cohorts.importers.{self.name}").CARD

    def run(self, source: Path, out_folder: Path) -> Path:
        """Writes the cohort folder `out_folder` from the data set's files and returns it; one that the same files
        have made already is left as it is.

        Raises UsageError, with instructions, when the files are not there or another `out_folder` is, and CohortRefused
        with every fault of the files; nothing is left then.
        """
        # a folder that may be the result of this very call is compared once the files are read
        if not (Path(out_folder) / MADE).is_file():
            refuse_existing(Path(out_folder))
        module = import_module(f"outcomenet.cohorts.importers.{self.name}")
        return getattr(module, f"import_{self.name}")(Path(source), Path(out_folder))


IMPORTERS: dict[str, Importer] = {
    name: Importer(name) for name in ("rapport", "ra2_dream", "ram_h1200", "nhanes3", "oai", "rsna_bone_age", "redcap")
}
