"""The table of the transport's options, pt-spec/OPTIONS.md, as AsciiDoc for the man pages. Tests of both proxies check the table itself."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

TABLE = Path(__file__).resolve().parents[2] / "pt-spec/OPTIONS.md"

_ROW = re.compile(r"^\| `([a-z-]+=)` \| ([^|]+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)


@dataclass(frozen=True)
class Option:
    """One row. The name ends with =; all texts are Markdown."""

    name: str
    ends: tuple[str, ...]
    takes: str
    default: str
    meaning: str


def read(text: str) -> list[Option]:
    return [Option(row[1], tuple(row[2].split(", ")), row[3], row[4], row[5]) for row in _ROW.finditer(text)]


def asciidoc(options: Sequence[Option]) -> str:
    """A list of definitions."""
    parts = []
    for option in options:
        default = "" if option.default == "required" else f" (default: {_inline(option.default)})"
        required = "Required. " if option.default == "required" else ""
        parts.append(f"*{option.name}*::\n{required}{_inline(option.meaning)} Takes {_inline(option.takes)}{default}.\n")
    return "\n".join(parts)


def _inline(markdown: str) -> str:
    text = re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", markdown)
    # Two plus signs would begin what AsciiDoc leaves alone.
    return text.replace("+", "{plus}")


def main(arguments: Sequence[str]) -> int:
    (end,) = arguments
    print(asciidoc([option for option in read(TABLE.read_text()) if end in option.ends]))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
