"""The arithmetic of the benchmarks and what they print."""

from __future__ import annotations

import unittest
import xml.etree.ElementTree as ElementTree

from lab.bars import Bar, svg
from lab.bench import Link, Result, Share, table
from lab.flows import received_by


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

    def test_table_has_a_line_for_each_result(self) -> None:
        result = Result("a link", "bbr", 46.5, 0.93, None, None, 1.25, 0.5, 4.5, 7, 3, 0)
        text = table([result, result])
        self.assertEqual(text.count("a link"), 1)
        self.assertEqual(text.count("bbr"), 2)
        self.assertIn("93%", text)
        self.assertNotIn("overloaded", text)

    def test_share_and_fairness(self) -> None:
        share = Share("a link", "cubic", "bbr", 30.0, 10.0, 1.0)
        self.assertAlmostEqual(share.second_share, 0.25)
        self.assertAlmostEqual(share.jain, 0.8)

    def test_bars_begin_at_zero_and_keep_their_proportions(self) -> None:
        bars = [Bar("g", "a", 10, "10"), Bar("g", "b", 20, "20"), Bar("h", "a", 0, "0 < 1")]
        root = ElementTree.fromstring(svg("title", "subtitle", "Mbit/s", bars))
        heights = [rect for rect in root.iter("{http://www.w3.org/2000/svg}rect") if rect.get("height") == "13"]
        widths = [float(rect.get("width", "nan")) for rect in heights]
        self.assertEqual(widths[2], 0)
        self.assertAlmostEqual(widths[1], 2 * widths[0], delta=0.2)


if __name__ == "__main__":
    unittest.main()
