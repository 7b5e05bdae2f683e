"""Measured cells as files: one JSON each, named by what was measured and with what, so that nothing is measured twice."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.evaluate.grid import Cell

# To be raised when what a cell measures changes its meaning.
FORMAT = 3
_OF_SIMULATION = ("benchmark.jar",)


@dataclass(frozen=True)
class Measured:
    """A cell and its figures."""

    cell: Cell
    figures: Mapping[str, Any]
    taken_seconds: float
    when: str


def key(cell: Cell, versions: Mapping[str, str]) -> str:
    """The same for the same link, transport, run, parameters, programs and machine."""
    # The simulation is a program of its own, with which nothing else has to do.
    own = {name: value for name, value in versions.items() if (cell.experiment == "simulation") == (name in _OF_SIMULATION) or name == "java"}
    text = json.dumps({"format": FORMAT, "cell": cell.identity(), "versions": own}, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def file_name(cell: Cell, versions: Mapping[str, str]) -> str:
    """For people to find it, and the key."""
    words = "-".join(part for part in (cell.experiment, cell.link, cell.transport, str(cell.parameters.get("fault", "")), f"run{cell.run}") if part)
    plain = re.sub(r"[^A-Za-z0-9.]+", "-", words.replace("µ", "u")).strip("-").lower()
    return f"{plain}-{key(cell, versions)}.json"


class Cache:
    """A folder of them."""

    def __init__(self, folder: Path, versions: Mapping[str, str]) -> None:
        self._folder = folder
        self._versions = versions

    def find(self, cell: Cell) -> Measured | None:
        """What was measured of it, if that is there and whole."""
        try:
            data = json.loads((self._folder / file_name(cell, self._versions)).read_text())
            return Measured(cell, data["measured"], float(data["taken_seconds"]), str(data["when"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def keep(self, measured: Measured) -> None:
        """Writes it, whole or not at all."""
        self._folder.mkdir(parents=True, exist_ok=True)
        file = self._folder / file_name(measured.cell, self._versions)
        data = {
            "format": FORMAT,
            "cell": measured.cell.identity(),
            "versions": dict(self._versions),
            "when": measured.when,
            "taken_seconds": round(measured.taken_seconds, 1),
            "measured": measured.figures,
        }
        half = file.with_suffix(".half")
        half.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        os.replace(half, file)
