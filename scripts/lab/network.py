"""A private Tor network of unmodified tor programs, built from a list of nodes.

Authorities, relays and exits come up together and are ready when the authorities' consensus lists them all.
Bridges and clients are added one by one afterwards, each with the torrc lines that the experiment is about.
Nothing leaves the machine: every address is a loopback one unless a node says otherwise, and connections to
any other address are bound to the loopback address, for which the kernel has no way out.
"""

from __future__ import annotations

import enum
import math
import os
import re
import shutil
import signal
import socket
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from . import control
from .ports import PortPicker
from .proc import LabError, Program, run, wait_until

# The public network's parameters for congestion control, scheduling and queues, as its consensus gave them in
# 2025. Without them tor would use the fixed windows of old, and a download would show these and not the link.
PUBLIC_PARAMETERS: Mapping[str, int] = {
    "CircuitPriorityHalflifeMsec": 30000,
    "ExtendByEd25519ID": 1,
    "KISTSchedRunInterval": 3,
    "UseOptimisticData": 1,
    "cc_alg": 2,
    "cc_cwnd_full_gap": 4,
    "cc_cwnd_full_minpct": 25,
    "cc_cwnd_inc": 1,
    "cc_cwnd_inc_rate": 31,
    "cc_cwnd_min": 124,
    "cc_sscap_exit": 600,
    "cc_sscap_onion": 475,
    "cc_vegas_alpha_exit": 186,
    "cc_vegas_beta_onion": 372,
    "cc_vegas_delta_exit": 310,
    "cc_vegas_delta_onion": 434,
    "cc_vegas_gamma_onion": 248,
    "cfx_low_exit_threshold": 5000,
    "circ_max_cell_queue_size": 1250,
    "circ_max_cell_queue_size_out": 1000,
    "sendme_accept_min_version": 1,
}

# What tor warns of when a pluggable transport does not come up, or ends. A warning of the proxy's own is no such case.
_PROXY_FAILED = re.compile(
    r"\[warn\] (.*managed proxy encountered .*"
    r"|Managed proxy .*(?:failed the configuration protocol|terminated with status|died in state).*)"
)
_PROXY_SAID = re.compile(r'\[(?:err|warn)\] Managed proxy "[^"]*": (.*)')

T = TypeVar("T")

# The shortest rounds that tor permits, when there is a consensus already. Before there is one they could be shorter,
# but the first vote would then come before the nodes have published. Authorities vote two delays before a round ends.
_ROUND_SECONDS = 10
_VOTE_DELAY_SECONDS = 2
# A node has told the authorities about itself within this time of its start, on an unhurried machine.
_SECONDS_TO_PUBLISH = 4
# The same of one that is only then told to.
_SECONDS_TO_RELOAD = 1
_SECONDS_TO_STOP = 4

_UNPUBLISHED = "PublishServerDescriptor 0"
# What tor logs, at level info, when a proxy has told all that it serves.
_PROXY_READY = "configuration completed!"


class Role(enum.Enum):
    AUTHORITY = "authority"
    RELAY = "relay"
    EXIT = "exit"
    BRIDGE = "bridge"
    CLIENT = "client"


@dataclass(frozen=True)
class NodeSpec:
    """What one tor is to be. The name is its nickname too: letters and digits."""

    name: str
    role: Role
    torrc: tuple[str, ...] = ()
    address: str = "127.0.0.1"
    # Put before the command, for example ("ip", "netns", "exec", "left").
    command_prefix: tuple[str, ...] = ()
    # Of a relay: the ORPort that others know is a proxy's, and tor's own one is behind it.
    behind_proxy: bool = False
    # Whether its connections come from the address. One that reaches others from wherever it is does without.
    bound: bool = True


def plain_network(authorities: int = 3, relays: int = 3, exits: int = 1) -> list[NodeSpec]:
    """The public part of a small network."""
    return [
        *(NodeSpec(f"authority{i + 1}", Role.AUTHORITY) for i in range(authorities)),
        *(NodeSpec(f"relay{i + 1}", Role.RELAY) for i in range(relays)),
        *(NodeSpec(f"exit{i + 1}", Role.EXIT) for i in range(exits)),
    ]


