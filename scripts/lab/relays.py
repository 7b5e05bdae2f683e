"""The demo of relay to relay: relays dial each other over TLS and µTP, and everybody else comes in as ever.

Each relay advertises the port where its server-pt listens, which hands whoever is no client of its own to tor's ORPort
behind it, and each has a Bridge line for every other one. An unmodified tor then dials these through client-pt. The
authorities have neither: tor does not take a node that it has a Bridge line for as its own guard, so a relay needs some
nodes without one.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import socket
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from . import bridgeline, carriers, content, demo
from .control import Control
from .demo import LOOPBACK, MEGABYTE, Demo
from .network import Network, Node, NodeSpec, Role, plain_network
from .proc import LabError, run, wait_until

# Of a relay's client-pt: tor has one state folder for both proxies, and server-pt's counters are in carriers.json.
DIALLED_FILE = "dialled.json"

# The least share of the downloaded bytes, in per cent, that µTP must have had between any two relays.
UTP_SHARE_NEEDED = 50.0

_CIRCUIT = re.compile(r"^(?:250[+-]circuit-status=)?(\d+) BUILT (\S+)")
_HOP = re.compile(r"\$[0-9A-F]{40}[~=](\w+)")
_SAMPLE = re.compile(r"(tandem_\w+)(?:\{.*\})? (\S+)")
_REACHABLE = re.compile(r"Found router \$[0-9A-F]{40}~(\w+)")
_ESTABLISHED = "01"
_HAS_CONSENSUS = "The current consensus contains exit nodes"


def behind_proxies(specs: Sequence[NodeSpec]) -> list[NodeSpec]:
    """The same network, whose relays and exits are reached at a server-pt's port."""
    return [replace(spec, behind_proxy=spec.role in (Role.RELAY, Role.EXIT)) for spec in specs]


class DiallingRelays:
    """The torrc lines that let relays dial each other, for Network.start_public."""

    def __init__(self, network: Network, client_pt: Path, server_pt: Path) -> None:
        self._network = network
        self._client_pt = client_pt
        self._server_pt = server_pt
        self.nodes: list[Node] = []

    def complete(self, nodes: Sequence[Node]) -> Mapping[str, Sequence[str]]:
        """What the relays need, whose keys and bridge lines are made for it."""
        self.nodes = [node for node in nodes if node.spec.behind_proxy]
        with ThreadPoolExecutor() as pool:
            known = list(pool.map(self._bridge_line, self.nodes))
        return {
            node.name: [
                *self._server_lines(node),
                f"ClientTransportPlugin utp exec {self._client_pt} --counters {DIALLED_FILE}",
                *(line.torrc() for line, other in zip(known, self.nodes) if other is not node),
            ]
            for node in self.nodes
        }

    def _bridge_line(self, node: Node) -> bridgeline.BridgeLine:
        self._network.make_relay_keys(node)
        make_identity(self._server_pt, node.pt_state)
        text = (node.pt_state / "utp_bridgeline.txt").read_text()
        return bridgeline.parse_file(text).identified(node.fingerprint()).at(node.spec.address, node.or_port)

    def _server_lines(self, node: Node) -> list[str]:
        return [
            f"ServerTransportPlugin utp exec {self._server_pt}",
            f"ServerTransportListenAddr utp {node.spec.address}:{node.or_port}",
            f"ServerTransportOptions utp decoy=orport metrics=unix:{metrics_socket(node)}",
            "ExtORPort auto",
        ]


def make_identity(server_pt: Path, state: Path) -> None:
    """Has server-pt make its keys and its bridge line, by starting it as tor would, and ending it."""
    environment = {
        **os.environ,
        "TOR_PT_MANAGED_TRANSPORT_VER": "1",
        "TOR_PT_STATE_LOCATION": str(state),
        "TOR_PT_SERVER_TRANSPORTS": "utp",
        "TOR_PT_SERVER_BINDADDR": f"utp-{LOOPBACK}:0",
        "TOR_PT_ORPORT": f"{LOOPBACK}:1",
        # There is no standard input to wait for.
        "TOR_PT_EXIT_ON_STDIN_CLOSE": "1",
    }
    said = run([str(server_pt)], environment=environment)
    if "SMETHOD utp " not in said:
        raise LabError(f"server-pt did not start: {said.strip().splitlines()[-1] if said.strip() else 'it said nothing'}")


def metrics_socket(node: Node) -> Path:
    return node.folder / "metrics"


@dataclass(frozen=True)
class Strangers:
    """Who came to a server-pt without being its client."""

    total: int
    now: int


