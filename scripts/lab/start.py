"""What tor waits for, and what a proxy takes of memory: both proxies started by their launchers as tor does, with the archive of
classes and without, one after the other; then one session, idle and at full speed."""

from __future__ import annotations

import contextlib
import os
import re
import select
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.bridge import SCRIPTS, Usage
from lab.ports import PortPicker
from lab.proc import LabError, Program, wait_until
from lab.socks import connect_to_bridge

# What is promised, in ms and MiB.
VERSION_MS, DONE_MS = 100.0, 350.0
IDLE_MIB, BUSY_MIB = 64.0, 128.0

_PROXIES = ("client-pt", "server-pt")
_PATIENCE_SECONDS = 60.0
_IDLE_SECONDS = 10.0
# tor asks for the first session when it looks after its proxies next, which it does each second.
_DIAL_SECONDS = 0.7
_LOOK_SECONDS = 0.1
_BLOCK = 1 << 18
_MIB = 1 << 20


@dataclass
class Start:
    """Of one proxy: milliseconds from exec to a line, and of its processor time at that line."""

    proxy: str
    archive: bool
    runs: int
    version_ms: float
    version_p95_ms: float
    version_cpu_ms: float
    done_ms: float
    done_p95_ms: float
    done_cpu_ms: float


@dataclass
class Footprint:
    """Of one proxy, in MiB; the most that was seen at full speed, which is what came of a download in that time."""

    proxy: str
    idle_rss: float
    idle_pss: float
    busy_rss: float
    busy_pss: float
    mbit: float
    cpu_ns_per_byte: float


@dataclass
class Dial:
    """Of new clients: milliseconds that tor waits for their first session, which a server takes that has had others."""

    runs: int
    median_ms: float
    least_ms: float
    most_ms: float


@dataclass
class Begun:
    starts: list[Start]
    dial: Dial
    footprints: list[Footprint]

    @property
    def failures(self) -> list[str]:
        """One line for each promise that is not kept. Times are those of the processor: what a machine without other work would take."""
        found = []
        for each in self.starts:
            if each.archive and each.version_cpu_ms > VERSION_MS:
                found.append(f"{each.proxy}: VERSION takes {each.version_cpu_ms:.0f} ms")
            if each.archive and each.done_cpu_ms > DONE_MS:
                found.append(f"{each.proxy}: DONE takes {each.done_cpu_ms:.0f} ms")
        for size in self.footprints:
            if size.idle_rss > IDLE_MIB:
                found.append(f"{size.proxy}: {size.idle_rss:.0f} MiB idle")
            if size.busy_rss > BUSY_MIB:
                found.append(f"{size.proxy}: {size.busy_rss:.0f} MiB at full speed")
        return found


def measure_start(runs: int, busy_seconds: float, *, say: Callable[[str], None] = lambda _: None) -> Begun:
    """Starts each proxy so many times in each way."""
    subprocess.run([str(SCRIPTS / "archive")], stdout=subprocess.DEVNULL, check=True)
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        starts = _starts(Path(name), runs)
        for each in starts:
            say(line(each))
        dial = _dials(Path(name), runs)
        say(dial_line(dial))
        say(footprint_header())
        footprints = _footprints(Path(name), busy_seconds)
        for size in footprints:
            say(footprint_line(size))
    return Begun(starts, dial, footprints)


def environment(proxy: str, state: Path, or_port: int, *, archive: bool = True) -> dict[str, str]:
    """As tor makes it."""
    variables = {key: os.environ[key] for key in ("PATH", "HOME", "JAVA_HOME", "TANDEM_JAVA_OPTS") if key in os.environ}
    variables |= {
        "TOR_PT_MANAGED_TRANSPORT_VER": "1",
        "TOR_PT_STATE_LOCATION": str(state),
        "TOR_PT_EXIT_ON_STDIN_CLOSE": "1",
    }
    if not archive:
        variables["TANDEM_ARCHIVE"] = "none"
    if proxy == "client-pt":
        return variables | {"TOR_PT_CLIENT_TRANSPORTS": "utp"}
    return variables | {
        "TOR_PT_SERVER_TRANSPORTS": "utp",
        "TOR_PT_SERVER_BINDADDR": "utp-127.0.0.1:0",
        "TOR_PT_ORPORT": f"127.0.0.1:{or_port}",
    }


