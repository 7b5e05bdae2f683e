"""Experiment 3: the session and engine code in virtual time, with many sessions of one bridge: utp/benchmark's program ``simulate``.

What it models and what its JSON means is in its Javadoc (``Simulate``, ``BridgeResult``, ``CircuitsResult``).
"""

from __future__ import annotations

import json
import subprocess
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lab.evaluate.grid import Cell
from lab.flows import BENCHMARK_JAR
from lab.proc import LabError

_CLASS = "dev/tandem/utp/benchmark/simulate/Simulate.class"
_ARGUMENTS: Mapping[str, Sequence[str]] = {
    "quick": ("--quick",),
    "standard": ("--sessions", "100,1000,10000"),
    "full": ("--sessions", "100,1000,10000", "--seconds", "30"),
}
_MOST_SECONDS = {"quick": 300.0, "standard": 1500.0, "full": 4 * 3600.0}


def measure(folder: Path, cell: Cell) -> dict[str, Any]:
    """All of it in one cell: virtual time needs no repetition, only its seed."""
    size = str(cell.parameters["size"])
    if not has_program(BENCHMARK_JAR):
        raise LabError(f"{BENCHMARK_JAR.name} has no program 'simulate'")
    command = ["java", "-XX:+UseSerialGC", "-XX:-UsePerfData", "-Xmx3g", "-jar", str(BENCHMARK_JAR), "simulate"]
    command += [*_ARGUMENTS[size], "--seed", str(cell.parameters["seed"])]
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=_MOST_SECONDS[size], check=False
        )
    except subprocess.TimeoutExpired as error:
        raise LabError(f"the simulation took longer than {_MOST_SECONDS[size]:.0f} s") from error
    if done.returncode != 0:
        last = (done.stderr.strip() or "no message").splitlines()[-1]
        raise LabError(f"the simulation failed with status {done.returncode}: {last}")
    return parse(done.stdout)


def parse(text: str) -> dict[str, Any]:
    """What it wrote."""
    try:
        found: dict[str, Any] = json.loads(text)
    except ValueError as error:
        raise LabError(f"the simulation wrote something else than JSON: {error}") from error
    if not found.get("bridge"):
        raise LabError("the simulation wrote no result of a bridge")
    return found


def has_program(jar: Path) -> bool:
    try:
        with zipfile.ZipFile(jar) as file:
            return _CLASS in file.namelist()
    except (OSError, zipfile.BadZipFile):
        return False
