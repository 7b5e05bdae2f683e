"""One flow on this machine's loopback: its rate, and the processor time of its two ends for each byte."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from lab.flows import Transport, environment
from lab.ports import PortPicker
from lab.proc import LabError, wait_until

# Larger than anything gets through; it has no blocks on the disk.
_FILE_BYTES = 64 << 30


@dataclass
class Loopback:
    """The middle of a transfer, when both programs are warm."""

    transport: str
    gbit: float
    sender_ns_per_byte: float
    receiver_ns_per_byte: float

    @property
    def ns_per_byte(self) -> float:
        return self.sender_ns_per_byte + self.receiver_ns_per_byte


@dataclass
class _Reading:
    seconds: float
    bytes: int
    sender_seconds: float
    receiver_seconds: float


def measure_loopback(transport: Transport, *, warm_up: float, seconds: float) -> Loopback:
    """Lets a flow run for so long, and looks at it after the warm-up and at the end."""
    port = PortPicker().pick()
    with tempfile.TemporaryDirectory(prefix="bench-", dir=_memory()) as name:
        source = Path(name) / "source"
        with source.open("wb") as file:
            file.truncate(_FILE_BYTES)
        log = Path(name) / "log"
        with log.open("wb") as errors, source.open("rb") as stdin:
            common = {"stdout": subprocess.DEVNULL, "stderr": errors, "env": environment(Path(name))}
            receiver = subprocess.Popen(list(transport.serve("127.0.0.1", port)), **common)
            try:
                wait_until("the receiver", lambda: _listens(port), 20, log=log)
                sender = subprocess.Popen(list(transport.dial("127.0.0.1", port)), stdin=stdin, **common)
                try:
                    time.sleep(warm_up)
                    before = _read(sender.pid, receiver.pid)
                    time.sleep(seconds)
                    after = _read(sender.pid, receiver.pid)
                    if sender.poll() is not None or receiver.poll() is not None:
                        raise LabError(f"{transport.name} ended", log)
                finally:
                    _stop(sender)
            finally:
                _stop(receiver)
    moved = after.bytes - before.bytes
    if moved == 0:
        raise LabError(f"{transport.name} moved nothing", log)
    return Loopback(
        transport.name,
        moved * 8 / (after.seconds - before.seconds) / 1e9,
        (after.sender_seconds - before.sender_seconds) * 1e9 / moved,
        (after.receiver_seconds - before.receiver_seconds) * 1e9 / moved,
    )


def _memory() -> str | None:
    """Where reading a file without blocks costs nothing but a copy, if there is such a place."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def _listens(port: int) -> bool:
    """Whether any socket of UDP or TCP is bound to the port, from the kernel's tables."""
    wanted = f":{port:04X}"
    tables = [Path(f"/proc/net/{table}").read_text() for table in ("udp", "udp6", "tcp", "tcp6")]
    return any(line.split()[1].endswith(wanted) for table in tables for line in table.splitlines()[1:])


def _read(sender: int, receiver: int) -> _Reading:
    # How far the sender has come in its file: what it has taken but not sent is small beside what is measured.
    position = Path(f"/proc/{sender}/fdinfo/0").read_text().split("\n", 1)[0].split()[1]
    return _Reading(time.monotonic(), int(position), _cpu_seconds(sender), _cpu_seconds(receiver))


def _cpu_seconds(pid: int) -> float:
    """User and system time of all threads, those of the programs that it has started included."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    own = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return own + sum(_cpu_seconds(int(child)) for child in children)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def header() -> str:
    return f"{'':<20}{'Gbit/s':>8}{'sender':>10}{'receiver':>10}  ns of processor for each byte"


def line(result: Loopback) -> str:
    return f"{result.transport:<20}{result.gbit:>8.2f}{result.sender_ns_per_byte:>10.2f}{result.receiver_ns_per_byte:>10.2f}"
