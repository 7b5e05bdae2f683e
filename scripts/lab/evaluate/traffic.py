"""Streams through a client's tor: bulk flows each way, and small requests."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from lab import socks
from lab.evaluate.world import LOOPBACK, Client, World
from lab.flows import parse_samples, received_by
from lab.proc import LabError

REQUEST_BYTES = 1000
# Streams one right after the other meet Nagle and delayed acknowledgements within tor.
REQUEST_GAP_SECONDS = 0.15
# A request that takes longer is given up; its delay is at least this then.
REQUEST_TIMEOUT_SECONDS = 8.0

# How long tor may refuse a stream, the only exit not being known to it yet.
_REFUSAL_SECONDS = 30.0
_OPEN_TIMEOUT_SECONDS = 60.0
_FIRST_BYTE_SECONDS = 45.0
_BLOCK = 1 << 17
_STEP_SECONDS = 0.005
# More than one line of samples, and no whole file.
_SAMPLES_TAIL_BYTES = 100
# All samples up to so much: times to the first bytes are read from them.
_FINE_BYTES = 6 << 20


def open_stream(world: World, client: Client, user: str, timeout: float = _OPEN_TIMEOUT_SECONDS) -> socket.socket:
    """A stream to the source; each user has circuits of its own. This thread must be at the near end."""
    patience = time.monotonic() + _REFUSAL_SECONDS
    while True:
        try:
            return socks.connect((LOOPBACK, client.node.socks_port), LOOPBACK, world.port, timeout, user=user)
        except socks.Refused:
            if time.monotonic() > patience:
                raise
            time.sleep(0.2)


def request(world: World, client: Client, user: str, timeout: float = REQUEST_TIMEOUT_SECONDS) -> float:
    """Seconds from asking tor for a new stream to the last byte of a small answer; fails if it takes too long."""
    began = time.monotonic()
    with world.inside_near():
        try:
            with open_stream(world, client, user, timeout) as connection:
                connection.settimeout(timeout)
                connection.sendall(f"GET {REQUEST_BYTES}\n".encode())
                left = REQUEST_BYTES
                while left:
                    block = connection.recv(left)
                    if not block:
                        raise LabError("a small request was not answered in full")
                    left -= len(block)
        except OSError as error:
            raise LabError(f"a small request failed: {error}") from error
    return time.monotonic() - began


def prepare(world: World, client: Client, users: Sequence[str]) -> None:
    """Has tor build each user's circuits, so that what is measured on them does not wait for that."""
    with ThreadPoolExecutor(len(users)) as pool:
        for _ in pool.map(lambda user: request(world, client, user, _OPEN_TIMEOUT_SECONDS), users):
            pass


@dataclass
class Delays:
    """Of small requests, in seconds; one that was given up counts with the time that it was given."""

    seconds: list[float] = field(default_factory=list)
    given_up: int = 0


def idle_requests(world: World, client: Client, count: int) -> Delays:
    """One after the other."""
    found = Delays()
    for _ in range(count):
        time.sleep(REQUEST_GAP_SECONDS)
        _ask(world, client, found)
    return found


def requests_until(world: World, client: Client, moment: float) -> Delays:
    """One after the other; the last one begins before the moment."""
    found = Delays()
    while time.monotonic() < moment - REQUEST_GAP_SECONDS:
        _ask(world, client, found)
        time.sleep(REQUEST_GAP_SECONDS)
    return found


def _ask(world: World, client: Client, found: Delays) -> None:
    began = time.monotonic()
    try:
        found.seconds.append(request(world, client, "small"))
    except LabError:
        found.seconds.append(time.monotonic() - began)
        found.given_up += 1
        # The client's tor itself may have ended.
        client.node.check_alive()


