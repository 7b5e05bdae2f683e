"""Bridge lines: `Bridge TRANSPORT ADDRESS:PORT [FINGERPRINT] [KEY=VALUE ...]`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from .proc import LabError

_FINGERPRINT = re.compile(r"[0-9A-Fa-f]{40}")
_ADDRESS = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z.-]+):([0-9]{1,5})")


@dataclass(frozen=True)
class BridgeLine:
    """A parsed bridge line. The address of an IPv6 bridge keeps its brackets; arguments keep their order."""

    transport: str
    address: str
    port: int
    fingerprint: str | None = None
    arguments: dict[str, str] = field(default_factory=dict)

    def at(self, address: str, port: int) -> BridgeLine:
        """The same bridge, reached at another address (a relay in front of it, say)."""
        return replace(self, address=address, port=port)

    def identified(self, fingerprint: str) -> BridgeLine:
        return replace(self, fingerprint=fingerprint.upper())

    def arguing(self, **arguments: str) -> BridgeLine:
        return replace(self, arguments={**self.arguments, **arguments})

    def torrc(self) -> str:
        """The line as it goes into a torrc."""
        parts = ["Bridge", self.transport, f"{self.address}:{self.port}"]
        if self.fingerprint:
            parts.append(self.fingerprint)
        parts += [f"{key}={value}" for key, value in self.arguments.items()]
        return " ".join(parts)


def parse(line: str) -> BridgeLine:
    """Reads one bridge line. A word in place of the fingerprint that is not one is taken for a placeholder."""
    words = line.split()
    if words and words[0].lower() == "bridge":
        words = words[1:]
    if len(words) < 2:
        raise LabError(f"a bridge line needs a transport and an address: {line.strip()!r}")
    transport, address, *rest = words
    match = _ADDRESS.fullmatch(address)
    if match is None or not 0 < int(match[2]) < 65536:
        raise LabError(f"{address!r} is not an address and a port, in the bridge line {line.strip()!r}")
    # A fingerprint never holds a '=', an argument always does: it is enough to tell them apart.
    fingerprint = None
    if rest and "=" not in rest[0]:
        fingerprint = rest[0].upper() if _FINGERPRINT.fullmatch(rest[0]) else None
        rest = rest[1:]
    arguments: dict[str, str] = {}
    for word in rest:
        key, equals, value = word.partition("=")
        if not (key and equals):
            raise LabError(f"{word!r} is not an argument KEY=VALUE, in the bridge line {line.strip()!r}")
        arguments[key] = value
    return BridgeLine(transport, match[1], int(match[2]), fingerprint, arguments)


def parse_file(text: str) -> BridgeLine:
    """The one bridge line of a file that may hold comments and empty lines beside it."""
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    if len(lines) != 1:
        raise LabError(f"expected one bridge line in the file, found {len(lines)}")
    return parse(lines[0])
