"""What the two proxies take of the processor for each byte: the first hundred megabytes of both, and the next hundred."""

from __future__ import annotations

import time
from typing import Any

from lab.evaluate.comparison import CIRCUITS
from lab.evaluate.grid import LINKS, TRANSPORTS, Cell
from lab.evaluate.traffic import Download, prepare, wait_all_begun
from lab.evaluate.world import Conduct, World, cpu_seconds, peak_mib
from lab.proc import LabError

_PATIENCE_SECONDS = 120.0
_LOOK_SECONDS = 0.01


def measure(world: World, cell: Cell) -> dict[str, Any]:
    """Four circuits at once, through proxies that nobody has used."""
    transport = TRANSPORTS[cell.transport]
    part = int(cell.parameters["megabytes"]) * 1_000_000
    world.set_link(LINKS[cell.link], transport.congestion)
    with world.fresh_bridge(transport) as bridge, world.client(transport, 90, bridge) as client:
        prepare(world, client, CIRCUITS)
        world.settle()
        conduct = Conduct(world.link)
        flows = [Download(world, client, user) for user in CIRCUITS]
        try:
            marks = [(time.monotonic(), 0, cpu_seconds(client.proxies()))]
            for flow in flows:
                flow.start()
            wait_all_begun(flows)
            for wanted in (part, 2 * part):
                marks.append(_await(world, flows, wanted, client.proxies()))
        finally:
            for flow in flows:
                flow.stop()
        found: dict[str, Any] = {"machine": conduct.so_far()}
        for name, (began, had, before), (ended, has, after) in zip(("cold", "warm"), marks, marks[1:]):
            found[name] = {
                "bytes": has - had,
                "seconds": ended - began,
                "cpu_seconds": {proxy: after[proxy] - before[proxy] for proxy in after},
            }
        found["memory_mib"] = {name: peak_mib(pid) for name, pid in client.proxies().items()}
    world.check()
    return found


def _await(
    world: World, flows: list[Download], wanted: int, proxies: dict[str, int]
) -> tuple[float, int, dict[str, float]]:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while (received := sum(flow.received for flow in flows)) < wanted:
        broken = [flow.error for flow in flows if flow.error]
        if broken:
            raise LabError(f"a download broke: {broken[0]}")
        if time.monotonic() > deadline:
            world.check()
            raise LabError(f"{wanted / 1e6:.0f} MB did not come in {_PATIENCE_SECONDS:.0f} s")
        time.sleep(_LOOK_SECONDS)
    return time.monotonic(), received, cpu_seconds(proxies)
