"""Lines over time, or over a number, as SVG."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from lab import drawing
from lab.qlog import ticks

_WIDTH, _LEFT, _RIGHT, _TOP = 900, 74, 30, 84
_PLOT = 300


@dataclass(frozen=True)
class Line:
    """Points in ascending x. Lines of one name have one colour, and stand in the legend once."""

    name: str
    points: Sequence[tuple[float, float]]
    # Between points the value stays; else it goes straight from one to the next.
    stepped: bool = False
    marked: bool = False


@dataclass(frozen=True)
class Note:
    """A moment with a name."""

    x: float
    text: str


def svg(
    title: str,
    subtitle: str,
    x_unit: str,
    y_unit: str,
    lines: Sequence[Line],
    *,
    highest: float | None = None,
    decades: bool = False,
    notes: Sequence[Note] = (),
    fixed_colours: Mapping[str, str] | None = None,
) -> str:
    """Both axes begin at zero; where x is by decades, at the lowest one that holds a point."""
    names = drawing.in_order([line.name for line in lines], fixed_colours)
    colour_of = drawing.colours(names, fixed_colours)
    top = _TOP + drawing.legend_height(names)
    height = top + _PLOT + 56
    points = [point for line in lines for point in line.points]
    y_values = ticks(highest if highest is not None else max((y for _, y in points), default=0), 8)
    x_values = _decades([x for x, _ in points]) if decades else ticks(max((x for x, _ in points), default=0), 12)
    width = _WIDTH - _LEFT - _RIGHT

    def at_x(value: float) -> float:
        if decades:
            first, last = math.log10(x_values[0]), math.log10(x_values[-1])
            return _LEFT + width * (math.log10(max(value, x_values[0])) - first) / (last - first)
        return _LEFT + width * value / x_values[-1]

    def at_y(value: float) -> float:
        return top + _PLOT * (1 - value / y_values[-1])

    parts = drawing.begin(title, subtitle, _WIDTH, height) + drawing.legend(names, colour_of, _TOP)
    for value in y_values:
        parts.append(f'<line class="grid" x1="{_LEFT}" y1="{at_y(value):.1f}" x2="{_LEFT + width}" y2="{at_y(value):.1f}"/>')
        parts.append(f'<text class="number" text-anchor="end" x="{_LEFT - 8}" y="{at_y(value) + 4:.1f}">{value:g}</text>')
    for value in x_values:
        parts.append(f'<line class="axis" x1="{at_x(value):.1f}" y1="{at_y(0):.1f}" x2="{at_x(value):.1f}" y2="{at_y(0) + 5:.1f}"/>')
        parts.append(f'<text class="number" text-anchor="middle" x="{at_x(value):.1f}" y="{at_y(0) + 19:.1f}">{value:g}</text>')
    parts.append(f'<line class="axis" x1="{_LEFT}" y1="{at_y(0):.1f}" x2="{_LEFT + width}" y2="{at_y(0):.1f}"/>')
    parts.append(f'<text text-anchor="middle" x="{_LEFT + width / 2}" y="{at_y(0) + 42:.1f}">{escape(x_unit)}</text>')
    parts.append(
        f'<text text-anchor="middle" transform="translate(18,{top + _PLOT / 2:.1f}) rotate(-90)">{escape(y_unit)}</text>'
    )
    for note in notes:
        parts.append(f'<line class="note" x1="{at_x(note.x):.1f}" y1="{top}" x2="{at_x(note.x):.1f}" y2="{at_y(0):.1f}"/>')
        parts.append(f'<text class="number" x="{at_x(note.x) + 4:.1f}" y="{top + 12}">{escape(note.text)}</text>')
    for line in lines:
        places = [(at_x(x), at_y(y)) for x, y in line.points]
        if not places:
            continue
        parts.append(f'<path class="curve" stroke="{colour_of[line.name]}" d="{_path(places, line.stepped)}"/>')
        if line.marked:
            parts += [f'<circle class="mark" cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour_of[line.name]}"/>' for x, y in places]
    return "\n".join([*parts, "</svg>", ""])


def _path(places: Sequence[tuple[float, float]], stepped: bool) -> str:
    path = f"M{places[0][0]:.1f},{places[0][1]:.1f}"
    for x, y in places[1:]:
        path += f"H{x:.1f}V{y:.1f}" if stepped else f"L{x:.1f},{y:.1f}"
    return path


def _decades(values: Sequence[float]) -> list[float]:
    above = [value for value in values if value > 0] or [1.0]
    first, last = math.floor(math.log10(min(above))), math.ceil(math.log10(max(above)))
    return [10.0**power for power in range(first, max(last, first + 1) + 1)]
