"""Progress of long work on the terminal (done, rate, time left), with each stage's speed and memory for the run record."""

from __future__ import annotations

import atexit
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress

LINE_SECONDS = 10.0  # between two lines of a log


@dataclass
class Progress:
    """Reports to standard error: a bar on a terminal, elsewhere a line now and then."""

    quiet: bool = False
    stages: list[dict[str, str | float]] = field(default_factory=list)
    _bar: RichProgress | None = field(default=None, init=False, repr=False)

    def start(self, unit: str, total: int, title: str) -> None:
        """Begins a stage of `total` units."""
        self._unit, self._total, self._title = unit, total, title
        self._done, self._begun, self._shown = 0, time.monotonic(), 0.0
        self._close()  # of a stage that ended by an error
        if not self.quiet and sys.stderr.isatty():
            self._bar = _bar(title, total, unit)

    def advance(self, count: int = 1, note: str = "") -> None:
        """Counts finished units and now and then shows how far the stage is; `note` stands behind it."""
        self._done += count
        now = time.monotonic()
        if self._bar is not None:
            self._bar.update(self._bar.task_ids[0], completed=self._done, rate=f"{self._rate(now):.1f}/s", note=note)
        # a log file needs a line now and then
        elif not self.quiet and now - self._shown >= LINE_SECONDS and now - self._begun >= 1.0:
            self._shown = now
            rate = self._rate(now)
            left = (self._total - self._done) / rate if rate > 0 else float("nan")
            self._line(
                f"{self._title}: {self._done}/{self._total} {self._unit}, {rate:.1f}/s, {_clock(left)} left{note}"
            )

    def finish(self, note: str = "") -> None:
        """Ends the stage and keeps its speed."""
        now = time.monotonic()
        rate, seconds = self._rate(now), now - self._begun
        self._close()
        self.stages.append(
            {
                "stage": self._title,
                "unit": self._unit,
                "count": self._done,
                "seconds": round(seconds, 2),
                "rate": round(rate, 2),
                "peak_memory_mb": peak_memory_mb(),
            }
        )
        memory = f", peak memory {peak_memory_mb():.0f} MB"
        self.say(
            f"{self._title}: {self._done} {self._unit} in {seconds:.1f} s ({rate:.1f} {self._unit}/s{memory}){note}"
        )

    def say(self, text: str) -> None:
        """Prints one line, unless quiet."""
        if self.quiet:
            return
        if self._bar is not None:
            self._bar.console.print(text, markup=False, highlight=False, soft_wrap=True)
        else:
            self._line(text)

    def _rate(self, now: float) -> float:
        return self._done / max(now - self._begun, 1e-9)

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def _line(self, text: str) -> None:
        print(text, file=sys.stderr, flush=True)


def _bar(title: str, total: int, unit: str) -> RichProgress:
    """A bar that runs on standard error and disappears when it is stopped."""
    # a tenth of a second, which the command line's help does without
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as RichProgress

    columns = [
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn(unit), TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(), TextColumn("{task.fields[note]}", markup=False),
    ]  # fmt: skip
    bar = RichProgress(*columns, console=Console(stderr=True), transient=True)
    bar.add_task(title, total=total, rate="", note="")
    bar.start()
    atexit.register(bar.stop)  # a stage that an error ended leaves no terminal without a cursor
    return bar


def peak_memory_mb() -> float:
    """Peak resident memory of this process in MB (its workers not counted); NaN where the system does not tell."""
    status = Path("/proc/self/status")
    if not status.is_file():
        return float("nan")
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return round(int(line.split()[1]) / 1024, 1)


def _clock(seconds: float) -> str:
    if seconds != seconds:
        return "?"
    minutes, seconds = divmod(int(seconds), 60)
    return f"{minutes} min {seconds:02d} s" if minutes else f"{seconds} s"
