"""What most cells share: a private Tor network at the far end of an emulated link, bridges beside it, and a client at the near
end, made anew for each cell.

Network and bridges stay up from cell to cell, as they do in reality, so that a cell takes no longer than what it measures. The
link's conditions and the kernel's congestion control are changed between cells.
"""

from __future__ import annotations

import contextlib
import re
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lab import bootstrap, bridgeline, namespace
from lab.bridge import SCRIPTS, Usage
from lab.evaluate.grid import Link, Transport
from lab.link import Conditions, Counts, EmulatedLink
from lab.network import Network, Node, NodeSpec, Role, plain_network
from lab.proc import LabError, Program, run, wait_until
from lab.relays import children
from lab.timeline import Step

LOOPBACK = "127.0.0.1"
OBFS4PROXY = "/usr/bin/obfs4proxy"

# The client's other address, when it moves.
_ELSEWHERE = "10.77.0.3"

_QUIET_PACKETS = 6
_QUIET_SECONDS = 0.25
# How far an upload writes ahead of what has arrived: a round trip, so much more, and some blocks.
_UPLOAD_AHEAD_SECONDS = 0.25
_UPLOAD_AHEAD_BYTES = 256 << 10

# What still waits then, in a proxy say, is what the next one meets in reality as well.
_MOST_SETTLING_SECONDS = 4.0


@dataclass
class Bridge:
    """A bridge beside the network. The line is what a client's torrc needs."""

    node: Node
    line: str
    proxy_pid: int | None


@dataclass
class Client:
    """A client that is bootstrapped."""

    node: Node
    bridge: Bridge
    steps: list[Step]
    proxy_pid: int | None

    def proxies(self) -> dict[str, int]:
        """Client's and server's, by these names; none of a plain bridge."""
        pids = {"client": self.proxy_pid, "server": self.bridge.proxy_pid}
        return {name: pid for name, pid in pids.items() if pid is not None}


