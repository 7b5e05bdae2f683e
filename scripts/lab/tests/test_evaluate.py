"""The evaluation's plan, cache, statistics, claims and page; what it measures is shown by running it."""

from __future__ import annotations

import contextlib
import io
import json
import os
import socket
import tempfile
import threading
import unittest
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

from lab import bars, lines, namespace
from lab.bars import Bar
from lab.evaluate import __main__ as command
from lab.evaluate import claims, competing, comparison, grid, runner, source
from lab.evaluate.cache import Cache, Measured, key
from lab.evaluate.faults import curve
from lab.evaluate.figures import COLOURS
from lab.evaluate.grid import (
    ADSL, BRIDGE, BUFFERBLOAT, EXPERIMENTS, FAST, FULL, LINKS, LOSSY, MIDDLE, OBFS4, OURS, PLAIN, PLAIN_BBR, QUICK, STANDARD, TRANSPORTS, Cell,
)  # fmt: skip
from lab.evaluate.report import Report, html, markdown, write_markdown
from lab.evaluate.results import COMPARED, Results, Spread, Value, median_delay_ms
from lab.evaluate.runner import Estimate, Failure, Runner
from lab.flows import parse_samples
from lab.lines import Line
from lab.proc import LabError, run
from lab.timeline import Step

VERSIONS = {"tor": "0.4.9", "client-pt.jar": "abc"}
CONDUCT = {"busy": 0.5, "late_ms": 0.5, "refused": 0, "lost": 1, "dropped": 2, "sent": 3}


def delays(*seconds: float, given_up: int = 0) -> dict[str, Any]:
    return {"seconds": list(seconds), "given_up": given_up}


def part(mbit: float, delay: float, *, client: float = 1.0, server: float = 0.5, proxies: bool = True) -> dict[str, Any]:
    return {
        "mbit": mbit, "each_mbit": [mbit], "seconds": 4.0, "bytes": int(mbit * 1e6 / 8 * 5), "errors": [], "machine": CONDUCT,
        "delays": delays(delay, delay * 1.1, delay * 0.9), "cpu_seconds": {"client": client, "server": server} if proxies else {},
    }  # fmt: skip


def compared(link: str, transport: str, run: int, down: float, *, delay: float = 0.2, to_5m: float | None = 3.0, four: float = 2.0, network: float = 1.0) -> Measured:
    proxies = TRANSPORTS[transport].kind != "plain"
    figures: dict[str, Any] = {
        "bootstrap": {"seconds": 4.0, "network_seconds": network, "steps": [[0.5, 10, "conn_done"], [4.0, 100, "done"]]},
        "idle": delays(0.11, 0.12, 0.13),
        "down": part(down, delay, proxies=proxies)
        | {"first_byte": 0.15, "to": {"50 KiB": 0.4, "1 MiB": 1.2, "5 MiB": to_5m}, "watched": 6.5},
        "down4": part(four * down, delay, proxies=proxies),
        "up": part(down, delay, proxies=proxies),
        "up4": part(four * down, delay, proxies=proxies),
        "memory_mib": {"client": 60.0, "server": 70.0} if proxies else {},
        "machine": CONDUCT,
    }
    return Measured(Cell("comparison", link, transport, run), figures, 30.0, "2026-01-01T00:00:00+00:00")


