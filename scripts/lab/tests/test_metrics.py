"""What both programs show to Prometheus of a session between them, and that otherwise they show nothing and load nothing for it."""

from __future__ import annotations

import http.client
import os
import re
import socket
import subprocess
import tempfile
import threading
import unittest
from collections.abc import Callable
from pathlib import Path

from lab.proc import wait_until

SCRIPTS = Path(__file__).resolve().parents[2]
BUILT = all((SCRIPTS.parent / name / "target" / f"{name}.jar").exists() for name in ("client-pt", "server-pt"))
PATIENCE = 40
BYTES = 200_000
SAMPLE = re.compile(r"(tandem_[a-z_]+(?:\{.*\})?) (\S+)")
ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+|::|localhost")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def echo(listener: socket.socket) -> None:
    while True:
        try:
            connection, _ = listener.accept()
            with connection:
                while block := connection.recv(65536):
                    connection.sendall(block)
        except ConnectionError:
            continue
        except OSError:
            return


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=PATIENCE)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(PATIENCE)
        self.sock.connect(str(self._path))


def scrape(connection: http.client.HTTPConnection) -> dict[str, float]:
    connection.request("GET", "/metrics")
    response = connection.getresponse()
    text = response.read().decode()
    connection.close()
    assert response.status == 200, (response.status, text)
    assert response.headers["Content-Type"].startswith("text/plain; version=0.0.4"), response.headers
    assert not ADDRESS.search(text), text
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    samples = [SAMPLE.fullmatch(line) for line in lines]
    assert all(samples), text
    return {sample[1]: float(sample[2]) for sample in samples if sample}


def listening(pid: int) -> int:
    """How many sockets of a process are bound: those of TCP and Unix that listen, and those of UDP."""
    inodes = {os.readlink(link) for link in Path(f"/proc/{pid}/fd").iterdir() if link.is_symlink()}
    found = 0
    for table, wanted in (("tcp", "0A"), ("tcp6", "0A"), ("udp", "07"), ("udp6", "07")):
        rows = [line.split() for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]]
        found += sum(row[3] == wanted and f"socket:[{row[9]}]" in inodes for row in rows)
    rows = [line.split() for line in Path("/proc/net/unix").read_text().splitlines()[1:]]
    # The flag of one that listens.
    return found + sum(row[3] == "00010000" and f"socket:[{row[6]}]" in inodes for row in rows)


@unittest.skipUnless(BUILT, "needs what 'mvn package' makes")
class MetricsTest(unittest.TestCase):
    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name)
        upstream = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(upstream.close)
        threading.Thread(target=echo, args=(upstream,), daemon=True).start()
        self.upstream = int(upstream.getsockname()[1])
        self.bridge, self.entrance = free_port(), free_port()

    def start(self, program: str, *arguments: str, options: str = "") -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [str(SCRIPTS / program), "standalone", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            # Not long enough alive for a good compiler to pay.
            env={**os.environ, "TANDEM_JAVA_OPTS": f"-XX:TieredStopAtLevel=1 {options}"},
        )
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def start_both(
        self, server: tuple[str, ...], client: tuple[str, ...], options: Callable[[str], str] = lambda _: ""
    ) -> tuple[subprocess.Popen[bytes], subprocess.Popen[bytes]]:
        serve = ("--listen", f"127.0.0.1:{self.bridge}", "--forward", f"127.0.0.1:{self.upstream}", "--state", str(self.folder))
        started = self.start("server-pt", *serve, *server, options=options("server-pt"))
        line = self.folder / "utp_bridgeline.txt"
        wait_until("the bridge line", lambda: line.exists() or None, PATIENCE)
        cert = next(word for word in line.read_text().split() if word.startswith("cert="))
        (self.folder / "bridge").write_text(f"utp 127.0.0.1:{self.bridge} {cert}\n")
        dial = ("--listen", f"127.0.0.1:{self.entrance}", "--bridge-file", str(self.folder / "bridge"))
        return started, self.start("client-pt", *dial, *client, options=options("client-pt"))

    def connect(self) -> socket.socket:
        def attempt() -> socket.socket | None:
            try:
                return socket.create_connection(("127.0.0.1", self.entrance), PATIENCE)
            except ConnectionRefusedError:
                return None

        return wait_until("the client", attempt, PATIENCE)

    def exchange(self, connection: socket.socket) -> None:
        sender = threading.Thread(target=connection.sendall, args=(bytes(BYTES),), daemon=True)
        sender.start()
        left = BYTES
        while left > 0:
            block = connection.recv(65536)
            self.assertTrue(block, "it has ended")
            left -= len(block)
        sender.join()

    def await_samples(self, take: Callable[[], dict[str, float]], wanted: dict[str, float]) -> dict[str, float]:
        """The first scrape in which these are so; the last one tells what is not."""
        last: dict[str, float] = {}

        def poll() -> dict[str, float] | None:
            last.clear()
            last.update(take())
            return last if all(last.get(name) == value for name, value in wanted.items()) else None

        try:
            return dict(wait_until("the metrics", poll, PATIENCE))
        finally:
            self.assertEqual(wanted, {name: last.get(name) for name in wanted})

    def test_a_session_is_seen_by_both(self) -> None:
        unix, port = self.folder / "m.sock", free_port()
        self.start_both(("-o", f"metrics=unix:{unix}"), ("--metrics", f"127.0.0.1:{port}"))
        connection = self.connect()
        with connection:
            self.assertEqual(0o660, unix.stat().st_mode & 0o777)

            def server() -> dict[str, float]:
                return scrape(UnixConnection(unix))

            def client() -> dict[str, float]:
                return scrape(http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE))

            self.exchange(connection)
            during = {
                'tandem_sessions{state="attached"}': 1,
                "tandem_sessions_opened_total": 1,
                'tandem_carrier_changes_total{cause="tls_up",from="none",to="tls"}': 1,
                'tandem_carrier_changes_total{cause="paired",from="tls",to="utp"}': 1,
                'tandem_sessions_closed_total{reason="finished"}': 0,
            }
            for side in (server, client):
                shown = self.await_samples(side, during)
                for direction, exact in (("received", True), ("sent", False)):
                    carried = sum(
                        shown[f'tandem_carrier_bytes_total{{carrier="{carrier}",direction="{direction}"}}'] for carrier in ("tls", "utp")
                    )
                    # What is sent again counts again.
                    (self.assertEqual if exact else self.assertGreaterEqual)(carried, BYTES)
        after = {'tandem_sessions{state="attached"}': 0, 'tandem_sessions_closed_total{reason="finished"}': 1}
        for side in (server, client):
            self.await_samples(side, after)

    def test_nobody_listens_and_nothing_is_loaded_unless_it_is_asked_for(self) -> None:
        processes = self.start_both((), (), lambda program: f"-Xlog:class+load:file={self.folder}/{program}.classes")
        with self.connect():
            for process, program in zip(processes, ("server-pt", "client-pt")):
                loaded = (self.folder / f"{program}.classes").read_text()
                self.assertIn("dev.tandem.utp.paired", loaded)
                for package in ("io.prometheus", "dev.tandem.metrics", "io.netty.handler.codec.http", "org.tomlj"):
                    self.assertNotIn(f" {package}.", loaded, program)
            # Each its one port; the server's is one of UDP, too.
            self.assertEqual(2, listening(processes[0].pid))


if __name__ == "__main__":
    unittest.main()
