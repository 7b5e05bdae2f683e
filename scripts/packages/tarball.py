"""The same for other distributions: all programs in one folder, to be unpacked anywhere."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from lab.proc import run

from .installation import JARS, TOP, Release, fill, install, man_pages, settle

_PACK_SECONDS = 600.0


def make(release: Release, image: Path, pages: Path, boms: Mapping[str, bytes], output: Path) -> Path:
    """Makes the tarball in the folder `output`."""
    with tempfile.TemporaryDirectory(prefix="package-") as name:
        top = f"tandem-{release.version}-linux-{release.architecture}"
        root = Path(name) / top
        install(root / "lib", JARS, image)
        (root / "bin").mkdir()
        for program in JARS:
            (root / "bin" / program).symlink_to(f"../lib/{program}")
        man = root / "share/man/man1"
        man.mkdir(parents=True)
        for page in man_pages(pages, JARS):
            shutil.copy(page, man / page.name)
        documents = root / "share/doc"
        documents.mkdir(parents=True)
        for file in ("README.md", "CHANGELOG.md", "LICENSE", "pt-spec/LINK.md"):
            shutil.copy(TOP / file, documents / Path(file).name)
        for program, bom in boms.items():
            (documents / f"{program}.cdx.json").write_bytes(bom)
        for side in ("client", "server"):
            values = {"LAUNCHER": f"/opt/{top}/bin/{side}-pt", "DOCUMENTS": f"/opt/{top}/share/doc"}
            (documents / f"{side}.torrc").write_text(fill(f"{side}.torrc", values))
        (root / "INSTALL").write_text(fill("INSTALL", {"TOP": top}))
        settle(root, release.epoch)
        made = output / f"{top}.tar.xz"
        run(
            # Not the format that has times of access.
            ["tar", "--create", "--file", str(made), "--directory", name, "--format=gnu", "--sort=name"]
            + ["--owner=0", "--group=0", "--numeric-owner", f"--mtime=@{release.epoch}", "--use-compress-program=xz --threads=1", top],
            environment={**os.environ, "LC_ALL": "C.UTF-8"},
            timeout=_PACK_SECONDS,
        )
    return made
