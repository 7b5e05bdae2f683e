"""Starting programs, waiting with deadlines, and stopping exactly what was started."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

LOG_TAIL_LINES = 12


class LabError(Exception):
    """Something the reader should know: one line, and perhaps the end of the log that explains it."""

    def __init__(self, message: str, log: Path | None = None) -> None:
        super().__init__(message)
        self.log = log
        # Read now: by the time somebody reports the error, the folder may be gone.
        self._log_end = [] if log is None else tail(log, LOG_TAIL_LINES)

    def report(self) -> str:
        """The message, followed by the indented end of the log, if there is one."""
        if self.log is None:
            return str(self)
        name = f"{self.log.parent.name}/{self.log.name}"
        if not self._log_end:
            return f"{self} ({name} is empty)"
        return "\n".join([str(self), f"  the end of {name}:", *(f"    {line}" for line in self._log_end)])


def tail(path: Path, count: int) -> list[str]:
    """The last lines of a file that may be missing, without reading all of it."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - count * 400))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return []
    return text.splitlines()[-count:]


def wait_until(
    what: str,
    poll: Callable[[], T | None],
    timeout: float,
    *,
    log: Path | None = None,
    interval: float = 0.05,
) -> T:
    """Calls poll until it returns something other than None or False; after timeout seconds, fails naming what was awaited."""
    deadline = time.monotonic() + timeout
    while True:
        result = poll()
        if result is not None and result is not False:
            return result
        if time.monotonic() >= deadline:
            raise LabError(f"waited {timeout:.0f} s for {what}, in vain", log)
        time.sleep(interval)


class Program:
    """One program that we started, at the head of a process group of its own.

    The group holds whatever the program starts in turn (tor starts the proxies), so that these can be waited
    for and, where they do not go by themselves, ended, without touching any process that is not ours. It also
    keeps the terminal's Ctrl-C from reaching them, so that the lab can stop everything in order.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        log: Path,
        *,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self.log = log
        try:
            with log.open("ab") as output:
                self._process = subprocess.Popen(
                    list(command),
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    env=None if environment is None else dict(environment),
                    start_new_session=True,
                )
        except OSError as error:
            raise LabError(f"{name} cannot be started: {error.strerror}: {command[0]}") from error

    @property
    def pid(self) -> int:
        return self._process.pid

    def check_alive(self) -> None:
        """Fails with the end of the log if the program has ended."""
        status = self._process.poll()
        if status is not None:
            how = f"exit status {status}" if status >= 0 else f"signal {-status}"
            raise LabError(f"{self.name} ended unexpectedly ({how})", self.log)

    def ask_to_stop(self) -> None:
        """SIGTERM, to the program alone: it tells its own children."""
        if self._process.poll() is None:
            self._process.terminate()

    def stop(self, timeout: float = 5.0) -> bool:
        """Ends the program and its group; True if nothing had to be killed."""
        self.ask_to_stop()
        deadline = time.monotonic() + timeout
        while self._group_lives() and time.monotonic() < deadline:
            time.sleep(0.02)
        clean = not self._group_lives()
        if not clean:
            self._signal_group(signal.SIGKILL)
        self._process.wait()
        return clean

    def _group_lives(self) -> bool:
        self._process.poll()  # reaps the leader: a zombie would count as a member of the group
        return self._signal_group(0)

    def _signal_group(self, number: int) -> bool:
        try:
            os.killpg(self._process.pid, number)
        except ProcessLookupError:
            return False
        return True


def run(
    command: Sequence[str], *, stdin: str = "", timeout: float = 60.0, environment: Mapping[str, str] | None = None
) -> str:
    """Runs a short command to its end and returns its standard output."""
    try:
        done = subprocess.run(
            list(command), input=stdin, capture_output=True, text=True, timeout=timeout, start_new_session=True,
            env=None if environment is None else dict(environment),
        )  # fmt: skip
    except OSError as error:
        raise LabError(f"{command[0]} cannot be started: {error.strerror}") from error
    except subprocess.TimeoutExpired as error:
        raise LabError(f"{command[0]} did not end within {timeout:.0f} s") from error
    if done.returncode != 0:
        last = (done.stderr.strip() or done.stdout.strip() or "no message").splitlines()[-1]
        raise LabError(f"{command[0]} failed with status {done.returncode}: {last}")
    return done.stdout
