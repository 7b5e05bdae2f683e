"""The launchers' archive of classes, and what the bench of it says."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

from lab import start
from lab.bridge import SCRIPTS, SERVER_JAR
from lab.start import Begun, Dial, Footprint, Managed, Start, connect, environment

CLIENT_JAR = SERVER_JAR.parents[2] / "client-pt/target/client-pt.jar"


class StartTest(unittest.TestCase):
    def test_promises_that_are_not_kept_are_named(self) -> None:
        kept = Start("client-pt", True, 5, 90, 99, 80, 300, 340, 290)
        slow = Start("server-pt", True, 5, 90, 99, 101, 300, 340, 351)
        plain = Start("server-pt", False, 5, 900, 990, 500, 3000, 3400, 2900)
        dial = Dial(5, 100, 90, 110)
        small = Footprint("client-pt", 64, 50, 128, 90, 500, 10)
        large = Footprint("server-pt", 65, 50, 129, 90, 500, 10)
        self.assertEqual(Begun([kept, plain], dial, [small]).failures, [])
        self.assertEqual(len(Begun([slow], dial, [large]).failures), 4)

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
        left, others = self._target / "client-pt-1-2.jsa.aaaaaa", self._target / "client-pt-1-2.jsa.bbbbbb"
        for folder in (left, others):
            folder.mkdir()
            (folder / "classes").touch()
        old = time.time() - 3600
        os.utime(left, (old, old))
        made = subprocess.run([self._folder / "scripts/archive", "client-pt"], capture_output=True, text=True, check=True)
        archive = Path(made.stdout.strip())
        # What a maker that was killed left behind is gone; one that may still be at work is let alone.
        content = {"client-pt.jar", archive.name, others.name}
        self.assertEqual({path.name for path in self._target.iterdir()}, content)
        self._expect(True)
        # Its name fits, and its content does not.
        whole = archive.read_bytes()
        archive.chmod(0o600)
        archive.write_bytes(whole[:100_000])
        self._expect(False)
        archive.write_bytes(whole)
        # Of a JAR that was replaced, its time and its size kept, nothing is used.
        jar = self._target / "client-pt.jar"
        shutil.copy2(jar, self._target / "new")
        os.replace(self._target / "new", jar)
        self._expect(False)
        self.assertEqual({path.name for path in self._target.iterdir()}, content)

    def test_what_a_dial_needs_is_in_the_archive(self) -> None:
        subprocess.run([self._folder / "scripts/archive", "client-pt"], capture_output=True, check=True)
        log = self._folder / "classes.log"
        variables = environment("client-pt", self._folder / "state", 0)
        variables["TANDEM_JAVA_OPTS"] = f"-Xlog:class+load:file={log}"

        def of_the_jar() -> set[str]:
            lines = log.read_text().splitlines()
            return {line.split()[1] for line in lines if "source: file:" in line}

        # The ORPort takes connections, and says nothing.
        with (
            socket.create_server(("127.0.0.1", 0)) as or_port,
            Managed("server-pt", environment("server-pt", self._folder / "server", or_port.getsockname()[1])) as server,
            Managed(str(self._folder / "scripts/client-pt"), variables) as client,
        ):
            before = of_the_jar()
            with connect(server, client):
                self.assertEqual(of_the_jar() - before, set())

    def test_a_launcher_asks_for_an_archive_only_where_there_is_one(self) -> None:
        java = self._folder / "java"
        (java / "bin").mkdir(parents=True)
        (java / "lib").mkdir()
        (java / "lib/modules").touch()
        (java / "bin/java").write_text("#!/bin/sh\necho \"$@\"\n")
        (java / "bin/java").chmod(0o755)
        jar = self._target / "client-pt.jar"
        name = f'. "{self._folder}/scripts/launch.sh"; java="{java}/bin/java" jar="{jar}"; name_archive; echo "$archive"'
        archive = Path(subprocess.run(["sh", "-c", name], capture_output=True, text=True, check=True).stdout.strip())

        def arguments(**more: str) -> list[str]:
            variables = {"PATH": os.environ["PATH"], "JAVA_HOME": str(java), **more}
            launcher = self._folder / "scripts/client-pt"
            return subprocess.run([launcher], env=variables, capture_output=True, text=True, check=True).stdout.split()

        asked = f"-XX:SharedArchiveFile={archive}"
        self.assertNotIn(asked, arguments())
        self.assertEqual(list(self._target.iterdir()), [jar])
        archive.touch()
        self.assertIn(asked, arguments())
        self.assertNotIn(asked, arguments(TANDEM_ARCHIVE="none"))


if __name__ == "__main__":
    unittest.main()