def strangers(node: Node) -> Strangers:
    """As server-pt's metrics count them."""
    samples: dict[str, float] = {}
    for match in map(_SAMPLE.fullmatch, _get(metrics_socket(node), "/metrics").splitlines()):
        if match:
            samples[match[1]] = samples.get(match[1], 0) + float(match[2])
    return Strangers(int(samples.get("tandem_strangers_total", 0)), int(samples.get("tandem_stranger_connections", 0)))


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=10)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(10)
        self.sock.connect(str(self._path))


def _get(path: Path, page: str) -> str:
    with contextlib.closing(_UnixConnection(path)) as connection:
        try:
            connection.request("GET", page)
            return connection.getresponse().read().decode()
        except OSError as error:
            raise LabError(f"the metrics of {path.parent.name} cannot be had: {error}") from error


@dataclass(frozen=True)
class Dialled:
    """What a relay's client-pt has open: TLS connections to whom, and how many µTP sockets."""

    peers: tuple[str, ...]
    utp: int


def dialled(node: Node, others: Sequence[Node]) -> Dialled:
    ports = {other.or_port: other.name for other in others if other is not node}
    for pid in children(node):
        inodes = _sockets(pid)
        rows = [row for row in _table("tcp") if row.inode in inodes and row.state == _ESTABLISHED]
        peers = {ports[row.remote] for row in rows if row.remote in ports}
        if peers:
            return Dialled(tuple(sorted(peers)), sum(row.inode in inodes for row in _table("udp")))
    return Dialled((), 0)


def children(node: Node) -> list[int]:
    """The proxies of a tor: its children."""
    parent = node.process.pid if node.process is not None else -1
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            with contextlib.suppress(OSError):
                if int((folder / "stat").read_text().rpartition(")")[2].split()[1]) == parent:
                    found.append(int(folder.name))
    return found


def _sockets(pid: int) -> set[str]:
    inodes = set()
    with contextlib.suppress(OSError):
        for link in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                inodes.add(os.readlink(link).removeprefix("socket:[").removesuffix("]"))
    return inodes


@dataclass(frozen=True)
class _Socket:
    """A line of the kernel's tables; the ports of its two ends."""

    inode: str
    state: str
    local: int
    remote: int


def _table(protocol: str) -> list[_Socket]:
    """All sockets of a protocol on this machine."""
    rows = []
    for name in (protocol, f"{protocol}6"):
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]:
                fields = line.split()
                local, remote = (int(end.rpartition(":")[2], 16) for end in fields[1:3])
                rows.append(_Socket(fields[9], fields[3], local, remote))
    return rows


def circuits(lines: Sequence[str]) -> dict[str, list[str]]:
    """The nicknames along each circuit that is built, from the answer to GETINFO circuit-status."""
    return {match[1]: _HOP.findall(match[2]) for match in map(_CIRCUIT.match, lines) if match}


@dataclass(frozen=True)
class Reading:
    """What the proxies of one relay have counted: as the one who dials, and as the one who is dialled."""

    dialling: carriers.Counters
    accepting: carriers.Counters

    @classmethod
    def of(cls, node: Node) -> Reading:
        return cls(carriers.read(node.pt_state, DIALLED_FILE), carriers.read(node.pt_state))

    def __sub__(self, other: Reading) -> Reading:
        return Reading(self.dialling - other.dialling, self.accepting - other.accepting)


def verdict(path: Sequence[str], during: Mapping[str, Reading], size: int) -> str:
    """One sentence if the download went over µTP between the relays of its circuit; otherwise fails, saying what is wrong.

    Either of two relays may have dialled the other: tor uses the connection that is there. The bytes come from the one
    farther from the client.
    """
    if len(path) < 2:
        raise LabError(f"the download's circuit has {len(path)} relays")
    shares = []
    for near, far in zip(path, path[1:]):
        if near not in during or far not in during:
            raise LabError(f"the download went from {near} to {far}, of which one has no proxies")
        dialled_far = (during[near].dialling.tls.received, during[near].dialling.utp.received), (
            during[far].accepting.tls.sent,
            during[far].accepting.utp.sent,
        )
        dialled_near = (during[far].dialling.tls.sent, during[far].dialling.utp.sent), (
            during[near].accepting.tls.received,
            during[near].accepting.utp.received,
        )
        ends = next((ends for ends in (dialled_far, dialled_near) if all(tls + utp >= size for tls, utp in ends)), None)
        if ends is None:
            raise LabError(
                f"the proxies of {near} and {far} did not count the {size} bytes of the download: it went another way"
            )
        share = min(carriers.share(utp, tls) for tls, utp in ends)
        if share <= UTP_SHARE_NEEDED:
            raise LabError(
                f"µTP carried only {share:.1f} % from {far} to {near}; more than {UTP_SHARE_NEEDED:.0f} % are needed"
            )
        shares.append(share)
    return (
        f"µTP carried at least {min(shares):.1f} % of the downloaded bytes between relays "
        f"(more than {UTP_SHARE_NEEDED:.0f} % are needed)"
    )


