"""Measures the transports side by side: on emulated links, beside each other, in a crowd, on loopback, and piece by piece; a bridge
under attack, and with idle sessions; what a proxy takes to start, and of memory."""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from lab import attack, bulk, crowd, exhaust, faults, held, idle, loopback, micro, share, start
from lab.attack import FULL, Scale, Siege, measure_attack
from lab.bars import Bar, svg
from lab.bulk import LINKS, Link, Result, measure_bulk
from lab.crowd import Crowd, measure_crowd
from lab.exhaust import Exhausted, measure_exhausted
from lab.faults import Survived, measure_fault
from lab.flows import LIBUTP, link, session, tandem, tcp, to_libutp
from lab.held import Held, measure_held
from lab.idle import Idle, measure_idle
from lab.loopback import Loopback, measure_loopback
from lab.micro import Micro, measure_micro
from lab.proc import LabError
from lab.share import Share, measure_share
from lab.start import Begun, measure_start

TOP = Path(__file__).resolve().parents[2]

TRANSPORTS = {
    each.name: each
    for each in (
        tandem("bbr"),
        tandem("cubic"),
        tandem("ledbat"),
        tandem("ledbat++"),
        link("auto"),
        link("tls"),
        session("auto"),
        session("tls"),
        session("auto", warm=True),
        tcp("bbr"),
        tcp("cubic"),
        LIBUTP,
        to_libutp("bbr"),
    )
}

TABLES = ("links", "share", "held", "faults", "crowd", "loopback", "micro", "attack", "idle", "start")

# Until nothing of a Java program is interpreted any more.
_WARM_UP_SECONDS = 8

# Connections with cells.
_CROWD = 1_000

_MICRO_SECONDS = 1.0


@dataclass(frozen=True)
class Plan:
    """What is measured: flows on a link, pairs of flows, faults and crowds each way, flows on loopback; times in seconds."""

    links: Sequence[Link]
    transports: Sequence[str]
    shared_links: Sequence[Link]
    pairs: Sequence[tuple[str, str]]
    held_links: Sequence[Link]
    held: Sequence[str]
    faults: Sequence[str]
    crowd: Sequence[str]
    loopback: Sequence[str]
    micro_iterations: int
    attack: Scale | None
    idle: int
    starts: int
    seconds: float
    share_seconds: float


STANDARD = Plan(
    links=LINKS,
    transports=("bbr", "link session auto warm", "ledbat", "TCP bbr", "TCP cubic", "libutp", "bbr to libutp"),
    shared_links=share.links(),
    pairs=(("TCP cubic", "bbr"), ("TCP bbr", "bbr"), ("bbr", "bbr"), ("TCP cubic", "ledbat++"), ("ledbat++", "ledbat++")),
    held_links=held.LINKS,
    held=("link auto", "link tls"),
    faults=("up", "down"),
    crowd=("up", "down"),
    loopback=("bbr", "ledbat", "link session auto", "link auto", "libutp"),
    micro_iterations=5,
    attack=FULL,
    idle=5_000,
    starts=15,
    seconds=20,
    share_seconds=40,
)

QUICK = Plan(
    links=(LINKS[0], LINKS[2], LINKS[8]),
    transports=("bbr", "TCP bbr", "TCP cubic", "libutp"),
    shared_links=share.links()[1:2],
    pairs=(("TCP cubic", "bbr"), ("TCP bbr", "bbr")),
    held_links=held.LINKS[1:2],
    held=("link auto",),
    faults=(),
    crowd=(),
    loopback=("bbr", "libutp"),
    micro_iterations=0,
    attack=None,
    idle=0,
    starts=0,
    seconds=6,
    share_seconds=15,
)


