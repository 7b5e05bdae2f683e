"""A Java runtime of the modules that the programs need, and no more."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from lab.proc import LabError, run

# jdeps names more: what libraries could do and are never asked for (JDBC, JNDI, JFR). And it does not see that the algorithms on
# elliptic curves, without which there is no TLS, are a service of a module of their own.
MODULES = ("java.base", "java.logging", "java.management", "jdk.crypto.ec", "jdk.unsupported")

_JLINK_SECONDS = 300.0


def make(folder: Path) -> None:
    """Makes it, and its folder, with the jlink of the Java that is to run the programs."""
    run(
        [
            jdk_tool("jlink"),
            *("--add-modules", ",".join(MODULES)),
            # Line numbers of Java's own classes; those of ours stay in our JARs.
            "--strip-debug",
            "--no-header-files",
            "--no-man-pages",
            # One of two copies of everything: the packages are compressed as a whole.
            "--compress=0",
            *("--output", str(folder)),
        ],
        timeout=_JLINK_SECONDS,
    )
    for tool in (folder / "bin").iterdir():
        if tool.name != "java":
            tool.unlink()
    # --strip-debug leaves the symbols that only debuggers look at.
    run(["strip", "--strip-unneeded", *(str(path) for path in elf_files(folder))])


def elf_files(folder: Path) -> list[Path]:
    """The programs and libraries below a folder."""
    return sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink() and _is_elf(path))


def _is_elf(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"\x7fELF"


def jdk_tool(name: str) -> str:
    """A program of the JDK, which is chosen as Maven and the launchers do."""
    home = os.environ.get("JAVA_HOME")
    found = str(Path(home) / "bin" / name) if home else shutil.which(name)
    if not found or not Path(found).exists():
        raise LabError(f"there is no {name}: install a JDK of version 17, or set JAVA_HOME to one")
    return found


def full_version(folder: Path) -> str:
    """Java's, with the distribution's own counting, which tells what was mended: 17.0.15+6-Debian-1deb12u1."""
    text = run([str(folder / "bin/java"), "-XshowSettings:none", "-Xinternalversion"])
    return text.split("JRE (", 1)[1].split(")", 1)[0]
