"""What the carriers took, as each proxy counts it in its `carriers.json`."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path

from .proc import LabError

FILE_NAME = "carriers.json"


@dataclass(frozen=True)
class Carrier:
    """Bytes of tor that went over one carrier, as one proxy counted them."""

    sent: int = 0
    received: int = 0

    def __sub__(self, other: Carrier) -> Carrier:
        return Carrier(self.sent - other.sent, self.received - other.received)


@dataclass(frozen=True)
class Counters:
    """One proxy's totals since it started, or the difference of two such readings."""

    sessions: int = 0
    carrier_changes: int = 0
    tls: Carrier = Carrier()
    utp: Carrier = Carrier()
    resumptions: int = 0

    def __sub__(self, other: Counters) -> Counters:
        return Counters(
            self.sessions - other.sessions,
            self.carrier_changes - other.carrier_changes,
            self.tls - other.tls,
            self.utp - other.utp,
            self.resumptions - other.resumptions,
        )


def parse(text: str) -> Counters:
    try:
        top = json.loads(text)
        tls, utp = top["tls"], top["utp"]
        return Counters(
            int(top["sessions"]),
            int(top["carrierChanges"]),
            Carrier(int(tls["sent"]), int(tls["received"])),
            Carrier(int(utp["sent"]), int(utp["received"])),
            int(top["resumptions"]),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise LabError(f"{FILE_NAME} is not as agreed: {error!r}") from error


def read(state: Path, name: str = FILE_NAME) -> Counters:
    """A proxy's counters; all zero while it has not written any."""
    try:
        return parse((state / name).read_text())
    except FileNotFoundError:
        return Counters()


def read_settled(states: list[Path], enough: int, timeout: float = 3.0) -> list[Counters]:
    """The counters of several proxies, once they have stopped changing.

    Proxies write at most once a second, and tor goes on sending a little padding for ever: settled means that
    at least `enough` bytes are counted and that a whole second brought no more than a few cells.
    """
    deadline = time.monotonic() + timeout
    before, since = [read(state) for state in states], time.monotonic()
    while time.monotonic() < deadline:
        time.sleep(0.1)
        now = [read(state) for state in states]
        if any(_total(b) - _total(a) > 4096 for a, b in zip(before, now)) or min(map(_total, now)) < enough:
            before, since = now, time.monotonic()
        elif time.monotonic() - since >= 1.1:
            break
    return [read(state) for state in states]


def _total(counters: Counters) -> int:
    return counters.tls.sent + counters.tls.received + counters.utp.sent + counters.utp.received


def share(part: int, rest: int) -> float:
    """Part of the whole in per cent; of nothing, nothing."""
    return 100.0 * part / (part + rest) if part + rest > 0 else 0.0
