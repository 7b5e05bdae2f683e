"""What attacks a bridge, at a stated rate: ``lab.attacker KIND OPTIONS`` with the options as JSON; see ``Options``.

It sends to its target alone, and only where the target is an address of a private network: it is for namespaces of this
machine. When all is sent, and again at its end, it says in one line of JSON what it did. Connections stay until its standard
input ends.

``syns``: SYNs of µTP from addresses that are not there, some from the client's. ``garbage``: datagrams from such addresses, and
TCP connections, both with random bytes. ``idle``: TCP connections that say nothing. ``handshakes``: ClientHellos that come in
small pieces, some from strangers, some, all from one address, with the bridge's marker; of these a part is whole, and
is never gone on with. ``hellos``: whole ones of strangers, each dropped as soon as the server has answered.
"""

from __future__ import annotations

import base64
import errno
import hashlib
import hmac
import ipaddress
import json
import random
import selectors
import socket
import struct
import sys
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

# Of linux/in.h: the port is chosen when the peer is known, so that many connections share one.
_IP_BIND_ADDRESS_NO_PORT = 24

_STEP_SECONDS = 0.01
_PIECE_SECONDS = 0.5


@dataclass(frozen=True)
class Options:
    """How much, of what, and where from. ``near`` and ``spoofed`` are networks: TCP comes from the first, datagrams from the second."""

    address: str
    port: int
    count: int
    seconds: float
    near: str
    spoofed: str
    client: str
    cert: str
    seed: int = 1


@dataclass(frozen=True)
class Dial:
    """A TCP connection: where from, what it says at once, and what it says slowly."""

    source: str
    first: bytes = b""
    rest: bytes = b""


@dataclass
class Report:
    """What was sent, and for connections: how many were opened, and how many of them the other side ended, refused or cut."""

    sent: int = 0
    opened: int = 0
    ended: int = 0
    failed: int = 0


