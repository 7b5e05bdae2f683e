"""What the documentation says is tried: commands are run on this machine alone, configurations are read by tor and the proxies, Java is
compiled and run, quoted lines of logs are looked for in the programs, links are followed."""

from __future__ import annotations

import ast
import contextlib
import importlib
import io
import os
import re
import shlex
import shutil
import socket
import subprocess
import tempfile
import threading
import unittest
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from lab import bench, demo, docs, link
from lab import options as option_table
from lab.docs import TOP, Block
from lab.ports import PortPicker
from lab.proc import LabError, Program, run, wait_until
from lab.start import Managed, environment

SCRIPTS = TOP / "scripts"
CLIENT_JAR = TOP / "client-pt/target/client-pt.jar"
BUILT = CLIENT_JAR.exists() and (TOP / "server-pt/target/server-pt.jar").exists() and (TOP / "utp/cat/target/utpcat.jar").exists()
FINGERPRINT = "0123456789ABCDEF0123456789ABCDEF01234567"
PATIENCE = 120

# Not run, each for its reason; what is not here has to be something that is tried below.
NOT_HERE = {
    reason: set(commands)
    for reason, commands in {
        "it changes the machine": (
            "sudo apt install tor maven openjdk-17-jdk-headless curl",
            "sudo apt install openjdk-17-jre-headless",
            "sudo apt install ./target/packages/tandem-server-pt_*.deb",
            "sudo apt install ./target/packages/tandem-client-pt_*.deb",
            r"printf 'net.core.rmem_max = 4194304\nnet.core.wmem_max = 4194304\n' >/etc/sysctl.d/60-tandem-udp.conf",
            "sysctl -p /etc/sysctl.d/60-tandem-udp.conf",
            "systemctl edit tor@default.service",
            "systemctl restart tor@default.service",
            "timedatectl set-ntp true",
            "echo 'include if exists <abstractions/tandem-server-pt>' >>/etc/apparmor.d/local/system_tor",
            "echo 'include if exists <abstractions/tandem-client-pt>' >>/etc/apparmor.d/local/system_tor",
            "apparmor_parser -r /etc/apparmor.d/system_tor",
        ),
        "it looks at what another machine than the one of tests has": (
            "journalctl -u tor@default -n 50",
            "journalctl -k | grep DENIED",
            "ss -lntup 'sport = :443'",
            "tcpdump -ni any udp port 443",
        ),
        "it goes out to the Tor network; scripts/demo does the like on a private one": (
            "curl --socks5-hostname 127.0.0.1:9150 https://check.torproject.org/api/ip",
        ),
        "it is what runs this": ("cd scripts && python3 -m unittest discover -s lab/tests -t .",),
    }.items()
}

# What a torrc has beside the lines that are shown, for the doctor to find nothing wrong.
CLIENT_LINES = ("UseBridges 1", "ClientTransportPlugin utp exec /PATH/TO/tandem/scripts/client-pt", "Bridge utp ADDRESS:PORT FINGERPRINT cert=…")
SERVER_LINES = (
    "BridgeRelay 1",
    "ORPort 127.0.0.1:auto",
    "ExtORPort auto",
    "ServerTransportPlugin utp exec /PATH/TO/tandem/scripts/server-pt",
    "ServerTransportListenAddr utp 0.0.0.0:443",
)

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nechoes"

IMPORTS = """
import dev.tandem.ptspec.*; import dev.tandem.ptspec.netty.*; import dev.tandem.utp.netty.*;
import io.netty.bootstrap.*; import io.netty.buffer.*; import io.netty.channel.*; import io.netty.channel.socket.*;
import io.netty.channel.socket.nio.*; import java.net.*; import java.nio.charset.*;
"""

# What an example has around it in a program: before and behind.
JAVA = {
    "utp/README.md": (
        "public class Utp { public static void main(String[] args) throws Exception {",
        "client.closeFuture().await(20_000); group.shutdownGracefully(0, 1, java.util.concurrent.TimeUnit.SECONDS).await(); } }",
    ),
    "pt-spec/README.md": (
        "public class Pt { static EventLoopGroup group; static void dial(InetSocketAddress to, TransportArgs args, SocksReply reply) {}"
        " public static void main(String[] args) throws Exception {",
        "} }",
    ),
}


