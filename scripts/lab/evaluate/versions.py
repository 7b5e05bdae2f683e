"""What the figures depend on: programs, kernel, machine."""

from __future__ import annotations

import hashlib
import os
import platform
import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

TOP = Path(__file__).resolve().parents[3]
JARS = {
    "client-pt": "client-pt/target/client-pt.jar",
    "server-pt": "server-pt/target/server-pt.jar",
    "emulator": "utp/emulation/target/emulator.jar",
    "benchmark": "utp/benchmark/target/benchmark.jar",
}


def of_programs() -> dict[str, str]:
    """By name; these are in the key of every measured cell."""
    found = {
        "tor": _said(["tor", "--version"], r"Tor version (\S+?)\.?$"),
        "obfs4proxy": _said(["obfs4proxy", "--version"], r"obfs4proxy-(\S+)"),
        "iperf3": _said(["iperf3", "--version"], r"iperf (\S+)"),
        "java": _said(["java", "-version"], r'version "(\S+)"'),
        "kernel": platform.release(),
        "processors": f"{len(os.sched_getaffinity(0))} × {processor_name()}",
    }
    for name, path in JARS.items():
        found[f"{name}.jar"] = digest(TOP / path)
    return found


def digest(file: Path) -> str:
    """The beginning of its SHA-256; a word if there is none."""
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()[:16]
    except OSError:
        return "missing"


def processor_name() -> str:
    try:
        match = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    except OSError:
        match = None
    return match[1].strip() if match else platform.machine()


def memory_gib() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)


def commit() -> str:
    """Of Tandem; marked if something is not committed."""
    said = subprocess.run(["git", "-C", str(TOP), "describe", "--always", "--dirty"], capture_output=True, text=True, check=False)
    return said.stdout.strip() or "unknown"


def machine(programs: Mapping[str, str]) -> dict[str, str]:
    """For the reader."""
    return {
        "Tandem": f"commit {commit()}",
        "tor": programs["tor"],
        "obfs4proxy": programs["obfs4proxy"],
        "iperf3": programs["iperf3"],
        "Java": programs["java"],
        "Linux": programs["kernel"],
        "processors": programs["processors"],
        "memory": f"{memory_gib():.0f} GiB",
    }


def _said(command: Sequence[str], pattern: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return "missing"
    match = re.search(pattern, done.stdout + done.stderr, re.MULTILINE)
    return match[1] if match else "unknown"