def everything() -> list[Measured]:
    """Some of each experiment."""
    when = "2026-01-01T00:00:00+00:00"
    found = [
        compared(link, name, run, down * (1 + run / 100), delay=delay, to_5m=to_5m)
        for run in (1, 2, 3)
        for link, name, down, delay, to_5m in (
            (LOSSY.name, PLAIN, 1.0, 0.6, None),
            (LOSSY.name, PLAIN_BBR, 10.0, 0.3, 4.0),
            (LOSSY.name, OBFS4, 0.9, 4.0, None),
            (LOSSY.name, OURS, 12.0, 0.2, 3.0),
            (BUFFERBLOAT.name, PLAIN, 9.0, 1.2, 5.0),
            (BUFFERBLOAT.name, OURS, 8.9, 0.2, 5.0),
        )
    ]
    steps = [[0.5, 10, "conn_done"], [2.0, 50, "loading_descriptors"], [3.0, 100, "done"]]
    figures: dict[str, Any] = {"seconds": 3.0, "network_seconds": 1.5, "steps": steps}
    found += [Measured(Cell("bootstraps", MIDDLE.name, OURS, run), {"bootstrap": figures, "machine": CONDUCT}, 5.0, when) for run in (1, 2)]
    clients = [{"name": f"client{i}", "started": 1.0, "seconds": 20.0 + i, "steps": steps} for i in (1, 2)]
    together = {"consensus": 11.0, "clients": clients, "carriers": {"tls": 10, "utp": 90}}
    found.append(Measured(Cell("together", "", BRIDGE, 1, {}), together, 30.0, when))
    for name in (PLAIN, OURS):
        beside = [
            {"flows": count, "congestion": congestion, "tor_mbit": 20.0, "flows_mbit": [10.0] * count, "delays": delays(0.2), "machine": CONDUCT}
            for count, congestion in ((0, ""), (1, "cubic"), (4, "bbr"))
        ]
        found.append(Measured(Cell("competing", MIDDLE.name, name, 1, {}), {"idle": delays(0.1), "beside": beside}, 30.0, when))
        fault = {
            "completed": name == OURS, "seconds": 9.0, "error": "" if name == OURS else "the stream ended", "received": 5, "gap": 0.3, "gap_before": 0.01,
            "resumed": 0.2, "new_stream": 1.0, "patience": 30.0, "silent": 0.0, "curve": [[0.0, 0.0], [1.0, 5.0], [9.0, 30.0]], "struck": 1.0, "machine": CONDUCT,
        }  # fmt: skip
        found.append(Measured(Cell("faults", MIDDLE.name, name, 1, {"fault": "TCP reset"}), fault, 30.0, when))
    for name, warm in ((OBFS4, 40.0), (OURS, 20.0)):
        parts = {
            which: {"bytes": 1e8, "seconds": 9.0, "cpu_seconds": {"client": seconds / 20, "server": seconds / 20}}
            for which, seconds in (("cold", 50.0), ("warm", warm))
        }
        figures = {**parts, "memory_mib": {"client": 60, "server": 70}, "machine": CONDUCT}
        found.append(Measured(Cell("processor", FAST.name, name, 1, {"megabytes": 100}), figures, 30.0, when))
    return found


def quantiles(median: float | None, p95: float | None) -> dict[str, Any]:
    return {"samples": 5, "median": median, "p95": p95, "p99": p95, "max": p95}


def simulated() -> Measured:
    """As utp/benchmark's program writes it, cut to what is read."""
    bridge = [
        {
            "sessions": sessions, "bridgeMbit": sessions * rate, "transport": transport, "goodputMbit": sessions * rate * 0.8,
            "bulk": {"fairness": fairness}, "interactive": {"requests": 9, "answered": 8, "firstByteMs": quantiles(150.0, 400.0)},
            "bottleneck": {"queueMs": quantiles(5.0, 20.0)},
        }
        for sessions, rate in ((1000, 0.1), (1000, 2.0), (10000, 0.1))
        for transport, fairness in (("utp-bbr", 0.9), ("tls", None))
    ]  # fmt: skip
    circuits = [
        {
            "bulk": 1 if interactive else 8, "interactive": interactive, "connections": connections, "rival": rival, "congestion": "bbr",
            "goodputMbit": 15.0, "rivalMbit": 5.0 * rival, "share": 0.75 if rival else 1.0,
            "cellMs": quantiles(60.0 if connections == "each" else 90.0, 200.0) if interactive else quantiles(None, None),
        }
        for interactive in (4, 0)
        for rival in (False, True)
        for connections in ("one", "each")
    ]  # fmt: skip
    return Measured(Cell("simulation", "", "", 1, {"size": "quick"}), {"bridge": bridge, "circuits": circuits}, 5.0, "now")


def report(measured: list[Measured]) -> Report:
    results = Results(measured)
    failures = [Failure(Cell("faults", MIDDLE.name, PLAIN, 1, {"fault": "TCP reset"}), "it <failed>")]
    return Report(QUICK, {"tor": "0.4.9"}, results, claims.judge(results), failures, [], 1, "2026-01-01 12:00")


