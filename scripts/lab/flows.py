"""Bulk flows between two hosts, of any transport, and what arrives of them over time."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from lab.link import Host
from lab.proc import LabError, wait_until

SCRIPTS = Path(__file__).resolve().parents[1]
_INTEROP = SCRIPTS / "lab/interop"
BENCHMARK_JAR = SCRIPTS.parent / "utp/benchmark/target/benchmark.jar"

# From an address and a port to a command.
Command = Callable[[str, int], Sequence[str]]


@dataclass(frozen=True)
class Transport:
    """How to serve and to dial; the sender's standard input goes to the receiver's standard output.

    If it is pulled, the server sends, zeros without end, and the client's standard output is what comes.
    """

    name: str
    serve: Command
    dial: Command
    is_pulled: bool = False


def tandem(control: str) -> Transport:
    """Our µTP with a congestion control."""
    utpcat = str(SCRIPTS / "utpcat")
    return Transport(
        control,
        lambda address, port: [utpcat, "-l", "-s", address, "-p", str(port)],
        lambda address, port: [utpcat, "--congestion", control, address, str(port)],
    )


def tcp(control: str) -> Transport:
    """The kernel's TCP with a congestion control."""
    flow = [sys.executable, "-m", "lab.tcpflow"]
    return Transport(
        f"TCP {control}",
        lambda address, port: [*flow, "serve", address, str(port)],
        lambda address, port: [*flow, "dial", address, str(port), control],
    )


def link(carrier: str) -> Transport:
    """Both proxies: a session over TLS and µTP, or over one of them alone."""
    flow = [sys.executable, "-m", "lab.proxied"]
    return Transport(
        f"link {carrier}",
        lambda address, port: [*flow, "serve", address, str(port)],
        lambda address, port: [*flow, "dial", address, str(port), f"carrier={carrier}"],
    )


def pulled(carrier: str) -> Transport:
    """As link, but the server sends."""
    flow = [sys.executable, "-m", "lab.proxied"]
    return Transport(
        f"link {carrier} down",
        lambda address, port: [*flow, "serve-zeros", address, str(port)],
        lambda address, port: [*flow, "fetch", address, str(port), f"carrier={carrier}"],
        is_pulled=True,
    )


# As the launchers start ours.
_FLAGS = (
    "-XX:+UseSerialGC -Xshare:auto -Xms12m -Xmn6m -Xss512k -Xmx256m -XX:-UsePerfData -XX:FreqInlineSize=120 -XX:InlineSmallCode=800"
    " -Dio.netty.jfr.enabled=false"
)
BENCHMARK = ("java", *_FLAGS.split(), "-jar", str(BENCHMARK_JAR))


def session(carrier: str, *, warm: bool = False) -> Transport:
    """The link by itself, from session to session, without the proxies' sockets to tor; warm: compiled before it begins."""
    words = ["warm"] if warm else []
    return Transport(
        " ".join(["link session", carrier, *words]),
        lambda address, port: [*BENCHMARK, "link-serve", address, str(port), *words],
        lambda address, port: [*BENCHMARK, "link-dial", address, str(port), carrier, *words],
    )


_LIBUTP = ["node", str(_INTEROP / "flow.js")]

LIBUTP = Transport(
    "libutp",
    lambda address, port: [*_LIBUTP, "serve", address, str(port)],
    lambda address, port: [*_LIBUTP, "dial", address, str(port)],
)


def to_libutp(control: str) -> Transport:
    """Our sender, and a receiver that is libutp."""
    return Transport(f"{control} to libutp", LIBUTP.serve, tandem(control).dial)


def environment(folder: Path) -> dict[str, str]:
    """What the programs need to find: libutp, these modules, and each other."""
    modules = str(_INTEROP / "node_modules")
    return {**os.environ, "NODE_PATH": modules, "PYTHONPATH": str(SCRIPTS), "TANDEM_FLOW_FOLDER": str(folder)}


