"""Experiment 2: two clients that start together with the authorities and relays of a private network, all on the loopback device."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lab import bootstrap, bridgeline, carriers
from lab.bridge import SCRIPTS
from lab.evaluate.grid import RELAYS, Cell
from lab.network import Network, Node, NodeSpec, Role, plain_network
from lab.proc import LabError, wait_until
from lab.relays import DiallingRelays, Reading, behind_proxies
from lab.timeline import Step

LOOPBACK = "127.0.0.1"


@dataclass
class _Followed:
    """One client's bootstrap; seconds since the network's start."""

    name: str
    steps: list[Step] = field(default_factory=list)
    started: float = 0.0
    error: str = ""


def measure(folder: Path, cell: Cell) -> dict[str, Any]:
    """A network of its own, from nothing."""
    timeout = float(cell.parameters["timeout"])
    followed = [_Followed(f"client{i + 1}") for i in range(int(cell.parameters["clients"]))]
    relays: list[Node] = []
    with Network(folder) as network:
        began: list[float] = []
        threads: list[threading.Thread] = []

        def together() -> None:
            began.append(time.monotonic())
            thread = threading.Thread(
                target=_start_clients, args=(network, cell.transport, followed, began[0], timeout), daemon=True
            )
            threads.append(thread)
            thread.start()

        if cell.transport == RELAYS:
            dialling = DiallingRelays(network, SCRIPTS / "client-pt", SCRIPTS / "server-pt")
            specs = behind_proxies(plain_network(authorities=3, relays=3, exits=1))
            network.start_public(specs, timeout, complete=dialling.complete, together=together)
            relays = dialling.nodes
        else:
            network.start_public(plain_network(authorities=3, relays=3, exits=1), timeout, together=together)
        consensus = time.monotonic() - began[0]
        threads[0].join(timeout + 10)
        for each in followed:
            if each.error or not each.steps:
                raise LabError(f"{each.name}: {each.error or 'it did not bootstrap in time'}")
        found = {
            "consensus": consensus,
            "clients": [
                {
                    "name": each.name,
                    "started": each.started,
                    "seconds": each.steps[-1].seconds,
                    "steps": [[round(step.seconds, 4), step.percent, step.tag] for step in each.steps],
                }
                for each in followed
            ],
            "carriers": _carriers(network, relays),
        }
        network.check_alive()
    return found


def _start_clients(
    network: Network, which: str, followed: Sequence[_Followed], began: float, timeout: float
) -> None:
    try:
        torrc: tuple[str, ...] = ()
        if which != RELAYS:
            torrc = _through_bridge(network)
        threads = [
            threading.Thread(target=_follow, args=(network, torrc, each, began, timeout), daemon=True) for each in followed
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    except Exception as error:  # whoever waits for them is told
        for each in followed:
            each.error = each.error or str(error)


def _through_bridge(network: Network) -> tuple[str, ...]:
    port = network.pick_port()
    torrc = (
        f"ServerTransportPlugin utp exec {SCRIPTS / 'server-pt'}",
        f"ServerTransportListenAddr utp {LOOPBACK}:{port}",
        "ExtORPort auto",
    )
    bridge = network.start(NodeSpec("bridge", Role.BRIDGE, torrc))
    file = bridge.pt_state / "utp_bridgeline.txt"
    wait_until("the bridge line of server-pt", bridge.polling(file.exists), 30, log=bridge.log)
    wait_until("the bridge's fingerprint", bridge.polling((bridge.data / "fingerprint").exists), 30, log=bridge.log)
    line = bridgeline.parse_file(file.read_text()).identified(bridge.fingerprint()).at(LOOPBACK, port)
    return "UseBridges 1", f"ClientTransportPlugin utp exec {SCRIPTS / 'client-pt'}", line.torrc()


def _follow(network: Network, torrc: tuple[str, ...], each: _Followed, began: float, timeout: float) -> None:
    try:
        node = network.start(NodeSpec(each.name, Role.CLIENT, torrc))
        each.started = time.monotonic() - began
        steps: list[Step] = []
        bootstrap.let_go(node, timeout, steps.append)
        # let_go counts from when it let the client go, a moment after its start.
        offset = time.monotonic() - began - steps[-1].seconds
        each.steps = [Step(step.seconds + offset, step.percent, step.tag, step.summary) for step in steps]
    except Exception as error:
        each.error = str(error)


def _carriers(network: Network, relays: Sequence[Node]) -> dict[str, int]:
    """Bytes of tor's that each carrier took, both directions, as those who dialled counted them."""
    if relays:
        counters = [Reading.of(node).dialling for node in relays]
    else:
        counters = [carriers.read(node.pt_state) for node in network.nodes.values() if node.spec.role is Role.CLIENT]
    return {
        "tls": sum(each.tls.sent + each.tls.received for each in counters),
        "utp": sum(each.utp.sent + each.utp.received for each in counters),
    }
