"""The report's figures, each with one sentence on what it shows, written from the data."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lab import bars, lines
from lab.bars import Bar
from lab.evaluate.grid import BRIDGE, FAULTS, LINKS, OBFS4, OURS, PLAIN, PLAIN_BBR, RELAYS, TELLING, TLS, TRANSPORTS
from lab.evaluate.results import COMPARED, Metric, Results, Spread, Value, cpu_per_gigabyte, median_delay_ms, why_incomplete
from lab.lines import Line, Note

COLOURS: Mapping[str, str] = {
    PLAIN: "#8a8f98",
    PLAIN_BBR: "#3b82c4",
    OBFS4: "#b7860b",
    "obfs4 BBR": "#e0b23c",
    TLS: "#3a9d6a",
    OURS: "#d6336c",
    "µTP cubic": "#f08c5a",
    "µTP ledbat": "#9467bd",
}


@dataclass(frozen=True)
class Figure:
    """A picture, what it shows in one sentence, and its figures as a table with a header."""

    name: str
    title: str
    svg: str
    sentence: str
    table: Sequence[Sequence[str]] = field(default_factory=tuple)


def bootstraps(results: Results) -> Iterator[Figure]:
    """Experiment 1."""
    cells = sorted(results.of("bootstraps"), key=lambda each: each.cell.run)
    if not cells:
        return
    found = [
        Line(f"bootstrap {each.cell.run}", [(0.0, 0.0), *_points(each.figures["bootstrap"]["steps"])], stepped=True) for each in cells
    ]
    times = [each.figures["bootstrap"]["seconds"] for each in cells]
    network = [each.figures["bootstrap"]["network_seconds"] for each in cells]
    title = "A client bootstraps through a private bridge over µTP"
    subtitle = f"{LINKS[cells[0].cell.link].words()}; {_runs(len(cells), 'bootstrap')}; a line each"
    yield Figure(
        "bootstraps",
        title,
        lines.svg(title, subtitle, "seconds since the client was let onto the network", "bootstrapped, %", found, highest=100),
        f"{_runs(len(cells), 'bootstrap')} of a new client took {_range(times, 's', 2)} (median {statistics.median(times):.2f} s), of which "
        f"{statistics.median(network):.2f} s in the median were spent on the network and the rest on what tor does once a second.",
        [["bootstrap", "seconds", "without tor's own waits"]]
        + [[str(each.cell.run), f"{total:.2f}", f"{part:.2f}"] for each, total, part in zip(cells, times, network)],
    )


def together(results: Results) -> Iterator[Figure]:
    """Experiment 2."""
    cells = results.of("together")
    if not cells:
        return
    found = []
    table = [["network", "client", "started after, s", "bootstrapped after, s", "µTP's share of tor's bytes, %"]]
    parts = []
    for each in cells:
        carriers = each.figures["carriers"]
        whole = carriers["tls"] + carriers["utp"]
        share = 100 * carriers["utp"] / whole if whole else 0.0
        for client in each.figures["clients"]:
            found.append(Line(each.cell.transport, [(0.0, 0.0), *_points(client["steps"])], stepped=True))
            table.append(
                [each.cell.transport, client["name"], f"{client['started']:.1f}", f"{client['seconds']:.1f}", f"{share:.0f}"]
            )
        times = " and ".join(f"{client['seconds']:.1f}" for client in each.figures["clients"])
        parts.append(f"{times} s with the {_together_words(each.cell.transport)} (consensus after {each.figures['consensus']:.1f} s)")
    notes = [Note(each.figures["consensus"], f"consensus, {each.cell.transport}") for each in cells[:1]]
    title = "Two clients start together with a whole private network"
    yield Figure(
        "together",
        title,
        lines.svg(
            title,
            "3 authorities, 3 relays, 1 exit on the loopback device; two lines for each network",
            "seconds since the authorities were started",
            "bootstrapped, %",
            found,
            highest=100,
            notes=notes,
            fixed_colours={BRIDGE: COLOURS[OURS], RELAYS: COLOURS[PLAIN_BBR]},
        ),
        f"The two clients were bootstrapped {'; '.join(parts)}.",
        table,
    )


def _together_words(which: str) -> str:
    return "relays dialling each other over µTP" if which == RELAYS else "bridge alone over µTP"


# The figures of experiment 4: name, title, metric, and whether rates are drawn as a part of the link's.
_COMPARISON = (
    ("down", "One download: bulk rate", True),
    ("down4", "Four downloads at once: bulk rate", True),
    ("up", "One upload: bulk rate", True),
    ("up4", "Four uploads at once: bulk rate", True),
    ("idle", "Delay of a small request, nothing else on the link", False),
    ("busy", "Delay of a small request beside one download", False),
    ("busy4", "Delay of a small request beside four downloads", False),
    ("busy_up4", "Delay of a small request beside four uploads", False),
    ("bootstrap", "Time to bootstrap", False),
    ("bootstrap_network", "Time to bootstrap, without tor's own waits", False),
    ("first_byte", "Time to the first byte of a download", False),
    ("to_50k", "Time to 50 KiB of a download", False),
    ("to_1m", "Time to 1 MiB of a download", False),
    ("to_5m", "Time to 5 MiB of a download", False),
)


def comparison(results: Results) -> Iterator[Figure]:
    """Experiment 4. Where more was measured than one page shows, the telling links are drawn, the rest is in the CSV."""
    links = results.links("comparison")
    if not links:
        return
    telling = [link.name for link in TELLING if link.name in links]
    shown = telling or links[:10]
    for metric, title, by_rate in _COMPARISON:
        found = _compared(results, metric, title, shown, by_rate)
        if found is not None:
            yield found
    yield from _proxies(results, shown)
    if len(links) > len(shown):
        yield from _over_rtt(results)


def _compared(results: Results, name: str, title: str, links: Sequence[str], by_rate: bool) -> Figure | None:
    metric = COMPARED[name]
    drawn: list[Bar] = []
    table = [["link", *_present(results)]]
    spreads: dict[tuple[str, str], Spread] = {}
    for link in links:
        row = [link]
        for transport in _present(results):
            spread = results.compared(name, link, transport)
            if spread is None:
                row.append("–")
                continue
            spreads[link, transport] = spread
            row.append(_cell_text(metric, spread))
            factor = 100 / _rate(link, name) if by_rate else 1.0
            text = metric.text(spread.median, spread.is_bound) + f" {metric.unit}"
            drawn.append(
                Bar(link, transport, spread.median * factor, text, spread.low * factor, spread.high * factor)
            )
        table.append(row)
    if not drawn:
        return None
    unit = "payload, % of the link's rate" if by_rate else metric.unit
    runs = max(spread.runs for spread in spreads.values())
    subtitle = f"median of {_runs(runs, 'run')}" + ("; the whisker goes from the least to the most" if runs > 1 else "")
    if any(spread.is_bound for spread in spreads.values()):
        subtitle += "; “>”: had not come by then"
    return Figure(
        name,
        title,
        bars.svg(title, subtitle, unit, drawn, COLOURS),
        _compared_sentence(name, metric, spreads, links),
        table,
    )


def _rate(link: str, metric: str) -> float:
    known = LINKS[link]
    return (known.up_rate or known.rate) if metric.startswith("up") else known.rate


def _compared_sentence(name: str, metric: Metric, spreads: Mapping[tuple[str, str], Spread], links: Sequence[str]) -> str:
    ratios = [
        (spreads[link, OURS].median / spreads[link, PLAIN].median, link)
        for link in links
        if (link, OURS) in spreads and (link, PLAIN) in spreads and spreads[link, PLAIN].median > 0
        # Of two bounds nothing follows.
        and not (spreads[link, OURS].is_bound and spreads[link, PLAIN].is_bound)
    ]
    if not ratios:
        lone = [spread.median for spread in spreads.values()]
        return f"{capitalized(metric.name)}: {_range(lone, metric.unit, metric.digits)}."
    least, most = min(ratios), max(ratios)
    what = {"Mbit/s": "rate", "ms": "time", "s": "time"}.get(metric.unit, "figure")

    def words(ratio: tuple[float, str]) -> str:
        ours, plain = spreads[ratio[1], OURS], spreads[ratio[1], PLAIN]
        texts = [metric.text(each.median, each.is_bound) for each in (ours, plain)]
        # What is bounded from below may be any larger.
        about = "at least " if ours.is_bound and not plain.is_bound else "at most " if plain.is_bound and not ours.is_bound else ""
        return f"{about}{ratio[0]:.2f} times ({ratio[1]}: {texts[0]} and {texts[1]} {metric.unit})"

    if len(ratios) == 1:
        return f"{capitalized(metric.name)}: over µTP the {what} is {words(least)} that of plain tor with CUBIC."
    return (
        f"{capitalized(metric.name)}: over µTP the {what} is from {words(least)} to {words(most)} "
        f"that of plain tor with CUBIC, {statistics.median(ratio for ratio, _ in ratios):.2f} times in the median of {len(ratios)} links."
    )


def _proxies(results: Results, links: Sequence[str]) -> Iterator[Figure]:
    for name, title in (("memory", "Memory of the proxies, the most in a cell"),):
        drawn, table = [], [["transport", "client's proxy, MiB", "server's proxy, MiB", "cells"]]
        texts = []
        for transport in _present(results):
            both = []
            for side in ("client", "server"):
                metric = COMPARED[f"{name}_{side}"]
                values = [metric.extract(each.figures) for each in results.of("comparison", None, transport) if each.cell.link in links]
                spread = Spread.of([value for value in values if value is not None])
                if spread is not None:
                    both.append(spread)
                    drawn.append(
                        Bar(transport, f"{side}'s proxy", spread.median, f"{spread.median:.0f} MiB", spread.low, spread.high)
                    )
            if len(both) == 2:
                table.append([transport, *(_cell_text(COMPARED["memory_client"], each) for each in both), str(both[0].runs)])
                texts.append(f"{transport} {both[0].high:.0f} and {both[1].high:.0f} MiB")
        if drawn:
            yield Figure(
                name,
                title,
                bars.svg(title, "median of all cells of the comparison; the whisker goes from the least to the most", "MiB resident", drawn),
                f"At most, in client's and server's proxy: {'; '.join(texts)}.",
                table,
            )


def _over_rtt(results: Results) -> Iterator[Figure]:
    """Of the full grid: one download over the round trip, a picture for each rate and loss."""
    grid = [LINKS[name] for name in results.links("comparison") if name in LINKS and LINKS[name].queue is None]
    for rate, loss in sorted({(link.rate, link.loss) for link in grid}):
        row = sorted((link for link in grid if (link.rate, link.loss) == (rate, loss)), key=lambda link: link.rtt)
        found = []
        for transport in _present(results):
            points = [(link.rtt, spread.median) for link in row if (spread := results.compared("down4", link.name, transport))]
            if points:
                found.append(Line(transport, points, marked=True))
        if not found or len(row) < 2:
            continue
        title = f"Four downloads at once, {rate:g} Mbit/s, {loss:g} % loss"
        ours = next((line.points for line in found if line.name == OURS), ())
        plain = dict(next((line.points for line in found if line.name == PLAIN), ()))
        ratios = [y / plain[x] for x, y in ours if plain.get(x)]
        yield Figure(
            f"grid-{rate:g}-{loss:g}".replace(".", "_"),
            title,
            lines.svg(title, "medians; over the round trip", "round trip, ms", "Mbit/s", found, fixed_colours=COLOURS),
            f"Four downloads at once over µTP have {_range(ratios, 'times', 2)} the rate of plain tor with CUBIC."
            if ratios
            else "Not all transports were measured here.",
        )


def competing(results: Results) -> Iterator[Figure]:
    """Experiment 5."""
    cells = results.of("competing")
    if not cells:
        return
    link = LINKS[cells[0].cell.link].words()
    shares, delays = [], []
    table = [["beside", "transport", "tor, Mbit/s", "flows together, Mbit/s", "tor's share, %", "of a fair one", "small request, ms"]]
    fair_by: dict[str, list[float]] = {}
    slow_by: dict[str, list[float]] = {}
    transports = [name for name in TRANSPORTS if any(each.cell.transport == name for each in cells)]
    for kind in dict.fromkeys((part["flows"], part["congestion"]) for each in cells for part in each.figures["beside"]):
        for transport in transports:
            parts = [
                part
                for each in cells
                if each.cell.transport == transport
                for part in each.figures["beside"]
                if (part["flows"], part["congestion"]) == kind
            ]
            if not parts:
                continue
            group = _beside_words(*kind)
            tor = _spread(part["tor_mbit"] for part in parts)
            flows = _spread(sum(part["flows_mbit"]) for part in parts)
            share = _spread(100 * part["tor_mbit"] / max(1e-9, part["tor_mbit"] + sum(part["flows_mbit"])) for part in parts)
            found = [median_delay_ms(part["delays"]) for part in parts]
            delay = Spread.of([value for value in found if value is not None])
            fair = share.median / (100 / (1 + kind[0]))
            if kind[0]:
                shares.append(Bar(group, transport, share.median, f"{share.median:.0f} % ({tor.median:.1f} Mbit/s)", share.low, share.high))
                fair_by.setdefault(transport, []).append(fair)
            if delay is not None:
                text = COMPARED["busy"].text(delay.median, delay.is_bound) + " ms"
                delays.append(Bar(group, transport, delay.median, text, delay.low, delay.high))
                slow_by.setdefault(transport, []).append(delay.median)
            table.append(
                [group, transport, f"{tor.median:.1f}", f"{flows.median:.1f}" if kind[0] else "–", f"{share.median:.0f}", f"{fair:.2f}"]
                + [COMPARED["busy"].text(delay.median, delay.is_bound) if delay else "–"]
            )
    runs = max(each.cell.run for each in cells)
    subtitle = f"one download through tor; {link}; {_runs(runs, 'run')}"
    if shares:
        title = "What tor gets beside TCP flows"
        texts = [f"{name} {_range(values, '', 2).strip()}" for name, values in fair_by.items()]
        yield Figure(
            "competing-share",
            title,
            bars.svg(title, subtitle, "tor's share of both, %", shares, COLOURS),
            f"Of a fair share (one flow's among all, tor counted as one) tor gets: {'; '.join(texts)}.",
            table,
        )
    if delays:
        title = "Small requests through tor beside TCP flows"
        texts = [f"{name} {_range(values, 'ms', 0)}" for name, values in slow_by.items()]
        yield Figure(
            "competing-delay",
            title,
            bars.svg(title, subtitle, "ms", delays, COLOURS),
            f"With one download and none to {max(kind['flows'] for each in cells for kind in each.figures['beside'])} flows beside it a small "
            f"request takes: {'; '.join(texts)}.",
        )


def _beside_words(count: int, congestion: str) -> str:
    if not count:
        return "nothing"
    return f"{count} TCP flow{'s' if count > 1 else ''}, {congestion.upper()}"


def faults(results: Results) -> Iterator[Figure]:
    """Experiment 6."""
    cells = results.of("faults")
    if not cells:
        return
    kinds = [fault for fault in FAULTS if any(each.cell.parameters["fault"] == fault for each in cells)]
    transports = [name for name in TRANSPORTS if any(each.cell.transport == name for each in cells)]
    drawn, table = [], [["fault", "transport", "completed", "longest gap, s", "download took, s", "new stream after, s", "else"]]
    done: dict[str, list[int]] = {}
    gaps: dict[str, list[float]] = {}
    for fault in kinds:
        for transport in transports:
            found = [each.figures for each in cells if (each.cell.parameters["fault"], each.cell.transport) == (fault, transport)]
            if not found:
                continue
            completed = [each for each in found if each["completed"]]
            done.setdefault(transport, []).extend(int(each["completed"]) for each in found)
            gaps.setdefault(transport, []).extend(each["gap"] for each in completed)
            gap = Spread.of([Value(each["gap"]) if each["completed"] else Value(each["patience"], bound=True) for each in found])
            assert gap is not None
            text = f"{gap.median:.2f} s" if not gap.is_bound else f"not completed ({why_incomplete(found[0])})"
            drawn.append(Bar(fault, transport, gap.median if not gap.is_bound else 0.0, text, *((gap.low, gap.high) if not gap.is_bound else (None, None))))
            table.append(
                [fault, transport, f"{len(completed)} of {len(found)}"]
                + [_medians(completed, name) for name in ("gap", "seconds")]
                + [_medians(found, "new_stream"), "; ".join(sorted({why_incomplete(each) for each in found if not each["completed"]}))]
            )
    title = "A fault in the middle of a download: the longest time without a byte"
    texts = []
    for transport in transports:
        text = f"{transport} completed {sum(done[transport])} of {len(done[transport])} downloads"
        if gaps[transport]:
            text += f", with gaps of {_range(gaps[transport], 's', 2)}"
        texts.append(text)
    link = LINKS[cells[0].cell.link].words()
    yield Figure(
        "faults",
        title,
        bars.svg(title, f"{link}; {_runs(max(each.cell.run for each in cells), 'run')}", "s", drawn, COLOURS),
        f"{'; '.join(texts)}.",
        table,
    )
    for fault in kinds:
        curves, notes = [], []
        ends = []
        for transport in transports:
            figures = next(
                (each.figures for each in cells if (each.cell.parameters["fault"], each.cell.transport) == (fault, transport)), None
            )
            if figures is None:
                continue
            # All struck at zero: what came before is cut to two seconds.
            shift = figures["struck"]
            points = [(x - shift + 2, y) for x, y in figures["curve"] if x >= shift - 2]
            curves.append(Line(transport, points))
            notes = [Note(2.0, fault)]
            if figures["completed"]:
                ends.append(f"over {transport} all has come {figures['seconds'] - shift:.1f} s after it")
            else:
                ends.append(f"over {transport} it stays at {figures['received'] / 1e6:.1f} MB")
        title = f"{fault}: what has come of the download"
        yield Figure(
            f"faults-{fault.replace(' ', '-').lower()}",
            title,
            lines.svg(title, "first run; the fault strikes at 2 s", "seconds", "MB received", curves, notes=notes, fixed_colours=COLOURS),
            f"{fault} when a quarter has come: {'; '.join(ends)}.",
        )


def processor(results: Results) -> Iterator[Figure]:
    """The proxies' processor time."""
    cells = results.of("processor")
    if not cells:
        return
    drawn, table = [], [["transport", "part", "client, s/GB", "server, s/GB", "both, s/GB"]]
    texts = []
    for transport in [name for name in TRANSPORTS if any(each.cell.transport == name for each in cells)]:
        own = [each.figures for each in cells if each.cell.transport == transport]
        medians = []
        for part in ("cold", "warm"):
            row = [transport, part]
            for proxies in (("client",), ("server",), ("client", "server")):
                spread = Spread.of([value for each in own if (value := cpu_per_gigabyte([each[part]], proxies)) is not None])
                if spread is None:
                    continue
                row.append(_cell_text(COMPARED["cpu"], spread))
                if len(proxies) == 2:
                    medians.append(spread.median)
                    drawn.append(Bar(transport, part, spread.median, f"{spread.median:.1f} s", spread.low, spread.high))
            table.append(row)
        texts.append(f"{transport} {' and '.join(f'{each:.1f}' for each in medians)} s")
    megabytes = cells[0].cell.parameters["megabytes"]
    title = "Processor time of both proxies for each gigabyte of payload"
    yield Figure(
        "processor",
        title,
        bars.svg(
            title,
            f"four downloads at once, {LINKS[cells[0].cell.link].words()}; cold: the first {megabytes} MB of new proxies, warm: the next; "
            f"{_runs(max(each.cell.run for each in cells), 'run')}",
            "s for each GB",
            drawn,
        ),
        f"For each gigabyte, cold and warm: {'; '.join(texts)}.",
        table,
    )


