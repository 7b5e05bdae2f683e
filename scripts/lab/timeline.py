"""The timeline of a bootstrap: what tor said and when, and a picture of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape


@dataclass(frozen=True)
class Step:
    """A moment of the bootstrap; seconds count from when the client was let onto the network."""

    seconds: float
    percent: int
    tag: str
    summary: str


# From seconds or per cent to a place in the picture.
_Scale = Callable[[float], float]

_WIDTH = 1080
_LEFT, _TOP, _BOTTOM = 72, 92, 60
_PLOT_WIDTH = 480
_LABEL_X = _LEFT + _PLOT_WIDTH + 46
_ROW = 21
_MIN_PLOT_HEIGHT = 340

_STYLE = """
  text { font-family: 'DejaVu Sans', Verdana, sans-serif; font-size: 13px; fill: #333 }
  .title { font-size: 19px; font-weight: bold; fill: #111 }
  .subtitle { font-size: 13px; fill: #555 }
  .number { fill: #666; font-size: 12px }
  .percent { fill: #1f5f99; font-weight: bold; font-size: 12px }
  .grid { stroke: #e6e6e6; stroke-width: 1 }
  .axis { stroke: #999; stroke-width: 1 }
  .line { fill: none; stroke: #1f77b4; stroke-width: 2.5; stroke-linejoin: round }
  .area { fill: #1f77b4; fill-opacity: 0.08; stroke: none }
  .dot { fill: #fff; stroke: #1f77b4; stroke-width: 2 }
  .lead { fill: none; stroke: #bbb; stroke-width: 1 }
"""


def svg(steps: Sequence[Step], title: str, subtitle: str = "") -> str:
    """Draws the percentage over time as a step line. Each phase is named at the right, in order, joined to its dot."""
    steps = merged(steps)
    height = max(_MIN_PLOT_HEIGHT, _ROW * len(steps))
    last = max((step.seconds for step in steps), default=0.0)
    tick = _tick(last)
    span = max(tick, math.ceil(last / tick - 1e-9) * tick)

    def x(seconds: float) -> float:
        return _LEFT + _PLOT_WIDTH * seconds / span

    def y(percent: float) -> float:
        return _TOP + height * (1 - percent / 100)

    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_TOP + height + _BOTTOM}" '
            f'width="{_WIDTH}" height="{_TOP + height + _BOTTOM}" role="img">',
            f"<title>{escape(title)}</title>",
            f"<style>{_STYLE}</style>",
            f'<rect width="{_WIDTH}" height="{_TOP + height + _BOTTOM}" fill="#fff"/>',
            f'<text class="title" x="{_LEFT}" y="36">{escape(title)}</text>',
            f'<text class="subtitle" x="{_LEFT}" y="60">{escape(subtitle)}</text>',
            *_axes(x, y, tick, span),
            *_labels(steps, x, y, height),
            *_curve(steps, x, y),
            "</svg>",
            "",
        ]
    )


def merged(steps: Sequence[Step]) -> list[Step]:
    """Leaves out what would draw nothing: a phase said again, or a percentage that fell back."""
    kept: list[Step] = []
    for step in steps:
        if not kept or step.percent > kept[-1].percent:
            kept.append(step)
    return kept


def spread(wanted: Sequence[float], gap: float, lowest: float, highest: float) -> list[float]:
    """Places labels as near to the wanted positions as may be, in order, at least gap apart.

    Positions ascend. Neighbours that would overlap form a block, centred on the mean of what they wanted.
    """
    blocks: list[tuple[float, int]] = []  # the centre that its labels want, and how many they are
    for position in wanted:
        blocks.append((position, 1))
        while len(blocks) > 1 and _overlap(blocks[-2], blocks[-1], gap, lowest, highest):
            (centre_b, count_b), (centre_a, count_a) = blocks.pop(), blocks.pop()
            count = count_a + count_b
            blocks.append(((centre_a * count_a + centre_b * count_b) / count, count))
    places: list[float] = []
    for centre, count in blocks:
        start = _start(centre, count, gap, lowest, highest)
        places += [start + gap * i for i in range(count)]
    return places


def _start(centre: float, count: int, gap: float, lowest: float, highest: float) -> float:
    extent = gap * (count - 1)
    return max(lowest, min(centre - extent / 2, highest - extent))


def _overlap(a: tuple[float, int], b: tuple[float, int], gap: float, lowest: float, highest: float) -> bool:
    end_of_a = _start(*a, gap, lowest, highest) + gap * (a[1] - 1)
    return _start(*b, gap, lowest, highest) - end_of_a < gap


def _tick(last: float) -> float:
    """A round interval that gives four to ten marks."""
    for tick in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50):
        if last / tick <= 10:
            return tick
    return 100.0


def _axes(x: _Scale, y: _Scale, tick: float, span: float) -> list[str]:
    parts = []
    for percent in range(0, 101, 20):
        parts.append(f'<line class="grid" x1="{x(0):.1f}" y1="{y(percent):.1f}" x2="{x(span):.1f}" y2="{y(percent):.1f}"/>')
        parts.append(f'<text class="number" text-anchor="end" x="{x(0) - 9:.1f}" y="{y(percent) + 4:.1f}">{percent} %</text>')
    for i in range(round(span / tick) + 1):
        at = x(i * tick)
        parts.append(f'<line class="axis" x1="{at:.1f}" y1="{y(0):.1f}" x2="{at:.1f}" y2="{y(0) + 5:.1f}"/>')
        parts.append(f'<text class="number" text-anchor="middle" x="{at:.1f}" y="{y(0) + 21:.1f}">{i * tick:g}</text>')
    parts.append(f'<line class="axis" x1="{x(0):.1f}" y1="{y(0):.1f}" x2="{x(span):.1f}" y2="{y(0):.1f}"/>')
    parts.append(f'<text text-anchor="middle" x="{x(span / 2):.1f}" y="{y(0) + 46:.1f}">seconds</text>')
    return parts


def _curve(steps: Sequence[Step], x: _Scale, y: _Scale) -> list[str]:
    if not steps:
        return []
    path = f"M{x(0):.1f},{y(0):.1f}"
    for step in steps:
        path += f" H{x(step.seconds):.1f} V{y(step.percent):.1f}"
    end = f"H{x(steps[-1].seconds):.1f} V{y(0):.1f} Z"
    dots = [f'<circle class="dot" cx="{x(step.seconds):.1f}" cy="{y(step.percent):.1f}" r="4"/>' for step in steps]
    return [f'<path class="area" d="{path} {end}"/>', f'<path class="line" d="{path}"/>', *dots]


def _labels(steps: Sequence[Step], x: _Scale, y: _Scale, height: float) -> list[str]:
    places = spread([y(step.percent) for step in reversed(steps)], _ROW, _TOP, _TOP + height)
    parts = []
    for step, place in zip(reversed(steps), places):
        at_x, at_y = x(step.seconds), y(step.percent)
        elbow = _LEFT + _PLOT_WIDTH + 14
        parts.append(f'<path class="lead" d="M{at_x + 5:.1f},{at_y:.1f} H{elbow} L{_LABEL_X - 6},{place:.1f}"/>')
        parts.append(f'<text class="number" text-anchor="end" x="{_LABEL_X + 44}" y="{place + 4:.1f}">{step.seconds:.2f} s</text>')
        parts.append(f'<text class="percent" text-anchor="end" x="{_LABEL_X + 100}" y="{place + 4:.1f}">{step.percent} %</text>')
        parts.append(f'<text x="{_LABEL_X + 111}" y="{place + 4:.1f}">{escape(_shortened(step.summary))}</text>')
    return parts


def _shortened(text: str, limit: int = 52) -> str:
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"