@dataclass
class Report:
    """All that was measured, for the JSON and the figures."""

    machine: dict[str, str]
    links: list[Result] = field(default_factory=list)
    share: list[Share] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)
    faults: list[Survived] = field(default_factory=list)
    crowd: list[Crowd] = field(default_factory=list)
    loopback: list[Loopback] = field(default_factory=list)
    micro: list[Micro] = field(default_factory=list)
    attack: list[Siege] = field(default_factory=list)
    exhausted: list[Exhausted] = field(default_factory=list)
    idle: list[Idle] = field(default_factory=list)
    start: list[Begun] = field(default_factory=list)

    @property
    def held_claims(self) -> bool:
        """Whether all holds that is claimed of a bridge under attack, of idle sessions, and of how a proxy begins."""
        return all(each.held for each in [*self.attack, *self.exhausted, *self.idle]) and not any(each.failures for each in self.start)

    def json(self) -> str:
        data: dict[str, Any] = asdict(self)
        for row, result in zip(data["share"], self.share):
            row |= {"second_share": result.second_share, "jain": result.jain}
        for row, waited in zip(data["held"], self.held):
            row["inside_ms"] = waited.inside_ms
        for row, each in zip(data["crowd"], self.crowd):
            row["p99_by_median"] = each.p99_by_median
        for row, claim in zip(
            [*data["attack"], *data["exhausted"], *data["idle"]], [*self.attack, *self.exhausted, *self.idle]
        ):
            row["held"] = claim.held
        return json.dumps(data, indent=1) + "\n"

    def figures(self) -> Iterator[tuple[str, str]]:
        """File names and SVG of the tables that are not empty."""
        about = ", ".join(self.machine.values())
        if self.links:
            rate = [Bar(each.link, each.transport, each.share * 100, f"{each.second_half_mbit:.1f} Mbit/s") for each in self.links]
            yield "links-rate.svg", svg("Bulk rate, second half of the transfer", about, "payload, % of the link's rate", rate)
            queue = [Bar(each.link, each.transport, each.mean_queue_ms, f"{each.mean_queue_ms:.1f}") for each in self.links]
            yield "links-queue.svg", svg("Mean delay in the queue of the link", about, "ms", queue)
            done = [
                Bar(each.link, each.transport, each.completion_seconds, f"{each.completion_seconds:.2f} s")
                for each in self.links
                if each.completion_seconds is not None
            ]
            yield "links-completion.svg", svg("20 MB from the first packet to the last byte", about, "s", done)
        if self.share:
            bars = [
                Bar(each.link, f"{each.second} beside {each.first}", each.second_share * 100, f"{each.second_share:.0%}")
                for each in self.share
            ]
            yield "share.svg", svg("Share of the one that came second", about, "% of both", bars)
        if self.held:
            bars = [Bar(each.link, each.transport, max(0.0, each.inside_ms), f"{each.inside_ms:.1f}") for each in self.held]
            yield "held.svg", svg("What a byte waits inside the proxies under bulk, median", about, "ms", bars)
        if self.faults:
            bars = [Bar(each.scenario, each.direction, each.longest_gap, f"{each.longest_gap:.2f} s") for each in self.faults]
            yield "faults.svg", svg(f"Longest time without a byte, {faults.LINK.name}", about, "s", bars)
        if self.crowd:
            bars = [
                Bar(f"{each.connections} connections, {each.direction}", name, value, f"{value:.1f}")
                for each in self.crowd
                for name, value in (("median", each.median_ms), ("p95", each.p95_ms), ("p99", each.p99_ms))
            ]
            yield "crowd.svg", svg("Delay of a cell beside a bulk flow", about, "ms", bars)
        if self.micro:
            bars = [
                Bar(f"{each.benchmark} {each.parameters}", "allocated", each.allocated_bytes, f"{each.allocated_bytes:.0f}")
                for each in self.micro
            ]
            yield "micro.svg", svg("Allocated for each operation", about, "bytes", bars)
        if self.loopback:
            bars = [Bar(each.transport, "sender", each.sender_ns_per_byte, f"{each.sender_ns_per_byte:.2f}") for each in self.loopback]
            bars += [
                Bar(each.transport, "receiver", each.receiver_ns_per_byte, f"{each.receiver_ns_per_byte:.2f}")
                for each in self.loopback
            ]
            yield "loopback.svg", svg("Processor time for each byte, loopback", about, "ns", bars)


def machine() -> dict[str, str]:
    """What the figures depend on."""
    java = subprocess.run(["java", "-version"], capture_output=True, text=True, check=False).stderr
    revision = subprocess.run(
        ["git", "-C", str(TOP), "describe", "--always", "--dirty"], capture_output=True, text=True, check=False
    ).stdout
    return {
        "kernel": f"Linux {platform.release()}",
        "processors": f"{len(os.sched_getaffinity(0))} processors",
        "java": java.split("\n", 1)[0].split(" 20")[0].replace('"', ""),
        "revision": f"Tandem {revision.strip() or 'unknown'}",
    }