def blocks(language: str) -> list[Block]:
    return [block for document in docs.documents() for block in docs.blocks(document) if block.language == language]


class Echo:
    """A TCP service that sends back what it gets, and answers requests of HTTP; ends with the test's process."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self._serve, args=self._listener.accept()[:1], daemon=True).start()

    @staticmethod
    def _serve(connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            while block := connection.recv(65536):
                connection.sendall(ANSWER if block.startswith(b"GET ") else block)

    def close(self) -> None:
        self._listener.close()


class Words:
    """Puts what is of this machine in the place of what the documentation says. A port is the same throughout one object."""

    def __init__(self, stage: Stage, *, bridge: bool) -> None:
        self._stage = stage
        self._ports: dict[str, int] = {"22": stage.echo.port}
        if bridge:
            # Dialled: 443 and 4433 are examples of a bridge.
            self._ports |= {"443": stage.port, "4433": stage.port, "4443": stage.port, "PORT": stage.port}

    def port(self, written: str) -> str:
        if written not in self._ports:
            self._ports[written] = self._stage.picker.pick()
        return str(self._ports[written])

    def names(self, text: str) -> str:
        """All but addresses and ports."""
        text = text.replace("/PATH/TO/tandem", str(TOP)).replace("cert=…", f"cert={self._stage.cert}")
        return re.sub(r"\bFINGERPRINT\b(?!/)", FINGERPRINT, text)

    def ports(self, text: str) -> str:
        text = re.sub(r"(?<=:)(\d{2,5}|PORT)\b(?![:\]])", lambda found: self.port(found[1]), text)
        return re.sub(r"(?<=-p |ks |ST )(\d{2,5})\b", lambda found: self.port(found[1]), text)

    def all(self, text: str) -> str:
        text = re.sub(r"\b(ADDRESS|HOST|192\.0\.2\.1)\b|\[2001:db8::1\]|\[::\]|0\.0\.0\.0", "127.0.0.1", self.ports(self.names(text)))
        for folder in ("/var/lib/tor", "/run/tandem", "/etc/tor"):
            text = text.replace(folder, f"{self._stage.folder}{folder}")
        return text


class Stage:
    """A bridge without tor before an echo, whose identity all others have too; a home folder; torrcs. A context manager."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = folder / "home"
        self.picker = PortPicker()
        self.echo = Echo()
        self.port = self.picker.pick()
        java = f"-Duser.home={self.home} -XX:TieredStopAtLevel=1"
        self.environment = {**os.environ, "HOME": str(self.home), "TANDEM_JAVA_OPTS": java}
        self._log = folder / "bridge.log"
        self._bridge: Program | None = None
        self.cert = ""

    def __enter__(self) -> Stage:
        for name in ("home", "etc/tor", "run/tandem"):
            (self.folder / name).mkdir(parents=True)
        server = [str(SCRIPTS / "server-pt"), "standalone", "--listen", f"127.0.0.1:{self.port}", "--forward", f"127.0.0.1:{self.echo.port}"]
        try:
            with ThreadPoolExecutor() as pool:
                state = pool.submit(self._run_under_tor)
                self._bridge = Program("server-pt", server, self._log, environment=self.environment)
                line = self.wait(self._bridge, r"--bridge '(.*)'")[1]
                state.result()
        except BaseException:
            self.__exit__()
            raise
        self.cert = line.rpartition("cert=")[2]
        (self.folder / "line").write_text(f"{line}\n")
        return self

    def __exit__(self, *_: object) -> None:
        if self._bridge is not None:
            self._bridge.stop()
        self.echo.close()

    def _run_under_tor(self) -> None:
        """Leaves what proxies leave behind under tor, in the folders of the examples."""
        for proxy, name in (("server-pt", "tandem-bridge"), ("client-pt", "tandem-client")):
            with Managed(proxy, environment(proxy, self.home / name / "pt_state", self.echo.port)):
                pass
        (self.home / "tandem-bridge/fingerprint").write_text(f"Unnamed {FINGERPRINT}\n")
        shutil.copytree(self.home / "tandem-bridge", self.folder / "var/lib/tor")

    def wait(self, program: Program, pattern: str) -> re.Match[str]:
        """Until the program has written such a line."""

        def look() -> re.Match[str] | None:
            program.check_alive()
            return re.search(pattern, program.log.read_text(errors="replace"))

        return wait_until(f"'{pattern}' of {program.name}", look, PATIENCE, log=program.log)

    def doctor(self, command: Sequence[str]) -> None:
        """Fails if it FAILs, with its lines."""
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=PATIENCE, check=False)
        if done.returncode != 0:
            said = [line for line in done.stdout.splitlines() if line.startswith("FAIL")]
            raise LabError(f"{' '.join(command)}: {'; '.join(said) or done.stderr.strip()}")


