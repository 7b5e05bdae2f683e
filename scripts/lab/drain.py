"""The receiving end of a TCP connection that it dials: ``all ADDRESS PORT`` counts what comes as lab.sink does, ``first ADDRESS PORT``
says after how many seconds the first byte was there."""

from __future__ import annotations

import os
import socket
import sys
import time

from lab import sink


def main(mode: str, address: str, port: int) -> None:
    began = time.monotonic()
    with socket.create_connection((address, port)) as connection:
        if mode == "all":
            os.dup2(connection.fileno(), 0)
            sink.main()
        elif connection.recv(1):
            print(f"{time.monotonic() - began:.3f}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
