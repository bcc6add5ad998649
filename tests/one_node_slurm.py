"""A real SLURM of one node on this machine, from Debian's packages slurm-wlm and munge, started as root in a folder of its own."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

NEEDED = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scontrol")
# Two partitions: jobs of `high` preempt those of `low`, which are queued again. Credentials end early, since a job that is queued again
# waits until its old ones have.
CONFIGURATION = """ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={port}
SlurmdPort={node_port}
AuthType=auth/munge
CryptoType=crypto/munge
AuthInfo=cred_expire=10
SlurmUser=root
StateSaveLocation={place}/state
SlurmdSpoolDir={place}/spool
SlurmctldPidFile={place}/slurmctld.pid
SlurmdPidFile={place}/slurmd.pid
SlurmctldLogFile={place}/slurmctld.log
SlurmdLogFile={place}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
JobRequeue=1
MinJobAge=3600
KillWait=5
SlurmdTimeout=10
TCPTimeout=2
SchedulerParameters=sched_interval=1,bf_interval=1
SlurmctldParameters=preempt_send_user_signal
NodeName={host} NodeAddr=127.0.0.1 CPUs={cores} Boards=1 SocketsPerBoard=1 CoresPerSocket={cores} ThreadsPerCore=1 RealMemory=4000 State=UNKNOWN
PartitionName=low Nodes={host} Default=YES MaxTime=INFINITE State=UP PriorityTier=1 PreemptMode=REQUEUE GraceTime=20
PartitionName=high Nodes={host} MaxTime=INFINITE State=UP PriorityTier=10 PreemptMode=OFF
"""


def missing() -> str:
    """Why no SLURM can be started here; empty where it can."""
    absent = [name for name in NEEDED if shutil.which(name) is None]
    if absent:
        return f"{', '.join(absent)} are not installed (Debian: apt-get install slurm-wlm munge)"
    return "" if os.geteuid() == 0 else "slurmd must be started as root"


class OneNodeSlurm:
    """The daemons; their programs find the configuration by the variable SLURM_CONF."""

    def __init__(self, place: Path):
        self.place = place
        self.file = (place / "slurm.conf").resolve()
        self.munge: subprocess.Popen[bytes] | None = None
        for name in ("state", "spool"):
            (place / name).mkdir(parents=True)
        self.file.write_text(
            CONFIGURATION.format(
                host=socket.gethostname().split(".")[0],
                place=place,
                cores=len(os.sched_getaffinity(0)),
                port=_free_port(),
                node_port=_free_port(),
            )
        )
        os.environ["SLURM_CONF"] = str(self.file)

    def start(self) -> None:
        """Starts munged where none answers, slurmctld and slurmd, and waits until the node is idle."""
        if subprocess.run(["munge", "-n"], capture_output=True).returncode:
            Path("/run/munge").mkdir(mode=0o755, exist_ok=True)
            self.munge = subprocess.Popen(
                ["munged", "--foreground", "--force"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            wait_for(
                lambda: subprocess.run(["munge", "-n"], capture_output=True).returncode == 0,
                20,
                "munged does not answer",
            )
        self.start_controller()
        self.start_node()
        wait_for(
            lambda: "idle" in said("sinfo", "--noheader", "--format=%T"),
            60,
            f"the node is not idle: {self.place}/slurmd.log",
        )

    def start_controller(self) -> None:
        subprocess.run(["slurmctld", "-f", str(self.file)], check=True)

    def start_node(self) -> None:
        subprocess.run(["slurmd", "-f", str(self.file)], check=True)

    def kill(self, daemon: str) -> None:
        """SIGKILL for slurmctld, or for slurmd with every step of a job below it."""
        pid = int((self.place / f"{daemon}.pid").read_text())
        os.kill(pid, signal.SIGKILL)
        if daemon == "slurmd":
            for other in _named("slurmstepd"):
                for process in [*_children(other), other]:
                    _kill(process)

    def stop(self) -> None:
        subprocess.run(["scancel", "--user", "root"], capture_output=True)
        time.sleep(1)
        for daemon in ("slurmctld", "slurmd"):
            file = self.place / f"{daemon}.pid"
            if file.is_file():
                _kill(int(file.read_text()))
        for process in _named("slurmstepd"):
            _kill(process)
        if self.munge is not None:
            self.munge.terminate()
            self.munge.wait()
        os.environ.pop("SLURM_CONF", None)


def said(*words: str) -> str:
    """What a program prints; empty where it fails."""
    return subprocess.run(words, capture_output=True, text=True).stdout


def wait_for(there, seconds: float, fault: str) -> None:
    """Waits until something is so."""
    limit = time.monotonic() + seconds
    while not there():
        if time.monotonic() > limit:
            raise TimeoutError(fault)
        time.sleep(0.2)


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def _processes() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _named(name: str) -> list[int]:
    found = []
    for process in _processes():
        try:
            if (Path(f"/proc/{process}/comm")).read_text().strip() == name[:15]:
                found.append(process)
        except OSError:
            continue
    return found


def _children(parent: int) -> list[int]:
    """Every process below another."""
    found = []
    for process in _processes():
        try:
            fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == parent:
            found += [*_children(process), process]
    return found


def _kill(process: int) -> None:
    try:
        os.kill(process, signal.SIGKILL)
    except ProcessLookupError:
        pass
