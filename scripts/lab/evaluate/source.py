"""What streams through tor end at: ``lab.evaluate.source ADDRESS PORT FOLDER``.

A stream begins with one line. ``GET N`` is answered with N bytes, or without end if N is 0; what comes after ``PUT NAME`` is
counted, in the file NAME of the folder, as lab.sink counts.
"""

from __future__ import annotations

import random
import socket
import sys
import threading
import time
from pathlib import Path

_BLOCK = 1 << 17
_STEP_SECONDS = 0.005
_LONGEST_LINE = 100


def main(address: str, port: int, folder: Path) -> None:
    with socket.create_server((address, port), backlog=64) as listener:
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=_serve, args=(connection, folder), daemon=True).start()


def _serve(connection: socket.socket, folder: Path) -> None:
    with connection:
        try:
            line = b""
            while not line.endswith(b"\n") and len(line) < _LONGEST_LINE:
                byte = connection.recv(1)
                if not byte:
                    return
                line += byte
            word, _, argument = line.decode("ascii").strip().partition(" ")
            if word == "GET":
                _send(connection, int(argument))
            elif word == "PUT" and argument.isalnum():
                _count(connection, folder / argument)
        except (OSError, ValueError):
            pass  # the other end has gone, or is none of ours


def _send(connection: socket.socket, size: int) -> None:
    block = random.Random(1).randbytes(_BLOCK)
    endless, left = size == 0, size
    while endless or left > 0:
        part = block if endless or left >= _BLOCK else block[:left]
        connection.sendall(part)
        left -= len(part)
    connection.shutdown(socket.SHUT_WR)


def _count(connection: socket.socket, file: Path) -> None:
    total, last = 0, 0.0
    with file.open("w", buffering=1) as samples:
        while block := connection.recv(_BLOCK):
            total += len(block)
            now = time.monotonic()
            if now - last >= _STEP_SECONDS:
                samples.write(f"{now:.6f} {total}\n")
                last = now
        samples.write(f"{time.monotonic():.6f} {total}\n")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
