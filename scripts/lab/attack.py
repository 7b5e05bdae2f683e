"""A bridge under attack, with the real programs: what a client's download keeps of its rate, and what the server takes of the machine.

The client comes over an emulated link, the attackers over a wire of their own: what they cost is the server's doing, and not that
of a full link. All is in network namespaces. A second, smaller attack uses up the server's descriptors.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path

from lab.attacker import Options
from lab.bridge import SCRIPTS, Bridge, Place, Usage, here
from lab.bulk import Link
from lab.flows import parse_samples, received_by, sleep_until
from lab.link import EmulatedLink
from lab.ports import PortPicker
from lab.proc import LabError, Program, run, wait_until

LINK = Link("100 Mbit/s, 20 ms", 100, 20, 250_000)

# Of the mean of the rates just before and just after, during any attack.
LEAST_SHARE = 0.7

# The launcher's heap is 256 MiB; code, classes, stacks and buffers outside the heap come to it.
MOST_RSS_MIB = 320
MOST_HEAP_MIB = 96

# What is alive when all is over, more than before.
MOST_LEFT_MIB = 12

_PORT = 4_433
_UPSTREAM_PORT = 4_434
_LOCAL_PORT = 4_435
_WIRE = ("10.78.0.1", "10.78.0.2")
# All of the first are addresses of the attackers' namespace; the second lead there, and nobody has them.
_NEAR = "10.66.0.0/16"
_SPOOFED = "10.67.0.0/16"

# Until the programs are compiled and the rate is what the link has, or so long.
_WARM_UP_SECONDS = 40.0
_WARM_SHARE = 0.8
_PAUSE_SECONDS = 2.0
# Counted once a second, and told twice a second: what is counted is complete when it has not changed for so long.
_COUNTED_SECONDS = 3.0
_COUNTING_SECONDS = 15.0
_LOOK_SECONDS = 0.2
_SESSION_SECONDS = 20.0
_SHOWN = 5
_MIB = 1 << 20


@dataclass(frozen=True)
class Scale:
    """How much of each kind comes in so many seconds, and which bounds must be hit by that."""

    syns: int
    idle: int
    handshakes: int
    garbage: int
    seconds: float
    bounds: Mapping[str, Sequence[str]] = field(default_factory=dict)
    warm_up_seconds: float = _WARM_UP_SECONDS

    def count(self, kind: str) -> int:
        return int(getattr(self, kind))


FULL = Scale(
    100_000,
    5_000,
    1_000,
    20_000,
    20,
    {"syns": ("silencedUtp", "halfOpenUtp"), "idle": ("strangers",), "handshakes": ("halfOpenPerAddress",)},
)
SMALL = Scale(2_000, 300, 50, 300, 4, {"syns": ("silencedUtp",)}, warm_up_seconds=3)

KINDS = ("syns", "idle", "handshakes", "garbage")


@dataclass
class Phase:
    """One attack, or several together. Processors are those kept busy, ``server_starved`` those that the server waited for while
    others had them; ``bounds`` is how often each was hit."""

    name: str
    mbit: float
    quiet_mbit: float
    new_session_seconds: float | None
    server_processors: float
    server_starved: float
    attacker_processors: float
    idle_processors: float
    rss_mib: float
    descriptors: int
    bounds: dict[str, int]
    attackers: dict[str, dict[str, int]]

    @property
    def share(self) -> float:
        """Of the rate without it."""
        return self.mbit / self.quiet_mbit if self.quiet_mbit else 0.0


@dataclass
class Siege:
    """All phases, the server's heap, and what was not as it should be."""

    link: str
    phases: list[Phase]
    heap_mib: float
    live_before_mib: float
    live_after_mib: float
    stayed: list[tuple[str, int]]
    failures: list[str]

    @property
    def held(self) -> bool:
        return not self.failures


