"""The figures of experiment 3, from what the simulation wrote."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from lab import bars
from lab.bars import Bar
from lab.evaluate.figures import COLOURS, Figure
from lab.evaluate.grid import OURS, TLS
from lab.evaluate.results import Results

CANNOT = (
    "An unmodified tor hands a pluggable transport one opaque stream for each connection to a bridge, in which the cells of all circuits are "
    "already in order. So the transport cannot give each circuit a µTP connection of its own, and a lost packet holds back the cells behind "
    "it whatever circuit they belong to: head-of-line blocking between circuits stays. Both would need a change of tor."
)

_NAMES = {"utp-bbr": OURS, "utp-cubic": "µTP cubic", "utp-ledbat": "µTP ledbat", "utp-ledbat++": "µTP ledbat++", "tls": TLS}
_ABOUT = "both ends in virtual time, access links of 2 to 50 Mbit/s and 30 to 250 ms, 30 % of them lossy; 1 run"
_ONE, _EACH = "one connection for all circuits", "a connection for each (not possible today)"

Row = Mapping[str, Any]


def figures(results: Results) -> Iterator[Figure]:
    """Clients and a bridge, and circuits by themselves."""
    cells = results.of("simulation")
    if not cells:
        return
    found = cells[0].figures
    yield from _bridge(found["bridge"])
    yield from _circuits(found.get("circuits", []))


def _bridge(rows: Sequence[Row]) -> Iterator[Figure]:
    table = [["sessions", "bridge's line, Mbit/s", "transport", "goodput, Mbit/s", "bulk fairness", "first byte, ms", "p95, ms", "answered", "queue, ms"]]
    for row in rows:
        small = row["interactive"]
        table.append(
            [f"{row['sessions']}", f"{row['bridgeMbit']:g}", _name(row), f"{row['goodputMbit']:.1f}", _number(row["bulk"]["fairness"], 2)]
            + [_number(small["firstByteMs"]["median"], 0), _number(small["firstByteMs"]["p95"], 0)]
            + [f"{small['answered']} of {small['requests']}", _number(row["bottleneck"]["queueMs"]["median"], 1)]
        )
    most = max(row["sessions"] for row in rows)
    yield _bars(
        "sessions-goodput",
        "Goodput of all sessions together",
        "% of the bridge's line",
        rows,
        lambda row: (100 * row["goodputMbit"] / row["bridgeMbit"], f"{row['goodputMbit']:.0f} Mbit/s", None),
        f"With {most:,} sessions and a line that is the bottleneck, cells fill "
        + _each(rows, most, lambda row: 100 * row["goodputMbit"] / row["bridgeMbit"], "{:.0f} %")
        + " of it.",
        table,
    )
    yield _bars(
        "sessions-fairness",
        "Fairness among bulk clients (Jain's index)",
        "1 is the same for all",
        rows,
        lambda row: (row["bulk"]["fairness"], _number(row["bulk"]["fairness"], 2), None),
        f"With {most:,} sessions Jain's index of the bulk clients' rates is " + _each(rows, most, lambda row: row["bulk"]["fairness"], "{:.2f}") + ".",
    )
    yield _bars(
        "sessions-delay",
        "Time to the first byte of an interactive client's answer",
        "ms; the whisker goes from the median to the 95th percentile",
        rows,
        lambda row: (
            row["interactive"]["firstByteMs"]["median"],
            f"{_number(row['interactive']['firstByteMs']['median'], 0)} ms",
            row["interactive"]["firstByteMs"]["p95"],
        ),
        f"With {most:,} sessions the median time to the first byte is "
        + _each(rows, most, lambda row: row["interactive"]["firstByteMs"]["median"], "{:.0f} ms")
        + ".",
    )


def _bars(
    name: str,
    title: str,
    unit: str,
    rows: Sequence[Row],
    of: Callable[[Row], tuple[float | None, str, float | None]],
    sentence: str,
    table: Sequence[Sequence[str]] = (),
) -> Figure:
    drawn = []
    for row in rows:
        value, text, high = of(row)
        if value is not None:
            group = f"{row['sessions']:,} sessions, {row['bridgeMbit']:,.0f} Mbit/s"
            drawn.append(Bar(group, _name(row), value, text, value if high is not None else None, high))
    return Figure(name, title, bars.svg(title, _ABOUT, unit, drawn, COLOURS), sentence, table)


def _each(rows: Sequence[Row], sessions: int, of: Callable[[Row], float | None], form: str) -> str:
    """Each transport's figure, where so many sessions share the scarcest line."""
    own = [row for row in rows if row["sessions"] == sessions]
    scarce = min(row["bridgeMbit"] for row in own)
    texts = []
    for row in own:
        value = of(row)
        if row["bridgeMbit"] == scarce and value is not None:
            texts.append(f"{form.format(value)} over {_name(row)}")
    return ", ".join(texts)


