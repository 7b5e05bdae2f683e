"""Grouped horizontal bars as SVG: one group for each link, one bar for each transport."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from lab.qlog import ticks

_WIDTH, _LEFT, _RIGHT, _TOP = 900, 250, 90, 84
_BAR, _GROUP_GAP = 15, 16
_COLOURS = ("#1f77b4", "#17becf", "#2ca02c", "#bcbd22", "#ff7f0e", "#d62728", "#9467bd", "#8c564b", "#7f7f7f")
_STYLE = """
  text { font-family: 'DejaVu Sans', Verdana, sans-serif; font-size: 12px; fill: #333 }
  .title { font-size: 18px; font-weight: bold; fill: #111 }
  .subtitle { font-size: 13px; fill: #555 }
  .number { fill: #666; font-size: 11px }
  .grid { stroke: #e6e6e6 }
  .axis { stroke: #999 }
"""


@dataclass(frozen=True)
class Bar:
    group: str
    name: str
    value: float
    text: str


def svg(title: str, subtitle: str, unit: str, bars: Sequence[Bar]) -> str:
    """Draws them in the order given; the axis begins at zero."""
    groups = list(dict.fromkeys(bar.group for bar in bars))
    names = list(dict.fromkeys(bar.name for bar in bars))
    legend_rows = (len(names) + 4) // 5
    top = _TOP + 20 * legend_rows
    height = top + len(bars) * _BAR + len(groups) * _GROUP_GAP + 50
    values = ticks(max((bar.value for bar in bars), default=0), 8)
    width = _WIDTH - _LEFT - _RIGHT

    def x(value: float) -> float:
        return _LEFT + width * value / values[-1]

    bottom = height - 50
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}" role="img">',
        f"<title>{escape(title)}</title>",
        f"<style>{_STYLE}</style>",
        f'<rect width="{_WIDTH}" height="{height}" fill="#fff"/>',
        f'<text class="title" x="24" y="34">{escape(title)}</text>',
        f'<text class="subtitle" x="24" y="56">{escape(subtitle)}</text>',
    ]
    for index, name in enumerate(names):
        left, line = 24 + index % 5 * 170, _TOP + index // 5 * 20
        parts.append(f'<rect x="{left}" y="{line - 9}" width="10" height="10" fill="{_colour(index)}"/>')
        parts.append(f'<text x="{left + 16}" y="{line}">{escape(name)}</text>')
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
            colour = _colour(names.index(bar.name))
            parts.append(
                f'<rect x="{_LEFT}" y="{y + 1:.1f}" width="{x(bar.value) - _LEFT:.1f}" height="{_BAR - 2}" fill="{colour}"/>'
                f'<text class="number" x="{x(bar.value) + 5:.1f}" y="{y + _BAR - 4:.1f}">{escape(bar.text)}</text>'
            )
            y += _BAR
        y += _GROUP_GAP / 2
    parts.append(f'<line class="axis" x1="{_LEFT}" y1="{top}" x2="{_LEFT}" y2="{bottom}"/>')
    return "\n".join([*parts, "</svg>", ""])


def _colour(index: int) -> str:
    return _COLOURS[index % len(_COLOURS)]
