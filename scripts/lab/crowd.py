"""A thousand connections to one server socket, each with a trickle of cells, beside one bulk flow, on an emulated link."""

from __future__ import annotations

import json
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.bulk import Link
from lab.flows import BENCHMARK
from lab.link import Counts, EmulatedLink
from lab.proc import LabError, wait_until

# Cells and bulk share it: the cells want 80 Mbit/s.
LINK = Link("200 Mbit/s, 20 ms", 200, 20, 500_000)

_PORT = 9_000

# To dial a thousand connections, one after the other, takes so many round trips and some time.
_PATIENCE_SECONDS = 120.0


@dataclass
class Crowd:
    """Delays of the cells, from the moment each was due to its arrival."""

    link: str
    direction: str
    connections: int
    cells: int
    skipped: int
    median_ms: float
    p95_ms: float
    p99_ms: float
    max_ms: float
    cell_mbit: float
    bulk_mbit: float
    median_queue_ms: float
    overload: int

    @property
    def p99_by_median(self) -> float:
        return self.p99_ms / self.median_ms if self.median_ms else 0.0


def measure_crowd(direction: str, connections: int, seconds: float, seed: int, link: Link = LINK) -> Crowd:
    """Cells and bulk go ``up``, from many sockets to the server's, or ``down``, all from the one socket of the server."""
    warm_up = seconds / 2
    with tempfile.TemporaryDirectory(prefix="bench-") as name, EmulatedLink(link.conditions(), seed=seed) as path:
        common = [str(_PORT), direction, f"{warm_up:g}"]
        serve = path.far.command([*BENCHMARK, "crowd-serve", path.far.address, *common])
        dial = path.near.command(
            [*BENCHMARK, "crowd-dial", path.far.address, *common, str(connections), f"{warm_up + seconds:g}"]
        )
        logs = [Path(name) / role for role in ("server", "client")]
        with logs[0].open("wb") as errors:
            server = subprocess.Popen(serve, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors)
        try:
            wait_until("the server", lambda: _listens(path), 30, log=logs[0])
            before = path.stats()
            client = _run(dial, logs[1], _PATIENCE_SECONDS + warm_up + seconds)
            after = path.stats()
            said = json.loads(_end(server, logs[0])) | client
        finally:
            server.kill()
            server.wait()
    way = "forward" if direction == "up" else "back"
    counts = Counts.between(before[way], after[way])
    return Crowd(
        link=link.name,
        direction=direction,
        connections=connections,
        cells=said["cells"],
        skipped=said["skipped"],
        median_ms=said["median_ms"],
        p95_ms=said["p95_ms"],
        p99_ms=said["p99_ms"],
        max_ms=said["max_ms"],
        cell_mbit=said["cell_mbit"],
        bulk_mbit=said["bulk_mbit"],
        median_queue_ms=counts.median_queue_ms,
        overload=counts.overload,
    )


def _listens(path: EmulatedLink) -> bool:
    command = path.far.command(["ss", "-H", "-n", "-l", "-u"])
    return f":{_PORT} " in subprocess.run(command, capture_output=True, text=True, check=False).stdout


def _run(command: list[str], log: Path, timeout: float) -> dict[str, Any]:
    with log.open("wb") as errors:
        try:
            done = subprocess.run(command, stdout=subprocess.PIPE, stderr=errors, timeout=timeout, check=False)
        except subprocess.TimeoutExpired as error:
            raise LabError(f"the crowd did not end within {timeout:.0f} s", log) from error
    if done.returncode != 0:
        raise LabError("the crowd's clients failed", log)
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def _end(server: subprocess.Popen[bytes], log: Path) -> bytes:
    """What the server says when its input ends."""
    try:
        said, _ = server.communicate(timeout=20)
    except subprocess.TimeoutExpired as error:
        raise LabError("the crowd's server did not end", log) from error
    if server.returncode != 0:
        raise LabError("the crowd's server failed", log)
    return said


def header() -> str:
    return (
        f"{'':<6}{'connections':>12}{'median ms':>11}{'p95':>8}{'p99':>8}{'p99/median':>12}"
        f"{'cells Mbit/s':>14}{'bulk':>8}{'queue ms':>10}"
    )


def line(result: Crowd) -> str:
    return (
        f"{result.direction:<6}{result.connections:>12}{result.median_ms:>11.1f}{result.p95_ms:>8.1f}{result.p99_ms:>8.1f}"
        f"{result.p99_by_median:>12.2f}{result.cell_mbit:>14.1f}{result.bulk_mbit:>8.1f}{result.median_queue_ms:>10.1f}"
        # Cells that a connection had no room for, and packets that the emulator had no time for, are missing above.
        + (f"  {result.skipped} cells not sent" if result.skipped else "")
        + (f"  emulator overloaded: {result.overload}" if result.overload else "")
    )
