"""A standalone server-pt on a terminal: its last line lives there, and nowhere else."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

from lab.proc import wait_until

SCRIPTS = Path(__file__).resolve().parents[2]
BUILT = (SCRIPTS.parent / "server-pt" / "target" / "server-pt.jar").exists()
PATIENCE = 40
ERASE = "\r\x1b[K"
LINE = re.compile(r"up 0 B 0 B/s  down 0 B 0 B/s  rtt -  -  0 sessions$")


@unittest.skipUnless(BUILT, "needs what 'mvn package' makes")
class TerminalTest(unittest.TestCase):
    def run_until(self, enough: str, *arguments: str, terminal: bool = True) -> tuple[str, int]:
        """What was on standard error of a program that is ended by SIGTERM when that stands there, or when it has long begun; its exit code."""
        reader, writer = pty.openpty() if terminal else os.pipe()
        self.addCleanup(os.close, reader)
        state = tempfile.TemporaryDirectory(prefix="terminal-")
        self.addCleanup(state.cleanup)
        process = subprocess.Popen(
            [str(SCRIPTS / "server-pt"), "standalone", "--listen", "127.0.0.1:0", "--forward", "127.0.0.1:9"]
            + ["--state", state.name, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=writer,
            env={**os.environ, "TERM": "xterm"},
        )
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        os.close(writer)
        assert process.stdout is not None
        self.addCleanup(process.stdout.close)
        self.assertIn(b"clients: ", process.stdout.readline())
        deadline = time.monotonic() + PATIENCE
        shown = ""
        if enough:
            while enough not in shown:
                shown += self._read(reader, deadline)
        else:
            # The line would have been there long before.
            for there in (True, False):
                wait_until(f"warm-up: {there}", lambda there=there: self._warms_up(process.pid) is there, PATIENCE, interval=0.01)
        process.send_signal(signal.SIGTERM)
        status = process.wait(PATIENCE)
        while more := self._read(reader, deadline):
            shown += more
        return shown, status

    @staticmethod
    def _warms_up(pid: int) -> bool:
        names = Path(f"/proc/{pid}/task").glob("*/comm")
        return any(name.read_text().strip() == "warm-up" for name in names)

    def _read(self, reader: int, deadline: float) -> str:
        ready, _, _ = select.select([reader], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            self.fail("nothing more on standard error")
        try:
            return os.read(reader, 65_536).decode()
        except OSError:
            # A terminal whose other end is closed.
            return ""

    def test_the_line_is_written_anew_and_taken_away_at_the_end(self) -> None:
        shown, status = self.run_until("0 sessions")
        self.assertEqual(0, status)
        texts = [text for text in shown.split(ERASE) if text]
        self.assertTrue(texts and all(map(LINE.match, texts)), repr(shown))
        self.assertTrue(shown.endswith(ERASE), repr(shown))

    def test_quiet_is_quiet_and_a_pipe_is_no_terminal(self) -> None:
        for arguments, terminal in ((("--quiet",), True), ((), False)):
            with self.subTest(arguments=arguments, terminal=terminal):
                shown, status = self.run_until("", *arguments, terminal=terminal)
                self.assertEqual(0, status)
                self.assertNotIn("\x1b", shown)
                self.assertNotIn("sessions", shown)
