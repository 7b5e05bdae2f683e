"""Experiment 1: a client bootstraps through a private bridge."""

from __future__ import annotations

from typing import Any

from lab.evaluate.comparison import bootstrap_figures
from lab.evaluate.grid import LINKS, TRANSPORTS, Cell
from lab.evaluate.world import Conduct, World


def measure(world: World, cell: Cell) -> dict[str, Any]:
    """One bootstrap, of a client that has nothing of an earlier one's."""
    transport = TRANSPORTS[cell.transport]
    world.set_link(LINKS[cell.link], transport.congestion)
    world.bridge(transport)
    world.settle()
    conduct = Conduct(world.link)
    with world.client(transport, cell.parameters["timeout"]) as client:
        found = {"bootstrap": bootstrap_figures(client.steps), "machine": conduct.so_far()}
    world.check()
    return found
