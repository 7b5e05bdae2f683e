"""Two hosts on this machine with an emulated path between them.

Each host is a network namespace with one TUN device; the emulator (utp/emulation) carries packets between the two the way
a path of the given rate, delay, queue and loss would. Whatever runs in the namespaces meets the same path: kernel
TCP, tor, any implementation of µTP. Needs root, for the namespaces; nothing outside them is changed.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lab.proc import LabError, run, wait_until

EMULATOR = Path(__file__).resolve().parents[2] / "utp/emulation/target/emulator.jar"

# linux/if_tun.h
_TUNSETIFF = 0x400454CA
_IFF_TUN = 0x0001
_IFF_NO_PI = 0x1000

# Room for what programs send while the emulator waits for its turn on the processor.
_DEVICE_QUEUE_PACKETS = 10_000


# Datagrams to a port where nobody listens, slowly enough for any path.
_WARM_UP = """
import socket, sys, time
warm = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for _ in range(400):
    warm.sendto(bytes(100), (sys.argv[1], 9))
    time.sleep(0.001)
"""

@dataclass(frozen=True)
class Conditions:
    """One direction. Rate in Mbit/s, times in ms, queue in bytes of IP packets, probabilities 0 to 1."""

    rate: float = 0.0
    delay: float = 0.0
    queue: int = 0
    loss: float = 0.0
    burst: float = 1.0
    jitter: float = 0.0

    def spec(self) -> str:
        """As the emulator reads it."""
        parts = [f"delay={self.delay:g}ms"]
        if self.rate:
            parts.append(f"rate={self.rate:g}M")
        if self.queue:
            parts.append(f"queue={self.queue}")
        if self.loss:
            parts += [f"loss={self.loss:g}", f"burst={self.burst:g}"]
        if self.jitter:
            parts.append(f"jitter={self.jitter:g}ms")
        return ",".join(parts)


@dataclass
class Counts:
    """What happened to one direction's packets between two moments."""

    sent: int
    lost: int
    dropped: int
    delivered_bytes: int
    overload: int
    mean_queue_ms: float
    median_queue_ms: float
    p95_queue_ms: float
    late_ms: float

    @staticmethod
    def between(before: Mapping[str, Any], after: Mapping[str, Any]) -> Counts:
        def grown(name: str) -> int:
            return int(after[name]) - int(before.get(name, 0))

        def grown_buckets(name: str) -> dict[int, int]:
            earlier = before.get(name, {})
            return {int(ms): count - earlier.get(ms, 0) for ms, count in after[name].items()}

        queued = max(1, grown("queued"))
        delays = grown_buckets("queueingMillis")
        return Counts(
            sent=grown("sent"),
            lost=grown("lost"),
            dropped=grown("droppedByQueue"),
            delivered_bytes=grown("deliveredBytes"),
            overload=grown("refused"),
            mean_queue_ms=grown("queueingNanos") / queued / 1e6,
            median_queue_ms=_percentile(delays, 0.5),
            p95_queue_ms=_percentile(delays, 0.95),
            late_ms=_percentile(grown_buckets("latenessMillis"), 0.99),
        )


def _percentile(buckets: Mapping[int, int], share: float) -> float:
    """The middle of the bucket of a millisecond that the share falls into."""
    wanted = sum(buckets.values()) * share
    for ms in sorted(buckets):
        wanted -= buckets[ms]
        if wanted <= 0:
            return ms + 0.5
    return 0.0


@dataclass
class Host:
    """One end: a namespace, and its addresses."""

    namespace: str
    device: str
    address: str
    address6: str

    def command(self, arguments: Sequence[str]) -> list[str]:
        """The same command, run on this host."""
        return ["ip", "netns", "exec", self.namespace, *arguments]


