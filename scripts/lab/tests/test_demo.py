import contextlib
import io
import unittest
from dataclasses import replace
from unittest import mock

from lab import bootstrap, demo
from lab.carriers import Carrier, Counters
from lab.demo import MEGABYTE
from lab.proc import LabError


def received(tls: float, utp: float) -> Counters:
    return Counters(tls=Carrier(0, int(tls * MEGABYTE)), utp=Carrier(0, int(utp * MEGABYTE)))


def options(*arguments: str) -> demo.Options:
    return demo.parse_options(list(arguments))


class VerdictTest(unittest.TestCase):
    def test_utp_must_have_most(self) -> None:
        self.assertIn("95.0 %", demo.verdict(options(), received(1.3, 24.7)))
        self.assertIn("aimed at", demo.verdict(options(), received(10, 16)))
        with self.assertRaisesRegex(LabError, "only 40.0 %"):
            demo.verdict(options(), received(15.6, 10.4))

    def test_bytes_that_nobody_counted_are_an_error(self) -> None:
        with self.assertRaisesRegex(LabError, "another way"):
            demo.verdict(options(), received(0, 23))

    def test_tls_must_have_all_where_utp_cannot_be(self) -> None:
        for arguments in (("--carrier", "tls"), ("--block-udp", "start")):
            self.assertIn("100.0 %", demo.verdict(options(*arguments), received(26, 0)))
            with self.subTest(arguments), self.assertRaises(LabError):
                demo.verdict(options(*arguments), received(20, 6))

    def test_both_must_have_their_part_where_udp_is_cut(self) -> None:
        self.assertIn("TLS 13.5 MB", demo.verdict(options("--block-udp", "mid"), received(13.5, 12.5)))
        for tls, utp in ((26, 0), (0, 26)):
            with self.subTest(tls=tls), self.assertRaises(LabError):
                demo.verdict(options("--block-udp", "mid"), received(tls, utp))


    def test_faults_are_survived_by_one_session(self) -> None:
        survived = replace(received(6, 20), resumptions=2, carrier_changes=3)
        self.assertIn("resumed 2 times, 3 changes", demo.verdict(options("--faults"), survived))
        for bad in (replace(survived, resumptions=0), replace(survived, sessions=1)):
            with self.subTest(bad), self.assertRaisesRegex(LabError, "did not strike, or"):
                demo.verdict(options("--faults"), bad)


class FaultLogTest(unittest.TestCase):
    def test_strikes_in_order_and_takes_the_time_from_then_on(self) -> None:
        done: list[str] = []
        faults = [demo.Fault(10, "first", lambda: done.append("1")), demo.Fault(20, "second", lambda: done.append("2"))]
        log = demo.FaultLog(faults, done.append)
        with mock.patch.object(demo.time, "monotonic", side_effect=[1.0, 7.0, 7.5, 9.0]):
            for received_bytes in (9, 15, 16, 25):
                log.on_progress(received_bytes)
        self.assertEqual(["  0.0 MB  first, now", "1", "  0.0 MB  second, now", "2"], done)
        self.assertEqual([1.5, 0.0], [fault.longest_gap for fault in log.struck])


class OptionsTest(unittest.TestCase):
    def test_moments_of_the_cut(self) -> None:
        self.assertIsNone(options("--block-udp", "start").cut_after)
        self.assertEqual(12 * MEGABYTE, options("--block-udp", "mid").cut_after)
        self.assertEqual(5 * MEGABYTE, options("--block-udp", "5").cut_after)

    def test_refusals(self) -> None:
        for arguments in (
            ["--size", "19"],
            ["--block-udp", "24"],
            ["--block-udp", "soon"],
            ["--block-udp", "mid", "--carrier", "tls"],
            ["--block-udp", "start", "--carrier", "utp"],
            ["--faults", "--carrier", "utp"],
            ["--faults", "--block-udp", "mid"],
        ):
            with self.subTest(arguments), contextlib.redirect_stderr(io.StringIO()), self.assertRaises(SystemExit):
                demo.parse_options(arguments)


class BootstrapTest(unittest.TestCase):
    def test_reads_tors_events(self) -> None:
        step = bootstrap.step_of(1.5, 'STATUS_CLIENT NOTICE BOOTSTRAP PROGRESS=10 TAG=conn_done SUMMARY="Connected to a relay"')
        assert step is not None
        self.assertEqual((1.5, 10, "conn_done", "Connected to a relay"), (step.seconds, step.percent, step.tag, step.summary))

    def test_tells_warnings(self) -> None:
        step = bootstrap.step_of(0, 'STATUS_CLIENT WARN BOOTSTRAP PROGRESS=2 TAG=x SUMMARY="S" WARNING="Connection \\"refused\\"" REASON=Y')
        assert step is not None
        self.assertEqual('S (Connection "refused")', step.summary)

    def test_leaves_other_events_alone(self) -> None:
        self.assertIsNone(bootstrap.step_of(0, "STATUS_CLIENT NOTICE CIRCUIT_ESTABLISHED"))


if __name__ == "__main__":
    unittest.main()
