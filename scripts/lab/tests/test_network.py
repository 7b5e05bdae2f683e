import unittest

from lab.network import _PROXY_FAILED, _PROXY_SAID, _voting_offset, plain_network, running_nodes

CONSENSUS = """r authority1 AAAA 2026-01-01 00:00:00 127.0.0.1 1 0
s Authority Fast Running Valid
r relay1 BBBB 2026-01-01 00:00:00 127.0.0.1 2 0
s Fast Valid
r exit1 CCCC 2026-01-01 00:00:00 127.0.0.1 3 0
s Exit Running
"""


class NetworkTest(unittest.TestCase):
    def test_lists_the_nodes_that_run(self) -> None:
        self.assertEqual({"authority1", "exit1"}, running_nodes(CONSENSUS))
        self.assertEqual(set(), running_nodes(""))

    def test_the_first_vote_waits_for_the_nodes(self) -> None:
        for now in (0.0, 1000.2, 1003.99, 1009.5):
            offset = _voting_offset(now)
            first_round_ends = next(t for t in range(int(now) + 1, int(now) + 20) if t % 10 == offset)
            self.assertIn(offset, range(10))
            self.assertGreaterEqual(first_round_ends - 4 - now, 4, f"now {now}")

    def test_a_name_belongs_to_one_node(self) -> None:
        names = [spec.name for spec in plain_network(3, 3, 1)]
        self.assertEqual(len(names), len(set(names)))

    def test_tells_a_failing_proxy_from_one_that_warns(self) -> None:
        for line in (
            "x [warn] Managed proxy at 'p' failed the configuration protocol and will be destroyed.",
            'x [warn] Managed proxy "N/A" having PID 7 terminated with status code 69',
            "x [warn] Client managed proxy encountered a method error. (utp port in use)",
        ):
            self.assertIsNotNone(_PROXY_FAILED.search(line), line)
        warning = 'x [warn] Managed proxy "p": µTP is gone, going on over TLS'
        self.assertIsNone(_PROXY_FAILED.search(warning))
        self.assertEqual(["µTP is gone, going on over TLS"], _PROXY_SAID.findall(warning))


if __name__ == "__main__":
    unittest.main()
