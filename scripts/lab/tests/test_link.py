"""What the link's client makes of the emulator's counters; that a link works is shown by measuring over one."""

from __future__ import annotations

import argparse
import os
import unittest
from unittest import mock

from lab.link import Conditions, Counts, EmulatedLink, add_path_arguments, path_from
from lab.proc import LabError


def counters(sent: int, delays: dict[str, int], total_nanos: int) -> dict[str, object]:
    return {
        "sent": sent,
        "lost": 2,
        "droppedByQueue": 3,
        "deliveredBytes": 1000 * sent,
        "refused": 0,
        "queued": sum(delays.values()),
        "queueingNanos": total_nanos,
        "queueingMillis": delays,
        "latenessMillis": {"0": sent},
    }


class LinkTest(unittest.TestCase):
    def test_path_is_written_as_the_emulator_reads_it(self) -> None:
        path = Conditions(rate=2.5, delay=25, queue=312_000, loss=0.01, burst=10, jitter=2)
        self.assertEqual(path.spec(), "delay=25ms,rate=2.5M,queue=312000,loss=0.01,burst=10,jitter=2ms")
        self.assertEqual(Conditions().spec(), "delay=0ms")

    def test_counts_what_happened_between_two_moments(self) -> None:
        before = counters(10, {"0": 8, "5": 2}, 10_000_000)
        after = counters(110, {"0": 8, "5": 22, "20": 80}, 1_710_000_000)
        counts = Counts.between(before, after)
        self.assertEqual((counts.sent, counts.lost, counts.delivered_bytes), (100, 0, 100_000))
        self.assertAlmostEqual(counts.mean_queue_ms, 17.0)
        self.assertEqual((counts.median_queue_ms, counts.p95_queue_ms), (20.5, 20.5))

    def test_nothing_sent_is_no_queue(self) -> None:
        same = counters(10, {"0": 10}, 10)
        self.assertEqual(Counts.between(same, same).mean_queue_ms, 0)

    def test_buffer_is_one_round_trip_unless_said_otherwise(self) -> None:
        parser = argparse.ArgumentParser()
        add_path_arguments(parser)
        path = path_from(parser.parse_args(["--rate", "20", "--rtt", "100", "--loss", "2"]))
        self.assertEqual(path, Conditions(rate=20, delay=50, queue=250_000, loss=0.02))

    def test_needs_root(self) -> None:
        with mock.patch.object(os, "geteuid", return_value=1000):
            with self.assertRaisesRegex(LabError, "needs root"), EmulatedLink(Conditions()):
                self.fail("made a link")


if __name__ == "__main__":
    unittest.main()