class World:
    """All of it; a context manager. Needs root, as EmulatedLink does."""

    def __init__(self, folder: Path, seed: int) -> None:
        self._folder = folder
        self._stack = contextlib.ExitStack()
        self.link = EmulatedLink(Conditions(), Conditions(), seed=seed)
        self._bridges: dict[str, Bridge] = {}
        self._count = 0
        self._near_address = self.link.near.address
        self._congestion = "cubic"
        self.upload_ahead = _UPLOAD_AHEAD_BYTES

    def __enter__(self) -> World:
        with contextlib.ExitStack() as stack:
            stack.enter_context(self.link)
            self._set_loopback()
            self.samples = self._folder / "samples"
            self.samples.mkdir(parents=True)
            with self.inside_far():
                self.network = stack.enter_context(Network(self._folder / "tor"))
                self.port = self.network.pick_port()
                self._source = Program(
                    "source",
                    [sys.executable, "-m", "lab.evaluate.source", LOOPBACK, str(self.port), str(self.samples)],
                    self._folder / "source.log",
                )
                stack.callback(self._source.stop)
                self.network.open_exits([self.port])
                self.network.start_public(plain_network(authorities=3, relays=3, exits=1), 90)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def inside_near(self) -> contextlib.AbstractContextManager[None]:
        return namespace.inside(self.link.near.namespace)

    def inside_far(self) -> contextlib.AbstractContextManager[None]:
        return namespace.inside(self.link.far.namespace)

    def check(self) -> None:
        """Fails if something has ended that should not have."""
        self._source.check_alive()
        self.network.check_alive()

    def set_link(self, link: Link, congestion: str) -> None:
        """For the connections that are made from now on; what the kernel remembers of earlier ones is forgotten."""
        self.link.change(link.up(), link.down())
        up = link.up()
        self.upload_ahead = _UPLOAD_AHEAD_BYTES + int(up.rate * 1e6 / 8 * (2 * up.delay / 1e3 + _UPLOAD_AHEAD_SECONDS))
        self._congestion = congestion
        self._set_routes()
        for host in (self.link.near, self.link.far):
            run(["ip", "-n", host.namespace, "tcp_metrics", "flush"])

    def _set_routes(self) -> None:
        for host, address in ((self.link.near, self._near_address), (self.link.far, self.link.far.address)):
            prefix = address.rpartition(".")[0] + ".0/24"
            run(
                ["ip", "-n", host.namespace, "route", "replace", prefix, "dev", host.device]
                + ["proto", "kernel", "scope", "link", "src", address, "congctl", self._congestion]
            )

    def _set_loopback(self) -> None:
        """CUBIC for all that is not on the link, whatever the machine's default is: tor gives a socket what its window takes."""
        for host in (self.link.near, self.link.far):
            for local in ("127.0.0.0/8", "127.0.0.1"):
                run(
                    ["ip", "-n", host.namespace, "route", "replace", "local", local, "dev", "lo", "table", "local"]
                    + ["proto", "kernel", "scope", "host", "src", "127.0.0.1", "congctl", "cubic"]
                )

    def move(self, away: bool = True) -> None:
        """Gives the client's host another address, as another network would, or its own one back."""
        here = self.link.near
        old, new = (here.address, _ELSEWHERE) if away else (_ELSEWHERE, here.address)
        if self._near_address == new:
            return
        run(["ip", "-n", here.namespace, "addr", "del", f"{old}/24", "dev", here.device])
        run(["ip", "-n", here.namespace, "addr", "add", f"{new}/24", "dev", here.device])
        self._near_address = new
        self._set_routes()

    def settle(self) -> float:
        """Waits until next to nothing is on the link; what was in queues would be in the way of what is measured next."""
        began = time.monotonic()
        before = self._sent()
        while time.monotonic() < began + _MOST_SETTLING_SECONDS:
            time.sleep(_QUIET_SECONDS)
            now = self._sent()
            if now - before <= _QUIET_PACKETS:
                break
            before = now
        return time.monotonic() - began

    def _sent(self) -> int:
        counters = self.link.stats()
        return int(counters["forward"]["sent"]) + int(counters["back"]["sent"])

    # Bridges

    def bridge(self, transport: Transport) -> Bridge:
        """The one that transports of this kind share; started when it is first asked for, or has ended."""
        known = self._bridges.get(transport.bridge)
        if known is not None:
            with contextlib.suppress(LabError):
                known.node.check_alive()
                return known
            self._drop(transport.bridge)
        made = self._start_bridge(transport)
        self._bridges[transport.bridge] = made
        return made

    def _drop(self, name: str) -> None:
        self.network.remove(self._bridges.pop(name).node)

    @contextlib.contextmanager
    def fresh_bridge(self, transport: Transport) -> Iterator[Bridge]:
        """One that nobody has used."""
        made = self._start_bridge(transport)
        try:
            yield made
        finally:
            self.network.remove(made.node)

    def _start_bridge(self, transport: Transport) -> Bridge:
        address = self.link.far.address
        with self.inside_far():
            port = self.network.pick_port(address)
            torrc: list[str] = []
            if transport.kind != "plain":
                program = OBFS4PROXY if transport.kind == "obfs4" else SCRIPTS / "server-pt"
                torrc += [
                    f"ServerTransportPlugin {transport.kind} exec {program}",
                    f"ServerTransportListenAddr {transport.kind} {address}:{port}",
                    "ExtORPort auto",
                ]
            options = _arguments(transport, server=True)
            if options:
                torrc.append(f"ServerTransportOptions utp {' '.join(f'{key}={value}' for key, value in options.items())}")
            node = self.network.start(NodeSpec(self._name("bridge"), Role.BRIDGE, tuple(torrc), address))
            try:
                # It hands consensus and descriptors to its clients, so it must have them first.
                wait_until(
                    "a bridge to learn about the network",
                    node.polling(lambda: "(enough_dirinfo)" in node.log.read_text(errors="replace")),
                    60,
                    log=node.log,
                )
                line = self._line(transport, node, address, port)
            except BaseException:
                self.network.remove(node)
                raise
        return Bridge(node, line, next(iter(children(node)), None) if transport.kind != "plain" else None)

    def _line(self, transport: Transport, node: Node, address: str, port: int) -> str:
        if transport.kind == "plain":
            return f"Bridge {address}:{node.or_port} {node.fingerprint()}"
        file = node.pt_state / f"{transport.kind}_bridgeline.txt"
        wait_until("a bridge line", node.polling(file.exists), 30, log=node.log)
        if transport.kind == "utp":
            line = bridgeline.parse_file(file.read_text()).identified(node.fingerprint()).at(address, port)
            return line.torrc()
        # obfs4proxy leaves a gap for the address, which is not one word.
        cert = re.search(r"^Bridge obfs4 .*(cert=\S+)", file.read_text(), re.MULTILINE)
        if cert is None:
            raise LabError("obfs4proxy wrote a bridge line without cert=", node.log)
        return f"Bridge obfs4 {address}:{port} {node.fingerprint()} {cert[1]} iat-mode=0"

    def _name(self, role: str) -> str:
        self._count += 1
        return f"{role}{self._count}"

    # Clients

    @contextlib.contextmanager
    def client(self, transport: Transport, timeout: float, bridge: Bridge | None = None) -> Iterator[Client]:
        """A new one, which has nothing of an earlier one's, and bootstraps now."""
        bridge = bridge or self.bridge(transport)
        line = " ".join([bridge.line, *(f"{key}={value}" for key, value in _arguments(transport).items())])
        torrc = ["UseBridges 1", line]
        if transport.kind != "plain":
            program = OBFS4PROXY if transport.kind == "obfs4" else SCRIPTS / "client-pt"
            torrc.append(f"ClientTransportPlugin {transport.kind} exec {program}")
        for pid in [] if bridge.proxy_pid is None else [bridge.proxy_pid]:
            forget_peak(pid)
        with self.inside_near():
            node = self.network.start(NodeSpec(self._name("client"), Role.CLIENT, tuple(torrc), LOOPBACK, bound=False))
        try:
            with self.inside_near():
                steps = bootstrap.let_go(node, timeout)
            pid = next(iter(children(node)), None) if transport.kind != "plain" else None
            yield Client(node, bridge, steps, pid)
        finally:
            self.network.remove(node)


