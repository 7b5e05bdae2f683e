import tempfile
import time
import unittest
from pathlib import Path

from lab.proc import LabError, Program, tail, wait_until


class ProgramTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.log = Path(folder.name) / "program.log"

    def test_stops_what_the_program_started(self) -> None:
        program = Program("sleeper", ["sh", "-c", "sleep 60 & echo $!; wait"], self.log)
        child = int(wait_until("the child", lambda: self.log.read_text().strip() or None, 5))
        self.assertFalse(program.stop(timeout=0.2), "the child ignores its parent's end, and must be killed")
        self.assertTrue(wait_until("the child to be gone", lambda: not runs(child), 5))

    def test_an_early_end_is_told_with_the_end_of_the_log(self) -> None:
        program = Program("talker", ["sh", "-c", "echo last words; exit 3"], self.log)
        with self.assertRaises(LabError) as caught:
            wait_until("its end", program.check_alive, 5)
        program.stop()
        self.log.unlink()
        self.assertIn("exit status 3", caught.exception.report())
        self.assertIn("last words", caught.exception.report())

    def test_what_cannot_be_started_is_one_line(self) -> None:
        with self.assertRaisesRegex(LabError, "cannot be started"):
            Program("nothing", ["/nonexistent"], self.log)


class WaitTest(unittest.TestCase):
    def test_a_wait_has_an_end_and_names_what_it_waited_for(self) -> None:
        began = time.monotonic()
        with self.assertRaisesRegex(LabError, "for godot"):
            wait_until("godot", lambda: None, 0.1)
        self.assertLess(time.monotonic() - began, 5)

    def test_the_tail_of_a_missing_file_is_empty(self) -> None:
        self.assertEqual([], tail(Path("/nonexistent"), 5))


def runs(pid: int) -> bool:
    try:
        # A zombie that its new parent has not reaped yet no longer runs.
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


if __name__ == "__main__":
    unittest.main()