class Node:
    """One tor, its folder, its ports and, once started, its process."""

    def __init__(self, spec: NodeSpec, folder: Path, ports: PortPicker) -> None:
        self.spec = spec
        self.folder = folder
        self.data = folder / "data"
        self.log = folder / "tor.log"
        self.or_port = ports.pick(spec.address) if spec.role is not Role.CLIENT else 0
        self.inner_or_port = ports.pick(spec.address) if spec.behind_proxy else 0
        self.dir_port = ports.pick(spec.address) if spec.role is Role.AUTHORITY else 0
        self.socks_port = ports.pick(spec.address) if spec.role is Role.CLIENT else 0
        self.process: Program | None = None
        self.data.mkdir(parents=True, mode=0o700)

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def config_log(self) -> Path:
        """What tor has to say of its configuration, if it is behind a proxy."""
        return self.folder / "config.log"

    def proxies_ready(self) -> int:
        """How many of its proxies are ready, if it is behind one."""
        try:
            return self.config_log.read_text(errors="replace").count(_PROXY_READY)
        except FileNotFoundError:
            return 0

    @property
    def pt_state(self) -> Path:
        """Where tor tells the node's proxies to keep their state."""
        return self.data / "pt_state"

    def fingerprint(self) -> str:
        """The relay identity, which tor writes when it starts."""
        return (self.data / "fingerprint").read_text().split()[1]

    def control(self, on_event: control.EventHandler) -> control.Control:
        """Connects to the node's control port, waiting for it to open."""
        where, cookie = self.folder / "control_port", self.data / "control_auth_cookie"
        # tor writes the cookie a moment after it has opened the port.
        poll = self.polling(lambda: control.read_port_file(where) if control.is_cookie(cookie) else None)
        address = wait_until(f"the control port of {self.name}", poll, 20, log=self.log)
        return control.Control(address, cookie, on_event)

    def check_alive(self) -> None:
        """Fails if the node has ended, or if its log says that a proxy of its could not start or has ended."""
        if self.process is None:
            return
        self.process.check_alive()
        text = self.log.read_text(errors="replace")
        failed = _PROXY_FAILED.search(text)
        if failed is not None:
            reasons = _PROXY_SAID.findall(text)
            raise LabError(f"the proxy of {self.name} failed: {reasons[-1] if reasons else failed[1]}", self.log)

    def polling(self, poll: Callable[[], T]) -> Callable[[], T]:
        """Wraps a poll for wait_until, so that the wait ends at once when the node or its proxy does."""

        def check_then_poll() -> T:
            self.check_alive()
            return poll()

        return check_then_poll


# From nodes that are made, and not started, to further lines of their torrcs, by name.
Complete = Callable[[Sequence[Node]], Mapping[str, Sequence[str]]]


