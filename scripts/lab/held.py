"""How long bytes wait inside the two proxies while a bulk flow fills the link: delay that tor can no longer undo.

Measured from outside, byte by byte: when client-pt's socket had taken it, and when it came out of server-pt; the rest of that time
it was on the link, which is known.
"""

from __future__ import annotations

import tempfile
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lab.bulk import Link
from lab.flows import Flow, Transport, parse_samples, sleep_until
from lab.link import Counts, EmulatedLink
from lab.proxied import HANDED_OVER

LINKS = (
    Link("10 Mbit/s, 40 ms, 1 s of buffer", 10, 40, 1_250_000),
    Link("20 Mbit/s, 100 ms", 20, 100, 250_000),
    Link("50 Mbit/s, 50 ms", 50, 50, 312_000),
    Link("100 Mbit/s, 10 ms", 100, 10, 500_000),
)


@dataclass
class Held:
    """Times in ms: of a byte from end to end, of that on the link, and the rest, in the proxies."""

    link: str
    transport: str
    mbit: float
    median_ms: float
    p95_ms: float
    link_ms: float

    @property
    def inside_ms(self) -> float:
        return self.median_ms - self.link_ms


def measure_held(link: Link, transport: Transport, seconds: float, seed: int) -> Held:
    """The second half of a flow of so many seconds counts."""
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as name,
        EmulatedLink(link.conditions(), seed=seed) as path,
        Flow(transport, path.near, path.far, Path(name)) as flow,
    ):
        flow.dial(None)
        begin = flow.wait_first_byte() + seconds / 2
        end = begin + seconds / 2
        sleep_until(begin)
        before = path.stats()["forward"]
        sleep_until(end)
        counts = Counts.between(before, path.stats()["forward"])
        rate = flow.received(begin, end) * 8 / (end - begin) / 1e6
        taken = parse_samples((flow.folder / HANDED_OVER).read_text())
        delays = sorted(byte_delays(taken, [sample for sample in flow.samples() if begin <= sample[0] <= end]))
    if not delays:
        raise RuntimeError(f"nothing came through {transport.name} in the second half")
    return Held(
        link.name,
        transport.name,
        rate,
        median_ms=delays[len(delays) // 2] * 1e3,
        p95_ms=delays[len(delays) * 95 // 100] * 1e3,
        link_ms=link.rtt / 2 + counts.median_queue_ms,
    )


def byte_delays(taken: Sequence[tuple[float, int]], received: Sequence[tuple[float, int]]) -> list[float]:
    """For each sample of what arrived, the seconds since that byte had been taken."""
    counts = [count for _, count in taken]
    delays = []
    for when, count in received:
        at = bisect_left(counts, count)
        if 0 < at < len(taken):
            (earlier, less), (later, more) = taken[at - 1], taken[at]
            share = (count - less) / (more - less) if more > less else 1.0
            delays.append(when - (earlier + share * (later - earlier)))
    return delays


def header() -> str:
    return f"{'':<16}{'Mbit/s':>8}{'byte median':>13}{'p95 ms':>8}{'on the link':>13}{'in the proxies':>16}"


def line(held: Held) -> str:
    return (
        f"{held.transport:<16}{held.mbit:>8.1f}{held.median_ms:>13.1f}{held.p95_ms:>8.1f}{held.link_ms:>13.1f}{held.inside_ms:>16.1f}"
    )
