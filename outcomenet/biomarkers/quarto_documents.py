"""Word and PDF files of an analysis by Quarto, where it is installed."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from outcomenet.errors import OutcomenetError, UsageError, did_you_mean

FORMATS = ("docx", "pdf", "html")


def expect_quarto(formats: Sequence[str]) -> None:
    """Refuses documents that cannot be made, before anything is computed.

    Args:
        formats: Of `FORMATS`.

    Raises:
        UsageError: A format is unknown, or Quarto is not on the path.
    """
    for name in formats:
        if name not in FORMATS:
            raise UsageError(f"There is no document format {name!r}. {did_you_mean(name, FORMATS)}")
    if formats and shutil.which("quarto") is None:
        raise UsageError(
            "Documents need Quarto, and `quarto` is not on the path: install it (quarto.org), or leave --documents out."
        )


def write_documents(document: Path, formats: Sequence[str]) -> list[Path]:
    """Renders a Quarto document; its Python cells are run again in a kernel named python3.

    Args:
        document: analysis.qmd of an analysis folder.
        formats: Of `FORMATS`; none: nothing is done.

    Returns:
        The files, beside the document.

    Raises:
        OutcomenetError: Quarto failed; its last line is in the sentence.
    """
    for name in formats:
        done = subprocess.run(
            ["quarto", "render", document.name, "--to", name], cwd=document.parent, capture_output=True, text=True
        )
        if done.returncode:
            said = (done.stderr.strip() or done.stdout.strip() or "nothing was said").splitlines()[-1]
            raise OutcomenetError(
                f"Quarto could not make {document.stem}.{name}: {said}. The other files of the analysis are whole without it."
            )
    return [document.with_suffix(f".{name}") for name in formats]
