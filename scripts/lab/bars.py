"""Grouped horizontal bars as SVG: one group for each link, one bar for each transport."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from lab import drawing
from lab.qlog import ticks

_WIDTH, _LEFT, _RIGHT, _TOP = 900, 250, 90, 84
_BAR, _GROUP_GAP = 15, 16


@dataclass(frozen=True)
class Bar:
    """A value and what is written behind it. With low and high a whisker shows how far single runs went."""

    group: str
    name: str
    value: float
    text: str
    low: float | None = None
    high: float | None = None


def svg(title: str, subtitle: str, unit: str, bars: Sequence[Bar], fixed_colours: Mapping[str, str] | None = None) -> str:
    """Draws them in the order given; the axis begins at zero."""
    groups = list(dict.fromkeys(bar.group for bar in bars))
    names = drawing.in_order([bar.name for bar in bars], fixed_colours)
    colour_of = drawing.colours(names, fixed_colours)
    top = _TOP + drawing.legend_height(names)
    height = top + len(bars) * _BAR + len(groups) * _GROUP_GAP + 50
    values = ticks(max((_end(bar) for bar in bars), default=0), 8)
    width = _WIDTH - _LEFT - _RIGHT

    def x(value: float) -> float:
        return _LEFT + width * value / values[-1]

    bottom = height - 50
    parts = drawing.begin(title, subtitle, _WIDTH, height)
    parts += drawing.legend(names, colour_of, _TOP)
    for value in values:
        parts.append(f'<line class="grid" x1="{x(value):.1f}" y1="{top}" x2="{x(value):.1f}" y2="{bottom}"/>')
        parts.append(f'<text class="number" text-anchor="middle" x="{x(value):.1f}" y="{bottom + 16}">{value:g}</text>')
    parts.append(f'<text text-anchor="middle" x="{_LEFT + width / 2}" y="{bottom + 36}">{escape(unit)}</text>')
    y = float(top)
    for group in groups:
        members = [bar for bar in bars if bar.group == group]
        middle = y + _GROUP_GAP / 2 + len(members) * _BAR / 2 + 4
        parts.append(f'<text text-anchor="end" x="{_LEFT - 10}" y="{middle:.1f}">{escape(group)}</text>')
        y += _GROUP_GAP / 2
        for bar in members:
            parts.append(
                f'<rect x="{_LEFT}" y="{y + 1:.1f}" width="{x(bar.value) - _LEFT:.1f}" height="{_BAR - 2}" fill="{colour_of[bar.name]}"/>'
                f'<text class="number" x="{x(_end(bar)) + 5:.1f}" y="{y + _BAR - 4:.1f}">{escape(bar.text)}</text>'
            )
            if bar.low is not None and bar.high is not None and bar.high > bar.low:
                parts.append(_whisker(x(bar.low), x(bar.high), y + _BAR / 2))
            y += _BAR
        y += _GROUP_GAP / 2
    parts.append(f'<line class="axis" x1="{_LEFT}" y1="{top}" x2="{_LEFT}" y2="{bottom}"/>')
    return "\n".join([*parts, "</svg>", ""])


def _end(bar: Bar) -> float:
    return bar.value if bar.high is None else max(bar.value, bar.high)


def _whisker(low: float, high: float, y: float) -> str:
    return f'<path class="whisker" d="M{low:.1f},{y - 3:.1f}V{y + 3:.1f}M{low:.1f},{y:.1f}H{high:.1f}M{high:.1f},{y - 3:.1f}V{y + 3:.1f}"/>'
