"""One bulk flow through both proxies, standalone: ``serve ADDR PORT`` runs server-pt there and copies what comes to standard
output, ``dial ADDR PORT CARRIER`` runs client-pt and sends standard input; ``serve-zeros`` and ``fetch`` do the same the other
way round. Both meet in the folder TANDEM_FLOW_FOLDER, where the sender also notes, in ``handed-over``, how much client-pt had
taken from it by when."""

from __future__ import annotations

import array
import fcntl
import os
import signal
import socket
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path

from lab.tcpflow import copy, receive

SCRIPTS = Path(__file__).resolve().parents[1]
HANDED_OVER = "handed-over"
_WAIT_SECONDS = 20.0
_BLOCK = 4096
_STEP_SECONDS = 0.002


def serve(address: str, port: int, folder: Path, use: Callable[[socket.socket], None]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as upstream:
        forward = f"127.0.0.1:{upstream.getsockname()[1]}"
        proxy = _start("server-pt", "--listen", f"{address}:{port}", "--forward", forward, "--state", str(folder))
        try:
            use(upstream)
        finally:
            _stop(proxy)


def _send_zeros(listener: socket.socket) -> None:
    connection, _ = listener.accept()
    with connection:
        while True:
            connection.sendall(bytes(_BLOCK))


def dial(address: str, port: int, folder: Path, arguments: str, use: Callable[[socket.socket], None]) -> None:
    line = folder / "utp_bridgeline.txt"
    cert = next(word for word in _await(line).split() if word.startswith("cert="))
    bridge = folder / "bridge"
    bridge.write_text(f"utp {address}:{port} {cert} {arguments}\n")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        local = probe.getsockname()[1]
    proxy = _start("client-pt", "--listen", f"127.0.0.1:{local}", "--bridge-file", str(bridge))
    try:
        with _connect(local) as connection:
            use(connection)
    finally:
        _stop(proxy)


def _send(connection: socket.socket, samples: Path) -> None:
    """Copies standard input, and waits until the peer has all of it."""
    total, last = 0, 0.0
    with samples.open("w", buffering=1) as file:
        while block := os.read(0, _BLOCK):
            connection.sendall(block)
            total += len(block)
            now = time.monotonic()
            if now - last >= _STEP_SECONDS:
                last = now
                file.write(f"{now:.6f} {total - _unsent(connection)}\n")
    connection.shutdown(socket.SHUT_WR)
    connection.recv(1)


def _unsent(connection: socket.socket) -> int:
    """What our own kernel still has of it (SIOCOUTQ)."""
    count = array.array("i", [0])
    fcntl.ioctl(connection, termios.TIOCOUTQ, count)
    return count[0]


def _start(program: str, *arguments: str) -> subprocess.Popen[bytes]:
    # The proxy ends with this process, however that ends. Standard error may be a terminal, on which others write too.
    command = [str(SCRIPTS / program), "standalone", "--quiet", *arguments]
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=sys.stderr)


def _stop(proxy: subprocess.Popen[bytes]) -> None:
    proxy.terminate()
    proxy.wait()


def _await(file: Path) -> str:
    deadline = time.monotonic() + _WAIT_SECONDS
    while not file.exists():
        if time.monotonic() > deadline:
            sys.exit(f"proxied: there is no {file.name}")
        time.sleep(0.02)
    return file.read_text()


def _connect(port: int) -> socket.socket:
    deadline = time.monotonic() + _WAIT_SECONDS
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port))
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                sys.exit("proxied: client-pt does not listen")
            time.sleep(0.02)


if __name__ == "__main__":
    # So that what is in "finally" is done when the bench ends us.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    mode, host, number, *rest = sys.argv[1:]
    shared = Path(os.environ["TANDEM_FLOW_FOLDER"])
    if mode == "serve":
        serve(host, int(number), shared, receive)
    elif mode == "serve-zeros":
        serve(host, int(number), shared, _send_zeros)
    elif mode == "fetch":
        dial(host, int(number), shared, " ".join(rest), copy)
    else:
        dial(host, int(number), shared, " ".join(rest), lambda connection: _send(connection, shared / HANDED_OVER))
