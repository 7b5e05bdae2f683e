"""Everything that the programs do without tor, tried once: what a Java of too few modules would fail at."""

from __future__ import annotations

import contextlib
import http.client
import os
import socket
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from . import bridgeline, content, socks
from .ports import PortPicker
from .proc import LabError, Program, run, wait_until

LOOPBACK = "127.0.0.1"
_PATIENCE_SECONDS = 60.0
_BYTES = 20_000_000
_SEED = 1


class Features:
    """Runs the programs of the folder `programs`, by a command that comes before theirs, with the folder `work` for files."""

    def __init__(self, programs: str, work: Path, prefix: Sequence[str] = ()) -> None:
        self._programs, self._work, self._prefix = programs, work, list(prefix)
        self._ports = PortPicker()

    def try_all(self, names: Sequence[str]) -> list[str]:
        """A line for each thing that works; LabError tells what does not."""
        done = []
        for name in names:
            version = self._run(name, "--version").strip()
            if "Usage:" not in self._run(name, "--help"):
                raise LabError(f"{name} --help says nothing")
            done.append(f"{version}: --version, --help")
        for name in ("client-pt", "server-pt"):
            if name in names:
                done.append(self._doctor(name))
        if "utpcat" in names:
            done.append(self._utpcat())
        if {"client-pt", "server-pt"} <= set(names):
            done.append(self._standalone())
        return done

    def _command(self, name: str, *arguments: str) -> list[str]:
        return [*self._prefix, f"{self._programs}/{name}", *arguments]

    def _run(self, name: str, *arguments: str) -> str:
        return run(self._command(name, *arguments), timeout=_PATIENCE_SECONDS)

    def _doctor(self, name: str) -> str:
        said = self._run(name, "doctor").splitlines()
        for wanted in ("Java ", "native transport: epoll", "archive of classes: "):
            if not any(wanted in line for line in said):
                raise LabError(f"{name} doctor does not say {wanted!r}")
        if not self._run(name, "doctor", "--apparmor").startswith("  # Tandem"):
            raise LabError(f"{name} doctor has no rules")
        return f"{name} doctor: " + "; ".join(line.split(maxsplit=1)[1] for line in said if line.startswith("ok"))

    def _utpcat(self) -> str:
        port, log = self._ports.pick(), self._work / "utpcat"
        sent = b"".join(content.blocks(_SEED, 1_000_000))
        (self._work / "sent").write_bytes(sent)
        shell = ["sh", "-c", '"$@" >"$0"', str(log)]
        listener = Program("utpcat", [*shell, *self._command("utpcat", "-l", "-p", str(port))], self._work / "utpcat.log")
        try:
            wait_until("utpcat to listen", lambda: _listens_udp(port), _PATIENCE_SECONDS, log=listener.log)
            run(["sh", "-c", '"$@" <"$0"', str(self._work / "sent"), *self._command("utpcat", LOOPBACK, str(port))])
            wait_until("what utpcat has sent", lambda: log.stat().st_size >= len(sent), _PATIENCE_SECONDS, log=listener.log)
        finally:
            listener.stop()
        if log.read_bytes() != sent:
            raise LabError("utpcat received something else")
        return "utpcat: 1 MB over µTP"

    def _standalone(self) -> str:
        """Both proxies, with all that is in a TOML file, SOCKS, metrics; TLS 1.3 and µTP in between."""
        with contextlib.ExitStack() as stack:
            server = stack.enter_context(content.ContentServer(0))
            listen, forward, relay, ours, theirs = (self._ports.pick() for _ in range(5))
            state = self._work / "server-state"
            stack.enter_context(
                self._program(
                    *("server-pt", "standalone", "--listen", f"{LOOPBACK}:{listen}", "--state", str(state)),
                    *("--forward", f"{LOOPBACK}:{server.address[1]}", "--metrics", f"{LOOPBACK}:{theirs}"),
                )
            )
            file = state / "utp_bridgeline.txt"
            wait_until("the bridge line", file.exists, _PATIENCE_SECONDS, log=self._work / "server-pt.log")
            line = bridgeline.parse_file(file.read_text()).at(LOOPBACK, listen)
            config = self._work / "client.toml"
            config.touch(0o600)
            config.write_text(
                f'socks = "{LOOPBACK}:{relay}"\nmetrics = "{LOOPBACK}:{ours}"\n[bridges]\n'
                f'home = "{line.torrc().removeprefix("Bridge ")}"\n'
                f'[[forward]]\nlisten = "{LOOPBACK}:{forward}"\nbridges = ["home"]\n'
            )
            stack.enter_context(self._program("client-pt", "standalone", "--config", str(config)))
            log = self._work / "client-pt.log"
            wait_until("the forward", lambda: _listens_tcp(forward), _PATIENCE_SECONDS, log=log)
            with socket.create_connection((LOOPBACK, forward), _PATIENCE_SECONDS) as plain:
                _download(plain, server)
            with socks.connect_to_bridge((LOOPBACK, relay), LOOPBACK, listen, f"cert={line.arguments['cert']}", _PATIENCE_SECONDS) as asked:
                _download(asked, server)
            shares = []
            for port in (ours, theirs):
                # µTP takes over within the first megabytes.
                metrics = _get(port, "/metrics")
                taken = [row for row in metrics.splitlines() if row.startswith("tandem_carrier_bytes") and 'carrier="utp"' in row]
                shares.append(sum(float(row.split()[-1]) for row in taken))
            if min(shares) < _BYTES:
                raise LabError(f"µTP carried no more than {min(shares) / 1e6:.1f} MB, as the metrics have it", log)
            probe = config.with_name("bridge")
            probe.write_text(line.torrc() + "\n")
            if "proof" not in self._run("client-pt", "doctor", "--bridge-file", str(probe)):
                raise LabError("client-pt doctor could not dial the bridge")
        return f"standalone: TOML, forward, SOCKS5, TLS 1.3 and µTP ({shares[0] / 1e6:.0f} of {2 * _BYTES / 1e6:.0f} MB), metrics, doctor dials"

    @contextlib.contextmanager
    def _program(self, name: str, *arguments: str) -> Iterator[Program]:
        program = Program(name, self._command(name, *arguments), self._work / f"{name}.log")
        try:
            yield program
        finally:
            program.stop()


def _download(connection: socket.socket, server: content.ContentServer) -> None:
    done = socks.download(
        connection, server.address[0], content.path(_SEED, _BYTES), deadline=time.monotonic() + _PATIENCE_SECONDS, on_progress=lambda _: None
    )
    if done.sha256 != content.sha256(_SEED, _BYTES):
        raise LabError("the download is not what was sent")


def _get(port: int, path: str) -> str:
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=_PATIENCE_SECONDS)
    try:
        connection.request("GET", path)
        return connection.getresponse().read().decode()
    finally:
        connection.close()


def _listens_tcp(port: int) -> bool:
    try:
        socket.create_connection((LOOPBACK, port)).close()
    except OSError:
        return False
    return True


def _listens_udp(port: int) -> bool:
    tables = (Path(f"/proc/net/{table}").read_text() for table in ("udp", "udp6") if Path(f"/proc/net/{table}").exists())
    return any(f":{port:04X} " in line.split(" -> ")[0] for table in tables for line in table.splitlines())


def main(arguments: list[str]) -> int:
    """Takes a folder with the programs."""
    with tempfile.TemporaryDirectory(prefix="features-") as work:
        try:
            for line in Features(arguments[0], Path(work)).try_all(sorted(os.listdir(arguments[0]))):
                print(line)
        except LabError as error:
            print(error.report(), file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
