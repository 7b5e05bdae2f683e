"""The demo: a real tor bootstraps and downloads over a TLS and a µTP connection in tandem."""

from __future__ import annotations

import argparse
import contextlib
import random
import shutil
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from . import bootstrap, bridgeline, carriers, content, socks, timeline
from .interrupts import Interrupted, raise_on_signals
from .network import Network, Node, NodeSpec, Role, plain_network
from .path import Path as UdpPath
from .proc import LabError, run, wait_until

MEGABYTE = 1_000_000
LOOPBACK = "127.0.0.1"

# How long tor may refuse the download's stream before that is a failure.
REFUSAL_SECONDS = 30

# How long UDP, or all, is gone in mid-download with --faults.
OUTAGE_SECONDS = 5

# The least share of the downloaded bytes, in per cent, that the carrier in use must have had.
UTP_SHARE_NEEDED = 50.0
UTP_SHARE_AIMED_AT = 90.0
TLS_ONLY_SHARE_NEEDED = 99.0

SCRIPTS = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Options:
    carrier: str
    size: int
    block_udp: str | None
    # Downloaded bytes after which UDP is cut; None if it is not to be cut in mid-download.
    cut_after: int | None
    faults: bool
    relays: bool
    svg: Path
    timeout: float
    keep: bool
    client_pt: Path
    server_pt: Path