class Attacker:
    """One attack. Moments are those of the monotonic clock."""

    def __init__(self, options: Options) -> None:
        if not ipaddress.ip_address(options.address).is_private:
            raise ValueError("the target is not an address of a private network")
        self._options = options
        self._random = random.Random(options.seed)
        self._near = ipaddress.ip_network(options.near)
        self._spoofed = ipaddress.ip_network(options.spoofed)
        self._selector = selectors.DefaultSelector()
        # In the order in which they are due.
        self._pending: deque[tuple[float, socket.socket, bytes]] = deque()
        self.report = Report()

    def syns(self) -> None:
        packets = [self._datagram(self._syn(), known=number % 10 == 0) for number in range(self._options.count)]
        self._send(packets)

    def garbage(self) -> None:
        noise = [self._random.randbytes(self._random.randrange(1, 1200)) for _ in range(self._options.count)]
        # One in three begins as µTP does, with any type.
        packets = [
            self._datagram(bytes([self._random.randrange(16) << 4 | 1]) + each if number % 3 == 0 else each, known=number % 10 == 0)
            for number, each in enumerate(noise)
        ]
        # A hundredth as many connections, half of which begin as TLS does.
        beside = [
            Dial(self._source(), (b"\x16\x03\x01" if number % 2 else b"") + each)
            for number, each in enumerate(noise[: max(1, len(noise) // 100)])
        ]
        self._send(packets, beside)

    def idle(self) -> None:
        self._send([], [Dial(self._source()) for _ in range(self._options.count)])

    def handshakes(self) -> None:
        secret = base64.urlsafe_b64decode(self._options.cert + "=")[33:]
        one = str(self._near[1])
        dials = []
        for number in range(self._options.count):
            marked = number % 5 < 3
            hello = client_hello(self._random, secret if marked else None)
            # A marker decides at the 76th byte; the rest comes slowly, but for every third.
            first = len(hello) if marked and number % 3 == 0 else 76 if marked else 20
            dials.append(Dial(one if marked else self._source(), hello[:first], hello[first:]))
        self._send([], dials)

    def hellos(self) -> None:
        self._send([], [Dial(self._source(), client_hello(self._random, None)) for _ in range(self._options.count)], drop=True)

    # What is sent.

    def _syn(self) -> bytes:
        """BEP 29: version 1, ST_SYN, any connection id and time, sequence number 1."""
        return struct.pack(">BBHIIIHH", 0x41, 0, self._random.getrandbits(16), self._random.getrandbits(32), 0, 1 << 20, 1, 0)

    def _datagram(self, payload: bytes, *, known: bool) -> bytes:
        """IPv4 and UDP; the kernel fills in the checksum of the one, and that of the other may be left out."""
        source = ipaddress.ip_address(self._options.client) if known else self._any(self._spoofed)
        udp = struct.pack(">HHHH", self._random.randrange(1024, 65536), self._options.port, 8 + len(payload), 0) + payload
        target = ipaddress.ip_address(self._options.address)
        return struct.pack(">BBHHHBBH", 0x45, 0, 0, 0, 0, 64, socket.IPPROTO_UDP, 0) + source.packed + target.packed + udp

    def _source(self) -> str:
        return str(self._any(self._near))

    def _any(self, network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
        return network[self._random.randrange(1, network.num_addresses - 1)]

    # Sending.

    def _send(self, packets: Sequence[bytes], dials: Sequence[Dial] = (), *, drop: bool = False) -> None:
        """Both evenly over the time; what is due is sent every few milliseconds."""
        began = time.monotonic()
        raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) if packets else None
        target = (self._options.address, 0)
        sent = dialled = 0
        while sent < len(packets) or dialled < len(dials):
            share = min(1.0, (time.monotonic() - began) / self._options.seconds)
            for packet in packets[sent : int(len(packets) * share)]:
                assert raw is not None
                try:
                    raw.sendto(packet, target)
                    self.report.sent += 1
                except OSError:
                    self.report.failed += 1
            sent = max(sent, int(len(packets) * share))
            while dialled < int(len(dials) * share):
                self._dial(dials[dialled])
                dialled += 1
            self._turn(_STEP_SECONDS, drop=drop)
        if raw is not None:
            raw.close()

    def _dial(self, dial: Dial) -> None:
        connection = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_IP, _IP_BIND_ADDRESS_NO_PORT, 1)
        try:
            connection.bind((dial.source, 0))
            error = connection.connect_ex((self._options.address, self._options.port))
        except OSError as caught:
            error = caught.errno or errno.EIO
        if error not in (0, errno.EINPROGRESS):
            self.report.failed += 1
            connection.close()
            return
        self._selector.register(connection, selectors.EVENT_WRITE, dial)

    def _turn(self, seconds: float, *, drop: bool = False) -> None:
        """Waits so long for what happens on the connections, and sends the pieces that are due."""
        for key, events in self._selector.select(seconds):
            connection = key.fileobj
            if not isinstance(connection, socket.socket):
                continue
            try:
                if events & selectors.EVENT_WRITE:
                    self._connected(connection, key.data)
                elif not connection.recv(1 << 14) or drop:
                    self._end(connection)
            except BlockingIOError:
                continue
            except OSError:
                self._end(connection)
        self._send_pieces()

    def _connected(self, connection: socket.socket, dial: Dial) -> None:
        error = connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if error:
            self.report.failed += 1
            self._selector.unregister(connection)
            connection.close()
            return
        self.report.opened += 1
        self._selector.modify(connection, selectors.EVENT_READ, dial)
        if dial.first:
            connection.send(dial.first)
        if dial.rest:
            self._pending.append((time.monotonic() + _PIECE_SECONDS, connection, dial.rest))

    def _send_pieces(self) -> None:
        now = time.monotonic()
        while self._pending and self._pending[0][0] <= now:
            _, connection, rest = self._pending.popleft()
            try:
                connection.send(rest[:2])
            except OSError:
                continue  # its end was, or will be, seen
            if rest[2:]:
                self._pending.append((now + _PIECE_SECONDS, connection, rest[2:]))

    def _end(self, connection: socket.socket) -> None:
        self.report.ended += 1
        self._selector.unregister(connection)
        connection.close()

    def stay(self) -> None:
        """Until standard input ends."""
        self._selector.register(sys.stdin, selectors.EVENT_READ)
        while not any(key.fileobj is sys.stdin for key, _ in self._selector.select(0)):
            self._turn(_PIECE_SECONDS)


def client_hello(source: random.Random, secret: bytes | None) -> bytes:
    """A ClientHello of TLS 1.3 that is alone in its record, with a session id that is random, or the marker (LINK.md, section 12)."""
    nonce = source.randbytes(32)
    hour = struct.pack(">I", int(time.time()) // 3600)
    marker = source.randbytes(32) if secret is None else hmac.digest(secret, b"tandem 1 marker" + nonce + hour, hashlib.sha256)
    share = struct.pack(">HH", 0x001D, 32) + source.randbytes(32)
    extensions = b"".join(
        struct.pack(">HH", kind, len(body)) + body
        for kind, body in (
            (0x002B, b"\x02\x03\x04"),
            (0x000A, b"\x00\x04\x00\x1d\x00\x17"),
            (0x000D, b"\x00\x02\x04\x03"),
            (0x0033, struct.pack(">H", len(share)) + share),
        )
    )
    body = b"\x03\x03" + nonce + b"\x20" + marker + b"\x00\x02\x13\x01" + b"\x01\x00" + struct.pack(">H", len(extensions)) + extensions
    return b"\x16\x03\x01" + struct.pack(">H", len(body) + 4) + b"\x01" + len(body).to_bytes(3, "big") + body


def main(kind: str, options: Options) -> None:
    attacker = Attacker(options)
    getattr(attacker, kind)()
    print(json.dumps(vars(attacker.report)), flush=True)
    attacker.stay()
    print(json.dumps(vars(attacker.report)), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], Options(**json.loads(sys.argv[2])))
