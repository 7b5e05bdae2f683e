"""Experiment 4: what a user of tor has of each transport on a link."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from lab.evaluate.grid import LINKS, TRANSPORTS, Cell
from lab.evaluate.traffic import (
    Delays,
    Download,
    Flow,
    FlowMaker,
    Upload,
    idle_requests,
    mbit,
    prepare,
    requests_until,
    seconds_to,
    wait_all_begun,
)
from lab.evaluate.world import Client, Conduct, World, cpu_seconds, peak_mib
from lab.timeline import Step

SIZES: Mapping[str, int] = {"50 KiB": 50 << 10, "1 MiB": 1 << 20, "5 MiB": 5 << 20}
CIRCUITS = ("a", "b", "c", "d")

# What tor begins by itself, mostly at one of its once-a-second looks; all others end when something has come from the network.
_BEGUN_BY_TOR = {
    "conn_pt",
    "conn_done_pt",
    "conn",
    "onehop_create",
    # Two round trips, and between them up to a second until it asks for the consensus.
    "loading_status",
    "requesting_descriptors",
    "ap_conn_pt",
    "ap_conn",
    # Through a bridge there is no connection to be made for circuits: here it begins to build them.
    "ap_handshake_done",
    "circuit_create",
}


def measure(world: World, cell: Cell) -> dict[str, Any]:
    """One client, from its bootstrap to its last upload."""
    link, transport, lengths = LINKS[cell.link], TRANSPORTS[cell.transport], cell.parameters
    world.set_link(link, transport.congestion)
    world.bridge(transport)
    world.settle()
    conduct = Conduct(world.link)
    with world.client(transport, lengths["bootstrap_timeout"]) as client:
        prepare(world, client, ("small", "one", *CIRCUITS))
        found: dict[str, Any] = {"bootstrap": bootstrap_figures(client.steps)}
        found["idle"] = asdict(idle_requests(world, client, lengths["idle_requests"]))
        for name, users, maker, asking in (
            ("down", ("one",), Download, True),
            ("down4", CIRCUITS, Download, True),
            ("up", ("one",), Upload, False),
            ("up4", CIRCUITS, Upload, True),
        ):
            world.settle()
            found[name] = bulk(world, client, users, maker, lengths[name], lengths["ramp"], asking)
        found["memory_mib"] = {name: peak_mib(pid) for name, pid in client.proxies().items()}
        client.node.check_alive()
    found["machine"] = conduct.so_far()
    world.check()
    return found


def bootstrap_figures(steps: Sequence[Step]) -> dict[str, Any]:
    """The whole time, and that without the waits for what tor does once a second."""
    return {
        "seconds": steps[-1].seconds,
        "network_seconds": network_seconds(steps),
        "steps": [[round(step.seconds, 4), step.percent, step.tag] for step in steps],
    }


def network_seconds(steps: Sequence[Step]) -> float:
    """The time up to each step that something from the network made, since the step before."""
    total, before = 0.0, 0.0
    for step in steps:
        if step.tag not in _BEGUN_BY_TOR:
            total += step.seconds - before
        before = step.seconds
    return total


def bulk(
    world: World, client: Client, users: Sequence[str], maker: FlowMaker, seconds: float, ramp: float, asking: bool
) -> dict[str, Any]:
    """So many flows at once, for so long after the first byte of the last; small requests beside them, if that is asked for."""
    conduct = Conduct(world.link)
    flows: list[Flow] = [maker(world, client, user) for user in users]
    before = cpu_seconds(client.proxies())
    try:
        for flow in flows:
            flow.start()
        begun = wait_all_begun(flows)
        begin, end = begun + ramp, begun + seconds
        time.sleep(max(0.0, begin - time.monotonic()))
        delays = requests_until(world, client, end) if asking else Delays()
        time.sleep(max(0.0, end - time.monotonic()))
        for flow in flows:
            if flow.error:
                client.node.check_alive()
        after = cpu_seconds(client.proxies())
        until = time.monotonic()
        rates = mbit(flows, begin, end)
        found = {
            "mbit": sum(rates),
            "each_mbit": rates,
            "seconds": end - begin,
            "delays": asdict(delays),
            "bytes": sum(_total(flow, until) for flow in flows),
            "cpu_seconds": {name: after[name] - before[name] for name in after},
            "errors": [flow.error for flow in flows if flow.error],
        }
        if maker is Download and len(flows) == 1:
            found |= {
                "first_byte": flows[0].samples()[0][0] - flows[0].began,
                "to": {name: seconds_to(flows[0], size) for name, size in SIZES.items()},
                "watched": until - flows[0].began,
            }
    finally:
        for flow in flows:
            flow.stop()
    found["machine"] = conduct.so_far()
    return found


def _total(flow: Flow, moment: float) -> int:
    samples = [count for when, count in flow.samples() if when <= moment]
    return samples[-1] if samples else 0
