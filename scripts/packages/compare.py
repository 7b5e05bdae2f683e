"""Whether two folders have the same files, and if not, what is not the same in them."""

from __future__ import annotations

import io
import subprocess
import sys
import tarfile
from pathlib import Path


def differences(left: Path, right: Path) -> list[str]:
    """One line for each file that is in one folder alone or has other bytes, and for each member of it that has."""
    found = []
    names = {path.name for folder in (left, right) for path in folder.iterdir()}
    for name in sorted(names):
        if not (left / name).exists() or not (right / name).exists():
            found.append(f"{name}: there once only")
        elif (left / name).read_bytes() != (right / name).read_bytes():
            found.append(f"{name}: differs")
            found += [f"{name}: {line}" for line in _members(left / name, right / name)]
    return found


def _members(left: Path, right: Path) -> list[str]:
    ours, theirs = _digest(left), _digest(right)
    return [f"{name}: {ours.get(name)} {theirs.get(name)}" for name in sorted(ours.keys() | theirs.keys()) if ours.get(name) != theirs.get(name)]


def _digest(archive: Path) -> dict[str, object]:
    """Of each member what a tarball says of it, and a hash of its content."""
    if archive.suffix == ".deb":
        streams = [subprocess.run(["dpkg-deb", f"--{part}-tarfile", archive], capture_output=True, check=True).stdout for part in ("ctrl", "fsys")]
    elif archive.suffix == ".xz":
        streams = [archive.read_bytes()]
    else:
        return {}
    members: dict[str, object] = {}
    for stream in streams:
        with tarfile.open(fileobj=io.BytesIO(stream)) as tar:
            for member in tar:
                content = tar.extractfile(member) if member.isfile() else None
                members[member.name] = (member.mode, member.mtime, member.uid, member.linkname, hash(content.read()) if content else 0)
    return members


def main(arguments: list[str]) -> int:
    left, right = map(Path, arguments)
    found = differences(left, right)
    for line in found:
        print(f"package: {line}", file=sys.stderr)
    if found:
        return 1
    for path in sorted(left.iterdir()):
        print(f"the same bytes: {path.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
