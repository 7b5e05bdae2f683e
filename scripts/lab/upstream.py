"""What a server-pt hands its sessions to: ``echo`` sends back what comes, ``source`` sends zeros without end, ``on-demand`` does so once
a "!" came. Any number of connections; ``lab.upstream echo|source|on-demand ADDRESS PORT``."""

from __future__ import annotations

import selectors
import socket
import sys

_BLOCK = 1 << 18
_BACKLOG = 1024


def serve(kind: str, address: tuple[str, int]) -> None:
    selector = selectors.DefaultSelector()
    with socket.create_server(address, backlog=_BACKLOG) as listener:
        listener.setblocking(False)
        selector.register(listener, selectors.EVENT_READ)
        zeros = bytes(_BLOCK)
        while True:
            for key, mask in selector.select():
                connection = key.fileobj
                assert isinstance(connection, socket.socket)
                if connection is listener:
                    _accept(listener, selector, selectors.EVENT_WRITE if kind == "source" else selectors.EVENT_READ)
                    continue
                try:
                    if mask & selectors.EVENT_WRITE:
                        sent = connection.send(zeros)
                    elif kind == "on-demand":
                        block = connection.recv(_BLOCK)
                        sent = len(block)
                        if b"!" in block:
                            selector.modify(connection, selectors.EVENT_WRITE)
                    else:
                        sent = _echo(connection)
                except BlockingIOError:
                    continue
                except OSError:
                    sent = 0
                if not sent:
                    selector.unregister(connection)
                    connection.close()


def _accept(listener: socket.socket, selector: selectors.BaseSelector, events: int) -> None:
    try:
        connection, _ = listener.accept()
    except OSError:
        return
    connection.setblocking(False)
    selector.register(connection, events)


def _echo(connection: socket.socket) -> int:
    """A cell or two: what does not fit into the socket is an error, and ends it."""
    block = connection.recv(_BLOCK)
    return connection.send(block) if block else 0


if __name__ == "__main__":
    serve(sys.argv[1], (sys.argv[2], int(sys.argv[3])))