class GridTest(unittest.TestCase):
    def test_sizes_fit_their_time(self) -> None:
        def total(size: grid.Size) -> float:
            return sum(cell.seconds for cell in grid.cells(size, tuple(EXPERIMENTS)))

        self.assertLess(total(QUICK), 9.5 * 60)
        self.assertLess(total(STANDARD), 88 * 60)
        self.assertEqual((8, 5, 3), (len(STANDARD.links), len(STANDARD.transports), STANDARD.runs))
        # Five round trips, five losses, three rates, and the three others.
        self.assertEqual((78, 8, 5), (len(FULL.links), len(FULL.transports), FULL.runs))

    def test_transports_take_turns_and_begin_with_another_each_run(self) -> None:
        cells = [cell for cell in grid.cells(STANDARD, ["comparison"]) if cell.link == LOSSY.name]
        orders = [[cell.transport for cell in cells if cell.run == run] for run in (1, 2, 3)]
        self.assertEqual(orders[0], list(STANDARD.transports))
        self.assertEqual(orders[1], [*STANDARD.transports[1:], STANDARD.transports[0]])
        self.assertEqual([cell.run for cell in cells], sorted(cell.run for cell in cells))

    def test_every_cell_has_its_own_title_and_key(self) -> None:
        for size in (QUICK, STANDARD, FULL):
            cells = list(grid.cells(size, tuple(EXPERIMENTS)))
            self.assertEqual(len(cells), len({cell.title() for cell in cells}))
            self.assertEqual(len(cells), len({key(cell, VERSIONS) for cell in cells}))

    def test_links_have_a_round_trip_of_buffer_unless_they_say(self) -> None:
        self.assertEqual(MIDDLE.down().queue, 312_500)
        self.assertEqual(BUFFERBLOAT.up().queue, 1_250_000)
        self.assertEqual((ADSL.down().rate, ADSL.up().rate, ADSL.up().queue), (16, 1, 64_000))
        self.assertEqual((LOSSY.down().loss, LOSSY.up().loss, LOSSY.down().delay), (0.01, 0.01, 25))
        self.assertIn("1000 ms of buffer", BUFFERBLOAT.words())

    def test_only_what_has_udp_meets_its_loss(self) -> None:
        hit = [cell.transport for cell in grid.cells(FULL, ["faults"]) if cell.parameters["fault"] == "UDP blocked"]
        self.assertEqual({OURS}, set(hit))

    def test_transports_with_other_arguments_have_other_bridges(self) -> None:
        self.assertEqual(TRANSPORTS[PLAIN].bridge, TRANSPORTS[PLAIN_BBR].bridge)
        self.assertEqual(4, len({each.bridge for each in TRANSPORTS.values() if each.kind == "utp"}))


