"""Limits that a decoding process sets itself: no network, no new programs, no written files, no life after its parent.

Linux on x86-64 and ARM64; elsewhere `forbid_network` says False and the limits on memory and time remain.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import resource
import signal
import struct
import sys
from dataclasses import dataclass

# Numbers of linux/prctl.h and linux/seccomp.h; a refused call gets EPERM.
_PR_SET_PARENT_DEATH_SIGNAL, _PR_SET_NO_NEW_PRIVILEGES = 1, 38
_SECCOMP_SET_MODE_FILTER, _SECCOMP_ALL_THREADS = 1, 1
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000 | errno.EPERM
# Instructions of the classic Berkeley packet filter that a seccomp filter is written in: (code, if true, if false, value).
_LOAD_WORD, _JUMP_IF_EQUAL, _JUMP_IF_AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_ARCHITECTURE_AT, _NUMBER_AT = 4, 0  # in struct seccomp_data
_OPEN_FILES = 64  # a decoder has one film, its socket and its libraries open


@dataclass(frozen=True)
class _Machine:
    """An architecture's constant (linux/audit.h) and numbers of system calls (its unistd.h)."""

    audit: int
    seccomp: int
    forbidden: tuple[int, ...]


# socket, connect, accept, sendto, bind, listen, accept4, execve, execveat, ptrace, io_uring_setup
_MACHINES = {
    "x86_64": _Machine(0xC000003E, 317, (41, 42, 43, 44, 49, 50, 288, 59, 322, 101, 425)),
    "aarch64": _Machine(0xC00000B7, 277, (198, 203, 202, 206, 200, 201, 242, 221, 281, 117, 425)),
}
_FIRST_X32_CALL = 0x40000000  # the same calls under other numbers on x86-64


def forbid_network() -> bool:
    """Makes opening a socket or starting a program fail with EPERM from now on, in every thread.

    A seccomp filter (seccomp(2), linux/Documentation/userspace-api/seccomp_filter.rst). What is open already stays open.

    Returns:
        Whether the filter could be set.
    """
    machine = _MACHINES.get(platform.machine())
    if sys.platform != "linux" or machine is None:
        return False
    program = _program(machine)
    code = ctypes.create_string_buffer(program, len(program))

    class Filter(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("code", ctypes.c_void_p)]

    libc = ctypes.CDLL(None, use_errno=True)
    filter = Filter(len(program) // 8, ctypes.cast(code, ctypes.c_void_p))
    # without this the system takes filters from the superuser alone
    if libc.prctl(_PR_SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0) != 0:
        return False
    return libc.syscall(machine.seccomp, _SECCOMP_SET_MODE_FILTER, _SECCOMP_ALL_THREADS, ctypes.byref(filter)) == 0


def end_with(parent: int) -> None:
    """Lets the system kill this process when the parent's thread that started it ends (Linux).

    Args:
        parent: Process id of the parent; the process ends at once where it has another parent already.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def forbid_writing() -> None:
    """Lets no file grow and only a few be open from now on; Python gets an OSError, a library that insists is ended."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    allowed = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(_OPEN_FILES, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, allowed))


def _program(machine: _Machine) -> bytes:
    """Allows all but the forbidden calls; refuses everything from another architecture's table."""
    calls = machine.forbidden
    refuse_at = 5 + len(calls)  # the last instruction
    lines = [
        (_LOAD_WORD, 0, 0, _ARCHITECTURE_AT),
        (_JUMP_IF_EQUAL, 0, refuse_at - 2, machine.audit),
        (_LOAD_WORD, 0, 0, _NUMBER_AT),
        (_JUMP_IF_AT_LEAST, refuse_at - 4, 0, _FIRST_X32_CALL),
        *((_JUMP_IF_EQUAL, refuse_at - 5 - place, 0, call) for place, call in enumerate(calls)),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _REFUSE),
    ]
    return b"".join(struct.pack("<HBBI", *line) for line in lines)
