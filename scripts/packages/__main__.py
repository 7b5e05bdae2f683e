"""Makes the packages. See scripts/package --help."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from lab.proc import LabError

from . import bom, debian, image, tarball
from .installation import JARS, SCRIPTS, Release


def make(output: Path) -> list[Path]:
    """All packages, in the folder `output`; what is of other versions there stays."""
    release = Release.of_source()
    output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="package-") as name:
        java = Path(name) / "java"
        image.make(java)
        pages = _man_pages(Path(name) / "man")
        boms = {program: bom.read(program, java) for program in JARS}
        with ThreadPoolExecutor() as pool:
            packing = [pool.submit(debian.make, each, release, java, pages, boms[each.program], output) for each in debian.PACKAGES]
            packing.append(pool.submit(tarball.make, release, java, pages, boms, output))
        made = [each.result() for each in packing]
        for program, content in boms.items():
            made.append(output / f"{program}-{release.version}.cdx.json")
            made[-1].write_bytes(content)
    return made


def _man_pages(folder: Path) -> Path:
    """By scripts/man, where there is one: the packages are of use without."""
    folder.mkdir()
    if not (SCRIPTS / "man").exists():
        _say("scripts/man is missing: the packages will have no man pages")
    elif subprocess.run([SCRIPTS / "man", folder], stdout=sys.stderr).returncode != 0:
        raise LabError("scripts/man could not make the man pages")
    return folder


def _say(text: str) -> None:
    print(f"package: {text}", file=sys.stderr, flush=True)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="scripts/package")
    parser.add_argument("output", type=Path)
    try:
        for path in make(parser.parse_args(arguments).output):
            print(f"{path}  {path.stat().st_size / 1e6:.1f} MB")
    except LabError as error:
        _say(error.report())
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
