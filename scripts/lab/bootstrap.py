"""A client's bootstrap, followed by its control port."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable

from . import control, timeline
from .network import Node
from .proc import LabError


def let_go(client: Node, timeout: float, on_step: Callable[[timeline.Step], None] = lambda step: None) -> list[timeline.Step]:
    """Lets a client onto the network, and waits until tor is done; seconds count from then."""
    events: queue.Queue[tuple[float, str]] = queue.Queue()
    connection = client.control(lambda moment, text: events.put((moment, text)))
    try:
        connection.command("SETEVENTS STATUS_CLIENT")
        began = time.monotonic()
        connection.command("SETCONF DisableNetwork=0")
        return _follow(client, events, began, began + timeout, on_step)
    finally:
        connection.close()


def _follow(
    client: Node,
    events: queue.Queue[tuple[float, str]],
    began: float,
    deadline: float,
    on_step: Callable[[timeline.Step], None],
) -> list[timeline.Step]:
    steps: list[timeline.Step] = []
    while not steps or steps[-1].percent < 100:
        client.check_alive()
        if time.monotonic() > deadline:
            reached = steps[-1].percent if steps else 0
            raise LabError(f"the client's bootstrap came no further than {reached} % in time", client.log)
        try:
            moment, text = events.get(timeout=0.2)
        except queue.Empty:
            continue
        step = step_of(moment - began, text)
        if step is not None:
            steps.append(step)
            on_step(step)
    return steps


def step_of(seconds: float, event: str) -> timeline.Step | None:
    """The step that a STATUS_CLIENT event tells of, if it tells of one."""
    if "BOOTSTRAP" not in event.split():
        return None
    fields = control.keywords(event)
    if "PROGRESS" not in fields:
        return None
    summary = fields.get("SUMMARY", "")
    if "WARNING" in fields:
        summary += f" ({fields['WARNING']})"
    return timeline.Step(seconds, int(fields["PROGRESS"]), fields.get("TAG", ""), summary)
