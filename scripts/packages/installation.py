"""What all packages have in common: the folder of launchers, JARs and Java; documents; modes and times."""

from __future__ import annotations

import gzip
import os
import re
import shutil
import xml.etree.ElementTree as xml
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from lab.proc import LabError, run

SCRIPTS = Path(__file__).resolve().parent.parent
TOP = SCRIPTS.parent
TEMPLATES = Path(__file__).resolve().parent
JARS = {
    "client-pt": TOP / "client-pt/target/client-pt.jar",
    "server-pt": TOP / "server-pt/target/server-pt.jar",
    "utpcat": TOP / "utp/cat/target/utpcat.jar",
}
_POM = {"m": "http://maven.apache.org/POM/4.0.0"}


@dataclass(frozen=True)
class Release:
    """What is packaged: the same source gives the same bytes, on the same JDK."""

    version: str  # as in the POM
    epoch: int  # Unix time that everything is said to be of
    architecture: str  # as Debian names it

    @classmethod
    def of_source(cls) -> Release:
        pom = xml.parse(TOP / "pom.xml").getroot()
        version = pom.findtext("m:version", None, _POM)
        stamp = pom.findtext("m:properties/m:project.build.outputTimestamp", None, _POM)
        if version is None or stamp is None:
            raise LabError("pom.xml names no version or project.build.outputTimestamp")
        return cls(version, _epoch(stamp), run(["dpkg", "--print-architecture"]).strip())

    @property
    def debian(self) -> str:
        """A snapshot is older than its release, and younger than one of an earlier commit."""
        when = self.moment.strftime("%Y%m%d.%H%M%S")
        return re.sub("-SNAPSHOT$", f"~{when}", self.version) + "-1"

    @property
    def moment(self) -> datetime:
        return datetime.fromtimestamp(self.epoch, timezone.utc)


def _epoch(stamp: str) -> int:
    """SOURCE_DATE_EPOCH, or the last commit's time, or that of the POM where there is no git (reproducible-builds.org)."""
    given = os.environ.get("SOURCE_DATE_EPOCH")
    if given is None and (TOP / ".git").exists():
        given = run(["git", "-C", str(TOP), "log", "-1", "--format=%ct"]).strip()
    if given is None:
        return int(datetime.fromisoformat(stamp.replace("Z", "+00:00")).timestamp())
    if not given.isdecimal():
        raise LabError("SOURCE_DATE_EPOCH is not a number of seconds")
    return int(given)


def install(folder: Path, programs: Iterable[str], image: Path) -> None:
    """All in one folder, as launch.sh wants it."""
    folder.mkdir(parents=True)
    for name in ("launch.sh", "archive", *programs):
        shutil.copy(SCRIPTS / name, folder / name)
    for program in programs:
        if not JARS[program].exists():
            raise LabError(f"{JARS[program]} is missing: run 'mvn package' first")
        shutil.copy(JARS[program], folder / f"{program}.jar")
    shutil.copytree(image, folder / "java", symlinks=True)


def fill(template: str, values: Mapping[str, str]) -> str:
    """The text of a file beside this one, with @NAME@ replaced; a name that has no value is a mistake."""
    return re.sub(r"@([A-Z]+)@", lambda match: values[match[1]], (TEMPLATES / template).read_text())


def write_gzip(path: Path, content: bytes) -> None:
    """Without name and time."""
    path.write_bytes(gzip.compress(content, 9, mtime=0))


def man_pages(pages: Path, programs: Iterable[str]) -> list[Path]:
    """Those of the programs and of their commands."""
    return sorted(page for program in programs for page in pages.glob(f"{program}*.1"))


def settle(root: Path, epoch: int) -> None:
    """The same modes and times whoever makes it, and whenever. Libraries are not executed."""
    for path in (root, *root.rglob("*")):
        if not path.is_symlink():
            runs = path.is_dir() or (path.stat().st_mode & 0o100 and path.suffix not in (".so", ".jar"))
            path.chmod(0o755 if runs else 0o644)
        os.utime(path, (epoch, epoch), follow_symlinks=False)
