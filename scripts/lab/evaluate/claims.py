"""The headline claims, each judged by what was measured: held, not held, or not measured."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from lab.evaluate.grid import BUFFERBLOAT, LINKS, LOSSY, OBFS4, OURS, PLAIN, PLAIN_BBR, Link
from lab.evaluate.results import COMPARED, Results, Spread, cpu_per_gigabyte

ONE_RATIO, FOUR_RATIO = 6.0, 12.0
DELAY_SHARE = 1 / 3
RATE_SHARE = 0.97
BOOTSTRAP_ALLOWANCE_SECONDS = 0.1
# Of the links without loss, those up to this long are meant.
_SHORT_MS = (10, 100)


@dataclass(frozen=True)
class Claim:
    """What is claimed, what was found, and whether it holds; None where it was not measured."""

    text: str
    found: str
    held: bool | None

    @property
    def verdict(self) -> str:
        return {True: "held", False: "not held", None: "not measured"}[self.held]


def judge(results: Results) -> list[Claim]:
    """By medians of the runs."""
    where = f"{LOSSY.rate:g} Mbit/s, {LOSSY.rtt:g} ms, {LOSSY.loss:g} % loss"
    return [
        _times_plain(results, f"{where}: one download at least {ONE_RATIO:g} times plain tor's with CUBIC", "down", ONE_RATIO),
        _times_plain(
            results, f"{where}: four circuits at once at least {FOUR_RATIO:g} times plain tor's with CUBIC", "down4", FOUR_RATIO
        ),
        _as_bbr(results, f"{where}: both at least those of plain tor with BBR"),
        _short_queue(results),
        _never_above_plain(results),
        _bulk_rates(results),
        _bootstraps(results),
        _processor(results),
    ]


def status(claims: Sequence[Claim]) -> int:
    """The exit status: whether all that was measured holds."""
    return 1 if any(claim.held is False for claim in claims) else 0


def _times_plain(results: Results, text: str, metric: str, least: float) -> Claim:
    ours, plain = (results.compared(metric, LOSSY.name, name) for name in (OURS, PLAIN))
    if ours is None or plain is None:
        return Claim(text, "", None)
    ratio = ours.median / plain.median if plain.median else float("inf")
    return Claim(text, f"{ratio:.1f} times: {_of(ours, metric)} against {_of(plain, metric)}", ratio >= least)


def _as_bbr(results: Results, text: str) -> Claim:
    found, held = [], True
    for metric in ("down", "down4"):
        ours, plain = (results.compared(metric, LOSSY.name, name) for name in (OURS, PLAIN_BBR))
        if ours is None or plain is None:
            return Claim(text, "", None)
        held &= ours.median >= plain.median
        found.append(f"{COMPARED[metric].name} {_of(ours, metric)} against {_of(plain, metric)}")
    return Claim(text, "; ".join(found), held)


def _short_queue(results: Results) -> Claim:
    text = f"{BUFFERBLOAT.name}: small-request delay under a bulk download at most a third of plain tor's with CUBIC"
    ours, plain = (results.compared("busy", BUFFERBLOAT.name, name) for name in (OURS, PLAIN))
    if ours is None or plain is None:
        return Claim(text, "", None)
    share = ours.median / plain.median
    # A bound on plain tor's only makes it better.
    return Claim(text, f"{share:.2f} of it: {_of(ours, 'busy')} against {_of(plain, 'busy')}", share <= DELAY_SHARE)


def _never_above_plain(results: Results) -> Claim:
    text = "On lossy links: small-request delay under bulk never above plain tor's with CUBIC"
    compared = list(_pairs(results, ("busy", "busy4"), lambda link: link.loss > 0))
    if not compared:
        return Claim(text, "", None)
    worst = max(compared, key=lambda each: each.ratio)
    behind = [
        each.times_plain(obfs4) for each in compared if (obfs4 := results.compared(each.metric, each.link, OBFS4)) is not None
    ]
    beside = f"; behind obfs4 with CUBIC up to {max(behind):.1f} times" if behind else ""
    return Claim(text, f"at worst {worst.ratio:.2f} of it ({worst.words()}){beside}", worst.ratio <= 1)


def _bulk_rates(results: Results) -> Claim:
    text = f"No loss, {_SHORT_MS[0]} to {_SHORT_MS[1]} ms: bulk rate, down and up, at least {RATE_SHARE:.0%} of plain tor's with CUBIC"
    compared = list(_pairs(results, ("down", "down4", "up", "up4"), _is_clean))
    if not compared:
        return Claim(text, "", None)
    worst = min(compared, key=lambda each: each.ratio)
    least = sum(each.ratio >= RATE_SHARE for each in compared)
    return Claim(
        text, f"{least} of {len(compared)} rates are; at worst {worst.ratio:.0%} ({worst.words()})", worst.ratio >= RATE_SHARE
    )


def _bootstraps(results: Results) -> Claim:
    text = (
        f"No loss, {_SHORT_MS[0]} to {_SHORT_MS[1]} ms: bootstrap (without tor's own waits) at most a round trip "
        f"and {BOOTSTRAP_ALLOWANCE_SECONDS * 1e3:.0f} ms slower than plain tor's"
    )
    compared = list(_pairs(results, ("bootstrap_network",), _is_clean))
    if not compared:
        return Claim(text, "", None)
    worst = max(compared, key=lambda each: each.slower - LINKS[each.link].rtt / 1e3)
    allowed = LINKS[worst.link].rtt / 1e3 + BOOTSTRAP_ALLOWANCE_SECONDS
    found = f"at worst {worst.slower * 1e3:+.0f} ms where {allowed * 1e3:.0f} are allowed ({worst.words()})"
    return Claim(text, found, worst.slower <= allowed)


def _processor(results: Results) -> Claim:
    text = "Processor time of both proxies for each byte at most obfs4proxy's, once warm"
    spreads = {}
    for name in (OURS, OBFS4):
        for part in ("cold", "warm"):
            found = [cpu_per_gigabyte([each.figures[part]]) for each in results.of("processor", None, name)]
            spreads[name, part] = Spread.of([value for value in found if value is not None])
    ours, obfs4 = spreads[OURS, "warm"], spreads[OBFS4, "warm"]
    cold, obfs4_cold = spreads[OURS, "cold"], spreads[OBFS4, "cold"]
    if ours is None or obfs4 is None or cold is None or obfs4_cold is None:
        return Claim(text, "", None)
    found_text = (
        f"{ours.median:.1f} against {obfs4.median:.1f} s for each GB; the first 100 MB, cold: "
        f"{cold.median:.1f} against {obfs4_cold.median:.1f}"
    )
    return Claim(text, found_text, ours.median <= obfs4.median)


@dataclass(frozen=True)
class _Pair:
    """Ours and plain tor's with CUBIC, on one link."""

    link: str
    metric: str
    ours: Spread
    plain: Spread

    @property
    def ratio(self) -> float:
        return self.ours.median / self.plain.median if self.plain.median else float("inf")

    @property
    def slower(self) -> float:
        return self.ours.median - self.plain.median

    def times_plain(self, other: Spread) -> float:
        """How many times plain tor's that of another transport is."""
        return other.median / self.plain.median if self.plain.median else float("inf")

    def words(self) -> str:
        return f"{self.link}, {COMPARED[self.metric].name}: {_of(self.ours, self.metric)} against {_of(self.plain, self.metric)}"


def _pairs(results: Results, metrics: Sequence[str], wanted: Callable[[Link], bool]) -> Iterator[_Pair]:
    for link in results.links("comparison"):
        if link in LINKS and wanted(LINKS[link]):
            for metric in metrics:
                ours, plain = (results.compared(metric, link, name) for name in (OURS, PLAIN))
                if ours is not None and plain is not None:
                    yield _Pair(link, metric, ours, plain)


def _is_clean(link: Link) -> bool:
    """As the claim means it: no loss, one rate each way, a buffer as usual."""
    return not link.loss and link.queue is None and link.up_rate is None and _SHORT_MS[0] <= link.rtt <= _SHORT_MS[1]


def _of(spread: Spread, metric: str) -> str:
    return f"{COMPARED[metric].text(spread.median, spread.is_bound)} {COMPARED[metric].unit}"
