"""A small client for tor's control port: commands and events."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

from .proc import LabError

EventHandler = Callable[[float, str], None]

# control-spec, "AUTHENTICATE".
_COOKIE_BYTES = 32
_KEYWORD = re.compile(r'([A-Za-z_]+)=("(?:[^"\\]|\\.)*"|\S*)')


def keywords(text: str) -> dict[str, str]:
    """The KEY=VALUE and KEY="VALUE" pairs of an event."""
    return {
        match[1]: re.sub(r"\\(.)", r"\1", match[2][1:-1]) if match[2].startswith('"') else match[2]
        for match in _KEYWORD.finditer(text)
    }


def read_port_file(path: Path) -> tuple[str, int] | None:
    """The address in a ControlPortWriteToFile file, once tor has written it."""
    try:
        match = re.search(r"^PORT=([^:\s]+):(\d+)$", path.read_text(), re.MULTILINE)
    except OSError:
        return None
    return (match[1], int(match[2])) if match else None


def is_cookie(path: Path) -> bool:
    """Whether tor has written all of its authentication cookie."""
    try:
        return path.stat().st_size == _COOKIE_BYTES
    except OSError:
        return False


class Control:
    """An authenticated control connection.

    Events go to on_event(moment, text), on the connection's own thread, with the moment of their arrival by
    time.monotonic(): a bootstrap timeline needs them as they come, not as somebody gets round to reading them.
    """

    def __init__(
        self,
        address: tuple[str, int],
        cookie: Path,
        on_event: EventHandler,
        timeout: float = 10.0,
    ) -> None:
        self._on_event = on_event
        self._timeout = timeout
        self._socket = socket.create_connection(address, timeout)
        self._socket.settimeout(None)
        self._lines = self._socket.makefile("r", encoding="utf-8", errors="replace", newline="\r\n")
        self._replies: list[list[str]] = []
        self._arrived = threading.Condition()
        self._closed = False
        threading.Thread(target=self._read, name="control", daemon=True).start()
        self.command(f"AUTHENTICATE {cookie.read_bytes().hex()}")

    def command(self, line: str) -> list[str]:
        """Sends one command and returns the lines of its reply; fails unless tor says 250."""
        self._socket.sendall(line.encode() + b"\r\n")
        with self._arrived:
            if not self._arrived.wait_for(lambda: self._replies or self._closed, self._timeout) or not self._replies:
                raise LabError(f"tor did not answer {line.split()[0]} on its control port")
            reply = self._replies.pop(0)
        if not reply[-1].startswith("250"):
            raise LabError(f"tor refused {line.split()[0]}: {reply[-1]}")
        return reply

    def close(self) -> None:
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._socket.close()

    def _read(self) -> None:
        message: list[str] = []
        in_data = False
        try:
            for raw in self._lines:
                moment = time.monotonic()
                line = raw.rstrip("\r\n")
                message.append(line)
                if in_data:
                    in_data = line != "."
                elif line[3:4] == "+":
                    in_data = True
                elif line[3:4] == " ":
                    self._deliver(moment, message)
                    message = []
        except (OSError, ValueError):
            pass
        with self._arrived:
            self._closed = True
            self._arrived.notify_all()

    def _deliver(self, moment: float, message: list[str]) -> None:
        if message[0].startswith("650"):
            self._on_event(moment, "\n".join([message[0][4:], *message[1:]]))
            return
        with self._arrived:
            self._replies.append(message)
            self._arrived.notify_all()