class Terminal:
    """Someone who types the commands of one document, one after the other. Programs that stay are ended behind their block."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._here = Path(tempfile.mkdtemp(dir=stage.folder))
        (self._here / "scripts").symlink_to(SCRIPTS)
        (self._here / "file").write_bytes(os.urandom(50_000))
        self._staying: list[Program] = []
        # By the first word: what takes the words, and the whole as it is typed here.
        self._programs: dict[str, Callable[[list[str], str], None]] = {
            "scripts/client-pt": self._client,
            "scripts/server-pt": self._server,
            "scripts/utpcat": self._utpcat,
            "scripts/qlog-plot": self._shell,
            "scripts/demo": lambda words, _: self._parse(demo.parse_options, words),
            "scripts/bench": lambda words, _: self._parse(bench.parse_options, words),
            "scripts/lab/link": lambda words, _: self._parse(link.parse_options, words),
            "scripts/test": self._help,
            "scripts/man": self._help,
            "scripts/package": self._help,
            "scripts/evaluate": self._help,
            "scripts/archive": self._without_arguments,
            "tor": self._tor,
            "mvn": self._maven,
            "java": self._jar,
            "cat": self._shell,
            "cut": self._shell,
            "sed": self._shell,
            "curl": self._shell,
        }

    def type(self, block: Block, typed: Sequence[str]) -> None:
        """Types those commands of a block."""
        # A bridge of the block's own is the one that its clients dial.
        own = re.search("server-pt standalone|ServerTransportListenAddr", block.text)
        self._words = Words(self._stage, bridge=own is None)
        try:
            for command in typed:
                self._type(command)
        finally:
            for program in reversed(self._staying):
                program.stop()
            self._staying.clear()

    def _type(self, command: str) -> None:
        words = shlex.split(command.partition("<<")[0])
        if words[0] not in self._programs:
            raise LabError(f"a command that this test does not know: {command}")
        self._programs[words[0]](words, self._words.all(command))

    def _shell(self, words: list[str], command: str) -> None:
        for word in shlex.split(command.partition("<<")[0]):
            path = Path(word.lstrip("<>"))
            if path.is_absolute() and (path.exists() or word.startswith(">")) and self._stage.folder not in path.parents:
                raise LabError(f"{word} is not of the test: {command}")
        done = self._run(command)
        if done.returncode != 0 or not (done.stdout or "<<" in command):
            raise LabError(f"{command}: status {done.returncode}, {done.stderr.strip() or 'nothing said'}")

    def _run(self, command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", "-ec", command], cwd=self._here, env=self._stage.environment, capture_output=True, text=True, timeout=PATIENCE, check=False
        )  # fmt: skip

    def _start(self, command: str) -> Program:
        log = self._here / f"{len(self._staying)}.log"
        log.unlink(missing_ok=True)
        self._staying.append(Program(command.split()[0], ["sh", "-c", f"cd {self._here} && exec {command}"], log, environment=self._stage.environment))
        return self._staying[-1]

    def _server(self, words: list[str], command: str) -> None:
        if words[1] == "standalone":
            self._stage.wait(self._start(command), "clients: ")
        else:
            self._doctor(words, command)

    def _client(self, words: list[str], command: str) -> None:
        if words[1] != "standalone":
            self._doctor(words, command)
            return
        command = command.replace("--config FILE", f"--config {self._stage.folder}/client.toml")
        if "--socks" in words:
            self._stage.wait(self._start(command), "SOCKS requests on ")
            return
        port = self._stage.wait(self._start(command), r"listening on \S+:(\d+)")[1]
        with socket.create_connection(("127.0.0.1", int(port)), timeout=PATIENCE) as connection:
            connection.sendall(b"there and back")
            connection.shutdown(socket.SHUT_WR)
            echoed = b"".join(iter(lambda: connection.recv(65536), b""))
        if echoed != b"there and back":
            raise LabError(f"{command}: {echoed!r} came back")

    def _doctor(self, words: list[str], command: str) -> None:
        if words[1] != "doctor":
            raise LabError(f"a command that this test does not know: {command}")
        command = command.replace("--bridge-file FILE", f"--bridge-file {self._stage.folder}/line")
        # Which of the two guides' torrcs it is.
        command = command.replace("/etc/tor/torrc", f"/etc/tor/{words[0].rpartition('/')[2]}.torrc")
        self._stage.doctor(["sh", "-c", f"cd {self._here} && exec {command}"])

    def _utpcat(self, words: list[str], command: str) -> None:
        received = self._here / "received"
        if "-l" in words:
            received.unlink(missing_ok=True)
            port = command.split("-p ")[1].split()[0]
            listener = self._start(command.replace("> file", "> received"))
            wait_until("utpcat to listen", lambda: _is_bound(int(port)), PATIENCE, log=listener.log)
            return
        if not self._staying:
            self._type(f"scripts/utpcat -l -p {words[words.index('HOST') + 1]} > file")
        done = self._run(command)
        if done.returncode != 0:
            raise LabError(f"{command}: {done.stderr}")
        sent = (self._here / "file").read_bytes()
        wait_until("the file to arrive", lambda: received.read_bytes() == sent, PATIENCE)

    def _tor(self, words: list[str], command: str) -> None:
        if words[1] != "-f":
            raise LabError(f"a command that this test does not know: {command}")
        verify((self._here / words[2]).read_text(), self._here)

    @staticmethod
    def _parse(parser: Callable[[list[str]], object], words: list[str]) -> None:
        """Those that take minutes; scripts/test runs the demo."""
        said = io.StringIO()
        with contextlib.redirect_stderr(said):
            try:
                parser(words[1:])
            except SystemExit:
                raise LabError(f"{' '.join(words)}: {said.getvalue().strip().splitlines()[-1]}") from None

    @staticmethod
    def _help(words: list[str], command: str) -> None:
        """Those that take minutes, or install something. scripts/man is tried below."""
        script = TOP / words[0]
        # These two come from other hands, and are looked at from when they are there.
        if script.exists() or words[0] not in ("scripts/package", "scripts/evaluate"):
            said = run([str(script), "--help"])
            for word in words[1:]:
                if word.startswith("-") and word not in said:
                    raise LabError(f"{command}: --help does not tell of {word}")

    @staticmethod
    def _without_arguments(words: list[str], command: str) -> None:
        """Tried by test_start.py."""
        if len(words) > 1 or not os.access(TOP / words[0], os.X_OK):
            raise LabError(command)

    @staticmethod
    def _maven(words: list[str], command: str) -> None:
        poms = "\n".join(path.read_text() for path in [TOP / "pom.xml", *TOP.glob("*/pom.xml"), *TOP.glob("utp/*/pom.xml")])
        known = {"-q", "-am", "-DskipTests", "package", "verify", "test", "install"}
        for before, word in zip(words, words[1:], strict=False):
            property_name = re.match(r"-D([a-zA-Z.]+)", word)
            if before == "-pl":
                right = all((TOP / module / "pom.xml").exists() for module in word.split(","))
            elif word.startswith("-P"):
                right = f"<id>{word[2:]}</id>" in poms
            elif property_name is not None and word not in known:
                name = property_name[1]
                right = name in poms or name in ("test", "surefire.failIfNoSpecifiedTests") or _is_read_by_a_test(name)
            else:
                right = word in known or word == "-pl"
            if not right:
                raise LabError(f"{command}: {word} is not known")

    @staticmethod
    def _jar(words: list[str], command: str) -> None:
        """Takes minutes; `scripts/bench micro` runs it."""
        if words[1] != "-jar" or not (TOP / words[2]).exists():
            raise LabError(command)


def _is_read_by_a_test(name: str) -> bool:
    return any(f'"{name}"' in path.read_text() for path in TOP.glob("utp/*/src/test/java/**/*.java"))


def _is_bound(port: int) -> bool:
    """Whether a UDP socket has it."""
    wanted = f":{port:04X} "
    return any(wanted in Path(f"/proc/net/{table}").read_text() for table in ("udp", "udp6"))


def verify(torrc: str, folder: Path) -> None:
    """Has tor read it."""
    handle, name = tempfile.mkstemp(dir=folder, suffix=".torrc")
    with os.fdopen(handle, "w") as file:
        file.write(f"{torrc}\n")
        if "DataDirectory" not in torrc:
            file.write(f"DataDirectory {folder}/tor-data\n")
    command = ["tor", "--defaults-torrc", os.devnull, "--verify-config", "-f", name]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    if done.returncode != 0:
        said = [line for line in done.stdout.splitlines() if "[warn]" in line or "[err]" in line]
        raise LabError(f"tor does not take it: {' '.join(said)}")


def completed(torrc: str, lines: Sequence[str]) -> str:
    """With those of the lines, for the doctor, that the block does not have. A fragment without UseBridges has bridges all the same."""
    begun = {line.split()[0] for line in torrc.splitlines() if line.strip()}
    return torrc + "".join(f"{line}\n" for line in lines if line.split()[0] not in begun)


@dataclass
class Task:
    where: str
    run: Callable[[], None]


def failures(tasks: Sequence[Task]) -> list[str]:
    """Runs all, some at a time, and says what fails."""

    def attempt(task: Task) -> str | None:
        try:
            task.run()
        except LabError as error:
            return f"{task.where}: {error.report()}"
        except (OSError, subprocess.SubprocessError) as error:
            return f"{task.where}: {error}"
        return None

    with ThreadPoolExecutor(max_workers=(os.cpu_count() or 1) + 1) as pool:
        return [failure for failure in pool.map(attempt, tasks) if failure is not None]


@unittest.skipUnless(BUILT and shutil.which("tor", path=f"{os.environ['PATH']}:/usr/sbin"), "not built, or no tor")
class RunTest(unittest.TestCase):
    def setUp(self) -> None:
        path = mock.patch.dict(os.environ, {"PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin"})
        path.start()
        self.addCleanup(path.stop)
        self._folder = Path(tempfile.mkdtemp(prefix="docs-"))
        self.addCleanup(shutil.rmtree, self._folder, ignore_errors=True)

    def test_what_stands_in_the_documentation_works(self) -> None:
        with Stage(self._folder) as stage:
            self._write_files(stage)
            tasks = [*self._typed(stage), *self._torrcs(stage), Task("Java", lambda: self._java(stage))]
            self.assertEqual([], failures(tasks))

    def _write_files(self, stage: Stage) -> None:
        """What the commands of the guides are about."""
        for name, document in (("client-pt", "client-pt/GUIDE.md"), ("server-pt", "server-pt/BRIDGE.md")):
            torrc = next(block for block in blocks("torrc") if block.document == TOP / document)
            words = Words(stage, bridge=False)
            (stage.folder / f"etc/tor/{name}.torrc").write_text(words.ports(words.names(torrc.text)).replace("ADDRESS", "192.0.2.1"))
        (toml,) = blocks("toml")
        (stage.folder / "client.toml").write_text(Words(stage, bridge=True).all(toml.text))

    def _typed(self, stage: Stage) -> list[Task]:
        seen: set[str] = set()
        tasks = []
        for document in docs.documents():
            typed = []
            for block in docs.blocks(document):
                commands = self._to_type(block, seen) if block.language == "sh" else []
                if not seen.issuperset(commands):
                    typed.append((block, commands))
                    seen.update(commands)
            tasks += self._of_document(stage, document, typed)
        return tasks

    @staticmethod
    def _to_type(block: Block, seen: set[str]) -> list[str]:
        """All but what is not for here, and what the doctor has been asked before."""
        commands = [command.removeprefix("sudo ") for command in docs.commands(block.text) if not any(command in others for others in NOT_HERE.values())]
        return [command for command in commands if " doctor " not in command or command not in seen]

    @staticmethod
    def _of_document(stage: Stage, document: Path, typed: Sequence[tuple[Block, list[str]]]) -> list[Task]:
        """The README's blocks are about one folder, one behind the other; those of guides stand for themselves."""
        if document == TOP / "README.md":
            terminal = Terminal(stage)

            def in_order() -> None:
                for block, commands in typed:
                    try:
                        terminal.type(block, commands)
                    except LabError as error:
                        raise LabError(f"{block}: {error.report()}") from error

            return [Task("in order", in_order)]
        return [Task(str(block), lambda block=block, commands=commands: Terminal(stage).type(block, commands)) for block, commands in typed]

    @staticmethod
    def _torrcs(stage: Stage) -> list[Task]:
        tasks = []
        texts = [block.text.strip() for block in blocks("torrc")]
        for block in blocks("torrc"):
            whole_of_another = any(block.text.strip() in text != block.text.strip() for text in texts)
            shown = Words(stage, bridge=True).names(block.text).replace("ADDRESS:PORT", "192.0.2.1:443")
            # Of an example all is read but where it would log to.
            shown = shown.replace("/var/lib/tor", f"{stage.folder}/var/lib/tor")
            tasks.append(Task(str(block), lambda shown=shown: verify(shown, stage.folder)))
            # What tor leaves to the transport. The first of each guide is looked at by the commands below it.
            for proxy, mark, lines in (("client-pt", "Bridge ", CLIENT_LINES), ("server-pt", "ServerTransportOptions ", SERVER_LINES)):
                if re.search(f"^{mark}", block.text, re.MULTILINE) and not (block.text.startswith("UseBridges") or whole_of_another):
                    words = Words(stage, bridge=False)
                    whole = words.ports(words.names(completed(block.text, lines)).replace("ADDRESS", "192.0.2.1"))
                    handle, name = tempfile.mkstemp(dir=stage.folder, suffix=".torrc")
                    with os.fdopen(handle, "w") as file:
                        file.write(whole)
                    command = [str(SCRIPTS / proxy), "doctor", "--torrc", name]
                    tasks.append(Task(str(block), lambda command=command: stage.doctor(command)))
        return tasks

    def _java(self, stage: Stage) -> None:
        folder = stage.folder / "java"
        folder.mkdir()
        shown: dict[str, str] = {}
        for block in blocks("java"):
            document = str(block.document.relative_to(TOP))
            if document not in JAVA:
                raise LabError(f"{block}: what is around this in a program is not known")
            shown[document] = shown.get(document, "") + block.text
        files = []
        for document, text in shown.items():
            before, behind = JAVA[document]
            file = folder / f"{before.split()[2]}.java"
            file.write_text(f"{IMPORTS}{before}\n{text.replace('4000', str(stage.picker.pick()))}{behind}\n")
            files.append(str(file))
        run(["javac", "-proc:none", "-cp", str(CLIENT_JAR), "-d", str(folder), *files])
        said = run(["java", "-XX:TieredStopAtLevel=1", "-cp", f"{CLIENT_JAR}:{folder}", "Utp"])
        if not said.startswith("hello\n") and "\nhello\n" not in said:
            raise LabError(f"utp/README.md: its client has printed {said!r}")


