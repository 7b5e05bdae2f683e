"""The .deb packages and the tarball in a new Debian without Java: install, verify, bootstrap and download, purge. Root, and a mount
namespace of its own: what is mounted here goes with it. See scripts/package --help, --try."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import FrameType

from . import carriers, content
from .demo import MEGABYTE, Demo, Options, Report
from .features import Features
from .network import Network, Node, NodeSpec
from .proc import LabError, run

PACKAGES = ("tandem-client-pt", "tandem-server-pt")
_LONG_SECONDS = 600.0
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_TORRC, _LOCAL = "/etc/tor/torrc", "/etc/apparmor.d/local/system_tor"
# What apt, dpkg and the loader of libraries keep for themselves.
_VOLATILE = ("/proc/", "/dev/", "/var/lib/apt/", "/var/lib/dpkg/", "/var/cache/", "/var/log/", "/tmp/", "/run/")


class Chroot:
    """Another Debian in a folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        # Nothing of this machine's environment, JAVA_HOME least of all.
        self.prefix = ["env", "-i", f"PATH={_PATH}", "HOME=/root", "LC_ALL=C.UTF-8", "DEBIAN_FRONTEND=noninteractive", "chroot", str(root)]

    def at(self, path: str | Path) -> Path:
        """Where a file of it is for us."""
        return self.root / str(path).lstrip("/")

    def run(self, *command: str) -> str:
        return run([*self.prefix, *command], timeout=_LONG_SECONDS)

    def says(self, *command: str) -> bool:
        """Whether a command succeeds."""
        try:
            self.run(*command)
        except LabError:
            return False
        return True

    def files(self) -> set[str]:
        found = run([*self.prefix, "find", "/", "-xdev", "-mindepth", "1"], timeout=_LONG_SECONDS).splitlines()
        return {path for path in found if not f"{path}/".startswith(_VOLATILE)}

    @contextlib.contextmanager
    def sharing(self, folder: Path) -> Iterator[None]:
        """While a folder of ours is at the same place there."""
        there = self.at(folder)
        there.mkdir(parents=True)
        run(["mount", "--bind", str(folder), str(there)])
        try:
            yield
        finally:
            run(["umount", str(there)])


class ChrootNetwork(Network):
    """Its bridge and its client are of the other Debian, as its service starts tor: another user, and no new privileges."""

    def __init__(self, folder: Path, chroot: Chroot, exit_ports: Sequence[int]) -> None:
        super().__init__(folder, exit_ports=exit_ports)
        self._chroot = chroot

    def start(self, spec: NodeSpec) -> Node:
        give = 'chown -R --reference="$1" "$0" && shift && exec "$@"'
        become = ["setpriv", "--reuid=debian-tor", "--regid=debian-tor", "--init-groups", "--no-new-privs"]
        owner = str(self._chroot.at("/var/lib/tor"))
        prefix = ("sh", "-c", give, str(self.folder / spec.name), owner, *self._chroot.prefix, *become)
        return super().start(replace(spec, command_prefix=prefix))


class ChrootDemo(Demo):
    """scripts/demo with the installed programs."""

    def __init__(self, chroot: Chroot, folder: Path, report: Report) -> None:
        options = Options(
            carrier="auto", size=24 * MEGABYTE, block_udp=None, cut_after=None, faults=False, relays=False, svg=folder / "bootstrap.svg",
            timeout=300.0, keep=False, client_pt=Path("/usr/bin/client-pt"), server_pt=Path("/usr/bin/server-pt"),
        )  # fmt: skip
        super().__init__(options, report)
        self._chroot, self._place = chroot, folder

    def run(self) -> None:
        with (
            content.ContentServer(0) as server,
            ChrootNetwork(self._place, self._chroot, [server.address[1]]) as network,
        ):
            self._start_public(network)
            bridge, line = self._start_bridge(network)
            client, steps = self._bootstrap(network, line)
            self._draw(steps)
            before = [carriers.read(node.pt_state) for node in (client, bridge)]
            self._download(client, server, None)
            after = carriers.read_settled([node.pt_state for node in (client, bridge)], self._options.size)
            network.check_alive()
            for node in (client, bridge):
                self._report.line(f"  {node.name}: {_java_of(node)}")
            self._judge(before, after)


