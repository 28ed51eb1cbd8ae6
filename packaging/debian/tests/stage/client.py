"""A simple client of a daemon that is in another network namespace."""

from __future__ import annotations

import ctypes
import os
import socket
import threading
from collections.abc import Callable
from typing import TypeVar

_CLONE_NEWNET = 0x40000000
_Made = TypeVar("_Made")


def _inside(pid: int, make: Callable[[], _Made]) -> _Made:
    """Calls a function in the network of a process. Only a thread of its own goes there."""
    made: list[_Made] = []
    failures: list[BaseException] = []

    def enter() -> None:
        try:
            descriptor = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY)
            try:
                libc = ctypes.CDLL(None, use_errno=True)
                if libc.setns(descriptor, _CLONE_NEWNET):
                    raise OSError(ctypes.get_errno(), "setns")
            finally:
                os.close(descriptor)
            made.append(make())
        except BaseException as failure:
            failures.append(failure)

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    for failure in failures:
        raise failure
    return made[0]


class Client:
    """A connection to port 7531 of 127.0.0.1 there."""

    def __init__(self, pid: int) -> None:
        self._socket = _inside(pid, lambda: socket.create_connection(("127.0.0.1", 7531), timeout=60))
        self._lines = self._socket.makefile("r", encoding="utf-8", newline="\n")

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def send(self, line: str) -> None:
        """Sends a line."""
        self._socket.sendall(f"{line}\n".encode())

    def line(self) -> str:
        """The next line of an answer; the empty text at the end of the connection."""
        return self._lines.readline().rstrip("\n")

    def ask(self, line: str) -> str:
        """Sends a line and waits for its answer."""
        self.send(line)
        return self.line()

    def counter(self, name: str) -> int:
        """A counter of STATS FULL."""
        self.send("STATS FULL")
        counters = dict(line.split(": ", 1) for line in iter(self.line, ""))
        return int(counters[name])

    def close(self) -> None:
        """Closes the connection."""
        self._lines.close()
        self._socket.close()
