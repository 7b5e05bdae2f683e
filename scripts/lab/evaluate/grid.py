"""What is measured: links, transports, and the cells of each size of the evaluation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from lab.link import Conditions

# In the order in which they are measured: first those that want the machine for themselves.
EXPERIMENTS: Mapping[str, str] = {
    "together": "private network: two clients that start with authorities and relays",
    "simulation": "simulation: many sessions of one bridge, in virtual time",
    "bootstraps": "client and private bridge: bootstraps over µTP",
    "comparison": "comparison with an unchanged tor and obfs4",
    "competing": "TCP flows beside tor",
    "faults": "faults of the network in the middle of a download",
    "processor": "processor time of the proxies, cold and warm",
}

# As most links have it: so much in the buffer as a round trip carries, and no less than this.
_LEAST_QUEUE_BYTES = 64_000


@dataclass(frozen=True)
class Link:
    """Rates in Mbit/s, times in ms, loss in per cent, each way; down is towards the client. A queue of None is one rate × round trip."""

    name: str
    rate: float
    rtt: float
    loss: float = 0.0
    burst: float = 1.0
    jitter: float = 0.0
    queue: int | None = None
    up_rate: float | None = None
    up_queue: int | None = None

    def down(self) -> Conditions:
        return self._direction(self.rate, self.queue)

    def up(self) -> Conditions:
        return self._direction(self.up_rate or self.rate, self.up_queue if self.up_queue is not None else self.queue)

    def _direction(self, rate: float, queue: int | None) -> Conditions:
        size = queue if queue is not None else max(_LEAST_QUEUE_BYTES, int(rate * 1e6 / 8 * self.rtt / 1e3))
        return Conditions(rate, self.rtt / 2, size, self.loss / 100, self.burst, self.jitter)

    def words(self) -> str:
        """All of it, for the reader."""
        up = "" if self.up_rate is None else f" down, {self.up_rate:g} up"
        buffer = self.down().queue / (self.rate * 1e6 / 8)
        loss = "no loss" if not self.loss else f"{self.loss:g} % loss each way"
        if self.burst > 1:
            loss += f", {self.burst:g} packets in a row on average"
        jitter = f", up to {self.jitter:g} ms of jitter" if self.jitter else ""
        return f"{self.rate:g} Mbit/s{up}, {self.rtt:g} ms round trip, {loss}{jitter}, {buffer * 1e3:.0f} ms of buffer"


def plain_link(rate: float, rtt: float, loss: float = 0.0) -> Link:
    """A point of the grid."""
    return Link(f"{rate:g} Mbit/s, {rtt:g} ms" + (f", {loss:g} %" if loss else ""), rate, rtt, loss)


LOSSY = plain_link(50, 50, 1)
BUFFERBLOAT = Link("10 Mbit/s, 40 ms, 1 s of buffer", 10, 40, queue=1_250_000)
ADSL = Link("ADSL 16/1 Mbit/s, 40 ms", 16, 40, queue=200_000, up_rate=1, up_queue=64_000)
MOBILE = Link("mobile 20/10 Mbit/s, 70 ms, bursts", 20, 70, loss=1, burst=8, jitter=5, queue=500_000, up_rate=10, up_queue=250_000)
MIDDLE = plain_link(50, 50)
FAST = plain_link(100, 10)

# The eight of the standard size: three without loss, for the claim; three with more and more of it; and three of everyday's.
TELLING = (
    FAST,
    MIDDLE,
    plain_link(50, 100),
    LOSSY,
    plain_link(50, 100, 3),
    BUFFERBLOAT,
    ADSL,
    MOBILE,
)

FULL_GRID = (
    *(plain_link(rate, rtt, loss) for rate in (10, 50, 100) for rtt in (10, 50, 100, 200, 300) for loss in (0, 0.5, 1, 3, 5)),
    BUFFERBLOAT,
    ADSL,
    MOBILE,
)

LINKS: Mapping[str, Link] = {link.name: link for link in (*TELLING, *FULL_GRID)}


@dataclass(frozen=True)
class Transport:
    """How tor reaches its bridge. `congestion` is the kernel's, of all TCP on the link; `cc` and `carrier` are arguments of ours."""

    name: str
    kind: str
    congestion: str
    cc: str = ""
    carrier: str = ""
    words: str = ""

    @property
    def bridge(self) -> str:
        """Those with the same word share a bridge."""
        return "-".join(part for part in (self.kind, self.carrier, self.cc) if part)


