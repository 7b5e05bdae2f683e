"""Two flows on one emulated link, and how they share it."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from lab.bulk import Link
from lab.flows import Flow, Transport, sleep_until
from lab.link import Counts, EmulatedLink

_LATECOMER_SECONDS = 3.0


def links(rate: float = 50, rtt: float = 40) -> tuple[Link, ...]:
    """One path with buffers of 0.5, 1 and 4 times what is under way on it."""
    path_bytes = rate * 1e6 / 8 * rtt / 1e3
    return tuple(
        Link(f"{rate:g} Mbit/s, {rtt:g} ms, {times:g} BDP of buffer", rate, rtt, int(path_bytes * times))
        for times in (0.5, 1, 4)
    )


@dataclass
class Share:
    """Two flows on one link, the second a little later; what each got in the time after the first fifth."""

    link: str
    first: str
    second: str
    first_mbit: float
    second_mbit: float
    mean_queue_ms: float

    @property
    def second_share(self) -> float:
        return self.second_mbit / (self.first_mbit + self.second_mbit)

    @property
    def jain(self) -> float:
        total = self.first_mbit + self.second_mbit
        return total * total / (2 * (self.first_mbit**2 + self.second_mbit**2))


def measure_share(link: Link, first: Transport, second: Transport, seconds: float, seed: int) -> Share:
    """Lets two flows compete for so long."""
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as name,
        EmulatedLink(link.conditions(), seed=seed) as path,
        Flow(first, path.near, path.far, Path(name), port=9_000) as one,
        Flow(second, path.near, path.far, Path(name), port=9_001) as two,
    ):
        one.dial(None)
        one.wait_first_byte()
        time.sleep(_LATECOMER_SECONDS)
        two.dial(None)
        begin = two.wait_first_byte() + seconds / 5
        end = begin + seconds * 4 / 5
        sleep_until(begin)
        before = path.stats()["forward"]
        sleep_until(end)
        counts = Counts.between(before, path.stats()["forward"])
        rates = [flow.received(begin, end) * 8 / (end - begin) / 1e6 for flow in (one, two)]
    return Share(link.name, first.name, second.name, rates[0], rates[1], counts.mean_queue_ms)


def header() -> str:
    return f"{'first':<12}{'second':<12}{'Mbit/s':>8}{'Mbit/s':>8}{'share of second':>17}{'Jain':>7}{'mean queue, ms':>16}"


def line(share: Share) -> str:
    return (
        f"{share.first:<12}{share.second:<12}{share.first_mbit:>8.1f}{share.second_mbit:>8.1f}"
        f"{share.second_share:>16.0%} {share.jain:>7.2f}{share.mean_queue_ms:>16.1f}"
    )
