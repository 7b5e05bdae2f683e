import unittest

from lab import bridgeline
from lab.proc import LabError

FINGERPRINT = "0123456789ABCDEF0123456789ABCDEF01234567"


class BridgeLineTest(unittest.TestCase):
    def test_reads_every_part(self) -> None:
        line = bridgeline.parse(f"Bridge utp 127.0.0.1:4430 {FINGERPRINT} cert=AbC_-9 carrier=tls")
        self.assertEqual(("utp", "127.0.0.1", 4430, FINGERPRINT), (line.transport, line.address, line.port, line.fingerprint))
        self.assertEqual({"cert": "AbC_-9", "carrier": "tls"}, line.arguments)

    def test_takes_any_other_word_for_a_placeholder(self) -> None:
        for placeholder in ("FINGERPRINT_PLACEHOLDER", "<FINGERPRINT>", "FINGERPRINT"):
            line = bridgeline.parse(f"Bridge utp 127.0.0.1:1 {placeholder} cert=x")
            self.assertIsNone(line.fingerprint)
            self.assertEqual(f"Bridge utp 127.0.0.1:1 {FINGERPRINT} cert=x", line.identified(FINGERPRINT).torrc())

    def test_needs_no_fingerprint_and_no_keyword(self) -> None:
        line = bridgeline.parse("utp [2001:db8::1]:443 cert=x=y")
        self.assertEqual(("[2001:db8::1]", 443, None, {"cert": "x=y"}), (line.address, line.port, line.fingerprint, line.arguments))

    def test_moves_and_argues(self) -> None:
        line = bridgeline.parse("utp 0.0.0.0:1 cert=x").at("127.0.0.1", 9).arguing(carrier="utp", cert="z")
        self.assertEqual("Bridge utp 127.0.0.1:9 cert=z carrier=utp", line.torrc())

    def test_refuses_what_is_none(self) -> None:
        for text in ("", "Bridge", "Bridge utp", "utp 127.0.0.1", "utp 127.0.0.1:0", "utp 127.0.0.1:65536", "utp 1.2.3.4:5 F =v", "utp 1.2.3.4:5 F word"):
            with self.subTest(text), self.assertRaises(LabError):
                bridgeline.parse(text)

    def test_finds_the_one_line_of_a_file(self) -> None:
        self.assertEqual("x", bridgeline.parse_file("# paste this\n\nBridge utp 127.0.0.1:1 F cert=x\n").arguments["cert"])
        for text in ("", "# nothing\n", "utp 1.2.3.4:5\nutp 1.2.3.4:6\n"):
            with self.subTest(text), self.assertRaises(LabError):
                bridgeline.parse_file(text)


if __name__ == "__main__":
    unittest.main()
