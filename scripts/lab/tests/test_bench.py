"""The arithmetic of the benchmarks and what they print."""

from __future__ import annotations

import contextlib
import io
import json
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from unittest import mock

from lab import bench, bulk, crowd, micro, share
from lab.bars import Bar, svg
from lab.bulk import Link, Result
from lab.crowd import Crowd
from lab.flows import received_by
from lab.loopback import Loopback
from lab.micro import Micro
from lab.share import Share

RESULT = Result("a link", "bbr", 46.5, 0.93, 4.5, 1.1, 1.25, 0.5, 4.5, 7, 3, 0)

CROWD = Crowd("a link", "up", 1000, 200_000, 0, 12.5, 20.0, 25.0, 60.0, 80.0, 100.0, 3.5, 0)
MICRO = Micro("engine.packet", "congestion bbr, loss 1", "packet, both ends", 900.0, 12.5, 36.0)

# As JMH writes it, cut to what is read.
JMH = [
    {
        "benchmark": "dev.tandem.utp.benchmark.SealingBenchmark.sealAndOpen",
        "params": {"bytes": "1400"},
        "primaryMetric": {"score": 2219.5, "scoreError": "NaN"},
        "secondaryMetrics": {"gc.alloc.rate.norm": {"score": 2344.1}},
    },
    {
        "benchmark": "dev.tandem.utp.benchmark.SessionBenchmark.batch",
        "primaryMetric": {"score": 772.5, "scoreError": 3.25},
        "secondaryMetrics": {"gc.alloc.rate.norm": {"score": 148.0}},
    },
]


class BenchTest(unittest.TestCase):
    def test_bytes_between_samples_lie_on_a_line(self) -> None:
        samples = [(10.0, 1000), (11.0, 3000), (13.0, 3000)]
        self.assertEqual([received_by(samples, t) for t in (10.0, 10.5, 11.0, 12.0, 20.0)], [1000, 2000, 3000, 3000, 3000])
        self.assertEqual(received_by([], 1.0), 0)

    def test_ideal_is_set_up_ramp_and_serialisation(self) -> None:
        # 100 ms, eight times ten packets fit the path: three doublings.
        link = Link("x", 112_000 * 8 / 0.1 / 1e6, 100, 1)
        self.assertAlmostEqual(link.ideal_seconds(1_120_000), 0.15 + 0.3 + 1.0)
        # A path that ten packets fill needs no ramp.
        self.assertAlmostEqual(Link("x", 1, 10, 1).ideal_seconds(125_000), 0.015 + 1.0)

    def test_lines_are_as_wide_as_their_header(self) -> None:
        self.assertIn("93%", bulk.line(RESULT))
        self.assertEqual(len(bulk.line(RESULT)), len(bulk.header()))
        self.assertNotIn("overloaded", bulk.line(RESULT))
        both = Share("a link", "TCP cubic", "bbr", 30.0, 10.0, 1.0)
        self.assertEqual(len(share.line(both)), len(share.header()))

    def test_reads_what_jmh_says(self) -> None:
        sealing, session = micro.parse(JMH)
        self.assertEqual(sealing, Micro("sealing.seal and open", "bytes 1400", "call", 2219.5, None, 2344.1))
        self.assertEqual(session, Micro("session.batch", "", "4 KiB, both ends", 772.5, 3.25, 148.0))
        self.assertEqual(len(micro.line(sealing)) - len("call"), len(micro.header()) - len("for each"))

    def test_crowd_says_what_is_missing_in_it(self) -> None:
        self.assertEqual(CROWD.p99_by_median, 2.0)
        self.assertEqual(len(crowd.line(CROWD)), len(crowd.header()))
        missing = Crowd(**{**vars(CROWD), "skipped": 7, "overload": 3})
        self.assertIn("7 cells not sent  emulator overloaded: 3", crowd.line(missing))

    def test_what_did_not_complete_is_said(self) -> None:
        result = Result(**{**vars(RESULT), "completion_seconds": None, "completion_by_ideal": None, "overload": 4})
        self.assertRegex(bulk.line(result), r"93%\s+-\s+-.*emulator overloaded: 4")

    def test_share_and_fairness(self) -> None:
        both = Share("a link", "cubic", "bbr", 30.0, 10.0, 1.0)
        self.assertAlmostEqual(both.second_share, 0.25)
        self.assertAlmostEqual(both.jain, 0.8)

    def test_bars_begin_at_zero_and_keep_their_proportions(self) -> None:
        bars = [Bar("g", "a", 10, "10"), Bar("g", "b", 20, "20"), Bar("h", "a", 0, "0 < 1")]
        root = ElementTree.fromstring(svg("title", "subtitle", "Mbit/s", bars))
        heights = [rect for rect in root.iter("{http://www.w3.org/2000/svg}rect") if rect.get("height") == "13"]
        widths = [float(rect.get("width", "nan")) for rect in heights]
        self.assertEqual(widths[2], 0)
        self.assertAlmostEqual(widths[1], 2 * widths[0], delta=0.2)


