"""A SOCKS5 client (RFC 1928), and a download through it."""

from __future__ import annotations

import hashlib
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass

from .proc import LabError

_REPLIES = {
    1: "general failure",
    2: "not allowed",
    3: "network unreachable",
    4: "host unreachable",
    5: "connection refused",
    6: "timed out",
    7: "command not supported",
    8: "address type not supported",
}


class Refused(LabError):
    """The proxy answered, and did not make the connection."""


@dataclass(frozen=True)
class Download:
    """A finished download. Seconds count from the request's first byte sent, and from the first byte received."""

    size: int
    sha256: str
    seconds_to_first_byte: float
    seconds: float


def connect(proxy: tuple[str, int], host: str, port: int, timeout: float, *, user: str = "", is_numeric: bool = False) -> socket.socket:
    """Opens a connection through the proxy. Streams of different users go over different circuits of tor."""
    try:
        connection = socket.create_connection(proxy, timeout)
    except OSError as error:
        raise LabError(f"no SOCKS proxy answers at {proxy[0]}:{proxy[1]}: {error}") from error
    try:
        _negotiate(connection, socket.inet_aton(host) if is_numeric else host.encode("idna"), port, user.encode(), is_numeric)
    except OSError as error:
        connection.close()
        raise LabError(f"the SOCKS request for {host}:{port} failed: {error}") from error
    except LabError:
        connection.close()
        raise
    return connection


def connect_to_bridge(proxy: tuple[str, int], address: str, port: int, arguments: str, timeout: float) -> socket.socket:
    """Has a client's proxy connect to a bridge, as tor does: the arguments of the bridge line are user name and password."""
    connection = connect(proxy, address, port, timeout, user=arguments, is_numeric=True)
    connection.settimeout(None)
    return connection


def _negotiate(connection: socket.socket, host: bytes, port: int, user: bytes, is_numeric: bool) -> None:
    method = 2 if user else 0
    connection.sendall(bytes([5, 1, method]))
    if _receive(connection, 2) != bytes([5, method]):
        raise LabError("the SOCKS proxy does not offer what we ask for")
    if user:
        connection.sendall(bytes([1, len(user)]) + user + (b"\x01\0" if is_numeric else b"\x01-"))
        if _receive(connection, 2)[1] != 0:
            raise LabError("the SOCKS proxy refused the user name")
    # The address goes as a name (3), as browsers send it: tor then resolves it at the exit.
    kind = bytes([1]) if is_numeric else bytes([3, len(host)])
    connection.sendall(bytes([5, 1, 0]) + kind + host + port.to_bytes(2, "big"))
    _, reply, _, bound = _receive(connection, 4)
    length = {1: 4, 4: 16}.get(bound) or _receive(connection, 1)[0]
    _receive(connection, length + 2)
    if reply != 0:
        raise Refused(f"the SOCKS request was refused: {_REPLIES.get(reply, f'reply {reply}')}")


def _receive(connection: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        block = connection.recv(count - len(data))
        if not block:
            raise LabError("the SOCKS proxy closed the connection")
        data += block
    return data


def download(
    connection: socket.socket,
    host: str,
    path: str,
    *,
    deadline: float,
    stall_timeout: float = 30.0,
    on_progress: Callable[[int], None] = lambda received: None,
) -> Download:
    """GETs a document over an open connection. The deadline is a moment of time.monotonic()."""
    began = time.monotonic()
    connection.settimeout(stall_timeout)
    try:
        connection.sendall(f"GET {path} HTTP/1.0\r\nHost: {host}\r\n\r\n".encode())
        expected, body = _read_head(connection)
        first = time.monotonic()
        digest = hashlib.sha256(body)
        received = len(body)
        while received < expected:
            if time.monotonic() > deadline:
                raise LabError(f"the download ran out of time after {received} of {expected} bytes")
            block = connection.recv(1 << 18)
            if not block:
                raise LabError(f"the download ended after {received} of {expected} bytes")
            digest.update(block)
            received += len(block)
            on_progress(received)
    except TimeoutError as error:
        raise LabError(f"nothing was received for {stall_timeout:.0f} s in the middle of the download") from error
    except OSError as error:
        raise LabError(f"the download failed: {error}") from error
    return Download(received, digest.hexdigest(), first - began, time.monotonic() - first)


def _read_head(connection: socket.socket) -> tuple[int, bytes]:
    """Reads an HTTP response's head; returns the announced length, and what was read beyond the head."""
    data = b""
    while b"\r\n\r\n" not in data:
        block = connection.recv(65536)
        if not block or len(data) > 65536:
            raise LabError("the HTTP server sent no proper answer")
        data += block
    head, _, body = data.partition(b"\r\n\r\n")
    status, *headers = head.decode("latin-1").split("\r\n")
    if status.split()[1:2] != ["200"]:
        raise LabError(f"the HTTP server answered {status!r}")
    for header in headers:
        name, _, value = header.partition(":")
        if name.lower() == "content-length":
            return int(value), body
    raise LabError("the HTTP server announced no length")
