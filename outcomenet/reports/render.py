"""Writes the report: loads the run folder, draws the figures, fills the template."""

from __future__ import annotations

from pathlib import Path

from outcomenet import __version__
from outcomenet.artifacts import write_whole
from outcomenet.pages.page import page_template
from outcomenet.reports.audit_section import audit_section
from outcomenet.reports.cautions import cautions
from outcomenet.reports.narrative import answer
from outcomenet.reports.patient_section import patient_section
from outcomenet.reports.result_section import result_section
from outcomenet.reports.run_folder import RunFolder, read_run
from outcomenet.reports.training_curve import training_section


def write_report(run: Path, into: Path | None = None) -> Path:
    """Writes `report.html` and `figures/` from the files of a run folder.

    The report is one file that asks the network for nothing. The same run gives the same bytes.

    Args:
        run: Run folder.
        into: Where report and figures go; None: into the run folder.

    Returns:
        The report's path.

    Raises:
        UsageError: A required file is missing; the message names the command to run first.
        DataRefused: A file is broken.
    """
    folder = read_run(Path(run), into)
    folder.figures.mkdir(exist_ok=True)
    page = page_template("outcomenet.reports", "report.html").render(_content(folder))
    return write_whole(folder.figures.with_name("report.html"), page)


# What the template asks of the record; all but the name may be absent.
_RECORD_ENTRIES = ("experiment", "command", "commit", "dirty", "seeds", "devices", "notes")
_DATA_ENTRIES = ("name", "fingerprint", "licence")


def _content(folder: RunFolder) -> dict[str, object]:
    return {
        "version": __version__,
        "record": dict.fromkeys(_RECORD_ENTRIES) | folder.record,
        "data": dict.fromkeys(_DATA_ENTRIES) | folder.data,
        "simulated": folder.simulated,
        "answer": answer(folder),
        "cautions": cautions(folder),
        # sections share no key; what a run has not is None, and the template leaves it out
        **patient_section(folder),
        **result_section(folder),
        **audit_section(folder),
        **training_section(folder),
    }