def _present(results: Results) -> list[str]:
    return [name for name in TRANSPORTS if results.of("comparison", None, name)]


def _points(steps: Sequence[Sequence[Any]]) -> list[tuple[float, float]]:
    return [(float(step[0]), float(step[1])) for step in steps]


def capitalized(text: str) -> str:
    """With a large first letter, and the others as they are."""
    return text[:1].upper() + text[1:]


def _runs(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"


def _range(values: Sequence[float], unit: str, digits: int) -> str:
    low, high = f"{min(values):.{digits}f}", f"{max(values):.{digits}f}"
    return (low if low == high else f"{low} to {high}") + (f" {unit}" if unit else "")


def _spread(values: Iterator[float] | Any) -> Spread:
    found = Spread.of([Value(value) for value in values])
    assert found is not None
    return found


def _cell_text(metric: Metric, spread: Spread) -> str:
    text = metric.text(spread.median, spread.is_bound)
    if spread.runs == 1 or metric.text(spread.low) == metric.text(spread.high):
        return text
    return f"{text} ({metric.text(spread.low)}–{metric.text(spread.high)})"


def _medians(found: Sequence[Mapping[str, Any]], name: str) -> str:
    values = [each[name] for each in found if each[name] is not None]
    return f"{statistics.median(values):.2f}" if values else "–"


SECTIONS: Mapping[str, Callable[[Results], Iterator[Figure]]] = {
    "bootstraps": bootstraps,
    "together": together,
    "comparison": comparison,
    "competing": competing,
    "faults": faults,
    "processor": processor,
}
