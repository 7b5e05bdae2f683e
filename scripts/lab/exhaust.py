"""A server-pt that runs out of descriptors: idle connections take them all, and a download goes on meanwhile. No privilege needed."""

from __future__ import annotations

import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from lab.attack import Attack, Client
from lab.attacker import Options
from lab.bridge import SCRIPTS, Bridge
from lab.ports import PortPicker
from lab.proc import Program, wait_until

# A few dozen are the program's own; with a decoy, each stranger takes two.
_DESCRIPTORS = 128
_IDLE = 300
_NEAR = "127.66.0.0/16"
_LOOK_SECONDS = 0.2
_PATIENCE_SECONDS = 40.0
_MBIT = 1.0

# What it says to its operator.
_TOLD = "TCP connections cannot be accepted"


@dataclass
class Exhausted:
    """While there was no descriptor left: the download's rate, the server's processors; and a session set up afterwards."""

    limit: int
    descriptors: int
    mbit: float
    server_processors: float
    afterwards_seconds: float | None
    failures: list[str]

    @property
    def held(self) -> bool:
        return not self.failures


def measure_exhausted(seconds: float) -> Exhausted:
    ports = PortPicker()
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        decoy = ports.pick()
        behind = Program(
            "decoy",
            [sys.executable, "-m", "lab.upstream", "echo", "127.0.0.1", str(decoy)],
            folder / "decoy.log",
            environment={"PYTHONPATH": str(SCRIPTS)},
        )
        try:
            with (
                Bridge(
                    folder,
                    "source",
                    port=ports.pick(),
                    upstream_port=ports.pick(),
                    options=[f"decoy=127.0.0.1:{decoy}"],
                    descriptors=_DESCRIPTORS,
                ) as bridge,
                Client(folder, bridge, list, ports.pick()) as client,
            ):
                return _measure(bridge, client, seconds)
        finally:
            behind.stop()


def _measure(bridge: Bridge, client: Client, seconds: float) -> Exhausted:
    options = Options(bridge.address, bridge.port, _IDLE, 2, _NEAR, _NEAR, "127.0.0.1", bridge.cert)
    with Attack("idle", options) as attack:
        wait_until("all connections", attack.has_reported, _PATIENCE_SECONDS)
        before = bridge.usage()
        rate = client.rate(seconds)
        after = bridge.usage()
        attack.finish()
    began = time.monotonic()
    # The first ones may still meet a server that has not heard of the end of the others.
    afterwards = wait_until("a new session", lambda: client.first(5) and time.monotonic() - began, _PATIENCE_SECONDS)
    found = []
    if after.descriptors < _DESCRIPTORS - 8:
        found.append(f"only {after.descriptors} descriptors were in use")
    if rate < _MBIT:
        found.append(f"the download had {rate:.1f} Mbit/s")
    log = bridge.log_text()
    if _TOLD not in log:
        found.append("the log does not tell that nothing can be accepted")
    for word in ("bug in thread", "Exception", "LEAK"):
        found += [f"the log says: {line}" for line in log.splitlines() if word in line][:1]
    return Exhausted(_DESCRIPTORS, after.descriptors, rate, after.processors_since(before), afterwards, found)


def text(result: Exhausted) -> str:
    after = "never" if result.afterwards_seconds is None else f"after {result.afterwards_seconds:.1f} s"
    rows = [
        f"{result.descriptors} of {result.limit} descriptors in use: {result.mbit:.0f} Mbit/s, server CPU {result.server_processors:.2f};"
        f" a new session {after}"
    ]
    return "\n  ".join([*rows, *(f"does not hold: {each}" for each in result.failures)])
