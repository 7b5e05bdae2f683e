import socket
import threading
import time
import unittest

from lab import content, socks
from lab.path import Path
from lab.proc import LabError


class FakeProxy:
    """A SOCKS5 proxy for one request: answers with the bytes given, then joins the client to a target, if any."""

    def __init__(self, replies: list[bytes], target: tuple[str, int] | None = None) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = self._listener.getsockname()
        self.heard: list[bytes] = []
        self._replies, self._target = replies, target
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self) -> None:
        connection, _ = self._listener.accept()
        with connection, self._listener:
            for reply in self._replies:
                self.heard.append(connection.recv(1000))
                connection.sendall(reply)
            if self._target is not None:
                request = connection.recv(1000)
                with socket.create_connection(self._target) as onward:
                    onward.sendall(request)
                    while block := onward.recv(65536):
                        connection.sendall(block)


GRANTED = b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00"


class SocksTest(unittest.TestCase):
    def test_downloads_what_is_served(self) -> None:
        with content.ContentServer(0) as server:
            proxy = FakeProxy([b"\x05\x00", GRANTED], server.address)
            progress: list[int] = []
            with socks.connect(proxy.address, "127.0.0.1", server.address[1], 5) as connection:
                done = socks.download(
                    connection, "127.0.0.1", content.path(7, 300_001), deadline=time.monotonic() + 10, on_progress=progress.append
                )
        self.assertEqual((300_001, content.sha256(7, 300_001)), (done.size, done.sha256))
        self.assertEqual(300_001, progress[-1])
        self.assertEqual([b"\x05\x01\x00", b"\x05\x01\x00\x03\x09127.0.0.1" + server.address[1].to_bytes(2, "big")], proxy.heard)

    def test_says_who_it_is(self) -> None:
        proxy = FakeProxy([b"\x05\x02", b"\x01\x00", GRANTED])
        socks.connect(proxy.address, "host", 80, 5, user="alice").close()
        self.assertEqual([b"\x05\x01\x02", b"\x01\x05alice\x01-"], proxy.heard[:2])

    def test_names_the_refusal(self) -> None:
        for reply, word in ((5, "connection refused"), (6, "timed out"), (99, "reply 99")):
            proxy = FakeProxy([b"\x05\x00", bytes([5, reply]) + GRANTED[2:]])
            with self.subTest(reply), self.assertRaisesRegex(LabError, word):
                socks.connect(proxy.address, "host", 80, 5)

    def test_a_proxy_that_hangs_up_is_an_error(self) -> None:
        with self.assertRaisesRegex(LabError, "closed|failed"):
            socks.connect(FakeProxy([b"\x05"]).address, "host", 80, 5)

    def test_a_download_cut_off_is_an_error(self) -> None:
        near, far = socket.socketpair()
        with near, far:
            far.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: 10\r\n\r\n12345")
            far.shutdown(socket.SHUT_WR)
            with self.assertRaisesRegex(LabError, "after 5 of 10 bytes"):
                socks.download(near, "h", "/", deadline=time.monotonic() + 5)

    def test_another_status_is_an_error(self) -> None:
        with content.ContentServer(0) as server, Path(("127.0.0.1", 0), server.address) as path:
            with socket.create_connection(path.address, 5) as connection, self.assertRaisesRegex(LabError, "404"):
                socks.download(connection, "h", "/nothing", deadline=time.monotonic() + 5)


if __name__ == "__main__":
    unittest.main()
