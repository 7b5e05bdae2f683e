"""The packages: what is in them, whether the program in one starts without any other Java, and that nothing in them is of chance."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import unittest
import unittest.mock
from pathlib import Path

from lab.proc import LabError
from packages import bom, debian, image
from packages.compare import differences
from packages.installation import JARS, Release, fill, settle

RELEASE = Release("0.1.0-SNAPSHOT", 1_793_491_200, "amd64")
TOOLS = all(map(shutil.which, ("jlink", "dpkg-deb", "dpkg-shlibdeps")))


class ReleaseTest(unittest.TestCase):
    def test_a_snapshot_is_older_than_its_release_and_than_a_later_one(self) -> None:
        later, release = Release("0.1.0-SNAPSHOT", RELEASE.epoch + 1, "amd64"), Release("0.1.0", 0, "amd64")
        self.assertEqual(RELEASE.debian, "0.1.0~20261101.000000-1")
        for older, younger in ((RELEASE, later), (later, release)):
            # dpkg's own order, where there is a dpkg.
            if shutil.which("dpkg"):
                subprocess.run(["dpkg", "--compare-versions", older.debian, "lt", younger.debian], check=True)

    def test_the_time_can_be_given(self) -> None:
        for given, wanted in (("7", 7), ("seven", None)):
            with unittest.mock.patch.dict(os.environ, SOURCE_DATE_EPOCH=given):
                if wanted is None:
                    with self.assertRaises(LabError):
                        Release.of_source()
                elif shutil.which("dpkg"):
                    self.assertEqual(Release.of_source().epoch, wanted)

    def test_a_template_names_nothing_that_has_no_value(self) -> None:
        with self.assertRaises(KeyError):
            fill("client.torrc", {"DOCUMENTS": "/doc"})


class BomTest(unittest.TestCase):
    def test_java_is_among_what_the_program_depends_on(self) -> None:
        listed = {"metadata": {"component": {"bom-ref": "us"}}, "components": [{"name": "netty"}], "dependencies": [{"ref": "us", "dependsOn": ["x"]}]}
        whole = bom.with_java(listed, "17.0.15+6")
        self.assertEqual([component["name"] for component in whole["components"]], ["netty", "OpenJDK"])
        java = whole["components"][1]["bom-ref"]
        self.assertEqual(whole["dependencies"][0], {"ref": "us", "dependsOn": ["x", java]})
        self.assertEqual(listed["dependencies"], [{"ref": "us", "dependsOn": ["x"]}])


class CompareTest(unittest.TestCase):
    def test_what_differs_is_named(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            left, right = Path(name, "left"), Path(name, "right")
            for folder, words in ((left, "a"), (right, "b")):
                folder.mkdir()
                (folder / "same").write_text("same")
                (folder / words).write_text(words)
                (folder / "member").write_text(words)
                subprocess.run(["tar", "-cJf", folder / "x.tar.xz", "-C", folder, "member", "same"], check=True)
                (folder / "member").unlink()
            os.utime(right / "same", (0, 0))
            found = differences(left, right)
            self.assertEqual([line.split(":")[0] for line in found], ["a", "b", "x.tar.xz", "x.tar.xz"])
            self.assertIn("x.tar.xz: member: ", found[3])
            self.assertEqual(differences(left, left), [])


class SettleTest(unittest.TestCase):
    def test_modes_and_times_are_nobodys_own(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            root = Path(name)
            (root / "run").touch(0o700)
            (root / "read").touch(0o600)
            (root / "lib.so").touch(0o755)
            (root / "link").symlink_to("nowhere")
            settle(root, RELEASE.epoch)
            modes = {path.name: path.stat().st_mode & 0o777 for path in root.iterdir() if not path.is_symlink()}
            self.assertEqual(modes, {"run": 0o755, "read": 0o644, "lib.so": 0o644})
            self.assertEqual({path.lstat().st_mtime for path in (root, *root.iterdir())}, {RELEASE.epoch})


@unittest.skipUnless(TOOLS and JARS["client-pt"].exists(), "not built, or no jlink or dpkg-dev")
class PackageTest(unittest.TestCase):
    def test_the_package_has_all_that_its_program_needs_and_nothing_of_where_it_was_made(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            image.make(folder / "java")
            (folder / "man").mkdir()
            for page in ("client-pt.1", "client-pt-doctor.1", "server-pt.1"):
                (folder / "man" / page).write_text(".TH X 1\n")
            made = debian.make(debian.CLIENT, RELEASE, folder / "java", folder / "man", b"{}", folder, compression="none")
            fields = subprocess.run(["dpkg-deb", "-f", made], capture_output=True, text=True, check=True).stdout
            self.assertRegex(fields, r"(?m)^Depends: .*libc6 \(>= ")
            root = folder / "root"
            subprocess.run(["dpkg-deb", "-R", made, root], check=True)
            self._look(root)
            self._start(root)

    def _look(self, root: Path) -> None:
        control, own = root / "DEBIAN", "usr/lib/tandem-client-pt"
        subprocess.run(["md5sum", "--check", "--quiet", "DEBIAN/md5sums"], cwd=root, check=True)
        rules = "etc/apparmor.d/abstractions/tandem-client-pt"
        self.assertEqual((control / "conffiles").read_text(), f"/{rules}\n")
        self.assertIn("  /usr/lib/tandem-client-pt/client-pt mrix,\n", (root / rules).read_text())
        self.assertIn("  /usr/lib/tandem-client-pt/java/bin/java mrix,\n", (root / rules).read_text())
        self.assertEqual({page.name for page in (root / "usr/share/man/man1").iterdir()}, {"client-pt.1.gz", "client-pt-doctor.1.gz"})
        self.assertEqual((root / "usr/bin/client-pt").resolve(), (root / own / "client-pt").resolve())
        for path in root.rglob("*"):
            if path.is_file() and not path.is_symlink() and path.suffix not in (".gz", ".jar", ".so") and path.name != "modules":
                self.assertNotIn(b"/package-", path.read_bytes(), path)
        for script in ("postinst", "prerm", "postrm"):
            subprocess.run(["sh", "-n", control / script], check=True)

    def _start(self, root: Path) -> None:
        """By its own Java, whatever there is besides."""
        environment = {"PATH": "/usr/bin:/bin", "JAVA_HOME": "/nonexistent"}
        program = root / "usr/bin/client-pt"
        said = subprocess.run([program, "--version"], env=environment, capture_output=True, text=True, check=True)
        self.assertTrue(said.stdout.startswith("client-pt (Tandem) "), said.stdout)
        subprocess.run([root / "usr/lib/tandem-client-pt/archive"], env=environment, capture_output=True, check=True)
        said = subprocess.run([program, "doctor"], env=environment, capture_output=True, text=True, check=True)
        self.assertIn("archive of classes: client-pt-", said.stdout)


if __name__ == "__main__":
    unittest.main()
