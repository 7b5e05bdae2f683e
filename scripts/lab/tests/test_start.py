"""The launchers' archive of classes, and what the bench of it says."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from lab import start
from lab.bridge import SCRIPTS, SERVER_JAR
from lab.start import Begun, Footprint, Managed, Start, environment

CLIENT_JAR = SERVER_JAR.parents[2] / "client-pt/target/client-pt.jar"


class StartTest(unittest.TestCase):
    def test_promises_that_are_not_kept_are_named(self) -> None:
        kept = Start("client-pt", True, 5, 90, 99, 80, 300, 340, 290)
        slow = Start("server-pt", True, 5, 90, 99, 101, 300, 340, 351)
        plain = Start("server-pt", False, 5, 900, 990, 500, 3000, 3400, 2900)
        small = Footprint("client-pt", 64, 50, 128, 90, 500, 10)
        large = Footprint("server-pt", 65, 50, 129, 90, 500, 10)
        self.assertEqual(Begun([kept, plain], [small]).failures, [])
        self.assertEqual(len(Begun([slow], [large]).failures), 4)

    def test_lines_are_as_wide_as_their_headers(self) -> None:
        self.assertEqual(len(start.line(Start("client-pt", True, 5, 90, 99, 80, 300, 340, 290))), len(start.header()))
        size = Footprint("client-pt", 64, 50, 128, 90, 500, 10)
        self.assertEqual(len(start.footprint_line(size)), len(start.footprint_header()))


@unittest.skipUnless(CLIENT_JAR.exists(), "not built")
class ArchiveTest(unittest.TestCase):
    def setUp(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="start-"))
        self.addCleanup(shutil.rmtree, self._folder)
        # Launchers find the JAR beside them.
        (self._folder / "scripts").mkdir()
        for name in ("launch.sh", "client-pt", "archive"):
            shutil.copy2(SCRIPTS / name, self._folder / "scripts" / name)
        self._target = self._folder / "client-pt/target"
        self._target.mkdir(parents=True)
        shutil.copy2(CLIENT_JAR, self._target / "client-pt.jar")

    def _start(self, **more: str) -> tuple[bool, list[str], str]:
        """Whether Java took classes of ours from an archive, and what was said on both outputs."""
        log = self._folder / "classes.log"
        variables = environment("client-pt", self._folder / "state", 0)
        variables["TANDEM_JAVA_OPTS"] = f"-Xlog:class+load:file={log}"
        launcher = self._folder / "scripts/client-pt"
        managed = Managed(str(launcher), {**variables, **more})
        with managed:
            pass
        loaded = [line for line in log.read_text().splitlines() if "dev.tandem.client.ClientMain " in line]
        return "shared objects file" in loaded[0], managed.lines, managed.errors

    def _expect(self, archived: bool, **more: str) -> None:
        used, lines, errors = self._start(**more)
        self.assertEqual(used, archived)
        # Nothing else: standard output belongs to tor.
        self.assertEqual([line.split()[0] for line in lines], ["VERSION", "CMETHOD", "CMETHODS"])
        self.assertEqual(errors, "")

    def test_an_archive_is_used_while_it_fits_and_nothing_is_said_where_it_does_not(self) -> None:
        made = subprocess.run([self._folder / "scripts/archive", "client-pt"], capture_output=True, text=True, check=True)
        archive = Path(made.stdout.strip())
        self.assertEqual([archive], list(self._target.glob("*.jsa")))
        self._expect(True)
        self._expect(False, TANDEM_ARCHIVE="none")
        # Its name fits, and its content does not; it says so itself, and so does Java.
        whole = archive.read_bytes()
        archive.chmod(0o600)
        for content in (whole[:100_000], bytes(100) + whole[100:]):
            archive.write_bytes(content)
            self._expect(False)
        archive.write_bytes(whole)
        # Of a JAR that was replaced, its time and its size kept, nothing is used.
        jar = self._target / "client-pt.jar"
        shutil.copy2(jar, self._target / "new")
        os.replace(self._target / "new", jar)
        archive.with_name(f"{archive.name}.failed").touch()
        self._no_more_archives()
        self._expect(False)

    def _no_more_archives(self) -> None:
        """As where the folder may not be written to, which root always may."""
        (self._folder / "scripts/archive").unlink()


if __name__ == "__main__":
    unittest.main()