class Network:
    """Nodes below one folder, sharing one set of directory authorities. A context manager: leaving it stops all."""

    def __init__(
        self,
        folder: Path,
        *,
        tor: str = "tor",
        gencert: str = "tor-gencert",
        exit_ports: Iterable[int] = (),
        parameters: Mapping[str, int] = PUBLIC_PARAMETERS,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.folder = folder
        self.nodes: dict[str, Node] = {}
        self._tor = tor
        self._gencert = gencert
        self._exit_ports = tuple(exit_ports)
        self._parameters = parameters
        self._environment = environment
        self._ports = PortPicker()
        self._authority_lines: list[str] = []

    def __enter__(self) -> Network:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def pick_port(self, address: str = "127.0.0.1") -> int:
        """A free port for something beside the nodes: a proxy's listener, say."""
        return self._ports.pick(address)

    def open_exits(self, ports: Iterable[int]) -> None:
        """Exits that are started from now on lead to these ports too."""
        self._exit_ports += tuple(ports)

    def start_public(
        self,
        specs: Iterable[NodeSpec],
        timeout: float = 60.0,
        *,
        complete: Complete = lambda nodes: {},
        together: Callable[[], None] = lambda: None,
    ) -> None:
        """Makes and starts the nodes that a consensus lists, and waits until it lists them all.

        What stands in a torrc about other nodes (ports, fingerprints) is known only when these are made: `complete`
        then returns further lines by the name of the node. `together` is called when all are started, long before there
        is a consensus: what it starts, starts together with them.
        """
        nodes = [self._make(spec) for spec in specs]
        authorities = [node for node in nodes if node.spec.role is Role.AUTHORITY]
        with ThreadPoolExecutor() as pool:
            self._authority_lines = list(pool.map(self._make_authority_keys, authorities))
        deadline = time.monotonic() + timeout
        more = complete(nodes)
        # An authority tests a relay when it hears of it first, and not again for twenty minutes: so who is behind a proxy
        # starts before the others, and publishes nothing before the proxy is there.
        late = [node for node in nodes if node.spec.behind_proxy]
        offset = 0
        for node in late:
            self._launch(node, [*self._public_torrc(node, offset), *more.get(node.name, ()), _UNPUBLISHED])
        for node in late:
            # A proxy that is not ready yet would not survive the reload.
            proxies = sum("TransportPlugin " in line for line in more.get(node.name, ()))
            ready = node.polling(lambda node=node, proxies=proxies: node.proxies_ready() >= proxies)
            wait_until(f"the proxies of {node.name}", ready, deadline - time.monotonic(), log=node.log)
        offset = _voting_offset(time.time() + (_SECONDS_TO_RELOAD if late else 0))
        for node in nodes:
            if node not in late:
                self._launch(node, [*self._public_torrc(node, offset), *more.get(node.name, ())])
        for node in authorities if late else ():
            wait_until(f"the directory of {node.name}", node.polling(lambda node=node: _listens(node)), 20, log=node.log)
        together()
        for node in late:
            self._reload(node, [*self._public_torrc(node, offset), *more.get(node.name, ())])
        names = {node.name for node in nodes}
        for node in authorities:
            wait_until(
                f"a consensus that lists all {len(names)} nodes",
                node.polling(lambda node=node: names <= self._listed(node)),
                deadline - time.monotonic(),
                log=node.log,
                interval=0.2,
            )

    def start(self, spec: NodeSpec) -> Node:
        """Makes and starts a bridge or a client, and returns at once."""
        node = self._make(spec)
        role_lines = {
            Role.BRIDGE: self._bridge_lines,
            Role.CLIENT: self._client_lines,
        }[spec.role](node)
        self._launch(node, [*self._common_lines(node), *role_lines, *spec.torrc])
        return node

    def remove(self, node: Node) -> None:
        """Stops a bridge or a client, and forgets it and all that it has written."""
        if node.process is not None:
            node.process.stop(timeout=_SECONDS_TO_STOP)
        self.nodes.pop(node.name, None)
        shutil.rmtree(node.folder, ignore_errors=True)

    def check_alive(self) -> None:
        for node in self.nodes.values():
            node.check_alive()

    def stop(self) -> None:
        """Stops every node and its proxies, all at once. May be called more than once."""
        programs = [node.process for node in self.nodes.values() if node.process is not None]
        for program in programs:
            program.ask_to_stop()
        # Now and then a relay of tor 0.4.9 that has just had its first consensus does not go on SIGTERM.
        deadline = time.monotonic() + _SECONDS_TO_STOP
        for program in programs:
            program.stop(timeout=deadline - time.monotonic())

    # Making nodes

    def _make(self, spec: NodeSpec) -> Node:
        if spec.name in self.nodes:
            raise LabError(f"there are two nodes named {spec.name}")
        node = Node(spec, self.folder / spec.name, self._ports)
        self.nodes[spec.name] = node
        return node

    def _make_authority_keys(self, node: Node) -> str:
        """Makes an authority's two identities, and the line by which the others know it."""
        keys = node.data / "keys"
        keys.mkdir(mode=0o700)
        certificate = keys / "authority_certificate"
        run(
            [self._gencert, "--create-identity-key", "--passphrase-fd", "0", "-m", "1"]
            + ["-a", f"{node.spec.address}:{node.dir_port}"]
            + ["-i", str(keys / "authority_identity_key"), "-s", str(keys / "authority_signing_key")]
            + ["-c", str(certificate)],
            stdin="of no use in a private network\n",
        )
        identity = re.search(r"^fingerprint ([0-9A-F]{40})$", certificate.read_text(), re.MULTILINE)
        if identity is None:
            raise LabError(f"{self._gencert} wrote a certificate without a fingerprint")
        self.make_relay_keys(node)
        return (
            f"DirAuthority {node.name} orport={node.or_port} v3ident={identity[1]} "
            f"{node.spec.address}:{node.dir_port} {node.fingerprint()}"
        )

    def make_relay_keys(self, node: Node) -> None:
        """Makes the keys that a relay would make when it starts; its fingerprint is known then."""
        # The directory line is a throw-away one, without which tor would refuse to be a private network's node.
        torrc = node.folder / "torrc.keys"
        line = f"DirAuthority none 127.0.0.1:1 {'F' * 40}"
        torrc.write_text("\n".join([*self._common_lines(node), line, f"ORPort {node.or_port}", ""]))
        run([self._tor, "--list-fingerprint", *self._torrc_arguments(torrc)])

    @staticmethod
    def _reload(node: Node, lines: Iterable[str]) -> None:
        """Has a running tor take another torrc."""
        (node.folder / "torrc").write_text("".join(f"{line}\n" for line in lines))
        if node.process is not None:
            os.kill(node.process.pid, signal.SIGHUP)

    def _launch(self, node: Node, lines: Iterable[str]) -> None:
        torrc = node.folder / "torrc"
        torrc.write_text("".join(f"{line}\n" for line in lines))
        command = [*node.spec.command_prefix, self._tor, *self._torrc_arguments(torrc)]
        node.process = Program(node.name, command, node.log, environment=self._environment)

    @staticmethod
    def _torrc_arguments(torrc: Path) -> list[str]:
        # The machine's own defaults are for its own tor.
        return ["--defaults-torrc", os.devnull, "-f", str(torrc)]

    # torrc

    def _common_lines(self, node: Node) -> list[str]:
        return [
            "TestingTorNetwork 1",
            f"DataDirectory {node.data}",
            f"Nickname {node.name}",
            f"Address {node.spec.address}",
            "Log notice stdout",
            "LogTimeGranularity 1",
            "SafeLogging 0",
            "AvoidDiskWrites 1",
            # Reading these would take every node half a second, for nothing.
            f"GeoIPFile {os.devnull}",
            f"GeoIPv6File {os.devnull}",
            "ShutdownWaitLength 0",
            # Should the lab be killed, every tor notices within 15 s and ends, and its proxies with it.
            f"__OwningControllerProcess {os.getpid()}",
            *(self._binding_lines(node) if node.spec.bound else ()),
            *self._authority_lines,
        ]

    @staticmethod
    def _binding_lines(node: Node) -> list[str]:
        return [f"OutboundBindAddressOR {node.spec.address}", f"OutboundBindAddressExit {node.spec.address}"]

    def _relay_lines(self, node: Node) -> list[str]:
        return [
            "SocksPort 0",
            *self._or_port_lines(node),
            "AssumeReachable 1",
            "DirCache 1",
            "ContactInfo nobody@invalid",
        ]

    @staticmethod
    def _or_port_lines(node: Node) -> list[str]:
        address = node.spec.address
        if not node.spec.behind_proxy:
            return [f"ORPort {address}:{node.or_port} IPv4Only"]
        return [
            f"ORPort {address}:{node.or_port} NoListen IPv4Only",
            f"ORPort {address}:{node.inner_or_port} NoAdvertise IPv4Only",
            f"Log [config]info file {node.config_log}",
            *_control_lines(node),
        ]

    def _public_torrc(self, node: Node, offset: int) -> list[str]:
        lines = [*self._common_lines(node), *self._relay_lines(node)]
        if node.spec.role is Role.EXIT:
            lines += self._exit_lines(node)
        else:
            lines.append("ExitRelay 0")
        if node.spec.role is Role.AUTHORITY:
            lines += self._authority_torrc(node)
        # Every node checks the consensus against the schedule, so all are told.
        lines += [
            f"TestingV3AuthInitialVotingInterval {_ROUND_SECONDS}",
            f"TestingV3AuthInitialVoteDelay {_VOTE_DELAY_SECONDS}",
            f"TestingV3AuthInitialDistDelay {_VOTE_DELAY_SECONDS}",
            f"TestingV3AuthVotingStartOffset {offset}",
        ]
        return [*lines, *node.spec.torrc]

    def _authority_torrc(self, node: Node) -> list[str]:
        parameters = " ".join(f"{key}={value}" for key, value in sorted(self._parameters.items()))
        return [
            "AuthoritativeDirectory 1",
            "V3AuthoritativeDirectory 1",
            f"DirPort {node.spec.address}:{node.dir_port} IPv4Only",
            f"V3AuthVotingInterval {_ROUND_SECONDS}",
            f"V3AuthVoteDelay {_VOTE_DELAY_SECONDS}",
            f"V3AuthDistDelay {_VOTE_DELAY_SECONDS}",
            # No node is old enough to earn its flags.
            "TestingDirAuthVoteExit *",
            "TestingDirAuthVoteGuard *",
            "TestingDirAuthVoteHSDir *",
            f"ConsensusParams {parameters}",
        ]

    def _exit_lines(self, node: Node) -> list[str]:
        # Clients know an exit's policy from a summary that counts only ports open to nearly all addresses, so
        # "accept 127.0.0.1:*" alone would read as "no exit". OutboundBindAddressExit is what keeps it here.
        return [
            "ExitRelay 1",
            # It refuses circuits of relays that are not in its consensus, and nobody waits until it has one.
            "RefuseUnknownExits 0",
            "ExitPolicyRejectPrivate 0",
            "IPv6Exit 0",
            f"ExitPolicy accept {node.spec.address}:*",
            *(f"ExitPolicy accept *:{port}" for port in self._exit_ports),
            "ExitPolicy reject *:*",
        ]

    def _bridge_lines(self, node: Node) -> list[str]:
        return [
            *self._relay_lines(node),
            "BridgeRelay 1",
            "ExitRelay 0",
            "PublishServerDescriptor 0",
            # From the authorities, that is: relays may not have all descriptors yet, and tor asks again only after 10 s.
            "FetchDirInfoEarly 1",
        ]

    def _client_lines(self, node: Node) -> list[str]:
        return [
            f"SocksPort {node.spec.address}:{node.socks_port}",
            "ClientOnly 1",
            # Nothing starts before the observer is connected and says "go".
            "DisableNetwork 1",
            *_control_lines(node),
        ]

    # The consensus

    def _listed(self, authority: Node) -> set[str]:
        """The running nodes in the authority's consensus; none if it has none."""
        text = _http_get((authority.spec.address, authority.dir_port), "/tor/status-vote/current/consensus-microdesc")
        return running_nodes(text)


def _control_lines(node: Node) -> list[str]:
    return [
        f"ControlPort {node.spec.address}:auto",
        f"ControlPortWriteToFile {node.folder / 'control_port'}",
        "CookieAuthentication 1",
    ]


def _voting_offset(now: float) -> int:
    """The offset that puts the first vote where all nodes started now can have published.

    Rounds end at multiples of their length in Unix time, plus the offset. A first vote that came sooner would give a
    consensus that lacks some of the nodes, and the next one only a whole round later.
    """
    end = math.ceil(now) + _SECONDS_TO_PUBLISH + 2 * _VOTE_DELAY_SECONDS
    return end % _ROUND_SECONDS


def running_nodes(consensus: str) -> set[str]:
    """The nicknames that a consensus lists with the flag Running."""
    names: set[str] = set()
    nickname = ""
    for line in consensus.splitlines():
        if line.startswith("r "):
            nickname = line.split()[1]
        elif line.startswith("s ") and "Running" in line.split():
            names.add(nickname)
    return names


def _listens(authority: Node) -> bool:
    try:
        socket.create_connection((authority.spec.address, authority.dir_port), 2).close()
    except OSError:
        return False
    return True


def _http_get(address: tuple[str, int], path: str) -> str:
    """The body of a directory document, or nothing when it cannot be had yet."""
    received = bytearray()
    try:
        with socket.create_connection(address, 2) as connection:
            connection.sendall(f"GET {path} HTTP/1.0\r\n\r\n".encode())
            while block := connection.recv(65536):
                received += block
    except OSError:
        return ""
    head, _, body = received.partition(b"\r\n\r\n")
    return body.decode("utf-8", "replace") if b" 200 " in head.split(b"\r\n")[0] else ""
