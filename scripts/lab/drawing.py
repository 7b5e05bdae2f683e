"""What the charts share: their style, readable on light and on dark paper, and their frame."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

# Seen well on white and on near black, and told apart by those who see red and green alike, by their lightness.
PALETTE = ("#1f77b4", "#17a2b8", "#2f9e44", "#a9a912", "#f08c2e", "#d6336c", "#9467bd", "#a0705f", "#8a8f98")

# Every rule is of this class, for a page may hold many charts and more.
STYLE = """
  .chart { font-family: 'DejaVu Sans', Verdana, sans-serif; font-size: 12px }
  .chart text { fill: #333 }
  .chart .paper { fill: #fff }
  .chart .title { font-size: 17px; font-weight: bold; fill: #111 }
  .chart .subtitle { font-size: 12px; fill: #555 }
  .chart .number { fill: #555; font-size: 11px }
  .chart .grid { stroke: #e6e6e6 }
  .chart .axis { stroke: #999 }
  .chart .whisker { stroke: #333; stroke-width: 1.2; fill: none }
  .chart .curve { fill: none; stroke-width: 2; stroke-linejoin: round }
  .chart .mark { stroke: #fff; stroke-width: 1 }
  .chart .note { stroke: #777; stroke-dasharray: 4 3 }
  @media (prefers-color-scheme: dark) {
    .chart text { fill: #d4d7dc }
    .chart .paper { fill: #16181d }
    .chart .title { fill: #f2f3f5 }
    .chart .subtitle { fill: #a9aeb7 }
    .chart .number { fill: #b4b9c2 }
    .chart .grid { stroke: #2c3038 }
    .chart .axis { stroke: #6b7280 }
    .chart .whisker { stroke: #d4d7dc }
    .chart .mark { stroke: #16181d }
    .chart .note { stroke: #9aa0aa }
  }
"""


def colours(names: Sequence[str], fixed: Mapping[str, str] | None = None) -> dict[str, str]:
    """For each name one: its fixed one, or the palette's next."""
    known = fixed or {}
    return {name: known.get(name, PALETTE[index % len(PALETTE)]) for index, name in enumerate(names)}


def begin(title: str, subtitle: str, width: int, height: int) -> list[str]:
    """The frame's opening, with its title."""
    return [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="chart" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img">',
        f"<title>{escape(title)}</title>",
        f"<style>{STYLE}</style>",
        f'<rect class="paper" width="{width}" height="{height}"/>',
        f'<text class="title" x="24" y="32">{escape(title)}</text>',
        f'<text class="subtitle" x="24" y="52">{escape(subtitle)}</text>',
    ]


def in_order(names: Sequence[str], fixed: Mapping[str, str] | None = None) -> list[str]:
    """Those with a fixed colour in their order, then the others as they come."""
    known = list(fixed or {})
    return sorted(dict.fromkeys(names), key=lambda name: known.index(name) if name in known else len(known))


_LEGEND_WIDTH = 852


def _columns(names: Sequence[str]) -> int:
    """As many as the longest name leaves room for, five at most."""
    widest = max((len(name) for name in names), default=0)
    return max(1, min(5, _LEGEND_WIDTH // math.ceil(7.5 * widest + 36)))


def legend(names: Sequence[str], colour_of: Mapping[str, str], top: float) -> list[str]:
    """Rows of names, each behind its colour."""
    columns = _columns(names)
    parts = []
    for index, name in enumerate(names):
        left, line = 24 + index % columns * (_LEGEND_WIDTH // columns), top + index // columns * 20
        parts.append(f'<rect x="{left}" y="{line - 9:.0f}" width="10" height="10" fill="{colour_of[name]}"/>')
        parts.append(f'<text x="{left + 16}" y="{line:.0f}">{escape(name)}</text>')
    return parts


def legend_height(names: Sequence[str]) -> int:
    columns = _columns(names)
    return 20 * ((len(names) + columns - 1) // columns)
