"""Experiment 6: what becomes of a download when the network under it fails."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lab.evaluate.grid import LINKS, TRANSPORTS, Cell
from lab.evaluate.traffic import Download, prepare, request, wait_all_begun
from lab.evaluate.world import Client, Conduct, World
from lab.faults import longest_gap
from lab.proc import LabError

OUTAGE_SECONDS = 5.0
# So much has come when the fault strikes: the flow has its rate.
_STRIKE_SHARE = 0.25
_BEFORE_SECONDS = 0.5
_PROBE_TIMEOUT_SECONDS = 4.0
_PROBE_PAUSE_SECONDS = 0.25
_STEP_SECONDS = 0.02
# Without a byte for so long a download comes to nothing, once the patience is over.
_STALL_SECONDS = 10.0


@dataclass(frozen=True)
class Fault:
    """What is done to a world, and undone after a time; the end of a lasting one is when the cell is over."""

    strike: Callable[[World], None]
    end: Callable[[World], None]
    outage: float = 0.0
    lasts: bool = False


def _tell(*commands: str) -> Callable[[World], None]:
    def tell(world: World) -> None:
        for command in commands:
            world.link.ask(command)

    return tell


FAULTS = {
    "UDP blocked": Fault(_tell("udp block"), _tell("udp pass"), lasts=True),
    "TCP reset": Fault(_tell("tcp reset"), _tell()),
    "address changed": Fault(lambda world: world.move(), lambda world: world.move(away=False), lasts=True),
    "no network for 5 s": Fault(_tell("udp block", "tcp block"), _tell("udp pass", "tcp pass"), OUTAGE_SECONDS),
}


def measure(world: World, cell: Cell) -> dict[str, Any]:
    """One download, which the fault strikes when a quarter of it has come."""
    transport, fault = TRANSPORTS[cell.transport], FAULTS[cell.parameters["fault"]]
    size = int(cell.parameters["megabytes"]) * 1_000_000
    patience = float(cell.parameters["patience"])
    world.set_link(LINKS[cell.link], transport.congestion)
    world.bridge(transport)
    world.settle()
    conduct = Conduct(world.link)
    try:
        with world.client(transport, 90) as client:
            prepare(world, client, ("one", "probe"))
            found = _strike(world, client, fault, size, patience)
            found["machine"] = conduct.so_far()
    finally:
        fault.end(world)
    world.check()
    return found


def _strike(world: World, client: Client, fault: Fault, size: int, patience: float) -> dict[str, Any]:
    download = Download(world, client, "one", size)
    download.start()
    ended = threading.Event()
    with contextlib.ExitStack() as stack:
        stack.callback(download.stop)
        wait_all_begun([download])
        while download.received < size * _STRIKE_SHARE:
            if download.error or not download.is_alive():
                raise LabError(f"the download did not come to the fault: {download.error}")
            time.sleep(_STEP_SECONDS)
        struck = time.monotonic()
        fault.strike(world)
        probe = Probe(world, client, ended)
        stack.callback(probe.stop)
        probe.start()
        if fault.outage:
            time.sleep(max(0.0, struck + fault.outage - time.monotonic()))
            fault.end(world)
        over = time.monotonic() if fault.outage else struck
        ended.set()
        while download.is_alive() and _worth_waiting(download, struck, patience):
            time.sleep(_STEP_SECONDS)
        if download.finished is None:
            # How long who asks again has to wait.
            while probe.worked is None and time.monotonic() < struck + patience:
                time.sleep(_STEP_SECONDS)
        until = download.finished or time.monotonic()
        # A stream that is gone has no gap: nothing comes any more.
        samples = download.samples()
        arrivals = samples[:-1] if download.error else samples
        return {
            "completed": download.finished is not None,
            "seconds": None if download.finished is None else download.finished - download.began,
            "error": download.error,
            "received": download.received,
            "gap": longest_gap(arrivals, struck, until) if download.finished is not None else None,
            "gap_before": longest_gap(arrivals, max(download.began, struck - _BEFORE_SECONDS), struck),
            "resumed": next((when - over for when, _ in arrivals if when > over), None),
            "new_stream": None if probe.worked is None else max(0.0, probe.worked - struck),
            "patience": patience,
            "silent": until - (download.last_byte or download.began),
            "curve": curve(samples, download.began, struck, until),
            "struck": struck - download.began,
        }


def _worth_waiting(download: Download, struck: float, patience: float) -> bool:
    """As long as the patience lasts, and longer while bytes come."""
    now = time.monotonic()
    if now < struck + patience:
        return True
    return download.last_byte > now - _STALL_SECONDS and now < struck + 3 * patience


class Probe(threading.Thread):
    """Asks for a small answer on new streams, once the fault is over, until there is one."""

    def __init__(self, world: World, client: Client, ended: threading.Event) -> None:
        super().__init__(name="probe", daemon=True)
        self.worked: float | None = None
        self._world, self._client, self._ended = world, client, ended
        self._stopping = False

    def run(self) -> None:
        self._ended.wait()
        while not self._stopping and self.worked is None:
            try:
                request(self._world, self._client, "probe", _PROBE_TIMEOUT_SECONDS)
                self.worked = time.monotonic()
            except LabError:
                time.sleep(_PROBE_PAUSE_SECONDS)

    def stop(self) -> None:
        self._stopping = True
        self._ended.set()
        self.join(_PROBE_TIMEOUT_SECONDS + 1)


def curve(samples: list[tuple[float, int]], began: float, struck: float, until: float, step: float = 0.1) -> list[list[float]]:
    """Seconds since the beginning, and megabytes by then, thinned."""
    points: list[list[float]] = [[0.0, 0.0]]
    for when, count in samples:
        if when - began >= points[-1][0] + step or when == samples[-1][0]:
            # A pause is a level line, and no slope from its beginning to its end.
            if when - began > points[-1][0] + 2 * step:
                points.append([round(when - began - step / 10, 3), points[-1][1]])
            points.append([round(when - began, 3), round(count / 1e6, 4)])
    points.append([round(until - began, 3), points[-1][1]])
    return points