class Flow:
    """One flow from its first byte on; a context manager that leaves no process behind."""

    def __init__(self, transport: Transport, near: Host, far: Host, folder: Path, *, port: int = 9_000) -> None:
        self.transport = transport
        self._near, self._far, self._port = near, far, port
        self._folder = folder
        self._tag = f"{transport.name.replace(' ', '-')}-{port}"
        self._processes: list[subprocess.Popen[bytes]] = []
        # Of the programs of this flow alone.
        self.folder = folder / self._tag

    def __enter__(self) -> Flow:
        self.folder.mkdir()
        self._environment = environment(self.folder)
        serve = self._far.command(self.transport.serve(self._far.address, self._port))
        if self.transport.is_pulled:
            self._start(serve, "server", stdout=subprocess.DEVNULL)
        else:
            self._sample(self._start(serve, "server", stdout=subprocess.PIPE))
        protocol = "-t" if self.transport.name.startswith(("TCP", "link")) else "-u"
        wait_until(
            f"{self.transport.name} to listen",
            lambda: f":{self._port} " in _sockets(self._far, protocol) or None,
            30,
            log=self._log("server"),
        )
        return self

    def dial(self, payload_bytes: int | None) -> None:
        """Sends so many bytes, or without end; what is pulled has no end."""
        if payload_bytes is not None:
            head = self._start(["head", "-c", str(payload_bytes), "/dev/zero"], "head", stdout=subprocess.PIPE)
            assert head.stdout is not None
            stdin = head.stdout
        else:
            stdin = open("/dev/zero", "rb")
        command = self._near.command(self.transport.dial(self._far.address, self._port))
        if self.transport.is_pulled:
            self._sample(self._start(command, "client", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE))
        else:
            self._start(command, "client", stdin=stdin, stdout=subprocess.DEVNULL)
        stdin.close()

    def _sample(self, receiver: subprocess.Popen[bytes]) -> None:
        """Notes what comes out of the receiver."""
        assert receiver.stdout is not None
        with (self._folder / f"{self._tag}.samples").open("wb") as samples:
            self._sink = self._start([sys.executable, "-m", "lab.sink"], "sink", stdin=receiver.stdout, stdout=samples)
        receiver.stdout.close()

    def __exit__(self, *_: object) -> None:
        for process in reversed(self._processes):
            if process.poll() is None:
                process.terminate()
        for process in self._processes:
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def samples(self) -> list[tuple[float, int]]:
        """Seconds of the monotonic clock, and bytes that had arrived by then."""
        return parse_samples((self._folder / f"{self._tag}.samples").read_text())

    def wait_first_byte(self, timeout: float = 30) -> float:
        """When the first bytes had arrived."""
        first = wait_until("the first byte", lambda: self.samples()[:1] or None, timeout, log=self._log("client"))
        return first[0][0]

    def wait_end(self, timeout: float) -> bool:
        """Whether the receiver got its end in time."""
        try:
            self._sink.wait(timeout)
            return True
        except subprocess.TimeoutExpired:
            return False

    def received(self, begin: float, end: float) -> int:
        """Bytes that arrived between two moments."""
        return received_by(self.samples(), end) - received_by(self.samples(), begin)

    def _log(self, role: str) -> Path:
        return self._folder / f"{self._tag}.{role}.log"

    def _start(self, command: Sequence[str], role: str, **streams: object) -> subprocess.Popen[bytes]:
        with self._log(role).open("wb") as log:
            try:
                process = subprocess.Popen(command, stderr=log, env=self._environment, **streams)  # type: ignore[call-overload]
            except OSError as error:
                raise LabError(f"{command[0]} cannot be started: {error.strerror}") from error
        self._processes.append(process)
        return process


def parse_samples(text: str) -> list[tuple[float, int]]:
    """Lines of seconds and bytes; the last may be half written."""
    whole = text.rpartition("\n")[0].splitlines()
    return [(float(when), int(count)) for when, _, count in (line.partition(" ") for line in whole)]


def sleep_until(moment: float) -> None:
    """A moment of the monotonic clock."""
    time.sleep(max(0.0, moment - time.monotonic()))


def received_by(samples: Sequence[tuple[float, int]], moment: float) -> int:
    """Bytes that had arrived by a moment, on a straight line between samples."""
    before = (samples[0][0], 0) if samples else (0.0, 0)
    for sample in samples:
        if sample[0] >= moment:
            share = (moment - before[0]) / (sample[0] - before[0]) if sample[0] > before[0] else 1.0
            return int(before[1] + max(0.0, share) * (sample[1] - before[1]))
        before = sample
    return before[1]


def _sockets(host: Host, protocol: str) -> str:
    return subprocess.run(
        host.command(["ss", "-H", "-n", "-l", protocol]), capture_output=True, text=True, check=False
    ).stdout