class RelayDemo(Demo):
    """Bootstrap and download of a plain tor client, through relays that dial each other."""

    def run(self) -> None:
        with contextlib.ExitStack() as stack:
            folder = self._folder(stack)
            server = stack.enter_context(content.ContentServer(0))
            network = stack.enter_context(Network(folder, exit_ports=[server.address[1]]))
            self._introduce()
            relays = self._start_relays(network)
            torrc = plain_client(relays, self._first_with_documents(relays))
            spec = NodeSpec("client", Role.CLIENT, torrc)
            client, steps = self._bootstrap_client(network, spec, "which knows nothing of all this")
            self._draw_titled(steps, f"tor bootstraps in {steps[-1].seconds:.1f} s", "relays that dial each other over µTP")
            streams: list[str] = []
            control = client.control(lambda _, text: streams.append(text))
            stack.callback(control.close)
            control.command("SETEVENTS STREAM")
            before = {node.name: Reading.of(node) for node in relays}
            self._download(client, server, None)
            path = way_of_stream(streams, server.address[1], control)
            after = self._settled(relays, path, before)
            network.check_alive()
            self._show(relays, path, after)
            during = {name: after[name] - before[name] for name in after}
            self._report.line(f"  {verdict(path, during, self._options.size)}")
            self._show_strangers(network, relays, path[0], client)
            self._report.line(f"  {self._report.elapsed():.0f} s in all")

    def _start_relays(self, network: Network) -> list[Node]:
        # As few as a circuit takes: each has two proxies, which all start at once.
        specs = behind_proxies(plain_network(authorities=3, relays=2, exits=1))
        # What an authority thinks of a relay's ORPort stands in its log at that level alone.
        specs = [
            replace(spec, torrc=(f"Log [dirserv]info file {network.folder / spec.name / 'dirserv.log'}",))
            if spec.role is Role.AUTHORITY
            else spec
            for spec in specs
        ]
        dialling = DiallingRelays(network, self._options.client_pt, self._options.server_pt)
        began = time.monotonic()
        network.start_public(specs, self._time_left(90), complete=dialling.complete)
        seconds = time.monotonic() - began
        self._report.item("network", f"3 authorities on {LOOPBACK}, and 2 relays and 1 exit behind server-pt; consensus after {seconds:.1f} s")
        return dialling.nodes

    def _first_with_documents(self, relays: Sequence[Node]) -> Node:
        """The relay that a client can enter by first: it has the documents that the client asks for.

        Some ask the authorities again only after half a minute. The others need not know the network to carry cells.
        """
        entries = [node for node in relays if node.spec.role is Role.RELAY]

        def first() -> Node | None:
            return next((node for node in entries if _HAS_CONSENSUS in node.log.read_text(errors="replace")), None)

        began = time.monotonic()
        entry = wait_until("a relay that has a consensus", first, self._time_left(60), log=entries[0].log)
        self._report.item("entry", f"{entry.name}, which has the network's documents after another {time.monotonic() - began:.1f} s")
        return entry

    def _settled(self, relays: Sequence[Node], path: Sequence[str], before: Mapping[str, Reading]) -> dict[str, Reading]:
        """What was counted when all of the download is, or after some seconds: the proxies write twice a second."""
        patience = time.monotonic() + 5
        while True:
            now = {node.name: Reading.of(node) for node in relays}
            try:
                verdict(path, {name: now[name] - before[name] for name in now}, self._options.size)
                return now
            except LabError:
                if time.monotonic() > patience:
                    return now
                time.sleep(0.1)

    def _show(self, relays: Sequence[Node], path: Sequence[str], after: Mapping[str, Reading]) -> None:
        self._report.heading("Who has dialled whom by client-pt (TLS connections that are open, and µTP sockets)")
        for node in relays:
            found = dialled(node, relays)
            self._report.item(node.name, f"{', '.join(found.peers) or 'nobody'}; µTP sockets: {found.utp}")
        self._report.heading("What each carrier took since the start, sent and received, in MB")
        for text in carrier_table(after):
            self._report.line(f"  {text}")
        self._report.line()
        self._report.line(f"  the download's way: client ─TCP─ {' ─µTP─ '.join(path)}")

    def _show_strangers(self, network: Network, relays: Sequence[Node], entry: str, client: Node) -> None:
        found = {node.name: strangers(node) for node in relays}
        nobody = [name for name, each in found.items() if each.total == 0]
        if nobody:
            raise LabError(f"no stranger came to {', '.join(nobody)}, not even an authority")
        if found[entry].now == 0:
            raise LabError(f"the client is no stranger at {entry}: how did it come in?")
        if not knows_peer(network.nodes[entry], client):
            raise LabError(f"the tor of {entry} does not know where the client's connection comes from")
        text = ", ".join(f"{name} {each.total} ({each.now} open)" for name, each in found.items())
        self._report.line(f"  strangers handed to the ORPort: {text}")
        self._report.line(f"  the tor of {entry} knows the client by its own address, not by server-pt's")
        reached = {node.name for node in relays} & reachable(network)
        self._report.line(f"  found reachable by an authority's test: {', '.join(sorted(reached)) or 'none'}")