_ALL = (
    Transport("plain CUBIC", "plain", "cubic", words="tor's own TLS over the kernel's TCP, CUBIC"),
    Transport("plain BBR", "plain", "bbr", words="tor's own TLS over the kernel's TCP, BBR"),
    Transport("obfs4 CUBIC", "obfs4", "cubic", words="obfs4proxy over the kernel's TCP, CUBIC"),
    Transport("obfs4 BBR", "obfs4", "bbr", words="obfs4proxy over the kernel's TCP, BBR"),
    Transport("TLS alone", "utp", "cubic", carrier="tls", words="this transport without UDP, over the kernel's TCP, CUBIC"),
    Transport("µTP bbr", "utp", "cubic", words="this transport with its defaults: TLS at once, then µTP with its BBR"),
    Transport("µTP cubic", "utp", "cubic", cc="cubic", words="as above, µTP with CUBIC"),
    Transport("µTP ledbat", "utp", "cubic", cc="ledbat", words="as above, µTP with LEDBAT"),
)

TRANSPORTS: Mapping[str, Transport] = {each.name: each for each in _ALL}
PLAIN, PLAIN_BBR, OBFS4, TLS, OURS = "plain CUBIC", "plain BBR", "obfs4 CUBIC", "TLS alone", "µTP bbr"


@dataclass(frozen=True)
class Lengths:
    """Of the parts of a cell of the comparison, in seconds; the first `ramp` of each do not count for its rate."""

    down: float
    down4: float
    up: float
    up4: float
    ramp: float = 2.0
    idle_requests: int = 6
    bootstrap_timeout: float = 90.0

    @property
    def seconds(self) -> float:
        """What a cell takes about: bootstrap, requests and pauses included."""
        return 12 + self.down + self.down4 + self.up + self.up4


@dataclass(frozen=True)
class Cell:
    """One measurement: what the cache is keyed by, with the versions of all that takes part."""

    experiment: str
    link: str
    transport: str
    run: int
    parameters: Mapping[str, Any] = field(default_factory=dict)
    # About how long it takes; of no meaning for what is measured.
    seconds: float = 30.0

    def identity(self) -> dict[str, Any]:
        link = LINKS.get(self.link)
        return {
            "experiment": self.experiment,
            "link": None if link is None else asdict(link),
            "transport": asdict(TRANSPORTS[self.transport]) if self.transport in TRANSPORTS else self.transport,
            "run": self.run,
            "parameters": dict(self.parameters),
        }

    def title(self) -> str:
        parts = [self.experiment, self.link, self.transport, str(self.parameters.get("fault", "")), f"run {self.run}"]
        return " · ".join(part for part in parts if part)


@dataclass(frozen=True)
class Size:
    """All that one size measures."""

    name: str
    links: Sequence[Link]
    transports: Sequence[str]
    runs: int
    lengths: Lengths
    bootstraps: int
    together: Sequence[str]
    simulation: str
    competing_transports: Sequence[str]
    competing_flows: Sequence[tuple[int, str]]
    competing_runs: int
    competing_seconds: float
    fault_transports: Sequence[str]
    faults: Sequence[str]
    fault_runs: int
    processor_transports: Sequence[str]
    processor_runs: int
    processor_megabytes: int = 100


FAULTS = ("UDP blocked", "TCP reset", "address changed", "no network for 5 s")
FLOWS = ((1, "cubic"), (1, "bbr"), (4, "cubic"), (4, "bbr"))
RELAYS, BRIDGE = "relays over µTP", "bridge over µTP"

QUICK = Size(
    "quick",
    links=(LOSSY, BUFFERBLOAT),
    transports=(PLAIN, PLAIN_BBR, OBFS4, OURS),
    runs=1,
    lengths=Lengths(5, 4, 3.5, 3.5, ramp=1.5, idle_requests=4),
    bootstraps=5,
    together=(BRIDGE,),
    simulation="quick",
    competing_transports=(PLAIN, OURS),
    competing_flows=((1, "cubic"),),
    competing_runs=1,
    competing_seconds=6,
    fault_transports=(OURS,),
    faults=("UDP blocked", "no network for 5 s"),
    fault_runs=1,
    processor_transports=(OBFS4, OURS),
    processor_runs=1,
)

STANDARD = Size(
    "standard",
    links=TELLING,
    transports=(PLAIN, PLAIN_BBR, OBFS4, TLS, OURS),
    runs=3,
    lengths=Lengths(5.5, 4.5, 3.5, 4, ramp=1.5, idle_requests=5),
    bootstraps=7,
    together=(BRIDGE, RELAYS),
    simulation="standard",
    competing_transports=(PLAIN, PLAIN_BBR, OBFS4, TLS, OURS),
    competing_flows=FLOWS,
    competing_runs=1,
    competing_seconds=6,
    fault_transports=(PLAIN, OBFS4, OURS),
    faults=FAULTS,
    fault_runs=1,
    processor_transports=(OBFS4, OURS),
    processor_runs=3,
)