class Flow(threading.Thread):
    """One bulk flow, until it is stopped or breaks."""

    def __init__(self, world: World, client: Client, user: str) -> None:
        super().__init__(name=f"flow {user}", daemon=True)
        self.began = 0.0
        self.error = ""
        self._world, self._client, self._user = world, client, user
        self._connection: socket.socket | None = None
        self._stopping = False

    def run(self) -> None:
        self.began = time.monotonic()
        try:
            with self._world.inside_near(), open_stream(self._world, self._client, self._user) as connection:
                self._connection = connection
                connection.settimeout(None)
                self.carry(connection)
        except (OSError, LabError) as error:
            if not self._stopping:
                self.error = str(error)

    def carry(self, connection: socket.socket) -> None:
        raise NotImplementedError

    def samples(self) -> list[tuple[float, int]]:
        """Moments, and bytes that had arrived by then."""
        raise NotImplementedError

    def stop(self) -> None:
        self._stopping = True
        if self._connection is not None:
            try:
                self._connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self.join(5)

    def first_byte(self) -> float | None:
        """When it was there."""
        found = self.samples()
        if not found and self.error:
            raise LabError(f"a bulk flow did not begin: {self.error}")
        return found[0][0] if found else None


class Download(Flow):
    """Towards the client, so many bytes or without end."""

    def __init__(self, world: World, client: Client, user: str, size: int = 0) -> None:
        super().__init__(world, client, user)
        self.size = size
        self.received = 0
        self.finished: float | None = None
        self.last_byte = 0.0
        self._samples: list[tuple[float, int]] = []

    def carry(self, connection: socket.socket) -> None:
        connection.sendall(f"GET {self.size}\n".encode())
        buffer = bytearray(_BLOCK)
        last = 0.0
        while count := connection.recv_into(buffer):
            self.received += count
            self.last_byte = now = time.monotonic()
            if self.received < _FINE_BYTES or now - last >= _STEP_SECONDS:
                self._samples.append((now, self.received))
                last = now
        now = time.monotonic()
        self._samples.append((now, self.received))
        if self.size and self.received == self.size:
            self.finished = now
        elif not self._stopping:
            self.error = "the stream ended"

    def samples(self) -> list[tuple[float, int]]:
        return list(self._samples)


class Upload(Flow):
    """
    From the client, without end; the source counts what comes. It writes little more ahead of that than the link needs: tor 0.4.9
    takes what an application gives it without bound, grows by hundreds of megabytes, and comes to rest.
    """

    _count = 0

    def __init__(self, world: World, client: Client, user: str) -> None:
        super().__init__(world, client, user)
        Upload._count += 1
        name = f"put{Upload._count}"
        self._name = name
        self._file: Path = world.samples / name

    def carry(self, connection: socket.socket) -> None:
        connection.sendall(f"PUT {self._name}\n".encode())
        block = bytes(_BLOCK)
        sent = 0
        while not self._stopping:
            if sent - self._arrived() >= self._world.upload_ahead:
                time.sleep(_STEP_SECONDS)
                continue
            connection.sendall(block)
            sent += len(block)

    def _arrived(self) -> int:
        """What the source had counted at last; the line that it is writing may be there in part."""
        try:
            with self._file.open("rb") as file:
                file.seek(max(0, file.seek(0, os.SEEK_END) - _SAMPLES_TAIL_BYTES))
                lines = file.read().split(b"\n")[:-1]
            return int(lines[-1].split()[1]) if lines else 0
        except FileNotFoundError:
            return 0

    def samples(self) -> list[tuple[float, int]]:
        return parse_samples(self._file.read_text()) if self._file.exists() else []


def wait_all_begun(flows: Sequence[Flow], timeout: float = _FIRST_BYTE_SECONDS) -> float:
    """When the last of them had its first byte."""
    deadline = time.monotonic() + timeout
    while True:
        firsts = [flow.first_byte() for flow in flows]
        if all(first is not None for first in firsts):
            return max(first for first in firsts if first is not None)
        if time.monotonic() > deadline:
            raise LabError(f"a bulk flow had no byte after {timeout:.0f} s")
        time.sleep(0.02)


def mbit(flows: Sequence[Flow], begin: float, end: float) -> list[float]:
    """What each carried between two moments."""
    rates = []
    for flow in flows:
        samples = flow.samples()
        rates.append((received_by(samples, end) - received_by(samples, begin)) * 8 / (end - begin) / 1e6)
    return rates


def seconds_to(flow: Flow, size: int) -> float | None:
    """From asking for the stream to so many bytes; None if it did not come as far."""
    for when, count in flow.samples():
        if count >= size:
            return when - flow.began
    return None


FlowMaker = Callable[[World, Client, str], Flow]