class Managed:
    """A proxy as tor starts it; a context manager, which begins when all methods are told."""

    def __init__(self, proxy: str, variables: Mapping[str, str]) -> None:
        self._command, self._variables = str(SCRIPTS / proxy), dict(variables)
        self.lines: list[str] = []
        # When each line was there, after how much of the processor.
        self.moments: dict[str, tuple[float, float]] = {}

    def __enter__(self) -> Managed:
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        began = time.monotonic()
        self._process = subprocess.Popen([self._command], env=self._variables, bufsize=0, **pipes)
        try:
            self._read(began)
        except BaseException:
            self.__exit__()
            raise
        return self

    def _read(self, began: float) -> None:
        assert self._process.stdout is not None
        while not self.lines or not self.lines[-1].endswith("METHODS DONE"):
            ready, _, _ = select.select([self._process.stdout], [], [], _PATIENCE_SECONDS)
            text = self._process.stdout.readline() if ready else b""
            if not text:
                raise LabError(f"{Path(self._command).name} said no more than: {self.lines}")
            self.lines.append(text.decode().rstrip())
            self.moments[self.lines[-1].split()[-1]] = (time.monotonic() - began, cpu_seconds(self.pid))

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self.errors = self._process.communicate()[1].decode()

    @property
    def pid(self) -> int:
        # The launcher's shell becomes Java.
        return self._process.pid


def cpu_seconds(pid: int) -> float:
    """Of all threads that there are; finer than the ticks of /proc/PID/stat."""
    nanos = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            nanos += int((task / "schedstat").read_text().split()[0])
        except OSError:
            pass  # the thread has ended
    return nanos / 1e9


def _starts(folder: Path, runs: int) -> list[Start]:
    moments: dict[tuple[str, bool], list[dict[str, tuple[float, float]]]] = {}
    # The first makes a server's identity, and fills the machine's caches.
    for run in range(-1, runs):
        for proxy in _PROXIES:
            for archive in (True, False):
                with Managed(proxy, environment(proxy, folder / proxy, 9, archive=archive)) as managed:
                    if run >= 0:
                        moments.setdefault((proxy, archive), []).append(managed.moments)
    return [_start(proxy, archive, all_runs) for (proxy, archive), all_runs in moments.items()]


def _start(proxy: str, archive: bool, runs: list[dict[str, tuple[float, float]]]) -> Start:
    figures: list[float] = []
    for name in ("1", "DONE"):
        wall = sorted(run[name][0] * 1e3 for run in runs)
        cpu = sorted(run[name][1] * 1e3 for run in runs)
        figures += [percentile(wall, 0.5), percentile(wall, 0.95), percentile(cpu, 0.5)]
    return Start(proxy, archive, len(runs), *figures)


def _dials(folder: Path, runs: int) -> Dial:
    times = []
    with ExitStack() as stack:
        server = stack.enter_context(_bridge(folder))
        # The first one is the server's first, too.
        for run in range(-1, runs):
            with Managed("client-pt", environment("client-pt", folder / "client-pt", 0)) as client:
                time.sleep(_DIAL_SECONDS)
                began = time.monotonic()
                with connect(server, client):
                    if run >= 0:
                        times.append((time.monotonic() - began) * 1e3)
    times.sort()
    return Dial(runs, percentile(times, 0.5), times[0], times[-1])


