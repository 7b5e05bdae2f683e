"""What stands in the documentation: blocks of code, commands, lines of logs, links. Read only; tests/test_docs.py tries them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]

_ELSEWHERE = {".git", "target", "node_modules"}
_FENCE = re.compile(r"^```(.*)$")
_HEADING = re.compile(r"^#{1,6} +(.*?) *#*$")
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_HERE_DOCUMENT = re.compile(r"<<'?(\w+)'?")
_LITERAL = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
_JOINED = re.compile(r'"\s*\+\s*"')
# What differs from one time to the next.
_DOTS = "…"


@dataclass(frozen=True)
class Block:
    """A fenced block; the line is that of its first line of text."""

    document: Path
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.document.relative_to(TOP)}:{self.line}"


def documents() -> list[Path]:
    """All of the repository's own, README first."""
    found = [path for path in TOP.rglob("*.md") if not _ELSEWHERE & set(path.relative_to(TOP).parts)]
    return sorted(found, key=lambda path: (len(path.relative_to(TOP).parts), path))


def blocks(document: Path) -> Iterator[Block]:
    language, begin, lines = None, 0, []
    for number, line in enumerate(document.read_text().splitlines(), 1):
        fence = _FENCE.match(line)
        if fence is None:
            lines.append(line)
        elif language is None:
            language, begin, lines = fence[1], number + 1, []
        else:
            yield Block(document, begin, language, "".join(f"{each}\n" for each in lines))
            language = None


def commands(text: str) -> list[str]:
    """The commands of a shell block, each with all its lines, without comments."""
    found = []
    lines = iter(text.splitlines())
    for line in lines:
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        here = _HERE_DOCUMENT.search(line)
        if here is not None:
            line += "".join(f"\n{more}" for more in _until(lines, here[1]))
        else:
            while not _is_whole(line):
                line += "\n" + next(lines)
            line = _without_comment(line)
        found.append(line.strip())
    return found


def _until(lines: Iterator[str], end: str) -> Iterable[str]:
    for line in lines:
        yield line
        if line == end:
            return


def _is_whole(command: str) -> bool:
    try:
        shlex.split(command, comments=True)
    except ValueError:
        return False
    return not command.endswith("\\")


def _without_comment(command: str) -> str:
    for found in re.finditer(r"\s#", command):
        # Behind it is a comment unless a quote is open there.
        if _is_whole(command[: found.start()]):
            return command[: found.start()]
    return command


def anchors(document: Path) -> set[str]:
    """Of its headings, as GitHub makes them."""
    found: set[str] = set()
    fenced = False
    for line in document.read_text().splitlines():
        fenced ^= _FENCE.match(line) is not None
        heading = _HEADING.match(line)
        if heading is not None and not fenced:
            text = re.sub(r"[^\w\- ]", "", heading[1].lower())
            found.add(text.replace(" ", "-"))
    return found


def links(document: Path) -> Iterator[tuple[int, str]]:
    """Line and target of each that stays within the repository."""
    text = document.read_text()
    # A link's text may go over the end of a line.
    for link in _LINK.finditer(re.sub(r"```.*?\n```", lambda block: "\n" * block[0].count("\n"), text, flags=re.DOTALL)):
        if not re.match(r"[a-z]+:", link[1]):
            yield text.count("\n", 0, link.start()) + 1, link[1]


class Literals:
    """The texts between quotes of programs."""

    def __init__(self, sources: Iterable[str]) -> None:
        self._all: set[str] = set()
        for source in sources:
            for literal in _LITERAL.finditer(_JOINED.sub("", source)):
                self._all.add(literal[1].replace('\\"', '"').replace("\\\\", "\\"))
        self._text = "\n".join(self._all)

    def make(self, line: str) -> bool:
        """Whether a line could be made of them; what the dots stand for is anything."""
        return all(self._holds(piece) for piece in line.split(_DOTS) if piece.strip())

    def _holds(self, piece: str) -> bool:
        if piece in self._text:
            return True
        # The end of one text, whole ones, and the beginning of one; words are not made of two.
        return any(f"{piece[:end]}\n" in f"{self._text}\n" and self._continues(piece[end:]) for end in _joints(piece))

    def _continues(self, rest: str) -> bool:
        if f"\n{rest}" in f"\n{self._text}":
            return True
        return any(rest[:end] in self._all and self._continues(rest[end:]) for end in _joints(rest))


def _joints(text: str) -> Iterator[int]:
    for end in range(len(text) - 1, 0, -1):
        if not (text[end - 1].isalnum() and text[end].isalnum()):
            yield end


def sources() -> Iterator[str]:
    """Of what prints lines for people."""
    for path in TOP.rglob("*.java"):
        if "src/main" in path.as_posix() and not _ELSEWHERE & set(path.relative_to(TOP).parts):
            yield path.read_text()
    yield (TOP / "scripts/launch.sh").read_text()