class CacheTest(unittest.TestCase):
    CELL = Cell("comparison", LOSSY.name, OURS, 1, {"down": 6.0})

    def test_key_is_of_what_was_measured_and_with_what(self) -> None:
        same = key(self.CELL, VERSIONS)
        self.assertEqual(same, key(replace(self.CELL, seconds=99), VERSIONS))
        for other in (
            key(replace(self.CELL, run=2), VERSIONS),
            key(replace(self.CELL, transport=PLAIN), VERSIONS),
            key(replace(self.CELL, link=MIDDLE.name), VERSIONS),
            key(replace(self.CELL, parameters={"down": 7.0}), VERSIONS),
            key(self.CELL, {**VERSIONS, "client-pt.jar": "abd"}),
        ):
            self.assertNotEqual(same, other)

    def test_key_changes_with_the_link_behind_a_name(self) -> None:
        before = key(self.CELL, VERSIONS)
        with mock.patch.dict(LINKS, {LOSSY.name: replace(LOSSY, queue=1)}):
            self.assertNotEqual(before, key(self.CELL, VERSIONS))

    def test_only_the_simulation_depends_on_its_program(self) -> None:
        with_jar = {**VERSIONS, "benchmark.jar": "def", "java": "17"}
        other_jar = {**with_jar, "benchmark.jar": "ghi"}
        simulation = Cell("simulation", "", "", 1)
        self.assertEqual(key(self.CELL, with_jar), key(self.CELL, other_jar))
        self.assertNotEqual(key(simulation, with_jar), key(simulation, other_jar))
        self.assertEqual(key(simulation, with_jar), key(simulation, {**with_jar, "tor": "0.5"}))

    def test_finds_what_it_kept_and_nothing_half_written(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            cache = Cache(Path(name) / "cells", VERSIONS)
            self.assertIsNone(cache.find(self.CELL))
            cache.keep(Measured(self.CELL, {"down": {"mbit": 1.5}}, 12.3, "now"))
            found = cache.find(self.CELL)
            assert found is not None
            self.assertEqual((found.figures["down"]["mbit"], found.taken_seconds), (1.5, 12.3))
            file = next((Path(name) / "cells").iterdir())
            self.assertIn("utp-bbr-run1", file.name)
            file.write_text(file.read_text()[:-20])
            self.assertIsNone(cache.find(self.CELL))


class RunnerTest(unittest.TestCase):
    def run_cells(self, measure: Any, folder: str, cells: list[Cell]) -> tuple[runner.Outcome, list[str]]:
        said: list[str] = []
        with mock.patch.dict(runner.ALONE, {"together": measure}):
            outcome = Runner(Cache(Path(folder), VERSIONS), 1, said.append, lambda measured: "figures").run(cells)
        return outcome, said

    def test_goes_on_after_a_failure_and_measures_nothing_twice(self) -> None:
        cells = [Cell("together", "", name, 1) for name in ("a", "b", "c")]
        asked: list[str] = []

        def measure(folder: Path, cell: Cell) -> dict[str, Any]:
            asked.append(cell.transport)
            if cell.transport == "b" and asked.count("b") == 1:
                raise LabError("no luck")
            return {"consensus": 1}

        with tempfile.TemporaryDirectory() as name:
            outcome, said = self.run_cells(measure, name, cells)
            self.assertEqual([each.cell.transport for each in outcome.measured], ["a", "c"])
            self.assertEqual([failure.reason for failure in outcome.failures], ["no luck"])
            self.assertTrue(any("[2/3]" in line and "FAILED" in line for line in said), said)
            outcome, said = self.run_cells(measure, name, cells)
            self.assertEqual((asked, len(outcome.measured), outcome.failures), (["a", "b", "c", "b"], 3, []))
            self.assertIn("2 of them known", said[0])

    def test_time_left_follows_what_cells_take(self) -> None:
        cells = [Cell("comparison", LOSSY.name, PLAIN, run, {}, 30) for run in range(1, 101)]
        estimate = Estimate(cells)
        self.assertEqual(estimate.left(), 3000)
        for cell in cells[:50]:
            estimate.took(cell, 60)
        self.assertGreater(estimate.left(), 2500)
        self.assertLess(estimate.left(), 3000)


class StatisticsTest(unittest.TestCase):
    def test_median_and_spread(self) -> None:
        spread = Spread.of([Value(3), Value(1), Value(10)])
        assert spread is not None
        self.assertEqual((spread.median, spread.low, spread.high, spread.runs, spread.is_bound), (3, 1, 10, 3, False))
        self.assertIsNone(Spread.of([]))

    def test_a_median_behind_a_bound_is_one(self) -> None:
        one = Spread.of([Value(1), Value(2), Value(6, bound=True)])
        two = Spread.of([Value(1), Value(6, bound=True), Value(6, bound=True)])
        assert one is not None and two is not None
        self.assertEqual((one.is_bound, two.is_bound), (False, True))

    def test_delays_that_were_given_up_bound_the_median(self) -> None:
        known = median_delay_ms(delays(0.1, 0.2, 12.0, given_up=1))
        unknown = median_delay_ms(delays(0.1, 12.0, 12.0, given_up=2))
        assert known is not None and unknown is not None
        self.assertEqual((known.number, known.bound), (200, False))
        self.assertTrue(unknown.bound)
        self.assertIsNone(median_delay_ms(delays()))

    def test_what_had_not_come_is_a_bound(self) -> None:
        results = Results(everything())
        slow = results.compared("to_5m", LOSSY.name, PLAIN)
        assert slow is not None
        self.assertEqual((slow.median, slow.is_bound), (6.5, True))
        self.assertIsNone(results.compared("cpu", LOSSY.name, PLAIN))

    def test_network_time_leaves_out_what_tor_begins(self) -> None:
        steps = [Step(1.0, 1, "conn_pt", ""), Step(1.2, 10, "conn_done", ""), Step(2.0, 50, "requesting_descriptors", ""), Step(2.3, 100, "done", "")]
        self.assertAlmostEqual(comparison.network_seconds(steps), 0.2 + 0.3)

    def test_a_pause_is_a_level_line(self) -> None:
        points = curve([(10.5, 1_000_000), (12.5, 2_000_000)], 10.0, 10.6, 12.6)
        self.assertIn([2.49, 1.0], points)

    def test_reads_what_iperf3_says(self) -> None:
        said = {"end": {"streams": [{"receiver": {"bits_per_second": 5e6}}, {"receiver": {"bits_per_second": 7e6}}]}}
        self.assertEqual(competing.parse_rates(json.dumps(said)), [5, 7])
        with self.assertRaisesRegex(LabError, "no route"):
            competing.parse_rates(json.dumps({"error": "no route"}))
        with self.assertRaises(LabError):
            competing.parse_rates("what?")


class ClaimsTest(unittest.TestCase):
    def verdicts(self, measured: list[Measured]) -> list[str]:
        return [claim.verdict for claim in claims.judge(Results(measured))]

    def test_nothing_measured_breaks_nothing(self) -> None:
        judged = claims.judge(Results([]))
        self.assertEqual({claim.verdict for claim in judged}, {"not measured"})
        self.assertEqual(claims.status(judged), 0)

    def test_holds_by_medians(self) -> None:
        judged = claims.judge(Results(everything()))
        self.assertEqual(
            [claim.verdict for claim in judged],
            ["held", "held", "held", "held", "held", "not measured", "not measured", "held"],
        )
        self.assertIn("12.0 times", judged[0].found)
        self.assertEqual(claims.status(judged), 0)

    def test_each_can_fail(self) -> None:
        def with_ours(link: str, **changed: Any) -> list[Measured]:
            plain = [compared(link, name, 1, 10.0, delay=0.3) for name in (PLAIN, PLAIN_BBR)]
            return [*plain, compared(link, OURS, 1, **{"down": 10.0, "delay": 0.3, **changed})]

        cases: list[tuple[int, list[Measured]]] = [
            (0, with_ours(LOSSY.name, down=59.0)),
            (1, with_ours(LOSSY.name, down=59.0)),
            (2, with_ours(LOSSY.name, down=9.9)),
            (3, with_ours(BUFFERBLOAT.name, delay=0.11)),
            (4, with_ours(LOSSY.name, delay=0.31)),
            (5, with_ours(MIDDLE.name, down=9.6)),
            (6, with_ours(MIDDLE.name, network=1.2)),
            (7, [replace(each, figures={**each.figures, "warm": each.figures["cold"]}) for each in everything() if each.cell.experiment == "processor"]),
        ]
        for index, measured in cases:
            with self.subTest(index):
                judged = claims.judge(Results(measured))
                expected = "held" if index == 7 else "not held"
                self.assertEqual(judged[index].verdict, expected, judged[index])
                self.assertEqual(claims.status(judged), 0 if index == 7 else 1)

    def test_slower_processors_break_the_last_one(self) -> None:
        cells = [each for each in everything() if each.cell.experiment == "processor"]
        swapped = [replace(each, cell=replace(each.cell, transport=OURS if each.cell.transport == OBFS4 else OBFS4)) for each in cells]
        self.assertEqual(self.verdicts(swapped)[7], "not held")

    def test_a_buffer_as_usual_and_no_loss_are_meant_by_no_loss(self) -> None:
        measured = [compared(BUFFERBLOAT.name, name, 1, down) for name, down in ((PLAIN, 10.0), (OURS, 5.0))]
        self.assertEqual(self.verdicts(measured)[5], "not measured")


class PageTest(unittest.TestCase):
    def test_every_figure_is_a_picture_with_a_sentence(self) -> None:
        made = report([*everything(), simulated()])
        sections = dict(made.figures())
        self.assertLessEqual({"simulation", "bootstraps", "together", "comparison", "competing", "faults", "processor"}, set(sections))
        names = [figure.name for found in sections.values() for figure in found]
        self.assertEqual(len(names), len(set(names)))
        for found in sections.values():
            for figure in found:
                ElementTree.fromstring(figure.svg)
                self.assertRegex(figure.sentence, r"\d.*\.$")
                self.assertEqual(1, len({len(row) for row in figure.table} or {0}), figure.table)

    def test_of_two_bounds_nothing_follows(self) -> None:
        both = [compared(LOSSY.name, name, 1, 1.0, to_5m=None) for name in (PLAIN, OURS)]
        one = [compared(BUFFERBLOAT.name, name, 1, 1.0, to_5m=to_5m) for name, to_5m in ((PLAIN, None), (OURS, 3.25))]
        found = next(figure for figure in dict(report([*both, *one]).figures())["comparison"] if figure.name == "to_5m")
        self.assertEqual(
            found.sentence,
            "5 MiB: over µTP the time is at most 0.50 times (10 Mbit/s, 40 ms, 1 s of buffer: 3.25 and > 6.50 s) that of plain tor with CUBIC.",
        )

    def test_tells_the_simulators_estimate(self) -> None:
        made = report([simulated()])
        names = [figure.name for figure in dict(made.figures())["simulation"]]
        self.assertEqual(names, ["sessions-goodput", "sessions-fairness", "sessions-delay", "circuits-delay", "circuits-goodput"])
        page = html(made)
        self.assertIn("60 ms in the median and 200 at the 95th percentile, instead of 90 and 200", page)
        self.assertIn("With 10,000 sessions and a line that is the bottleneck, cells fill 80 % over µTP bbr, 80 % over TLS alone of it.", page)
        self.assertIn("was not simulated", html(report([])))

    def test_page_needs_nothing_else_and_tells_what_failed(self) -> None:
        page = html(report(everything()))
        for word in ("<script", 'src="', "http://", "https://"):
            self.assertNotIn(word, page.replace("http://www.w3.org/2000/svg", ""))
        self.assertIn("it &lt;failed&gt;", page)
        self.assertIn("&gt; 6.5", page)
        self.assertIn("head-of-line blocking", page)

    def test_page_without_figures_says_so(self) -> None:
        page = html(report([]))
        self.assertIn("not measured", page)
        self.assertNotIn("<figure", page)

    def test_a_slow_machine_is_told(self) -> None:
        measured = everything()
        measured[0] = replace(measured[0], figures={**measured[0].figures, "machine": {**CONDUCT, "late_ms": 9.5}})
        notes = Results(measured).machine_notes()
        self.assertEqual(len(notes), 1)
        self.assertIn("late", notes[0])

    def test_data_beside_the_page(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            report(everything()).write(folder)
            data = json.loads((folder / "results.json").read_text())
            self.assertEqual(len(data["claims"]), 8)
            rows = (folder / "results.csv").read_text().splitlines()
            self.assertEqual({row.count('"') % 2 for row in rows}, {0})
            self.assertTrue(any(row.startswith("comparison,") and ",one download," in row for row in rows))
            write_markdown(report(everything()), folder / "RESULTS.md")
            text = (folder / "RESULTS.md").read_text()
            for picture in (folder / "results").iterdir():
                self.assertIn(f"(results/{picture.name})", text)
            self.assertIn("| **held** |", markdown(report(everything()), "results")[0])


class SourceTest(unittest.TestCase):
    """What streams through tor end at, without tor."""

    def serve(self, folder: Path) -> socket.socket:
        near, far = socket.socketpair()
        self.addCleanup(near.close)
        near.settimeout(10)
        threading.Thread(target=source._serve, args=(far, folder), daemon=True).start()
        return near

    def test_sends_as_much_as_is_asked_for(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            near = self.serve(Path(name))
            near.sendall(b"GET 300000\n")
            received = 0
            while block := near.recv(1 << 16):
                received += len(block)
            self.assertEqual(received, 300_000)

    def test_counts_what_comes(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            near = self.serve(Path(name))
            near.sendall(b"PUT put1\n" + bytes(70_000))
            near.shutdown(socket.SHUT_WR)
            self.assertEqual(near.recv(1), b"")
            self.assertEqual(parse_samples((Path(name) / "put1").read_text())[-1][1], 70_000)

    def test_closes_on_anything_else(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            for line in (b"PUT ../put\n", b"GET much\n", b"x" * source._LONGEST_LINE):
                near = self.serve(Path(name))
                near.sendall(line)
                self.assertEqual(near.recv(1), b"")
            self.assertEqual(list(Path(name).iterdir()), [])


@unittest.skipUnless(os.geteuid() == 0, "needs root")
class NamespaceTest(unittest.TestCase):
    def test_a_thread_is_there_for_a_while_and_its_sockets_stay(self) -> None:
        name = f"tandemtest{os.getpid() % 100_000}"
        run(["ip", "netns", "add", name])
        self.addCleanup(run, ["ip", "netns", "del", name])
        home = os.readlink("/proc/thread-self/ns/net")
        with namespace.inside(name), socket.socket() as there:
            self.assertNotEqual(os.readlink("/proc/thread-self/ns/net"), home)
            # Its loopback device is down: nothing is reached, our own listeners neither.
            with self.assertRaises(OSError):
                there.connect(("127.0.0.1", 9))
        self.assertEqual(os.readlink("/proc/thread-self/ns/net"), home)
        with self.assertRaises(OSError):
            with namespace.inside("no-such-namespace"):
                pass


class ChartTest(unittest.TestCase):
    def test_whiskers_where_runs_differ(self) -> None:
        same, other = Bar("g", "a", 2, "2", 2, 2), Bar("g", "b", 2, "2", 1, 8)
        self.assertNotIn('class="whisker"', bars.svg("t", "s", "u", [same]))
        picture = bars.svg("t", "s", "u", [same, other])
        self.assertEqual(picture.count('class="whisker"'), 1)
        # The axis has room for the whisker.
        self.assertIn(">8</text>", picture)

    def test_a_transport_keeps_its_colour_and_place(self) -> None:
        drawn = [Bar("g", name, 1, "1") for name in (OURS, PLAIN)]
        picture = bars.svg("t", "s", "u", drawn, COLOURS)
        legend = [picture.index(f">{name}</text>") for name in (PLAIN, OURS)]
        self.assertEqual(legend, sorted(legend))
        self.assertIn(COLOURS[OURS], bars.svg("t", "s", "u", drawn[:1], COLOURS))

    def test_steps_and_slopes(self) -> None:
        points = [(0.0, 0.0), (1.0, 50.0), (2.0, 100.0)]
        for stepped in (False, True):
            picture = lines.svg("t", "s", "x", "y", [Line("a", points, stepped=stepped)])
            path = next(each for each in ElementTree.fromstring(picture).iter() if each.get("class") == "curve")
            self.assertEqual("H" in path.get("d", ""), stepped)


class CommandTest(unittest.TestCase):
    def test_wrong_command_lines(self) -> None:
        for arguments in (["--only", "nothing"], ["--quick", "--full"], ["what"]):
            with self.assertRaises(SystemExit) as ended, contextlib.redirect_stderr(io.StringIO()):
                command.main(arguments)
            self.assertEqual(ended.exception.code, 2)

    def test_plan_says_what_would_be_measured(self) -> None:
        out = io.StringIO()
        with contextlib.redirect_stdout(out), mock.patch.object(command, "raise_on_signals"):
            self.assertEqual(command.main(["--plan", "--quick", "--only", "comparison", "--links", "buffer"]), 0)
        self.assertEqual(len(out.getvalue().splitlines()), len(QUICK.transports) + 1)

    def test_metrics_have_names_of_their_own(self) -> None:
        names = [metric.name for metric in COMPARED.values()]
        self.assertEqual(len(names), len(set(names)))


if __name__ == "__main__":
    unittest.main()
