"""What a bulk flow through both proxies suffers when the network under it fails: the longest time without a byte, and how soon
all is as it was before."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lab.bulk import Link
from lab.flows import Flow, link, pulled, sleep_until
from lab.link import EmulatedLink
from lab.proc import run

LINK = Link("50 Mbit/s, 50 ms", 50, 50, 312_000)

# Until the flow has the rate of the link, and nothing that matters is interpreted any more.
_WARM_UP_SECONDS = 6.0
# What counts as before the fault.
_BEFORE_SECONDS = 3.0
# Behind the last thing that is waited for.
_AFTER_SECONDS = 2.0
_STEP_SECONDS = 0.05
# For µTP to bear the flow again.
_PATIENCE_SECONDS = 25.0
# µTP bears the flow when it has this part of what passes in half a second.
_UTP_SHARE = 0.8
_UTP_STEPS = 10


@dataclass(frozen=True)
class Scenario:
    """What is done to the link, in the emulator's words; how long it lasts; and what may come of it at most, in seconds."""

    name: str
    strike: Sequence[str]
    end: Sequence[str] = ()
    outage: float = 0.0
    longest_gap: float | None = None
    resumed: float | None = None
    back_on_utp: float | None = None


SCENARIOS = (
    Scenario("UDP dropped for 5 s", ("udp block",), ("udp pass",), 5, longest_gap=1.5, back_on_utp=10),
    # Dialled in vain meanwhile, and given up once.
    Scenario("UDP dropped for 15 s", ("udp block",), ("udp pass",), 15, longest_gap=1.5, back_on_utp=10),
    Scenario("TCP reset", ("tcp reset",), longest_gap=0.2),
    Scenario("both lost for 5 s", ("udp block", "tcp block"), ("udp pass", "tcp pass"), 5, resumed=2),
)


@dataclass
class Survived:
    """Times in seconds. The gap before the fault tells what the machine alone does; None is for what did not come."""

    scenario: str
    direction: str
    mbit_before: float
    gap_before: float
    longest_gap: float
    resumed: float | None
    back_on_utp: float | None
    tls_replaced: bool
    met: bool


def measure_fault(scenario: Scenario, direction: str, seed: int) -> Survived:
    """One flow, up (the client sends) or down, that the fault strikes in the middle."""
    transport = link("auto") if direction == "up" else pulled("auto")
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as name,
        EmulatedLink(LINK.conditions(), seed=seed) as path,
        Flow(transport, path.near, path.far, Path(name)) as flow,
    ):
        flow.dial(None)
        sleep_until(flow.wait_first_byte() + _WARM_UP_SECONDS)
        before = _tls_connections(path)
        struck = _tell(path, scenario.strike)
        sleep_until(struck + scenario.outage)
        ended = _tell(path, scenario.end) if scenario.end else struck
        back = _await_utp(path, "forward" if direction == "up" else "back", ended)
        sleep_until(time.monotonic() + _AFTER_SECONDS)
        until = time.monotonic()
        samples = flow.samples()
        replaced = _tls_connections(path) != before
        rate = flow.received(struck - _BEFORE_SECONDS, struck) * 8 / _BEFORE_SECONDS / 1e6
    return judge(scenario, direction, rate, samples, struck, ended, until, back, replaced)


def _tls_connections(path: EmulatedLink) -> set[str]:
    """The client's ports: a connection that is dialled again has another."""
    listed = run(path.near.command(["ss", "-H", "-n", "-t", "state", "established", "dst", path.far.address]))
    return {row.split()[2].rpartition(":")[2] for row in listed.splitlines()}


def _tell(path: EmulatedLink, commands: Sequence[str]) -> float:
    for command in commands:
        path.ask(command)
    return time.monotonic()


def _await_utp(path: EmulatedLink, way: str, since: float) -> float | None:
    """When µTP bore the flow, in seconds since a moment: the beginning of the half second in which it did."""
    seen: list[tuple[float, int, int]] = []
    while (now := time.monotonic()) < since + _PATIENCE_SECONDS:
        counters = json.loads(path.ask("stats"))[way]
        seen.append((now, counters["sentBytes"], counters["udpBytes"]))
        if len(seen) > _UTP_STEPS:
            then, sent, udp = seen[-1 - _UTP_STEPS]
            if counters["sentBytes"] > sent and (counters["udpBytes"] - udp) / (counters["sentBytes"] - sent) > _UTP_SHARE:
                return then - since
        time.sleep(_STEP_SECONDS)
    return None


def judge(
    scenario: Scenario,
    direction: str,
    mbit_before: float,
    samples: Sequence[tuple[float, int]],
    struck: float,
    ended: float,
    until: float,
    back_on_utp: float | None,
    tls_replaced: bool,
) -> Survived:
    """What the samples of the receiver say."""
    gap = longest_gap(samples, struck, until)
    resumed = next((when - ended for when, _ in samples if when > ended), None)
    met = all(
        limit is None or (value is not None and value <= limit)
        for limit, value in (
            (scenario.longest_gap, gap),
            (scenario.resumed, resumed),
            (scenario.back_on_utp, back_on_utp),
        )
    )
    return Survived(
        scenario.name,
        direction,
        mbit_before,
        longest_gap(samples, struck - _BEFORE_SECONDS, struck),
        gap,
        resumed,
        back_on_utp,
        tls_replaced,
        met,
    )


def longest_gap(samples: Sequence[tuple[float, int]], begin: float, end: float) -> float:
    """The longest time without a byte between two moments, as far as it lies between them."""
    inside = [when for when, _ in samples if begin < when < end]
    edges = [begin, *inside, end]
    return max(later - earlier for earlier, later in zip(edges, edges[1:]))


def header() -> str:
    return f"{'':<22}{'':<6}{'Mbit/s':>8}{'gap before':>12}{'longest gap':>13}{'first byte':>12}{'back on µTP':>13}{'TLS':>10}"


def line(each: Survived) -> str:
    def seconds(value: float | None) -> str:
        return "never" if value is None else f"{value:.2f} s"

    return (
        f"{each.scenario:<22}{each.direction:<6}{each.mbit_before:>8.1f}{seconds(each.gap_before):>12}"
        f"{seconds(each.longest_gap):>13}{seconds(each.resumed):>12}{seconds(each.back_on_utp):>13}{'replaced' if each.tls_replaced else 'kept':>10}"
        + ("" if each.met else "  MISSED")
    )
