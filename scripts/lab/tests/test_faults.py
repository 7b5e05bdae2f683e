"""What faults cost a flow: the reckoning, and that a reset of TCP strikes, and is survived."""

from __future__ import annotations

import os
import unittest

from lab.faults import SCENARIOS, Scenario, judge, longest_gap, measure_fault
from lab.link import EMULATOR

LOST = Scenario("both lost", ("udp block",), ("udp pass",), 5, longest_gap=6, resumed=2, back_on_utp=3)
SAMPLES = [(1.0, 10), (2.0, 20), (7.5, 30), (8.0, 40)]


class FaultsTest(unittest.TestCase):
    def test_a_gap_counts_as_far_as_it_lies_between_the_moments(self) -> None:
        self.assertEqual(5.5, longest_gap(SAMPLES, 1.5, 8.5))
        self.assertEqual(3.0, longest_gap(SAMPLES, 3.0, 6.0))

    def test_limits_are_held_or_missed(self) -> None:
        survived = judge(LOST, "up", 40, SAMPLES, 2.0, 7.0, 8.5, 1.0, True)
        self.assertEqual((5.5, 0.5, True), (survived.longest_gap, survived.resumed, survived.met))
        self.assertFalse(judge(LOST, "up", 40, SAMPLES, 2.0, 7.0, 8.5, None, True).met)
        self.assertFalse(judge(LOST, "up", 40, SAMPLES[:2], 2.0, 7.0, 8.5, 1.0, True).met)


@unittest.skipUnless(os.geteuid() == 0 and EMULATOR.exists(), "needs root and what 'mvn package' makes")
class ResetTest(unittest.TestCase):
    def test_a_reset_of_tcp_is_survived(self) -> None:
        reset = next(each for each in SCENARIOS if each.name == "TCP reset")
        survived = measure_fault(reset, "down", seed=1)
        self.assertTrue(survived.tls_replaced, survived)
        self.assertIsNotNone(survived.back_on_utp, survived)
        # How long the gap is on a quiet machine, the bench tells.
        self.assertLess(survived.longest_gap, 3, survived)


if __name__ == "__main__":
    unittest.main()
