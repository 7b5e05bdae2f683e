"""Experiment 3: the session and engine code in virtual time, with many sessions of one bridge; a Java program, whose JSON we take."""

from __future__ import annotations

import json
import subprocess
import zipfile
from pathlib import Path
from typing import Any

from lab.evaluate.grid import Cell
from lab.flows import BENCHMARK_JAR
from lab.proc import LabError

MAIN = "dev.tandem.utp.benchmark.evaluation.SessionsSimulation"
_MOST_SECONDS = {"quick": 300.0, "standard": 1200.0, "full": 4 * 3600.0}


def measure(folder: Path, cell: Cell) -> dict[str, Any]:
    """All of it in one cell: virtual time needs no repetition, only its seed."""
    size = str(cell.parameters["size"])
    if not has_program():
        raise LabError(f"there is no {MAIN.rpartition('.')[2]} in {BENCHMARK_JAR.name}")
    command = ["java", "-XX:+UseSerialGC", "-XX:-UsePerfData", "-cp", str(BENCHMARK_JAR), MAIN, f"--{size}"]
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=_MOST_SECONDS[size], check=False
        )
    except subprocess.TimeoutExpired as error:
        raise LabError(f"the simulation took longer than {_MOST_SECONDS[size]:.0f} s") from error
    if done.returncode != 0:
        last = (done.stderr.strip() or "no message").splitlines()[-1]
        raise LabError(f"the simulation failed with status {done.returncode}: {last}")
    try:
        found: dict[str, Any] = json.loads(done.stdout)
    except ValueError as error:
        raise LabError(f"the simulation wrote something else than JSON: {error}") from error
    return found


def has_program() -> bool:
    try:
        with zipfile.ZipFile(BENCHMARK_JAR) as jar:
            return f"{MAIN.replace('.', '/')}.class" in jar.namelist()
    except (OSError, zipfile.BadZipFile):
        return False