def _java_of(node: Node) -> str:
    """Which Java the node's proxy runs on, and its archive of classes, from what the kernel knows of its process."""
    assert node.process is not None
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError, IndexError, ValueError):
            if entry.name.isdecimal() and int((entry / "stat").read_text().rpartition(")")[2].split()[1]) == node.process.pid:
                archive = re.search(r"\S+\.jsa", (entry / "maps").read_text())
                archived = archive[0].rpartition("/")[2] if archive else "no archive"
                return f"{os.readlink(entry / 'exe').rpartition('/usr/')[2]}, {archived}"
    raise LabError(f"{node.name} has no proxy")


class Trial:
    def __init__(self, packages: Path, work: Path, report: Report) -> None:
        self._debs = sorted(packages.glob("*.deb"))
        self._tarballs = list(packages.glob("*.tar.xz"))
        if len(self._debs) != len(PACKAGES) or len(self._tarballs) != 1:
            raise LabError(f"{packages} has not the packages of one version")
        self._work, self._report = work, report
        self._chroot = Chroot(work / "debian")

    def run(self) -> None:
        self._bootstrap()
        before = self._chroot.files()
        run(["mount", "-t", "proc", "proc", str(self._chroot.at("/proc"))])
        try:
            self._install()
            self._show_no_java()
            self._verify()
            self._report.heading("A bootstrap and a download through the packages")
            with self._folder("lab") as folder:
                ChrootDemo(self._chroot, folder, self._report).run()
            self._report.heading("The tarball")
            self._tarball()
            self._report.heading("Installed again, and purged")
            self._again()
            self._chroot.run("apt-get", "purge", "-y", *PACKAGES)
        finally:
            run(["umount", str(self._chroot.at("/proc"))])
        left = sorted(self._chroot.files() ^ before)
        if left:
            raise LabError(f"purge has left or taken {len(left)} files: {' '.join(left[:5])}")
        self._report.line("  purged: every file is as it was before")

    def _bootstrap(self) -> None:
        self._report.heading("A new Debian")
        sources = _sources()
        suite = sources[0].split()[2]
        # apparmor for its parser alone: nothing is loaded.
        run(["mmdebstrap", "--quiet", "--variant=minbase", "--include=tor,apparmor", suite, str(self._chroot.root), *sources], timeout=_LONG_SECONDS)
        for name in ("tor", "libc6"):
            self._report.item(name, self._chroot.run("dpkg-query", "-W", "-f", "${Version}", name))

    def _install(self) -> None:
        self._report.heading("Installed")
        # Found by dpkg before any service is: the packages have none.
        for deb in self._debs:
            shutil.copy(deb, self._chroot.at("/tmp") / deb.name)
        self._chroot.run("apt-get", "install", "-y", "--no-install-recommends", *(f"/tmp/{deb.name}" for deb in self._debs))
        for name in PACKAGES:
            self._report.item(name, self._chroot.run("dpkg-query", "-W", "-f", "${Version}, ${Installed-Size} KiB; needs ${Depends}", name))
            self._archive(name)

    def _archive(self, package: str) -> None:
        """That there is one archive, which everybody may read, and that the program takes its classes from it."""
        found = list(self._chroot.at(f"/usr/lib/{package}").glob("*.jsa*"))
        if len(found) != 1 or found[0].stat().st_mode & 0o444 != 0o444:
            raise LabError(f"{package} has no archive of classes, or more than one: {[path.name for path in found]}")
        program = package.removeprefix("tandem-")
        said = self._chroot.run(program, "doctor")
        if f"archive of classes: {found[0].name}" not in said:
            raise LabError(f"{program} doctor does not find {found[0].name}")

    def _show_no_java(self) -> None:
        if self._chroot.says("sh", "-c", "command -v java"):
            raise LabError("there is a java on the PATH")
        packages = self._chroot.run("dpkg-query", "-W", "-f", "${Package}\\n").split()
        if java := [name for name in packages if re.search("jre|jdk|java", name)]:
            raise LabError(f"Java is installed: {java}")
        virtual = [path for path in self._chroot.files() if path.endswith("/libjvm.so") and not path.startswith("/usr/lib/tandem-")]
        if virtual:
            raise LabError(f"there is a Java at {virtual[0]}")
        self._report.line("  no Java: none on the PATH, no package of it, no libjvm.so but the packages' own")

    def _verify(self) -> None:
        """As tor's service does before it starts, with Debian's torrc and the example's lines; and AppArmor's profile of it."""
        self._chroot.run("install", "-m", "02755", "-o", "debian-tor", "-g", "debian-tor", "-d", "/run/tor")
        torrc, local = self._chroot.at(_TORRC), self._chroot.at(_LOCAL)
        original, rules = torrc.read_text(), local.read_text() if local.exists() else None
        service = ["tor", "--defaults-torrc", "/usr/share/tor/tor-service-defaults-torrc", "-f", _TORRC, "--RunAsDaemon", "0", "--verify-config"]
        for name in PACKAGES:
            torrc.write_text(original + self._chroot.at(f"/usr/share/doc/{name}/examples/torrc").read_text())
            if "Configuration was valid" not in self._chroot.run(*service):
                raise LabError(f"tor does not take the example of {name}")
            program = name.removeprefix("tandem-")
            said = self._chroot.run("sh", "-c", f"{program} doctor --torrc {_TORRC} || :")
            if f"debian-tor may start /usr/bin/{program}" not in said:
                raise LabError(f"{program} doctor does not like the example: {said}")
            self._report.line(f"  tor takes {_TORRC} with the example of {name}, and the doctor finds that tor's user may start it")
        torrc.write_text(original)
        local.parent.mkdir(exist_ok=True)
        local.write_text("".join(f"include if exists <abstractions/{name}>\n" for name in PACKAGES))
        parsed = self._chroot.run("apparmor_parser", "--skip-kernel-load", "--skip-cache", "--debug", "/etc/apparmor.d/system_tor")
        if missing := [name for name in PACKAGES if f"/usr/lib/{name}/{name.removeprefix('tandem-')}" not in parsed]:
            raise LabError(f"the profile has no rule for {missing}")
        self._report.line("  AppArmor's parser takes system_tor with the packages' rules")
        local.unlink() if rules is None else local.write_text(rules)

    def _tarball(self) -> None:
        opt = self._chroot.at("/opt")
        run(["tar", "-xf", str(self._tarballs[0]), "-C", str(opt)])
        (top,) = (path.name for path in opt.iterdir())
        self._chroot.run(f"/opt/{top}/lib/archive")
        with self._folder("features") as folder:
            for line in Features(f"/opt/{top}/bin", folder, self._chroot.prefix).try_all(["client-pt", "server-pt", "utpcat"]):
                self._report.line(f"  {line}")
        shutil.rmtree(opt / top)

    def _again(self) -> None:
        self._chroot.run("dpkg", "--install", *(f"/tmp/{deb.name}" for deb in self._debs))
        for name in PACKAGES:
            self._archive(name)
        self._report.line("  installed again: one archive of classes each, of the new files")

    @contextlib.contextmanager
    def _folder(self, name: str) -> Iterator[Path]:
        """A folder that both Debians see."""
        folder = self._work / name
        folder.mkdir()
        with self._chroot.sharing(folder):
            yield folder
        # What was made there to be mounted on.
        top = self._chroot.at(self._work)
        (top / name).rmdir()


def _sources() -> list[str]:
    """Debian's own of what apt is configured for, as lines of sources.list."""
    command = ["apt-get", "indextargets", "--format", "$(LABEL) deb $(REPO_URI) $(RELEASE) $(COMPONENT)", "Created-By: Packages"]
    for again in (False, True):
        if again:
            run(["apt-get", "update", "-q"], timeout=_LONG_SECONDS)
        found = [re.sub(r"^Debian(-Security)? ", "", line) for line in run(command).splitlines() if re.match("Debian(-Security)? ", line)]
        if found:
            return list(dict.fromkeys(found))
    raise LabError("apt is not configured for Debian")


def _end(number: int, _: FrameType | None) -> None:
    raise SystemExit(128 + number)


def main(arguments: list[str]) -> int:
    packages, work = map(Path, arguments)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _end)
    try:
        Trial(packages, work, Report()).run()
    except LabError as error:
        print(f"package: {error.report()}", file=sys.stderr, flush=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
