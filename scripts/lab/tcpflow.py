"""One bulk flow over kernel TCP: ``serve ADDR PORT`` copies what comes to standard output, ``dial ADDR PORT CONTROL`` sends
standard input under that congestion control."""

from __future__ import annotations

import os
import socket
import sys

_BLOCK = 1 << 17
_TCP_CONGESTION = 13


def receive(listener: socket.socket) -> None:
    """Accepts one connection, and copies it to standard output."""
    connection, _ = listener.accept()
    copy(connection)


def copy(connection: socket.socket) -> None:
    """Copies what comes on a connection to standard output."""
    while block := connection.recv(_BLOCK):
        view = memoryview(block)
        while view:
            view = view[os.write(1, view) :]


def send(connection: socket.socket) -> None:
    """Copies standard input, and waits until the peer has all of it."""
    while block := os.read(0, _BLOCK):
        connection.sendall(block)
    connection.shutdown(socket.SHUT_WR)
    connection.recv(1)


def main() -> None:
    mode, host, number, *rest = sys.argv[1:]
    if mode == "serve":
        with socket.create_server((host, int(number))) as listener:
            receive(listener)
    else:
        with socket.socket() as connection:
            connection.setsockopt(socket.IPPROTO_TCP, _TCP_CONGESTION, rest[0].encode())
            connection.connect((host, int(number)))
            send(connection)


if __name__ == "__main__":
    main()
