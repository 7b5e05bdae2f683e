import json
import tempfile
import unittest
from pathlib import Path

from lab import carriers
from lab.carriers import Carrier, Counters
from lab.proc import LabError

AS_WRITTEN = {
    "sessions": 2,
    "carrierChanges": 3,
    "resumptions": 1,
    "tls": {"sent": 10, "received": 20},
    "utp": {"sent": 30, "received": 40},
}


class CarriersTest(unittest.TestCase):
    def test_reads_what_the_proxies_write(self) -> None:
        self.assertEqual(Counters(2, 3, Carrier(10, 20), Carrier(30, 40), 1), carriers.parse(json.dumps(AS_WRITTEN)))

    def test_refuses_anything_else(self) -> None:
        for text in ("", "[]", "{}", json.dumps({**AS_WRITTEN, "utp": 5}), json.dumps({**AS_WRITTEN, "sessions": "many"})):
            with self.subTest(text), self.assertRaises(LabError):
                carriers.parse(text)

    def test_counts_nothing_before_there_is_a_file(self) -> None:
        self.assertEqual(Counters(), carriers.read(Path("/nonexistent")))

    def test_takes_differences(self) -> None:
        later = Counters(3, 4, Carrier(11, 22), Carrier(33, 44), 3)
        self.assertEqual(Counters(1, 1, Carrier(1, 2), Carrier(3, 4), 2), later - carriers.parse(json.dumps(AS_WRITTEN)))

    def test_settles_once_nothing_moves(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / carriers.FILE_NAME).write_text(json.dumps(AS_WRITTEN))
            self.assertEqual(2, carriers.read_settled([Path(folder)], 100)[0].sessions)

    def test_shares(self) -> None:
        self.assertEqual(90.0, carriers.share(9, 1))
        self.assertEqual(100.0, carriers.share(9, 0))
        self.assertEqual(0.0, carriers.share(0, 0))


if __name__ == "__main__":
    unittest.main()
