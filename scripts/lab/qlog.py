"""A picture of one µTP connection, from its qlog trace: what was sent and lost, window, delays, over time."""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from xml.sax.saxutils import escape

Point = tuple[float, float]

_WIDTH, _LEFT, _RIGHT, _TOP = 1080, 84, 210, 84
_PLOT_WIDTH = _WIDTH - _LEFT - _RIGHT
_PANEL, _GAP, _BOTTOM = 170, 44, 56

_STYLE = """
  text { font-family: 'DejaVu Sans', Verdana, sans-serif; font-size: 12px; fill: #333 }
  .title { font-size: 18px; font-weight: bold; fill: #111 }
  .subtitle { font-size: 13px; fill: #555 }
  .panel { font-weight: bold; fill: #111 }
  .number { fill: #666; font-size: 11px }
  .grid { stroke: #e6e6e6; stroke-width: 1 }
  .axis { stroke: #999; stroke-width: 1 }
  .line { fill: none; stroke-width: 1.6; stroke-linejoin: round }
"""


class QlogError(Exception):
    """A trace that cannot be read; says which record."""


@dataclass
class Series:
    """Values over seconds; drawn as a line that keeps each value until the next, or as marks."""

    name: str
    colour: str
    points: list[Point] = field(default_factory=list)
    marks: bool = False
    mark_size: float = 2.4
    dashed: bool = False

    def last(self) -> float:
        return self.points[-1][1] if self.points else 0.0


@dataclass
class Panel:
    title: str
    unit: str
    series: list[Series]


@dataclass
class Connection:
    """What a trace tells, by panel."""

    title: str
    vantage: str
    seconds: float
    panels: list[Panel]
    packets: int
    lost: int
    again: int
    reason: str


def records(text: str) -> Iterable[dict]:
    """The records of a JSON text sequence (RFC 7464); one that was cut off at the end is left out."""
    parts = text.split("\x1e")
    if parts[0].strip():
        raise QlogError("not a JSON text sequence: it does not begin with a record separator")
    for number, part in enumerate(parts[1:], 1):
        try:
            yield json.loads(part)
        except ValueError as error:
            if number == len(parts) - 1 and not part.endswith("\n"):
                return
            raise QlogError(f"record {number}: {error}") from error


class _Unwrap:
    """16-bit numbers as distances from the first one."""

    def __init__(self) -> None:
        self._last: int | None = None
        self._value = 0

    def __call__(self, number: int) -> int:
        if self._last is not None:
            self._value += (number - self._last + 0x8000) % 0x10000 - 0x8000
        self._last = number
        return self._value


def read(text: str) -> Connection:
    """Reads a whole trace."""
    trace = iter(records(text))
    header = next(trace, None)
    if header is None or "qlog_version" not in header:
        raise QlogError("no qlog header")
    sent = Series("sent", "#1f77b4", marks=True)
    acknowledged = Series("acknowledged", "#2ca02c")
    lost = Series("taken for lost", "#d62728", marks=True, mark_size=6)
    window = Series("congestion window", "#1f77b4")
    flight = Series("in flight", "#ff7f0e")
    rtt = Series("round trip", "#1f77b4")
    queueing = Series("queueing delay", "#9467bd")
    losses = Series("taken for lost", "#d62728")
    retransmissions = Series("sent again", "#8c564b", dashed=True)
    unwrap = _Unwrap()
    place: dict[int, int] = {}
    seconds, packets, reason = 0.0, 0, ""
    highest_ack = -1
    for event in trace:
        seconds = event["time"] / 1000
        name, data = event["name"], event["data"]
        if name == "transport:packet_sent":
            packets += 1
            number, kind = data["header"]["packet_number"], data["header"]["packet_type"]
            if kind in ("data", "fin"):
                place[number] = unwrap(number) if number not in place or data.get("trigger") is None else place[number]
                sent.points.append((seconds, place[number]))
                if data.get("trigger") == "retransmission":
                    retransmissions.points.append((seconds, len(retransmissions.points) + 1))
        elif name == "transport:packet_received":
            ack = place.get(data["header"]["ack_number"])
            if ack is not None and ack > highest_ack:
                highest_ack = ack
                acknowledged.points.append((seconds, ack))
        elif name == "recovery:packet_lost":
            losses.points.append((seconds, len(losses.points) + 1))
            lost.points.append((seconds, place.get(data["header"]["packet_number"], 0)))
        elif name == "recovery:metrics_updated":
            window.points.append((seconds, data["congestion_window"] / 1024))
            flight.points.append((seconds, data["bytes_in_flight"] / 1024))
            if data["latest_rtt"] > 0:
                rtt.points.append((seconds, data["latest_rtt"]))
            queueing.points.append((seconds, data["queueing_delay"]))
        elif name == "connectivity:connection_closed":
            reason = data["reason"]
    return Connection(
        title=header.get("title", "connection"),
        vantage=header.get("trace", {}).get("vantage_point", {}).get("type", "unknown"),
        seconds=seconds,
        panels=[
            Panel("Sequence", "packets", [sent, acknowledged, lost]),
            Panel("Window", "KiB", [window, flight]),
            Panel("Delay", "ms", [rtt, queueing]),
            Panel("Losses", "packets", [losses, retransmissions]),
        ],
        packets=packets,
        lost=len(losses.points),
        again=len(retransmissions.points),
        reason=reason,
    )


def ticks(highest: float, most: int) -> list[float]:
    """Round numbers from 0 to at least the highest, at most so many steps."""
    if highest <= 0:
        return [0.0, 1.0]
    power = 10 ** math.floor(math.log10(highest / most))
    step = next(m * power for m in (1, 2, 5, 10) if highest / (m * power) <= most)
    return [i * step for i in range(math.ceil(highest / step - 1e-9) + 1)]