def measure(plan: Plan, tables: Sequence[str], seed: int, say: Callable[[str], None]) -> Report:
    """Measures one after the other, and says each figure as soon as there is one."""
    report = Report(machine())
    if "links" in tables:
        for link in plan.links:
            say(f"\n{link.name}\n  {bulk.header()}")
            for name in plan.transports:
                report.links.append(measure_bulk(link, TRANSPORTS[name], plan.seconds, seed))
                say(f"  {bulk.line(report.links[-1])}")
    if "share" in tables:
        for link in plan.shared_links:
            say(f"\n{link.name}\n  {share.header()}")
            for first, second in plan.pairs:
                report.share.append(measure_share(link, TRANSPORTS[first], TRANSPORTS[second], plan.share_seconds, seed))
                say(f"  {share.line(report.share[-1])}")
    if "held" in tables:
        for link in plan.held_links:
            say(f"\n{link.name}\n  {held.header()}")
            for name in plan.held:
                report.held.append(measure_held(link, TRANSPORTS[name], plan.seconds, seed))
                say(f"  {held.line(report.held[-1])}")
    if "faults" in tables and plan.faults:
        say(f"\n{faults.LINK.name}\n  {faults.header()}")
        for scenario in faults.SCENARIOS:
            for direction in plan.faults:
                report.faults.append(measure_fault(scenario, direction, seed))
                say(f"  {faults.line(report.faults[-1])}")
    if "crowd" in tables and plan.crowd:
        say(f"\n{crowd.LINK.name}\n  {crowd.header()}")
        for direction in plan.crowd:
            report.crowd.append(measure_crowd(direction, _CROWD, plan.seconds, seed))
            say(f"  {crowd.line(report.crowd[-1])}")
    if "loopback" in tables:
        say(f"\nloopback\n  {loopback.header()}")
        for name in plan.loopback:
            report.loopback.append(measure_loopback(TRANSPORTS[name], warm_up=_WARM_UP_SECONDS, seconds=plan.seconds / 3))
            say(f"  {loopback.line(report.loopback[-1])}")
    if "micro" in tables and plan.micro_iterations > 0:
        say(f"\nmicro\n  {micro.header()}")
        report.micro += measure_micro(iterations=plan.micro_iterations, seconds=_MICRO_SECONDS)
        for result in report.micro:
            say(f"  {micro.line(result)}")
    if "attack" in tables and plan.attack is not None:
        say(f"\na bridge under attack, {attack.LINK.name}")
        report.attack.append(measure_attack(plan.attack, seed))
        say(f"  {attack.text(report.attack[-1])}")
        report.exhausted.append(measure_exhausted(plan.seconds / 2))
        say(f"  {exhaust.text(report.exhausted[-1])}")
    if "idle" in tables and plan.idle > 0:
        say(f"\nidle sessions\n  {idle.header()}")
        report.idle.append(measure_idle(plan.idle))
        say(f"  {idle.line(report.idle[-1])}")
    if "start" in tables and plan.starts > 0:
        say(f"\nfrom exec, {plan.starts} times\n  {start.header()}")
        report.start.append(measure_start(plan.starts, plan.seconds, say=lambda row: say(f"  {row}")))
        for failure in report.start[-1].failures:
            say(f"  does not hold: {failure}")
    return report


def _plan(options: argparse.Namespace) -> Plan:
    base = QUICK if options.quick else STANDARD
    plan = vars(base).copy()
    if options.transports:
        chosen = tuple(options.transports.split(","))
        for name in chosen:
            if name not in TRANSPORTS:
                raise LabError(f"--transports: no '{name}'; there are {', '.join(TRANSPORTS)}")
        plan["transports"] = chosen
        plan["loopback"] = [name for name in chosen if not name.startswith("TCP") and " to " not in name]
        plan["held"] = [name for name in chosen if name.startswith("link")]
        plan["pairs"] = [pair for pair in base.pairs if pair[1] in chosen]
    if options.links:
        plan["links"] = [link for link in base.links if options.links in link.name]
        plan["shared_links"] = [link for link in base.shared_links if options.links in link.name]
        plan["held_links"] = [link for link in base.held_links if options.links in link.name]
        if not plan["links"] and not plan["shared_links"]:
            raise LabError(f"--links: none has '{options.links}' in its name; there are {'; '.join(link.name for link in LINKS)}")
    if options.seconds is not None:
        plan["seconds"], plan["share_seconds"] = options.seconds, 2 * options.seconds
    return Plan(**plan)


def parse_options(arguments: Sequence[str]) -> tuple[argparse.Namespace, Plan]:
    """Ends the program if they are malformed; LabError if they name what is not there."""
    parser = argparse.ArgumentParser(
        prog="scripts/bench",
        description=__doc__,
        epilog="Needs root for the links' network namespaces. The whole takes more than an hour (attack: five minutes; idle: two), --quick less than five minutes.",
    )
    parser.add_argument("tables", nargs="*", metavar="TABLE", help=f"only these of: {', '.join(TABLES)}")
    parser.add_argument("--quick", action="store_true", help="a few short measurements")
    parser.add_argument("--seconds", type=float, metavar="S", help="length of each flow; twice that where two share (default: 20)")
    parser.add_argument("--links", default="", metavar="TEXT", help="only links whose name has this in it")
    parser.add_argument("--transports", default="", metavar="A,B", help=f"only these of: {', '.join(TRANSPORTS)}")
    parser.add_argument("--seed", type=int, default=1, help="decides which packets are lost (default: 1)")
    parser.add_argument("--output", type=Path, default=TOP / "target/bench", metavar="DIR", help="for text, JSON and SVG (default: target/bench)")
    options = parser.parse_args(arguments)
    for name in options.tables:
        if name not in TABLES:
            raise LabError(f"no table '{name}'; there are {', '.join(TABLES)}")
    return options, _plan(options)


def main(arguments: Sequence[str]) -> int:
    try:
        options, plan = parse_options(arguments)
        options.output.mkdir(parents=True, exist_ok=True)
        with (options.output / "bench.txt").open("w") as text:

            def say(lines: str) -> None:
                print(lines, flush=True)
                print(lines, file=text, flush=True)

            say(", ".join(machine().values()))
            report = measure(plan, options.tables or TABLES, options.seed, say)
        (options.output / "bench.json").write_text(report.json())
        for name, figure in report.figures():
            (options.output / name).write_text(figure)
    except LabError as error:
        print(f"bench: {error.report()}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    print(f"\nText, JSON and SVG are in {options.output}")
    if not report.held_claims:
        print("bench: a claim does not hold, see above", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
