"""One bulk flow over kernel TCP: ``serve ADDR PORT`` copies what comes to standard output, ``dial ADDR PORT CONTROL`` sends
standard input under that congestion control."""

from __future__ import annotations

import os
import socket
import sys

_BLOCK = 1 << 17
_TCP_CONGESTION = 13


def serve(address: str, port: int) -> None:
    with socket.create_server((address, port)) as listener:
        connection, _ = listener.accept()
        while block := connection.recv(_BLOCK):
            view = memoryview(block)
            while view:
                view = view[os.write(1, view) :]


def dial(address: str, port: int, control: str) -> None:
    with socket.socket() as connection:
        connection.setsockopt(socket.IPPROTO_TCP, _TCP_CONGESTION, control.encode())
        connection.connect((address, port))
        while block := os.read(0, _BLOCK):
            connection.sendall(block)
        connection.shutdown(socket.SHUT_WR)
        connection.recv(1)


if __name__ == "__main__":
    mode, host, number, *rest = sys.argv[1:]
    if mode == "serve":
        serve(host, int(number))
    else:
        dial(host, int(number), *rest)
