"""One bulk transfer on an emulated link: its rate, the time that 20 MB take, and the queue that it makes."""

from __future__ import annotations

import math
import tempfile
from dataclasses import dataclass
from pathlib import Path

from lab.flows import Flow, Transport, sleep_until
from lab.link import Conditions, Counts, EmulatedLink

_TRANSFER_BYTES = 20_000_000


@dataclass(frozen=True)
class Link:
    """A row of the table: rates in Mbit/s, times in ms, loss and burst as in Conditions; and what our bulk rate must reach."""

    name: str
    rate: float
    rtt: float
    queue: int
    loss: float = 0.0
    burst: float = 1.0
    goal: float = 0.92

    def conditions(self) -> Conditions:
        return Conditions(self.rate, self.rtt / 2, self.queue, self.loss, self.burst)

    def ideal_seconds(self, payload_bytes: int) -> float:
        """Set-up, slow start from ten packets until the path is full, and the payload at the link's rate."""
        rtt = self.rtt / 1e3
        path_bytes = self.rate * 1e6 / 8 * rtt
        ramp = max(0.0, math.log2(path_bytes / 14_000)) * rtt
        return 1.5 * rtt + ramp + payload_bytes * 8 / (self.rate * 1e6)


LINKS = (
    Link("100 Mbit/s, 10 ms", 100, 10, 500_000),
    Link("100 Mbit/s, 50 ms", 100, 50, 625_000),
    Link("50 Mbit/s, 50 ms, 1 % loss", 50, 50, 312_000, 0.01),
    Link("20 Mbit/s, 100 ms, 2 % loss", 20, 100, 250_000, 0.02),
    Link("50 Mbit/s, 200 ms", 50, 200, 1_250_000),
    Link("50 Mbit/s, 50 ms, 5 % loss", 50, 50, 312_000, 0.05, goal=0.8),
    Link("20 Mbit/s, 100 ms, 10 % loss", 20, 100, 250_000, 0.10, goal=0.8),
    Link("50 Mbit/s, 50 ms, 1 % in bursts of 10", 50, 50, 312_000, 0.01, 10, goal=0.8),
    Link("10 Mbit/s, 40 ms, 1 s of buffer", 10, 40, 1_250_000),
)


@dataclass
class Result:
    """One transport on one link; the second half is that of the time after the first byte."""

    link: str
    transport: str
    second_half_mbit: float
    share: float
    completion_seconds: float | None
    completion_by_ideal: float | None
    mean_queue_ms: float
    median_queue_ms: float
    p95_queue_ms: float
    dropped: int
    lost: int
    overload: int


def measure_bulk(link: Link, transport: Transport, seconds: float, seed: int) -> Result:
    """A flow without end for so long, and a transfer of 20 MB."""
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as name,
        EmulatedLink(link.conditions(), seed=seed) as path,
        Flow(transport, path.near, path.far, Path(name)) as flow,
    ):
        flow.dial(None)
        first = flow.wait_first_byte()
        sleep_until(first + seconds / 2)
        before = path.stats()["forward"]
        sleep_until(first + seconds)
        counts = Counts.between(before, path.stats()["forward"])
        rate = flow.received(first + seconds / 2, first + seconds) * 8 / (seconds / 2) / 1e6
    completion = _completion(link, transport, seed)
    return Result(
        link=link.name,
        transport=transport.name,
        second_half_mbit=rate,
        share=rate / link.rate,
        completion_seconds=completion,
        completion_by_ideal=None if completion is None else completion / link.ideal_seconds(_TRANSFER_BYTES),
        mean_queue_ms=counts.mean_queue_ms,
        median_queue_ms=counts.median_queue_ms,
        p95_queue_ms=counts.p95_queue_ms,
        dropped=counts.dropped,
        lost=counts.lost,
        overload=counts.overload,
    )


def _completion(link: Link, transport: Transport, seed: int) -> float | None:
    """Seconds from the first packet to the last byte, or None if it takes more than three times the ideal."""
    patience = 3 * link.ideal_seconds(_TRANSFER_BYTES)
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as name,
        EmulatedLink(link.conditions(), seed=seed) as path,
        Flow(transport, path.near, path.far, Path(name)) as flow,
    ):
        flow.dial(_TRANSFER_BYTES)
        first = flow.wait_first_byte()
        sleep_until(first)
        flow.wait_end(patience)
        last, count = flow.samples()[-1]
        # The first byte comes one and a half round trips after the first packet, with TCP as with µTP.
        return last - first + 1.5 * link.rtt / 1e3 if count == _TRANSFER_BYTES else None


def header() -> str:
    return (
        f"{'':<24}{'Mbit/s':>8}{'of rate':>9}{'20 MB':>9}{'/ideal':>8}{'queue mean':>12}{'median':>8}{'p95 ms':>8}{'dropped':>9}"
    )


def line(result: Result) -> str:
    done = "-" if result.completion_seconds is None else f"{result.completion_seconds:.2f} s"
    by = "-" if result.completion_by_ideal is None else f"{result.completion_by_ideal:.2f}"
    return (
        f"{result.transport:<24}{result.second_half_mbit:>8.1f}{result.share:>8.0%} {done:>9}{by:>8}"
        f"{result.mean_queue_ms:>12.1f}{result.median_queue_ms:>8.1f}{result.p95_queue_ms:>8.1f}{result.dropped:>9}"
        # What the emulator could not take would be missing from the figures.
        + (f"  emulator overloaded: {result.overload}" if result.overload else "")
    )
