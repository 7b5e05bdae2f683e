"""Signals that end a program of the lab, as an exception, so that everything is stopped and removed on the way out."""

from __future__ import annotations

import signal
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(BaseException):
    """A signal asked us to end; no error, so nothing that handles errors catches it."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number

    @property
    def status(self) -> int:
        """The exit status that tells of it."""
        return 128 + self.number


def raise_on_signals() -> None:
    """From now on these signals raise Interrupted in the main thread."""
    for number in _SIGNALS:
        signal.signal(number, _interrupt)


def _interrupt(number: int, _: FrameType | None) -> None:
    # Once is enough: the clean-up that follows is bounded and must not be cut short by an impatient second one.
    for caught in _SIGNALS:
        signal.signal(caught, signal.SIG_IGN)
    raise Interrupted(number)
