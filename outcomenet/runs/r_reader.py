"""Reader of a folder of tables for R, which lies beside them."""

from __future__ import annotations

import shutil
from pathlib import Path

R_READER = "read_outcomenet.R"


def write_r_reader(folder: Path) -> None:
    """Writes read_outcomenet.R, which reads the folder's tables with base R and prints what is there."""
    shutil.copyfile(Path(__file__).with_name(R_READER), folder / R_READER)
