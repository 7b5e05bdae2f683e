"""A server-pt that is killed, and started again with the same identity: a client hears of it, and can come again."""

from __future__ import annotations

import socket
import subprocess
import tempfile
import threading
import unittest
from pathlib import Path

from lab.proc import wait_until

SCRIPTS = Path(__file__).resolve().parents[2]
BUILT = all((SCRIPTS.parent / name / "target" / f"{name}.jar").exists() for name in ("client-pt", "server-pt"))
PATIENCE = 40


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def echo(listener: socket.socket) -> None:
    """Serves one connection after the other, until closed."""
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


@unittest.skipUnless(BUILT, "needs what 'mvn package' makes")
class RestartTest(unittest.TestCase):
    def start(self, program: str, *arguments: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [str(SCRIPTS / program), "standalone", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def connect(self, port: int) -> socket.socket:
        """A connection through both proxies, on which an echo came back."""

        def attempt() -> socket.socket | None:
            try:
                connection = socket.create_connection(("127.0.0.1", port), PATIENCE)
            except ConnectionRefusedError:
                return None
            try:
                connection.sendall(b"here?")
                if connection.recv(5) == b"here?":
                    return connection
            except OSError:
                pass
            connection.close()
            return None

        return wait_until("an echo through both proxies", attempt, PATIENCE)

    def test_a_client_hears_that_its_session_is_gone_and_comes_again(self) -> None:
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        folder = Path(temporary.name)
        upstream = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(upstream.close)
        threading.Thread(target=echo, args=(upstream,), daemon=True).start()
        bridge, entrance = free_port(), free_port()
        serve = ("--listen", f"127.0.0.1:{bridge}", "--forward", f"127.0.0.1:{upstream.getsockname()[1]}", "--state", str(folder))
        server = self.start("server-pt", *serve)
        line = folder / "utp_bridgeline.txt"
        wait_until("the bridge line", lambda: line.exists() or None, PATIENCE)
        cert = next(word for word in line.read_text().split() if word.startswith("cert="))
        (folder / "bridge").write_text(f"utp 127.0.0.1:{bridge} {cert}\n")
        self.start("client-pt", "--listen", f"127.0.0.1:{entrance}", "--bridge-file", str(folder / "bridge"))
        with self.connect(entrance) as first:
            server.kill()
            server.wait()
            self.start("server-pt", *serve)
            # What it says is lost with the session; that it is over is what it must hear.
            first.sendall(b"still here?")
            first.settimeout(PATIENCE)
            try:
                self.assertEqual(b"", first.recv(100))
            except ConnectionResetError:
                pass
            with self.connect(entrance):
                pass


if __name__ == "__main__":
    unittest.main()
