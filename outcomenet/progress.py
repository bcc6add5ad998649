"""Progress of long work on the terminal (done, rate, time left), with each stage's speed and memory for the run record."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Progress:
    """Reports to standard error; a line per update where that is not a terminal, at most one every few seconds."""

    quiet: bool = False
    stages: list[dict[str, str | float]] = field(default_factory=list)

    def start(self, unit: str, total: int, title: str) -> None:
        """Begins a stage of `total` units."""
        self._unit, self._total, self._title = unit, total, title
        self._done, self._begun, self._shown = 0, time.monotonic(), 0.0

    def advance(self, count: int = 1, note: str = "") -> None:
        """Counts finished units and now and then prints how far the stage is; `note` is appended to that line."""
        self._done += count
        now = time.monotonic()
        # a log file needs a line now and then, a person wants to see it move
        interval = 0.5 if sys.stderr.isatty() else 10.0
        if not self.quiet and now - self._shown >= interval and now - self._begun >= 1.0:
            self._shown = now
            self._print(now, note)

    def finish(self, note: str = "") -> None:
        """Ends the stage and keeps its speed."""
        seconds = time.monotonic() - self._begun
        self.stages.append(
            {
                "stage": self._title,
                "unit": self._unit,
                "count": self._done,
                "seconds": round(seconds, 2),
                "rate": round(self._done / max(seconds, 1e-9), 2),
                "peak_memory_mb": peak_memory_mb(),
            }
        )
        if not self.quiet:
            rate = self._done / max(seconds, 1e-9)
            end = "\r\033[K" if sys.stderr.isatty() else ""
            memory = f", peak memory {peak_memory_mb():.0f} MB"
            print(
                f"{end}{self._title}: {self._done} {self._unit} in {seconds:.1f} s ({rate:.1f} {self._unit}/s{memory}){note}",
                file=sys.stderr,
                flush=True,
            )

    def say(self, text: str) -> None:
        """Prints one line, unless quiet."""
        if not self.quiet:
            print(text, file=sys.stderr, flush=True)

    def _print(self, now: float, note: str) -> None:
        rate = self._done / (now - self._begun)
        left = (self._total - self._done) / rate if rate > 0 else float("nan")
        text = f"{self._title}: {self._done}/{self._total} {self._unit}, {rate:.1f}/s, {_clock(left)} left{note}"
        if sys.stderr.isatty():
            print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)
        else:
            print(text, file=sys.stderr, flush=True)


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