class TextTest(unittest.TestCase):
    def test_each_fence_says_what_is_in_it(self) -> None:
        known = {"sh", "torrc", "toml", "java", "python", "log", "text"}
        for document in docs.documents():
            for block in docs.blocks(document):
                self.assertIn(block.language, known, str(block))

    def test_links_lead_somewhere(self) -> None:
        for document in docs.documents():
            for line, target in docs.links(document):
                path, _, anchor = target.partition("#")
                file = (document.parent / path).resolve() if path else document
                with self.subTest(document=document, line=line, target=target):
                    self.assertTrue(file.exists())
                    if anchor:
                        self.assertIn(anchor, docs.anchors(file))

    def test_all_of_it_is_reached_from_the_readme(self) -> None:
        reached, left = set(), [TOP / "README.md"]
        while left:
            document = left.pop()
            if document not in reached:
                reached.add(document)
                targets = [(document.parent / target.partition("#")[0]).resolve() for _, target in docs.links(document) if not target.startswith("#")]
                left += [target for target in targets if target.suffix == ".md"]
        self.assertEqual(set(docs.documents()) - reached, set())

    def test_lines_of_logs_are_those_of_the_programs(self) -> None:
        literals = docs.Literals(docs.sources())
        tor = shutil.which("tor", path="/usr/sbin:/usr/bin:/usr/local/bin")
        others = Path(tor).read_bytes().decode("latin-1") if tor else None
        for block in blocks("log"):
            for line in block.text.splitlines():
                with self.subTest(str(block), line=line):
                    ours = literals.make(line)
                    self.assertTrue(ours or others is None or all(piece in others for piece in line.split("…")))

    def test_a_line_that_no_program_says_is_noticed(self) -> None:
        literals = docs.Literals(['say("cannot " + (up ? "rise" : "fall") + " (" + n + " times)", "s (");'])
        self.assertTrue(literals.make("cannot fall (… times)"))
        self.assertFalse(literals.make("cannot fail (… times)"))
        self.assertFalse(literals.make("cannot falls (… times)"))

    def test_python_is_of_the_lab(self) -> None:
        modules = [importlib.import_module(f"lab.{name}") for name in ("network", "relays", "carriers")]
        for block in blocks("python"):
            for node in ast.walk(ast.parse(_dedented(block.text))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id != "print":
                    with self.subTest(str(block), name=node.func.id):
                        self.assertTrue(any(hasattr(module, node.func.id) for module in modules))

    def test_commands_are_told_apart(self) -> None:
        text = "# nothing\na --b 'x # y'   # why\ncat >f <<END\none # two\nEND\nc 'over\n  two lines'\nd \\\n  e\n"
        self.assertEqual(["a --b 'x # y'", "cat >f <<END\none # two\nEND", "c 'over\n  two lines'", "d \\\n  e"], docs.commands(text))


def _dedented(text: str) -> str:
    """Some examples go on where the one before has ended."""
    return "if True:\n" + text if text.startswith(" ") else text


@unittest.skipUnless(BUILT and shutil.which("asciidoctor"), "not built, or no asciidoctor")
class ManPagesTest(unittest.TestCase):
    PAGES = ("client-pt", "client-pt-standalone", "client-pt-doctor", "server-pt", "server-pt-standalone", "server-pt-doctor", "utpcat")

    def test_pages_are_whole_and_of_the_time_that_is_given(self) -> None:
        with tempfile.TemporaryDirectory(prefix="man-") as name:
            # That the bytes are the same each time is tried by scripts/package --check.
            variables = {**os.environ, "SOURCE_DATE_EPOCH": "1700000000", "TZ": "Asia/Tokyo"}
            run([str(SCRIPTS / "man"), name], environment=variables)
            pages = {path.name: path.read_text() for path in Path(name).iterdir()}
        self.assertEqual({f"{page}.1" for page in self.PAGES}, set(pages))
        for page, text in pages.items():
            with self.subTest(page):
                self.assertTrue('"2023-11-14"' in text and "include::" not in text)
                for section in ("NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS", "ENVIRONMENT", "SEE ALSO"):
                    self.assertTrue(f'\n.SH "{section}"\n' in text, section)
        options = option_table.read(option_table.TABLE.read_text())
        for end, page in (("client", "client-pt.1"), ("bridge", "server-pt.1")):
            for option in options:
                if end in option.ends:
                    self.assertTrue(f"\\fB{option.name}\\fP".replace("-", "\\-") in pages[page], option.name)


if __name__ == "__main__":
    unittest.main()
