"""An HTTP server on the loopback address, whose only content is pseudo-random bytes made from a seed."""

from __future__ import annotations

import hashlib
import random
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_BLOCK = 1 << 16


def blocks(seed: int, size: int) -> Iterator[bytes]:
    """The content: the same bytes for the same seed, whatever the size is a prefix of."""
    source = random.Random(seed)
    while size > 0:
        block = source.randbytes(_BLOCK)
        yield block[:size]
        size -= len(block)


def sha256(seed: int, size: int) -> str:
    digest = hashlib.sha256()
    for block in blocks(seed, size):
        digest.update(block)
    return digest.hexdigest()


def path(seed: int, size: int) -> str:
    return f"/{seed}/{size}"


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        try:
            _, seed, size = self.path.split("/")
            content, length = blocks(int(seed), int(size)), int(size)
        except ValueError:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Length", str(length))
        self.end_headers()
        try:
            for block in content:
                self.wfile.write(block)
        except OSError:
            self.close_connection = True  # the reader has gone: nothing to tell anyone

    def log_message(self, format: str, *args: object) -> None:
        pass


class ContentServer:
    """Serves GET /SEED/SIZE. A context manager."""

    def __init__(self, port: int, address: str = "127.0.0.1") -> None:
        self._server = ThreadingHTTPServer((address, port), _Handler)
        self._server.daemon_threads = True
        self.address: tuple[str, int] = (address, self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)

    def __enter__(self) -> ContentServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
