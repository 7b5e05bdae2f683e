"""Reading and drawing traces."""

import contextlib
import io
import json
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree
from pathlib import Path

from lab import qlog

HEADER = {"qlog_version": "0.3", "title": "µTP connection", "trace": {"vantage_point": {"type": "client"}}}


def sequence(*events):
    return "".join("\x1e" + json.dumps(event) + "\n" for event in (HEADER, *events))


def sent(time, number, again=False):
    data = {"header": {"packet_type": "data", "packet_number": number, "ack_number": 1}, "raw": {"length": 1402}}
    if again:
        data["trigger"] = "retransmission"
    return {"time": time, "name": "transport:packet_sent", "data": data}


def received(time, ack):
    data = {"header": {"packet_type": "state", "packet_number": 1, "ack_number": ack}, "raw": {"length": 20}}
    return {"time": time, "name": "transport:packet_received", "data": data}


def lost(time, number):
    return {"time": time, "name": "recovery:packet_lost", "data": {"header": {"packet_number": number}}}


class QlogTest(unittest.TestCase):
    def test_numbers_go_on_where_they_wrap(self):
        connection = qlog.read(sequence(sent(0, 65534), sent(1, 65535), sent(2, 0), sent(3, 1), received(9, 0)))
        series = connection.panels[0].series
        self.assertEqual([0, 1, 2, 3], [value for _, value in series[0].points])
        self.assertEqual([(0.009, 2)], series[1].points)

    def test_a_retransmission_has_the_place_of_its_number(self):
        connection = qlog.read(sequence(sent(0, 5), sent(1, 6), sent(2, 7), lost(3, 5), sent(4, 5, again=True), sent(5, 8)))
        self.assertEqual([0, 1, 2, 0, 3], [value for _, value in connection.panels[0].series[0].points])
        self.assertEqual((1, 1), (connection.lost, connection.again))

    def test_a_record_cut_off_at_the_end_is_left_out(self):
        whole = sequence(sent(0, 5), sent(1, 6))
        self.assertEqual(1, qlog.read(whole[:-9]).packets)

    def test_a_broken_record_elsewhere_is_an_error_that_names_it(self):
        text = sequence(sent(0, 5), sent(1, 6)).replace('"time": 0', '"time" 0')
        with self.assertRaisesRegex(qlog.QlogError, "record 2"):
            qlog.read(text)

    def test_draws_an_svg_that_is_xml(self):
        metrics = {"congestion_window": 14020, "bytes_in_flight": 1402, "latest_rtt": 50.5, "queueing_delay": 3.25}
        updated = {"time": 60, "name": "recovery:metrics_updated", "data": metrics}
        closed = {"time": 70, "name": "connectivity:connection_closed", "data": {"reason": "finished"}}
        picture = qlog.svg(qlog.read(sequence(sent(0, 5), received(50, 5), updated, closed)))
        root = ElementTree.fromstring(picture)
        text = " ".join(root.itertext())
        self.assertIn("1 packets sent", text)
        for title in ("Sequence", "Window", "Delay", "Losses", "finished"):
            self.assertIn(title, text)

    def test_an_empty_trace_draws_too(self):
        ElementTree.fromstring(qlog.svg(qlog.read(sequence())))

    def test_thinning_keeps_what_stands_out(self):
        points = [(i / 1000, 1000.0 if i == 500 else i % 10) for i in range(1000)]
        kept = qlog.thinned(points, 10, 1.0)
        self.assertIn((0.5, 1000.0), kept)
        self.assertLessEqual(len(kept), 4 * 11)

    def test_ticks_begin_at_zero_and_are_round(self):
        self.assertEqual([0, 20, 40, 60, 80, 100], qlog.ticks(97, 5))
        self.assertEqual([0, 1], qlog.ticks(0, 5))

    def test_a_file_that_is_no_trace_is_one_line_of_error(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "x")
            path.write_text("hello\n")
            stderr = io.StringIO()
            with contextlib.redirect_stderr(stderr):
                self.assertEqual(1, qlog.main([str(path)]))
            self.assertEqual(1, len(stderr.getvalue().splitlines()))


if __name__ == "__main__":
    unittest.main()