def thinned(points: Sequence[Point], columns: int, seconds: float) -> list[Point]:
    """At most four points for each column of the picture: first, lowest, highest, last."""
    kept: list[Point] = []
    column: list[Point] = []
    at = -1

    def flush() -> None:
        if column:
            chosen = {0, len(column) - 1}
            values = [value for _, value in column]
            chosen |= {values.index(min(values)), values.index(max(values))}
            kept.extend(column[i] for i in sorted(chosen))

    for point in points:
        where = int(point[0] / seconds * columns) if seconds > 0 else 0
        if where != at:
            flush()
            column, at = [], where
        column.append(point)
    flush()
    return kept


def svg(connection: Connection) -> str:
    """Draws it."""
    height = _TOP + len(connection.panels) * (_PANEL + _GAP) + _BOTTOM - _GAP
    times = ticks(connection.seconds, 10)
    span = times[-1]
    ending = f", {connection.reason}" if connection.reason else ""
    subtitle = (
        f"seen by the {connection.vantage}: {connection.seconds:.2f} s, {connection.packets} packets sent, "
        f"{connection.lost} taken for lost, {connection.again} sent again{ending}"
    )
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}" role="img">',
        f"<title>{escape(connection.title)}</title>",
        f"<style>{_STYLE}</style>",
        f'<rect width="{_WIDTH}" height="{height}" fill="#fff"/>',
        f'<text class="title" x="{_LEFT}" y="34">{escape(connection.title)}</text>',
        f'<text class="subtitle" x="{_LEFT}" y="56">{escape(subtitle)}</text>',
    ]
    for index, panel in enumerate(connection.panels):
        parts += _panel(panel, _TOP + index * (_PANEL + _GAP), times, span)
    bottom = _TOP + len(connection.panels) * (_PANEL + _GAP) - _GAP
    for time in times:
        parts.append(
            f'<text class="number" text-anchor="middle" x="{_x(time, span):.1f}" y="{bottom + 18}">{time:g}</text>'
        )
    parts.append(f'<text text-anchor="middle" x="{_LEFT + _PLOT_WIDTH / 2}" y="{bottom + 40}">seconds</text>')
    return "\n".join([*parts, "</svg>", ""])


def _x(seconds: float, span: float) -> float:
    return _LEFT + _PLOT_WIDTH * seconds / span


def _panel(panel: Panel, top: float, times: Sequence[float], span: float) -> list[str]:
    highest = max((value for series in panel.series for _, value in series.points), default=0)
    values = ticks(highest, 5)

    def y(value: float) -> float:
        return top + _PANEL * (1 - value / values[-1])

    parts = [f'<text class="panel" x="{_LEFT}" y="{top - 8:.1f}">{panel.title} ({panel.unit})</text>']
    for value in values:
        parts.append(
            f'<line class="grid" x1="{_LEFT}" y1="{y(value):.1f}" x2="{_LEFT + _PLOT_WIDTH}" y2="{y(value):.1f}"/>'
            f'<text class="number" text-anchor="end" x="{_LEFT - 8}" y="{y(value) + 4:.1f}">{value:g}</text>'
        )
    for time in times:
        at = _x(time, span)
        parts.append(f'<line class="axis" x1="{at:.1f}" y1="{y(0):.1f}" x2="{at:.1f}" y2="{y(0) + 4:.1f}"/>')
    parts.append(f'<line class="axis" x1="{_LEFT}" y1="{y(0):.1f}" x2="{_LEFT + _PLOT_WIDTH}" y2="{y(0):.1f}"/>')
    for index, series in enumerate(panel.series):
        label_y = top + 14 + index * 20
        label_x = _LEFT + _PLOT_WIDTH + 18
        parts.append(f'<rect x="{label_x}" y="{label_y - 9}" width="10" height="10" fill="{series.colour}"/>')
        parts.append(f'<text x="{label_x + 16}" y="{label_y}">{escape(series.name)}</text>')
        size = series.mark_size
        shown = thinned(series.points, _PLOT_WIDTH, span)
        if series.marks:
            parts += [
                f'<rect x="{_x(time, span) - size / 2:.1f}" y="{y(value) - size / 2:.1f}" '
                f'width="{size}" height="{size}" fill="{series.colour}"/>'
                for time, value in shown
            ]
        elif shown:
            path = f"M{_x(shown[0][0], span):.1f},{y(shown[0][1]):.1f}"
            path += "".join(f" H{_x(time, span):.1f} V{y(value):.1f}" for time, value in shown[1:])
            dashes = ' stroke-dasharray="4 4"' if series.dashed else ""
            parts.append(f'<path class="line" stroke="{series.colour}"{dashes} d="{path}"/>')
    return parts


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="qlog-plot",
        description="Draws the trace of a µTP connection (utpcat --qlog FILE) as SVG: sequence numbers, window, delays and "
        "losses over time.",
    )
    parser.add_argument("trace", type=Path, metavar="FILE", help="the trace")
    parser.add_argument("-o", "--output", type=Path, metavar="SVG", help="where to (default: FILE with .svg behind it)")
    options = parser.parse_args(arguments)
    output = options.output or options.trace.with_name(options.trace.name + ".svg")
    try:
        connection = read(options.trace.read_text(encoding="utf-8"))
        output.write_text(svg(connection), encoding="utf-8")
    except (OSError, UnicodeDecodeError, QlogError, KeyError, TypeError) as error:
        what = f"no field {error}" if isinstance(error, KeyError) else error
        print(f"qlog-plot: {options.trace}: {what}", file=sys.stderr)
        return 1
    print(output)
    return 0


if __name__ == "__main__":
    sys.exit(main())
