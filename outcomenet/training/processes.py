"""Several processes, on one machine or many, that train one run together: the first writes, all compute."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import jax
import numpy as np

from outcomenet.errors import OutcomenetError, Preempted, UsageError

SLURM = "slurm"
NOTICE_BYTES = 128  # of what the first process tells the others: longer than a run's identity


@dataclass(frozen=True)
class ProcessGroup:
    """Where the processes of one run meet, and which of them this one is."""

    coordinator: str
    """HOST:PORT that the first process listens at; `slurm`: from SLURM's own variables."""
    processes: int | None = None
    process: int | None = None

    def join(self) -> None:
        """Waits until all processes are there. To be called before any device is used.

        Raises:
            UsageError: The place or the numbers cannot be.
            OutcomenetError: The others did not come.
        """
        place = None if self.coordinator == SLURM else self.coordinator
        if place is None and (self.processes, self.process) != (None, None):
            raise UsageError(
                "`--coordinator slurm` takes the number of processes from SLURM: leave --processes and --process out."
            )
        if place is not None:
            host, _, port = place.rpartition(":")
            if not host or not port.isdigit():
                raise UsageError(f"--coordinator takes HOST:PORT of the first process, or slurm; got {place!r}.")
            if self.processes is None or self.process is None or not 0 <= self.process < self.processes:
                raise UsageError(
                    f"--coordinator {place} needs --processes N and --process K from 0 to N - 1; got {self.processes} and {self.process}."
                )
        try:
            jax.distributed.initialize(place, self.processes, self.process)
        except (RuntimeError, ValueError) as error:
            reason = str(error).partition("\n")[0].rstrip(".")
            raise OutcomenetError(
                f"The processes of this run did not meet at {self.coordinator}: {reason}. Start all of them with the same command but for "
                "--process, and see that the first one's port can be reached."
            ) from error


# Of errors that say that another process or the way to it is gone; they come as several kinds of exceptions.
LOST_TEXTS = (
    "gloo",
    "nccl",
    "coordination service",
    "connection closed",
    "connection reset",
    "unavailable",
    "heartbeat",
)


@contextmanager
def ends_with_the_others() -> Iterator[None]:
    """Where another process of the group has gone, this one ends at once with a sentence and exit code 4.

    JAX would wait a minute and a half at the end of the program for who is gone, and then abort it with a dump of its stack.
    """
    try:
        yield
    except Exception as error:
        if count() == 1 or not any(text in str(error).lower() for text in LOST_TEXTS):
            raise
        sentence = "another process of this run has ended, and so does this one. Run the same commands again: they go on from the last checkpoint."
        print(f"outcomenet train: {sentence}", file=sys.stderr, flush=True)
        os._exit(Preempted.exit_code)


def count() -> int:
    """How many processes train together; 1 where none joined a group."""
    return jax.process_count() if jax.distributed.is_initialized() else 1


def number() -> int:
    """Which of them this one is, from 0; the first one writes."""
    return jax.process_index() if jax.distributed.is_initialized() else 0


def told_by_first(text: str) -> str:
    """What the first process says, in all of them; each waits for it.

    Args:
        text: Up to 128 bytes; of the first process alone it matters.
    """
    if count() == 1:
        return text
    from jax.experimental.multihost_utils import broadcast_one_to_all

    said = np.frombuffer(text.encode().ljust(NOTICE_BYTES, b"\0")[:NOTICE_BYTES], np.uint8)
    return np.asarray(broadcast_one_to_all(said)).astype(np.uint8).tobytes().rstrip(b"\0").decode()


def any_says(asked: bool) -> bool:
    """Whether any process says so; all of them call this at the same step.

    Args:
        asked: What this one says.
    """
    if count() == 1:
        return asked
    from jax.experimental.multihost_utils import process_allgather

    return bool(np.asarray(process_allgather(np.array(asked))).any())