def _circuits(rows: Sequence[Row]) -> Iterator[Figure]:
    small = [row for row in rows if row["interactive"] and row["cellMs"]["median"] is not None]
    if small:
        title = "Delay of an interactive circuit's cells beside a bulk circuit"
        drawn = [
            Bar(_mix(row), _connections(row), row["cellMs"]["median"], f"{row['cellMs']['median']:.0f} ms", row["cellMs"]["median"], row["cellMs"]["p95"])
            for row in small
        ]
        yield Figure(
            "circuits-delay",
            title,
            bars.svg(title, "20 Mbit/s, 100 ms, 1 % loss; virtual time", "ms; the whisker goes from the median to the 95th percentile", drawn),
            _delay_sentence(small) or f"The medians are from {min(row['cellMs']['median'] for row in small):.0f} ms on.",
            [["circuits", "connections", "median, ms", "95th percentile, ms", "goodput, Mbit/s"]]
            + [[_mix(row), _connections(row), _number(row["cellMs"]["median"], 1), _number(row["cellMs"]["p95"], 1), f"{row['goodputMbit']:.1f}"] for row in small],
        )
    bulk = [row for row in rows if not row["interactive"]]
    if bulk:
        title = "Eight bulk circuits on one connection, and on one each"
        drawn = [Bar(_mix(row), _connections(row), row["goodputMbit"], f"{row['goodputMbit']:.1f} Mbit/s") for row in bulk]
        yield Figure(
            "circuits-goodput",
            title,
            bars.svg(title, "20 Mbit/s, 100 ms, 1 % loss; virtual time", "Mbit/s of cells", drawn),
            _bulk_sentence(bulk) or f"Goodput is from {min(row['goodputMbit'] for row in bulk):.1f} Mbit/s on.",
            [["circuits", "connections", "goodput, Mbit/s", "the other user, Mbit/s", "share, %"]]
            + [[_mix(row), _connections(row), f"{row['goodputMbit']:.1f}", f"{row['rivalMbit']:.1f}", f"{100 * row['share']:.0f}"] for row in bulk],
        )


def circuits_sentence(results: Results) -> str:
    """What the simulator says that a connection for each circuit would bring."""
    cells = results.of("simulation")
    rows = cells[0].figures.get("circuits", []) if cells else []
    texts = [_delay_sentence(rows), _bulk_sentence(rows)]
    found = " ".join(text for text in texts if text)
    return f"The simulator's estimate (20 Mbit/s, 100 ms, 1 % loss): {found}" if found else "What that would bring was not simulated in this run."


def _delay_sentence(rows: Sequence[Row]) -> str:
    pair = _pair(rows, interactive=True, rival=False)
    if pair is None:
        return ""
    one, each = (row["cellMs"] for row in pair)
    return (
        f"With a connection for each circuit a cell of an interactive circuit beside a bulk one would take {each['median']:.0f} ms in the median and "
        f"{each['p95']:.0f} at the 95th percentile, instead of {one['median']:.0f} and {one['p95']:.0f}."
    )


def _bulk_sentence(rows: Sequence[Row]) -> str:
    alone, beside = _pair(rows, interactive=False, rival=False), _pair(rows, interactive=False, rival=True)
    if alone is None:
        return ""
    text = f"Eight bulk circuits would carry {alone[1]['goodputMbit']:.1f} Mbit/s on a connection each, instead of {alone[0]['goodputMbit']:.1f} on one"
    if beside is not None:
        text += f"; beside another user's download they would take {beside[1]['share']:.0%} instead of {beside[0]['share']:.0%}, where half is fair"
    return text + "."


def _pair(rows: Sequence[Row], *, interactive: bool, rival: bool) -> tuple[Row, Row] | None:
    """With the first controller: over one connection, and over one for each."""
    own = [row for row in rows if bool(row["interactive"]) == interactive and row["rival"] == rival]
    own = [row for row in own if row["congestion"] == own[0]["congestion"] and (not interactive or row["cellMs"]["median"] is not None)]
    one, each = (next((row for row in own if row["connections"] == kind), None) for kind in ("one", "each"))
    return None if one is None or each is None else (one, each)


def _name(row: Row) -> str:
    return _NAMES.get(row["transport"], row["transport"])


def _mix(row: Row) -> str:
    return f"{row['congestion']}, " + ("beside another user" if row["rival"] else "alone")


def _connections(row: Row) -> str:
    return _ONE if row["connections"] == "one" else _EACH


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}"