class Report:
    """What the reader sees. In a terminal, progress rewrites its line; elsewhere it becomes a line now and then."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._terminal = sys.stdout.isatty()
        self._open_line = False
        self._last_progress = 0

    def elapsed(self) -> float:
        return time.monotonic() - self._began

    def line(self, text: str = "") -> None:
        if self._open_line:
            print()
            self._open_line = False
        print(text, flush=True)

    def heading(self, text: str) -> None:
        self.line()
        self.line(text)

    def item(self, name: str, text: str) -> None:
        self.line(f"  {name:<12} {text}")

    def progress(self, percent: int, text: str) -> None:
        """Shows progress: every call in a terminal, every tenth part elsewhere."""
        if self._terminal:
            print(f"\r  {text}", end="", flush=True)
            self._open_line = True
        elif percent // 10 > self._last_progress // 10:
            self.line(f"  {text}")
        self._last_progress = percent


@dataclass
class Fault:
    """Something that happens to the path when so many bytes have come; and the longest time without one from then on."""

    at: int
    words: str
    strike: Callable[[], None]
    end: Callable[[], None] | None = None
    longest_gap: float = 0.0


def faults_of(path: UdpPath, size: int) -> list[Fault]:
    """What --faults does, in order."""
    return [
        Fault(size // 4, f"UDP is dropped for {OUTAGE_SECONDS} s", path.drop_udp, path.pass_udp),
        Fault(size // 2, "TCP is reset", path.reset_tcp),
        Fault(size * 3 // 4, f"UDP and TCP are lost for {OUTAGE_SECONDS} s", path.lose, path.regain),
    ]


class FaultLog:
    """Strikes as the download goes on, and takes the time."""

    def __init__(self, faults: list[Fault], say: Callable[[str], None]) -> None:
        self._coming = faults
        self.struck: list[Fault] = []
        self._say = say
        self._last = time.monotonic()
        self._timers: list[threading.Timer] = []

    def on_progress(self, received: int) -> None:
        now = time.monotonic()
        if self.struck:
            self.struck[-1].longest_gap = max(self.struck[-1].longest_gap, now - self._last)
        self._last = now
        if self._coming and received >= self._coming[0].at:
            fault = self._coming.pop(0)
            self.struck.append(fault)
            self._say(f"{_mb(received):>8}  {fault.words}, now")
            fault.strike()
            if fault.end is not None:
                timer = threading.Timer(OUTAGE_SECONDS, fault.end)
                timer.daemon = True
                timer.start()
                self._timers.append(timer)

    def close(self) -> None:
        for timer in self._timers:
            timer.cancel()


class Demo:
    def __init__(self, options: Options, report: Report) -> None:
        self._options = options
        self._report = report
        self._deadline = time.monotonic() + options.timeout

    def run(self) -> None:
        with contextlib.ExitStack() as stack:
            folder = self._folder(stack)
            server = stack.enter_context(content.ContentServer(0))
            network = stack.enter_context(Network(folder, exit_ports=[server.address[1]]))
            self._introduce()
            self._start_public(network)
            bridge, line = self._start_bridge(network)
            path = self._lay_path(stack, line)
            if path is not None:
                line = line.at(*path.address)
            client, steps = self._bootstrap(network, line)
            self._draw(steps)
            before = [carriers.read(node.pt_state) for node in (client, bridge)]
            self._download(client, server, path)
            after = carriers.read_settled([node.pt_state for node in (client, bridge)], self._options.size)
            network.check_alive()
            self._judge(before, after)

    # The stages

    def _folder(self, stack: contextlib.ExitStack) -> Path:
        folder = Path(tempfile.mkdtemp(prefix="tandem-demo-"))
        if self._options.keep:
            stack.callback(lambda: self._report.line(f"logs and keys are kept in {folder}"))
        else:
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
        return folder

    def _introduce(self) -> None:
        version = run(["tor", "--version"]).splitlines()[0].removeprefix("Tor version ").rstrip(".")
        self._report.line("Tandem: an unmodified tor over a TLS and a µTP connection in tandem")
        self._report.line()
        self._report.item("tor", version)
        self._report.item("carrier", _CARRIER_WORDS[self._options.carrier])
        if self._options.block_udp:
            where = "from the start" if self._options.cut_after is None else f"after {_mb(self._options.cut_after)} of the download"
            self._report.item("UDP", f"dropped between the proxies {where}")
        if self._options.faults:
            self._report.item("faults", f"UDP dropped and back, TCP reset, both lost and back, {OUTAGE_SECONDS} s each, in one download")

    def _start_public(self, network: Network) -> None:
        specs = plain_network(authorities=3, relays=3, exits=1)
        began = time.monotonic()
        network.start_public(specs, self._time_left(60))
        seconds = time.monotonic() - began
        self._report.item("network", f"3 authorities, 3 relays, 1 exit on {LOOPBACK}; consensus after {seconds:.1f} s")

    def _start_bridge(self, network: Network) -> tuple[Node, bridgeline.BridgeLine]:
        port = network.pick_port()
        torrc = [
            f"ServerTransportPlugin utp exec {self._options.server_pt}",
            f"ServerTransportListenAddr utp {LOOPBACK}:{port}",
            "ExtORPort auto",
        ]
        if self._options.carrier != "auto":
            torrc.append(f"ServerTransportOptions utp carrier={self._options.carrier}")
        began = time.monotonic()
        bridge = network.start(NodeSpec("bridge", Role.BRIDGE, tuple(torrc)))
        file = bridge.pt_state / "utp_bridgeline.txt"
        wait_until("the bridge line of server-pt", bridge.polling(file.exists), self._time_left(30), log=bridge.log)
        # The bridge hands the consensus and the descriptors to its clients, so it must have them first. It need
        # not have built circuits of its own.
        wait_until(
            "the bridge to learn about the network",
            bridge.polling(lambda: "(enough_dirinfo)" in bridge.log.read_text(errors="replace")),
            self._time_left(60),
            log=bridge.log,
        )
        seconds = time.monotonic() - began
        self._report.item("bridge", f"server-pt on {LOOPBACK}:{port}, TCP and UDP; ready after {seconds:.1f} s")
        line = bridgeline.parse_file(file.read_text()).identified(bridge.fingerprint())
        return bridge, line.at(LOOPBACK, port)

    def _lay_path(self, stack: contextlib.ExitStack, line: bridgeline.BridgeLine) -> UdpPath | None:
        """A relay between the proxies, if something is to happen there."""
        if self._options.block_udp is None and not self._options.faults:
            return None
        path = stack.enter_context(UdpPath((LOOPBACK, 0), (line.address, line.port)))
        if self._options.block_udp is not None and self._options.cut_after is None:
            path.drop_udp()
        self._report.item("path", f"a relay on {LOOPBACK}:{path.address[1]}, in front of server-pt")
        return path

    def _bootstrap(self, network: Network, line: bridgeline.BridgeLine) -> tuple[Node, list[timeline.Step]]:
        if self._options.carrier != "auto":
            line = line.arguing(carrier=self._options.carrier)
        torrc = ("UseBridges 1", f"ClientTransportPlugin utp exec {self._options.client_pt}", line.torrc())
        return self._bootstrap_client(network, NodeSpec("client", Role.CLIENT, torrc), "through client-pt")

    def _bootstrap_client(
        self, network: Network, spec: NodeSpec, how: str
    ) -> tuple[Node, list[timeline.Step]]:
        client = network.start(spec)
        self._report.heading(f"Bootstrap of the client, {how}")

        def show(step: timeline.Step) -> None:
            self._report.line(f"  {step.seconds:7.2f} s  {step.percent:3d} %  {step.summary}")

        return client, bootstrap.let_go(client, self._time_left(90), show)

    def _draw(self, steps: list[timeline.Step]) -> None:
        self._draw_titled(steps, f"tor bootstraps through Tandem in {steps[-1].seconds:.1f} s", self._carrier_words())

    def _carrier_words(self) -> str:
        words = f"carrier {self._options.carrier}"
        if self._options.block_udp and self._options.cut_after is None:
            words += ", UDP blocked"
        return words

    def _draw_titled(self, steps: list[timeline.Step], title: str, words: str) -> None:
        subtitle = f"private network on one machine, {words}; seconds since the client was let onto the network"
        try:
            self._options.svg.write_text(timeline.svg(steps, title, subtitle), encoding="utf-8")
        except OSError as error:
            raise LabError(f"the timeline cannot be written: {error}") from error
        self._report.line(f"  timeline drawn in {self._options.svg}")

    def _download(self, client: Node, server: content.ContentServer, path: UdpPath | None) -> None:
        size = self._options.size
        seed = random.randrange(1 << 32)
        expected = content.sha256(seed, size)
        self._report.heading(f"Download of {_mb(size)} through tor, from a local web server")
        began = time.monotonic()
        cut_at: int | None = None
        faults = faults_of(path, size) if path is not None and self._options.faults else []
        log = FaultLog(faults, lambda text: self._report.line(f"  {text}"))

        def show(received: int) -> None:
            nonlocal cut_at
            log.on_progress(received)
            if cut_at is None and path is not None and self._options.cut_after is not None:
                if received >= self._options.cut_after:
                    path.drop_udp()
                    cut_at = received
                    self._report.line(f"  {_mb(received):>8}  UDP is cut between the proxies, now")
            percent = received * 100 // size
            rate = _mbit(received, time.monotonic() - began)
            self._report.progress(percent, f"{_mb(received):>8}  {percent:3d} %  {rate:6.1f} Mbit/s")

        try:
            with self._stream(client, server) as connection:
                done = socks.download(
                    connection,
                    server.address[0],
                    content.path(seed, size),
                    deadline=self._deadline,
                    on_progress=show,
                )
        except LabError as error:
            raise LabError(str(error), client.log) from error
        finally:
            log.close()
        if done.sha256 != expected:
            raise LabError(f"the download is not what was sent: SHA-256 {done.sha256}, expected {expected}")
        self._report.line(f"  SHA-256 {expected[:16]}… as it should be")
        self._report.line(
            f"  {_mb(size)} in {done.seconds:.2f} s: {_mbit(size, done.seconds):.1f} Mbit/s; "
            f"first byte after {done.seconds_to_first_byte * 1000:.0f} ms"
        )
        for fault in log.struck:
            self._report.line(f"  {fault.words}: {fault.longest_gap:.2f} s without a byte at most, on the same stream of the same circuit")
        if path is not None:
            self._report.line(f"  the path passed {path.counters.udp_datagrams} datagrams and dropped {path.counters.udp_dropped}")

    def _stream(self, client: Node, server: content.ContentServer) -> socket.socket:
        """A stream through tor, which says "Done" when it knows some of the relays: the only exit may not be among them yet."""
        patience = time.monotonic() + REFUSAL_SECONDS
        while True:
            try:
                return socks.connect((LOOPBACK, client.socks_port), *server.address, self._time_left(60))
            except socks.Refused as refusal:
                if time.monotonic() > patience:
                    raise
                self._report.line(f"  {refusal}; tor may not know the exit yet: once more in a second")
                time.sleep(1)

    def _judge(self, before: list[carriers.Counters], after: list[carriers.Counters]) -> None:
        difference = [now - then for now, then in zip(after, before)]
        self._report.heading("What each carrier took, as the two proxies counted it, in MB")
        for text in counter_table([("client-pt", difference[0], after[0]), ("server-pt", difference[1], after[1])]):
            self._report.line(f"  {text}")
        self._report.line()
        self._report.line(f"  {verdict(self._options, difference[0])}")
        self._report.line(f"  {self._report.elapsed():.0f} s in all")

    def _time_left(self, at_most: float) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise LabError(f"the demo took longer than {self._options.timeout:.0f} s")
        return min(left, at_most)


_CARRIER_WORDS = {
    "auto": "auto: TLS at once, µTP as soon as it is paired",
    "tls": "tls: µTP switched off",
    "utp": "utp: µTP alone carries tor's bytes",
}


def counter_table(rows: list[tuple[str, carriers.Counters, carriers.Counters]]) -> list[str]:
    """Download and totals side by side, a line for each proxy and direction."""
    lines = [
        f"{'':<19} {'during the download':^31}   {'since the start':^19}".rstrip(),
        f"{'':<19} {'TLS':>9} {'µTP':>9} {'µTP share':>11}   {'TLS':>9} {'µTP':>9}",
    ]
    for name, during, total in rows:
        for direction in ("sent", "received"):
            tls, utp = getattr(during.tls, direction), getattr(during.utp, direction)
            tls_total, utp_total = getattr(total.tls, direction), getattr(total.utp, direction)
            lines.append(
                f"{name} {direction:<10} {tls / MEGABYTE:9.3f} {utp / MEGABYTE:9.3f} {carriers.share(utp, tls):9.1f} %"
                f"   {tls_total / MEGABYTE:9.3f} {utp_total / MEGABYTE:9.3f}"
            )
    changes = ", ".join(f"{name} {total.sessions} and {total.carrier_changes}" for name, _, total in rows)
    return [*lines, f"sessions and carrier changes since the start: {changes}"]


def verdict(options: Options, client: carriers.Counters) -> str:
    """One sentence if the carriers took what they should have; otherwise fails, saying what is wrong.

    The client's received bytes are what was downloaded (tor's cells and their overhead included).
    """
    tls, utp = client.tls.received, client.utp.received
    if tls + utp < options.size:
        raise LabError(
            f"client-pt counted {tls + utp} received bytes for a download of {options.size}: "
            "the download went another way, or the counters lag behind"
        )
    utp_share = carriers.share(utp, tls)
    if options.faults:
        if client.sessions or client.resumptions < 1:
            raise LabError(
                f"client-pt opened {client.sessions} sessions and resumed one {client.resumptions} times during the download: "
                "the faults did not strike, or what they struck was replaced instead of resumed"
            )
        times = "once" if client.resumptions == 1 else f"{client.resumptions} times"
        return f"one session bore it all: resumed {times}, {client.carrier_changes} changes of carrier, µTP {utp_share:.1f} %"
    if options.carrier == "tls" or options.block_udp == "start":
        if 100 - utp_share < TLS_ONLY_SHARE_NEEDED:
            raise LabError(f"µTP carried {utp_share:.1f} % of the downloaded bytes, although it could not have been used")
        return f"TLS carried {100 - utp_share:.1f} % of the downloaded bytes, as it should"
    if options.cut_after is not None:
        # Bytes on their way when UDP was cut are sent again over TLS, so allow for a window or two.
        least = UTP_SHARE_NEEDED / 100 * options.cut_after
        rest = options.size - options.cut_after
        if utp < least or tls < rest / 2:
            raise LabError(f"µTP carried {_mb(utp)} before UDP was cut and TLS {_mb(tls)}: the carriers did not change over")
        return f"µTP carried {_mb(utp)} until UDP was cut, and TLS {_mb(tls)}"
    if utp_share <= UTP_SHARE_NEEDED:
        raise LabError(f"µTP carried only {utp_share:.1f} % of the downloaded bytes; more than {UTP_SHARE_NEEDED:.0f} % are needed")
    aimed = "" if utp_share > UTP_SHARE_AIMED_AT else f", and {UTP_SHARE_AIMED_AT:.0f} % are aimed at"
    return f"µTP carried {utp_share:.1f} % of the downloaded bytes (more than {UTP_SHARE_NEEDED:.0f} % are needed{aimed})"


def _mb(size: int) -> str:
    return f"{size / MEGABYTE:.1f} MB"


def _mbit(size: int, seconds: float) -> float:
    return size * 8 / 1e6 / seconds if seconds > 0 else 0.0


def parse_options(arguments: list[str]) -> Options:
    parser = argparse.ArgumentParser(
        prog="scripts/demo",
        description="Lets a real, unmodified tor client bootstrap and download through client-pt and server-pt, on a "
        "private Tor network on this machine, and shows which carrier took the bytes. Nothing leaves the machine.",
    )
    parser.add_argument("--carrier", choices=("auto", "utp", "tls"), default="auto", help="what both proxies use (default: auto)")
    parser.add_argument("--size", type=int, default=24, metavar="MB", help="megabytes to download, at least 20 (default: 24)")
    parser.add_argument(
        "--block-udp",
        metavar="WHEN",
        help="drop all UDP between the proxies: 'start', 'mid' (half-way), or after that many downloaded megabytes",
    )
    parser.add_argument(
        "--faults",
        action="store_true",
        help=f"in one download: drop UDP for {OUTAGE_SECONDS} s, reset TCP, lose both for {OUTAGE_SECONDS} s",
    )
    parser.add_argument(
        "--relays",
        action="store_true",
        help="no bridge: relays dial each other over TLS and µTP, a client without any transport downloads through them",
    )
    parser.add_argument("--svg", type=Path, default=Path("demo-bootstrap.svg"), metavar="FILE", help="where to draw the bootstrap's timeline (default: demo-bootstrap.svg)")
    parser.add_argument("--timeout", type=float, default=170, metavar="SECONDS", help="give up after so long (default: 170)")
    parser.add_argument("--keep", action="store_true", help="keep the folder with all logs, and print its name")
    parser.add_argument("--client-pt", type=Path, default=SCRIPTS / "client-pt", metavar="FILE", help=argparse.SUPPRESS)
    parser.add_argument("--server-pt", type=Path, default=SCRIPTS / "server-pt", metavar="FILE", help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.size < 20:
        parser.error("--size must be at least 20")
    if given.timeout <= 0:
        parser.error("--timeout must be positive")
    size = given.size * MEGABYTE
    try:
        cut_after = parse_cut(given.block_udp, size)
    except ValueError as error:
        parser.error(str(error))
    if cut_after is not None and given.carrier != "auto":
        parser.error("--block-udp in mid-download needs --carrier auto")
    if given.block_udp == "start" and given.carrier == "utp":
        parser.error("--block-udp start leaves --carrier utp nothing to use")
    if given.faults and (given.block_udp or given.carrier != "auto"):
        parser.error("--faults needs --carrier auto, and does with UDP what it does")
    if given.relays and (given.faults or given.block_udp or given.carrier != "auto"):
        parser.error("--relays is a demo of its own, without --carrier, --block-udp and --faults")
    return Options(
        given.carrier, size, given.block_udp, cut_after, given.faults, given.relays, given.svg, given.timeout, given.keep,
        given.client_pt.resolve(), given.server_pt.resolve(),
    )  # fmt: skip


def parse_cut(when: str | None, size: int) -> int | None:
    """The number of downloaded bytes at which UDP is cut, or None if it is not cut during the download."""
    if when is None or when == "start":
        return None
    if when == "mid":
        return size // 2
    if not when.isdecimal() or not 0 < int(when) * MEGABYTE < size:
        raise ValueError(f"--block-udp takes 'start', 'mid' or a number of megabytes below --size, not {when!r}")
    return int(when) * MEGABYTE


def main(arguments: list[str], kind: type[Demo] = Demo) -> int:
    options = parse_options(arguments)
    report = Report()
    raise_on_signals()
    try:
        kind(options, report).run()
    except LabError as error:
        report.line()
        print(f"demo: {error.report()}", file=sys.stderr, flush=True)
        return 1
    except Interrupted as interrupted:
        report.line()
        print(f"demo: ended by {interrupted}; everything was stopped and removed", file=sys.stderr, flush=True)
        return interrupted.status
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
