"""A server-pt, standalone, with something behind it, and what it takes of the machine."""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab import bridgeline
from lab.proc import LabError, Program, run, wait_until

SCRIPTS = Path(__file__).resolve().parents[1]
SERVER_JAR = SCRIPTS.parent / "server-pt/target/server-pt.jar"
_WAIT_SECONDS = 30.0
_TICKS = os.sysconf("SC_CLK_TCK")

# From a command to one that runs it elsewhere, in a network namespace say.
Place = Callable[[Sequence[str]], Sequence[str]]


def here(command: Sequence[str]) -> Sequence[str]:
    return command


@dataclass
class Usage:
    """What a process has of the machine at a moment."""

    seconds: float
    cpu_seconds: float
    waiting_seconds: float
    rss_bytes: int
    descriptors: int

    @staticmethod
    def of(pid: int) -> Usage:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        resident = int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        ticks = int(fields[11]) + int(fields[12])
        waiting = sum(_waiting_nanos(task) for task in Path(f"/proc/{pid}/task").iterdir()) / 1e9
        return Usage(time.monotonic(), ticks / _TICKS, waiting, resident, len(os.listdir(f"/proc/{pid}/fd")))

    def processors_since(self, before: Usage) -> float:
        """Processors that it had kept busy."""
        return (self.cpu_seconds - before.cpu_seconds) / (self.seconds - before.seconds)

    def starved_since(self, before: Usage) -> float:
        """How many of its threads had waited for a processor that others kept busy."""
        return max(0.0, self.waiting_seconds - before.waiting_seconds) / (self.seconds - before.seconds)


def _waiting_nanos(task: Path) -> int:
    """The second figure of schedstat: runnable, and not running."""
    try:
        return int((task / "schedstat").read_text().split()[1])
    except OSError:
        return 0  # the thread has ended


class Bridge:
    """The two programs; a context manager."""

    def __init__(
        self,
        folder: Path,
        upstream: str,
        *,
        address: str = "127.0.0.1",
        port: int,
        upstream_port: int,
        options: Sequence[str] = (),
        java: str = "",
        place: Place = here,
        descriptors: int | None = None,
    ) -> None:
        self.address, self.port = address, port
        self._state = folder / "server-state"
        self._log = folder / "server-pt.log"
        # The launcher's exec keeps the limits of its shell.
        limit = [] if descriptors is None else ["sh", "-c", f'ulimit -n {descriptors} && exec "$0" "$@"']
        server = [*limit, str(SCRIPTS / "server-pt"), "standalone", "--listen", f"{address}:{port}"]
        server += ["--forward", f"127.0.0.1:{upstream_port}", "--state", str(self._state)]
        for option in options:
            server += ["-o", option]
        behind = [sys.executable, "-m", "lab.upstream", upstream, "127.0.0.1", str(upstream_port)]
        environment = {**os.environ, "PYTHONPATH": str(SCRIPTS)}
        self._programs = [Program("upstream", place(behind), folder / "upstream.log", environment=environment)]
        try:
            self._programs.append(
                Program("server-pt", place(server), self._log, environment={**environment, "TANDEM_JAVA_OPTS": java})
            )
            self.line = wait_until("the bridge line", self._bridge_line, _WAIT_SECONDS, log=self._log)
        except BaseException:
            self.__exit__()
            raise

    def __enter__(self) -> Bridge:
        return self

    def __exit__(self, *_: object) -> None:
        for program in reversed(self._programs):
            program.stop()

    def _bridge_line(self) -> bridgeline.BridgeLine | None:
        self._programs[1].check_alive()
        file = self._state / "utp_bridgeline.txt"
        return bridgeline.parse_file(file.read_text()).at(self.address, self.port) if file.exists() else None

    @property
    def cert(self) -> str:
        return self.line.arguments["cert"]

    @property
    def pid(self) -> int:
        # Neither `ip netns exec` nor the launcher's shell forks.
        return self._programs[1].pid

    def usage(self) -> Usage:
        self._programs[1].check_alive()
        return Usage.of(self.pid)

    def upstream_usage(self) -> Usage:
        return Usage.of(self._programs[0].pid)

    def counters(self) -> dict[str, Any]:
        """What carriers.json says; nothing before there is one."""
        try:
            counters: dict[str, Any] = json.loads((self._state / "carriers.json").read_text())
        except FileNotFoundError:
            return {}
        return counters

    def log_text(self) -> str:
        return self._log.read_text(errors="replace")

    # Of a running Java program, by jcmd.

    def histogram(self) -> list[tuple[str, int, int]]:
        """Class, instances and bytes of what is alive, the most first: the heap is collected for it."""
        return parse_histogram(run(["jcmd", str(self.pid), "GC.class_histogram"]))

    def native_bytes(self) -> Mapping[str, int]:
        """By category, where native memory is tracked: buffers outside the heap are in ``Other``."""
        return parse_native(run(["jcmd", str(self.pid), "VM.native_memory", "summary", "scale=KB"]))


_HISTOGRAM_ROW = re.compile(r"\s*\d+:\s+(\d+)\s+(\d+)\s+(\S+)")
_NATIVE_ROW = re.compile(r"-\s+(.+?) \(reserved=\d+KB, committed=(\d+)KB")


def parse_histogram(text: str) -> list[tuple[str, int, int]]:
    rows = [match for match in map(_HISTOGRAM_ROW.match, text.splitlines()) if match]
    if not rows:
        raise LabError(f"jcmd said no histogram: {text.strip().splitlines()[-1] if text.strip() else 'nothing'}")
    return [(row[3], int(row[1]), int(row[2])) for row in rows]


def parse_native(text: str) -> dict[str, int]:
    return {row[1].strip(): int(row[2]) << 10 for row in map(_NATIVE_ROW.match, (line.strip() for line in text.splitlines())) if row}
