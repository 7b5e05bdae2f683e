"""Port numbers that are free on this machine."""

from __future__ import annotations

import random
import socket

from .proc import LabError

# Below the range from which Linux takes the source ports of outgoing connections (32768 and up): a port from
# that range could be taken by any connection between our looking and tor's binding it.
_LOWEST, _HIGHEST = 20000, 32000


class PortPicker:
    """Hands out ports that are free for TCP and for UDP, each once."""

    def __init__(self) -> None:
        self._taken: set[int] = set()
        self._random = random.Random()

    def pick(self, address: str = "127.0.0.1") -> int:
        for _ in range(1000):
            port = self._random.randrange(_LOWEST, _HIGHEST)
            if port not in self._taken and _is_free(address, port):
                self._taken.add(port)
                return port
        raise LabError(f"no free port found on {address}")


def _is_free(address: str, port: int) -> bool:
    try:
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            with socket.socket(socket.AF_INET, kind) as probe:
                probe.bind((address, port))
    except OSError:
        return False
    return True