class CommandTest(unittest.TestCase):
    """The command with measurements that take no time."""

    def run_bench(self, *arguments: str) -> tuple[int, str, str, Path]:
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        folder = Path(temporary.name) / "made"
        out, err = io.StringIO(), io.StringIO()
        with (
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
            mock.patch.object(bench, "measure_bulk", self.bulk),
            mock.patch.object(bench, "measure_share", self.share),
            mock.patch.object(bench, "measure_crowd", self.crowd),
            mock.patch.object(bench, "measure_loopback", self.loopback),
            mock.patch.object(bench, "measure_micro", self.micro),
        ):
            status = bench.main([*arguments, "--output", str(folder)])
        return status, out.getvalue(), err.getvalue(), folder

    def setUp(self) -> None:
        self.bulk = mock.Mock(side_effect=lambda link, each, *_: Result(**{**vars(RESULT), "link": link.name, "transport": each.name}))
        self.share = mock.Mock(side_effect=lambda link, one, two, *_: Share(link.name, one.name, two.name, 30.0, 10.0, 1.0))
        self.crowd = mock.Mock(side_effect=lambda way, *_: Crowd(**{**vars(CROWD), "direction": way}))
        self.micro = mock.Mock(return_value=[MICRO])
        self.loopback = mock.Mock(side_effect=lambda each, **_: Loopback(each.name, 5.0, 0.5, 0.75))

    def test_writes_text_json_and_figures(self) -> None:
        status, out, _, folder = self.run_bench("--quick")
        self.assertEqual(status, 0)
        self.assertIn((folder / "bench.txt").read_text().strip(), out)
        data = json.loads((folder / "bench.json").read_text())
        self.assertEqual(len(data["links"]), len(bench.QUICK.links) * len(bench.QUICK.transports))
        self.assertAlmostEqual(data["share"][0]["second_share"], 0.25)
        self.assertEqual(data["loopback"][0]["receiver_ns_per_byte"], 0.75)
        for name in ("links-rate", "links-queue", "links-completion", "share", "loopback"):
            ElementTree.parse(folder / f"{name}.svg")

    def test_measures_crowd_and_pieces_in_the_long_form(self) -> None:
        status, out, _, folder = self.run_bench("crowd", "micro")
        self.assertEqual(status, 0)
        self.assertIn("engine.packet", out)
        data = json.loads((folder / "bench.json").read_text())
        self.assertEqual([(row["direction"], row["p99_by_median"]) for row in data["crowd"]], [("up", 2.0), ("down", 2.0)])
        self.assertEqual(data["micro"][0]["allocated_bytes"], 36.0)
        for name in ("crowd", "micro"):
            ElementTree.parse(folder / f"{name}.svg")

    def test_measures_only_what_is_asked_for(self) -> None:
        _, _, _, folder = self.run_bench("links", "--links", "10 ms", "--transports", "bbr,cubic", "--seconds", "3")
        self.assertEqual([call.args[1].name for call in self.bulk.call_args_list], ["bbr", "cubic"])
        self.assertEqual(self.bulk.call_args.args[2], 3)
        self.share.assert_not_called()
        self.loopback.assert_not_called()
        self.assertFalse((folder / "share.svg").exists())

    def test_names_what_it_does_not_know(self) -> None:
        for arguments, message in (
            (["lniks"], "bench: no table 'lniks'; there are links, share, held, faults, crowd, loopback, micro"),
            (["--transports", "bbr,reno"], "bench: --transports: no 'reno'; there are bbr, "),
            (["--links", "1 Gbit/s"], "bench: --links: none has '1 Gbit/s' in its name"),
        ):
            status, _, err, _ = self.run_bench(*arguments)
            self.assertEqual(status, 1)
            self.assertEqual(err.count("\n"), 1)
            self.assertIn(message, err)


if __name__ == "__main__":
    unittest.main()
