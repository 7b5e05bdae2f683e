"""What bytes wait inside the proxies: the reckoning, and that it is little."""

from __future__ import annotations

import os
import unittest

from lab.bulk import Link
from lab.flows import link, parse_samples
from lab.held import Held, byte_delays, measure_held
from lab.link import EMULATOR

MOST_INSIDE_MS = 20.0


class HeldTest(unittest.TestCase):
    def test_a_byte_is_late_by_when_it_came_less_when_it_was_taken(self) -> None:
        taken = [(0.0, 0), (1.0, 1_000), (2.0, 3_000)]
        for delay, expected in zip(byte_delays(taken, [(1.5, 500), (2.0, 1_000), (2.0, 2_000)]), (1.0, 1.0, 0.5)):
            self.assertAlmostEqual(delay, expected)

    def test_what_was_not_seen_to_be_taken_tells_nothing(self) -> None:
        self.assertEqual(byte_delays([(0.0, 100), (1.0, 200)], [(1.0, 50), (3.0, 300)]), [])

    def test_a_line_that_is_half_written_is_left_out(self) -> None:
        self.assertEqual(parse_samples("1.5 10\n2.5 20\n3"), [(1.5, 10), (2.5, 20)])
        self.assertEqual(parse_samples(""), [])

    def test_what_the_link_does_is_not_the_proxies_doing(self) -> None:
        self.assertEqual(Held("a link", "link auto", 20, median_ms=80, p95_ms=90, link_ms=60).inside_ms, 20)


@unittest.skipUnless(os.geteuid() == 0 and EMULATOR.exists(), "needs root and what 'mvn package' makes")
class ProxiesTest(unittest.TestCase):
    def test_little_waits_in_the_proxies(self) -> None:
        held = measure_held(Link("20 Mbit/s, 50 ms", 20, 50, 250_000), link("auto"), 8, seed=1)
        self.assertLess(held.inside_ms, MOST_INSIDE_MS, held)
        self.assertGreater(held.mbit, 15, held)


if __name__ == "__main__":
    unittest.main()
