"""The figures of experiment 3, from what the simulation wrote."""

from __future__ import annotations

from collections.abc import Iterator

from lab.evaluate.figures import Figure
from lab.evaluate.results import Results

CANNOT = (
    "An unmodified tor hands a pluggable transport one opaque stream for each connection to a bridge, in which the cells of all circuits are "
    "already in order. So the transport cannot give each circuit a µTP connection of its own, and a lost packet holds back the cells behind "
    "it whatever circuit they belong to: head-of-line blocking between circuits stays. Both would need a change of tor."
)


def figures(results: Results) -> Iterator[Figure]:
    """To be drawn when the simulation is there."""
    yield from ()


def circuits_sentence(results: Results) -> str:
    """What the simulator says that a connection for each circuit would bring."""
    return "What that would bring was not simulated in this run."
