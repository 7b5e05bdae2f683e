"""A path between two proxies that can be spoiled: one port for TCP and UDP in front of another.

TCP is passed through byte for byte, UDP datagram by datagram, with a socket of its own for each client, as a NAT
would. On command all UDP is dropped, in both directions, with nothing said to either side: the way a firewall does
it. Or TCP is reset, or nothing passes at all for a while: then TCP waits, as it does where the kernel sends again what
was lost. It needs no privilege, which packet filters would.
"""

from __future__ import annotations

import selectors
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass

_BLOCK = 1 << 18
# How much one direction of a TCP connection may hold before its reader is paused.
_HIGH_WATER = 1 << 20


@dataclass
class PathCounters:
    """What went through, and what was dropped, since the start."""

    tcp_bytes: int = 0
    udp_bytes: int = 0
    udp_datagrams: int = 0
    udp_dropped: int = 0


class _Pipe:
    """One end of a TCP connection, and what waits to be written to it."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.peer: _Pipe = self
        self.pending = bytearray()
        self.read_closed = False
        self.write_shut = False
        self.connecting = False


class Path:
    """The relay. It runs on a thread of its own; a context manager."""

    def __init__(self, listen: tuple[str, int], target: tuple[str, int], *, udp: bool = True) -> None:
        self.counters = PathCounters()
        self._target = target
        self._udp_open = udp
        self._selector = selectors.DefaultSelector()
        self._wake_read, self._wake_write = socket.socketpair()
        self._stopping = False
        self._tcp_open = True
        self._orders: list[Callable[[], None]] = []
        self._udp_sides: dict[tuple[str, int], socket.socket] = {}
        self._pipes: set[_Pipe] = set()

        self._listener = socket.create_server(listen, backlog=64)
        self._listener.setblocking(False)
        # One port number for both, as the transport has it.
        self._datagrams = _datagram_socket()
        self._datagrams.bind(self._listener.getsockname())
        self.address: tuple[str, int] = self._listener.getsockname()

        self._watch(self._listener, self._accept)
        self._watch(self._datagrams, self._from_clients)
        self._watch(self._wake_read, self._woken)
        self._thread = threading.Thread(target=self._run, name="path", daemon=True)

    def __enter__(self) -> Path:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping = True
        self._wake_write.send(b".")
        self._thread.join()
        for key in list(self._selector.get_map().values()):
            key.fileobj.close()  # type: ignore[union-attr]
        self._wake_write.close()
        self._selector.close()

    def drop_udp(self) -> None:
        """From now on UDP is dropped. May be called from any thread."""
        self._udp_open = False

    def pass_udp(self) -> None:
        """From now on UDP is passed again."""
        self._udp_open = True

    def reset_tcp(self) -> None:
        """All TCP connections are reset, towards both sides. May be called from any thread."""
        self._order(self._reset_all)

    def lose(self) -> None:
        """From now on nothing passes, and whoever connects waits. May be called from any thread."""
        self.drop_udp()
        self._order(lambda: self._hold_tcp(False))

    def regain(self) -> None:
        """From now on all passes again. May be called from any thread."""
        self.pass_udp()
        self._order(lambda: self._hold_tcp(True))

    def _order(self, work: Callable[[], None]) -> None:
        self._orders.append(work)
        self._wake_write.send(b".")

    def _woken(self) -> None:
        self._wake_read.recv(64)
        while self._orders:
            self._orders.pop(0)()

    def _run(self) -> None:
        while not self._stopping:
            for key, events in self._selector.select():
                if isinstance(key.data, _Pipe):
                    self._on_pipe(key.data, events)
                else:
                    key.data()

    def _watch(self, source: socket.socket, callback: Callable[[], object]) -> None:
        self._selector.register(source, selectors.EVENT_READ, callback)

    # UDP

    def _from_clients(self) -> None:
        for data, client in _drain(self._datagrams):
            if self._admit(data):
                _send(self._udp_side(client), data, self._target)

    def _udp_side(self, client: tuple[str, int]) -> socket.socket:
        side = self._udp_sides.get(client)
        if side is None:
            side = _datagram_socket()
            side.bind((self.address[0], 0))
            self._udp_sides[client] = side
            self._watch(side, lambda: self._from_target(side, client))
        return side

    def _from_target(self, side: socket.socket, client: tuple[str, int]) -> None:
        for data, _ in _drain(side):
            if self._admit(data):
                _send(self._datagrams, data, client)

    def _admit(self, data: bytes) -> bool:
        if not self._udp_open:
            self.counters.udp_dropped += 1
            return False
        self.counters.udp_datagrams += 1
        self.counters.udp_bytes += len(data)
        return True

    # TCP

    def _accept(self) -> None:
        try:
            connection, _ = self._listener.accept()
        except OSError:
            return
        near, far = _Pipe(connection), _Pipe(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
        near.peer, far.peer = far, near
        for pipe in (near, far):
            pipe.connection.setblocking(False)
            pipe.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._pipes.add(pipe)
        far.connecting = far.connection.connect_ex(self._target) != 0
        self._rearm(near)
        self._rearm(far)

    def _on_pipe(self, pipe: _Pipe, events: int) -> None:
        if pipe not in self._pipes or not self._tcp_open:
            return  # closed, or held, by an earlier event of the same round
        try:
            if events & selectors.EVENT_WRITE:
                self._flush(pipe)
            if events & selectors.EVENT_READ:
                self._fill_from(pipe)
        except BlockingIOError:
            pass
        except OSError:
            self._close(pipe)
            return
        if pipe.write_shut and pipe.peer.write_shut:
            self._close(pipe)
            return
        self._rearm(pipe)
        self._rearm(pipe.peer)

    def _fill_from(self, pipe: _Pipe) -> None:
        data = pipe.connection.recv(_BLOCK)
        if data:
            pipe.peer.pending += data
            self.counters.tcp_bytes += len(data)
        else:
            pipe.read_closed = True
        if not pipe.peer.connecting:
            self._flush(pipe.peer)

    def _flush(self, pipe: _Pipe) -> None:
        if pipe.connecting:
            error = pipe.connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if error:
                raise OSError(error, "connect")
            pipe.connecting = False
        while pipe.pending:
            try:
                sent = pipe.connection.send(pipe.pending)
            except BlockingIOError:
                return
            del pipe.pending[:sent]
        if pipe.peer.read_closed and not pipe.write_shut:
            pipe.write_shut = True
            pipe.connection.shutdown(socket.SHUT_WR)

    def _hold_tcp(self, is_open: bool) -> None:
        self._tcp_open = is_open
        for pipe in self._pipes:
            self._rearm(pipe)

    def _reset_all(self) -> None:
        for pipe in list(self._pipes):
            pipe.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        for pipe in list(self._pipes):
            if pipe in self._pipes:
                self._close(pipe)

    def _rearm(self, pipe: _Pipe) -> None:
        wanted = 0
        if self._tcp_open and not pipe.read_closed and len(pipe.peer.pending) < _HIGH_WATER:
            wanted |= selectors.EVENT_READ
        if self._tcp_open and (pipe.connecting or pipe.pending):
            wanted |= selectors.EVENT_WRITE
        try:
            known = self._selector.get_key(pipe.connection).events
        except KeyError:
            known = 0
        if wanted == known:
            return
        if known == 0:
            self._selector.register(pipe.connection, wanted, pipe)
        elif wanted == 0:
            self._selector.unregister(pipe.connection)
        else:
            self._selector.modify(pipe.connection, wanted, pipe)

    def _close(self, pipe: _Pipe) -> None:
        for end in (pipe, pipe.peer):
            self._pipes.discard(end)
            try:
                self._selector.unregister(end.connection)
            except KeyError:
                pass
            end.connection.close()


def _datagram_socket() -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.setblocking(False)
    # A sender's whole window can arrive in one burst: the path should lose what it is told to lose, and no more.
    for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
        made.setsockopt(socket.SOL_SOCKET, option, 4 << 20)
    return made


def _drain(source: socket.socket) -> list[tuple[bytes, tuple[str, int]]]:
    """What has arrived, up to a bound, so that one busy direction does not starve the other."""
    arrived: list[tuple[bytes, tuple[str, int]]] = []
    try:
        while len(arrived) < 64:
            arrived.append(source.recvfrom(65536))
    except OSError:  # nothing more, or an ICMP error for an earlier datagram: neither is worth a word
        pass
    return arrived


def _send(source: socket.socket, data: bytes, to: tuple[str, int]) -> None:
    try:
        source.sendto(data, to)
    except OSError:
        pass  # a full buffer is a dropped datagram, as on any path
