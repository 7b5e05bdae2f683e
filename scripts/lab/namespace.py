"""A thread of this process inside another network namespace, for a while."""

from __future__ import annotations

import contextlib
import ctypes
import os
from collections.abc import Iterator

from .proc import LabError

_CLONE_NEWNET = 0x40000000
_LIBC = ctypes.CDLL(None, use_errno=True)


@contextlib.contextmanager
def inside(namespace: str) -> Iterator[None]:
    """What this thread opens and starts meanwhile (sockets, programs, threads) is in the namespace, and stays there.

    A namespace is a property of a thread (setns(2)): others of this process stay where they are.
    """
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    try:
        there = os.open(f"/run/netns/{namespace}", os.O_RDONLY)
        try:
            _enter(there)
        finally:
            os.close(there)
        try:
            yield
        finally:
            _enter(home)
    finally:
        os.close(home)


def _enter(descriptor: int) -> None:
    if _LIBC.setns(descriptor, _CLONE_NEWNET) != 0:
        raise LabError(f"another network namespace cannot be entered: {os.strerror(ctypes.get_errno())}")