class EmulatedLink:
    """The two hosts and the path; a context manager. ``forward`` is from near to far."""

    def __init__(self, forward: Conditions, back: Conditions | None = None, *, seed: int = 1) -> None:
        self._forward = forward
        # Acknowledgements meet no loss unless it is asked for: what is measured is the way of the data.
        self._back = back if back is not None else replace(forward, loss=0.0)
        self._seed = seed
        tag = f"{os.getpid() % 100_000}"
        self.near = Host(f"tandem{tag}n", f"tdm{tag}n", "10.77.0.1", "fd77::1")
        self.far = Host(f"tandem{tag}f", f"tdm{tag}f", "10.77.0.2", "fd77::2")
        self._folder = Path(tempfile.mkdtemp(prefix="link-"))
        self._emulator: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None

    def __enter__(self) -> EmulatedLink:
        if os.geteuid() != 0:
            self._remove()
            raise LabError("an emulated link needs root, for network namespaces and TUN devices")
        devices: list[int] = []
        try:
            for host in (self.near, self.far):
                run(["ip", "netns", "add", host.namespace])
                devices.append(_open_tun(host.device))
                run(["ip", "link", "set", host.device, "txqueuelen", str(_DEVICE_QUEUE_PACKETS), "netns", host.namespace])
                for arguments in (
                    ["addr", "add", f"{host.address}/24", "dev", host.device],
                    ["addr", "add", f"{host.address6}/64", "dev", host.device, "nodad"],
                    ["link", "set", host.device, "up"],
                    ["link", "set", "lo", "up"],
                ):
                    run(["ip", "-n", host.namespace, *arguments])
            self._start(devices)
        except BaseException:
            self._remove()
            raise
        finally:
            for device in devices:
                os.close(device)
        return self

    def __exit__(self, *_: object) -> None:
        self._remove()

    def _start(self, devices: list[int]) -> None:
        control = self._folder / "control"
        log = (self._folder / "log").open("wb")
        self._emulator = subprocess.Popen(
            ["java", "-XX:+UseSerialGC", "-Xmx256m", "-Xmn64m", "-XX:-UsePerfData", "-jar", str(EMULATOR)]
            + [str(control), str(self._seed), self._forward.spec(), self._back.spec()],
            stdin=devices[0],
            stdout=devices[1],
            stderr=log,
            start_new_session=True,
        )
        log.close()

        def connect() -> socket.socket | None:
            if self._emulator is None or self._emulator.poll() is not None:
                raise LabError("the emulator ended", self._folder / "log")
            attempt = socket.socket(socket.AF_UNIX)
            attempt.settimeout(10)
            try:
                attempt.connect(str(control))
            except OSError:
                attempt.close()
                return None
            return attempt

        self._control = wait_until("the emulator", connect, 20, log=self._folder / "log")
        # So that the first packets of a measurement do not meet a program that is not yet compiled.
        for here, there in ((self.near, self.far), (self.far, self.near)):
            run(here.command([sys.executable, "-c", _WARM_UP, there.address]))

    def _remove(self) -> None:
        if self._control is not None:
            self._control.close()
        if self._emulator is not None:
            self._emulator.terminate()
            self._emulator.wait()
        for host in (self.near, self.far):
            subprocess.run(["ip", "netns", "del", host.namespace], stderr=subprocess.DEVNULL, check=False)
        shutil.rmtree(self._folder, ignore_errors=True)

    def ask(self, command: str) -> str:
        """One line to the emulator, and its answer; see Control.java."""
        assert self._control is not None
        self._control.sendall(f"{command}\n".encode())
        answer = b""
        while not answer.endswith(b"\n"):
            received = self._control.recv(1 << 16)
            if not received:
                raise LabError("the emulator ended", self._folder / "log")
            answer += received
        text = answer.decode().strip()
        if text.startswith("error: "):
            raise LabError(text.removeprefix("error: "))
        return text

    def change(self, forward: Conditions, back: Conditions) -> None:
        """Makes another path of it, for packets that are sent from now on."""
        self.ask(f"forward {forward.spec()}")
        self.ask(f"back {back.spec()}")

    def stats(self) -> dict[str, Any]:
        """All counters of both directions, and those of the devices: what they drop never came to the emulator."""
        counters: dict[str, Any] = json.loads(self.ask("stats"))
        for direction, host in (("forward", self.near), ("back", self.far)):
            text = run(["ip", "-n", host.namespace, "-j", "-s", "link", "show", "dev", host.device])
            counters[direction]["refused"] += json.loads(text)[0]["stats64"]["tx"]["dropped"]
        return counters