def _arguments(transport: Transport, *, server: bool = False) -> dict[str, str]:
    """Of ours: on either side what that side sends with."""
    found = {"cc": transport.cc, "carrier": transport.carrier} if transport.kind == "utp" else {}
    return {key: value for key, value in found.items() if value}


def forget_peak(pid: int) -> None:
    """From now on counts anew what a process had of memory at most: proc(5), clear_refs."""
    with contextlib.suppress(OSError):
        Path(f"/proc/{pid}/clear_refs").write_text("5")


def peak_mib(pid: int) -> float:
    """What it had at most."""
    match = re.search(r"^VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    if match is None:
        raise LabError(f"the kernel does not tell the memory of process {pid}")
    return int(match[1]) / 1024


def cpu_seconds(pids: dict[str, int]) -> dict[str, float]:
    """What each has used of the processor since its start."""
    return {name: Usage.of(pid).cpu_seconds for name, pid in pids.items()}


def processors() -> tuple[float, float]:
    """Of all processors, in ticks since the start of the machine: all, and with nothing to do."""
    fields = [float(word) for word in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    return sum(fields), fields[3] + fields[4]


class Conduct:
    """How the machine did, from the beginning of this until it is asked: figures of a machine that was too slow mean little."""

    def __init__(self, link: EmulatedLink) -> None:
        self._link = link
        self._stats = link.stats()
        self._processors = processors()

    def so_far(self) -> dict[str, float]:
        now = self._link.stats()
        whole, idle = (after - before for before, after in zip(self._processors, processors()))
        directions = [Counts.between(self._stats[way], now[way]) for way in ("forward", "back")]
        return {
            "busy": 1 - idle / whole if whole else 0.0,
            "late_ms": max(each.late_ms for each in directions),
            "refused": sum(each.overload for each in directions),
            "lost": sum(each.lost for each in directions),
            "dropped": sum(each.dropped for each in directions),
            "sent": sum(each.sent for each in directions),
        }