def percentile(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def _footprints(folder: Path, busy_seconds: float) -> list[Footprint]:
    with ExitStack() as stack:
        server = stack.enter_context(_bridge(folder))
        client = stack.enter_context(Managed("client-pt", environment("client-pt", folder / "client-pt", 0)))
        session = stack.enter_context(connect(server, client))
        session.sendall(b"?")
        time.sleep(_IDLE_SECONDS)
        pids = {"client-pt": client.pid, "server-pt": server.pid}
        idle = {proxy: memory(pid) for proxy, pid in pids.items()}
        before = {proxy: Usage.of(pid) for proxy, pid in pids.items()}
        counter = _Counter(session)
        session.sendall(b"!")
        counter.start()
        busy = {proxy: (0.0, 0.0) for proxy in pids}
        deadline = time.monotonic() + busy_seconds
        while time.monotonic() < deadline:
            time.sleep(_LOOK_SECONDS)
            for proxy, pid in pids.items():
                rss, pss = memory(pid)
                busy[proxy] = max(busy[proxy][0], rss), max(busy[proxy][1], pss)
        received = counter.received
        after = {proxy: Usage.of(pid) for proxy, pid in pids.items()}
        session.shutdown(socket.SHUT_RDWR)
        counter.join()
    if received < _MIB:
        raise LabError("nothing came through the proxies")
    return [
        Footprint(
            proxy,
            *idle[proxy],
            *busy[proxy],
            received * 8 / busy_seconds / 1e6,
            (after[proxy].cpu_seconds - before[proxy].cpu_seconds) * 1e9 / received,
        )
        for proxy in pids
    ]


@contextlib.contextmanager
def _bridge(folder: Path) -> Iterator[Managed]:
    """A server, and what it forwards to."""
    port = PortPicker().pick()
    behind = [sys.executable, "-m", "lab.upstream", "on-demand", "127.0.0.1", str(port)]
    upstream = Program("upstream", behind, folder / "upstream.log", environment={**os.environ, "PYTHONPATH": str(SCRIPTS)})
    try:
        wait_until("the upstream", lambda: _answers(port), _PATIENCE_SECONDS, log=upstream.log)
        with Managed("server-pt", environment("server-pt", folder / "server-pt", port)) as server:
            yield server
    finally:
        upstream.stop()


class _Counter(threading.Thread):
    def __init__(self, session: socket.socket) -> None:
        super().__init__(daemon=True)
        self._session, self.received = session, 0

    def run(self) -> None:
        buffer = bytearray(_BLOCK)
        try:
            while count := self._session.recv_into(buffer):
                self.received += count
        except OSError:
            pass


def connect(server: Managed, client: Managed) -> socket.socket:
    """As tor does, when the session is there."""
    listening = next(line for line in client.lines if line.startswith("CMETHOD utp"))
    bridge = next(line for line in server.lines if line.startswith("SMETHOD utp"))
    cert = re.search(r"ARGS:(cert=[^,]+)", bridge)
    assert cert is not None
    host, _, port = listening.split()[3].rpartition(":")
    address, _, bridge_port = bridge.split()[2].rpartition(":")
    return connect_to_bridge((host, int(port)), address, int(bridge_port), cert[1], _PATIENCE_SECONDS)


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


def memory(pid: int) -> tuple[float, float]:
    """MiB that are resident, and those with what is shared divided among those who share it."""
    rows = dict(row.split(":", 1) for row in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:])
    return int(rows["Rss"].split()[0]) / 1024, int(rows["Pss"].split()[0]) / 1024


def header() -> str:
    return f"{'ms':<11}{'archive':<9}{'VERSION':>8}{'p95':>6}{'CPU':>6}{'DONE':>8}{'p95':>6}{'CPU':>6}"


def line(start: Start) -> str:
    return (
        f"{start.proxy:<11}{'yes' if start.archive else 'no':<9}{start.version_ms:>8.0f}{start.version_p95_ms:>6.0f}"
        f"{start.version_cpu_ms:>6.0f}{start.done_ms:>8.0f}{start.done_p95_ms:>6.0f}{start.done_cpu_ms:>6.0f}"
    )


def dial_line(dial: Dial) -> str:
    return f"first session of a new client, ms: {dial.median_ms:.0f} ({dial.least_ms:.0f} to {dial.most_ms:.0f} in {dial.runs} runs)"


def footprint_header() -> str:
    return f"{'MiB':<11}{'idle RSS':>9}{'PSS':>6}{'full speed RSS':>16}{'PSS':>6}{'Mbit/s':>9}{'ns of processor per byte':>26}"


def footprint_line(size: Footprint) -> str:
    return (
        f"{size.proxy:<11}{size.idle_rss:>9.0f}{size.idle_pss:>6.0f}{size.busy_rss:>16.0f}{size.busy_pss:>6.0f}"
        f"{size.mbit:>9.0f}{size.cpu_ns_per_byte:>26.1f}"
    )