def _open_tun(name: str) -> int:
    try:
        device = os.open("/dev/net/tun", os.O_RDWR)
    except OSError as error:
        raise LabError(f"/dev/net/tun cannot be opened: {error.strerror}") from error
    fcntl.ioctl(device, _TUNSETIFF, struct.pack("16sH22x", name.encode(), _IFF_TUN | _IFF_NO_PI))
    return device


def add_path_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rate", type=float, default=50, metavar="MBIT", help="Mbit/s, each way (default: 50)")
    parser.add_argument("--rtt", type=float, default=50, metavar="MS", help="round trip in ms (default: 50)")
    parser.add_argument("--queue", type=int, metavar="BYTES", help="buffer before the rate (default: one rate × rtt)")
    parser.add_argument("--loss", type=float, default=0, metavar="PERCENT", help="random loss from near to far, in per cent")
    parser.add_argument("--burst", type=float, default=1, metavar="N", help="mean number of packets lost in a row")
    parser.add_argument("--jitter", type=float, default=0, metavar="MS", help="delay that comes and goes, in ms")
    parser.add_argument("--seed", type=int, default=1, help="decides which packets are lost")


def path_from(options: argparse.Namespace) -> Conditions:
    queue = options.queue if options.queue is not None else int(options.rate * 1e6 / 8 * options.rtt / 1e3)
    return Conditions(
        rate=options.rate,
        delay=options.rtt / 2,
        queue=queue,
        loss=options.loss / 100,
        burst=options.burst,
        jitter=options.jitter,
    )


def parse_options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/lab/link",
        description="Two hosts on this machine, as network namespaces, with an emulated path between them.",
        epilog="COMMAND runs here, with TANDEM_NEAR and TANDEM_FAR (namespaces), TANDEM_NEAR_ADDRESS and "
        "TANDEM_FAR_ADDRESS in its environment; use 'ip netns exec'. Without it the link stays until Ctrl-C.",
    )
    add_path_arguments(parser)
    parser.add_argument("command", nargs=argparse.REMAINDER, metavar="COMMAND")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str]) -> int:
    options = parse_options(arguments)
    command = options.command[1:] if options.command[:1] == ["--"] else options.command
    try:
        with EmulatedLink(path_from(options), seed=options.seed) as link:
            before = link.stats()
            status = _serve(link, command)
            after = link.stats()
            for direction in ("forward", "back"):
                print(f"link: {direction}: {_described(Counts.between(before[direction], after[direction]))}", file=sys.stderr)
            return status
    except LabError as error:
        print(f"link: {error.report()}", file=sys.stderr)
        return 1


def _serve(link: EmulatedLink, command: Sequence[str]) -> int:
    names = {
        "TANDEM_NEAR": link.near.namespace,
        "TANDEM_FAR": link.far.namespace,
        "TANDEM_NEAR_ADDRESS": link.near.address,
        "TANDEM_FAR_ADDRESS": link.far.address,
    }
    if command:
        return subprocess.run(command, env={**os.environ, **names}, check=False).returncode
    for name, value in names.items():
        print(f"{name}={value}", flush=True)
    try:
        signal.pause()
    except KeyboardInterrupt:
        pass
    return 0


def _described(counts: Counts) -> str:
    return (
        f"{counts.sent} packets, {counts.lost} lost, {counts.dropped} dropped by the queue, {counts.overload} refused; "
        f"queue {counts.mean_queue_ms:.1f} ms (median {counts.median_queue_ms:.1f}, p95 {counts.p95_queue_ms:.1f}); "
        f"99 % on time within {counts.late_ms:.1f} ms"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
