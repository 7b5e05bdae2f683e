"""The micro-benchmarks in Java (JMH): time and allocated bytes for each operation."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.flows import BENCHMARK
from lab.proc import LabError

# What an operation is, where it is not what the benchmark's name says.
_OPERATIONS = {
    "driver.packet": "packet, sockets and all",
    "engine.packet": "packet, both ends",
    "session.batch": "4 KiB, both ends",
}


@dataclass
class Micro:
    """One benchmark with one set of parameters; the error is half of JMH's 99.9 % interval, or None of a single sample."""

    benchmark: str
    parameters: str
    operation: str
    ns: float
    ns_error: float | None
    allocated_bytes: float


def measure_micro(*, iterations: int, seconds: float) -> list[Micro]:
    """Runs them all, in a process for each, with so many iterations before and as many that count, of so many seconds."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        results, log = Path(name) / "results.json", Path(name) / "log"
        times = ["-wi", str(iterations), "-i", str(iterations), "-w", f"{seconds * 1e3:.0f}ms", "-r", f"{seconds * 1e3:.0f}ms"]
        command = [*BENCHMARK, "micro", *times, "-f", "1", "-prof", "gc", "-foe", "true", "-rf", "json", "-rff", str(results)]
        with log.open("wb") as output:
            status = subprocess.run(command, stdout=output, stderr=subprocess.STDOUT, check=False).returncode
        if status != 0:
            raise LabError("a micro-benchmark failed", log)
        return parse(json.loads(results.read_text()))


def parse(results: Sequence[dict[str, Any]]) -> list[Micro]:
    """What JMH says in JSON."""
    return [_parse(result) for result in results]


def _parse(result: dict[str, Any]) -> Micro:
    kind, method = result["benchmark"].split(".")[-2:]
    name = f"{_words(kind.removesuffix('Benchmark'))}.{_words(method)}"
    primary = result["primaryMetric"]
    error = primary["scoreError"]
    return Micro(
        benchmark=name,
        parameters=", ".join(f"{key} {value}" for key, value in result.get("params", {}).items()),
        operation=_OPERATIONS.get(name, "call"),
        ns=primary["score"],
        # JMH writes "NaN" for what it cannot know.
        ns_error=error if isinstance(error, float) and error == error else None,
        allocated_bytes=result["secondaryMetrics"]["gc.alloc.rate.norm"]["score"],
    )


def _words(camel: str) -> str:
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in camel).strip()


def header() -> str:
    return f"{'':<24}{'':<24}{'ns':>12}{'±':>10}{'bytes':>10}  for each"


def line(result: Micro) -> str:
    error = "-" if result.ns_error is None else f"{result.ns_error:.1f}"
    return (
        f"{result.benchmark:<24}{result.parameters:<24}{result.ns:>12.1f}{error:>10}{result.allocated_bytes:>10.1f}"
        f"  {result.operation}"
    )
