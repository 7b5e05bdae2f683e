"""One bulk flow through both proxies, standalone: ``serve ADDR PORT`` runs server-pt there and copies what comes to standard
output, ``dial ADDR PORT CARRIER`` runs client-pt and sends standard input. Both meet in the folder TANDEM_FLOW_FOLDER."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from lab.tcpflow import receive, send

SCRIPTS = Path(__file__).resolve().parents[1]
_WAIT_SECONDS = 20.0


def serve(address: str, port: int, folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as upstream:
        forward = f"127.0.0.1:{upstream.getsockname()[1]}"
        proxy = _start("server-pt", "--listen", f"{address}:{port}", "--forward", forward, "--state", str(folder))
        try:
            receive(upstream)
        finally:
            _stop(proxy)


def dial(address: str, port: int, folder: Path, arguments: str) -> None:
    line = folder / "utp_bridgeline.txt"
    cert = next(word for word in _await(line).split() if word.startswith("cert="))
    bridge = folder / "bridge"
    bridge.write_text(f"utp {address}:{port} {cert} {arguments}\n")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        local = probe.getsockname()[1]
    proxy = _start("client-pt", "--listen", f"127.0.0.1:{local}", "--bridge-file", str(bridge))
    try:
        with _connect(local) as connection:
            send(connection)
    finally:
        _stop(proxy)


def _start(program: str, *arguments: str) -> subprocess.Popen[bytes]:
    # The proxy ends with this process, however that ends.
    return subprocess.Popen([str(SCRIPTS / program), "standalone", *arguments], stdin=subprocess.DEVNULL, stdout=sys.stderr)


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
        serve(host, int(number), shared)
    else:
        dial(host, int(number), shared, " ".join(rest))
