"""Experiment 5: TCP flows beside a download through tor, on one link and in one direction."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from lab.evaluate.grid import LINKS, TRANSPORTS, Cell
from lab.evaluate.traffic import Download, idle_requests, mbit, prepare, requests_until, wait_all_begun
from lab.evaluate.world import Client, Conduct, World
from lab.proc import LabError, Program, wait_until

# Until the flows have found their rates; iperf3 leaves these out of its figures, too.
_RAMP_SECONDS = 2
_PATIENCE_SECONDS = 15
_IDLE_REQUESTS = 4


def measure(world: World, cell: Cell) -> dict[str, Any]:
    """One client, alone and then beside each number and kind of flows."""
    transport = TRANSPORTS[cell.transport]
    world.set_link(LINKS[cell.link], transport.congestion)
    world.bridge(transport)
    world.settle()
    seconds = cell.parameters["seconds"]
    with world.client(transport, 90) as client:
        prepare(world, client, ("small", "one"))
        found: dict[str, Any] = {"idle": asdict(idle_requests(world, client, _IDLE_REQUESTS))}
        found["beside"] = [_beside(world, client, 0, "", seconds)]
        for count, congestion in cell.parameters["flows"]:
            found["beside"].append(_beside(world, client, count, congestion, seconds))
    world.check()
    return found


def _beside(world: World, client: Client, count: int, congestion: str, seconds: float) -> dict[str, Any]:
    world.settle()
    conduct = Conduct(world.link)
    download = Download(world, client, "one")
    download.start()
    try:
        begun = wait_all_begun([download])
        # tor is there first, at its full rate.
        time.sleep(max(0.0, begun + _RAMP_SECONDS - time.monotonic()))
        with _flows(world, count, congestion, seconds) as flows:
            begin = time.monotonic() + _RAMP_SECONDS
            time.sleep(_RAMP_SECONDS)
            delays = requests_until(world, client, begin + seconds)
            time.sleep(max(0.0, begin + seconds - time.monotonic()))
            tor = mbit([download], begin, begin + seconds)[0]
            each = _rates(flows)
    finally:
        download.stop()
    return {
        "flows": count,
        "congestion": congestion,
        "tor_mbit": tor,
        "flows_mbit": each,
        "delays": asdict(delays),
        "machine": conduct.so_far(),
    }


@contextmanager
def _flows(world: World, count: int, congestion: str, seconds: float) -> Iterator[subprocess.Popen[bytes] | None]:
    """iperf3 from the far end to the near one, where a download's bytes come from and go to."""
    if count == 0:
        yield None
        return
    port = world.network.pick_port()
    with world.inside_near():
        server = Program("iperf3", ["iperf3", "-s", "-1", "-p", str(port)], world.samples / "iperf3.log")
    try:
        wait_until("iperf3 to listen", lambda: _listens(world, port), _PATIENCE_SECONDS, log=server.log)
        command = ["iperf3", "-c", world.link.near.address, "-p", str(port), "-C", congestion, "-P", str(count)]
        command += ["-O", str(_RAMP_SECONDS), "-t", f"{seconds:.0f}", "--json"]
        with world.inside_far():
            client = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        try:
            yield client
        finally:
            if client.poll() is None:
                client.kill()
            client.communicate()
    finally:
        server.stop()


def _listens(world: World, port: int) -> bool:
    listed = subprocess.run(world.link.near.command(["ss", "-H", "-n", "-l", "-t"]), capture_output=True, text=True, check=False)
    return f":{port} " in listed.stdout


def _rates(flows: subprocess.Popen[bytes] | None) -> list[float]:
    """Of each flow, in Mbit/s, as its receiver had it."""
    if flows is None:
        return []
    try:
        said, _ = flows.communicate(timeout=_PATIENCE_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise LabError("iperf3 does not come to an end") from error
    return parse_rates(said.decode(errors="replace"))


def parse_rates(text: str) -> list[float]:
    """From iperf3's JSON."""
    try:
        report = json.loads(text)
        if "error" in report:
            raise LabError(f"iperf3: {report['error']}")
        return [stream["receiver"]["bits_per_second"] / 1e6 for stream in report["end"]["streams"]]
    except (ValueError, KeyError, TypeError) as error:
        raise LabError(f"iperf3 said something else than its JSON: {error!r}") from error