def knows_peer(node: Node, client: Node) -> bool:
    """Whether that relay's tor knows a connection by the address that it has at the client's end.

    On the loopback interface all have one address, and tor does not bind to another there: the port tells.
    """
    own = _sockets(client.process.pid if client.process is not None else -1)
    ports = {row.local for row in _table("tcp") if row.inode in own and row.remote == node.or_port}
    with contextlib.closing(node.control(lambda _, text: None)) as connection:
        lines = connection.command("GETINFO orconn-status")
    return any(line.rpartition("=")[2].startswith(f"{LOOPBACK}:{port} ") for line in lines for port in ports)


def plain_client(relays: Sequence[Node], entry: Node) -> tuple[str, ...]:
    """A client without a transport, whose circuits are of these relays alone: authorities would do as well."""

    def names(role: Role) -> str:
        return ",".join(f"${node.fingerprint()}" for node in relays if node.spec.role is role and node is not entry)

    return (
        f"EntryNodes ${entry.fingerprint()}",
        f"MiddleNodes {names(Role.RELAY)}",
        f"ExitNodes {names(Role.EXIT)}",
        "StrictNodes 1",
        # All of a download in one circuit, so that each pair of relays shows what it carried.
        "ConfluxEnabled 0",
    )


def way_of_stream(events: Sequence[str], port: int, control: Control) -> list[str]:
    """The relays along the circuit of the last stream to that port: tor has streams of its own, for documents."""
    circuit = circuit_of_stream(events, port)
    known = circuits(control.command("GETINFO circuit-status"))
    if circuit not in known:
        raise LabError("tor does not say which circuit the download took")
    return known[circuit]


def circuit_of_stream(events: Sequence[str], port: int) -> str:
    """From STREAM events; empty if there was no such stream."""
    found = [match[1] for match in (re.match(rf"STREAM \d+ SUCCEEDED (\d+) \S+:{port}(?:\s|$)", text) for text in events) if match]
    return found[-1] if found else ""


def reachable(network: Network) -> set[str]:
    """Whom the authorities have found reachable, as their logs say."""
    found: set[str] = set()
    for node in network.nodes.values():
        log = node.folder / "dirserv.log"
        if log.exists():
            found |= set(_REACHABLE.findall(log.read_text(errors="replace")))
    return found


def carrier_table(readings: Mapping[str, Reading]) -> list[str]:
    """A line for each relay: what its client-pt, which dials, and its server-pt took on each carrier."""
    lines = [
        f"{'':<10} {'client-pt':^29}   {'server-pt':^29}".rstrip(),
        f"{'':<10} {'sessions':>9} {'TLS':>9} {'µTP':>9}   {'sessions':>9} {'TLS':>9} {'µTP':>9}",
    ]
    for name, reading in readings.items():
        cells = []
        for counters in (reading.dialling, reading.accepting):
            tls, utp = (each.sent + each.received for each in (counters.tls, counters.utp))
            cells.append(f"{counters.sessions:9d} {tls / MEGABYTE:9.3f} {utp / MEGABYTE:9.3f}")
        lines.append(f"{name:<10} {'   '.join(cells)}")
    return lines


if __name__ == "__main__":
    sys.exit(demo.main(sys.argv[1:], RelayDemo))
