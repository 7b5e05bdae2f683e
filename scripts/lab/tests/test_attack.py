"""A bridge under a small attack, and what is read from other programs about it."""

from __future__ import annotations

import os
import random
import shutil
import unittest

from lab.attack import LEAST_SHARE, SMALL, Phase, Siege, failures, heap_after_gc_mib, measure_attack
from lab.attacker import client_hello
from lab.bridge import SERVER_JAR, parse_histogram, parse_native
from lab.link import EMULATOR
from lab.proc import LabError


def phase(**changes: object) -> Phase:
    values: dict[str, object] = {
        "name": "idle",
        "mbit": 90.0,
        "quiet_mbit": 100.0,
        "new_session_seconds": 0.2,
        "server_processors": 0.3,
        "server_starved": 0.0,
        "attacker_processors": 0.1,
        "idle_processors": 1.0,
        "rss_mib": 200.0,
        "descriptors": 20,
        "bounds": {"strangers": 10},
        "attackers": {"idle": {"ended": 10}},
    }
    return Phase(**{**values, **changes})  # type: ignore[arg-type]


class ClaimsTest(unittest.TestCase):
    def failures(self, one: Phase, log: str = "", left: float = 10) -> list[str]:
        return failures(Siege("a link", [one], 20, 10, left, [], []), SMALL, log)

    def test_what_holds_is_not_told(self) -> None:
        self.assertEqual(self.failures(phase()), [])

    def test_each_claim_that_does_not_hold_is_told(self) -> None:
        for one in (
            phase(mbit=100 * LEAST_SHARE - 1),
            phase(new_session_seconds=None),
            phase(rss_mib=1_000),
            phase(bounds={"strangers": 5}),
            phase(name="syns", bounds={}),
        ):
            self.assertEqual(len(self.failures(one)), 1, one)
        self.assertEqual(len(self.failures(phase(), log="WARN bug in thread x")), 1)
        self.assertEqual(len(self.failures(phase(), left=100)), 1)


class ParsingTest(unittest.TestCase):
    def test_histogram(self) -> None:
        text = " num     #instances         #bytes  class name (module)\n   1:          7693         678400  [B (java.base@17.0.15)\nTotal 7 8\n"
        self.assertEqual(parse_histogram(text), [("[B", 7693, 678400)])
        with self.assertRaises(LabError):
            parse_histogram("no such process")

    def test_native_memory(self) -> None:
        text = "-                 Java Heap (reserved=262144KB, committed=16384KB)\n-     Other (reserved=32KB, committed=30KB)\n"
        self.assertEqual(parse_native(text), {"Java Heap": 16384 << 10, "Other": 30 << 10})

    def test_what_a_collection_left(self) -> None:
        log = "[1s][info][gc] GC(0) Pause Young (Allocation Failure) 17M->3M(61M) 5ms\n[2s][info][gc] GC(1) Pause Full (x) 9M->2M(61M) 5ms\n"
        self.assertEqual(heap_after_gc_mib(log), 3)


class ClientHelloTest(unittest.TestCase):
    def test_is_alone_in_its_record_with_a_session_id_of_32_bytes(self) -> None:
        hello = client_hello(random.Random(1), bytes(32))
        self.assertEqual(int.from_bytes(hello[3:5], "big"), len(hello) - 5)
        self.assertEqual(int.from_bytes(hello[6:9], "big"), len(hello) - 9)
        self.assertEqual((hello[0], hello[5], hello[43]), (22, 1, 32))


@unittest.skipUnless(
    os.geteuid() == 0 and EMULATOR.exists() and SERVER_JAR.exists() and shutil.which("jcmd"),
    "needs root, a JDK and what 'mvn package' makes",
)
class BridgeTest(unittest.TestCase):
    def test_a_bridge_lives_through_it(self) -> None:
        siege = measure_attack(SMALL, 1, names=("all",))
        # How much of its rate the download keeps, a busy machine decides as well: that is scripts/bench's to tell.
        self.assertEqual([each for each in siege.failures if "of the rate without" not in each], [])
        self.assertGreater(siege.phases[0].mbit, 1, siege)


if __name__ == "__main__":
    unittest.main()