FULL = Size(
    "full",
    links=FULL_GRID,
    transports=tuple(TRANSPORTS),
    runs=5,
    lengths=Lengths(10, 8, 6, 6, ramp=2.5, idle_requests=10),
    bootstraps=15,
    together=(BRIDGE, RELAYS),
    simulation="full",
    competing_transports=tuple(TRANSPORTS),
    competing_flows=FLOWS,
    competing_runs=5,
    competing_seconds=20,
    fault_transports=(PLAIN, PLAIN_BBR, OBFS4, TLS, OURS),
    faults=FAULTS,
    fault_runs=5,
    processor_transports=(OBFS4, TLS, OURS),
    processor_runs=5,
)

SIZES: Mapping[str, Size] = {size.name: size for size in (QUICK, STANDARD, FULL)}


def cells(size: Size, experiments: Sequence[str], seed: int = 1) -> Iterator[Cell]:
    """In the order in which they are measured: within a run all transports of a link one after the other, then the next run."""
    makers = {
        "bootstraps": _bootstraps,
        "together": _together,
        "simulation": _simulation,
        "comparison": _comparison,
        "competing": _competing,
        "faults": _faults,
        "processor": _processor,
    }
    for experiment in EXPERIMENTS:
        if experiment in experiments:
            for cell in makers[experiment](size):
                yield Cell(cell.experiment, cell.link, cell.transport, cell.run, {**cell.parameters, "seed": seed}, cell.seconds)


def rotated(items: Sequence[str], run: int) -> Sequence[str]:
    """Each run begins with another one, so that no transport always comes behind the same."""
    first = (run - 1) % len(items) if items else 0
    return [*items[first:], *items[:first]]


def _bootstraps(size: Size) -> Iterator[Cell]:
    for run in range(1, size.bootstraps + 1):
        yield Cell("bootstraps", MIDDLE.name, OURS, run, {"timeout": size.lengths.bootstrap_timeout}, 7)


def _together(size: Size) -> Iterator[Cell]:
    for which in size.together:
        yield Cell("together", "", which, 1, {"clients": 2, "timeout": 150}, 45 if which == BRIDGE else 75)


_SIMULATION_SECONDS = {"quick": 25.0, "standard": 310.0, "full": 900.0}


def _simulation(size: Size) -> Iterator[Cell]:
    yield Cell("simulation", "", "", 1, {"size": size.simulation}, _SIMULATION_SECONDS[size.simulation])


def _comparison(size: Size) -> Iterator[Cell]:
    for run in range(1, size.runs + 1):
        for link in size.links:
            for name in rotated(size.transports, run):
                seconds = size.lengths.seconds + _slowness(link, TRANSPORTS[name])
                yield Cell("comparison", link.name, name, run, asdict(size.lengths), seconds)


def _slowness(link: Link, transport: Transport) -> float:
    """Seconds that a cell takes longer where loss keeps CUBIC at a trickle: all waits for it, and in obfs4proxy a backlog as well."""
    if not link.loss or transport.congestion != "cubic" or (transport.kind == "utp" and not transport.carrier):
        return 0.0
    return link.rtt / 10 + (15 + link.rtt / 10 if transport.kind == "obfs4" else 0)


def _competing(size: Size) -> Iterator[Cell]:
    parameters = {"flows": [list(each) for each in size.competing_flows], "seconds": size.competing_seconds}
    seconds = 12 + len(size.competing_flows) * (size.competing_seconds + 4)
    for run in range(1, size.competing_runs + 1):
        for name in rotated(size.competing_transports, run):
            yield Cell("competing", MIDDLE.name, name, run, parameters, seconds)


def _faults(size: Size) -> Iterator[Cell]:
    for run in range(1, size.fault_runs + 1):
        for fault in size.faults:
            for name in rotated(size.fault_transports, run):
                # What has no UDP is not touched by its loss.
                if fault != "UDP blocked" or TRANSPORTS[name].kind == "utp" and TRANSPORTS[name].carrier != "tls":
                    yield Cell("faults", MIDDLE.name, name, run, {"fault": fault, "patience": 30, "megabytes": 30}, 25)


def _processor(size: Size) -> Iterator[Cell]:
    for run in range(1, size.processor_runs + 1):
        for name in rotated(size.processor_transports, run):
            yield Cell("processor", FAST.name, name, run, {"megabytes": size.processor_megabytes}, 32)
