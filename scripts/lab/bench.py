"""The transports side by side on emulated links: rate, completion and queue of a bulk transfer."""

from __future__ import annotations

import argparse
import json
import math
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from lab.flows import LIBUTP, Flow, Transport, tandem, tcp, to_libutp
from lab.link import Conditions, Counts, EmulatedLink
from lab.proc import LabError

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
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        with EmulatedLink(link.conditions(), seed=seed) as path, Flow(transport, path.near, path.far, folder) as flow:
            flow.dial(None)
            first = flow.wait_first_byte()
            _sleep_until(first + seconds / 2)
            before = path.stats()["forward"]
            _sleep_until(first + seconds)
            counts = Counts.between(before, path.stats()["forward"])
            rate = flow.received(first + seconds / 2, first + seconds) * 8 / (seconds / 2) / 1e6
        completion = _completion(link, transport, folder, seed)
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


def _completion(link: Link, transport: Transport, folder: Path, seed: int) -> float | None:
    """Seconds from the first packet to the last byte, or None if it takes more than three times the ideal."""
    patience = 3 * link.ideal_seconds(_TRANSFER_BYTES)
    with EmulatedLink(link.conditions(), seed=seed) as path, Flow(transport, path.near, path.far, folder) as flow:
        flow.dial(_TRANSFER_BYTES)
        first = flow.wait_first_byte()
        _sleep_until(first)
        flow.wait_end(patience)
        last, count = flow.samples()[-1]
        # The first byte comes one and a half round trips after the first packet, with TCP as with µTP.
        return last - first + 1.5 * link.rtt / 1e3 if count == _TRANSFER_BYTES else None


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
        _sleep_until(begin)
        before = path.stats()["forward"]
        _sleep_until(end)
        counts = Counts.between(before, path.stats()["forward"])
        rates = [flow.received(begin, end) * 8 / (end - begin) / 1e6 for flow in (one, two)]
    return Share(link.name, first.name, second.name, rates[0], rates[1], counts.mean_queue_ms)


_LATECOMER_SECONDS = 3.0


def _sleep_until(moment: float) -> None:
    time.sleep(max(0.0, moment - time.monotonic()))


def table(results: Iterable[Result]) -> str:
    """All results as text, a block for each link."""
    lines: list[str] = []
    link = None
    for result in results:
        if result.link != link:
            link = result.link
            lines += ["", link]
            lines.append(
                f"  {'':<16}{'Mbit/s':>8}{'of rate':>9}{'20 MB':>9}{'/ideal':>8}{'queue mean':>12}{'median':>8}{'p95 ms':>8}{'dropped':>9}"
            )
        done = "-" if result.completion_seconds is None else f"{result.completion_seconds:.2f} s"
        by = "-" if result.completion_by_ideal is None else f"{result.completion_by_ideal:.2f}"
        lines.append(
            f"  {result.transport:<16}{result.second_half_mbit:>8.1f}{result.share:>8.0%} {done:>9}{by:>8}"
            f"{result.mean_queue_ms:>12.1f}{result.median_queue_ms:>8.1f}{result.p95_queue_ms:>8.1f}{result.dropped:>9}"
            + (f"  overloaded: {result.overload}" if result.overload else "")
        )
    return "\n".join(lines)


TRANSPORTS = {
    each.name: each
    for each in (
        tandem("bbr"),
        tandem("ledbat"),
        tcp("bbr"),
        tcp("cubic"),
        LIBUTP,
        to_libutp("bbr"),
    )
}


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("--seconds", type=float, default=20, metavar="S", help="length of each flow (default: 20)")
    parser.add_argument("--links", default="", metavar="TEXT", help="only links whose name has this in it")
    parser.add_argument("--transports", default="", metavar="A,B", help=f"only these of: {', '.join(TRANSPORTS)}")
    parser.add_argument("--seed", type=int, default=1, help="decides which packets are lost")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there")
    options = parser.parse_args(arguments)
    names = options.transports.split(",") if options.transports else list(TRANSPORTS)
    results = []
    try:
        for link in LINKS:
            if options.links not in link.name:
                continue
            for name in names:
                results.append(measure_bulk(link, TRANSPORTS[name], options.seconds, options.seed))
                print(table(results[-1:]), flush=True)
    except LabError as error:
        print(f"bench: {error.report()}", file=sys.stderr)
        return 1
    if options.json:
        options.json.write_text(json.dumps([asdict(result) for result in results], indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
