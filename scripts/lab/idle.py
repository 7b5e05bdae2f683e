"""What sessions cost a server-pt that do nothing: both carriers are up, and so is the connection behind the server."""

from __future__ import annotations

import select
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.bridge import Bridge
from lab.flows import BENCHMARK
from lab.ports import PortPicker
from lab.proc import LabError

# What one session may take of the heap.
MOST_KIB = 60.0

# More than the launcher grants, so that what is measured is what is needed, and not what there is.
_JAVA = "-Xmx1500m -XX:NativeMemoryTracking=summary"

# They make classes be loaded and pools be filled, and stay.
_FIRST = 20
_PATIENCE_SECONDS = 120.0
_LEADERS = 40
_SHOWN = 20

# Buffers of the last handshakes go back to where they came from, and timers of the set-up pass: ACKs, PINGs, deadlines.
_SETTLE_SECONDS = 20.0


@dataclass
class Leader:
    """What of one class there is more for each session: how many, and their bytes."""

    name: str
    instances: float
    bytes: float


@dataclass
class Idle:
    """For each session, in KiB: of the live heap, of direct buffers, and of the resident set; and the whole heap in MiB."""

    sessions: int
    heap_kib: float
    direct_kib: float
    rss_kib: float
    heap_mib: float
    setup_seconds: float
    leaders: list[Leader]

    @property
    def held(self) -> bool:
        return self.heap_kib <= MOST_KIB


@dataclass
class _Reading:
    classes: dict[str, tuple[int, int]]
    direct: int
    rss: int

    @property
    def heap(self) -> int:
        return sum(size for _, size in self.classes.values())


def measure_idle(sessions: int, *, settle_seconds: float = _SETTLE_SECONDS) -> Idle:
    ports = PortPicker()
    # The server's default would take twenty-five seconds to let five thousand in.
    most = sessions + _FIRST
    options = [f"max-sessions={most}", f"max-sessions-per-address={most}", "max-handshakes-per-second=2000"]
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as name,
        Bridge(
            Path(name), "echo", port=ports.pick(), upstream_port=ports.pick(), options=options, java=_JAVA
        ) as bridge,
    ):
        cert = Path(name) / "cert"
        cert.write_text(bridge.cert)
        with _Clients(bridge, cert, _FIRST, Path(name) / "first.log"):
            before = _read(bridge)
            began = time.monotonic()
            with _Clients(bridge, cert, sessions, Path(name) / "clients.log"):
                setup = time.monotonic() - began
                time.sleep(settle_seconds)
                after = _read(bridge)
    grown = [
        Leader(each, (count - was[0]) / sessions, (size - was[1]) / sessions)
        for each, (count, size) in after.classes.items()
        for was in [before.classes.get(each, (0, 0))]
    ]
    return Idle(
        sessions=sessions,
        heap_kib=(after.heap - before.heap) / sessions / 1024,
        direct_kib=(after.direct - before.direct) / sessions / 1024,
        rss_kib=(after.rss - before.rss) / sessions / 1024,
        heap_mib=after.heap / (1 << 20),
        setup_seconds=setup,
        leaders=sorted(grown, key=lambda leader: -leader.bytes)[:_LEADERS],
    )


def _read(bridge: Bridge) -> _Reading:
    # The first one lets go of what only finalizers and references of the second one's time would.
    bridge.histogram()
    classes = {each: (count, size) for each, count, size in bridge.histogram()}
    return _Reading(classes, bridge.native_bytes().get("Other", 0), bridge.usage().rss_bytes)


class _Clients:
    """A process with so many sessions; a context manager that begins when all are there."""

    def __init__(self, bridge: Bridge, cert: Path, sessions: int, log: Path) -> None:
        self._command = [
            *(word.replace("-Xmx256m", "-Xmx2g") for word in BENCHMARK),
            *("idle-dial", bridge.address, str(bridge.port), str(cert), str(sessions)),
        ]
        self._log = log

    def __enter__(self) -> _Clients:
        with self._log.open("wb") as errors:
            pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": errors}
            self._process = subprocess.Popen(self._command, **pipes)
        try:
            said = _first_line(self._process)
            if not said:
                raise LabError("the sessions were not all set up", self._log)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()


def _first_line(process: subprocess.Popen[bytes]) -> bytes:
    """What it says, or nothing when it ends or takes too long."""
    assert process.stdout is not None
    ready, _, _ = select.select([process.stdout], [], [], _PATIENCE_SECONDS)
    return process.stdout.readline() if ready else b""


def header() -> str:
    return f"{'sessions':>8}{'heap KiB each':>15}{'direct':>9}{'resident':>10}{'heap MiB':>10}{'set up in':>11}"


def line(result: Idle) -> str:
    row = (
        f"{result.sessions:>8}{result.heap_kib:>15.1f}{result.direct_kib:>9.1f}{result.rss_kib:>10.1f}"
        f"{result.heap_mib:>10.0f}{result.setup_seconds:>9.0f} s"
    )
    leaders = [f"    {each.bytes:>8.0f} {each.instances:>7.1f}  {each.name}" for each in result.leaders[:_SHOWN]]
    if not result.held:
        leaders.append(f"does not hold: {result.heap_kib:.1f} KiB of heap are more than {MOST_KIB:.0f}")
    return "\n  ".join([row, "       bytes  number  of a class, for each session", *leaders])