def measure_attack(scale: Scale, seed: int, *, link: Link = LINK, names: Sequence[str] = (*KINDS, "all")) -> Siege:
    """Each kind of attack by itself, or ``all`` together."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name, ExitStack() as stack:
        folder = Path(name)
        path = stack.enter_context(EmulatedLink(link.conditions(), seed=seed))
        attackers = stack.enter_context(_Camp(path))
        gc_log = folder / "gc.log"
        bridge = stack.enter_context(
            Bridge(
                folder,
                "source",
                address=path.far.address,
                port=_PORT,
                upstream_port=_UPSTREAM_PORT,
                java=f"-Xlog:gc:file={gc_log}",
                place=path.far.command,
            )
        )
        client = stack.enter_context(Client(folder, bridge, path.near.command, _LOCAL_PORT))
        warm = time.monotonic() + scale.warm_up_seconds
        while client.rate(scale.seconds / 2) < _WARM_SHARE * link.rate and time.monotonic() < warm:
            pass
        alive = _alive(bridge)
        phases: list[Phase] = []
        quiet = client.rate(scale.seconds / 2)
        for attack in names:
            kinds = KINDS if attack == "all" else (attack,)
            phase = _phase(attack, kinds, scale, attackers, bridge, client, path.near.address, seed)
            time.sleep(_PAUSE_SECONDS)
            after = client.rate(scale.seconds / 2)
            phase.quiet_mbit, quiet = (quiet + after) / 2, after
            phases.append(phase)
        left = _alive(bridge)
        siege = Siege(
            link.name,
            phases,
            heap_after_gc_mib(gc_log.read_text()),
            sum(alive.values()) / _MIB,
            sum(left.values()) / _MIB,
            sorted(((each, left[each] - alive.get(each, 0)) for each in left), key=lambda row: -row[1])[:_SHOWN],
            [],
        )
        log = bridge.log_text()
    siege.failures += failures(siege, scale, log)
    return siege


def failures(siege: Siege, scale: Scale, log: str) -> list[str]:
    """One line for each claim that does not hold."""
    found = []
    for phase in siege.phases:
        if phase.share < LEAST_SHARE:
            found.append(f"{phase.name}: {phase.mbit:.1f} Mbit/s are {phase.share:.0%} of the rate without attack")
        if phase.new_session_seconds is None:
            found.append(f"{phase.name}: a new session was not set up within {_SESSION_SECONDS:.0f} s")
        if phase.rss_mib > MOST_RSS_MIB:
            found.append(f"{phase.name}: the server has {phase.rss_mib:.0f} MiB")
        # Together, connections that are displaced as strangers do not come to the bound on those with a marker.
        kinds = ("syns", "idle") if phase.name == "all" else (phase.name,)
        for bound in (bound for kind in kinds for bound in scale.bounds.get(kind, ())):
            if not phase.bounds.get(bound):
                found.append(f"{phase.name}: nothing was counted of the bound {bound}")
        closed = phase.attackers.get("idle", {}).get("ended", 0)
        if phase.name == "idle" and abs(closed - phase.bounds.get("strangers", 0)) > 0.01 * closed:
            found.append(f"{phase.name}: {closed} connections were closed, and {phase.bounds.get('strangers', 0)} counted")
    if siege.heap_mib > MOST_HEAP_MIB:
        found.append(f"{siege.heap_mib:.0f} MiB of heap were alive or not yet collected after a collection")
    if siege.live_after_mib > siege.live_before_mib + MOST_LEFT_MIB:
        found.append(f"{siege.live_after_mib - siege.live_before_mib:.1f} MiB of heap stayed")
    for word in ("OutOfMemory", "bug in thread", "LEAK"):
        found += [f"the log says: {line}" for line in log.splitlines() if word in line][:1]
    return found


def _phase(
    name: str, kinds: Sequence[str], scale: Scale, camp: _Camp, bridge: Bridge, client: Client, known: str, seed: int
) -> Phase:
    before = bridge.counters().get("bounds", {})
    with ExitStack() as stack:
        attacks = [
            stack.enter_context(
                Attack(
                    kind,
                    Options(
                        address=bridge.address,
                        port=bridge.port,
                        count=scale.count(kind),
                        seconds=scale.seconds,
                        near=_NEAR,
                        spoofed=_SPOOFED,
                        client=known,
                        cert=bridge.cert,
                        seed=seed,
                    ),
                    camp.command,
                )
            )
            for kind in kinds
        ]
        began, server, idle = time.monotonic(), bridge.usage(), _idle_seconds()
        attackers = [attack.usage() for attack in attacks]
        rss, descriptors = 0, 0
        new_session = None
        probe: subprocess.Popen[bytes] | None = None
        while time.monotonic() < began + scale.seconds or not all(attack.has_reported() for attack in attacks):
            now = bridge.usage()
            rss, descriptors = max(rss, now.rss_bytes), max(descriptors, now.descriptors)
            if probe is None and now.seconds > began + scale.seconds / 2:
                probe = stack.enter_context(client.dial_new())
            if now.seconds > began + 3 * scale.seconds + _SESSION_SECONDS:
                raise LabError(f"the attack {name} does not come to its end")
            time.sleep(_LOOK_SECONDS)
        ended, after, idle_after = time.monotonic(), bridge.usage(), _idle_seconds()
        busy = sum(attack.usage().processors_since(was) for attack, was in zip(attacks, attackers))
        if probe is not None:
            new_session = _seconds_said(probe, _SESSION_SECONDS)
        counted = _counted(bridge)
        reports = {attack.kind: attack.finish() for attack in attacks}
    return Phase(
        name=name,
        mbit=client.received(began, ended) * 8 / (ended - began) / 1e6,
        quiet_mbit=0.0,
        new_session_seconds=new_session,
        server_processors=after.processors_since(server),
        server_starved=after.starved_since(server),
        attacker_processors=busy,
        idle_processors=(idle_after - idle) / (ended - began),
        rss_mib=rss / _MIB,
        descriptors=descriptors,
        bounds={key: count - before.get(key, 0) for key, count in counted.items() if count > before.get(key, 0)},
        attackers=reports,
    )


def _counted(bridge: Bridge) -> dict[str, int]:
    """How often each bound was hit, when that does not change any more."""
    counted, since = None, 0.0
    deadline = time.monotonic() + _COUNTING_SECONDS
    while True:
        bounds: dict[str, int] = bridge.counters().get("bounds", {})
        now = time.monotonic()
        if bounds != counted:
            counted, since = bounds, now
        if now - since >= _COUNTED_SECONDS or now >= deadline:
            return bounds
        time.sleep(_LOOK_SECONDS)


class _Camp:
    """The attackers' namespace, and a wire to the far host; a context manager. The link's own cleaning takes the wire along."""

    def __init__(self, path: EmulatedLink) -> None:
        self._far = path.far.namespace
        self._namespace = f"{path.far.namespace}a"
        self._wires = (f"{path.far.device}w", f"{path.far.device}v")

    def command(self, arguments: Sequence[str]) -> list[str]:
        return ["ip", "netns", "exec", self._namespace, *arguments]

    def __enter__(self) -> _Camp:
        inside, outside = self._wires
        try:
            run(["ip", "netns", "add", self._namespace])
            run(["ip", "-n", self._far, "link", "add", inside, "type", "veth", "peer", "name", outside, "netns", self._namespace])
            for namespace, device, address in ((self._far, inside, _WIRE[0]), (self._namespace, outside, _WIRE[1])):
                run(["ip", "-n", namespace, "addr", "add", f"{address}/24", "dev", device])
                run(["ip", "-n", namespace, "link", "set", device, "up"])
                # Datagrams come from addresses that do not lead back.
                for which in ("all", device):
                    file = f"/proc/sys/net/ipv4/conf/{which}/rp_filter"
                    run(["ip", "netns", "exec", namespace, "sh", "-c", f"echo 0 >{file}"])
            run(["ip", "-n", self._namespace, "link", "set", "lo", "up"])
            run(["ip", "-n", self._namespace, "route", "add", "local", _NEAR, "dev", "lo"])
            run(["ip", "-n", self._namespace, "route", "add", "default", "via", _WIRE[0]])
            run(["ip", "-n", self._far, "route", "add", "default", "via", _WIRE[1]])
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        subprocess.run(["ip", "netns", "del", self._namespace], stderr=subprocess.DEVNULL, check=False)


class Attack:
    """One attacker, from when it is ready; a context manager."""

    def __init__(self, kind: str, options: Options, place: Place = here) -> None:
        self.kind = kind
        self._command = place([sys.executable, "-m", "lab.attacker", kind, json.dumps(asdict(options))])
        self._said: dict[str, int] | None = None

    def __enter__(self) -> Attack:
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(SCRIPTS)}
        )
        assert self._process.stdout is not None
        os.set_blocking(self._process.stdout.fileno(), False)
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.communicate()

    def usage(self) -> Usage:
        return Usage.of(self._process.pid)

    def has_reported(self) -> bool:
        """Whether all was sent."""
        assert self._process.stdout is not None
        if self._said is None:
            if self._process.poll() is not None:
                raise LabError(f"the attacker {self.kind} ended")
            line = self._process.stdout.readline()
            if line:
                self._said = json.loads(line)
        return self._said is not None

    def finish(self) -> dict[str, int]:
        """Closes its connections. What it says last."""
        os.set_blocking(self._process.stdout.fileno(), True)  # type: ignore[union-attr]
        said, _ = self._process.communicate()
        report: dict[str, int] = json.loads(said.splitlines()[-1])
        return report


class Client:
    """client-pt with a download that goes on; a context manager."""

    def __init__(self, folder: Path, bridge: Bridge, place: Place, port: int) -> None:
        self._place, self._port = place, port
        self._samples = folder / "download"
        self._environment = {**os.environ, "PYTHONPATH": str(SCRIPTS)}
        line = folder / "bridge-line"
        line.write_text(f"utp {bridge.address}:{bridge.port} cert={bridge.cert}\n")
        listen = f"127.0.0.1:{port}"
        log = folder / "client-pt.log"
        proxy = [str(SCRIPTS / "client-pt"), "standalone", "--listen", listen, "--bridge-file", str(line)]
        self._programs = [Program("client-pt", place(proxy), log)]
        try:
            # It says so when it listens.
            wait_until("client-pt to listen", lambda: self.first(5) is not None or None, _SESSION_SECONDS, log=log)
            self._programs.append(Program("download", place(self._drain("all")), self._samples, environment=self._environment))
            wait_until("the download", lambda: parse_samples(self._samples.read_text()) or None, _SESSION_SECONDS, log=log)
        except BaseException:
            self.__exit__()
            raise

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        for program in reversed(self._programs):
            program.stop()

    def _drain(self, mode: str) -> list[str]:
        return [sys.executable, "-m", "lab.drain", mode, "127.0.0.1", str(self._port)]

    def first(self, seconds: float) -> float | None:
        """Seconds until one session more has its first byte, or nothing."""
        with self.dial_new() as process:
            return _seconds_said(process, seconds)

    def dial_new(self) -> subprocess.Popen[bytes]:
        """Sets up one session more, and says how long that took."""
        return subprocess.Popen(
            self._place(self._drain("first")), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=self._environment
        )

    def rate(self, seconds: float) -> float:
        """Mbit/s, from now on for so long."""
        began = time.monotonic()
        sleep_until(began + seconds)
        ended = time.monotonic()
        return self.received(began, ended) * 8 / (ended - began) / 1e6

    def received(self, begin: float, end: float) -> int:
        for program in self._programs:
            program.check_alive()
        samples = parse_samples(self._samples.read_text())
        return received_by(samples, end) - received_by(samples, begin)


def _seconds_said(process: subprocess.Popen[bytes], timeout: float) -> float | None:
    try:
        said, _ = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return None
    return float(said) if said.strip() else None


def _alive(bridge: Bridge) -> dict[str, int]:
    """What is alive in the server's heap: bytes of each class."""
    # The first one makes the collector let go of what waits for it in queues of references.
    bridge.histogram()
    return {name: size for name, _, size in bridge.histogram()}


