"""The packages for Debian and its like, by dpkg-deb."""

from __future__ import annotations

import hashlib
import os
import tempfile
from dataclasses import dataclass
from email.utils import format_datetime
from pathlib import Path

from lab.proc import run

from .image import elf_files, full_version
from .installation import TOP, Release, fill, install, man_pages, settle, write_gzip

_PACK_SECONDS = 600.0


@dataclass(frozen=True)
class Package:
    """One program and all that it needs. Both packages may be installed, and share no file."""

    program: str
    summary: str
    text: str
    name: str
    torrc: str

    @property
    def folder(self) -> str:
        return f"usr/lib/{self.name}"


CLIENT = Package(
    "client-pt",
    "Tor pluggable transport over TLS and uTP, for clients",
    "This is the side of clients: tor starts it, or it forwards ports without tor.",
    "tandem-client-pt",
    "client.torrc",
)
SERVER = Package(
    "server-pt",
    "Tor pluggable transport over TLS and uTP, for bridges",
    "This is the side of bridges: tor starts it, or it forwards to a service without tor.",
    "tandem-server-pt",
    "server.torrc",
)
PACKAGES = (CLIENT, SERVER)


def make(package: Package, release: Release, image: Path, pages: Path, bom: bytes, output: Path, *, compression: str = "xz") -> Path:
    """Makes the package in the folder `output`."""
    with tempfile.TemporaryDirectory(prefix="package-") as name:
        root = Path(name).resolve() / "root"
        _lay(root, package, release, image, pages, bom)
        _control(root, package, release)
        settle(root, release.epoch)
        made = output / f"{package.name}_{release.debian}_{release.architecture}.deb"
        run(
            # One thread: how many there are must make no difference.
            ["dpkg-deb", "--root-owner-group", f"-Z{compression}", "--threads-max=1", "--build", str(root), str(made)],
            environment={**os.environ, "SOURCE_DATE_EPOCH": str(release.epoch)},
            timeout=_PACK_SECONDS,
        )
    return made


def _lay(root: Path, package: Package, release: Release, image: Path, pages: Path, bom: bytes) -> None:
    values = {
        "PACKAGE": package.name,
        "PROGRAM": package.program,
        "LAUNCHER": f"/usr/bin/{package.program}",
        "JAVA": full_version(image),
        "VERSION": release.debian,
        "DATE": format_datetime(release.moment),
        "DOCUMENTS": f"/usr/share/doc/{package.name}",
    }
    folder = root / package.folder
    install(folder, [package.program], image)
    (root / "usr/bin").mkdir()
    (root / "usr/bin" / package.program).symlink_to(f"../lib/{package.name}/{package.program}")
    man = root / "usr/share/man/man1"
    man.mkdir(parents=True)
    for page in man_pages(pages, [package.program]):
        write_gzip(man / f"{page.name}.gz", page.read_bytes())
    documents = root / "usr/share/doc" / package.name
    (documents / "examples").mkdir(parents=True)
    (documents / "examples/torrc").write_text(fill(package.torrc, values))
    for name in ("copyright", "README.Debian"):
        (documents / name).write_text(fill(f"debian/{name}", values))
    write_gzip(documents / "changelog.gz", (TOP / "CHANGELOG.md").read_bytes())
    write_gzip(documents / "changelog.Debian.gz", fill("debian/changelog", values).encode())
    write_gzip(documents / "sbom.cdx.json.gz", bom)
    overrides = root / "usr/share/lintian/overrides"
    overrides.mkdir(parents=True)
    (overrides / package.name).write_text(fill("debian/overrides", values))
    _apparmor(root, package, folder)
    scripts = root / "DEBIAN"
    scripts.mkdir()
    for name in ("postinst", "prerm", "postrm"):
        (scripts / name).write_text(fill(f"debian/{name}", values))
        (scripts / name).chmod(0o755)


def _apparmor(root: Path, package: Package, folder: Path) -> None:
    """The rules that the program itself prints, as if it were where it will be."""
    rules = run([str(folder / package.program), "doctor", "--apparmor"]).replace(str(root), "")
    file = root / "etc/apparmor.d/abstractions" / package.name
    file.parent.mkdir(parents=True)
    file.write_text(f"# vim:syntax=apparmor\n# For a profile of tor, to start {package.program}: see README.Debian.\n\n{rules}")


def _control(root: Path, package: Package, release: Release) -> None:
    control = root / "DEBIAN"
    files = sorted(path for path in root.rglob("*") if path.is_file() and not path.is_symlink() and control not in path.parents)
    (control / "md5sums").write_text("".join(f"{hashlib.md5(path.read_bytes()).hexdigest()}  {path.relative_to(root)}\n" for path in files))
    (control / "conffiles").write_text("".join(f"/{path.relative_to(root)}\n" for path in files if path.is_relative_to(root / "etc")))
    # As Debian policy has it: a file in whole KiB, all else one each.
    others = sum(1 for path in root.rglob("*") if control not in path.parents) - len(files)
    size = sum(-(-path.stat().st_size // 1024) for path in files) + others
    (control / "control").write_text(
        f"Package: {package.name}\n"
        f"Version: {release.debian}\n"
        f"Architecture: {release.architecture}\n"
        "Maintainer: The Tandem developers <nobody@tandem.example>\n"
        f"Installed-Size: {size}\n"
        f"Depends: {_dependencies(root)}\n"
        "Recommends: tor\n"
        "Section: net\n"
        "Priority: optional\n"
        "Homepage: https://tandem.example/\n"
        f"Description: {package.summary}\n"
        " Tandem keeps two connections between a Tor client and a bridge: TLS, which\n"
        " authenticates, and uTP over UDP, which carries Tor's cells. Either takes\n"
        " over when the other fails, and no byte is lost. tor itself is unmodified;\n"
        " the transport is called utp.\n"
        " .\n" + "".join(f" {line}\n" for line in _wrap(package.text)) + " The Java that it needs is within.\n"
    )


def _wrap(text: str) -> list[str]:
    lines = [""]
    for word in text.split():
        if len(lines[-1]) + len(word) > 76:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def _dependencies(root: Path) -> str:
    """Of Java's libraries, by dpkg-shlibdeps; Netty's in the JAR need the C library alone."""
    libraries = elf_files(root)
    own = sorted({str(path.parent) for path in libraries})
    with tempfile.TemporaryDirectory(prefix="package-") as name:
        debian = Path(name) / "debian"
        debian.mkdir()
        (debian / "control").write_text("Source: tandem\n\nPackage: tandem\nArchitecture: any\n")
        text = run(
            ["sh", "-c", 'cd "$0" && exec dpkg-shlibdeps "$@"', name, "-O", "--ignore-missing-info"]
            + [f"-l{folder}" for folder in own]
            + [argument for path in libraries for argument in ("-e", str(path))]
        )
    return text.removeprefix("shlibs:Depends=").strip()
