import contextlib
import io
import tempfile
import unittest
from pathlib import Path

from lab import demo, relays
from lab.carriers import Carrier, Counters
from lab.network import Network, NodeSpec, Role, plain_network
from lab.proc import LabError
from lab.relays import Reading

SIZE = 20_000_000


def took(tls: int, utp: int) -> Counters:
    """As many bytes each way."""
    return Counters(tls=Carrier(tls, tls), utp=Carrier(utp, utp))


class VerdictTest(unittest.TestCase):
    def test_each_pair_on_the_way_must_have_used_utp(self) -> None:
        good, none = took(1_000_000, 20_000_000), took(0, 0)
        during = {"a": Reading(good, none), "b": Reading(good, good), "c": Reading(none, good)}
        self.assertIn("at least 95.2 %", relays.verdict(["a", "b", "c"], during, SIZE))
        slow = took(15_000_000, 6_000_000)
        for name, reading, words in (
            ("b", Reading(slow, good), "28.6 % from c to b"),
            ("c", Reading(none, slow), "28.6 % from c to b"),
            ("a", Reading(none, none), "the proxies of a and b did not count"),
        ):
            with self.subTest(words), self.assertRaisesRegex(LabError, words):
                relays.verdict(["a", "b", "c"], {**during, name: reading}, SIZE)

    def test_either_may_have_dialled_the_other(self) -> None:
        sent, received = Counters(utp=Carrier(SIZE, 0)), Counters(utp=Carrier(0, SIZE))
        none = Counters()
        for near, far in (
            (Reading(received, none), Reading(none, sent)),
            (Reading(none, received), Reading(sent, none)),
        ):
            self.assertIn("100.0 %", relays.verdict(["a", "b"], {"a": near, "b": far}, SIZE))
            with self.assertRaisesRegex(LabError, "another way"):
                relays.verdict(["b", "a"], {"a": near, "b": far}, SIZE)

    def test_a_way_of_one_relay_is_an_error(self) -> None:
        with self.assertRaisesRegex(LabError, "has 1 relays"):
            relays.verdict(["a"], {}, SIZE)

    def test_a_way_past_the_relays_is_an_error(self) -> None:
        good = took(0, 21_000_000)
        with self.assertRaisesRegex(LabError, "from a to authority1"):
            relays.verdict(["a", "authority1"], {"a": Reading(good, good)}, SIZE)


class CircuitsTest(unittest.TestCase):
    def test_reads_tors_answer(self) -> None:
        first, second, third = (f"${digit * 40}~{name}" for digit, name in (("A", "relay1"), ("B", "relay2"), ("C", "exit1")))
        lines = [
            "250+circuit-status=",
            f"7 BUILT {first},{second},{third} BUILD_FLAGS=NEED_CAPACITY PURPOSE=GENERAL",
            f"8 EXTENDED {first} PURPOSE=GENERAL",
            ".",
            "250 OK",
        ]
        self.assertEqual({"7": ["relay1", "relay2", "exit1"]}, relays.circuits(lines))
        one = [f"250-circuit-status=9 BUILT {second} PURPOSE=GENERAL", "250 OK"]
        self.assertEqual({"9": ["relay2"]}, relays.circuits(one))


    def test_tors_own_streams_are_not_the_download(self) -> None:
        events = [
            "STREAM 3 SENTCONNECT 4 127.0.0.1:8080 PURPOSE=USER",
            "STREAM 3 SUCCEEDED 4 127.0.0.1:8080",
            "STREAM 5 SUCCEEDED 9 127.0.0.1.$ABCD.exit:18080",
        ]
        self.assertEqual("4", relays.circuit_of_stream(events, 8080))
        self.assertEqual("", relays.circuit_of_stream(events, 80))


class LinesTest(unittest.TestCase):
    def test_relays_are_behind_proxies_and_authorities_are_not(self) -> None:
        specs = relays.behind_proxies(plain_network(1, 2, 1))
        self.assertEqual([False, True, True, True], [spec.behind_proxy for spec in specs])

    def test_the_advertised_port_is_not_tors(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            network = Network(Path(folder))
            node = network._make(NodeSpec("r", Role.RELAY, behind_proxy=True))
            lines = network._or_port_lines(node)
            self.assertEqual(f"ORPort 127.0.0.1:{node.or_port} NoListen IPv4Only", lines[0])
            self.assertEqual(f"ORPort 127.0.0.1:{node.inner_or_port} NoAdvertise IPv4Only", lines[1])
            plain = network._make(NodeSpec("p", Role.RELAY))
            self.assertEqual([f"ORPort 127.0.0.1:{plain.or_port} IPv4Only"], network._or_port_lines(plain))


class OptionsTest(unittest.TestCase):
    def test_is_a_demo_of_its_own(self) -> None:
        self.assertTrue(demo.parse_options(["--relays"]).relays)
        for other in (["--faults"], ["--block-udp", "mid"], ["--carrier", "tls"]):
            with self.subTest(other), contextlib.redirect_stderr(io.StringIO()), self.assertRaises(SystemExit):
                demo.parse_options(["--relays", *other])


if __name__ == "__main__":
    unittest.main()