def _idle_seconds() -> float:
    """Of all processors, since the machine began."""
    fields = Path("/proc/stat").read_text().split("\n", 1)[0].split()
    return (int(fields[4]) + int(fields[5])) / os.sysconf("SC_CLK_TCK")


_PAUSE = re.compile(r"Pause .*?(\d+)M->(\d+)M\(")


def heap_after_gc_mib(log: str) -> float:
    """The most that a collection left behind."""
    return max((float(match[2]) for match in _PAUSE.finditer(log)), default=0.0)


def header() -> str:
    return (
        f"{'':<12}{'Mbit/s':>8}{'without':>9}{'share':>7}{'new session':>13}{'server CPU':>12}{'starved':>9}{'attackers':>11}{'idle':>7}"
        f"{'MiB':>6}{'files':>7}  bounds hit"
    )


def line(phase: Phase) -> str:
    new = "never" if phase.new_session_seconds is None else f"{phase.new_session_seconds:.2f} s"
    return (
        f"{phase.name:<12}{phase.mbit:>8.1f}{phase.quiet_mbit:>9.1f}{phase.share:>7.0%}{new:>13}{phase.server_processors:>12.2f}{phase.server_starved:>9.2f}"
        f"{phase.attacker_processors:>11.2f}{phase.idle_processors:>7.2f}{phase.rss_mib:>6.0f}{phase.descriptors:>7}"
        f"  {', '.join(f'{key} {count}' for key, count in phase.bounds.items()) or '-'}"
    )


def text(siege: Siege) -> str:
    rows = [header(), *(line(phase) for phase in siege.phases)]
    rows.append(
        f"heap: at most {siege.heap_mib:.0f} MiB after a collection; alive {siege.live_before_mib:.1f} MiB before,"
        f" {siege.live_after_mib:.1f} MiB after (more: {', '.join(f'{name} {size >> 10} KiB' for name, size in siege.stayed)})"
    )
    rows += [f"does not hold: {each}" for each in siege.failures]
    return "\n  ".join(rows)
