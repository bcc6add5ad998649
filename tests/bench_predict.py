"""Speed of `outcomenet predict` on six films, twice in one process: `python -m tests.bench_predict RUN FILM...`.

The first time everything is compiled, the second time nothing should be.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from outcomenet.progress import Progress
from outcomenet.workflow import run_prediction
from tests.compilation import compiled_programs


def main() -> None:
    run, *films = map(Path, sys.argv[1:])
    with tempfile.TemporaryDirectory(prefix="bench_predict") as folder:
        for name in ("cold", "warm"):
            # Python's start and its imports count for the first time, as they do on the command line
            begun, busy = time.monotonic(), 0.0 if name == "cold" else time.process_time()
            with compiled_programs() as programs:
                run_prediction(run, films, Path(folder) / name, progress=Progress(quiet=True))
            print(
                f"{name}: {len(films)} films, {time.process_time() - busy:.1f} s of CPU, {time.monotonic() - begun:.1f} s "
                f"on the clock, {len(programs)} programs compiled",
                flush=True,
            )


if __name__ == "__main__":
    main()
